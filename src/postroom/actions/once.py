"""The key under which something is done once: the same in every attempt, and of nothing else.

A step of a run has one. What cannot be taken back (sending) leaves the key at the service, and looks for it before
it is done again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_key: ContextVar[str | None] = ContextVar("once", default=None)


@contextmanager
def doing_once(key: str) -> Iterator[None]:
    """Do what is inside under this key."""
    token = _key.set(key)
    try:
        yield
    finally:
        _key.reset(token)


def find_once_key() -> str | None:
    """The key of what is being done; None where nobody remembers what was done."""
    return _key.get()
