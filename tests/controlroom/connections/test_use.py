"""Who may use a connection."""

import pytest

from postroom.controlroom.accounts.models import Role
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.connections.providers import ClientAuthentication, GrantType, Provider
from postroom.controlroom.connections.use import get_usable, list_usable, may_use
from postroom.errors import RecordNotFoundError
from support.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection(people: People) -> OAuthConnection:
    """Give a connection to which the role of bot creators is invited."""
    made = OAuthConnection.objects.create(
        name="Outlook365",
        provider=Provider.ENTRA_GLOBAL,
        grant_type=GrantType.AUTHORIZATION_CODE,
        client_authentication=ClientAuthentication.NONE,
    )
    made.roles.add(Role.objects.get(name="Bot creator"))
    return made


def test_members_of_an_invited_role_and_managers_may_use(people: People, connection: OAuthConnection) -> None:
    """To see connections is not to use them; to manage them is."""
    answers = {name: may_use(getattr(people, name), connection) for name in vars(people)}
    assert answers == {"administrator": True, "creator": True, "auditor": False, "outsider": False}
    for name, may in answers.items():
        assert list_usable(getattr(people, name)).contains(connection) is may


def test_a_disabled_user_may_use_nothing(people: People, connection: OAuthConnection) -> None:
    """Who was disabled keeps roles, and has no use of them."""
    for person in (people.creator, people.administrator):
        person.is_active = False
        person.save()
        assert not may_use(person, connection)
        assert not list_usable(person).exists()


def test_a_connection_is_listed_once_for_two_roles(people: People, connection: OAuthConnection) -> None:
    """Being invited twice is no more than being invited."""
    role = Role.objects.create(name="Accounts payable")
    people.creator.groups.add(role)
    connection.roles.add(role)
    assert list_usable(people.creator).count() == 1


def test_names_are_found_in_any_case(people: People, connection: OAuthConnection) -> None:
    """Bots may write the name as they like."""
    assert get_usable(people.creator, " outlook365 ") == connection


def test_not_invited_is_told_as_not_there(people: People, connection: OAuthConnection) -> None:
    """Whoever is not invited does not learn that the connection exists."""
    messages = set()
    for name in ("Outlook365", "Nothing", "Noth\0ing"):
        with pytest.raises(RecordNotFoundError) as raised:
            get_usable(people.auditor, name)
        messages.add(raised.value.message.replace(name, "NAME"))
    assert len(messages) == 1
