"""The client credentials grant: a token for an app on its own (RFC 6749 §4.4)."""

from typing import Any

from postroom.tenant.entra.access_tokens import LIFETIME_SECONDS, issue_application_token
from postroom.tenant.entra.client_authentication import authenticate_client, get_client
from postroom.tenant.entra.forms import TokenRequest
from postroom.tenant.entra.refusals import refusal
from postroom.tenant.hosts import GRAPH_APP_ID
from postroom.tenant.state import CloudState

DEFAULT = "/.default"


def grant_client_credentials(request: TokenRequest, cloud: CloudState) -> dict[str, Any]:
    """Give a token for the one resource that the scope names, or refuse."""
    if request.tenant.lower() in ("common", "consumers"):
        raise refusal(9001023)
    app = get_client(request, cloud)
    if request.tenant.lower() == "organizations":
        raise refusal(50194, app_id=app.client_id, app_name=app.name)
    resource = _get_resource(request.get("scope"))
    proof = authenticate_client(request, app, cloud)
    if resource.rstrip("/") not in (cloud.hosts.graph_url, GRAPH_APP_ID):
        raise refusal(500011, resource=resource, tenant=cloud.directory.tenant_name)
    return {
        "token_type": "Bearer",
        "expires_in": LIFETIME_SECONDS,
        "ext_expires_in": LIFETIME_SECONDS,
        "access_token": issue_application_token(app, proof, cloud),
    }


def _get_resource(scope: str) -> str:
    scopes = scope.split()
    resources = {one.removesuffix(DEFAULT) for one in scopes}
    if not scopes or not all(one.endswith(DEFAULT) and len(one) > len(DEFAULT) for one in scopes):
        raise refusal(1002012, scope=scope)
    if len(resources) > 1:
        raise refusal(700022)
    return resources.pop()
