"""An empty SQLite database of a Control Room: migrated once in a test run, by the worker that comes first, then copied.

Migrating takes as much as all else of a first start, and makes the same each time: tables, triggers, permissions and
the first roles. Keys, accounts and whatever else is a Control Room's own are no part of it.
"""

import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from support.tenant import bare_environment

NAME = "control-room.sqlite3"
TIMEOUT_SECONDS = 120


class EmptyDatabase:
    """Copy an empty database to where one is needed."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    def share(self, shared: Path) -> None:
        """Keep it in the folder that all workers of this test run name."""
        self._folder = shared / "empty-database"

    def copy_to(self, home: Path) -> None:
        """Put it into this home, which must have none yet."""
        assert self._folder is not None, "nobody has said where the empty database is kept"
        with FileLock(f"{self._folder}.lock"):
            if not self._folder.exists():
                _migrate(self._folder)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(self._folder / NAME, home / NAME)


def _migrate(folder: Path) -> None:
    unfinished = folder.with_name(f"{folder.name}-unfinished")
    environment = {
        name: value for name, value in bare_environment().items() if not name.startswith("POSTROOM_")
    }
    migrated = subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        env={
            **environment,
            "DJANGO_SETTINGS_MODULE": "postroom.controlroom.settings",
            "POSTROOM_HOME": str(unfinished),
            # Where one is given, none is made and kept.
            "POSTROOM_SECRET_KEY": secrets.token_urlsafe(),
        },
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert migrated.returncode == 0, migrated.stderr
    assert [file.name for file in unfinished.iterdir()] == [NAME]
    unfinished.rename(folder)


empty_database = EmptyDatabase()
