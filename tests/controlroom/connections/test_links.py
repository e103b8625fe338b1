"""Links that the owner of a mailbox opens to sign in, without an account in the Control Room."""

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
from support.people import People
from support.provider_connections import create_connection
from support.round_trips import CALLBACK, read_departure, register_callback
from support.sign_in import sign_in
from support.tenant import RunningTenant

pytestmark = pytest.mark.django_db
ADELE = "adele@contoso.com"
LINK = "/oauth/link"


@pytest.fixture
def connection(people: People, reachable_tenant: RunningTenant) -> OAuthConnection:
    """Give a connection to the tenant, to which the role of bot creators is invited."""
    ensure_key()
    register_callback(reachable_tenant)
    made = create_connection(reachable_tenant, grant_type="authorization_code_pkce")
    made.roles.add(Role.objects.get(name="Bot creator"))
    return made


@pytest.fixture
def make_link(
    connection: OAuthConnection, people: People, client_as: Callable[..., Client]
) -> Callable[..., str]:
    """Make a link as an administrator does, and give its key."""

    def make(user: str = "") -> str:
        page = client_as(people.administrator).post(f"/connections/{connection.pk}/link/", {"user": user})
        return parse_qs(urlsplit(page.context["link"]).query)["key"][0]

    return make


def open_and_sign_in(client: Client, tenant: RunningTenant, key: str) -> dict[str, str]:
    """Press the button of the link's page, and sign in at the provider."""
    return sign_in(tenant, read_departure(client.post(LINK, {"key": key})), ADELE)


def test_the_owner_of_a_mailbox_signs_in_without_an_account(
    make_link: Callable[..., str],
    connection: OAuthConnection,
    client_as: Callable[..., Client],
    reachable_tenant: RunningTenant,
) -> None:
    """The page says who asks for what; whoever signs in becomes the Shared token; it is audited."""
    owner, key = client_as(), make_link()
    page = owner.get(LINK, {"key": key}).content.decode()
    assert "administrator asks you to sign in" in page
    assert connection.name in page
    assert "Mail.ReadWrite" in page
    done = owner.get(CALLBACK, open_and_sign_in(owner, reachable_tenant, key))
    assert done.status_code == 200
    assert f"signed in as {ADELE}" in done.content.decode()
    token = ConnectionToken.objects.get()
    assert (token.user, token.signed_in_as) == (None, ADELE)
    events = list(AuditEntry.objects.order_by("pk").values_list("event", flat=True))
    assert events[-3:] == ["SIGN_IN_LINK_CREATED", "SIGN_IN_STARTED", "CONNECTED"]


def test_a_link_can_be_for_one_user(
    make_link: Callable[..., str],
    people: People,
    client_as: Callable[..., Client],
    reachable_tenant: RunningTenant,
) -> None:
    """The sign-in becomes the User-specific token of the user whom the link is for."""
    owner, key = client_as(), make_link("creator")
    assert "Bots that run for creator" in owner.get(LINK, {"key": key}).content.decode()
    owner.get(CALLBACK, open_and_sign_in(owner, reachable_tenant, key))
    assert ConnectionToken.objects.get().user == people.creator


def test_a_link_is_for_users_who_may_use_the_connection(
    connection: OAuthConnection, people: People, client_as: Callable[..., Client]
) -> None:
    """None is made for somebody who is not invited."""
    answer = client_as(people.administrator).post(f"/connections/{connection.pk}/link/", {"user": "auditor"})
    assert answer.status_code == 302
    assert not SignInAttempt.objects.exists()


def test_a_link_is_good_once(
    make_link: Callable[..., str], client_as: Callable[..., Client], reachable_tenant: RunningTenant
) -> None:
    """After a sign-in it is nothing any more, in whatever browser."""
    owner, key = client_as(), make_link()
    owner.get(CALLBACK, open_and_sign_in(owner, reachable_tenant, key))
    for browser in (owner, client_as()):
        assert browser.get(LINK, {"key": key}).status_code == 400
        assert browser.post(LINK, {"key": key}).status_code == 400


def test_looking_at_a_link_does_not_use_it_up(
    make_link: Callable[..., str], client_as: Callable[..., Client]
) -> None:
    """What looks through mail for danger opens links: that binds it to nobody."""
    key = make_link()
    for _ in range(3):
        assert client_as().get(LINK, {"key": key}).status_code == 200


def test_a_link_belongs_to_the_browser_that_went_on_with_it(
    make_link: Callable[..., str], client_as: Callable[..., Client], reachable_tenant: RunningTenant
) -> None:
    """Once somebody went on, another browser cannot; the same may try again after a cancelled sign-in."""
    owner, other, key = client_as(), client_as(), make_link()
    url = read_departure(owner.post(LINK, {"key": key}))
    assert other.post(LINK, {"key": key}).status_code == 400
    cancelled = owner.get(CALLBACK, sign_in(reachable_tenant, url, ADELE, accept=False))
    assert cancelled.status_code == 400
    assert not ConnectionToken.objects.exists()
    answer = open_and_sign_in(owner, reachable_tenant, key)
    assert other.get(CALLBACK, answer).status_code == 400
    assert owner.get(CALLBACK, answer).status_code == 200


def test_a_link_is_good_for_thirty_minutes(
    make_link: Callable[..., str], client_as: Callable[..., Client]
) -> None:
    """A link that is too old says so, and whom to ask."""
    key = make_link()
    left = SignInAttempt.objects.get().expires - timezone.now()
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    SignInAttempt.objects.update(expires=timezone.now() - timedelta(seconds=1))
    page = client_as().get(LINK, {"key": key})
    assert page.status_code == 400
    assert "Ask whoever sent it" in page.content.decode()


def test_only_a_hash_of_a_link_is_kept(
    make_link: Callable[..., str], client_as: Callable[..., Client], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the database nor the log nor the audit trail can give a link away."""
    key = make_link()
    client_as().get(LINK, {"key": key})
    kept = str(list(SignInAttempt.objects.values())) + str(list(AuditEntry.objects.values()))
    assert len(key) >= 43
    assert key not in kept + caplog.text


@pytest.mark.parametrize("key", ["", "made-up", "\x00", "ü" * 500])
def test_links_that_were_never_made_are_refused(client_as: Callable[..., Client], key: str, db: None) -> None:
    """A guessed link gives a page that says what to do, and nothing else."""
    assert client_as().get(LINK, {"key": key}).status_code == 400
    assert client_as().post(LINK, {"key": key}).status_code == 400
    assert client_as().get(LINK).status_code == 400


def test_the_button_of_a_link_is_ours_alone(
    make_link: Callable[..., str], client_as: Callable[..., Client]
) -> None:
    """Another site cannot press it for its visitor."""
    assert client_as(enforce_csrf_checks=True).post(LINK, {"key": make_link()}).status_code == 403


def test_only_who_manages_connections_makes_links(
    connection: OAuthConnection, people: People, client_as: Callable[..., Client]
) -> None:
    """Others are refused."""
    assert client_as(people.creator).post(f"/connections/{connection.pk}/link/").status_code == 403
    assert not SignInAttempt.objects.exists()
