"""The API's part of schedules and triggers: which there are, pausing, resuming and deleting them, making schedules."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status

from postroom.controlroom.accounts.access import api_auth, require
from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.connections.use import get_usable
from postroom.controlroom.runs import schedules, triggers_records
from postroom.controlroom.runs.beginning import get_newest
from postroom.controlroom.runs.input_forms import read_inputs
from postroom.controlroom.runs.models import Missed, Schedule, Trigger
from postroom.controlroom.runs.rights import get_bot
from postroom.errors import RecordNotFoundError

SEE = (Permission.MANAGE_SCHEDULES, Permission.VIEW_RUNS)

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


class TriggerAnswer(Schema):
    """A trigger."""

    id: UUID
    name: str
    bot: str
    run_as: str
    connection: str
    mailbox: str
    folder: str
    kind: str
    every_seconds: int
    enabled: bool
    last_checked: datetime | None
    last_error: str
    failures: int


class NewTrigger(Schema):
    """A trigger to make; what the fields mean, the page tells."""

    name: str = Field(min_length=1, max_length=200)
    bot: str = Field(description="The path of the bot.")
    connection: str
    token: str = Field("shared", pattern="^(shared|user-specific)$")
    username: str = ""
    mailbox: str = ""
    folder: str = Field("Inbox", max_length=300)
    unread: bool = False
    subject: str = ""
    senders: str = ""
    input: str = Field("", description="The bot's input that gets the message.")
    gives: str = Field("id", pattern="^(id|message)$")
    days: int = 0
    every_seconds: int = 60
    kind: str = Field("delta", pattern="^(delta|notifications)$")
    inputs: dict[str, Any] = {}
    run_as: str = ""
    enabled: bool = True


class Change(Schema):
    """Whether it is to be active."""

    enabled: bool


@router.get("/schedules", response=list[ScheduleAnswer], summary="List schedules")
def list_schedules(request: HttpRequest) -> list[dict[str, Any]]:
    """All schedules, by name."""
    require(request, *SEE)
    return [_describe_schedule(one) for one in Schedule.objects.select_related("bot", "run_as")]


@router.post("/schedules", response=ScheduleAnswer, summary="Make a schedule")
def add_schedule(request: HttpRequest, wanted: NewSchedule) -> dict[str, Any]:
    """Have a bot run at set times."""
    user = require(request, Permission.MANAGE_SCHEDULES)
    bot = get_bot(wanted.bot)
    given = wanted.dict()
    given |= {
        "bot": bot,
        "run_as": _find_user(user, wanted.run_as),
        "inputs": read_inputs(get_newest(bot).inputs, wanted.inputs),
    }
    made = schedules.save_schedule(Schedule(), schedules.ScheduleSettings(**given), user)
    return _describe_schedule(made)


@router.patch("/schedules/{schedule_id}", response=ScheduleAnswer, summary="Pause or resume a schedule")
def change_schedule(request: HttpRequest, schedule_id: UUID, change: Change) -> dict[str, Any]:
    """Times that pass while it is paused are not made up for."""
    user = require(request, Permission.MANAGE_SCHEDULES)
    found = _get_schedule(schedule_id)
    schedules.enable_schedule(found, user, enabled=change.enabled)
    return _describe_schedule(found)


@router.delete("/schedules/{schedule_id}", response={204: None}, summary="Delete a schedule")
def delete_schedule(request: HttpRequest, schedule_id: UUID) -> Status[None]:
    """Its runs stay."""
    user = require(request, Permission.MANAGE_SCHEDULES)
    schedules.delete_schedule(_get_schedule(schedule_id), user)
    return Status(204, None)


@router.get("/triggers", response=list[TriggerAnswer], summary="List triggers")
def list_triggers(request: HttpRequest) -> list[dict[str, Any]]:
    """All triggers, by name."""
    require(request, *SEE)
    return [_describe_trigger(one) for one in Trigger.objects.select_related("bot", "run_as", "connection")]


@router.post("/triggers", response=TriggerAnswer, summary="Make a trigger")
def add_trigger(request: HttpRequest, wanted: NewTrigger) -> dict[str, Any]:
    """Have a bot run for each message that comes into a folder."""
    user = require(request, Permission.MANAGE_SCHEDULES)
    bot = get_bot(wanted.bot)
    inputs = [one for one in get_newest(bot).inputs if one["name"] != wanted.input]
    given = wanted.dict()
    given |= {
        "bot": bot,
        "run_as": _find_user(user, wanted.run_as),
        "connection": get_usable(user, wanted.connection),
        "inputs": read_inputs(inputs, wanted.inputs),
    }
    made = triggers_records.save_trigger(Trigger(), triggers_records.TriggerSettings(**given), user)
    return _describe_trigger(made)


@router.patch("/triggers/{trigger_id}", response=TriggerAnswer, summary="Pause or resume a trigger")
def change_trigger(request: HttpRequest, trigger_id: UUID, change: Change) -> dict[str, Any]:
    """Mail that comes while it is paused is handled when it goes on."""
    user = require(request, Permission.MANAGE_SCHEDULES)
    found = _get_trigger(trigger_id)
    triggers_records.enable_trigger(found, user, enabled=change.enabled)
    return _describe_trigger(found)


@router.delete("/triggers/{trigger_id}", response={204: None}, summary="Delete a trigger")
def delete_trigger(request: HttpRequest, trigger_id: UUID) -> Status[None]:
    """Its runs stay."""
    user = require(request, Permission.MANAGE_SCHEDULES)
    triggers_records.delete_trigger(_get_trigger(trigger_id), user)
    return Status(204, None)


def _find_user(user: User, name: str) -> User:
    if not name:
        return user
    found: User | None = User.objects.filter(username=name.replace("\0", "")).first()
    if found is None:
        raise RecordNotFoundError(_("There is no user “%(name)s”.") % {"name": name})
    return found


def _get_schedule(schedule_id: UUID) -> Schedule:
    found: Schedule | None = Schedule.objects.select_related("bot", "run_as").filter(pk=schedule_id).first()
    if found is None:
        raise RecordNotFoundError(_("There is no schedule of this id."))
    return found


def _get_trigger(trigger_id: UUID) -> Trigger:
    found: Trigger | None = (
        Trigger.objects.select_related("bot", "run_as", "connection").filter(pk=trigger_id).first()
    )
    if found is None:
        raise RecordNotFoundError(_("There is no trigger of this id."))
    return found


def _describe_schedule(schedule: Schedule) -> dict[str, Any]:
    names = ("id", "name", "cron", "time_zone", "missed", "enabled", "next_run", "last_run", "last_error")
    return {name: getattr(schedule, name) for name in names} | _describe_whose(schedule)


def _describe_trigger(trigger: Trigger) -> dict[str, Any]:
    names = (
        "id",
        "name",
        "mailbox",
        "folder",
        "kind",
        "every_seconds",
        "enabled",
        "last_checked",
        "last_error",
        "failures",
    )
    shown = {name: getattr(trigger, name) for name in names}
    return (
        shown
        | _describe_whose(trigger)
        | {"connection": trigger.connection.name if trigger.connection else ""}
    )


def _describe_whose(record: Schedule | Trigger) -> dict[str, str]:
    return {"bot": record.bot.path, "run_as": record.run_as.get_username() if record.run_as else ""}
