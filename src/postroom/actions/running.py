"""The run that this code belongs to, if it belongs to one.

A bot that runs is remembered step by step, so that it goes on where it was. Whatever opens a session, or looks for one
by its name, asks here whether a run does it for it; inside a step nobody does.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol


class ActiveRun(Protocol):
    """What a run does for the code that belongs to it."""

    def open_session(self, opener: Callable[..., Any], settings: Mapping[str, Any]) -> Any:
        """Open a session as a step of the run, and give it as the bot holds it."""

    def get_session(self, name: str) -> Any:
        """The session that is open in the run under this name. Errors: SessionNotFoundError."""


_run: ContextVar[ActiveRun | None] = ContextVar("run", default=None)


def find_run() -> ActiveRun | None:
    """The run that the code which asks belongs to; None in a plain script, and inside a step."""
    return _run.get()


@contextmanager
def within_run(run: ActiveRun | None) -> Iterator[None]:
    """Let what is done inside belong to this run; with None, to no run."""
    token = _run.set(run)
    try:
        yield
    finally:
        _run.reset(token)
