"""A device of a user, with its API key: connections that the Control Room manages, in scripts and commands."""

import json
from typing import Any

import pytest

from postroom import errors, outlook
from postroom.controlroom.accounts.device_keys import add_device, revoke_device
from postroom.controlroom.accounts.models import Role
from postroom.controlroom.audit.models import AuditEntry
from postroom.controlroom.connections import tokens
from postroom.controlroom.connections.direct import DirectTokens
from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection
from postroom.controlroom.vault.master_keys import ensure_key
from support.canary import canary
from support.command_line import run
from support.mail import make_mail
from support.people import People
from support.provider_connections import count_token_requests, create_connection, sign_in_for
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

pytestmark = pytest.mark.django_db(transaction=True)
CONNECTION = "Outlook 365"


@pytest.fixture
def connection(db: None, people: People, reachable_tenant: RunningTenant) -> OAuthConnection:
    """Give a connection with a Shared token, to which the role of bot creators is invited."""
    ensure_key()
    made = create_connection(reachable_tenant, name=CONNECTION)
    made.roles.add(Role.objects.get(name="Bot creator"))
    tokens.keep(made, None, sign_in_for(made, reachable_tenant))
    return made


@pytest.fixture
def device(
    connection: OAuthConnection, people: People, live_server: Any, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Let this process be on a device of the bot creator."""
    made, key = add_device(people.creator, "desk 7")
    canary.add([key.reveal()])
    monkeypatch.setenv("POSTROOM_CONTROL_ROOM_URL", live_server.url)
    monkeypatch.setenv("POSTROOM_CONTROL_ROOM_KEY", key.reveal())
    return made


def connect(**settings: Any) -> outlook.Mailbox:
    """Connect to Outlook by the connection."""
    managed = outlook.ControlRoomManaged(**{"connection": CONNECTION, **settings})
    return outlook.connect(authentication=managed)


def test_a_script_works_in_the_mailbox(device: Any, reachable_tenant: RunningTenant) -> None:
    """It names the connection, and holds neither secret nor refresh token."""
    reachable_tenant.deliver("ap@contoso.com", make_mail("Invoice 77"))
    with connect(username="ap@contoso.com") as mailbox:
        assert [message.subject for message in mailbox.messages("Inbox", subject="Invoice 77")] == [
            "Invoice 77"
        ]
        mailbox.send(to="adele@contoso.com", subject="Done", body="It is done.")
    entry = AuditEntry.objects.filter(event="TOKEN_GIVEN").latest("sequence")
    assert (entry.actor, entry.target) == ("creator", CONNECTION)
    assert ConnectionToken.objects.get().last_used_by == "desk 7"


def test_the_mailbox_is_that_of_whoever_signed_in(device: Any, reachable_tenant: RunningTenant) -> None:
    """Username may be left out; the name of the connection is found whatever its case."""
    with connect(connection="OUTLOOK 365", token="Shared") as mailbox:
        assert mailbox.address == "ap@contoso.com"


def test_a_user_specific_token_opens_ones_own_mailbox(
    device: Any, connection: OAuthConnection, people: People, reachable_tenant: RunningTenant
) -> None:
    """Each user reads as themselves; before the first sign-in one reads where to do it."""
    with pytest.raises(errors.ConnectionNotReadyError, match="My settings"):
        connect(token="user-specific")
    tokens.keep(connection, people.creator, sign_in_for(connection, reachable_tenant, "adele@contoso.com"))
    with connect(token="user-specific") as mailbox:
        assert mailbox.address == "adele@contoso.com"


def test_a_token_that_graph_refuses_is_renewed(device: Any, reachable_tenant: RunningTenant) -> None:
    """The access token is revoked in the middle: the Control Room gets another, and the bot goes on."""
    reachable_tenant.deliver("ap@contoso.com", make_mail("Invoice 78"))
    with connect() as mailbox:
        reachable_tenant.clear_requests()
        reachable_tenant.add_fault(path="/v1.0/*", status=401, code="InvalidAuthenticationToken", count=1)
        assert len(list(mailbox.messages("Inbox", subject="Invoice 78"))) == 1
        assert len(list(mailbox.messages("Inbox", subject="Invoice 78"))) == 1
    assert count_token_requests(reachable_tenant) == 1


def test_a_connection_to_the_other_cloud_is_refused(device: Any) -> None:
    """Before anything is sent to Graph, with the cloud to choose."""
    managed = outlook.ControlRoomManaged(connection=CONNECTION)
    with pytest.raises(errors.WrongCloudError, match=f"is to {GLOBAL}.*Choose {GLOBAL}"):
        outlook.connect(cloud=GCC_HIGH, authentication=managed)


def test_who_is_not_meant_is_told(device: Any) -> None:
    """Another username than that of the sign-in, a connection that is not there, a token type that is none."""
    with pytest.raises(errors.WrongUserError, match=r"signed in as ap@contoso\.com"):
        connect(username="megan@contoso.com")
    with pytest.raises(errors.RecordNotFoundError, match="no OAuth connection “Elsewhere”"):
        connect(connection="Elsewhere")
    with pytest.raises(errors.SettingError, match="Token type"):
        connect(token="mine")


def test_an_app_that_acts_as_itself_needs_a_username(
    device: Any, connection: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """Its token says nothing of whose mailbox is meant."""
    robot = create_connection(
        reachable_tenant, name="Robot", app="Invoice bot", grant_type="client_credentials"
    )
    robot.roles.set(connection.roles.all())
    with pytest.raises(errors.SettingError, match="say whose mailbox"):
        connect(connection="Robot")
    with connect(connection="Robot", username="megan@contoso.com") as mailbox:
        assert mailbox.address == "megan@contoso.com"


def test_a_device_that_was_revoked_gets_nothing(device: Any, people: People) -> None:
    """From the next token on."""
    revoke_device(people.creator, device)
    with pytest.raises(errors.NotSignedInError, match="revoked"):
        connect()


def test_a_machine_without_control_room_is_told_how_to_get_one(
    device: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is guessed."""
    monkeypatch.delenv("POSTROOM_CONTROL_ROOM_URL")
    monkeypatch.delenv("POSTROOM_CONTROL_ROOM_KEY")
    with pytest.raises(errors.NotSignedInError, match="postroom login"):
        connect()


def test_inside_the_control_room_no_api_is_asked(
    connection: OAuthConnection, people: People, reachable_tenant: RunningTenant
) -> None:
    """A worker gives its bots the tokens of the user they run as, by the same rules."""
    with outlook.use_connection_tokens(DirectTokens(people.creator)), connect() as mailbox:
        assert mailbox.address == "ap@contoso.com"
    with (
        outlook.use_connection_tokens(DirectTokens(people.outsider)),
        pytest.raises(errors.RecordNotFoundError),
    ):
        connect()


def test_what_the_control_room_manages_is_ended_and_examined_there(device: Any) -> None:
    """This machine has no sign-in to forget; both commands say where to go."""
    managed = outlook.ControlRoomManaged(connection=CONNECTION)
    with pytest.raises(errors.SettingError, match="Disconnect there"):
        outlook.sign_out(authentication=managed)


def test_the_command_line_connects_and_lists(device: Any, reachable_tenant: RunningTenant) -> None:
    """`postroom connections list` shows what `--connection` takes."""
    environment = reachable_tenant.environment  # that of the device is this process's own
    listed = run("connections", "list", stdin="", environment=environment)
    assert listed.returncode == 0, listed.stderr
    name, _provider, shared, own = listed.stdout.rstrip("\n").split("\t")
    assert (name, shared, own) == (CONNECTION, "Active (ap@contoso.com)", "Not connected")
    as_json = json.loads(
        run("connections", "list", "--output", "json", stdin="", environment=environment).stdout
    )
    assert [found["name"] for found in as_json] == [CONNECTION]
    managed = ("--mode", "control-room", "--connection", as_json[0]["name"])
    connected = run("connect", *managed, stdin="", environment=environment)
    assert connected.returncode == 0, connected.stderr
    assert "ap@contoso.com" in connected.stdout
    unnamed = run("connect", "--mode", "control-room", stdin="", environment=environment)
    assert (unnamed.returncode, "postroom connections list" in unnamed.stderr) == (3, True)
