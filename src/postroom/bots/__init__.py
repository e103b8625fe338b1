"""Bots, as files and as Python functions, and their runs.

Owns what a bot is, the run (its steps, its sessions, its child bots) and the journal that lets a run go on where it was
after whatever killed it. Depends on actions and what lies below, and knows no package of actions but by its entry
point; exists so that a bot that is killed anywhere loses nothing and sends nothing twice.
"""

from typing import TYPE_CHECKING, Any

from postroom.bots.definition import Bot, Input, PythonBot, bot

if TYPE_CHECKING:
    from postroom.bots.file_runs import run_file as run_file

__all__ = ["Bot", "Input", "PythonBot", "bot", "run_file"]


def __getattr__(name: str) -> Any:
    if name == "run_file":
        # Bot files need packages that bots in Python do not, and that take a while to load.
        from postroom.bots.file_runs import run_file  # noqa: PLC0415 - start-up cost, and an optional part

        return run_file
    raise AttributeError(f"module 'postroom.bots' has no attribute '{name}'")
