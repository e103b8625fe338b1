"""A session as bots hold it and pass it on: a handle without secrets, and the live session that is made from it."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from types import TracebackType
from typing import Any, Literal, Self

from postroom.actions.running import find_run
from postroom.actions.sessions import Session
from postroom.errors import DisconnectedError, PostroomError, SettingError

Scope = Literal["local", "global", "variable"]


@dataclass(frozen=True)
class SessionHandle:
    """What a session is made from, on demand, in whichever process.

    `action` opens it with `settings`, among which secrets are references wherever a journal is kept. `id` is of this
    session alone; `owner` is the run that opened it.
    """

    id: str
    action: str
    settings: Mapping[str, Any] = field(repr=False)
    name: str
    scope: Scope
    owner: str
    title: str


class BotSession:
    """A session in a bot that runs: each action of it is a step of the run that calls it."""

    def __init__(self, handle: SessionHandle) -> None:
        self.handle = handle

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # what Python and templates ask of everything
            raise AttributeError(f"A session has no attribute {name!r}.")
        bind = getattr(find_run(), "bind", None)
        if bind is None:
            raise DisconnectedError(
                f"The session for {self.handle.title} is used outside of its run. Use it in the bot that opened it or "
                "in one that it was passed to, and in the bot's own thread."
            )
        return bind(self.handle, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.disconnect()
            return
        # What went wrong in the block is what matters, and not that the block may not close this session.
        with suppress(PostroomError):
            self.disconnect()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BotSession) and self.handle.id == other.handle.id

    def __hash__(self) -> int:
        return hash(self.handle.id)

    def __repr__(self) -> str:
        return f"<session for {self.handle.title}>"


class LiveSessions:
    """The live sessions of this process, by the handles that they were made from."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._locks: dict[str, Lock] = {}
        self._live: dict[str, Session] = {}

    def get(self, handle: SessionHandle, open_session: Callable[[], Session]) -> Session:
        """The live session of this handle, opened if it is not. Errors: those of opening it."""
        with self._lock:
            lock = self._locks.setdefault(handle.id, Lock())
        with lock:
            if handle.id not in self._live:
                self._live[handle.id] = open_session()
            return self._live[handle.id]

    def close(self, handle: SessionHandle) -> None:
        """Close the live session of this handle, if it is open here."""
        with self._lock:
            live = self._live.pop(handle.id, None)
            self._locks.pop(handle.id, None)
        if live is not None:
            live.disconnect()


live_sessions = LiveSessions()
"""Those of this process."""


def refuse_foreign_close(handle: SessionHandle) -> SettingError:
    """Say why a bot may not close the session of another."""
    return SettingError(
        f"The session for {handle.title} was opened by another bot, and only that bot disconnects it. Leave it open."
    )
