"""Where faults and latency strike: between a listener and the applications behind it."""

import asyncio
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from postroom.tenant.entra.access import challenge_header, encode_claims
from postroom.tenant.entra.refusal_rows import REFUSALS
from postroom.tenant.entra.refusals import correlation_id, unnamed_refusal, write_refusal
from postroom.tenant.faults import Faults, FaultSettings, Latency
from postroom.tenant.graph.throttling import TOO_MANY
from postroom.tenant.protocol import close_connection
from postroom.tenant.state import CloudState

WIRE_FAULT = "wire_fault"
"""Where the state of a request has the fault that spoils its answer; a part of a batch spoils that of the whole."""
PIECES_PER_SECOND = 10

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


class InjectFaults:
    """Let requests fail as the faults say (ASGI middleware)."""

    def __init__(self, app: ASGIApp, faults: Faults, cloud: CloudState) -> None:
        self._app = app
        self._faults = faults
        self._cloud = cloud

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or let it fail."""
        if not self._faults or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        fault = self._faults.find_striking(scope["method"], scope["path"])
        wire = _Wire(scope, receive, send)
        if fault is not None and fault.spoils_wire:
            scope.setdefault("state", {})[WIRE_FAULT] = fault
        if fault is not None and fault.makes_answer:
            answer = make_answer(fault, Request(scope), scope["path"], self._cloud)
            await answer(scope, receive, wire.send)
        else:
            await self._app(scope, receive, wire.send)
        await wire.end()


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


class _Wire:
    """What goes out to the client: all of it, or what the fault that struck leaves."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._sent_bytes = 0
        self._is_cut = False

    @property
    def _fault(self) -> FaultSettings | None:
        fault: FaultSettings | None = self._scope.get("state", {}).get(WIRE_FAULT)
        return fault

    async def send(self, message: Message) -> None:
        """Send a message of ASGI, as far as the fault lets it through."""
        fault = self._fault
        if fault is None:
            await self._send(message)
        elif fault.drop_response:
            self._is_cut = True
        elif message["type"] == "http.response.start":
            await asyncio.sleep(fault.delay_seconds or 0)
            await self._send(message)
        elif not self._is_cut:
            await self._send_body(message, fault)

    async def end(self) -> None:
        """Break off what is not to be sent whole."""
        if self._is_cut:
            if (fault := self._fault) is not None and fault.drop_response:
                await asyncio.sleep(fault.delay_seconds or 0)
            await close_connection(self._scope, self._receive)

    async def _send_body(self, message: Message, fault: FaultSettings) -> None:
        body: bytes = message.get("body", b"")
        more: bool = message.get("more_body", False)
        limit = fault.cut_after_bytes
        if limit is not None and self._sent_bytes + len(body) > limit:
            body, more, self._is_cut = body[: limit - self._sent_bytes], True, True
        self._sent_bytes += len(body)
        if fault.bytes_per_second is None:
            await self._send({**message, "body": body, "more_body": more})
            return
        size = max(1, fault.bytes_per_second // PIECES_PER_SECOND)
        for start in range(0, len(body), size):
            piece = body[start : start + size]
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(len(piece) / fault.bytes_per_second)
        if not more:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


def make_answer(fault: FaultSettings, request: Request, path: str, cloud: CloudState) -> Response:
    """Make up the answer that a fault gives to a request for this path."""
    headers = _headers(fault, cloud)
    if fault.content is not None:
        # Whoever answers in Microsoft's place knows nothing of its ids.
        del headers["request-id"]
        content_type = fault.content_type or "text/html; charset=utf-8"
        return Response(fault.content, fault.status or 200, {"Content-Type": content_type} | headers)
    if fault.aadsts is not None:
        body = write_refusal(unnamed_refusal(fault.aadsts), cloud, correlation_id(request))
        return JSONResponse(body, REFUSALS[fault.aadsts].status, headers)
    status = fault.status or 500
    usual_code, usual_message = USUAL.get(status, ("UnknownError", ""))
    code, message = fault.code or usual_code, usual_message if fault.message is None else fault.message
    if "/oauth2/" in path or "/.well-known/" in path:
        return JSONResponse({"error": code, "error_description": message}, status, headers)
    inner = {
        "date": f"{cloud.now():%Y-%m-%dT%H:%M:%S}",
        "request-id": headers["request-id"],
        "client-request-id": request.headers.get("client-request-id") or headers["request-id"],
    }
    if code == "TooManyRequests":
        inner |= TOO_MANY
    return JSONResponse({"error": {"code": code, "message": message, "innerError": inner}}, status, headers)


def _headers(fault: FaultSettings, cloud: CloudState) -> dict[str, str]:
    headers = {"request-id": str(uuid4())}
    if fault.retry_after is not None:
        headers["Retry-After"] = f"{fault.retry_after:g}"
    if fault.www_authenticate is not None:
        headers["WWW-Authenticate"] = fault.www_authenticate
    elif fault.claims is not None:
        headers["WWW-Authenticate"] = challenge_header(cloud, encode_claims(fault.claims))
    return headers
