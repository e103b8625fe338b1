"""Files that come range by range: what came lies in a file until it is whole, so that memory does not grow with it.

[?] An upload session ends with the tenant; what came of it until then is forgotten.
"""

import hashlib
import secrets
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from postroom.tenant.clock import Clock
from postroom.tenant.mail.mime import MimeAttachment

if TYPE_CHECKING:
    from hashlib import _Hash

# [?] The documents show sessions that lasted longer than an hour and three quarters.
LIFETIME = timedelta(hours=2)


@dataclass
class UploadSession:
    """One file on its way: whose, to which message, how much of it came, and where that lies."""

    id: str
    token: str = field(repr=False)
    app_name: str
    client_id: str
    mailbox: str
    message_key: int
    url_path: str
    """The path of the message on the upload host, such as /api/gv1.0/users('…')/messages('…')."""
    attachment: MimeAttachment
    """The attachment as it will be, without its content."""
    size: int
    expires: datetime
    file: Path
    received: int = 0
    is_busy: bool = False
    digest: "_Hash" = field(default_factory=hashlib.sha256, repr=False)

    @property
    def is_whole(self) -> bool:
        """Whether all bytes have come."""
        return self.received == self.size

    @property
    def next_range(self) -> str:
        """From which byte on the rest is expected."""
        return str(self.received) if self.received else "0-"

    async def receive(self, chunks: AsyncIterator[bytes], count: int) -> bool:
        """Take the next `count` bytes; where more or fewer come, or the client goes away, none of them is kept."""
        digest, taken = self.digest.copy(), 0
        with self.file.open("r+b") as target:
            target.seek(self.received)
            target.truncate()
            async for chunk in chunks:
                taken += len(chunk)
                if taken <= count:
                    digest.update(chunk)
                    target.write(chunk)
        if taken != count:
            return False
        self.digest, self.received = digest, self.received + count
        return True


class UploadSessions:
    """Begin, find and end upload sessions."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._sessions: dict[str, UploadSession] = {}
        self.clear()

    def begin(
        self, *, app_name: str, client_id: str, mailbox: str, message_key: int, message_path: str,
        attachment: MimeAttachment, size: int,
    ) -> UploadSession:  # fmt: skip
        """Begin a session; those whose time is over are forgotten."""
        for session in list(self._sessions.values()):
            if session.expires <= self._clock.now():
                self.end(session)
        name = secrets.token_urlsafe(24)
        session = UploadSession(
            id=name,
            token=secrets.token_urlsafe(48),
            app_name=app_name,
            client_id=client_id,
            mailbox=mailbox,
            message_key=message_key,
            url_path=message_path,
            attachment=attachment,
            size=size,
            expires=self._clock.now() + LIFETIME,
            file=self._folder / name,
        )
        session.file.touch()
        self._sessions[name] = session
        return session

    def find(self, session_id: str, token: str) -> UploadSession | None:
        """Find a session by what its address says; None once it has ended or expired."""
        session = self._sessions.get(session_id)
        if session is None or not secrets.compare_digest(session.token.encode(), token.encode()):
            return None
        return session if self._clock.now() < session.expires else None

    def end(self, session: UploadSession) -> None:
        """Forget a session and what came of its file."""
        self._sessions.pop(session.id, None)
        session.file.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget all sessions."""
        self._sessions.clear()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
