"""Messages that wait because their mailbox sends faster than Exchange Online lets it; nobody is told, and all arrive.

What goes beyond the rate is carried over to the following minutes (Exchange Online limits, message rate limit). It goes
out with the first request to the tenant, of whatever kind, after its time has come.
[?] What waits lies in the Outbox; it stays there where the tenant is stopped, or a snapshot restored, before its time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from postroom.tenant.directory import Directory
from postroom.tenant.mail.database import Row
from postroom.tenant.mail.delivery import send
from postroom.tenant.mail.store import MailStore


@dataclass(frozen=True)
class _Held:
    due: datetime
    address: str
    message_key: int
    is_saved: bool


class SendingQueue:
    """Hold messages of one cloud in their Outboxes, and send them when their time has come."""

    def __init__(self, store: MailStore, directory: Directory) -> None:
        self._store = store
        self._directory = directory
        self._lock = Lock()
        self._held: list[_Held] = []

    @property
    def is_due(self) -> bool:
        """Whether a message waits whose time has come."""
        return bool(self._held) and any(held.due <= self._store.clock.now() for held in self._held)

    def hold(self, mailbox: Row, message: Row, due: datetime, *, is_saved: bool) -> None:
        """Put a draft into the Outbox until it is due."""
        outbox = self._store.folders.get(mailbox["key"], "outbox")
        self._store.messages.move(mailbox, message, outbox)
        with self._lock:
            self._held.append(_Held(due, mailbox["address"], message["key"], is_saved))

    def release(self) -> None:
        """Send what is due, in the order in which it was to be sent."""
        now = self._store.clock.now()
        with self._lock:
            due = [held for held in self._held if held.due <= now]
            self._held = [held for held in self._held if held.due > now]
        for held in due:
            self._send(held)

    def clear(self) -> None:
        """Forget what waits."""
        with self._lock:
            self._held.clear()

    def _send(self, held: _Held) -> None:
        mailbox = self._store.get_mailbox(held.address)
        try:
            message = self._store.messages.get_by_key(held.message_key)
        except KeyError:
            return  # It was deleted meanwhile.
        if message["folder"] == self._store.folders.get(mailbox["key"], "outbox")["key"]:
            send(self._store, self._directory, mailbox, message, is_saved=held.is_saved)


class ReleaseHeldMail:
    """Send what is due before a request is served, so that nobody sees it late (ASGI middleware)."""

    def __init__(self, app: ASGIApp, queues: Iterable[SendingQueue]) -> None:
        self._app = app
        self._queues = tuple(queues)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        for queue in self._queues:
            if queue.is_due:
                await run_in_threadpool(queue.release)
        await self._app(scope, receive, send)
