"""How work tells those who wait where it is.

Work reports; who shows it (the command line, a run's page) listens. Nobody has to.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

T = TypeVar("T")


class ProgressListener(Protocol):
    """Who shows progress."""

    def on_step(self, label: str, *, done: bool) -> None:
        """A step begins (`done` is false), or has succeeded."""

    def on_items(self, label: str, done: int, total: int | None) -> None:
        """So many items of this work are done, of so many if that is known."""


_listener: ContextVar[ProgressListener | None] = ContextVar("listener", default=None)


@contextmanager
def show_progress(listener: ProgressListener) -> Iterator[None]:
    """Show the progress of what is done inside to this listener."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def step(label: str) -> Iterator[None]:
    """Report a step: that it begins, and that it succeeded unless it raises."""
    listener = _listener.get()
    if listener:
        listener.on_step(label, done=False)
    yield
    if listener:
        listener.on_step(label, done=True)


def track(items: Iterable[T], label: str) -> Iterator[T]:
    """Give the items one by one, and report after each how many are done."""
    listener = _listener.get()
    if listener is None:
        yield from items
        return
    total = len(items) if isinstance(items, list | tuple) else None
    done = 0
    listener.on_items(label, done, total)
    for item in items:
        yield item
        done += 1
        listener.on_items(label, done, total)
