"""The API's list of connections: what a bot picks one by."""

from collections.abc import Callable

import pytest
from django.test import Client

from postroom.controlroom.accounts.models import Role
from postroom.controlroom.connections import tokens
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.vault.master_keys import ensure_key
from support.people import People
from support.provider_connections import create_connection, sign_in_for
from support.tenant import RunningTenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection(people: People, reachable_tenant: RunningTenant) -> OAuthConnection:
    """Give a connection to the tenant, to which the role of bot creators is invited."""
    ensure_key()
    made = create_connection(reachable_tenant)
    made.roles.add(Role.objects.get(name="Bot creator"))
    return made


def test_a_connection_is_picked_by_provider_name_and_token_type(
    connection: OAuthConnection,
    people: People,
    client_as: Callable[..., Client],
    reachable_tenant: RunningTenant,
) -> None:
    """Provider type, name, token types and their status, and nothing that is secret."""
    tokens.keep(connection, people.creator, sign_in_for(connection, reachable_tenant))
    expected = {
        "name": connection.name,
        "description": "",
        "provider": "Microsoft Entra (Azure Global)",
        "status": "Not connected",
        "tokens": [
            {"type": "shared", "status": "Not connected", "signed_in_as": ""},
            {"type": "user-specific", "status": "Active", "signed_in_as": "ap@contoso.com"},
        ],
    }
    # Programs get the same words, whatever language their user reads.
    client = client_as(people.creator, headers={"Accept-Language": "ja"})
    assert client.get("/api/connections").json() == [expected]
    assert client.get(f"/api/connections/{connection.name.upper()}").json() == expected


def test_an_app_that_acts_as_itself_has_one_token(
    connection: OAuthConnection, people: People, client_as: Callable[..., Client]
) -> None:
    """With client credentials there is no User-specific token to pick."""
    OAuthConnection.objects.update(grant_type="client_credentials")
    (listed,) = client_as(people.creator).get("/api/connections").json()
    assert [token["type"] for token in listed["tokens"]] == ["shared"]


def test_the_list_has_what_one_may_use(
    connection: OAuthConnection, people: People, client_as: Callable[..., Client]
) -> None:
    """Who is not invited gets an empty list, and no hint that there is more; nobody gets it unknown."""
    outsider = client_as(people.outsider)
    assert outsider.get("/api/connections").json() == []
    assert outsider.get(f"/api/connections/{connection.name}").status_code == 404
    assert client_as().get("/api/connections").status_code == 401
