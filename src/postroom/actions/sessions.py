"""The sessions that actions open and use: which name stands for which open connection.

A name is reserved before anybody signs in. So a name in use is refused at once, and of two threads that connect
under one name only one succeeds.
"""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from postroom.errors import SessionInUseError, SessionNotFoundError, SettingError


@dataclass(frozen=True)
class Global:
    """A global session's name: it is good for a bot, its child bots, and all other child bots of its parent."""

    name: str

    def __str__(self) -> str:
        return self.name


class Session(Protocol):
    """What an action opened."""

    def disconnect(self) -> None:
        """Close it; a second time does nothing."""


class Reservation:
    """A name that is taken: first for what is being opened, then for what is open, until it is freed."""

    def __init__(self, name: str, sessions: "Sessions") -> None:
        self.name = name
        self.session: Session | None = None
        self.title = ""
        self._sessions = sessions

    def keep(self, session: Session, title: str) -> None:
        """Let the session be found by the name; `title` says to people what it is open for."""
        self.title = title
        self.session = session

    def free(self) -> None:
        """Give the name free; a second time does nothing, even when somebody else has it by then."""
        self._sessions.free(self)

    def close(self) -> None:
        """Close the session, and give the name free."""
        try:
            if self.session is not None:
                self.session.disconnect()
        finally:
            self.free()


class Sessions:
    """Open sessions, by name; case and surrounding spaces of a name make no difference."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._reservations: dict[str, Reservation] = {}

    def reserve(self, name: str) -> Reservation:
        """Take a name for what is to be opened. Errors: SessionInUseError; SettingError where it is empty."""
        reservation = Reservation(name.strip(), self)
        if not reservation.name:
            raise SettingError("The session has an empty name. Give it a name such as “ap”, or leave it out.")
        with self._lock:
            taken = self._reservations.setdefault(_fold(name), reservation)
        if taken is not reservation:
            raise SessionInUseError(_explain_in_use(taken))
        return reservation

    def free(self, reservation: Reservation) -> None:
        """Give the name of this reservation free, if it is still the one that has it."""
        with self._lock:
            key = _fold(reservation.name)
            if self._reservations.get(key) is reservation:
                del self._reservations[key]

    def get(self, name: str) -> Reservation:
        """Get the open session of this name, with what it is open for. Errors: SessionNotFoundError."""
        with self._lock:
            found = self._reservations.get(_fold(name))
            names = ", ".join(reservation.name for reservation in self._iterate_open())
        if found is not None and found.session is not None:
            return found
        others = f"Open are: {names}." if names else "None is open: connect first, with session=..."
        raise SessionNotFoundError(f"No session named “{name.strip()}” is open. {others}")

    def close_all(self) -> None:
        """Close what is still open, the last opened first; one that fails does not keep the others open."""
        with self._lock:
            still_open = list(self._iterate_open())
        with ExitStack() as stack:
            for reservation in still_open:
                stack.callback(reservation.close)

    def _iterate_open(self) -> Iterator[Reservation]:
        return (found for found in self._reservations.values() if found.session is not None)


def _fold(name: str) -> str:
    return name.strip().casefold()


def _explain_in_use(taken: Reservation) -> str:
    if taken.session is None:
        return f"A session named “{taken.name}” is being opened at this moment. Choose another name."
    return (
        f"A session named “{taken.name}” is open already, for {taken.title}. Disconnect it first, or choose "
        "another name."
    )


sessions = Sessions()
"""The sessions of this process. What is still open when it ends is closed."""

atexit.register(sessions.close_all)
