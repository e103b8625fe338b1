"""Authorization requests as an application makes them, and the redemption of the codes they are answered with."""

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import urlencode

import httpx2

from support.tenant import GLOBAL, RunningTenant

REDIRECT_URI = "http://localhost:9999/Callback"
SCOPE = "openid profile offline_access Mail.ReadWrite Mail.Send"


def user_at(name: str, cloud: str = GLOBAL) -> str:
    """Give the username of a seeded user in a cloud."""
    return f"{name}@{'contoso.com' if cloud == GLOBAL else 'contoso.us'}"


def new_verifier() -> tuple[str, str]:
    """Make up a code verifier, and give it with its S256 challenge (RFC 7636 §4.2)."""
    verifier = secrets.token_urlsafe(32)
    return verifier, s256(verifier)


def s256(verifier: str) -> str:
    """Give the S256 challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def authorize_uri(
    tenant: RunningTenant,
    *,
    app: str = "Desktop bot",
    cloud: str = GLOBAL,
    realm: str | None = None,
    **parameters: str | None,
) -> str:
    """Give the address that an application sends a person to; None takes a usual parameter away."""
    return f"{endpoint(tenant, 'authorize', cloud, realm)}?{urlencode(ask(tenant, app, cloud, **parameters))}"


def ask(
    tenant: RunningTenant, app: str = "Desktop bot", cloud: str = GLOBAL, **parameters: str | None
) -> dict[str, str]:
    """Give the parameters of an authorization request."""
    usual: dict[str, str | None] = {
        "client_id": tenant.app(app, cloud)["client_id"],
        "response_type": "code",
        "redirect_uri": REDIRECT_URI,
        "scope": SCOPE,
        "state": "the-state",
    }
    return {name: value for name, value in (usual | parameters).items() if value is not None}


def endpoint(tenant: RunningTenant, name: str, cloud: str = GLOBAL, realm: str | None = None) -> str:
    """Give the address of an endpoint of Entra ID."""
    described = tenant.cloud(cloud)
    return f"{described['login']}/{realm or described['tenant_id']}/oauth2/v2.0/{name}"


def redeem(
    tenant: RunningTenant, code: str, *, app: str = "Desktop bot", cloud: str = GLOBAL, **fields: str | None
) -> httpx2.Response:
    """Redeem a code at the token endpoint; None takes a usual field away."""
    registered = tenant.app(app, cloud)
    usual: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "client_id": registered["client_id"],
        "client_secret": registered["client_secret"],
        "redirect_uri": REDIRECT_URI,
        "code": code,
    }
    form = {name: value for name, value in (usual | fields).items() if value is not None}
    with tenant.client(cloud) as client:
        return client.post(endpoint(tenant, "token", cloud), data=form)


def change(tenant: RunningTenant, path: str, **fields: Any) -> None:
    """Change a user, an app or the policies as an administrator does, such as `change(tenant, "policies", …)`."""
    answer = tenant.control.patch(f"/{path}", json=fields)
    assert answer.is_success, answer.text
