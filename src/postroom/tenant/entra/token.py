"""The token endpoint: finds the tenant and hands the request to the module of its grant."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from postroom.tenant.entra.client_credentials import grant_client_credentials
from postroom.tenant.entra.forms import TokenRequest, read_token_request
from postroom.tenant.entra.realms import Realm, get_realm
from postroom.tenant.entra.refusals import NO_STORE, refusal
from postroom.tenant.state import CloudState

Grant = Callable[[TokenRequest, CloudState], dict[str, Any]]

GRANTS: dict[str, Grant] = {"client_credentials": grant_client_credentials}


async def issue_token(request: Request) -> Response:
    """Answer a token request (RFC 6749 §3.2)."""
    if request.method != "POST":
        raise refusal(900561, method=request.method)
    cloud: CloudState = request.app.state.cloud
    asked = await read_token_request(request)
    grant_type = asked.get("grant_type")
    if grant_type not in GRANTS:
        raise refusal(70003, grant_type=grant_type)
    if get_realm(asked.tenant, cloud) is Realm.OTHER_CLOUD:
        raise _other_cloud_refusal(asked, cloud)
    request.state.app_name = _find_app_name(asked, cloud)
    return JSONResponse(GRANTS[grant_type](asked, cloud), headers=NO_STORE)


def _find_app_name(asked: TokenRequest, cloud: CloudState) -> str | None:
    app = cloud.directory.find_app(asked.find("client_id") or "")
    return app.name if app else None


def _other_cloud_refusal(asked: TokenRequest, cloud: CloudState) -> Exception:
    if asked.is_confidential or cloud.other is None:
        return refusal(900382)
    here, there = (known.hosts.login.removeprefix("login.") for known in (cloud, cloud.other))
    return refusal(90038, tenant=asked.tenant, cloud=here, other_cloud=there)
