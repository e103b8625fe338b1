"""What an action is, which sessions are open, and how work tells of its progress.

Owns the definition of an action (a typed, documented function with a title and the permissions it needs), the
packages that bring actions (by entry point), its settings, which the command line and the reference are made
from, the sessions that actions open and use, and the reports of progress. Depends on values and errors; knows
no package.
"""

from postroom.actions.definition import Action, Label, Package, action
from postroom.actions.packages import load_packages
from postroom.actions.progress import ProgressListener, show_progress, step, track

__all__ = [
    "Action",
    "Label",
    "Package",
    "ProgressListener",
    "action",
    "load_packages",
    "show_progress",
    "step",
    "track",
]
