"""The pages of connections: the list, one connection, and what is done there."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from postroom.controlroom.accounts.models import Role
from postroom.controlroom.audit.models import AuditEntry
from postroom.controlroom.connections import tokens
from postroom.controlroom.connections.client_secrets import reveal_secret
from postroom.controlroom.connections.models import ClientSecret, ConnectionToken, OAuthConnection
from postroom.controlroom.connections.testing import read_report
from postroom.controlroom.vault.master_keys import ensure_key
from support.people import People
from support.provider_connections import create_connection, sign_in_for
from support.round_trips import fill_client, register_callback
from support.tenant import RunningTenant

pytestmark = pytest.mark.django_db
LIST = "/connections/oauthconnection/"
CHANGED_NAME = "Outlook365-Changed"


@pytest.fixture
def connection(people: People, reachable_tenant: RunningTenant) -> OAuthConnection:
    """Give a connection to the tenant, to which the role of bot creators is invited."""
    ensure_key()
    made = create_connection(reachable_tenant, grant_type="authorization_code_pkce")
    made.roles.add(Role.objects.get(name="Bot creator"))
    return made


@pytest.fixture
def administrator(people: People, client_as: Callable[..., Client]) -> Client:
    """Give the browser of an administrator."""
    return client_as(people.administrator)


def read_text(response: object) -> str:
    """Give what a page says, in one line."""
    return re.sub(r"\s+", " ", response.content.decode())  # type: ignore[attr-defined]


def test_the_list_says_how_each_connection_stands(
    administrator: Client, connection: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """Before the sign-in, after it, and when it failed, with the error in a sentence."""
    assert administrator.get("/connections/").headers["Location"] == LIST
    assert "Not connected" in read_text(administrator.get(LIST))
    tokens.keep(connection, None, sign_in_for(connection, reachable_tenant))
    assert "Active" in read_text(administrator.get(LIST))
    ConnectionToken.objects.update(needs_sign_in=True, last_error="The password was changed. Sign in again.")
    page = read_text(administrator.get(LIST))
    assert "Needs sign-in" in page
    assert "The password was changed. Sign in again." in page


def test_the_list_and_the_page_say_who_used_it(
    administrator: Client, connection: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """The last use is told with its user and time."""
    tokens.keep(connection, None, sign_in_for(connection, reachable_tenant))
    tokens.get_access_token(connection, None, used_by="creator · desk")
    for page in (LIST, f"/connections/{connection.pk}/"):
        assert "creator · desk" in read_text(administrator.get(page))


@pytest.mark.parametrize(("days", "says"), [(200, "200 days left"), (5, "5 days left"), (-1, "expired on")])
def test_the_page_counts_the_days_of_a_secret(
    administrator: Client, connection: OAuthConnection, days: int, says: str
) -> None:
    """Days that are left are shown at the secret; when they are few, on top of the page and of the list too."""
    connection.secrets.update(expires=timezone.now().date() + timedelta(days=days))
    page = read_text(administrator.get(f"/connections/{connection.pk}/"))
    assert says in page
    for text in (page, read_text(administrator.get(LIST))):
        assert ("Make a new one at the provider" in text) is (days < 30)


def test_a_new_secret_stands_beside_the_old_one_until_that_is_removed(
    administrator: Client, connection: OAuthConnection
) -> None:
    """Two during a change; a third is refused, and so is removing the only one."""
    base = f"/connections/{connection.pk}/"
    old = connection.secrets.get()
    administrator.post(
        f"{base}secret/", {"client_secret": "the-second-secret", "secret_expires": "2031-05-01"}
    )
    newest = connection.secrets.first()
    assert reveal_secret(newest).reveal() == "the-second-secret"
    page = administrator.post(f"{base}secret/", {"client_secret": "the-third-secret"})
    assert "There are two already" in read_text(page)
    administrator.post(f"{base}secret/{old.pk}/remove/")
    assert list(connection.secrets.all()) == [newest]
    administrator.post(f"{base}secret/{newest.pk}/remove/")
    assert connection.secrets.count() == 1
    assert "This is the only one" in read_text(administrator.get(base))


def test_a_secret_of_another_connection_is_not_removed(
    administrator: Client, connection: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """The address names connection and secret, and both must belong together."""
    other = create_connection(reachable_tenant, name="Other")
    secret = other.secrets.get()
    assert administrator.post(f"/connections/{connection.pk}/secret/{secret.pk}/remove/").status_code == 404
    assert ClientSecret.objects.filter(pk=secret.pk).exists()


def edit(client: Client, connection: OAuthConnection, tenant: RunningTenant, **changed: str) -> object:
    """Save the edit page with these fields changed and no secret typed."""
    fields = fill_client(tenant, client_secret="", scopes="Mail.ReadWrite Mail.Send")
    return client.post(
        f"/connections/{connection.pk}/edit/",
        {"name": connection.name, "description": "", **fields, **changed},
    )


def test_editing_keeps_the_secret_and_the_sign_ins(
    administrator: Client, connection: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """A new name takes nothing away, and the page never holds the secret."""
    tokens.keep(connection, None, sign_in_for(connection, reachable_tenant))
    page = administrator.get(f"/connections/{connection.pk}/edit/")
    assert reachable_tenant.app("Portal bot")["client_secret"] not in page.content.decode()
    edit(administrator, connection, reachable_tenant, name=CHANGED_NAME, secret_expires="2031-05-01")
    connection.refresh_from_db()
    assert connection.name == CHANGED_NAME
    assert f"{connection.secrets.get().expires}" == "2031-05-01"
    assert ConnectionToken.objects.get().encrypted is not None


def test_editing_the_client_ends_the_sign_ins(
    administrator: Client, connection: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """Tokens of another client or other scopes are no good, so that people are told to sign in again."""
    tokens.keep(connection, None, sign_in_for(connection, reachable_tenant))
    edit(administrator, connection, reachable_tenant, scopes="Mail.Read")
    assert ConnectionToken.objects.get().encrypted is None
    assert "everybody has to sign in again" in read_text(administrator.get(f"/connections/{connection.pk}/"))


def test_a_secret_is_sent_only_where_it_was_entered_for(
    administrator: Client, people: People, db: None
) -> None:
    """Whoever changes the token URL enters the secret anew: else that would be the way to read it."""
    ensure_key()
    administrator.post("/connections/new/", {"provider": "custom", "name": "Custom"})
    fields = {
        "grant_type": "client_credentials",
        "client_authentication": "client_secret",
        "client_id": "bot",
        "token_url": "http://127.0.0.1:9/token",
        "client_secret": "a-secret-for-the-first-address",
    }
    administrator.post("/connections/new/client/", fields)
    connection = OAuthConnection.objects.get()
    moved = {**fields, "name": "Custom", "client_secret": "", "token_url": "http://127.0.0.1:10/token"}
    page = administrator.post(f"/connections/{connection.pk}/edit/", moved)
    assert list(page.context["form"].errors) == ["client_secret"]
    administrator.post(
        f"/connections/{connection.pk}/edit/", {**moved, "client_secret": "another-secret-of-it"}
    )
    assert reveal_secret(connection.secrets.get()).reveal() == "another-secret-of-it"


def test_test_again_keeps_its_report(
    administrator: Client, connection: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """The report of the last test stands on the page, good or bad."""
    base = f"/connections/{connection.pk}/"
    administrator.post(f"{base}test/")
    connection.refresh_from_db()
    assert read_report(connection)[-2].title == "App and callback URL"
    assert "Something did not hold" in read_text(administrator.get(base))
    register_callback(reachable_tenant)
    administrator.post(f"{base}test/")
    assert "Everything held" in read_text(administrator.get(base))


def test_disconnecting_forgets_one_sign_in(
    administrator: Client, people: People, connection: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """Of the Shared token and a user's own, the one that was meant is forgotten."""
    grant = sign_in_for(connection, reachable_tenant)
    tokens.keep(connection, None, grant)
    tokens.keep(connection, people.creator, grant)
    for nobody in ("auditor", "\0"):
        answer = administrator.post(f"/connections/{connection.pk}/disconnect/", {"user": nobody})
        assert answer.status_code == 404
    administrator.post(f"/connections/{connection.pk}/disconnect/", {"user": "creator"})
    kept = {token.user: token.encrypted is not None for token in ConnectionToken.objects.all()}
    assert kept == {None: True, people.creator: False}
    administrator.post(f"/connections/{connection.pk}/disconnect/")
    assert not ConnectionToken.objects.exclude(encrypted=None).exists()
    assert AuditEntry.objects.filter(event="DISCONNECTED").count() == 2


