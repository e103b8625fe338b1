"""What a client learns about the user who signed in: the id token, and client_info beside it."""

import base64
import json
import secrets
from typing import Any

from postroom.tenant.directory import App, User
from postroom.tenant.entra.access_tokens import LIFETIME_SECONDS, subject_of
from postroom.tenant.entra.authorization_codes import Authorization
from postroom.tenant.state import CloudState


def issue_id_token(
    app: App, user: User, authorization: Authorization, openid: frozenset[str], host: str, cloud: CloudState
) -> str:
    """Issue an id token in the v2 format (OpenID Connect Core §2) for a client that reached the tenant as `host`."""
    issued = cloud.issue_time(app, user)
    tenant_id = cloud.directory.tenant_id
    claims: dict[str, Any] = {
        "aud": app.client_id,
        "iss": f"{cloud.login_url(host)}/{tenant_id}/v2.0",
        "iat": issued,
        "nbf": issued,
        "exp": issued + LIFETIME_SECONDS,
        "oid": user.id,
        "sub": subject_of(app.client_id, user),
        "tid": tenant_id,
        "uti": secrets.token_urlsafe(16),
        "ver": "2.0",
    }
    if authorization.nonce:
        claims["nonce"] = authorization.nonce
    if "profile" in openid:
        claims |= {"name": user.display_name, "preferred_username": user.username}
    if "email" in openid:
        claims["email"] = user.username
    return cloud.signing_key.sign(claims)


def write_client_info(user: User, cloud: CloudState) -> str:
    """Write the ids of user and tenant as MSAL reads them."""
    ids = {"uid": user.id, "utid": cloud.directory.tenant_id}
    return base64.urlsafe_b64encode(json.dumps(ids).encode()).rstrip(b"=").decode()
