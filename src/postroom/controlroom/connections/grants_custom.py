"""Any other provider that speaks OAuth 2.0, through Authlib; the refresh token is what is kept.

Source: RFC 6749, RFC 7523 §2.2 (private-key JWT), RFC 7636 (PKCE); OpenID Connect Core 1.0 where `openid` is asked.
"""

import base64
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote_plus, urlsplit

import httpx2
from authlib.integrations.httpx_client import OAuth2ClientAuth
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.utils.translation import gettext as _
from joserfc.jwk import ECKey, OKPKey, RSAKey

from postroom.auth.certificate import Certificate
from postroom.controlroom.connections.grants_given import ClientCredential, Grant, try_client_credentials
from postroom.controlroom.connections.grants_refusals import check_answer, create_refusal
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.connections.providers import GrantType
from postroom.controlroom.connections.scopes import parse_scopes
from postroom.errors import ClientRefusedError, SettingError, SignInAnswerError, SignInNeededError
from postroom.network import create_http_client, network_errors
from postroom.values import Secret
from postroom.version import USER_AGENT

USER_NAME_CLAIMS = ("preferred_username", "email", "upn", "sub")
USUAL_LIFETIME = timedelta(hours=1)
"""Of a token without `expires_in` that can be refreshed."""
ENDLESS_LIFETIME = timedelta(days=365)
"""Of a token without `expires_in` that cannot: nothing better than to go on with it. [?]"""

_EC_ALGORITHMS = {256: "ES256", 384: "ES384", 521: "ES512"}

TokenParameters = Mapping[str, Any]


class _Kept(NamedTuple):
    """What is kept of a grant."""

    refresh_token: str
    signed_in_as: str


def start_sign_in(
    connection: OAuthConnection, redirect_uri: str, state: str, login_hint: str | None
) -> tuple[str, dict[str, Any]]:
    """As `grants.start_sign_in`."""
    _check_address(_("Authorization URL"), connection.authorization_url)
    scopes = parse_scopes(connection.scopes)
    flow: dict[str, Any] = {"state": state, "redirect_uri": redirect_uri}
    if connection.grant_type == GrantType.AUTHORIZATION_CODE_PKCE:
        flow["code_verifier"] = secrets.token_urlsafe(48)
    if "openid" in scopes:
        flow["nonce"] = secrets.token_urlsafe(24)
    client = OAuth2Client(
        None,
        connection.client_id,
        scope=" ".join(scopes) or None,
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
    )
    url, _state = client.create_authorization_url(
        connection.authorization_url,
        state=state,
        code_verifier=flow.get("code_verifier"),
        nonce=flow.get("nonce"),
        login_hint=login_hint or None,
        # Without it a provider does not hear `offline_access` (OpenID Connect Core §11).
        prompt="consent" if "offline_access" in scopes else None,
    )
    return str(url), flow


def finish_sign_in(connection: OAuthConnection, flow: dict[str, Any], params: Mapping[str, str]) -> Grant:
    """As `grants.finish_sign_in`."""
    if not secrets.compare_digest(params.get("state", ""), flow["state"]):
        raise _wrong_answer()
    if "error" in params:
        raise create_refusal(None, params)
    if "code" not in params:
        raise _wrong_answer()
    answer = _ask(
        connection,
        grant_type="authorization_code",
        code=params["code"],
        redirect_uri=flow["redirect_uri"],
        code_verifier=flow.get("code_verifier"),
    )
    claims = _read_claims(answer)
    if "nonce" in flow and claims and claims.get("nonce") != flow["nonce"]:
        raise _wrong_answer()
    return _accept(answer, _Kept("", ""))


def refresh(connection: OAuthConnection, kept: bytes) -> Grant:
    """As `grants.refresh`."""
    last = _Kept(**json.loads(kept))
    if not last.refresh_token:
        raise SignInNeededError(
            _(
                "The provider gave no refresh token, so that the sign-in ended with its access token. Sign in again; "
                "most providers give one where the scope offline_access is asked for."
            )
        )
    return _accept(_ask(connection, grant_type="refresh_token", refresh_token=last.refresh_token), last)


def ask_for_itself(connection: OAuthConnection) -> Grant:
    """As `grants.ask_for_itself`."""
    scope = " ".join(parse_scopes(connection.scopes)) or None
    answer = _ask(connection, grant_type="client_credentials", scope=scope)
    return Grant(b"", Secret(answer["access_token"]), _read_expires(answer, refreshable=True), "")


def _accept(answer: Mapping[str, Any], last: _Kept) -> Grant:
    claims = _read_claims(answer)
    named = next((str(claims[name]) for name in USER_NAME_CLAIMS if claims.get(name)), last.signed_in_as)
    kept = _Kept(str(answer.get("refresh_token") or last.refresh_token), named)
    return Grant(
        kept=json.dumps(kept._asdict()).encode(),
        access_token=Secret(answer["access_token"]),
        expires=_read_expires(answer, refreshable=bool(kept.refresh_token)),
        signed_in_as=named,
        refreshable=bool(kept.refresh_token),
    )


