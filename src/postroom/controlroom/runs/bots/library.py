"""Deployed bots, as the runs of a worker find them.

A reference names a version, as `finance/intake.bot.yaml@3` does, so that a run goes on with what it began with. A child
bot is named by its path alone, and is what it was when the run that began it all was begun.
"""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from postroom.actions.running import find_run
from postroom.bots import Bot as RunnableBot
from postroom.bots import Input
from postroom.bots.files import FileBot, read_bot
from postroom.bots.run import Run as ActiveRun
from postroom.controlroom.runs.bots import python_bots
from postroom.controlroom.runs.bots.snapshots import BOT_FILE, get_snapshot
from postroom.controlroom.runs.models import BotVersion, Run
from postroom.errors import BotNotFoundError

BOTS_KEPT = 200


@dataclass(frozen=True)
class DeployedBot:
    """A version of a Python bot, found again by its reference on every worker."""

    bot: RunnableBot
    reference: str
    version: str
    """The hash of all Python files beside it."""

    @property
    def name(self) -> str:
        """What people call it."""
        return self.bot.name

    @property
    def inputs(self) -> Mapping[str, Input]:
        """What it is given, by name."""
        return self.bot.inputs

    def read_inputs(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All inputs as their types have them. Errors: SettingError."""
        return self.bot.read_inputs(given)

    def perform(self, run: ActiveRun, inputs: Mapping[str, Any]) -> Any:
        """Do what it does."""
        return self.bot.perform(run, inputs)


class DeployedLibrary:
    """Find deployed bots in the database, and Python bots in the folder of bots of this machine."""

    def get(self, reference: str, beside: str | None = None) -> RunnableBot:
        """The bot of this reference; a path is taken from the folder of the bot `beside`, else from the top.

        Errors: BotNotFoundError where it is not deployed; BotFileError.
        """
        module = python_bots.read_reference(reference)
        if module is not None:
            commit, path = module
            return python_bots.load_bot(get_snapshot(commit).folder, commit, path)
        run = find_run()
        root = run.root or run.id if isinstance(run, ActiveRun) else ""
        return load(find_version(reference, root, beside))

    def find_child(self, reference: str, beside: str) -> tuple[str, Mapping[str, Input] | None]:
        """The path of a bot that a bot file runs, and its inputs; None for those of a Python bot, which is not run.

        Errors: BotNotFoundError where it is not deployed.
        """
        version = find_version(reference, "", beside)
        path = version.bot.path
        return path, _read(path, version.text).inputs if path.endswith(BOT_FILE) else None


def get_reference(version: BotVersion) -> str:
    """What finds this version again."""
    return f"{version.bot.path}@{version.number}"


def load(version: BotVersion) -> RunnableBot:
    """The bot of a version, ready to run. Errors: BotNotFoundError, BotFileError."""
    reference = get_reference(version)
    if version.bot.path.endswith(BOT_FILE):
        return replace(_read(version.bot.path, version.text), reference=reference)
    folder = get_snapshot(version.commit).folder
    return DeployedBot(
        python_bots.load_bot(folder, version.commit, version.bot.path), reference, version.sha256
    )


def find_version(reference: str, root: str = "", beside: str | None = None) -> BotVersion:
    """The version that a reference means in a run; `root` is the id of the run that began it all.

    Without a number it is what was newest when that run was begun; the first one ever, where it was deployed later.
    Errors: BotNotFoundError where it is not deployed.
    """
    module = python_bots.read_reference(reference)
    if module is not None:
        return _find_at_commit(*module)
    path, at, number = reference.partition("@")
    versions = BotVersion.objects.select_related("bot").order_by("-number")
    if at:
        numbered = (
            versions.filter(bot__path=path, number=int(number)) if number.isdecimal() else versions.none()
        )
        found: BotVersion | None = numbered.first()
    else:
        found = next(filter(None, (_find_newest(place, root) for place in _list_places(path, beside))), None)
    if found is None:
        raise BotNotFoundError(
            f"The bot {reference} is not deployed in this Control Room. Deploy it first; a run that failed for want of "
            "it can be retried then."
        )
    return found


@lru_cache(BOTS_KEPT)
def _read(path: str, text: str) -> FileBot:
    return read_bot(text, path)


def _list_places(path: str, beside: str | None) -> tuple[str, ...]:
    folder = posixpath.dirname((beside or "").partition("@")[0].partition(":")[0])
    return posixpath.normpath(posixpath.join(folder, path)), posixpath.normpath(path)


def _find_newest(path: str, root: str) -> BotVersion | None:
    versions = BotVersion.objects.filter(bot__path=path).select_related("bot")
    begun = Run.objects.filter(pk=root).values_list("created", flat=True).first() if root else None
    known: BotVersion | None = (
        (versions.filter(deployed__lte=begun) if begun else versions).order_by("-number").first()
    )
    return known or versions.order_by("number").first()


def _find_at_commit(commit: str, path: str) -> BotVersion:
    versions = BotVersion.objects.filter(bot__path=path).select_related("bot").order_by("-number")
    found: BotVersion | None = versions.filter(commit=commit).first() or versions.first()
    if found is None:
        raise BotNotFoundError(f"The bot {path} is not deployed. Refresh the folder of bots.")
    return found
