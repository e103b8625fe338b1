"""A second package of actions, installed as any other: a distribution with an entry point, in a folder of its own."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from postroom.actions import load_packages
from postroom.bots import encoding

SOURCE = '''
"""A desk with papers, which remembers what was done on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from postroom.actions import Label, Package, action
from postroom.errors import FolderNotFoundError, SettingError
from postroom.values import Credential, Secret, SecretSetting, Setting, Variable

DONE: list[Any] = []


@dataclass(frozen=True)
class Paper:
    id: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Lock:
    number: SecretSetting
    owner: Setting = "nobody"


class Desk:
    def __init__(self, lock: Any) -> None:
        self.lock = lock
        self.address = "the desk"

    @action(title="Put")
    def put(
        self,
        papers: Annotated[str | list[str], Label("Papers", "What is put.", "a letter", given_as=list[str])],
        *,
        copies: Annotated[int, Label("Copies", "How many.", "2")] = 1,
        side: Annotated[Literal["left", "right"], Label("Side", "Where.", "left")] = "left",
        at: Annotated[str, Label("At", "Where exactly.")] = "",
    ) -> str:
        """Put papers on the desk."""
        DONE.append(("put", papers, copies, side, at))
        return f"{papers} was put"

    @action(title="List papers")
    def papers(self, *, number: Annotated[int, Label("Number", "How many.", "3")] = 3) -> Iterator[Paper]:
        """List the papers that lie there."""
        return (Paper(str(index), f"paper {index}") for index in range(number))

    @action(title="Take")
    def take(self, paper: Annotated[Paper, Label("Paper", "What is taken.")]) -> Paper:
        """Take a paper away."""
        DONE.append(("take", paper.title))
        return paper

    @action(title="Break")
    def fail(self, what: Annotated[str, Label("What", "What to say.", "gone")]) -> None:
        """Fail."""
        DONE.append(("fail", what))
        raise FolderNotFoundError(f"It is {what}.", status=404, code="ErrorGone")

    @action(title="Stop")
    def stop(self) -> None:
        """Be stopped, as by Ctrl+C."""
        raise KeyboardInterrupt

    @action(title="Disconnect")
    def disconnect(self) -> None:
        """Leave the desk."""


@action(title="Sit down", opens=True)
def sit(
    *,
    lock: Annotated[Any, Label("Lock", "How it is locked.", kinds={"Number lock": Lock})] = None,
    place: Annotated[Setting, Label("Place", "Where it stands.", "window")] = "window",
    session: Annotated[str | None, Label("Session", "Its name.", "desk")] = None,
) -> Desk:
    """Sit down at the desk."""
    number = lock.number.reveal() if lock is not None and isinstance(lock.number, Secret) else lock and lock.number
    DONE.append(("sit", place, number))
    return Desk(lock)


package = Package(name="desk", title="Desk", opener=sit, session=Desk, values=(Paper, Lock))
'''


@pytest.fixture(scope="session")
def installed_desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the distribution is installed."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "desk_actions.py").write_text(SOURCE)
    information = folder / "desk_actions-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: desk-actions\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[postroom.packages]\ndesk = desk_actions:package\n")
    return folder


@pytest.fixture
def desk(installed_desk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of the package, which this process knows as installed; nothing is done on the desk yet."""
    monkeypatch.syspath_prepend(str(installed_desk))
    _forget()
    module = importlib.import_module("desk_actions")
    module.DONE.clear()
    yield module
    sys.modules.pop("desk_actions")
    _forget()


def _forget() -> None:
    load_packages.cache_clear()
    encoding._list_types.cache_clear()
    encoding._list_names.cache_clear()
