"""My settings → OAuth connections."""

from collections.abc import Callable

import pytest
from django.test import Client

from postroom.controlroom.accounts.models import Role
from postroom.controlroom.connections import tokens
from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection
from postroom.controlroom.vault.master_keys import ensure_key
from support.people import People, create_user
from support.provider_connections import create_connection, sign_in_for
from support.tenant import RunningTenant

pytestmark = pytest.mark.django_db
MINE = "/me/connections/"


@pytest.fixture
def connection(people: People, reachable_tenant: RunningTenant) -> OAuthConnection:
    """Give a connection to the tenant, to which the role of bot creators is invited."""
    ensure_key()
    made = create_connection(reachable_tenant)
    made.roles.add(Role.objects.get(name="Bot creator"))
    return made


def test_the_row_says_provider_name_and_status(
    connection: OAuthConnection,
    people: People,
    client_as: Callable[..., Client],
    reachable_tenant: RunningTenant,
) -> None:
    """Before a sign-in there is Login; after it Active, Login again and Disconnect."""
    client = client_as(people.creator)
    page = client.get(MINE).content.decode()
    for text in (connection.name, "Microsoft Entra (Azure Global)", "Not connected", "Login"):
        assert text in page
    assert "Disconnect" not in page
    tokens.keep(connection, people.creator, sign_in_for(connection, reachable_tenant))
    page = client.get(MINE).content.decode()
    for text in ("Active", "ap@contoso.com", "Login again", "Disconnect"):
        assert text in page


def test_one_sees_ones_own_sign_in_alone(
    connection: OAuthConnection,
    people: People,
    client_as: Callable[..., Client],
    reachable_tenant: RunningTenant,
) -> None:
    """A colleague's sign-in and the Shared one are nothing of mine, and Disconnect leaves them alone."""
    colleague = create_user("colleague", role="Bot creator")
    grant = sign_in_for(connection, reachable_tenant)
    for user in (None, colleague):
        tokens.keep(connection, user, grant)
    client = client_as(people.creator)
    assert "Not connected" in client.get(MINE).content.decode()
    client.post(f"{MINE}{connection.pk}/disconnect/")
    assert not ConnectionToken.objects.filter(encrypted=None, user__in=[colleague]).exists()
    client_as(colleague).post(f"{MINE}{connection.pk}/disconnect/")
    kept = {token.user: token.encrypted is not None for token in ConnectionToken.objects.all()}
    assert kept == {None: True, colleague: False}


def test_what_one_may_not_use_is_not_there(
    connection: OAuthConnection, people: People, client_as: Callable[..., Client]
) -> None:
    """Who is not invited is told what to do, and finds nothing to press."""
    client = client_as(people.outsider)
    page = client.get(MINE).content.decode()
    assert "Ask an administrator to invite one of your roles" in page
    assert connection.name not in page
    assert client.post(f"{MINE}{connection.pk}/disconnect/").status_code == 404


def test_connections_that_nobody_signs_in_to_are_not_listed(
    connection: OAuthConnection, people: People, client_as: Callable[..., Client]
) -> None:
    """With client credentials there is nothing to log in to."""
    OAuthConnection.objects.update(grant_type="client_credentials")
    assert connection.name not in client_as(people.creator).get(MINE).content.decode()
