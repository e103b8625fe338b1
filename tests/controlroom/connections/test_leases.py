"""Leases: one process at a time refreshes a token."""

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import connection as database
from django.utils import timezone

from postroom.controlroom.connections import leases
from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection

pytestmark = pytest.mark.django_db


@pytest.fixture
def token() -> ConnectionToken:
    """Give the row of a token."""
    connection = OAuthConnection.objects.create(name="One", provider="custom", client_id="x")
    made: ConnectionToken = ConnectionToken.objects.create(connection=connection)
    return made


def test_one_has_the_lease(token: ConnectionToken) -> None:
    """Others do not get it until it is given back; another token has its own."""
    other = ConnectionToken.objects.create(
        connection=OAuthConnection.objects.create(name="Two", provider="custom", client_id="x")
    )
    with leases.find_lease(token.pk) as first:
        assert first is not None
        assert leases.is_leased(token.pk)
        with leases.find_lease(token.pk) as second:
            assert second is None
        assert leases.is_leased(token.pk)
        with leases.find_lease(other.pk) as elsewhere:
            assert elsewhere is not None
    assert not leases.is_leased(token.pk)


def test_a_lease_is_given_back_when_its_work_fails(token: ConnectionToken) -> None:
    """Nobody waits for somebody who has given up."""
    with pytest.raises(LookupError), leases.find_lease(token.pk):
        raise LookupError
    with leases.find_lease(token.pk) as lease:
        assert lease is not None


def test_a_lease_whose_holder_is_gone_ends(token: ConnectionToken) -> None:
    """Another gets it afterwards, and the first one's return takes nothing away from them."""
    with leases.find_lease(token.pk) as first:
        ended = timezone.now() - timedelta(seconds=1)
        assert ConnectionToken.objects.filter(lease_holder=first).update(lease_until=ended)
        with leases.find_lease(token.pk) as second:
            assert second not in (None, first)
            leases._mine(token.pk, first).update(lease_holder=None, lease_until=None)
            assert leases.is_leased(token.pk)


@pytest.mark.django_db(transaction=True)
def test_a_holder_who_works_for_long_keeps_the_lease(
    token: ConnectionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its end is put off while the work goes on, from a thread of its own, and no longer."""
    monkeypatch.setattr(leases, "RENEWAL_SECONDS", 0.05)
    with leases.find_lease(token.pk):
        token.refresh_from_db()
        before = token.lease_until
        while token.lease_until == before:
            token.refresh_from_db()
        assert token.lease_until > before


@pytest.mark.django_db(transaction=True)
def test_of_threads_that_want_it_at_once_one_gets_it(token: ConnectionToken) -> None:
    """The database decides."""
    got, all_have_tried = [], Event()

    def want() -> None:
        with leases.find_lease(token.pk) as lease:
            got.append(lease)
            if len(got) == 8:
                all_have_tried.set()
            all_have_tried.wait(30)
        database.close()

    threads = [Thread(target=want) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([lease for lease in got if lease is not None]) == 1
