"""What Entra ID refuses, in Microsoft's words: one row a number, with status, OAuth error and text."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from postroom.tenant.state import CloudState

DOCUMENTATION = (
    "https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials"
)
NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache", "Expires": "-1"}


class Row(NamedTuple):
    """Say how one number is answered; the text is filled with what the caller names."""

    status: int
    error: str
    text: str


REFUSALS: dict[int, Row] = {
    50027: Row(401, "invalid_client", "JWT token is invalid or malformed."),
    50049: Row(400, "invalid_instance", "Unknown or invalid instance."),
    50194: Row(
        400,
        "invalid_request",
        "Application '{app_id}'({app_name}) is not configured as a multi-tenant application. Usage of the /common "
        "endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or "
        "configure the application to be multi-tenant.",
    ),
    70003: Row(400, "unsupported_grant_type", "The app requested an unsupported grant type '{grant_type}'."),
    70011: Row(
        400,
        "invalid_scope",
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter "
        "'scope' is not valid. The scope {scope} is not valid.",
    ),
    90002: Row(
        400,
        "invalid_request",
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
    ),
    90038: Row(
        400,
        "invalid_request",
        "The specified tenant '{tenant}' belongs to the National Cloud '{other_cloud}'. Current cloud instance "
        "'{cloud}' does not federate with {other_cloud}.",
    ),
    500011: Row(
        400,
        "invalid_resource",
        "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You might have sent your authentication request to the wrong tenant.",
    ),
    700016: Row(
        400,
        "unauthorized_client",
        "Application with identifier '{app_id}' was not found in the directory '{tenant}'. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant.",
    ),
    700021: Row(
        401, "invalid_client", "Client assertion application identifier doesn't match 'client_id' parameter."
    ),
    700022: Row(
        400,
        "invalid_scope",
        "The provided value for the input parameter 'scope' is not valid because it contains more than one resource.",
    ),
    700023: Row(
        401,
        "invalid_client",
        f"Client assertion audience claim does not match Realm issuer. Review the documentation at {DOCUMENTATION} .",
    ),
    700024: Row(
        401,
        "invalid_client",
        "Client assertion is not within its valid time range. Current time: {now}, assertion valid from "
        f"{{valid_from}}, expiry time of assertion {{expires}}. Review the documentation at {DOCUMENTATION} .",
    ),
    700025: Row(
        401,
        "invalid_client",
        "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
    ),
    700027: Row(
        401,
        "invalid_client",
        "Client assertion contains an invalid signature. [Reason - {reason}, Please visit the Azure Portal, Graph "
        "Explorer or directly use MS Graph to see configured keys for app Id '{app_id}'. Review the documentation at "
        "https://docs.microsoft.com/en-us/graph/deployments to determine the corresponding service endpoint and "
        "https://docs.microsoft.com/en-us/graph/api/application-get?view=graph-rest-1.0&tabs=http to build a query "
        "request URL, such as '{graph}/beta/applications/{app_id}'].",
    ),
    900023: Row(
        400,
        "invalid_request",
        "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.",
    ),
    900144: Row(
        400, "invalid_request", "The request body must contain the following parameter: '{parameter}'."
    ),
    900382: Row(400, "invalid_request", "Confidential Client isn't supported in Cross Cloud request."),
    900561: Row(
        400, "invalid_request", "The endpoint only accepts POST requests. Received a {method} request."
    ),
    1002012: Row(
        400,
        "invalid_scope",
        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
        "/.default suffixed to the resource identifier (application ID URI).",
    ),
    7000215: Row(
        401,
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not "
        "the client secret ID, for a secret added to app '{app_id}'.",
    ),
    7000218: Row(
        401,
        "invalid_client",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    7000222: Row(
        401,
        "invalid_client",
        "The provided client secret keys for app '{app_id}' are expired. Visit the Azure portal to create new keys "
        "for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: "
        "https://aka.ms/certCreds.",
    ),
    9001023: Row(
        400,
        "invalid_request",
        "The grant type isn't supported over the /common or /consumers endpoints. Please use the /organizations or "
        "tenant-specific endpoint.",
    ),
}


@dataclass
class EntraRefusedError(Exception):
    """Entra ID refuses a request with this AADSTS number."""

    number: int
    text: str
    error: str

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return REFUSALS[self.number].status


def refusal(number: int, *, error: str | None = None, **named: str) -> EntraRefusedError:
    """Make the refusal with this AADSTS number, its text filled with what it names.

    Discovery answers some numbers with an OAuth error of its own, which `error` gives.
    """
    row = REFUSALS[number]
    return EntraRefusedError(number, row.text.format(**named), error or row.error)


async def answer_refusal(request: Request, refused: Exception) -> Response:
    """Answer with the error body that Entra ID gives: OAuth's two fields, and where to look it up."""
    assert isinstance(refused, EntraRefusedError)
    cloud: CloudState = request.app.state.cloud
    trace_id = str(uuid4())
    body = _body(refused, cloud, cloud.now(), trace_id, _correlation_id(request))
    headers = {**NO_STORE, "x-ms-request-id": trace_id}
    return JSONResponse(body, refused.status, headers)


def _body(
    refused: EntraRefusedError, cloud: CloudState, now: datetime, trace_id: str, correlation_id: str
) -> dict[str, Any]:
    timestamp = now.strftime("%Y-%m-%d %H:%M:%SZ")
    lines = (
        f"AADSTS{refused.number}: {refused.text}",
        f"Trace ID: {trace_id}",
        f"Correlation ID: {correlation_id}",
        f"Timestamp: {timestamp}",
    )
    return {
        "error": refused.error,
        "error_description": "\r\n".join(lines),
        "error_codes": [refused.number],
        "timestamp": timestamp,
        "trace_id": trace_id,
        "correlation_id": correlation_id,
        "error_uri": f"https://{cloud.hosts.login}/error?code={refused.number}",
    }


def _correlation_id(request: Request) -> str:
    try:
        return str(UUID(request.headers.get("client-request-id", "")))
    except ValueError:
        return str(uuid4())
