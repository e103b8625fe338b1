"""The sessions that are open in one run, by name."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from postroom.bots.handles import BotSession, SessionHandle
from postroom.errors import DisconnectedError, SessionInUseError, SessionNotFoundError, SettingError


class RunSessions:
    """The sessions of a run: its own, the global ones of the bots around it, and those it was passed.

    Case and surrounding spaces of a name make no difference. A session without a name is known to whoever holds it.
    What is open is told from what the bot did, and not from connections, so that it is the same after a break.
    """

    def __init__(self, given: Iterable[SessionHandle] = ()) -> None:
        self._global: dict[str, SessionHandle] = {_fold(handle.name): handle for handle in given}
        self._local: dict[str, SessionHandle] = {}
        self._own: list[SessionHandle] = []
        self._passed: set[str] = set()
        self._closed: set[str] = set()

    def check_free(self, name: str) -> None:
        """Refuse a name that is in use. Errors: SessionInUseError; SettingError where it is empty."""
        if not name.strip():
            raise SettingError("The session has an empty name. Give it a name such as “ap”, or leave it out.")
        taken = self._find(name)
        if taken:
            raise SessionInUseError(
                f"A session named “{taken.name}” is open already, for {taken.title}. Disconnect it first, or choose "
                "another name."
            )

    def add(self, handle: SessionHandle) -> None:
        """Note what this run has opened."""
        self._own.append(handle)
        match handle.scope:
            case "global":
                self._global[_fold(handle.name)] = handle
            case "local":
                self._local[_fold(handle.name)] = handle

    def accept(self, value: Any) -> None:
        """Note the sessions among what this run was passed: in an input, in a list or a mapping."""
        match value:
            case BotSession():
                self._passed.add(value.handle.id)
            case list() | tuple() | set():
                for item in value:
                    self.accept(item)
            case Mapping():
                self.accept(list(value.values()))

    def get(self, name: str) -> SessionHandle:
        """The session of this name, this bot's own before a global one. Errors: SessionNotFoundError."""
        found = self._find(name)
        if found:
            return found
        names = ", ".join(handle.name for handle in (self._global | self._local).values())
        others = f"Open are: {names}." if names else "None is open: connect first, with a session name."
        raise SessionNotFoundError(f"No session named “{name.strip()}” is open. {others}")

    def _find(self, name: str) -> SessionHandle | None:
        return self._local.get(_fold(name)) or self._global.get(_fold(name))

    def check_open(self, handle: SessionHandle) -> None:
        """Refuse a session that was closed, here or at the end of the bot that opened it. Errors: DisconnectedError."""
        open_here = any(own.id == handle.id for own in (*self._own, *self._global.values()))
        if handle.id in self._closed or not (open_here or handle.id in self._passed):
            raise DisconnectedError(
                f"The session for {handle.title} was closed: by disconnect, or at the end of the bot or the with block "
                "that opened it. Connect again, or do this before; what child bots are to share is a global session."
            )

    def check_passed(self, value: Any) -> None:
        """Refuse to pass on a session that was closed. Errors: DisconnectedError."""
        match value:
            case BotSession():
                self.check_open(value.handle)
            case list() | tuple() | set():
                for item in value:
                    self.check_passed(item)
            case Mapping():
                self.check_passed(list(value.values()))

    def owns(self, handle: SessionHandle) -> bool:
        """Whether this run has opened the session, or a child bot of it that is over."""
        return handle.id in self._closed or any(own.id == handle.id for own in self._own)

    def remove(self, handle: SessionHandle) -> None:
        """Forget a session that was closed; a second time does nothing."""
        self._closed.add(handle.id)
        self._own = [own for own in self._own if own.id != handle.id]
        for names in (self._local, self._global):
            for name in [name for name, held in names.items() if held.id == handle.id]:
                del names[name]

    def take_over(self, sessions: Iterable[SessionHandle]) -> None:
        """Know the global sessions as a child bot has left them; those that it opened are this run's from now on."""
        now = list(sessions)
        known = {handle.id for handle in self._global.values()}
        self._global = {_fold(handle.name): handle for handle in now}
        self._own += [handle for handle in now if handle.id not in known]

    @property
    def shared(self) -> tuple[SessionHandle, ...]:
        """The global sessions that are open."""
        return tuple(self._global.values())

    def iterate_own(self) -> Iterator[SessionHandle]:
        """What this run has opened or taken over, the last first."""
        return reversed(self._own)


def _fold(name: str) -> str:
    return name.strip().casefold()
