"""What runs tell of themselves to those who listen: a terminal, or the pages of the Control Room."""

from dataclasses import dataclass
from typing import Protocol

from postroom.actions.sessions import Session
from postroom.errors import PostroomError


@dataclass(frozen=True)
class StepReport:
    """What is told of a step: what it is, where in the bot it stands, and how it went.

    `status` is “running”, “done” or “failed”; `seconds` are 0 while it runs. `touched` says in a few words what was
    worked on, such as the subject of a message. `number` is the journal's own, with gaps, and is what a run is retried
    from. `handled` is how many messages the run has worked on so far, each counted once.
    """

    title: str
    place: str
    status: str
    seconds: float = 0.0
    touched: str = ""
    error: PostroomError | None = None
    number: int = 0
    handled: int = 0


@dataclass(frozen=True)
class RunReport:
    """What is told of a run: which bot it runs, which run called it (`parent`), and how it went.

    `status` is “running” when it begins and whenever it goes on after a break, then “done”, “failed” or “stopped”.
    """

    id: str
    bot: str
    reference: str
    status: str
    parent: str = ""
    root: str = ""
    error: PostroomError | None = None


class RunStopped(BaseException):
    """This process must not go on with the run. What its journal has is kept, and whoever may goes on there."""


class RunListener(Protocol):
    """Who is told of runs and of their steps: of those done now, and not those remembered.

    Each of these may raise RunStopped, which ends the run here before the step that it was told of.
    """

    def on_run(self, run: RunReport) -> None:
        """A run begins or goes on, is done, has failed or was stopped."""

    def on_step(self, run_id: str, step: StepReport) -> None:
        """A step begins, is done, or has failed."""

    def on_open(self, run_id: str, session: Session) -> None:
        """A session was opened for the run, or opened again in this process."""


class Unheard:
    """Nobody is told."""

    def on_run(self, run: RunReport) -> None:
        """Tell nobody."""

    def on_step(self, run_id: str, step: StepReport) -> None:
        """Tell nobody."""

    def on_open(self, run_id: str, session: Session) -> None:
        """Tell nobody."""