def test_deleting_asks_first_and_takes_everything_along(
    administrator: Client, connection: OAuthConnection
) -> None:
    """Secrets and tokens go with the connection."""
    page = f"/connections/{connection.pk}/delete/"
    assert "cannot be undone" in read_text(administrator.get(page))
    assert OAuthConnection.objects.exists()
    administrator.post(page)
    assert not OAuthConnection.objects.exists()
    assert not ClientSecret.objects.exists()


def test_who_is_invited_sees_and_changes_nothing(
    connection: OAuthConnection, people: People, client_as: Callable[..., Client]
) -> None:
    """A member of an invited role sees the connection without anything to press."""
    client = client_as(people.creator)
    page = read_text(client.get(f"/connections/{connection.pk}/"))
    assert connection.client_id in page
    assert "/oauth/start/" not in page
    assert "/edit/" not in page
    assert connection.name in read_text(client.get(LIST))


def test_who_is_not_invited_sees_no_connection(
    connection: OAuthConnection, people: People, client_as: Callable[..., Client]
) -> None:
    """To view connections is to view those that one is invited to."""
    client = client_as(people.auditor)
    assert client.get(f"/connections/{connection.pk}/").status_code == 404
    page = read_text(client.get(LIST))
    assert connection.name not in page
    assert "No connections yet" in page


@pytest.mark.parametrize("page", ["edit/", "test/", "roles/", "secret/", "link/", "delete/"])
def test_changing_needs_the_permission(
    connection: OAuthConnection, people: People, client_as: Callable[..., Client], page: str
) -> None:
    """Who is invited, and no more, is refused at every page that changes something."""
    client = client_as(people.creator)
    for method in (client.get, client.post):
        assert method(f"/connections/{connection.pk}/{page}").status_code == 403
