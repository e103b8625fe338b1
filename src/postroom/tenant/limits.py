"""The limits of the Outlook service and of Exchange Online: what holds, what was counted, and who has gone beyond.

Sources: Microsoft Graph service-specific throttling limits (Outlook service), Exchange Online limits.
"""

import math
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from threading import Lock
from typing import Annotated, Any, Literal

import msgspec

from postroom.tenant.clock import Clock

MEBIBYTE = 1024 * 1024
Whole = Annotated[int, msgspec.Meta(ge=0)]
AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]
MessageBytes = Annotated[int, msgspec.Meta(ge=1, le=150 * MEBIBYTE)]


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of all limits; as they are here they are documented."""

    concurrency: Whole = 4
    requests: Whole = 10_000
    window_seconds: AtLeastOne = 600
    upload_bytes: Whole = 150 * MEBIBYTE
    upload_window_seconds: AtLeastOne = 300
    messages: Whole = 30
    message_window_seconds: AtLeastOne = 60
    recipients: Whole = 500
    message_bytes: MessageBytes = 35 * MEBIBYTE


DOCUMENTED = Numbers()
_NUMBERS = {name: getattr(DOCUMENTED, name) for name in DOCUMENTED.__struct_fields__}


class LimitSettings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Say which limits hold: a mode, or numbers that take the place of documented ones."""

    mode: Literal["off", "documented"] | None = None
    """Which limits hold: none, or those that Microsoft documents."""
    concurrency: Whole | None = None
    """Requests at a time, of an app in a mailbox; 4 are documented."""
    requests: Whole | None = None
    """Requests of an app in a mailbox within `window_seconds`; 10,000 are documented."""
    window_seconds: AtLeastOne | None = None
    """The window of `requests`; 600 is documented."""
    upload_bytes: Whole | None = None
    """Bytes that an app sends to a mailbox (PATCH, POST, PUT) within `upload_window_seconds`; 150 MB is documented."""
    upload_window_seconds: AtLeastOne | None = None
    """The window of `upload_bytes`; 300 is documented."""
    messages: Whole | None = None
    """Messages that leave a mailbox within `message_window_seconds`, others wait; 30 are documented, 0 is no limit."""
    message_window_seconds: AtLeastOne | None = None
    """The window of `messages`; 60 is documented."""
    recipients: Whole | None = None
    """Recipients of a message; 500 is documented."""
    message_bytes: MessageBytes | None = None
    """The size of a message with its attachments; 35 MB is the default of Exchange Online, 150 MB the most."""

    def __post_init__(self) -> None:
        if (self.mode is None) == (not self.numbers):
            raise ValueError("Limits need a mode (off or documented) or numbers, one of the two")

    @property
    def numbers(self) -> dict[str, int]:
        """The numbers that were given."""
        return {name: number for name in _NUMBERS if (number := getattr(self, name)) is not None}


class Kind(Enum):
    """What there is too much of."""

    CONCURRENCY = "concurrency"
    REQUESTS = "requests"
    UPLOAD = "upload_bytes"


@dataclass(frozen=True)
class Excess:
    """A request beyond a limit: which, and in how many seconds it is worth another try."""

    kind: Kind
    retry_after_seconds: int


class Window:
    """How much happened in the last so many seconds."""

    def __init__(self) -> None:
        self._entries: deque[tuple[float, int]] = deque()
        self.total = 0

    def forget(self, before: float) -> None:
        """Leave out what happened up to this time (a Unix time)."""
        while self._entries and self._entries[0][0] <= before:
            self.total -= self._entries.popleft()[1]

    def add(self, now: float, amount: int = 1) -> None:
        """Count so much more."""
        self._entries.append((now, amount))
        self.total += amount

    def keep(self, most: int) -> None:
        """Leave out the oldest until no more than this is counted."""
        while self.total > most:
            self.total -= self._entries.popleft()[1]

    def find_time(self, room: int) -> float | None:
        """Find the time of the entry with which, once it is forgotten, the rest is no more than `room`."""
        rest = self.total
        for time, amount in self._entries:
            rest -= amount
            if rest <= room:
                return time
        return None


@dataclass
class _Use:
    """What one app did in one mailbox."""

    under_way: int = 0
    requests: Window = field(default_factory=Window)
    uploads: Window = field(default_factory=Window)
    refused: Counter[Kind] = field(default_factory=Counter)


