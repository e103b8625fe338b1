"""The sessions that are open in one run, by name."""

from collections.abc import Iterable, Iterator

from postroom.bots.handles import SessionHandle
from postroom.errors import SessionInUseError, SessionNotFoundError, SettingError


class RunSessions:
    """The sessions of a run: its own, and the global ones of the bots around it.

    Case and surrounding spaces of a name make no difference. A session without a name is known to whoever holds it.
    """

    def __init__(self, given: Iterable[SessionHandle] = ()) -> None:
        self._named: dict[str, SessionHandle] = {_fold(handle.name): handle for handle in given}
        self._own: list[SessionHandle] = []

    def check_free(self, name: str) -> None:
        """Refuse a name that is in use. Errors: SessionInUseError; SettingError where it is empty."""
        if not name.strip():
            raise SettingError("The session has an empty name. Give it a name such as “ap”, or leave it out.")
        taken = self._named.get(_fold(name))
        if taken:
            raise SessionInUseError(
                f"A session named “{taken.name}” is open already, for {taken.title}. Disconnect it first, or choose "
                "another name."
            )

    def add(self, handle: SessionHandle) -> None:
        """Note what this run has opened."""
        self._own.append(handle)
        if handle.name:
            self._named[_fold(handle.name)] = handle

    def get(self, name: str) -> SessionHandle:
        """The session of this name. Errors: SessionNotFoundError, which names those that are open."""
        found = self._named.get(_fold(name))
        if found:
            return found
        names = ", ".join(handle.name for handle in self._named.values())
        others = f"Open are: {names}." if names else "None is open: connect first, with a session name."
        raise SessionNotFoundError(f"No session named “{name.strip()}” is open. {others}")

    def owns(self, handle: SessionHandle) -> bool:
        """Whether this run has opened the session, or a child bot of it that is over."""
        return any(own.id == handle.id for own in self._own)

    def remove(self, handle: SessionHandle) -> None:
        """Forget a session that was closed; a second time does nothing."""
        self._own = [own for own in self._own if own.id != handle.id]
        self._named = {name: held for name, held in self._named.items() if held.id != handle.id}

    def take_over(self, sessions: Iterable[SessionHandle]) -> None:
        """Know the global sessions as a child bot has left them, in place of those that were known."""
        kept = {name: handle for name, handle in self._named.items() if handle.scope != "global"}
        now = list(sessions)
        known = {handle.id for handle in self._own}
        self._named = kept | {_fold(handle.name): handle for handle in now}
        self._own += [handle for handle in now if handle.id not in known]

    @property
    def shared(self) -> tuple[SessionHandle, ...]:
        """The global sessions that are open."""
        return tuple(handle for handle in self._named.values() if handle.scope == "global")

    def iterate_own(self) -> Iterator[SessionHandle]:
        """What this run has opened or taken over, the last first."""
        return reversed(self._own)


def _fold(name: str) -> str:
    return name.strip().casefold()
