"""The token endpoint: finds the tenant and hands the request to the module of its grant."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from postroom.tenant.entra.authorization_code_grant import grant_authorization_code
from postroom.tenant.entra.client_credentials import grant_client_credentials
from postroom.tenant.entra.device_codes import GRANT_TYPE, grant_device_code
from postroom.tenant.entra.forms import TokenRequest, read_token_request
from postroom.tenant.entra.password_grant import grant_password
from postroom.tenant.entra.realms import check_tenant
from postroom.tenant.entra.refresh_token_grant import grant_refresh_token
from postroom.tenant.entra.refusals import NO_STORE, refusal
from postroom.tenant.state import CloudState

Grant = Callable[[TokenRequest, CloudState], dict[str, Any]]

GRANTS: dict[str, Grant] = {
    "client_credentials": grant_client_credentials,
    "authorization_code": grant_authorization_code,
    "refresh_token": grant_refresh_token,
    "password": grant_password,
    GRANT_TYPE: grant_device_code,
}


async def issue_token(request: Request) -> Response:
    """Answer a token request (RFC 6749 §3.2)."""
    if request.method != "POST":
        raise refusal(900561, method=request.method)
    cloud: CloudState = request.app.state.cloud
    asked = await read_token_request(request)
    grant_type = asked.get("grant_type")
    if grant_type not in GRANTS:
        raise refusal(70003, grant_type=grant_type)
    check_tenant(asked.tenant, cloud, is_confidential=asked.is_confidential)
    request.state.app_name = _find_app_name(asked, cloud)
    return JSONResponse(GRANTS[grant_type](asked, cloud), headers=NO_STORE)


def _find_app_name(asked: TokenRequest, cloud: CloudState) -> str | None:
    app = cloud.directory.find_app(asked.find("client_id") or "")
    return app.name if app else None
