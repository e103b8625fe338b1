"""Deploy bots: check a file, keep it as the next version, go back to an earlier one, take a bot out of use.

Nothing with faults is deployed. Python bots come from the folder of bots alone (`folder`), because their text runs with
all rights of a worker; a bot file can do no more than its actions.
"""

import difflib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from postroom.bots.files import read_bot
from postroom.bots.files.checking import ChildFinder
from postroom.controlroom.accounts.models import User
from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.trail import record
from postroom.controlroom.runs.bots.descriptions import describe_inputs
from postroom.controlroom.runs.bots.library import DeployedLibrary
from postroom.controlroom.runs.bots.snapshots import BOT_FILE
from postroom.controlroom.runs.models import Bot, BotVersion
from postroom.errors import SettingError

LONGEST_TEXT = 500_000
_PATH = re.compile(r"[^\s/\\:@.\x00-\x1f][^/\\:@\x00-\x1f]*(/[^\s/\\:@.\x00-\x1f][^/\\:@\x00-\x1f]*)*")

Actor = User | str | None


@dataclass(frozen=True)
class NewVersion:
    """What is to be deployed."""

    path: str
    text: str
    name: str
    description: str = ""
    inputs: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""
    commit: str = ""
    from_folder: bool = False
    sha256: str = ""
    """Of all that it does; empty for that of the text."""

    def get_sha256(self) -> str:
        """What tells it from other versions."""
        return self.sha256 or hashlib.sha256(self.text.encode()).hexdigest()


def check_path(path: str) -> str:
    """The path under which a bot file is deployed. Errors: SettingError where it cannot be one."""
    path = path.strip()
    if (
        not path.endswith(BOT_FILE)
        or not _PATH.fullmatch(path)
        or len(path) > Bot._meta.get_field("path").max_length
    ):
        raise SettingError(
            _(
                "A bot file is named like “intake.bot.yaml” or “finance/intake.bot.yaml”: with .bot.yaml at its end, "
                "and without “:”, “@” and “\\”. Python bots are deployed from the folder of bots."
            )
        )
    return path


def read_file(path: str, text: str, note: str = "", children: ChildFinder | None = None) -> NewVersion:
    """Check a bot file, and its child bots by those that `children` finds.

    Errors: BotFileError, which names all faults with their lines; SettingError.
    """
    path = check_path(path)
    if len(text) > LONGEST_TEXT:
        raise SettingError(_("A bot file has at most %(n)d characters.") % {"n": LONGEST_TEXT})
    bot = read_bot(text.replace("\r\n", "\n"), path, children)
    return NewVersion(
        path=path,
        text=text.replace("\r\n", "\n"),
        name=bot.name,
        description=bot.description,
        inputs=describe_inputs(bot.inputs),
        note=note,
    )


def deploy_file(actor: Actor, path: str, text: str, note: str = "") -> BotVersion:
    """Deploy a bot file by hand, and give its version; the same text again gives the version that is there.

    Errors: BotFileError, which names all faults with their lines; SettingError, also for a bot that comes from the
    folder of bots.
    """
    new = read_file(path, text, note, DeployedLibrary())
    newest = BotVersion.objects.filter(bot__path=new.path).order_by("-number").first()
    if newest is not None and newest.from_folder and newest.bot.withdrawn is None:
        raise SettingError(
            _("The bot %(path)s comes from the folder of bots: change it there, and refresh.")
            % {"path": new.path}
        )
    return deploy(actor, new)


@transaction.atomic
def deploy(actor: Actor, new: NewVersion) -> BotVersion:
    """Keep this as the next version of its bot, which is in use from now on."""
    bot, _is_new = Bot.objects.select_for_update().get_or_create(path=new.path, defaults={"name": new.name})
    sha256 = new.get_sha256()
    newest: BotVersion | None = bot.versions.order_by("-number").first()
    if newest is not None and newest.sha256 == sha256 and bot.withdrawn is None:
        return newest
    bot.name, bot.description, bot.withdrawn = new.name[:200], new.description, None
    bot.save(update_fields=["name", "description", "withdrawn"])
    version: BotVersion = bot.versions.create(
        number=newest.number + 1 if newest is not None else 1,
        text=new.text,
        sha256=sha256,
        commit=new.commit,
        from_folder=new.from_folder,
        inputs=new.inputs,
        deployed_by=actor if isinstance(actor, User) else None,
        note=new.note[:300],
    )
    record(
        Event.BOT_DEPLOYED,
        actor=actor,
        target=bot.path,
        version=version.number,
        sha256=sha256,
        commit=new.commit,
        note=version.note,
    )
    return version


def go_back(actor: Actor, version: BotVersion) -> BotVersion:
    """Deploy an earlier version again, as the next one."""
    bot = version.bot
    if not bot.path.endswith(BOT_FILE):
        name, description = bot.name, bot.description
    else:
        read = read_file(bot.path, version.text)
        name, description = read.name, read.description
    return deploy(
        actor,
        NewVersion(
            path=bot.path,
            text=version.text,
            name=name,
            description=description,
            inputs=version.inputs,
            note=_("Back to version %(number)d") % {"number": version.number},
            commit=version.commit,
            sha256=version.sha256,
        ),
    )


@transaction.atomic
def withdraw(actor: Actor, bot: Bot, note: str = "") -> None:
    """Let nobody begin the bot any more. Runs that have begun go on; deploying it anew brings it back."""
    bot.withdrawn = timezone.now()
    bot.save(update_fields=["withdrawn"])
    record(Event.BOT_WITHDRAWN, actor=actor, target=bot.path, note=note)


@transaction.atomic
def change_limits(actor: Actor, bot: Bot, run_limit: int | None, time_limit_seconds: int | None) -> None:
    """Say how many runs of the bot there may be at once, and how long each may last; None for no limit."""
    bot.run_limit, bot.time_limit_seconds = run_limit, time_limit_seconds
    bot.save(update_fields=["run_limit", "time_limit_seconds"])
    record(
        Event.BOT_CHANGED,
        actor=actor,
        target=bot.path,
        run_limit=run_limit,
        time_limit_seconds=time_limit_seconds,
    )


@dataclass(frozen=True)
class DiffLine:
    """A line of a comparison: its kind is “same”, “added”, “removed” or “gap”, and its numbers before and after."""

    kind: str
    before: int | None
    after: int | None
    text: str


def compare(old: str, new: str, around: int = 3) -> Iterator[DiffLine]:
    """The lines that differ between two texts, with some around them."""
    before, after = old.splitlines(), new.splitlines()
    groups = difflib.SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(around)
    for number, group in enumerate(groups):
        if number:
            yield DiffLine("gap", None, None, "")
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                for offset in range(i2 - i1):
                    yield DiffLine("same", i1 + offset + 1, j1 + offset + 1, before[i1 + offset])
                continue
            for line in range(i1, i2):
                yield DiffLine("removed", line + 1, None, before[line])
            for line in range(j1, j2):
                yield DiffLine("added", None, line + 1, after[line])
