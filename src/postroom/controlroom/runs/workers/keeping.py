"""How long runs are kept: they and their journals are deleted when they are old, by one worker of all."""

import logging
import uuid
from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings
from django.utils import timezone

from postroom.bots.durable import Engine
from postroom.controlroom.runs.journals import delete_unused_keys
from postroom.controlroom.runs.models import ACTIVE, Run, Worker
from postroom.controlroom.runs.workers.leading import lead, step_down

LEASE = "old runs"
ROUND_SECONDS = 600.0
LOOK_AGAIN_SECONDS = 15.0
BATCH_RUNS = 200

logger = logging.getLogger("postroom.controlroom.runs")


class Keeper:
    """Looks now and then for runs that are older than policy says."""

    def __init__(self) -> None:
        self._holder = uuid.uuid4()
        self._next_seconds = 0.0

    def keep(self, engine: Engine) -> None:
        """Delete some of what is too old, where it is time to look and no other worker does."""
        if monotonic() < self._next_seconds:
            return
        if not lead(LEASE, self._holder):
            self._next_seconds = monotonic() + LOOK_AGAIN_SECONDS
        elif delete_old(engine) < BATCH_RUNS:
            step_down(LEASE, self._holder)
            self._next_seconds = monotonic() + ROUND_SECONDS


def delete_old(engine: Engine) -> int:
    """Delete runs, with their children and journals, that ended longer ago than runs are kept; say how many.

    Those marked as kept stay. At most a batch at once, so that nobody waits.
    """
    before = timezone.now() - timedelta(days=settings.CONFIGURATION.keep_runs_days)
    old = Run.objects.filter(parent=None, kept=False, finished__lt=before).exclude(status__in=ACTIVE)
    ids = list(old.order_by("finished").values_list("pk", flat=True)[:BATCH_RUNS])
    if ids:
        engine.delete([str(run_id) for run_id in ids])
        Run.objects.filter(pk__in=ids).delete()
        logger.info("%d runs that ended before %s were deleted.", len(ids), before.date())
    Worker.objects.filter(stopped__lt=before).delete()
    if len(ids) < BATCH_RUNS:
        delete_unused_keys(_find_oldest())
    return len(ids)


def _find_oldest() -> datetime:
    oldest = Run.objects.order_by("created").values_list("created", flat=True).first()
    return oldest or timezone.now()
