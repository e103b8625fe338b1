"""The access tokens that Entra ID gives for Microsoft Graph: JWTs in the v1 format, one audience a cloud."""

import base64
import hashlib
import secrets
from typing import Any

from postroom.tenant.directory import App, User
from postroom.tenant.entra.access import issuer
from postroom.tenant.entra.client_authentication import Proof
from postroom.tenant.hosts import GRAPH_APP_ID
from postroom.tenant.state import CloudState

LIFETIME_SECONDS = 3599


def issue_application_token(app: App, proof: Proof, cloud: CloudState) -> str:
    """Issue a token for an app on its own; without any permission it has no `roles` at all."""
    claims = _common_claims(app, proof, cloud) | {"idtyp": "app", "oid": app.object_id, "sub": app.object_id}
    if app.application_permissions:
        claims["roles"] = sorted(app.application_permissions)
    return cloud.signing_key.sign(claims)


def issue_user_token(
    app: App, user: User, scopes: frozenset[str], amr: tuple[str, ...], proof: Proof, cloud: CloudState
) -> str:
    """Issue a token for an app that acts for a signed-in user; `scopes` are short names."""
    claims = _common_claims(app, proof, cloud, user) | {
        "idtyp": "user",
        "acr": "1",
        "amr": list(amr),
        "name": user.display_name,
        "oid": user.id,
        "scp": " ".join(sorted(scopes)),
        "sub": subject_of(GRAPH_APP_ID, user),
        "unique_name": user.username,
        "upn": user.username,
    }
    return cloud.signing_key.sign(claims)


def subject_of(client_id: str, user: User) -> str:
    """Give the name that one app knows a user by, and no other app (OpenID Connect Core §8.1)."""
    digest = hashlib.sha256(f"{client_id}/{user.id}".encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _common_claims(app: App, proof: Proof, cloud: CloudState, user: User | None = None) -> dict[str, Any]:
    issued = cloud.issue_time(app, user)
    return {
        "aud": cloud.hosts.graph_url,
        "iss": issuer(cloud),
        "iat": issued,
        "nbf": issued,
        "exp": issued + LIFETIME_SECONDS,
        "app_displayname": app.name,
        "appid": app.client_id,
        "appidacr": proof.value,
        "idp": issuer(cloud),
        "tenant_region_scope": cloud.hosts.region_scope,
        "tid": cloud.directory.tenant_id,
        "uti": secrets.token_urlsafe(16),
        "ver": "1.0",
    }
