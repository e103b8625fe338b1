"""What a worker does beside its runs: begin what is due, look for mail, tell of failures; one worker for all.

Each has a thread of its own, so that a mailbox that takes minutes to answer holds no schedule up.
"""

import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event, Thread

from django.db import Error, close_old_connections, connection
from django.utils import timezone

from postroom.controlroom.runs.alerts.telling import tell_of_failures
from postroom.controlroom.runs.schedules.records import begin_due_runs
from postroom.controlroom.runs.triggers.looking import poll_due
from postroom.controlroom.runs.triggers.mailboxes import open_mailboxes
from postroom.controlroom.runs.workers.leading import LEASE_SECONDS, lead, step_down

ROUND_SECONDS = 1.0
ALERT_SECONDS = 15.0
END_SECONDS = 5.0

logger = logging.getLogger("postroom.controlroom.runs")


@contextmanager
def ticking(lease_seconds: float = LEASE_SECONDS) -> Iterator[None]:
    """Do all of this while the block runs, whenever this worker is the one that leads."""
    stop = Event()
    threads = [
        Thread(target=_tick, args=(name, work, pause_seconds, lease_seconds, stop), name=name, daemon=True)
        for name, work, pause_seconds in _WORKS
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(END_SECONDS)
        open_mailboxes.close_all()


_WORKS: tuple[tuple[str, Callable[[datetime], int], float], ...] = (
    ("schedules", begin_due_runs, ROUND_SECONDS),
    ("triggers", poll_due, ROUND_SECONDS),
    ("alerts", tell_of_failures, ALERT_SECONDS),
)


def _tick(
    name: str, work: Callable[[datetime], int], pause_seconds: float, lease_seconds: float, stop: Event
) -> None:
    holder = uuid.uuid4()
    try:
        while not stop.wait(pause_seconds):
            _do(name, work, holder, max(lease_seconds, 2 * pause_seconds))
        step_down(name, holder)
    except Error:
        # The lease ends by itself.
        logger.debug("The lease of %s could not be given back.", name, exc_info=True)
    finally:
        connection.close()


def _do(name: str, work: Callable[[datetime], int], holder: uuid.UUID, lease_seconds: float) -> None:
    close_old_connections()
    try:
        if lead(name, holder, lease_seconds):
            work(timezone.now())
    except Exception:
        # The thread must outlive a database that is away for a while, and one record that nobody can read.
        logger.exception("Looking after %s failed.", name)
