"""Faults and latency on request: which requests fail, and how, as those of the real services sometimes do."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import SystemRandom
from typing import Annotated, Any

import msgspec

from postroom.tenant.entra.refusal_rows import REFUSALS

AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]
Status = Annotated[int, msgspec.Meta(ge=400, le=599)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Delay = Annotated[float, msgspec.Meta(ge=0, le=600)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Bytes = Annotated[int, msgspec.Meta(ge=0)]

_random = SystemRandom()


class FaultSettings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Say which requests fail, and how.

    An answer may be made up (`status`, `aadsts`, `content`), get lost once the work is done (`drop_response`), break
    off (`cut_after_bytes`), trickle (`bytes_per_second`) or be late (`delay_seconds`); what makes sense together may
    be given together.
    """

    method: str = "*"
    """The method; `*` is any."""
    path: str = "*"
    """The path, with `*` and `?`, in any case; parts of a batch are met by their own, such as `/v1.0/me/messages`."""
    status: Status | None = None
    """The status of a made up answer: 400 to 599."""
    aadsts: int | None = None
    """The number of a refusal of Entra ID."""
    code: str | None = None
    """The code of the error; without it the one that is usual with the status."""
    message: str | None = None
    """The message of the error; without it the one that is usual with the status."""
    retry_after: NotNegative | None = None
    """The seconds of a Retry-After header."""
    content: str | None = None
    """What is answered instead, with status 200 unless another is given: the page of a proxy, JSON cut short."""
    content_type: str | None = None
    """The type of this content; without it HTML."""
    drop_response: bool = False
    """Whether the connection is closed without an answer once the work is done."""
    cut_after_bytes: Bytes | None = None
    """After how many bytes of the body the connection is closed."""
    bytes_per_second: AtLeastOne | None = None
    """How fast the body comes."""
    delay_seconds: Delay | None = None
    """How long the answer waits once the work is done, up to 600."""
    www_authenticate: str | None = None
    """The WWW-Authenticate header."""
    claims: dict[str, Any] | str | None = None
    """The claims of a claims challenge, as an object or as JSON."""
    every: AtLeastOne | None = None
    """That each nth matching request fails."""
    probability: Share | None = None
    """How likely a matching request fails, from 0 to 1."""
    count: AtLeastOne | None = None
    """How many requests fail before the fault is spent."""

    def __post_init__(self) -> None:
        if not (self.makes_answer or self.spoils_wire):
            raise ValueError(
                "A fault needs one of status (400 to 599), aadsts, content, drop_response, cut_after_bytes, "
                "bytes_per_second and delay_seconds"
            )
        self._check_answer()
        self._check_wire()
        if self.aadsts is not None and self.aadsts not in REFUSALS:
            raise ValueError(f"The local tenant knows no refusal with the number {self.aadsts}")
        if self.every is not None and self.probability is not None:
            raise ValueError("A fault has every or probability, not both")
        if isinstance(self.claims, str):
            self.claims = _read_claims(self.claims)

    @property
    def makes_answer(self) -> bool:
        """Whether the answer is made up, and the work not done."""
        return self.status is not None or self.aadsts is not None or self.content is not None

    @property
    def spoils_wire(self) -> bool:
        """Whether the answer, made up or not, comes late, slowly, in part or not at all."""
        wire = (self.cut_after_bytes, self.bytes_per_second, self.delay_seconds)
        return self.drop_response or any(value is not None for value in wire)

    def _check_answer(self) -> None:
        if self.aadsts is not None and (self.status is not None or self.content is not None):
            raise ValueError(
                "A fault with aadsts has its status and content from Entra ID; leave out the others"
            )
        if self.content is not None and (self.code is not None or self.message is not None):
            raise ValueError("A fault has content, or code and message, not both")
        if self.content_type is not None and self.content is None:
            raise ValueError("content_type needs content")
        if self.status is None and (self.code is not None or self.message is not None):
            raise ValueError("code and message need a status")
        headers = (self.retry_after, self.www_authenticate, self.claims)
        if not self.makes_answer and any(value is not None for value in headers):
            raise ValueError("retry_after, www_authenticate and claims need a status, aadsts or content")

    def _check_wire(self) -> None:
        if self.drop_response and self.makes_answer:
            raise ValueError(
                "drop_response lets the work be done and its answer get lost: it has no status, aadsts or content"
            )
        if self.drop_response and (self.cut_after_bytes is not None or self.bytes_per_second is not None):
            raise ValueError(
                "With drop_response nothing is sent that cut_after_bytes or bytes_per_second could shape"
            )


@dataclass
class Fault:
    """One fault with how many requests it has seen and how often it has struck."""

    id: int
    settings: FaultSettings
    seen: int = 0
    struck: int = 0

    def strikes(self, method: str, path: str) -> bool:
        """Tell whether this request is to fail, and count it."""
        if not self._matches(method, path) or self.is_spent:
            return False
        self.seen += 1
        if not self._is_due():
            return False
        self.struck += 1
        return True

    @property
    def is_spent(self) -> bool:
        """Tell whether the fault has struck as often as it should."""
        return self.settings.count is not None and self.struck >= self.settings.count

    def describe(self) -> dict[str, Any]:
        """Give the fault as the control endpoints list it."""
        settings: dict[str, Any] = msgspec.to_builtins(self.settings)
        return {"id": self.id, **settings, "seen": self.seen, "struck": self.struck}

    def _matches(self, method: str, path: str) -> bool:
        wanted = self.settings
        # Graph does not care about case in paths, and neither should who writes a fault.
        return wanted.method.upper() in ("*", method) and fnmatchcase(path.lower(), wanted.path.lower())

    def _is_due(self) -> bool:
        if self.settings.every is not None:
            return self.seen % self.settings.every == 0
        return self.settings.probability is None or _random.random() < self.settings.probability


class Faults:
    """Keep the faults that are asked for, in the order in which they were added."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._last_id = 0

    def __bool__(self) -> bool:
        return bool(self._faults)

    def add(self, settings: FaultSettings) -> Fault:
        """Add a fault."""
        self._last_id += 1
        fault = Fault(self._last_id, settings)
        self._faults.append(fault)
        return fault

    def find_striking(self, method: str, path: str) -> FaultSettings | None:
        """Find the first fault that makes this request fail."""
        return next((fault.settings for fault in self._faults if fault.strikes(method, path)), None)

    def list(self) -> list[dict[str, Any]]:
        """List the faults, spent ones too."""
        return [fault.describe() for fault in self._faults]

    def clear(self) -> None:
        """Forget all faults."""
        self._faults.clear()


@dataclass
class Latency:
    """How long every request waits before it is served."""

    milliseconds: float = 0.0


def _read_claims(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        raise ValueError("claims is an object, or an object written as JSON") from None
