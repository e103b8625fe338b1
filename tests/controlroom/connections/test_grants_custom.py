"""Custom providers, spoken to in the words of RFC 6749: against an independent provider, and answers made up."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import trustme

from postroom import errors
from postroom.controlroom.connections import grants
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.connections.providers import Provider
from postroom.controlroom.vault.master_keys import ensure_key
from support.canary import canary
from support.custom_provider import start_custom_provider
from support.provider_connections import add_secret
from support.tenant import NETWORK_VARIABLES

pytestmark = pytest.mark.django_db
CALLBACK = "http://localhost:8000/oauth/callback"
SECRET = "a+secret/with%signs:and=more"


@pytest.fixture(autouse=True)
def _no_network_settings(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NETWORK_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    ensure_key()


class TokenEndpoint(ThreadingHTTPServer):
    """A token endpoint that answers as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, str]] = []
        self.authorizations: list[str] = []
        self.answers: list[tuple[int, Any]] = []

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.server_port}/token"


class _Handler(BaseHTTPRequestHandler):
    server: TokenEndpoint

    def do_POST(self) -> None:
        """Answer with the next of the answers."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append(dict(parse_qsl(body)))
        self.server.authorizations.append(self.headers.get("Authorization", ""))
        status, answer = self.server.answers.pop(0)
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def endpoint() -> Iterator[TokenEndpoint]:
    """Serve a token endpoint."""
    with serving() as server:
        yield server


@contextmanager
def serving() -> Iterator[TokenEndpoint]:
    """Serve a token endpoint in a thread."""
    with TokenEndpoint() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def create_custom(token_url: str, *, secret: str = SECRET, **fields: Any) -> OAuthConnection:
    """Make a connection to a Custom provider."""
    settings = {
        "name": "Elsewhere",
        "provider": Provider.CUSTOM,
        "grant_type": "authorization_code_pkce",
        "client_authentication": "client_secret",
        "client_id": "a client",
        "authorization_url": "https://login.fabrikam.com/authorize?tenant=1",
        "token_url": token_url,
        "scopes": "mail offline_access",
    }
    connection: OAuthConnection = OAuthConnection.objects.create(**{**settings, **fields})
    if connection.client_authentication == "client_secret":
        canary.add([secret])
        add_secret(connection, secret)
    return connection


def sign_in_at(endpoint: TokenEndpoint, connection: OAuthConnection, **answer: Any) -> grants.Grant:
    """Sign in where the provider answers so."""
    endpoint.answers.append((200, {"access_token": "a-token", "token_type": "Bearer", **answer}))
    _url, flow = grants.start_sign_in(connection, CALLBACK, "the-state")
    return grants.finish_sign_in(connection, flow, {"code": "the-code", "state": "the-state"})


def test_an_independent_provider_signs_people_in_and_refreshes() -> None:
    """A provider of another maker, which rotates refresh tokens, gives token after token."""
    with start_custom_provider(CALLBACK) as provider:
        connection = create_custom(
            provider.token_url,
            secret=provider.client_secret,
            authorization_url=provider.authorization_url,
            client_id=provider.client_id,
            scopes="openid email offline_access",
        )
        url, flow = grants.start_sign_in(connection, CALLBACK, "the-state", "ada@fabrikam.com")
        back = provider.sign_in(url, "ada@fabrikam.com")
        grant = grants.finish_sign_in(connection, flow, dict(parse_qsl(urlsplit(back).query)))
        assert (grant.signed_in_as, grant.refreshable) == ("ada@fabrikam.com", True)
        for _ in range(2):
            grant = grants.refresh(connection, grant.kept)
            assert provider.get_user(grant.access_token.reveal()) == "ada@fabrikam.com"
            assert grant.signed_in_as == "ada@fabrikam.com"


def test_the_request_for_a_code_says_what_is_needed(endpoint: TokenEndpoint) -> None:
    """PKCE with S256, state, scopes and redirect URL; what the address has already stays."""
    url, flow = grants.start_sign_in(create_custom(endpoint.url), CALLBACK, "the-state", "ada@fabrikam.com")
    asked = parse_qs(urlsplit(url).query)
    assert asked["tenant"] == ["1"]
    assert asked["response_type"] == ["code"]
    assert asked["client_id"] == ["a client"]
    assert asked["redirect_uri"] == [CALLBACK]
    assert asked["scope"] == ["mail offline_access"]
    assert asked["state"] == ["the-state"]
    assert asked["login_hint"] == ["ada@fabrikam.com"]
    assert asked["code_challenge_method"] == ["S256"]
    assert flow["code_verifier"] not in url


def test_a_code_is_redeemed_with_verifier_and_secret(endpoint: TokenEndpoint) -> None:
    """The secret goes into the header, encoded as RFC 6749 §2.3.1 has it, and not into the body."""
    sign_in_at(endpoint, create_custom(endpoint.url), refresh_token="kept")
    (asked,) = endpoint.asked
    assert (asked["grant_type"], asked["code"], asked["redirect_uri"]) == (
        "authorization_code",
        "the-code",
        CALLBACK,
    )
    assert asked["code_verifier"]
    assert "client_secret" not in asked
    pair = base64.b64decode(endpoint.authorizations[0].removeprefix("Basic ")).decode()
    assert pair == "a+client:a%2Bsecret%2Fwith%25signs%3Aand%3Dmore"


def test_a_provider_that_takes_the_secret_in_the_body_alone_gets_it_there(endpoint: TokenEndpoint) -> None:
    """Where the header is refused, the body is tried."""
    endpoint.answers.append((401, {"error": "invalid_client"}))
    sign_in_at(endpoint, create_custom(endpoint.url))
    assert endpoint.asked[1]["client_secret"] == SECRET
    assert endpoint.authorizations[1] == ""


def test_the_old_refresh_token_stays_where_none_comes_back(endpoint: TokenEndpoint) -> None:
    """A provider that does not rotate gives its refresh token once."""
    connection = create_custom(endpoint.url)
    grant = sign_in_at(endpoint, connection, refresh_token="the-first", expires_in=60)
    for sent, new in (("the-first", None), ("the-first", "the-second"), ("the-second", None)):
        endpoint.answers.append(
            (200, {"access_token": "another", "refresh_token": new, "token_type": "bearer"})
        )
        grant = grants.refresh(connection, grant.kept)
        assert endpoint.asked[-1]["refresh_token"] == sent
        assert grant.refreshable


def test_a_sign_in_without_refresh_token_ends_with_its_access_token(endpoint: TokenEndpoint) -> None:
    """It says so at once, and asks for a person afterwards."""
    connection = create_custom(endpoint.url)
    grant = sign_in_at(endpoint, connection, expires_in="3600")
    assert not grant.refreshable
    with pytest.raises(errors.SignInNeededError, match="gave no refresh token"):
        grants.refresh(connection, grant.kept)


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (401, {"error": "invalid_client"}, errors.ClientRefusedError),
        (400, {"error": "unauthorized_client"}, errors.ClientUnknownError),
        (400, {"error": "invalid_grant", "error_description": "“gone”"}, errors.SignInNeededError),
        (400, {"error": "invalid_scope", "error_description": ""}, errors.SignInError),
        (400, {"error": "something_new"}, errors.SignInError),
        (503, b"busy", errors.SignInUnavailableError),
        (429, {"error": "slow_down"}, errors.SignInUnavailableError),
        (200, b"<html>Hello", errors.SignInError),
        (200, {"token_type": "Bearer"}, errors.SignInError),
        (302, b"", errors.SignInError),
        (200, ["access_token"], errors.SignInError),
    ],
    ids=str,
)
def test_refusals_are_told_in_our_words(
    endpoint: TokenEndpoint, status: int, answer: Any, error: type[Exception]
) -> None:
    """The error codes of RFC 6749 §5.2 choose the class, and what is no OAuth is told as such."""
    connection = create_custom(endpoint.url, grant_type="client_credentials")
    endpoint.answers += [(status, answer)] * 2
    with pytest.raises(error) as caught:
        grants.ask_for_itself(connection)
    assert type(caught.value) is error


def test_what_was_sent_is_not_repeated(endpoint: TokenEndpoint) -> None:
    """A provider that quotes the refresh token in its refusal is quoted without it."""
    connection = create_custom(endpoint.url)
    token = "a-refresh-token-of-some-length"
    grant = sign_in_at(endpoint, connection, refresh_token=token)
    endpoint.answers.append((400, {"error": "invalid_grant", "error_description": f"No such token: {token}"}))
    with pytest.raises(errors.SignInNeededError, match="No such token: …") as caught:
        grants.refresh(connection, grant.kept)
    assert token not in str(caught.value)


@pytest.mark.parametrize("kind", [trustme.KeyType.RSA, trustme.KeyType.ECDSA])
def test_a_certificate_signs_an_assertion(endpoint: TokenEndpoint, kind: trustme.KeyType) -> None:
    """Private-key JWT: issued by the client, for the token endpoint (RFC 7523 §3)."""
    connection = create_custom(
        endpoint.url, grant_type="client_credentials", client_authentication="private_key_jwt"
    )
    made = trustme.CA().issue_cert("bot.contoso.com", key_type=kind)
    add_secret(connection, made.private_key_and_cert_chain_pem.bytes().decode())
    endpoint.answers.append((200, {"access_token": "a-token", "token_type": "Bearer", "expires_in": 60}))
    grants.ask_for_itself(connection)
    (asked,) = endpoint.asked
    assert asked["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    payload = asked["client_assertion"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("a client", "a client", endpoint.url)


def test_another_state_or_nonce_is_refused(endpoint: TokenEndpoint) -> None:
    """Neither an answer to another sign-in nor an id token of another one is taken."""
    connection = create_custom(endpoint.url, scopes="openid")
    _url, flow = grants.start_sign_in(connection, CALLBACK, "the-state")
    with pytest.raises(errors.SignInAnswerError):
        grants.finish_sign_in(connection, flow, {"code": "the-code", "state": "another"})
    with pytest.raises(errors.SignInDeniedError):
        grants.finish_sign_in(connection, flow, {"error": "access_denied", "state": "the-state"})
    claims = (
        base64.urlsafe_b64encode(json.dumps({"nonce": "another", "sub": "ada"}).encode()).decode().rstrip("=")
    )
    with pytest.raises(errors.SignInAnswerError):
        sign_in_at(endpoint, connection, id_token=f"e30.{claims}.")


def test_secrets_go_to_no_address_without_tls() -> None:
    """An http:// address is taken on the loopback alone."""
    connection = create_custom("http://login.fabrikam.com/token", grant_type="client_credentials")
    with pytest.raises(errors.SettingError, match="https://"):
        grants.ask_for_itself(connection)


def test_a_provider_that_is_not_there_is_a_network_error() -> None:
    """Nobody listens: told as the network's matter."""
    with serving() as server:
        url = server.url
    with pytest.raises(errors.HostUnreachableError):
        grants.ask_for_itself(create_custom(url, grant_type="client_credentials"))