def _read_expires(answer: Mapping[str, Any], *, refreshable: bool) -> datetime:
    try:
        lifetime = timedelta(seconds=float(answer["expires_in"]))
    except (KeyError, TypeError, ValueError):
        lifetime = USUAL_LIFETIME if refreshable else ENDLESS_LIFETIME
    return datetime.now(UTC) + min(lifetime, ENDLESS_LIFETIME)


def _read_claims(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The claims of the id token; it came straight from the token endpoint, so that TLS vouches for it.

    Source: OpenID Connect Core §3.1.3.7, point 6.
    """
    try:
        payload = str(answer["id_token"]).split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (KeyError, IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _ask(connection: OAuthConnection, **parameters: Any) -> Mapping[str, Any]:
    """Ask the token endpoint with each client credential in turn, a secret in the header and else in the body.

    Every provider takes the header (RFC 6749 §2.3.1), but some take the body alone.
    """
    _check_address(_("Token URL"), connection.token_url)

    def ask_as(credential: ClientCredential) -> Mapping[str, Any]:
        if not isinstance(credential, Secret):
            return _send(connection, credential, "", parameters)
        try:
            return _send(connection, credential, "client_secret_basic", parameters)
        except ClientRefusedError:
            return _send(connection, credential, "client_secret_post", parameters)

    return try_client_credentials(connection, ask_as)


def _send(
    connection: OAuthConnection, credential: ClientCredential, method: str, parameters: TokenParameters
) -> Mapping[str, Any]:
    with _open_client(connection, credential, method) as client, network_errors(_get_host(connection)):
        if parameters["grant_type"] == "refresh_token":
            answer: Mapping[str, Any] = client.refresh_token(
                connection.token_url, refresh_token=parameters["refresh_token"]
            )
        else:
            answer = client.fetch_token(connection.token_url, **parameters)
    return answer


class _ProviderClient(OAuth2Client):
    """Authlib's client, which speaks through an HTTP client of ours."""

    client_auth_class = OAuth2ClientAuth


@contextmanager
def _open_client(
    connection: OAuthConnection, credential: ClientCredential, method: str
) -> Iterator[_ProviderClient]:
    with create_http_client(USER_AGENT) as http:
        client = _ProviderClient(
            http,
            connection.client_id,
            credential.reveal() if isinstance(credential, Secret) else None,
            token_endpoint_auth_method=method or "none",
        )
        if method == "client_secret_basic":
            client.register_client_auth_method((method, _prove_in_header))
        if isinstance(credential, Certificate):
            _prove_by_certificate(client, connection, credential)
        for hook in ("access_token_response", "refresh_token_response"):
            client.register_compliance_hook(hook, _make_check(connection))
        yield client


def _make_check(connection: OAuthConnection) -> Callable[[httpx2.Response], httpx2.Response]:
    return lambda response: check_answer(connection, response)


def _prove_in_header(client: Any, _method: str, uri: str, headers: Any, body: Any) -> tuple[str, Any, Any]:
    """HTTP Basic with both parts encoded as in a form, which Authlib leaves out (RFC 6749 §2.3.1)."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return uri, headers, body


def _prove_by_certificate(
    client: _ProviderClient, connection: OAuthConnection, certificate: Certificate
) -> None:
    key, algorithm = _read_signing_key(certificate.private_key.reveal())
    client.client_secret = key
    client.token_endpoint_auth_method = PrivateKeyJWT.name
    client.register_client_auth_method(PrivateKeyJWT(connection.token_url, alg=algorithm))


def _read_signing_key(pem: str) -> tuple[RSAKey | ECKey | OKPKey, str]:
    """The key as Authlib takes it, and the algorithm that fits it (RFC 7518 §3.1, RFC 8037 §3.1)."""
    key = load_pem_private_key(pem.encode(), password=None)
    match key:
        case rsa.RSAPrivateKey():
            return RSAKey.import_key(pem), "RS256"
        case ec.EllipticCurvePrivateKey() if key.curve.key_size in _EC_ALGORITHMS:
            return ECKey.import_key(pem), _EC_ALGORITHMS[key.curve.key_size]
        case ed25519.Ed25519PrivateKey():
            return OKPKey.import_key(pem), "EdDSA"
    raise SettingError(
        _("The certificate's key is of a kind that cannot sign here. Use one with an RSA or EC key.")
    )


def _check_address(label: str, url: str) -> None:
    """Refuse to send secrets where everybody on the way can read them."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    ):
        return
    raise SettingError(
        _("%(label)s: “%(url)s” is not an address that begins with https://. Correct it in the connection.")
        % {"label": label, "url": url}
    )


def _get_host(connection: OAuthConnection) -> str:
    return urlsplit(connection.token_url).hostname or connection.token_url


def _wrong_answer() -> SignInAnswerError:
    return SignInAnswerError(
        _(
            "What came back from the browser is not the answer to this sign-in. Nothing was kept: start the sign-in "
            "again, and finish it in the same browser."
        )
    )
