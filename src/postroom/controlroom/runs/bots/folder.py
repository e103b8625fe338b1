"""Deploy what is in the folder of bots: each change a new version, with the commit that it came from."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from postroom.bots.files import FolderLibrary
from postroom.controlroom.runs.bots import python_bots
from postroom.controlroom.runs.bots.deploying import Actor, NewVersion, deploy, read_file, withdraw
from postroom.controlroom.runs.bots.snapshots import BOT_FILE, Snapshot, take_snapshot
from postroom.controlroom.runs.models import Bot, BotVersion
from postroom.errors import BotFileError, Fault, PostroomError


@dataclass
class Refresh:
    """What a look into the folder has brought."""

    commit: str
    deployed: list[BotVersion] = field(default_factory=list)
    unchanged: int = 0
    withdrawn: list[Bot] = field(default_factory=list)
    """Bots that the folder no longer has."""
    faults: list[Fault] = field(default_factory=list)
    """Of files that were not deployed; what was deployed of them before stays in use."""


def refresh(actor: Actor) -> Refresh:
    """Look into the folder of bots, and deploy what has changed in it. Errors: SettingError where there is none."""
    snapshot = take_snapshot()
    done = Refresh(snapshot.commit)
    seen: set[str] = set()
    faulty: set[str] = set()
    for file in snapshot.list_files():
        try:
            for new in _read(snapshot, file):
                seen.add(new.path)
                _deploy(actor, new, done)
        except PostroomError as error:
            faulty.add(file)
            done.faults += (
                error.faults if isinstance(error, BotFileError) else [Fault(file, 1, error.message)]
            )
    _withdraw_missing(actor, done, seen, faulty)
    return done


def _read(snapshot: Snapshot, file: str) -> Iterator[NewVersion]:
    text = snapshot.read(file)
    note = _("From the folder of bots")
    if file.endswith(BOT_FILE):
        read = read_file(file, text, children=FolderLibrary(snapshot.folder))
        yield NewVersion(
            file, text, read.name, read.description, read.inputs, note, snapshot.commit, from_folder=True
        )
        return
    for function in _find_functions(file, text):
        yield NewVersion(
            path=f"{file}:{function.name}",
            text=text,
            name=function.name.replace("_", " ").capitalize(),
            description=python_bots.get_description(function),
            inputs=python_bots.describe_inputs(function),
            note=note,
            commit=snapshot.commit,
            from_folder=True,
            sha256=snapshot.hash_python(),
        )


def _find_functions(file: str, text: str) -> "list[python_bots.Function]":
    try:
        return list(python_bots.find_functions(text))
    except SyntaxError as error:
        fault = Fault(file, error.lineno or 1, _("This is no Python: %(why)s.") % {"why": error.msg})
        raise BotFileError(str(fault), [fault]) from None


def _deploy(actor: Actor, new: NewVersion, done: Refresh) -> None:
    last: BotVersion | None = (
        BotVersion.objects.filter(bot__path=new.path, from_folder=True).order_by("-number").first()
    )
    # Somebody may have gone back by hand since: that stays until the folder has something new.
    if last is not None and last.sha256 == new.get_sha256() and last.bot.withdrawn is None:
        done.unchanged += 1
    else:
        done.deployed.append(deploy(actor, new))


def _withdraw_missing(actor: Actor, done: Refresh, seen: set[str], faulty: set[str]) -> None:
    newest_first = (
        BotVersion.objects.filter(bot__withdrawn=None).order_by("bot", "-number").select_related("bot")
    )
    known: dict[str, BotVersion] = {}
    for version in newest_first.defer("text"):
        known.setdefault(version.bot.path, version)
    for path, version in known.items():
        if version.from_folder and path not in seen and path.partition(":")[0] not in faulty:
            withdraw(actor, version.bot, _("No longer in the folder of bots"))
            done.withdrawn.append(version.bot)
