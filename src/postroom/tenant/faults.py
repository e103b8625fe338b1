"""Faults and latency on request: how the tenant is made to fail and to be slow, as the real services sometimes are."""

import asyncio
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import SystemRandom
from typing import Annotated, Any
from uuid import uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from postroom.tenant.entra.access import challenge_header, encode_claims
from postroom.tenant.entra.refusal_rows import REFUSALS
from postroom.tenant.entra.refusals import correlation_id, unnamed_refusal, write_refusal
from postroom.tenant.protocol import close_connection
from postroom.tenant.state import CloudState

AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]
Status = Annotated[int, msgspec.Meta(ge=400, le=599)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]

# What Microsoft Graph says with these statuses when it gives no reason of its own.
USUAL: dict[int, tuple[str, str]] = {
    401: ("InvalidAuthenticationToken", "Access token has expired or is not yet valid."),
    403: ("ErrorAccessDenied", "Access is denied. Check credentials and try again."),
    404: ("ErrorItemNotFound", "The specified object was not found in the store."),
    429: ("TooManyRequests", "Please retry again later."),
    500: ("generalException", "An internal server error occurred."),
    503: ("serviceNotAvailable", "The service is temporarily unavailable. Please retry later."),
    504: ("UnknownError", "The gateway did not receive a response in time."),
}
_random = SystemRandom()


class FaultSettings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Say which requests fail, and how: with a status, as Entra ID refuses, or with no answer when all is done."""

    method: str = "*"
    """The method of the requests that it is for; `*` stands for all."""
    path: str = "*"
    """Their path, without host and query; `*` stands for anything, as in `/v1.0/*/sendMail`."""
    status: Status | None = None
    """They are answered with an error of this status, 400 to 599."""
    aadsts: int | None = None
    """They are answered with Entra ID's refusal of this number, such as 90055 for throttling or 50196 for a loop."""
    code: str | None = None
    """With `status`: the code of the error; without it, what Microsoft usually says."""
    message: str | None = None
    """With `status`: the text of the error."""
    retry_after: NotNegative | None = None
    """The answer has a `Retry-After` header of so many seconds."""
    drop_response: bool = False
    """The work is done, and the connection closed without an answer."""
    www_authenticate: str | None = None
    """With `status`: the answer has a `WWW-Authenticate` header with this text."""
    claims: dict[str, Any] | str | None = None
    """With `status`: the answer has the `WWW-Authenticate` header of a claims challenge with these claims."""
    every: AtLeastOne | None = None
    """Only every so manieth of those requests fails."""
    probability: Share | None = None
    """Only this share of those requests fails, from 0 to 1, by chance."""
    count: AtLeastOne | None = None
    """After so many failures no more request fails."""

    def __post_init__(self) -> None:
        if [self.drop_response, self.status is not None, self.aadsts is not None].count(True) != 1:
            raise ValueError("A fault needs a status (400 to 599), aadsts or drop_response, one of the three")
        if self.aadsts is not None and self.aadsts not in REFUSALS:
            raise ValueError(f"The local tenant knows no refusal with the number {self.aadsts}")
        if self.every is not None and self.probability is not None:
            raise ValueError("A fault has every or probability, not both")
        if isinstance(self.claims, str):
            self.claims = _read_claims(self.claims)


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


class InjectFaults:
    """Let requests fail as the faults say (ASGI middleware)."""

    def __init__(self, app: ASGIApp, faults: Faults, cloud: CloudState) -> None:
        self._app = app
        self._faults = faults
        self._cloud = cloud

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or let it fail."""
        fault = None
        if self._faults and scope["type"] == "http":
            fault = self._faults.find_striking(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.drop_response:
            await self._app(scope, receive, _swallow)
            await close_connection(scope, receive)
        elif fault.aadsts is not None:
            await self._refuse(fault, fault.aadsts, Request(scope))(scope, receive, send)
        else:
            await _answer(fault, scope, self._cloud)(scope, receive, send)

    def _refuse(self, fault: FaultSettings, number: int, request: Request) -> JSONResponse:
        body = write_refusal(unnamed_refusal(number), self._cloud, correlation_id(request))
        return JSONResponse(body, REFUSALS[number].status, _headers(fault, self._cloud))


class AddLatency:
    """Let every request wait (ASGI middleware)."""

    def __init__(self, app: ASGIApp, latency: Latency) -> None:
        self._app = app
        self._latency = latency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request after the wait."""
        if self._latency.milliseconds:
            await asyncio.sleep(self._latency.milliseconds / 1000)
        await self._app(scope, receive, send)


def _read_claims(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        raise ValueError("claims is an object, or an object written as JSON") from None


async def _swallow(message: Message) -> None:
    """Send nothing."""


def _answer(fault: FaultSettings, scope: Scope, cloud: CloudState) -> JSONResponse:
    status = fault.status or 500
    usual_code, usual_message = USUAL.get(status, ("UnknownError", ""))
    code, message = fault.code or usual_code, usual_message if fault.message is None else fault.message
    is_entra = "/oauth2/" in scope["path"] or "/.well-known/" in scope["path"]
    body = (
        {"error": code, "error_description": message}
        if is_entra
        else _graph_error(code, message, scope, cloud)
    )
    return JSONResponse(body, status, _headers(fault, cloud))


def _graph_error(code: str, message: str, scope: Scope, cloud: CloudState) -> dict[str, Any]:
    sent = dict(scope["headers"]).get(b"client-request-id", b"").decode("latin-1")
    request_id = str(uuid4())
    inner = {
        "date": f"{cloud.now():%Y-%m-%dT%H:%M:%S}",
        "request-id": request_id,
        "client-request-id": sent or request_id,
    }
    return {"error": {"code": code, "message": message, "innerError": inner}}


def _headers(fault: FaultSettings, cloud: CloudState) -> dict[str, str]:
    headers = {"request-id": str(uuid4())}
    if fault.retry_after is not None:
        headers["Retry-After"] = f"{fault.retry_after:g}"
    if fault.www_authenticate is not None:
        headers["WWW-Authenticate"] = fault.www_authenticate
    elif fault.claims is not None:
        headers["WWW-Authenticate"] = challenge_header(cloud, encode_claims(fault.claims))
    return headers
