"""Which workers live: each says so every few seconds, and its runs go back into the queue when it no longer does.

A worker that could not say so for a while (it was suspended, or lost the database) takes itself for dead before the
others do: it leaves its runs before their next step and begins anew under another name. So two work on one run for the
length of a step at most, and its journal takes only what the newer one writes.
"""

import logging
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Thread

from django.db import Error, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from postroom.controlroom.runs.models import Run, RunStatus, Worker
from postroom.controlroom.runs.queueing import end_tree, queue_again

LEASE_SECONDS = 20.0
"""How long after the last sign of a worker the others take its runs."""
OWN_SHARE = 0.7
"""After this part of the time a worker takes itself for dead."""
BEATS_A_LEASE = 5
LONGEST_NAME = 60
MOST_LOSSES = 10
"""How many workers in a row a run may end; more are its own doing."""

logger = logging.getLogger("postroom.controlroom.runs")


def read_clock() -> float:
    """Seconds that also pass while the machine sleeps, where the system counts them."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@dataclass
class Life:
    """A worker's time from its first sign to its last, under one id."""

    id: str
    lease_seconds: float = LEASE_SECONDS
    seen_seconds: float = field(default_factory=read_clock)
    is_over: bool = False

    @property
    def is_lost(self) -> bool:
        """Whether others may have taken its runs."""
        return self.is_over or read_clock() - self.seen_seconds > self.lease_seconds * OWN_SHARE

    def beat(self) -> None:
        """Give a sign of life; it is over where the others have noticed that there was none."""
        before = read_clock()
        if self.is_lost or not Worker.objects.filter(pk=self.id, stopped=None).update(last_seen=Now()):
            self.is_over = True
        else:
            self.seen_seconds = before

    def end(self) -> None:
        """Say that there will be no more signs."""
        self.is_over = True
        Worker.objects.filter(pk=self.id, stopped=None).update(stopped=Now())


def begin_life(name: str = "", lease_seconds: float = LEASE_SECONDS) -> Life:
    """Enter a worker into the list of workers."""
    host = socket.gethostname()
    life = Life(f"{(name or host)[:LONGEST_NAME]}-{uuid.uuid4().hex[:12]}", lease_seconds)
    Worker.objects.create(pk=life.id, host=host[:255], last_seen=Now())
    return life


@contextmanager
def beating(life: Life) -> Iterator[None]:
    """Let a thread give the signs of a life."""
    done = Event()
    thread = Thread(target=_beat, args=(life, done), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _beat(life: Life, done: Event) -> None:
    try:
        while not done.wait(life.lease_seconds / BEATS_A_LEASE):
            try:
                life.beat()
            except Error:
                # The next one may get through; if none does for long, the life is lost by its own clock.
                logger.warning("A worker's sign of life could not be written.", exc_info=True)
                connection.close()
            if life.is_over:
                return
    finally:
        connection.close()


def bury_dead(lease_seconds: float = LEASE_SECONDS) -> list[str]:
    """Put the runs of workers that give no sign back into the queue, and give the ids of these workers."""
    silent = Worker.objects.filter(stopped=None, last_seen__lt=Now() - timedelta(seconds=lease_seconds))
    return [worker_id for worker_id in silent.values_list("pk", flat=True) if _bury(worker_id, lease_seconds)]


@transaction.atomic
def _bury(worker_id: str, lease_seconds: float) -> bool:
    # Of several that notice it one is first; and the worker may have been heard of meanwhile.
    silent = Worker.objects.filter(
        pk=worker_id, stopped=None, last_seen__lt=Now() - timedelta(seconds=lease_seconds)
    )
    if not silent.update(stopped=Now()):
        return False
    logger.warning("The worker %s gives no sign of life. Its runs go on elsewhere.", worker_id)
    for root in Run.objects.filter(worker_id=worker_id, status=RunStatus.RUNNING, parent=None):
        Run.objects.filter(pk=root.pk).update(losses=F("losses") + 1)
        if root.losses + 1 < MOST_LOSSES:
            queue_again(root)
        else:
            end_tree(root, RunStatus.FAILED, "RunError", _explain_losses(root.losses + 1))
    return True


def _explain_losses(number: int) -> str:
    return (
        f"{number} workers in a row died while they ran this bot, and no step was done. What it does there takes too "
        "much memory, or ends the process: mend that, and retry the run."
    )
