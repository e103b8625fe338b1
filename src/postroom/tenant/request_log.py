"""The log of requests: what was asked of which cloud, never with headers, bodies or query strings."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from postroom.tenant.clock import Clock

KEPT_ENTRIES = 100_000


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
        mailbox = state.get("mailbox")
        self._entries.append(LogEntry(time, cloud, scope["method"], scope["path"], status, app, mailbox))

    def list(self) -> list[dict[str, Any]]:
        """List the entries, oldest first."""
        return [asdict(entry) for entry in self._entries]

    def clear(self) -> None:
        """Forget all entries."""
        self._entries.clear()


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
