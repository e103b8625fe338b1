"""Tokens of connections: kept, given out, refreshed once, and what happens when that fails."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from postroom import errors
from postroom.controlroom.accounts.models import User
from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.models import AuditEntry
from postroom.controlroom.connections import tokens
from postroom.controlroom.connections.leases import is_leased
from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection
from postroom.controlroom.vault.master_keys import ensure_key
from postroom.values import Secret
from support.people import People
from support.provider_connections import add_secret, count_token_requests, create_connection, sign_in_for
from support.tenant import RunningTenant

pytestmark = pytest.mark.django_db
AP = "ap@contoso.com"
TOKEN_ENDPOINT = "*/oauth2/v2.0/token"


@pytest.fixture(autouse=True)
def _vault(db: None) -> None:
    ensure_key()


@pytest.fixture
def signed_in(reachable_tenant: RunningTenant) -> OAuthConnection:
    """Give a connection for which somebody has signed in, with no request counted yet."""
    connection = create_connection(reachable_tenant)
    tokens.keep(connection, None, sign_in_for(connection, reachable_tenant))
    reachable_tenant.clear_requests()
    return connection


def change(connection: OAuthConnection, **fields: Any) -> None:
    """Change the row of the Shared token."""
    assert ConnectionToken.objects.filter(connection=connection, user=None).update(**fields)


def expire(connection: OAuthConnection) -> None:
    """Let the access token have ended."""
    change(connection, expires=timezone.now() - timedelta(seconds=1))


def get_row(connection: OAuthConnection) -> ConnectionToken:
    """Give the row of the Shared token."""
    row: ConnectionToken = ConnectionToken.objects.get(connection=connection, user=None)
    return row


def test_a_good_token_is_given_without_asking_anybody(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """The same token comes until it is too old; who asked when is noted."""
    first = tokens.get_access_token(signed_in, None, 300, "a bot")
    assert tokens.get_access_token(signed_in, None, 300, "a bot") == first
    assert first.signed_in_as == AP
    assert count_token_requests(reachable_tenant) == 0
    row = get_row(signed_in)
    assert row.last_used_by == "a bot"
    assert row.last_used is not None


def test_a_token_that_is_not_good_for_long_enough_is_refreshed(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """Who needs a token for longer than the kept one lasts gets another one, once."""
    first = tokens.get_access_token(signed_in, None)
    change(
        signed_in,
        expires=timezone.now() + timedelta(seconds=600),
        refreshed=timezone.now() - timedelta(hours=1),
    )
    assert tokens.get_access_token(signed_in, None, 500).token == first.token
    second = tokens.get_access_token(signed_in, None, 700)
    assert second.token != first.token
    assert second.expires > timezone.now() + timedelta(seconds=700)
    assert tokens.get_access_token(signed_in, None, 700).token == second.token
    assert count_token_requests(reachable_tenant) == 1


def test_more_than_a_provider_gives_cannot_be_asked(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """Where no token lives that long, a fresh one does, and not each request asks for another."""
    for _ in range(3):
        assert tokens.get_access_token(signed_in, None, 24 * 3600).token
    assert count_token_requests(reachable_tenant) == 0


def test_a_token_that_was_refused_is_replaced_once(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """All who were refused with the same token share the next one."""
    refused = tokens.get_access_token(signed_in, None).token
    second = tokens.get_access_token(signed_in, None, refused=refused.fingerprint()).token
    assert second != refused
    assert tokens.get_access_token(signed_in, None, refused=refused.fingerprint()).token == second
    assert count_token_requests(reachable_tenant) == 1


def test_each_user_has_a_token_of_their_own(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant, people: People
) -> None:
    """A User-specific token is the user's, and not the Shared one, nor another user's."""
    tokens.keep(signed_in, people.creator, sign_in_for(signed_in, reachable_tenant, "adele@contoso.com"))
    assert tokens.get_access_token(signed_in, people.creator).signed_in_as == "adele@contoso.com"
    assert tokens.get_access_token(signed_in, None).signed_in_as == AP
    with pytest.raises(errors.ConnectionNotReadyError, match=r"Nobody has signed in .* My settings"):
        tokens.get_access_token(signed_in, people.administrator)


def test_nothing_is_kept_in_plain_text(signed_in: OAuthConnection) -> None:
    """Neither token can be read in the row, and in another row it cannot be decrypted."""
    row = get_row(signed_in)
    token = tokens.get_access_token(signed_in, None).token.reveal().encode()
    assert token not in bytes(row.encrypted)
    assert b"RefreshToken" not in bytes(row.encrypted)
    other = OAuthConnection.objects.create(
        name="Another", provider="entra-global", grant_type="authorization_code", client_id="x"
    )
    ConnectionToken.objects.create(
        connection=other, encrypted=row.encrypted, expires=row.expires, refreshed=row.refreshed
    )
    with pytest.raises(errors.VaultDamagedError):
        tokens.get_access_token(other, None)


def test_a_token_that_was_forgotten_is_gone(signed_in: OAuthConnection) -> None:
    """Disconnect: there is nothing left to give, and nothing left to read."""
    assert tokens.forget(signed_in, None)
    assert not tokens.forget(signed_in, None)
    row = get_row(signed_in)
    assert (row.encrypted, row.signed_in_as, row.expires) == (None, "", None)
    with pytest.raises(errors.ConnectionNotReadyError, match="Nobody has signed in"):
        tokens.get_access_token(signed_in, None)


def test_an_app_that_acts_as_itself_needs_nobody(reachable_tenant: RunningTenant, people: People) -> None:
    """With client credentials the first request gets the token; there is none of a user."""
    connection = create_connection(reachable_tenant, app="Invoice bot", grant_type="client_credentials")
    reachable_tenant.clear_requests()
    first = tokens.get_access_token(connection, None)
    assert tokens.get_access_token(connection, None).token == first.token
    assert count_token_requests(reachable_tenant) == 1
    assert AuditEntry.objects.get(event=Event.TOKEN_REFRESHED.name).actor == "system"
    expire(connection)
    assert tokens.get_access_token(connection, None).token != first.token
    with pytest.raises(errors.ConnectionNotReadyError, match="Shared token alone"):
        tokens.get_access_token(connection, people.creator)


def test_a_sign_in_that_ended_is_told_and_not_asked_for_again(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """After one refusal Entra ID is left alone; the sentence says why, and who must sign in."""
    expire(signed_in)
    reachable_tenant.revoke(user=AP)
    for _ in range(3):
        with pytest.raises(
            errors.ConnectionNotReadyError, match=r"sign-in was ended: .* manages the connection"
        ):
            tokens.get_access_token(signed_in, None)
    assert count_token_requests(reachable_tenant) == 1
    assert get_row(signed_in).needs_sign_in
    tokens.keep(signed_in, None, sign_in_for(signed_in, reachable_tenant))
    assert tokens.get_access_token(signed_in, None).token
    assert not get_row(signed_in).needs_sign_in


def test_a_failure_cools_down(signed_in: OAuthConnection, reachable_tenant: RunningTenant) -> None:
    """What fails is repeated to everybody for a while, longer each time, and then tried again."""
    expire(signed_in)
    secret = signed_in.secrets.get()
    good, bad = secret.encrypted, "a-secret-that-was-replaced-at-microsoft"
    signed_in.secrets.all().delete()
    add_secret(signed_in, bad)
    pauses = []
    for attempt in range(1, 4):
        for _ in range(2):
            with pytest.raises(
                errors.ConnectionNotReadyError, match=r"refused the client secret.*not tried again"
            ):
                tokens.get_access_token(signed_in, None)
        assert count_token_requests(reachable_tenant) == attempt
        row = get_row(signed_in)
        assert not row.needs_sign_in
        pauses.append((row.cool_down_until - row.last_error_at).total_seconds())
        over = timezone.now() - timedelta(seconds=1)
        change(signed_in, cool_down_until=over, last_error_at=over - timedelta(seconds=pauses[-1]))
    assert pauses == [5, 10, 20]
    secret.encrypted = good
    signed_in.secrets.all().delete()
    secret.save()
    assert tokens.get_access_token(signed_in, None).token
    row = get_row(signed_in)
    assert (row.last_error, row.cool_down_until) == ("", None)


def test_a_cool_down_has_an_end() -> None:
    """However often it fails, it is tried again within a quarter of an hour."""
    connection = OAuthConnection.objects.create(
        name="One",
        provider="custom",
        grant_type="client_credentials",
        client_id="x",
        token_url="http://nowhere",
    )
    add_secret(connection, "a-secret-of-nothing-at-all")
    past = timezone.now() - timedelta(hours=1)
    ConnectionToken.objects.create(
        connection=connection,
        last_error="No.",
        last_error_at=past - timedelta(minutes=14),
        cool_down_until=past,
    )
    with pytest.raises(errors.ConnectionNotReadyError, match="https://"):
        tokens.get_access_token(connection, None)
    row = get_row(connection)
    assert row.cool_down_until - row.last_error_at == timedelta(minutes=15)


def test_a_good_token_is_given_while_refreshes_fail(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """Who needs the kept token for less long than it lasts does not notice that a refresh failed."""
    change(
        signed_in,
        expires=timezone.now() + timedelta(seconds=600),
        refreshed=timezone.now() - timedelta(hours=1),
        last_error="Microsoft does not answer.",
        cool_down_until=timezone.now() + timedelta(minutes=5),
    )
    assert tokens.get_access_token(signed_in, None, 300).token
    with pytest.raises(errors.ConnectionNotReadyError, match="does not answer"):
        tokens.get_access_token(signed_in, None, 900)


def during_refresh(monkeypatch: pytest.MonkeyPatch, do: Callable[[], Any]) -> None:
    """Let something happen after the provider has answered, and before that is kept."""
    ask = tokens._ask

    def ask_and_do(connection: OAuthConnection, token: ConnectionToken) -> Any:
        monkeypatch.setattr(tokens, "_ask", ask)
        try:
            return ask(connection, token)
        finally:
            do()

    monkeypatch.setattr(tokens, "_ask", ask_and_do)


def test_a_late_writer_does_not_overwrite_a_newer_token(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sign-in that comes while a refresh is under way stays, and is what the one who refreshed gets."""
    expire(signed_in)
    newer = sign_in_for(signed_in, reachable_tenant, "adele@contoso.com")
    during_refresh(monkeypatch, lambda: tokens.keep(signed_in, None, newer))
    assert tokens.get_access_token(signed_in, None).token == newer.access_token
    assert get_row(signed_in).signed_in_as == "adele@contoso.com"


