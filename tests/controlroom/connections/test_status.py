"""The status of tokens and connections, in one of five words."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.translation import override

from postroom.controlroom.connections.models import ClientSecret, ConnectionToken, OAuthConnection
from postroom.controlroom.connections.status import Status, get_status

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def create_token(grant_type: str = "authorization_code", **fields: Any) -> ConnectionToken:
    """Make the Shared token of a connection: fresh, unless a field says otherwise."""
    now = timezone.now()
    connection = OAuthConnection.objects.create(
        name="One",
        provider="entra-global",
        grant_type=grant_type,
        client_authentication="client_secret",
        client_id="client",
    )
    fresh = {"encrypted": b"kept", "expires": now + DAY / 24, "refreshed": now, "signed_in": now}
    return ConnectionToken.objects.create(connection=connection, **{**fresh, **fields})


def test_a_fresh_sign_in_is_active_and_stays_so_after_its_access_token() -> None:
    """What can be refreshed does not expire with an access token."""
    token = create_token(expires=timezone.now() - DAY)
    assert get_status(token) is Status.ACTIVE
    assert get_status(token.connection) is Status.ACTIVE


@pytest.mark.parametrize(
    ("slept", "status"), [(59, Status.ACTIVE), (61, Status.EXPIRES_SOON), (91, Status.EXPIRED)]
)
def test_a_sign_in_that_sleeps_expires(slept: int, status: Status) -> None:
    """Refresh tokens die after 90 days of sleep, and a warning comes a month before."""
    assert get_status(create_token(refreshed=timezone.now() - slept * DAY)) is status


def test_a_connection_that_nobody_signed_in_to_is_not_connected() -> None:
    """Neither without a row, nor with one that was forgotten."""
    token = create_token(encrypted=None, expires=None, refreshed=None)
    assert get_status(token) is Status.NOT_CONNECTED
    token.delete()
    assert get_status(OAuthConnection.objects.get()) is Status.NOT_CONNECTED


def test_a_sign_in_that_the_provider_ended_needs_another() -> None:
    """What is kept is of no use any more, and the status says what to do."""
    token = create_token(needs_sign_in=True, last_error="The password was changed. Sign in again.")
    assert get_status(token) is Status.NEEDS_SIGN_IN


@pytest.mark.parametrize(("left", "status"), [(1, Status.EXPIRES_SOON), (-1, Status.EXPIRED)])
def test_without_a_refresh_token_the_sign_in_ends_with_its_access_token(left: int, status: Status) -> None:
    """It expires soon from the beginning, where its access token is short-lived."""
    assert get_status(create_token(needs_sign_in=True, expires=timezone.now() + left * DAY / 24)) is status


def test_an_app_that_acts_as_itself_does_not_sleep() -> None:
    """With client credentials there is always another token."""
    long_ago = timezone.now() - 200 * DAY
    assert (
        get_status(create_token("client_credentials", refreshed=long_ago, expires=long_ago)) is Status.ACTIVE
    )


@pytest.mark.parametrize(
    ("days", "status"),
    [
        ((100,), Status.ACTIVE),
        ((10,), Status.EXPIRES_SOON),
        ((-1,), Status.EXPIRED),
        ((-1, 100), Status.ACTIVE),
        ((-1, None), Status.ACTIVE),
    ],
)
def test_a_connection_whose_client_secret_ends_tells_so(days: tuple[int | None, ...], status: Status) -> None:
    """The last of its secrets counts; of some nobody knows when they end."""
    connection = create_token().connection
    for left in days:
        ends = None if left is None else timezone.now().date() + left * DAY
        ClientSecret.objects.create(connection=connection, encrypted=b"kept", expires=ends)
    assert get_status(connection) is status


def test_a_status_reads_in_the_language_of_the_reader() -> None:
    """The value is the English word; the label is translated."""
    assert (Status.EXPIRES_SOON.value, Status.EXPIRES_SOON.label) == ("Expires soon", "Expires soon")
    with override("ja"):
        assert Status.ACTIVE.label
