"""The check of an access token that Microsoft Graph makes before anything else."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from postroom.tenant.directory import App, User
from postroom.tenant.entra.keys import SignatureError
from postroom.tenant.hosts import GRAPH_APP_ID
from postroom.tenant.state import CloudState

CLOCK_SKEW_SECONDS = 300
MALFORMED = (
    "IDX14100: JWT is not well formed, there are no dots (.).\nThe token needs to be in JWS or JWE Compact "
    "Serialization Format. (JWS): 'EncodedHeader.EndcodedPayload.EncodedSignature'. (JWE): 'EncodedProtectedHeader."
    "EncodedEncryptedKey.EncodedInitializationVector.EncodedCiphertext.EncodedAuthenticationTag'."
)
REVOKED = (
    "Continuous access evaluation resulted in claims challenge with result: InteractionRequired and code: "
    "TokenIssuedBeforeRevocationTimestamp"
)


@dataclass(frozen=True)
class Caller:
    """Tell who calls: an app on its own (roles) or an app for a signed-in user (scp)."""

    app: App
    user: User | None
    permissions: frozenset[str]
    application: bool


class AccessRefusedError(Exception):
    """An access token that Microsoft Graph answers with 401, and the header that goes with it."""

    def __init__(self, message: str, www_authenticate: str, claims_challenge: str | None = None) -> None:
        super().__init__(message)
        self.code = "InvalidAuthenticationToken"
        self.message = message
        self.www_authenticate = www_authenticate
        self.claims_challenge = claims_challenge


def authenticate(authorization: str | None, cloud: CloudState) -> Caller:
    """Give the caller that an Authorization header names, or raise AccessRefusedError.

    Checked are form, audience, signature, issuer, lifetime by the tenant's clock, and revocation.
    """
    claims = _read_token(authorization, cloud)
    app = cloud.directory.find_app(str(claims.get("appid", "")))
    if app is None or claims.get("iss") != issuer(cloud):
        raise _refusal(cloud, "Access token validation failure. Invalid issuer.")
    _check_lifetime(claims, cloud)
    if cloud.is_revoked(app, int(claims["iat"])):
        raise _revocation(cloud, cloud.revoked_before[app.client_id])
    caller = _caller(claims, app, cloud)
    _check_user(caller.user, int(claims["iat"]), cloud)
    return caller


def issuer(cloud: CloudState) -> str:
    """Give the issuer of v1 access tokens, which has the same host name in every cloud."""
    return f"https://sts.windows.net/{cloud.directory.tenant_id}/"


def challenge_header(cloud: CloudState, claims: str | None = None, description: str = REVOKED) -> str:
    """Give the WWW-Authenticate header of a 401; with claims (base64) it is a claims challenge."""
    login = f"https://{cloud.hosts.login}/common/oauth2/authorize"
    plain = f'Bearer realm="", authorization_uri="{login}", client_id="{GRAPH_APP_ID}"'
    if claims is None:
        return plain
    return f'{plain}, errorDescription="{description}", error="insufficient_claims", claims="{claims}"'


def encode_claims(claims: object) -> str:
    """Encode a claims request the way a claims challenge carries it: JSON in base64."""
    return base64.b64encode(json.dumps(claims, separators=(",", ":")).encode()).decode()


def _read_token(authorization: str | None, cloud: CloudState) -> dict[str, Any]:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _refusal(cloud, "Access token is empty.")
    token = token.strip()
    if token.count(".") != 2:
        raise _refusal(cloud, MALFORMED)
    # The audience comes before the signature, so that a token of the other cloud is told from a forged one.
    if _unverified_audience(token) not in (cloud.hosts.graph_url, GRAPH_APP_ID):
        raise _refusal(cloud, "Access token validation failure. Invalid audience.")
    try:
        return cloud.signing_key.read(token)
    except SignatureError:
        raise _refusal(cloud, "Signing key is invalid.") from None


def _unverified_audience(token: str) -> str:
    payload = token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["aud"]).rstrip("/")
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _check_lifetime(claims: dict[str, Any], cloud: CloudState) -> None:
    now = cloud.clock.now().timestamp()
    if now >= float(claims["exp"]):
        raise _refusal(cloud, "Lifetime validation failed, the token is expired.")
    if now + CLOCK_SKEW_SECONDS < float(claims["nbf"]):
        raise _refusal(cloud, "Access token has expired or is not yet valid.")


def _check_user(user: User | None, issued: int, cloud: CloudState) -> None:
    """Refuse the token of a user whose tokens were revoked or whose account was disabled since."""
    if user is None:
        return
    if not user.enabled:
        raise _revocation(cloud, int(cloud.now().timestamp()) + 1)
    if issued < user.tokens_valid_from:
        raise _revocation(cloud, user.tokens_valid_from)


def _caller(claims: dict[str, Any], app: App, cloud: CloudState) -> Caller:
    if claims.get("idtyp") == "app":
        return Caller(app, None, frozenset(claims.get("roles", ())), application=True)
    user = cloud.directory.find_user(str(claims.get("oid", "")))
    return Caller(app, user, frozenset(str(claims.get("scp", "")).split()), application=False)


def _refusal(cloud: CloudState, message: str) -> AccessRefusedError:
    return AccessRefusedError(message, challenge_header(cloud))


def _revocation(cloud: CloudState, not_before: int) -> AccessRefusedError:
    claims = encode_claims({"access_token": {"nbf": {"essential": True, "value": str(not_before)}}})
    return AccessRefusedError(REVOKED, challenge_header(cloud, claims), claims)
