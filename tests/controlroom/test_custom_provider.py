"""A Custom connection, from the wizard to the token of a bot, at a certified provider of another maker."""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from support.custom_provider import CustomProvider, start_custom_provider
from support.people import People
from support.tenant import NETWORK_VARIABLES

if TYPE_CHECKING:
    from django.test import Client

NAME = "Payables"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[CustomProvider]:
    """Start the provider, with an app that comes back to this Control Room."""
    from postroom.controlroom.connections.sign_ins import get_callback_url

    for name in NETWORK_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with start_custom_provider(get_callback_url()) as running:
        yield running


@pytest.fixture
def client(client_as: "Callable[..., Client]", people: People) -> "Client":
    """Give a client of an administrator."""
    return client_as(people.administrator)


def create_connection(client: "Client", provider: CustomProvider) -> Any:
    """Make the connection on the pages, with a secret and PKCE."""
    from postroom.controlroom.connections.models import OAuthConnection

    client.post("/connections/new/", {"provider": "custom", "name": NAME, "description": "Another maker's"})
    filled_in = {
        "grant_type": "authorization_code_pkce",
        "client_authentication": "client_secret",
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
        "authorization_url": provider.authorization_url,
        "token_url": provider.token_url,
        "scopes": "openid email offline_access",
    }
    answer = client.post("/connections/new/client/", filled_in)
    connection = OAuthConnection.objects.get(name=NAME)
    assert answer["Location"] == f"/connections/{connection.pk}/test/?new"
    return connection


def sign_in(client: "Client", provider: CustomProvider, connection: Any, username: str) -> None:
    """Sign a person in for the Shared token, by the button of the page."""
    left = client.post(f"/oauth/start/{connection.pk}/shared")
    back = urlsplit(provider.sign_in(left.context["url"], username))
    answer = client.get(f"{back.path}?{back.query}")
    assert (answer.status_code, answer["Location"]) == (302, f"/connections/{connection.pk}/")


def get_token(client: "Client", **wanted: Any) -> dict[str, Any]:
    """Ask for the Shared token as a bot does."""
    answer = client.post(f"/api/connections/{NAME}/token", wanted, content_type="application/json")
    assert answer.status_code == 200, answer.json()
    given: dict[str, Any] = answer.json()
    return given


def wait_for_grant(provider: CustomProvider, grant: str) -> None:
    """Wait until the provider has given a token in this way."""
    while True:
        told = provider.read_grant()
        if (told["grant"], told.get("error")) == (grant, None):
            return


def test_it_signs_in_refreshes_and_gives_tokens(client: "Client", provider: CustomProvider) -> None:
    """Code and PKCE give the first token; each refresh token counts once, and its successor is kept in its place."""
    connection = create_connection(client, provider)
    sign_in(client, provider, connection, "ap@contoso.com")
    wait_for_grant(provider, "authorization_code")
    tokens = [get_token(client)["access_token"]]
    for _ in range(3):
        refused = hashlib.sha256(tokens[-1].encode()).hexdigest()
        tokens.append(get_token(client, refused=refused)["access_token"])
        wait_for_grant(provider, "refresh_token")
    assert len(set(tokens)) == len(tokens)
    assert {provider.get_user(tokens[-1])} == {"ap@contoso.com"}


def test_what_is_kept_tells_nothing(client: "Client", provider: CustomProvider) -> None:
    """No page and no list of the API shows the secret or a token of the connection."""
    from support.canary import canary

    connection = create_connection(client, provider)
    sign_in(client, provider, connection, "ap@contoso.com")
    canary.add([get_token(client)["access_token"]])
    # The client itself reads every answer.
    for path in (
        f"/connections/{connection.pk}/",
        f"/connections/{connection.pk}/edit/",
        f"/connections/{connection.pk}/secret/",
        "/connections/oauthconnection/",
        "/api/connections",
        f"/api/connections/{NAME}",
        "/audit/auditentry/",
    ):
        assert client.get(path).status_code == 200


def test_a_wrong_secret_is_told_in_a_sentence(client: "Client", provider: CustomProvider) -> None:
    """The test of the connection says that the provider did not accept the secret, and what to do."""
    provider.client_secret = "not-the-secret-of-this-app"
    connection = create_connection(client, provider)
    connection.refresh_from_db()
    report = json.dumps(connection.test_report)
    assert "secret" in report
    assert "not-the-secret" not in report
