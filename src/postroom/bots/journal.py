"""What a run remembers of its steps: nothing, or everything."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from uuid import uuid4

from postroom.bots.handles import SessionHandle

if TYPE_CHECKING:
    from postroom.bots.definition import Bot

T = TypeVar("T")


@dataclass(frozen=True)
class StepKey:
    """A step of a run: the same in every attempt, and no other step's. `number` counts from 1, with gaps."""

    run: str
    number: int

    def __str__(self) -> str:
        return f"{self.run}/{self.number}"


@dataclass(frozen=True)
class ChildResult:
    """What a child bot leaves behind: what it gave, and the global sessions that are open now."""

    value: Any
    sessions: tuple[SessionHandle, ...]


class Journal(Protocol):
    """What does each step of a run once, and runs its child bots."""

    def check(self, settings: Mapping[str, Any]) -> None:
        """Refuse settings of a session that could not be kept, before anything is done. Errors: SettingError."""

    def check_result(self, annotation: Any, title: str) -> None:
        """Refuse an action whose result could not be kept, before it is done. Errors: SettingError."""

    def do(self, title: str, work: Callable[[StepKey], T]) -> T:
        """Do a step, or give again what it gave when it was done; what it raised is raised again."""

    def run_child(
        self, child: "Bot", inputs: Mapping[str, Any], sessions: Sequence[SessionHandle], place: str = ""
    ) -> ChildResult:
        """Run a child bot to its end, or give again what it left behind; what it raised is raised.

        `place` is where in the bot that is, such as `intake.bot.yaml:14`.
        """


class NoJournal:
    """Remembers nothing: a run in this process, which is over when the process is."""

    def __init__(
        self, run_child: "Callable[[Bot, Mapping[str, Any], Sequence[SessionHandle]], ChildResult]"
    ) -> None:
        self._run_child = run_child
        self._id = uuid4().hex
        self._steps = 0

    def check(self, settings: Mapping[str, Any]) -> None:
        """Nothing is kept, so nothing is refused."""

    def check_result(self, annotation: Any, title: str) -> None:
        """Nothing is kept, so nothing is refused."""

    def do(self, title: str, work: Callable[[StepKey], T]) -> T:  # noqa: ARG002 - the title is for those who remember
        """Do the step."""
        self._steps += 1
        return work(StepKey(self._id, self._steps))

    def run_child(
        self,
        child: "Bot",
        inputs: Mapping[str, Any],
        sessions: Sequence[SessionHandle],
        place: str = "",  # noqa: ARG002 - for those who remember
    ) -> ChildResult:
        """Run the child bot here and now."""
        return self._run_child(child, inputs, sessions)
