"""What a run remembers of its steps: nothing, or everything."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from uuid import uuid4

if TYPE_CHECKING:
    from postroom.bots.definition import Bot
    from postroom.bots.handles import SessionHandle

T = TypeVar("T")


@dataclass(frozen=True)
class ChildResult:
    """What a child bot leaves behind: what it gave, and the global sessions that are open now."""

    value: Any
    sessions: tuple["SessionHandle", ...]


class Journal(Protocol):
    """What does each step of a run once, and runs its child bots."""

    def do(self, title: str, work: Callable[[str], T]) -> T:
        """Do a step, or give again what it gave when it was done; what it raised is raised again.

        `work` gets the key of the step: the same in every attempt, and of no other step.
        """

    def run_child(
        self, child: "Bot", inputs: Mapping[str, Any], sessions: Sequence["SessionHandle"]
    ) -> ChildResult:
        """Run a child bot to its end, or give again what it left behind; what it raised is raised."""


class NoJournal:
    """Remembers nothing: a run in this process, which is over when the process is."""

    def __init__(
        self, run_child: "Callable[[Bot, Mapping[str, Any], Sequence[SessionHandle]], ChildResult]"
    ) -> None:
        self._run_child = run_child

    def do(self, title: str, work: Callable[[str], T]) -> T:  # noqa: ARG002 - the title is for those who remember
        """Do the step."""
        return work(uuid4().hex)

    def run_child(
        self, child: "Bot", inputs: Mapping[str, Any], sessions: Sequence["SessionHandle"]
    ) -> ChildResult:
        """Run the child bot here and now."""
        return self._run_child(child, inputs, sessions)
