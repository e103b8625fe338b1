"""Where the operating system wants a program to keep what it remembers.

Owns the one answer to that, which sign-ins, the local tenant and the Control Room share. Depends on nothing.
"""

import os
import sys
from pathlib import Path


def get_state_folder() -> Path:
    """The folder where this operating system keeps what Postroom remembers for its user."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return base / "postroom"
