"""How much may run at once: runs of a bot, runs in a mailbox; and which of the queue's runs a worker may take.

A run takes a mailbox when a session of it opens that, and keeps it until the run ends or leaves its worker. One that
finds the mailbox full goes back into the queue, so that it holds nobody up, and is taken again when there is room.
"""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from postroom.controlroom.runs.models import Bot, MailboxLimit, MailboxUse, Run, RunStatus


@transaction.atomic
def take_runs(worker_id: str, most: int) -> list[Run]:
    """Take as many runs from the queue, the oldest first, and give those that this worker has to run now."""
    if most < 1:
        return []
    waiting = (
        Run.objects.filter(status=RunStatus.QUEUED, parent=None)
        .exclude(bot__in=_list_full_bots())
        .exclude(waits_for__in=_list_full_mailboxes())
        .order_by("created", "id")
        .select_for_update(skip_locked=True, of=("self",))
    )
    found = list(waiting[:most])
    ids = [run.pk for run in _choose(found, _count_room({run.bot_id for run in found}))]
    Run.objects.filter(pk__in=ids).update(
        status=RunStatus.RUNNING, worker_id=worker_id, waits_for="", started=Coalesce("started", Now())
    )
    return list(
        Run.objects.filter(pk__in=ids).select_related("bot", "version__bot", "run_as").order_by("created")
    )


def set_deadline(run: Run) -> None:
    """Let a run's time begin, where its bot has a limit and it has not begun."""
    seconds = run.bot.time_limit_seconds
    if seconds is not None:
        Run.objects.filter(pk=run.pk, deadline=None).update(deadline=Now() + timedelta(seconds=seconds))


def list_overdue(worker_id: str) -> list[UUID]:
    """The runs of this worker that have taken longer than they may."""
    own = Run.objects.filter(worker_id=worker_id, status=RunStatus.RUNNING, parent=None)
    return list(own.filter(deadline__lt=Now()).values_list("pk", flat=True))


@transaction.atomic
def enter_mailbox(run_id: UUID, address: str) -> bool:
    """Let a run work in a mailbox, and say whether it may now; a second time says the same."""
    address = address.strip().lower()
    limit = MailboxLimit.objects.select_for_update().filter(address=address).first()
    if limit is None:
        return True
    uses = MailboxUse.objects.filter(address=address)
    if uses.filter(run_id=run_id).exists():
        return True
    if uses.count() >= limit.runs:
        return False
    MailboxUse.objects.create(run_id=run_id, address=address)
    return True


def _choose(found: list[Run], room: dict[int, int]) -> Iterator[Run]:
    for run in found:
        left = room.get(run.bot_id)
        if left is None:
            yield run
        elif left > 0:
            room[run.bot_id] = left - 1
            yield run


def _count_room(bot_ids: set[int]) -> dict[int, int]:
    """How many more runs of each limited bot may begin; their rows are locked, so that nobody else counts the same."""
    limited = Bot.objects.select_for_update().filter(pk__in=bot_ids).exclude(run_limit=None).order_by("pk")
    limits = dict(limited.values_list("pk", "run_limit"))
    running = Run.objects.filter(bot_id__in=limits, status=RunStatus.RUNNING).values_list("bot_id")
    counts = dict(running.annotate(Count("pk")))
    return {bot_id: limit - counts.get(bot_id, 0) for bot_id, limit in limits.items()}


def _list_full_bots() -> "QuerySet[Bot]":
    running = Count("runs", filter=Q(runs__status=RunStatus.RUNNING))
    limited = Bot.objects.exclude(run_limit=None)
    return limited.annotate(running=running).filter(running__gte=F("run_limit")).values("pk")


def _list_full_mailboxes() -> list[str]:
    used = dict(MailboxUse.objects.values_list("address").annotate(Count("pk")))
    limits = MailboxLimit.objects.filter(address__in=used)
    return [limit.address for limit in limits if used[limit.address] >= limit.runs]