def test_a_dead_refresh_token_does_not_end_a_newer_sign_in(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused, but somebody has signed in meanwhile: the store is read again before anything is called dead."""
    expire(signed_in)
    newer = sign_in_for(signed_in, reachable_tenant, "adele@contoso.com")
    reachable_tenant.revoke(user=AP)
    during_refresh(monkeypatch, lambda: tokens.keep(signed_in, None, newer))
    assert tokens.get_access_token(signed_in, None).token == newer.access_token
    assert not get_row(signed_in).needs_sign_in


def test_a_connection_that_is_deleted_meanwhile_is_told(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written for a connection that is not there any more."""
    expire(signed_in)
    during_refresh(monkeypatch, lambda: OAuthConnection.objects.filter(pk=signed_in.pk).delete())
    with pytest.raises(errors.RecordNotFoundError, match="deleted"):
        tokens.get_access_token(signed_in, None)


@pytest.fixture
def in_threads() -> Iterator[Callable[[int, Callable[[], Any]], list[Any]]]:
    """Run something in threads at once, each with a database connection of its own."""

    def run(count: int, do: Callable[[], Any]) -> list[Any]:
        results: list[Any] = []
        gate = threading.Barrier(count)

        def work() -> None:
            gate.wait()
            try:
                results.append(do())
            except errors.PostroomError as error:
                results.append(error)
            finally:
                database.close()

        threads = [threading.Thread(target=work) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    yield run


@pytest.mark.django_db(transaction=True)
def test_threads_share_one_refresh(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant, in_threads: Any
) -> None:
    """All who ask at once get the one new token."""
    expire(signed_in)
    given = in_threads(16, lambda: tokens.get_access_token(signed_in, None).token)
    assert len({Secret.reveal(token) for token in given}) == 1
    assert count_token_requests(reachable_tenant) == 1


@pytest.mark.django_db(transaction=True)
def test_threads_share_one_failure(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant, in_threads: Any
) -> None:
    """All who ask at once read the same sentence, and Entra ID was asked once."""
    expire(signed_in)
    reachable_tenant.revoke(user=AP)
    given = in_threads(16, lambda: tokens.get_access_token(signed_in, None))
    assert {type(error) for error in given} == {errors.ConnectionNotReadyError}
    assert count_token_requests(reachable_tenant) == 1


@pytest.mark.django_db(transaction=True)
def test_others_write_while_a_provider_is_slow(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant, in_threads: Any
) -> None:
    """No transaction is open while a provider is asked: what others write goes through meanwhile."""
    expire(signed_in)
    reachable_tenant.set_latency(1500)
    order = []

    def refresh_or_write() -> None:
        if not order:
            order.append("refresh begins")
            assert tokens.get_access_token(signed_in, None).token
            order.append("refresh ends")
        else:
            while not is_leased(get_row(signed_in).pk):
                time.sleep(0.02)
            User.objects.create(username="somebody-new")
            order.append("written")

    in_threads(2, refresh_or_write)
    reachable_tenant.set_latency(0)
    assert order == ["refresh begins", "written", "refresh ends"]
