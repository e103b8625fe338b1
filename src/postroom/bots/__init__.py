"""Bots, as files and as Python functions, and their runs.

Owns what a bot is, the run (its steps, its sessions, its child bots) and the journal that lets a run go on where it was
after whatever killed it. Depends on actions and what lies below, and knows no package of actions but by its entry
point; exists so that a bot that is killed anywhere loses nothing and sends nothing twice.
"""

from postroom.bots.definition import Bot, Input, PythonBot, bot

__all__ = ["Bot", "Input", "PythonBot", "bot"]
