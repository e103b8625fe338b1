"""What Entra ID refuses: the error that handlers raise by its number, and the body it is answered with."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from postroom.tenant.entra.refusal_rows import REFUSALS
from postroom.tenant.state import CloudState

NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache", "Expires": "-1"}


@dataclass
class EntraRefusedError(Exception):
    """Entra ID refuses a request with this AADSTS number."""

    number: int
    text: str
    error: str
    suberror: str | None = None
    claims: str | None = None
    """What the client has to ask for in its next request, as JSON."""

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return REFUSALS[self.number].status


def refusal(
    number: int, *, error: str | None = None, claims: str | None = None, **named: str
) -> EntraRefusedError:
    """Make the refusal with this AADSTS number, its text filled with what it names.

    Some endpoints answer some numbers with an OAuth error of their own, which `error` gives.
    """
    row = REFUSALS[number]
    return EntraRefusedError(number, row.text.format(**named), error or row.error, row.suberror, claims)


def unnamed_refusal(number: int) -> EntraRefusedError:
    """Make the refusal with this AADSTS number where nobody knows what its text should name."""
    row = REFUSALS[number]
    return EntraRefusedError(number, re.sub(r"{(\w+)}", r"<\1>", row.text), row.error, row.suberror)


async def answer_refusal(request: Request, refused: Exception) -> Response:
    """Answer with the error body that Entra ID gives: OAuth's two fields, and where to look it up."""
    assert isinstance(refused, EntraRefusedError)
    body = describe_refusal(request, refused)
    return JSONResponse(body, refused.status, {**NO_STORE, "x-ms-request-id": body["trace_id"]})


def describe_refusal(request: Request, refused: EntraRefusedError) -> dict[str, Any]:
    """Give the fields of the error body; `suberror` and `claims` are among them only where there are any."""
    return write_refusal(refused, request.app.state.cloud, correlation_id(request))


def write_refusal(refused: EntraRefusedError, cloud: CloudState, sent_id: str) -> dict[str, Any]:
    """Give the fields of the error body for a request with this correlation id."""
    timestamp = cloud.now().strftime("%Y-%m-%d %H:%M:%SZ")
    trace_id = str(uuid4())
    lines = (
        f"AADSTS{refused.number}: {refused.text}",
        f"Trace ID: {trace_id}",
        f"Correlation ID: {sent_id}",
        f"Timestamp: {timestamp}",
    )
    body = {
        "error": refused.error,
        "error_description": "\r\n".join(lines),
        "error_codes": [refused.number],
        "timestamp": timestamp,
        "trace_id": trace_id,
        "correlation_id": sent_id,
        "error_uri": f"https://{cloud.hosts.login}/error?code={refused.number}",
        "suberror": refused.suberror,
        "claims": refused.claims,
    }
    return {name: value for name, value in body.items() if value is not None}


def correlation_id(request: Request) -> str:
    """Give the client-request-id of a request if it is a GUID, or a new one."""
    try:
        return str(UUID(request.headers.get("client-request-id", "")))
    except ValueError:
        return str(uuid4())
