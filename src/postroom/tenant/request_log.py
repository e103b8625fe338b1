"""The log of requests: what was asked of which cloud, never with headers, bodies or query strings."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from postroom.tenant.clock import Clock

KEPT_ENTRIES = 100_000
_PARTS = "batch_parts"


@dataclass(frozen=True)
class LogPart:
    """One request of a batch, which is logged with the batch."""

    method: str
    path: str
    status: int
    mailbox: str | None


@dataclass(frozen=True)
class LogEntry:
    """One request: the status is None when the connection was closed without an answer."""

    time: str
    cloud: str
    method: str
    path: str
    status: int | None
    app: str | None
    mailbox: str | None
    parts: tuple[LogPart, ...] = ()


class RequestLog:
    """Keep the latest requests in the order in which they were answered."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: deque[LogEntry] = deque(maxlen=KEPT_ENTRIES)

    def add(self, cloud: str, scope: Scope, status: int | None) -> None:
        """Note that this request was answered with this status."""
        state = scope.get("state", {})
        caller = state.get("caller")
        app = caller.app.name if caller is not None else state.get("app_name")
        time = self._clock.now().isoformat(timespec="milliseconds")
        mailbox, parts = state.get("mailbox"), tuple(state.get(_PARTS, ()))
        entry = LogEntry(time, cloud, scope["method"], scope["path"], status, app, mailbox, parts)
        self._entries.append(entry)

    def list(self) -> list[dict[str, Any]]:
        """List the entries, oldest first."""
        return [asdict(entry) for entry in self._entries]

    def clear(self) -> None:
        """Forget all entries."""
        self._entries.clear()


def note_part(scope: Scope, method: str, path: str, status: int, mailbox: str | None) -> None:
    """Note that this part of the batch that came with a request was answered; a path's query is left out."""
    scope["state"].setdefault(_PARTS, []).append(LogPart(method, path, status, mailbox))


class LogRequests:
    """Note every request of one cloud in the log (ASGI middleware)."""

    def __init__(self, app: ASGIApp, log: RequestLog, cloud: str) -> None:
        self._app = app
        self._log = log
        self._cloud = cloud

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; it is in the log before the client has its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answered = False
        scope.setdefault("state", {})

        async def send_and_note(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                self._log.add(self._cloud, scope, message["status"])
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            if not answered:
                self._log.add(self._cloud, scope, None)
