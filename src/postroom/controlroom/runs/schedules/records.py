"""Schedules: what is begun at which times, made, changed and deleted; and begun when its time has come.

A time is begun under an id of its own, made from the schedule and the time, so that it is never begun twice.
"""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.models import User
from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.trail import record
from postroom.controlroom.runs.beginning import get_newest
from postroom.controlroom.runs.inputs import get_inputs, set_inputs
from postroom.controlroom.runs.models import Bot, Missed, Schedule
from postroom.controlroom.runs.queueing import begin_run
from postroom.controlroom.runs.schedules.owners import check_owner, refuse_sessions
from postroom.controlroom.runs.schedules.times import check_cron, check_time_zone, iterate_times
from postroom.errors import PostroomError, VaultError

LATE_ENOUGH = timedelta(minutes=5)
"""How late a time may be begun where missed times are skipped: longer than a worker takes to come back."""
OLD_ENOUGH = timedelta(days=1)
"""How late a missed time may be begun at all."""

logger = logging.getLogger("postroom.controlroom.runs")


@dataclass(frozen=True)
class ScheduleSettings:
    """What a schedule says: which bot, with which inputs, as whom, and when."""

    name: str
    bot: Bot
    inputs: Mapping[str, Any]
    run_as: User
    cron: str
    time_zone: str = "UTC"
    missed: str = Missed.ONCE.value
    enabled: bool = True


def save_schedule(schedule: Schedule, wanted: ScheduleSettings, actor: User) -> Schedule:
    """Make a schedule or change it, as this person; give it.

    Errors: SettingError where something cannot be; NotAllowedError where the person may not have bots run as somebody;
    VaultError.
    """
    is_new = schedule._state.adding
    check_owner(wanted.run_as, actor)
    refuse_sessions(get_newest(wanted.bot))
    schedule.name, schedule.bot, schedule.run_as = wanted.name.strip(), wanted.bot, wanted.run_as
    schedule.cron, schedule.time_zone = check_cron(wanted.cron), check_time_zone(wanted.time_zone)
    schedule.missed, schedule.changed_by = wanted.missed, actor
    set_inputs(schedule, wanted.inputs)
    _enable(schedule, enabled=wanted.enabled)
    with transaction.atomic():
        schedule.save()
        event = Event.SCHEDULE_CREATED if is_new else Event.SCHEDULE_CHANGED
        record(event, actor=actor, target=schedule.name, **_describe(schedule))
    return schedule


def enable_schedule(schedule: Schedule, actor: User, *, enabled: bool) -> None:
    """Pause a schedule, or let it go on; times that pass meanwhile are not made up for."""
    _enable(schedule, enabled=enabled)
    with transaction.atomic():
        schedule.changed_by = actor
        schedule.save(update_fields=["enabled", "next_run", "last_error", "changed_by", "changed"])
        record(Event.SCHEDULE_CHANGED, actor=actor, target=schedule.name, enabled=enabled)


def delete_schedule(schedule: Schedule, actor: User) -> None:
    """Delete a schedule; its runs stay."""
    with transaction.atomic():
        name = schedule.name
        schedule.delete()
        record(Event.SCHEDULE_DELETED, actor=actor, target=name)


def begin_due_runs(now: datetime) -> int:
    """Begin what is due by now, and say how many runs that were; what cannot be begun says so in its row.

    Meant to be called by one process at a time, every few seconds; called by two it begins nothing twice.
    """
    due = Schedule.objects.filter(enabled=True, next_run__lte=now).select_related("bot", "run_as")
    return sum(_begin(schedule, now) for schedule in due.order_by("next_run"))


def get_run_id(schedule: Schedule, due: datetime) -> uuid.UUID:
    """The id of the run of a schedule at one of its times."""
    return uuid.uuid5(schedule.pk, due.astimezone(UTC).isoformat())


def _enable(schedule: Schedule, *, enabled: bool) -> None:
    schedule.enabled, schedule.last_error = enabled, ""
    schedule.next_run = _find_next(schedule, timezone.now()) if enabled else None


def _find_next(schedule: Schedule, after: datetime) -> datetime | None:
    return next(iterate_times(schedule.cron, schedule.time_zone, after), None)


def _begin(schedule: Schedule, now: datetime) -> int:
    due = _find_due(schedule, now)
    error = ""
    if due is not None:
        try:
            _begin_at(schedule, due)
        except VaultError as locked:
            # It is not over: the time stays due, until the vault is unlocked or the time is too old.
            Schedule.objects.filter(pk=schedule.pk).update(last_error=locked.message)
            return 0
        except PostroomError as failed:
            error = failed.message
            logger.warning("The schedule %s could not begin a run: %s", schedule.name, error)
    # Only where nobody has changed it meanwhile, who has then found the next time already.
    same = Schedule.objects.filter(pk=schedule.pk, next_run=schedule.next_run, cron=schedule.cron)
    told = {} if due is None else {"last_run": due, "last_error": error}
    same.update(next_run=_find_next(schedule, now), **told)
    return int(due is not None and not error)


def _find_due(schedule: Schedule, now: datetime) -> datetime | None:
    """The one time to begin of all that have come since: the last, unless that is too long ago."""
    oldest = now - (OLD_ENOUGH if schedule.missed == Missed.ONCE else LATE_ENOUGH)
    start = max(schedule.next_run, oldest) - timedelta(microseconds=1)
    last = None
    for moment in iterate_times(schedule.cron, schedule.time_zone, start):
        if moment > now:
            break
        last = moment
    return last


def _begin_at(schedule: Schedule, due: datetime) -> None:
    version = get_newest(schedule.bot)
    check_owner(schedule.run_as)
    begun_by = _("Schedule “%(name)s”") % {"name": schedule.name}
    run_id = get_run_id(schedule, due)
    with transaction.atomic():
        begin_run(version, get_inputs(schedule), schedule.run_as, begun_by, run_id=run_id, schedule=schedule)
        record(
            Event.RUN_BEGUN, actor=begun_by, target=str(run_id), bot=schedule.bot.path, version=version.number
        )


def _describe(schedule: Schedule) -> dict[str, Any]:
    return {
        "bot": str(schedule.bot),
        "run_as": schedule.run_as.get_username(),
        "cron": schedule.cron,
        "time_zone": schedule.time_zone,
        "enabled": schedule.enabled,
    }
