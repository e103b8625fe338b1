"""The API of schedules: which there are, making, pausing, resuming and deleting them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status

from postroom.controlroom.accounts.access import api_auth, require
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.runs.beginning import get_newest
from postroom.controlroom.runs.input_forms import read_inputs
from postroom.controlroom.runs.models import Missed, Schedule
from postroom.controlroom.runs.rights import SEE_SCHEDULES, get_bot
from postroom.controlroom.runs.schedules import records
from postroom.controlroom.runs.schedules.owners import describe_whose, find_owner
from postroom.errors import RecordNotFoundError

router = Router(tags=["Schedules and triggers"], auth=api_auth)


class ScheduleAnswer(Schema):
    """A schedule."""

    id: UUID
    name: str
    bot: str = Field(description="The path of the bot that it runs.")
    run_as: str
    cron: str
    time_zone: str
    missed: str
    enabled: bool
    next_run: datetime | None
    last_run: datetime | None
    last_error: str


class NewSchedule(Schema):
    """A schedule to make."""

    name: str = Field(min_length=1, max_length=200)
    bot: str = Field(description="The path of the bot.")
    cron: str = Field(description="Five fields, as crontab(5) has them.", max_length=100)
    time_zone: str = "UTC"
    inputs: dict[str, Any] = {}
    missed: str = Field(Missed.ONCE, pattern="^(once|skip)$")
    run_as: str = Field("", description="Whose connections and credentials the bot uses; empty for yours.")
    enabled: bool = True


class Change(Schema):
    """Whether it is to be active."""

    enabled: bool


@router.get("/schedules", response=list[ScheduleAnswer], summary="List schedules")
def list_schedules(request: HttpRequest) -> list[dict[str, Any]]:
    """All schedules, by name."""
    require(request, *SEE_SCHEDULES)
    return [_describe_schedule(one) for one in Schedule.objects.select_related("bot", "run_as")]


@router.post("/schedules", response=ScheduleAnswer, summary="Make a schedule")
def add_schedule(request: HttpRequest, wanted: NewSchedule) -> dict[str, Any]:
    """Have a bot run at set times."""
    user = require(request, Permission.MANAGE_SCHEDULES)
    bot = get_bot(wanted.bot)
    given = wanted.dict()
    given |= {
        "bot": bot,
        "run_as": find_owner(user, wanted.run_as),
        "inputs": read_inputs(get_newest(bot).inputs, wanted.inputs),
    }
    made = records.save_schedule(Schedule(), records.ScheduleSettings(**given), user)
    return _describe_schedule(made)


@router.patch("/schedules/{schedule_id}", response=ScheduleAnswer, summary="Pause or resume a schedule")
def change_schedule(request: HttpRequest, schedule_id: UUID, change: Change) -> dict[str, Any]:
    """Times that pass while it is paused are not made up for."""
    user = require(request, Permission.MANAGE_SCHEDULES)
    found = _get_schedule(schedule_id)
    records.enable_schedule(found, user, enabled=change.enabled)
    return _describe_schedule(found)


@router.delete("/schedules/{schedule_id}", response={204: None}, summary="Delete a schedule")
def delete_schedule(request: HttpRequest, schedule_id: UUID) -> Status[None]:
    """Its runs stay."""
    user = require(request, Permission.MANAGE_SCHEDULES)
    records.delete_schedule(_get_schedule(schedule_id), user)
    return Status(204, None)


def _get_schedule(schedule_id: UUID) -> Schedule:
    found: Schedule | None = Schedule.objects.select_related("bot", "run_as").filter(pk=schedule_id).first()
    if found is None:
        raise RecordNotFoundError(_("There is no schedule of this id."))
    return found


def _describe_schedule(schedule: Schedule) -> dict[str, Any]:
    names = ("id", "name", "cron", "time_zone", "missed", "enabled", "next_run", "last_run", "last_error")
    return {name: getattr(schedule, name) for name in names} | describe_whose(schedule)
