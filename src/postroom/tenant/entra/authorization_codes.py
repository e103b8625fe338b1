"""Authorization codes: what a user allowed an app, sealed, to be redeemed once and soon (RFC 6749 §4.1.2)."""

from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import uuid4

import msgspec

from postroom.tenant.directory import App
from postroom.tenant.entra.pkce import check_verifier
from postroom.tenant.entra.refusals import refusal
from postroom.tenant.entra.sealing import SealError
from postroom.tenant.state import CloudState

KIND = "authorization code"
LIFETIME_SECONDS = 600


@dataclass(frozen=True)
class Authorization:
    """Tell what a user allowed an app; `issued` and `auth_time` are Unix seconds by the tenant's clock."""

    client_id: str
    user_id: str
    scopes: frozenset[str]
    """Permissions of Graph by their short names."""
    openid: frozenset[str]
    """Those of openid, profile, email and offline_access."""
    redirect_uri: str
    issued: int
    auth_time: int
    amr: tuple[str, ...] = ("pwd",)
    """How the user signed in: pwd, mfa (RFC 8176)."""
    code_challenge: str | None = field(default=None, repr=False)
    code_challenge_method: str | None = None
    nonce: str | None = None
    prefix: str = ""
    """What the client writes before the names of Graph's permissions (AskedScopes.prefix)."""


def issue_code(authorization: Authorization, cloud: CloudState) -> str:
    """Give the code that the browser takes to the app."""
    content: dict[str, Any] = msgspec.to_builtins(asdict(authorization))
    return cloud.sealer.seal(KIND, content | {"id": str(uuid4())})


def redeem_code(
    code: str, app: App, redirect_uri: str, code_verifier: str | None, cloud: CloudState
) -> Authorization:
    """Give what a code stands for, once, or refuse it.

    A code is not used up by a request that is refused, a wrong verifier included.
    """
    content = _open(code, cloud)
    code_id = str(content.pop("id"))
    authorization = msgspec.convert(content, Authorization)
    if authorization.client_id != app.client_id:
        raise refusal(70000)
    if code_id in cloud.redemptions:
        raise refusal(54005)
    now, expires = cloud.now().timestamp(), authorization.issued + LIFETIME_SECONDS
    if now >= expires:
        raise refusal(70008)
    if authorization.redirect_uri != redirect_uri:
        raise refusal(50011, redirect_uri=redirect_uri, app_id=app.client_id)
    check_verifier(code_verifier, authorization.code_challenge, authorization.code_challenge_method)
    cloud.redemptions.add(code_id, expires, now)
    return authorization


def _open(code: str, cloud: CloudState) -> dict[str, Any]:
    try:
        return cloud.sealer.open(KIND, code)
    except SealError:
        number = 700005 if cloud.other is not None and _is_sealed_by(code, cloud.other) else 9002313
        raise refusal(number) from None


def _is_sealed_by(code: str, cloud: CloudState) -> bool:
    try:
        cloud.sealer.open(KIND, code)
    except SealError:
        return False
    return True
