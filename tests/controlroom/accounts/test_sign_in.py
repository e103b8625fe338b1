"""Signing in to the Control Room, and out of it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from postroom.controlroom.audit.models import AuditEntry
from support.people import PASSWORD, People

LOGIN = "/login/"


def sign_in(client: Client, username: str, password: str = PASSWORD, **more: str) -> Any:
    """Send the sign-in form."""
    return client.post(LOGIN, {"username": username, "password": password, **more})


def get_entries(event: str) -> list[tuple[str, str, str]]:
    """Actor, target and outcome of each entry of this event."""
    entries = AuditEntry.objects.filter(event=event).order_by("sequence")
    return [(entry.actor, entry.target, entry.outcome) for entry in entries]


@pytest.fixture(autouse=True)
def somebody(people: People) -> People:
    """Give people who can sign in."""
    return people


def test_whoever_has_an_account_may_sign_in(client: Client) -> None:
    """No role is needed to come in; it is written into the audit trail, as is the sign-out."""
    assert sign_in(client, "outsider").status_code == 302
    assert client.get("/").status_code == 200
    client.post("/logout/")
    assert client.get("/").status_code == 302
    assert get_entries("SIGNED_IN") == [("outsider", "outsider", "done")]
    assert get_entries("SIGNED_OUT") == [("outsider", "outsider", "done")]


def test_a_session_gets_a_new_id_at_the_sign_in(client: Client) -> None:
    """Whoever has planted a session id in a browser gains nothing by it."""
    planted = client.session
    planted["seen"] = "yes"
    planted.save()
    client.cookies["postroom_session"] = planted.session_key
    sign_in(client, "creator")
    assert client.cookies["postroom_session"].value != planted.session_key
    thief = Client()
    thief.cookies["postroom_session"] = planted.session_key
    assert thief.get("/").status_code == 302


def test_the_session_cookie_is_out_of_reach_of_scripts(client: Client) -> None:
    """The cookie is HttpOnly, and other sites do not send it along."""
    sign_in(client, "creator")
    assert client.cookies["postroom_session"]["httponly"]
    assert client.cookies["postroom_session"]["samesite"] == "Lax"


def test_brute_force_is_throttled(client: Client) -> None:
    """After five failures of a name from an address, even the right password is refused; it is all written down."""
    for _ in range(4):
        assert sign_in(client, "creator", "wrong").status_code == 200
    assert sign_in(client, "creator", "wrong").status_code == 429
    assert sign_in(client, "creator").status_code == 429
    outcomes = [outcome for _actor, _target, outcome in get_entries("SIGN_IN_FAILED")]
    assert outcomes.count("failed") >= 5
    assert "refused" in outcomes


def test_a_lockout_locks_nobody_else(client: Client) -> None:
    """Another name from the same address, and the same name from another address, still get in."""
    for _ in range(6):
        sign_in(client, "creator", "wrong")
    assert sign_in(Client(), "auditor").status_code == 302
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert sign_in(elsewhere, "creator").status_code == 302


def test_what_was_typed_as_a_name_is_not_written_down(client: Client) -> None:
    """People type passwords into the field of the name: only names that exist are in the audit trail."""
    sign_in(client, "My-Secret-Passw0rd")
    assert get_entries("SIGN_IN_FAILED") == [("anonymous", "(unknown user)", "failed")]


def test_a_disabled_user_cannot_sign_in_and_is_out_at_once(
    client: Client, somebody: People, client_as: Callable[..., Client]
) -> None:
    """Disabling a user ends the sessions that they have."""
    inside = client_as(somebody.creator)
    assert inside.get("/").status_code == 200
    somebody.creator.is_active = False
    somebody.creator.save()
    assert inside.get("/").status_code == 302
    assert sign_in(client, "creator").status_code == 200


def test_the_sign_in_leads_nowhere_else(client: Client) -> None:
    """A link to the sign-in page cannot lead on to another site."""
    answer = sign_in(client, "creator", next="https://evil.example/")
    assert answer.status_code == 302
    assert "evil" not in answer["Location"]


def test_the_sign_in_leads_on_to_the_wanted_page(client: Client) -> None:
    """Whoever is sent to the sign-in comes to the page that they wanted."""
    wanted = client.get("/me/devices/")
    assert wanted["Location"] == "/login/?next=/me/devices/"
    assert sign_in(client, "creator", next="/me/devices/")["Location"] == "/me/devices/"
