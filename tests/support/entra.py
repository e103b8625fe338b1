"""Requests to Entra ID as a client without any library makes them."""

import base64
import hashlib
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jwt
from joserfc.jwk import RSAKey

from support.sign_in import sign_in
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

SCOPES = {GLOBAL: "https://graph.microsoft.com/.default", GCC_HIGH: "https://graph.microsoft.us/.default"}
GUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


VERIFIER = "a-verifier-of-forty-three-characters-or-more-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
SIGN_IN_SCOPE = "openid profile offline_access {graph}/Mail.ReadWrite"


@dataclass(frozen=True)
class Signer:
    """Speak to Entra ID for one user as one app of one cloud; what is given replaces a field, None takes it away."""

    tenant: RunningTenant
    cloud: str = GLOBAL
    app: str = "Desktop bot"
    name: str = "ap"

    @property
    def username(self) -> str:
        """The user's address."""
        return f"{self.name}@{self.tenant.cloud(self.cloud)['domain']}"

    @property
    def registered(self) -> dict[str, Any]:
        """What the manifest says of the app."""
        return self.tenant.app(self.app, self.cloud)

    @property
    def redirect_uri(self) -> str:
        """The last of the app's redirect URIs."""
        return str(self.registered["redirect_uris"][-1])

    @property
    def scope(self) -> str:
        """The scope that a sign-in asks for."""
        return SIGN_IN_SCOPE.format(graph=SCOPES[self.cloud].removesuffix("/.default"))

    def address(self, realm: str | None = None, **parameters: str | None) -> str:
        """Give the address of the authorization request that a browser is sent to."""
        sent = {
            "client_id": self.registered["client_id"],
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": "a-state",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | parameters
        query = urlencode({name: value for name, value in sent.items() if value is not None})
        login = self.tenant.cloud(self.cloud)["login"]
        return f"{login}/{realm or self.tenant.cloud(self.cloud)['tenant_id']}/oauth2/v2.0/authorize?{query}"

    def code(self, **parameters: str | None) -> str:
        """Sign in and consent on the pages, and give the code."""
        return sign_in(self.tenant, self.address(**parameters), self.username)["code"]

    def ask(self, grant_type: str, **form: str | None) -> httpx2.Response:
        """Ask the token endpoint by some grant."""
        return ask_token(
            self.tenant, app=self.app, cloud=self.cloud, **({"grant_type": grant_type, "scope": None} | form)
        )

    def redeem(self, code: str, **form: str | None) -> httpx2.Response:
        """Redeem a code."""
        usual = {"code": code, "redirect_uri": self.redirect_uri, "code_verifier": VERIFIER}
        return self.ask("authorization_code", **(usual | form))

    def refresh(self, refresh_token: str, **form: str | None) -> httpx2.Response:
        """Use a refresh token."""
        return self.ask("refresh_token", **({"refresh_token": refresh_token} | form))

    def tokens(self, **parameters: str | None) -> dict[str, Any]:
        """Sign in, and give what the token endpoint answers."""
        answer = self.redeem(self.code(**parameters))
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


def ask_token(
    tenant: RunningTenant,
    *,
    app: str = "Invoice bot",
    cloud: str = GLOBAL,
    realm: str | None = None,
    headers: dict[str, str] | None = None,
    **form: str | None,
) -> httpx2.Response:
    """Ask for a token by client credentials; what is given replaces a field of the form, None takes it away."""
    registered = tenant.app(app, cloud)
    fields = {
        "grant_type": "client_credentials",
        "client_id": registered["client_id"],
        "client_secret": registered["client_secret"],
        "scope": SCOPES[cloud],
    } | form
    sent = {name: value for name, value in fields.items() if value is not None}
    with tenant.client(cloud) as client:
        path = f"/{realm or tenant.cloud(cloud)['tenant_id']}/oauth2/v2.0/token"
        return client.post(path, data=sent, headers=headers or {})


def sign_assertion(
    tenant: RunningTenant,
    *,
    cloud: str = GLOBAL,
    algorithm: str = "RS256",
    thumbprint: str = "x5t",
    signer: bytes | None = None,
    header: dict[str, Any] | None = None,
    **claims: Any,
) -> str:
    """Sign a client assertion for the Invoice bot with its registered certificate, or with another key."""
    app = tenant.app(cloud=cloud)
    pem = Path(app["certificate"]).read_bytes()
    now = int(time.time())
    made = {
        "iss": app["client_id"],
        "sub": app["client_id"],
        "aud": f"{tenant.cloud(cloud)['login']}/{tenant.cloud(cloud)['tenant_id']}/oauth2/v2.0/token",
        "nbf": now,
        "exp": now + 600,
        "jti": "1",
    } | claims
    head = {"alg": algorithm, "typ": "JWT", thumbprint: thumbprint_of(pem, thumbprint)} | (header or {})
    return jwt.encode(head, made, RSAKey.import_key(signer or pem), algorithms=["RS256", "PS256", "RS512"])


def thumbprint_of(pem: bytes, kind: str = "x5t") -> str:
    """Give the thumbprint of a certificate as a JWT header carries it."""
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    digest = hashlib.sha256(der) if kind == "x5t#S256" else hashlib.sha1(der)
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def ask_with_assertion(tenant: RunningTenant, assertion: str, **form: str | None) -> httpx2.Response:
    """Ask for a token with a client assertion instead of a secret."""
    proof = {"client_secret": None, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    return ask_token(tenant, **(proof | form))  # type: ignore[arg-type]


def claims_of(token: str) -> dict[str, Any]:
    """Read the claims of a token without checking it."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def assert_refused(answer: httpx2.Response, status: int, error: str, number: int, text: str) -> None:
    """Check an answer against the error body of Entra ID."""
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    first, trace, correlation, timestamp = body["error_description"].split("\r\n")
    assert first.startswith(f"AADSTS{number}: ")
    assert text in first
    assert trace == f"Trace ID: {body['trace_id']}"
    assert correlation == f"Correlation ID: {body['correlation_id']}"
    assert timestamp == f"Timestamp: {body['timestamp']}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", body["timestamp"])
    assert re.fullmatch(GUID, body["trace_id"])
    assert body["error_uri"].endswith(f"/error?code={number}")
