"""The sign-in round trip: out to the provider, back once, in the same browser, to the same row."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from postroom.controlroom.accounts.models import Role
from postroom.controlroom.audit.models import AuditEntry
from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection, SignInAttempt
from postroom.controlroom.vault.master_keys import ensure_key
from support.people import People, create_user
from support.provider_connections import create_connection
from support.round_trips import CALLBACK, go_to_provider, register_callback, sign_in_by_pages
from support.sign_in import sign_in
from support.tenant import RunningTenant

pytestmark = pytest.mark.django_db
AP = "ap@contoso.com"


@pytest.fixture
def connection(people: People, reachable_tenant: RunningTenant) -> OAuthConnection:
    """Give a connection to the tenant, to which the role of bot creators is invited."""
    ensure_key()
    register_callback(reachable_tenant)
    made = create_connection(reachable_tenant, grant_type="authorization_code_pkce")
    made.roles.add(Role.objects.get(name="Bot creator"))
    return made


def test_a_person_is_brought_back_to_their_row_and_is_active(
    connection: OAuthConnection,
    people: People,
    client_as: Callable[..., Client],
    reachable_tenant: RunningTenant,
) -> None:
    """Login of My settings leads to the provider and back; the row then says Active and as whom."""
    client = client_as(people.creator)
    back = sign_in_by_pages(client, connection, reachable_tenant, AP)
    assert back.headers["Location"] == "/me/connections/"
    page = client.get("/me/connections/").content.decode()
    assert "Active" in page
    assert AP in page
    assert ConnectionToken.objects.get(connection=connection).user == people.creator


def test_the_shared_sign_in_comes_back_to_the_connection(
    connection: OAuthConnection,
    people: People,
    client_as: Callable[..., Client],
    reachable_tenant: RunningTenant,
) -> None:
    """Sign in of an administrator becomes the Shared token."""
    back = sign_in_by_pages(client_as(people.administrator), connection, reachable_tenant, AP, "shared")
    assert back.headers["Location"] == f"/connections/{connection.pk}/"
    assert ConnectionToken.objects.get(connection=connection).user is None


def test_what_leaves_has_pkce_and_a_state_of_256_bits(
    connection: OAuthConnection, people: People, client_as: Callable[..., Client]
) -> None:
    """The provider gets a challenge and a state; here only a hash of the state and an encrypted flow are kept."""
    url = go_to_provider(client_as(people.creator), connection)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert asked.get("response_mode", "query") == "query"
    assert len(asked["state"]) >= 43
    attempt = SignInAttempt.objects.get()
    stored = f"{attempt.state_hash} {bytes(attempt.encrypted_flow)!r} {attempt.browser_hash}"
    assert asked["state"] not in stored


def test_at_first_one_chooses_the_account_and_later_it_is_known(
    connection: OAuthConnection,
    people: People,
    client_as: Callable[..., Client],
    reachable_tenant: RunningTenant,
) -> None:
    """Who is signed in at the provider is not taken for whose mailbox is meant; Login again names the account."""
    client = client_as(people.creator)
    first = parse_qs(urlsplit(go_to_provider(client, connection)).query)
    assert (first["prompt"], "login_hint" in first) == (["select_account"], False)
    sign_in_by_pages(client, connection, reachable_tenant, AP)
    again = parse_qs(urlsplit(go_to_provider(client, connection)).query)
    assert ("prompt" in again, again["login_hint"]) == (False, [AP])


def test_an_answer_counts_once(
    connection: OAuthConnection,
    people: People,
    client_as: Callable[..., Client],
    reachable_tenant: RunningTenant,
) -> None:
    """The same answer again is refused, and changes nothing."""
    client = client_as(people.creator)
    answer = sign_in(reachable_tenant, go_to_provider(client, connection), AP)
    assert client.get(CALLBACK, answer).status_code == 302
    kept = ConnectionToken.objects.get().generation
    again = client.get(CALLBACK, answer)
    assert again.status_code == 400
    assert "Start the sign-in again" in again.content.decode()
    assert ConnectionToken.objects.get().generation == kept


def test_an_answer_counts_in_the_browser_that_asked(
    connection: OAuthConnection,
    people: People,
    client_as: Callable[..., Client],
    reachable_tenant: RunningTenant,
) -> None:
    """An attacker cannot have a victim finish the attacker's sign-in, nor finish a victim's in another browser."""
    answer = sign_in(reachable_tenant, go_to_provider(client_as(people.creator), connection), AP)
    others = [client_as(people.creator), client_as(people.administrator)]
    for other in others:
        go_to_provider(other, connection)  # so that it has a cookie of its own
    for other in (*others, client_as()):
        assert other.get(CALLBACK, answer).status_code == 400
    assert not ConnectionToken.objects.exists()
    refusal = AuditEntry.objects.filter(event="CONNECTED", outcome="refused").count()
    assert refusal == 3


def test_an_answer_counts_for_the_person_who_asked(
    connection: OAuthConnection,
    people: People,
    client_as: Callable[..., Client],
    reachable_tenant: RunningTenant,
) -> None:
    """Where another person signed in to the Control Room meanwhile, in the same browser, nothing is kept."""
    client = client_as(people.creator)
    answer = sign_in(reachable_tenant, go_to_provider(client, connection), AP)
    client.force_login(create_user("colleague", role="Bot creator"))
    assert client.get(CALLBACK, answer).status_code == 400
    assert not ConnectionToken.objects.exists()


def test_an_answer_is_too_late_after_ten_minutes(
    connection: OAuthConnection,
    people: People,
    client_as: Callable[..., Client],
    reachable_tenant: RunningTenant,
) -> None:
    """What comes back after its time is refused."""
    client = client_as(people.creator)
    answer = sign_in(reachable_tenant, go_to_provider(client, connection), AP)
    left = SignInAttempt.objects.get().expires - timezone.now()
    assert timedelta(minutes=9) < left <= timedelta(minutes=10)
    SignInAttempt.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert client.get(CALLBACK, answer).status_code == 400
    assert not ConnectionToken.objects.exists()


def test_who_lost_the_right_meanwhile_keeps_nothing(
    connection: OAuthConnection,
    people: People,
    client_as: Callable[..., Client],
    reachable_tenant: RunningTenant,
) -> None:
    """A role that was uninvited while its member signed in does not count any more."""
    client = client_as(people.creator)
    answer = sign_in(reachable_tenant, go_to_provider(client, connection), AP)
    connection.roles.clear()
    assert client.get(CALLBACK, answer).status_code == 400
    assert not ConnectionToken.objects.exists()


@pytest.mark.parametrize(
    "query", [{}, {"state": ""}, {"state": "made-up", "code": "made-up"}, {"error": "x"}]
)
def test_answers_to_nothing_are_refused(
    connection: OAuthConnection, people: People, client_as: Callable[..., Client], query: dict[str, str]
) -> None:
    """Whoever opens the callback address by themselves is told so, signed in or not."""
    assert client_as().get(CALLBACK, query).status_code == 400
    client = client_as(people.administrator)
    go_to_provider(client, connection)
    assert client.get(CALLBACK, query).status_code == 400


def test_a_cancelled_sign_in_is_told_at_the_row(
    connection: OAuthConnection,
    people: People,
    client_as: Callable[..., Client],
    reachable_tenant: RunningTenant,
) -> None:
    """What the provider says in an error is told in a sentence on the row that the person came from, once."""
    client = client_as(people.creator)
    answer = sign_in(reachable_tenant, go_to_provider(client, connection), AP, accept=False)
    back = client.get(CALLBACK, answer)
    assert back.headers["Location"] == "/me/connections/"
    page = client.get("/me/connections/").content.decode()
    assert 'role="alert"' in page
    assert "declined" in page
    assert 'role="alert"' not in client.get("/me/connections/").content.decode()


def test_a_failed_sign_in_leaves_the_earlier_one(
    connection: OAuthConnection,
    people: People,
    client_as: Callable[..., Client],
    reachable_tenant: RunningTenant,
) -> None:
    """Login again that comes to nothing takes nothing away."""
    client = client_as(people.creator)
    sign_in_by_pages(client, connection, reachable_tenant, AP)
    url = go_to_provider(client, connection)
    state = parse_qs(urlsplit(url).query)["state"][0]
    client.get(CALLBACK, {"state": state, "error": "access_denied"})
    assert ConnectionToken.objects.get().encrypted is not None
    assert "Active" in client.get("/me/connections/").content.decode()


def test_a_sign_in_begins_with_a_form_of_ours_alone(
    connection: OAuthConnection, people: People, client_as: Callable[..., Client]
) -> None:
    """A link, or a form of another site, begins none: else it could exchange the Shared sign-in."""
    client = client_as(people.administrator, enforce_csrf_checks=True)
    for whose in ("mine", "shared"):
        address = f"/oauth/start/{connection.pk}/{whose}"
        assert not client.get(address).headers["Location"].startswith("http")
        assert client.post(address).status_code == 403
    assert not SignInAttempt.objects.exists()


def test_nothing_in_a_request_says_where_to_come_back_to(
    connection: OAuthConnection, people: People, client_as: Callable[..., Client]
) -> None:
    """Whatever address a form or a link brings along, one comes back to a page of ours."""
    elsewhere = dict.fromkeys(("return_to", "next", "new", "redirect_uri"), "https://evil.example/")
    for whose in ("mine", "shared"):
        go_to_provider(client_as(people.administrator), connection, whose, **elsewhere)
    assert not SignInAttempt.objects.exclude(return_to__startswith="/").exists()
    assert not SignInAttempt.objects.filter(return_to__contains="evil").exists()


def test_who_may_not_is_refused_and_audited(
    connection: OAuthConnection, people: People, client_as: Callable[..., Client]
) -> None:
    """Who is not invited finds nothing; who does not manage connections may not sign in for the Shared token."""
    assert client_as(people.auditor).post(f"/oauth/start/{connection.pk}/mine").status_code == 404
    assert client_as(people.creator).post(f"/oauth/start/{connection.pk}/shared").status_code == 403
    assert AuditEntry.objects.filter(event="ACCESS_REFUSED", actor="creator").exists()


def test_the_way_out_keeps_to_our_own_policy(
    connection: OAuthConnection, people: People, client_as: Callable[..., Client]
) -> None:
    """The page that leads on widens no policy, is not cached, and sets a cookie that scripts cannot read."""
    response = client_as(people.creator).post(f"/oauth/start/{connection.pk}/mine")
    assert "form-action 'self'" in response.headers["Content-Security-Policy"]
    assert "no-store" in response.headers["Cache-Control"]
    cookie = response.cookies["postroom_sign_in"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
