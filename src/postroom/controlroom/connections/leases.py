"""Leases: which process refreshes a token at the moment, across threads, processes and hosts.

A lease is two columns of the token's row, taken by one conditional UPDATE, so that SQLite and PostgreSQL decide who
gets it. It ends by itself, and its holder puts the end off while it works: who is killed holds nobody up for long. All
times are the database's, because the clocks of hosts differ.
"""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread

from django.db import Error, connection, models
from django.db.models.functions import Now

from postroom.controlroom.connections.models import ConnectionToken

LEASE_SECONDS = 15.0
RENEWAL_SECONDS = 5.0
LONGEST_WORK_SECONDS = 180.0
"""After that the holder is taken to hang, and does not put the end off any more."""

logger = logging.getLogger("postroom.controlroom.connections")


@contextmanager
def find_lease(token_id: uuid.UUID) -> Iterator[uuid.UUID | None]:
    """Take the lease of a token, and give it back at the end; None where another has it."""
    holder = uuid.uuid4()
    if not _take(token_id, holder):
        yield None
        return
    done = Event()
    renewal = Thread(target=_renew, args=(token_id, holder, done), name="lease renewal", daemon=True)
    renewal.start()
    try:
        yield holder
    finally:
        done.set()
        renewal.join()
        _mine(token_id, holder).update(lease_holder=None, lease_until=None)


def is_leased(token_id: uuid.UUID) -> bool:
    """Whether somebody has the lease of a token at the moment."""
    return bool(ConnectionToken.objects.filter(pk=token_id, lease_until__gt=Now()).exists())


def _take(token_id: uuid.UUID, holder: uuid.UUID) -> bool:
    # A look first: an UPDATE waits for every other writer on SQLite, even where it changes nothing.
    if is_leased(token_id):
        return False
    free = models.Q(lease_until__isnull=True) | models.Q(lease_until__lte=Now())
    return bool(
        ConnectionToken.objects.filter(free, pk=token_id).update(
            lease_holder=holder, lease_until=Now() + timedelta(seconds=LEASE_SECONDS)
        )
    )


def _renew(token_id: uuid.UUID, holder: uuid.UUID, done: Event) -> None:
    """Put the end of the lease off, from a thread of its own with a database connection of its own."""
    try:
        for _ in range(int(LONGEST_WORK_SECONDS / RENEWAL_SECONDS)):
            if done.wait(RENEWAL_SECONDS):
                return
            _mine(token_id, holder).update(lease_until=Now() + timedelta(seconds=LEASE_SECONDS))
    except Error:
        # The lease ends by itself; what is written afterwards is fenced by its generation.
        logger.warning("The lease of a token could not be put off.", exc_info=True)
    finally:
        connection.close()


def _mine(token_id: uuid.UUID, holder: uuid.UUID) -> "models.QuerySet[ConnectionToken]":
    return ConnectionToken.objects.filter(pk=token_id, lease_holder=holder)
