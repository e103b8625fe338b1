"""Leading: which process begins what is due, one at a time across threads, processes and hosts.

A lease is a row that is taken and put off by one conditional UPDATE, so that SQLite and PostgreSQL decide who has it.
It ends by itself, and all times are the database's, because the clocks of hosts differ. What the leader begins is
fenced besides: runs by their id, checkpoints by their generation.
"""

import uuid
from datetime import timedelta

from django.db import models
from django.db.models.functions import Now

from postroom.controlroom.runs.models import Lease

LEASE_SECONDS = 20.0
"""How long nobody else leads after the leader was heard of last."""


def lead(name: str, holder: uuid.UUID, lease_seconds: float = LEASE_SECONDS) -> bool:
    """Say whether this holder leads, from now on or still; who does calls again well before the lease ends."""
    # A look first: an UPDATE waits for every other writer on SQLite, even where it changes nothing.
    if Lease.objects.filter(name=name, until__gt=Now()).exclude(holder=holder).exists():
        return False
    Lease.objects.get_or_create(name=name)
    free = models.Q(holder=holder) | models.Q(until__isnull=True) | models.Q(until__lte=Now())
    until = Now() + timedelta(seconds=lease_seconds)
    return bool(Lease.objects.filter(free, name=name).update(holder=holder, until=until))


def step_down(name: str, holder: uuid.UUID) -> None:
    """Let somebody else lead at once; does nothing where this holder does not lead."""
    Lease.objects.filter(name=name, holder=holder).update(holder=None, until=None)
