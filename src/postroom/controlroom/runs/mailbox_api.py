"""The API of how many runs may work in a mailbox at once."""

from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from postroom.controlroom.accounts.access import api_auth, require
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.runs.mailbox_limits import MOST_RUNS, remove_mailbox_limit, set_mailbox_limit
from postroom.controlroom.runs.models import MailboxLimit

router = Router(tags=["Bots"], auth=api_auth)


class MailboxLimitAnswer(Schema):
    """A mailbox that has a limit."""

    address: str = Field(description="In small letters.")
    runs: int = Field(description="Most runs at once, of all bots together.")


class NewMailboxLimit(Schema):
    """A limit to set."""

    runs: int = Field(ge=1, le=MOST_RUNS, description="Most runs at once, of all bots together.")


@router.get("/mailbox-limits", response=list[MailboxLimitAnswer], summary="List the limits of mailboxes")
def list_limits(request: HttpRequest) -> list[Any]:
    """The mailboxes that have a limit, by address. Needs *Manage bots*."""
    require(request, Permission.MANAGE_BOTS)
    return list(MailboxLimit.objects.all())


@router.put("/mailbox-limits/{address}", response=MailboxLimitAnswer, summary="Set the limit of a mailbox")
def set_limit(request: HttpRequest, address: str, new: NewMailboxLimit) -> MailboxLimit:
    """Say how many runs may work in it at once; runs that are in it already stay. Needs *Manage bots*."""
    return set_mailbox_limit(require(request, Permission.MANAGE_BOTS), address, new.runs)


@router.delete("/mailbox-limits/{address}", response={204: None}, summary="Remove the limit of a mailbox")
def remove_limit(request: HttpRequest, address: str) -> Status[None]:
    """Let any number of runs work in it again. Needs *Manage bots*."""
    remove_mailbox_limit(require(request, Permission.MANAGE_BOTS), address)
    return Status(204, None)
