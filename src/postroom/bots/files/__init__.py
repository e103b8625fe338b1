"""Bots as files: read, checked all at once, and performed as a run.

Owns the language of bot files (`*.bot.yaml`), its expressions, the library that finds bots in a folder, and the JSON
schema for editors. Depends on the definitions of actions, from which it knows what each step takes, and on the run;
exists so that who writes no Python has bots with the same actions, sessions and durability.
"""

from postroom.bots.files.library import FolderLibrary
from postroom.bots.files.performing import FileBot, read_bot

__all__ = ["FileBot", "FolderLibrary", "read_bot"]