class Limits:
    """Count requests and what is sent, by the tenant's clock, and tell what goes beyond the limits that hold.

    A mailbox is named by its address; the two clouds share no app and no address.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._uses: dict[tuple[str, str], _Use] = {}
        self._sent: dict[str, Window] = {}
        self._numbers: Numbers | None = DOCUMENTED

    @property
    def numbers(self) -> Numbers | None:
        """The numbers that hold, or None where nothing is limited."""
        return self._numbers

    def change(self, settings: LimitSettings) -> None:
        """Let other limits hold from now on; what was counted so far still counts."""
        numbers = msgspec.structs.replace(DOCUMENTED, **settings.numbers)
        self._numbers = None if settings.mode == "off" else numbers

    def reset(self) -> None:
        """Bring back the documented limits, and forget what was counted; what is under way stays so."""
        with self._lock:
            self._numbers = DOCUMENTED
            self._sent.clear()
            self._uses = {key: _Use(use.under_way) for key, use in self._uses.items() if use.under_way}

    def _enter(self, app: str, mailbox: str, upload_bytes: int) -> Excess | None:
        with self._lock:
            use = self._uses.setdefault((app, mailbox.lower()), _Use())
            excess = self._count(use, upload_bytes)
            if excess is not None:
                use.refused[excess.kind] += 1
                return excess
            use.under_way += 1
            return None

    def leave(self, app: str, mailbox: str) -> None:
        """End a request that has begun."""
        with self._lock:
            self._uses[(app, mailbox.lower())].under_way -= 1

    @contextmanager
    def within(self, app: str, mailbox: str, upload_bytes: int = 0) -> "Iterator[Admission]":
        """Begin a request and end it with the block, if it has not been ended before."""
        admission = Admission(self, app, mailbox, self._enter(app, mailbox, upload_bytes))
        try:
            yield admission
        finally:
            admission.end()

    def count_upload(self, app: str, mailbox: str, upload_bytes: int) -> None:
        """Count what a request sent whose length was not told before."""
        with self._lock:
            use = self._uses.setdefault((app, mailbox.lower()), _Use())
            use.uploads.add(self._clock.now().timestamp(), upload_bytes)

    def count_sent(self, mailbox: str) -> float:
        """Count a message that is sent, and tell how many seconds it waits before it goes out.

        What goes beyond the rate is not refused but carried over, window by window.
        """
        numbers, now = self._numbers, self._clock.now().timestamp()
        with self._lock:
            sent = self._sent.setdefault(mailbox.lower(), Window())
            if numbers is None or numbers.messages == 0:
                sent.add(now)
                return 0.0
            sent.forget(now - numbers.message_window_seconds)
            before = sent.find_time(numbers.messages - 1) if sent.total >= numbers.messages else None
            departs = now if before is None else max(now, before + numbers.message_window_seconds)
            sent.add(departs)
            return departs - now

    def describe(self) -> dict[str, Any]:
        """Give what holds and what was counted, as the control endpoints tell it."""
        with self._lock:
            counted = [self._describe_use(*key, use) for key, use in self._uses.items()]
        numbers = self._numbers
        mode = "off" if numbers is None else "documented" if numbers == DOCUMENTED else "changed"
        held = {name: getattr(numbers, name) if numbers else None for name in _NUMBERS}
        return {"mode": mode, **held, "counted": counted}

    def _count(self, use: _Use, upload_bytes: int) -> Excess | None:
        numbers, now = self._numbers or DOCUMENTED, self._clock.now().timestamp()
        use.requests.forget(now - numbers.window_seconds)
        use.uploads.forget(now - numbers.upload_window_seconds)
        excess = self._find_excess(use, numbers, now, upload_bytes) if self._numbers else None
        # Refused requests count too, as the documents warn; but no further back than the limit looks.
        use.requests.add(now)
        use.requests.keep(max(numbers.requests, 1))
        if excess is None and upload_bytes:
            use.uploads.add(now, upload_bytes)
        return excess

    def _find_excess(self, use: _Use, numbers: Numbers, now: float, upload_bytes: int) -> Excess | None:
        if use.under_way >= numbers.concurrency:
            # [?] Who has too many requests under way is told to wait a second, as in the one answer on record.
            return Excess(Kind.CONCURRENCY, 1)
        if use.requests.total >= numbers.requests:
            return Excess(
                Kind.REQUESTS, _wait(use.requests, numbers.requests - 1, numbers.window_seconds, now)
            )
        room = numbers.upload_bytes - upload_bytes
        if upload_bytes and use.uploads.total > room:
            return Excess(Kind.UPLOAD, _wait(use.uploads, room, numbers.upload_window_seconds, now))
        return None

    def _describe_use(self, app: str, mailbox: str, use: _Use) -> dict[str, Any]:
        sent = self._sent.get(mailbox)
        return {
            "client_id": app,
            "mailbox": mailbox,
            "under_way": use.under_way,
            "requests": use.requests.total,
            "upload_bytes": use.uploads.total,
            "messages": sent.total if sent else 0,
            "refused": {kind.value: use.refused[kind] for kind in Kind},
        }


@dataclass
class Admission:
    """A request that has begun, or the limit that kept it from beginning."""

    limits: Limits
    app: str
    mailbox: str
    excess: Excess | None
    is_over: bool = False

    def end(self) -> None:
        """End the request; again is no harm."""
        if self.excess is None and not self.is_over:
            self.is_over = True
            self.limits.leave(self.app, self.mailbox)


def _wait(window: Window, room: int, window_seconds: int, now: float) -> int:
    """Tell in how many whole seconds no more than `room` is counted; the whole window where it never is."""
    time = window.find_time(max(room, 0))
    return max(1, math.ceil((now if time is None else time) + window_seconds - now))
