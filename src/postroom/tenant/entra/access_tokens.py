"""The access tokens that Entra ID gives for Microsoft Graph: JWTs in the v1 format, one audience a cloud."""

import secrets
from typing import Any

from postroom.tenant.directory import App
from postroom.tenant.entra.access import issuer
from postroom.tenant.entra.client_authentication import Proof
from postroom.tenant.state import CloudState

LIFETIME_SECONDS = 3599


def issue_application_token(app: App, proof: Proof, cloud: CloudState) -> str:
    """Issue a token for an app on its own; without any permission it has no `roles` at all."""
    claims = _common_claims(app, proof, cloud) | {"idtyp": "app", "oid": app.object_id, "sub": app.object_id}
    if app.application_permissions:
        claims["roles"] = sorted(app.application_permissions)
    return cloud.signing_key.sign(claims)


def _common_claims(app: App, proof: Proof, cloud: CloudState) -> dict[str, Any]:
    issued = cloud.issue_time(app)
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
