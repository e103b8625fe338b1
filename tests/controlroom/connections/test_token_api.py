"""The endpoint that gives access tokens: to whom, which, and what is written down of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from postroom.controlroom.accounts.models import Role, User
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.models import AuditEntry
from postroom.controlroom.connections import tokens
from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection
from postroom.controlroom.vault.master_keys import ensure_key
from support.entra import claims_of
from support.people import People
from support.provider_connections import count_token_requests, create_connection, sign_in_for
from support.tenant import GLOBAL, RunningTenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection(db: None, people: People, reachable_tenant: RunningTenant) -> OAuthConnection:
    """Give a connection with a Shared token, to which the role of bot creators is invited."""
    ensure_key()
    made = create_connection(reachable_tenant)
    made.roles.add(Role.objects.get(name="Bot creator"))
    tokens.keep(made, None, sign_in_for(made, reachable_tenant))
    reachable_tenant.clear_requests()
    return made


@pytest.fixture
def ask(client_as: Any) -> Any:
    """Ask for a token as somebody."""

    def ask_as(user: User | None, name: str = "Outlook365-Production", **wanted: Any) -> Any:
        return client_as(user).post(
            f"/api/connections/{name}/token", data=wanted, content_type="application/json"
        )

    return ask_as


def list_given() -> list[tuple[str, str, str]]:
    """List what the audit trail says of tokens."""
    entries = AuditEntry.objects.filter(event=Event.TOKEN_GIVEN.name).order_by("sequence")
    return [(entry.actor, entry.target, entry.outcome) for entry in entries]


def test_a_member_of_an_invited_role_gets_the_shared_token(
    connection: OAuthConnection, people: People, ask: Any
) -> None:
    """With what a bot needs to know of it, and nothing that could refresh it; no cache keeps it."""
    answer = ask(people.creator, token="shared", least_validity_seconds=600)
    assert answer.status_code == 200, answer.content
    given = answer.json()
    assert set(given) == {"access_token", "expires_at", "signed_in_as", "cloud", "delegated"}
    assert claims_of(given["access_token"])["upn"] == "ap@contoso.com"
    assert (given["signed_in_as"], given["cloud"], given["delegated"]) == ("ap@contoso.com", GLOBAL, True)
    assert datetime.fromisoformat(given["expires_at"]) > timezone.now() + timedelta(seconds=600)
    assert "no-store" in answer["Cache-Control"]
    assert list_given() == [("creator", "Outlook365-Production", Outcome.DONE)]
    assert ConnectionToken.objects.get().last_used_by == "creator"


def test_case_does_not_matter_in_the_name(connection: OAuthConnection, people: People, ask: Any) -> None:
    """As with every name in the Control Room; the audit trail has it as it was entered."""
    assert ask(people.creator, "outlook365-PRODUCTION").status_code == 200
    assert list_given() == [("creator", "Outlook365-Production", Outcome.DONE)]


@pytest.mark.parametrize("name", ["Outlook365-Production", "Nothing-Of-The-Kind"])
def test_who_is_not_invited_is_refused_and_audited(
    connection: OAuthConnection, people: People, ask: Any, name: str, reachable_tenant: RunningTenant
) -> None:
    """And does not learn whether there is such a connection."""
    answer = ask(people.outsider, name)
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "RecordNotFoundError"
    assert list_given() == [("outsider", name, Outcome.REFUSED)]
    assert count_token_requests(reachable_tenant) == 0


def test_nobody_gets_nothing(connection: OAuthConnection, ask: Any) -> None:
    """Who is not signed in is told so."""
    answer = ask(None)
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "NotSignedInError"


def test_a_user_specific_token_is_the_callers(
    connection: OAuthConnection, people: People, ask: Any, reachable_tenant: RunningTenant
) -> None:
    """Nobody gets another's, and who has not signed in yet reads where to do so."""
    tokens.keep(connection, people.creator, sign_in_for(connection, reachable_tenant, "adele@contoso.com"))
    assert ask(people.creator, token="user-specific").json()["signed_in_as"] == "adele@contoso.com"
    refused = ask(people.administrator, token="user-specific")
    assert refused.status_code == 409
    assert "My settings" in refused.json()["error"]["message"]


def test_the_username_must_be_who_has_signed_in(
    connection: OAuthConnection, people: People, ask: Any
) -> None:
    """A bot that was set up for another mailbox learns so before it reads the wrong one."""
    assert ask(people.creator, username="AP@contoso.com").status_code == 200
    wrong = ask(people.creator, username="megan@contoso.com")
    assert wrong.status_code == 403
    assert wrong.json()["error"]["type"] == "WrongUserError"
    assert "ap@contoso.com" in wrong.json()["error"]["message"]


def test_an_app_that_acts_as_itself_works_for_any_username(
    reachable_tenant: RunningTenant, people: People, ask: Any
) -> None:
    """Its token is nobody's, and the answer says so."""
    ensure_key()
    create_connection(reachable_tenant, name="Robot", app="Invoice bot", grant_type="client_credentials")
    given = ask(people.administrator, "Robot", username="megan@contoso.com").json()
    assert (given["signed_in_as"], given["delegated"]) == ("", False)


def test_a_token_that_was_refused_is_replaced(connection: OAuthConnection, people: People, ask: Any) -> None:
    """Its fingerprint asks for another."""
    first = tokens.get_access_token(connection, None).token
    second = ask(people.creator, refused=first.fingerprint()).json()["access_token"]
    assert second != first.reveal()


@pytest.mark.parametrize(
    "wanted",
    [
        {"token": "all of them"},
        {"least_validity_seconds": -1},
        {"least_validity_seconds": 10**9},
        {"refused": "no fingerprint"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(
    connection: OAuthConnection, people: People, ask: Any, wanted: dict[str, Any]
) -> None:
    """With the name of the field."""
    answer = ask(people.creator, **wanted)
    assert answer.status_code == 400
    assert next(iter(wanted)) in answer.json()["error"]["message"]


def test_a_form_of_another_site_gets_nothing(
    connection: OAuthConnection, people: People, client_as: Any
) -> None:
    """A session counts with its CSRF token alone."""
    browser = client_as(people.creator, enforce_csrf_checks=True)
    answer = browser.post(
        "/api/connections/Outlook365-Production/token", data={}, content_type="application/json"
    )
    assert answer.status_code in (401, 403)
    assert list_given() == []
