"""The API of triggers: which there are, making, pausing, resuming and deleting them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status

from postroom.controlroom.accounts.access import api_auth, require
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.connections.use import get_usable
from postroom.controlroom.runs.beginning import get_newest
from postroom.controlroom.runs.input_forms import read_inputs
from postroom.controlroom.runs.models import Trigger
from postroom.controlroom.runs.rights import SEE_SCHEDULES, get_bot
from postroom.controlroom.runs.schedules.api import Change
from postroom.controlroom.runs.schedules.owners import describe_whose, find_owner
from postroom.controlroom.runs.triggers import records
from postroom.errors import RecordNotFoundError

router = Router(tags=["Schedules and triggers"], auth=api_auth)


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


@router.get("/triggers", response=list[TriggerAnswer], summary="List triggers")
def list_triggers(request: HttpRequest) -> list[dict[str, Any]]:
    """All triggers, by name."""
    require(request, *SEE_SCHEDULES)
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
        "run_as": find_owner(user, wanted.run_as),
        "connection": get_usable(user, wanted.connection),
        "inputs": read_inputs(inputs, wanted.inputs),
    }
    made = records.save_trigger(Trigger(), records.TriggerSettings(**given), user)
    return _describe_trigger(made)


@router.patch("/triggers/{trigger_id}", response=TriggerAnswer, summary="Pause or resume a trigger")
def change_trigger(request: HttpRequest, trigger_id: UUID, change: Change) -> dict[str, Any]:
    """Mail that comes while it is paused is handled when it goes on."""
    user = require(request, Permission.MANAGE_SCHEDULES)
    found = _get_trigger(trigger_id)
    records.enable_trigger(found, user, enabled=change.enabled)
    return _describe_trigger(found)


@router.delete("/triggers/{trigger_id}", response={204: None}, summary="Delete a trigger")
def delete_trigger(request: HttpRequest, trigger_id: UUID) -> Status[None]:
    """Its runs stay."""
    user = require(request, Permission.MANAGE_SCHEDULES)
    records.delete_trigger(_get_trigger(trigger_id), user)
    return Status(204, None)


def _get_trigger(trigger_id: UUID) -> Trigger:
    found: Trigger | None = (
        Trigger.objects.select_related("bot", "run_as", "connection").filter(pk=trigger_id).first()
    )
    if found is None:
        raise RecordNotFoundError(_("There is no trigger of this id."))
    return found


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
        | describe_whose(trigger)
        | {"connection": trigger.connection.name if trigger.connection else ""}
    )
