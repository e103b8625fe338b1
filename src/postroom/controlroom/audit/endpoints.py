"""The API of the audit log."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import AwareDatetime

from postroom.controlroom.accounts.access import api_auth, require
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.export import describe
from postroom.controlroom.audit.selection import Selection

router = Router(tags=["Audit"], auth=api_auth)

MOST_A_PAGE = 500


class AuditFilters(Schema):
    """Which entries are asked for; texts match a part, whatever the case."""

    event: Event | None = None
    actor: str = ""
    outcome: Outcome | None = None
    target: str = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    search: str = ""


class AuditEntryAnswer(Schema):
    """One entry."""

    sequence: int
    time: datetime
    actor_id: str
    actor: str
    address: str
    request_id: str
    event: str
    target: str
    outcome: str
    details: dict[str, str | int | bool | None]
    key_id: str
    previous_hash: str
    hash: str


class AuditPage(Schema):
    """Some entries, the newest first, and where the next page begins."""

    entries: list[AuditEntryAnswer]
    next_before: int | None
    """What to give as `before` to go on; None at the end."""


@router.get("/audit", response=AuditPage, summary="List the audit log")
def list_entries(
    request: HttpRequest,
    filters: Query[AuditFilters],
    before: Annotated[int | None, Query(ge=1, description="Only entries of lower numbers.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = 100,
) -> dict[str, Any]:
    """List entries, the newest first. Needs the permission *View audit log*."""
    require(request, Permission.VIEW_AUDIT_LOG)
    entries = _select(filters).get_entries()
    if before is not None:
        entries = entries.filter(sequence__lt=before)
    page = [describe(entry) for entry in entries[: limit + 1]]
    shown = page[:limit]
    return {"entries": shown, "next_before": shown[-1]["sequence"] if len(page) > limit else None}


def _select(filters: AuditFilters) -> Selection:
    return Selection(
        event=filters.event or "",
        actor=filters.actor,
        outcome=filters.outcome or "",
        target=filters.target,
        since=filters.since,
        until=filters.until,
        search=filters.search,
    )
