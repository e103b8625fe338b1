"""Keep-alive: what nobody uses is refreshed long before it dies."""

import logging
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from postroom.controlroom.connections import keep_alive, leases, tokens
from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection
from postroom.controlroom.vault.master_keys import ensure_key
from support.provider_connections import count_token_requests, create_connection, sign_in_for
from support.tenant import RunningTenant

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def signed_in(db: None, reachable_tenant: RunningTenant) -> OAuthConnection:
    """Give a connection for which somebody has signed in, with no request counted yet."""
    ensure_key()
    connection = create_connection(reachable_tenant)
    tokens.keep(connection, None, sign_in_for(connection, reachable_tenant))
    reachable_tenant.clear_requests()
    return connection


def sleep(connection: OAuthConnection, days: int, **fields: Any) -> ConnectionToken:
    """Let the Shared token have slept for so many days."""
    long_ago = timezone.now() - days * DAY
    ConnectionToken.objects.filter(connection=connection).update(
        refreshed=long_ago, expires=long_ago + DAY / 24, **fields
    )
    token: ConnectionToken = ConnectionToken.objects.get(connection=connection)
    return token


def test_a_token_that_sleeps_is_refreshed_once(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """After 30 days nobody need have used it for it to stay alive."""
    token = sleep(signed_in, 31)
    assert keep_alive.refresh_all_sleeping() == 1
    assert keep_alive.refresh_all_sleeping() == 0
    assert count_token_requests(reachable_tenant) == 1
    token.refresh_from_db()
    assert timezone.now() - token.refreshed < DAY
    assert token.last_used is None


def test_a_token_that_is_used_is_left_alone(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """Neither what was refreshed lately, nor what cannot be refreshed, is asked for."""
    sleep(signed_in, 29)
    assert keep_alive.refresh_all_sleeping() == 0
    sleep(signed_in, 31, needs_sign_in=True)
    assert keep_alive.refresh_all_sleeping() == 0
    sleep(signed_in, 31, needs_sign_in=False, cool_down_until=timezone.now() + DAY)
    assert keep_alive.refresh_all_sleeping() == 0
    assert count_token_requests(reachable_tenant) == 0


def test_of_several_processes_one_refreshes(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """What another process has the lease of is left to it."""
    token = sleep(signed_in, 31)
    with leases.find_lease(token.pk):
        assert keep_alive.refresh_all_sleeping() == 0
    assert count_token_requests(reachable_tenant) == 0


def test_a_failure_is_logged_and_shown(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant, caplog: pytest.LogCaptureFixture
) -> None:
    """The others go on, and the row says what happened."""
    token = sleep(signed_in, 31)
    reachable_tenant.revoke(user="ap@contoso.com")
    with caplog.at_level(logging.WARNING):
        assert keep_alive.refresh_all_sleeping() == 0
    assert "Outlook365-Production" in caplog.text
    token.refresh_from_db()
    assert token.needs_sign_in
    assert "Sign in again" in token.last_error


@pytest.mark.django_db(transaction=True)
def test_it_runs_until_it_is_told_to_stop(
    signed_in: OAuthConnection, reachable_tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a thread of the server; a round that fails is not its end."""
    token = sleep(signed_in, 31)
    rounds = []

    def fail_once(stop: threading.Event) -> int:
        rounds.append(stop)
        if len(rounds) == 1:
            raise RuntimeError("The database is away.")
        return real(stop)

    real = keep_alive.refresh_all_sleeping
    monkeypatch.setattr(keep_alive, "refresh_all_sleeping", fail_once)
    monkeypatch.setattr(keep_alive, "ROUND_SECONDS", 0.05)
    stop = threading.Event()
    thread = threading.Thread(target=keep_alive.run_forever, args=(stop,))
    thread.start()
    while timezone.now() - token.refreshed > DAY:
        assert thread.is_alive()
        stop.wait(0.02)
        token.refresh_from_db()
    stop.set()
    thread.join()
    assert count_token_requests(reachable_tenant) == 1
