"""The pages of the audit log: a list to filter and search, an entry with all that it holds, and exports."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import path, reverse
from django.utils.dateparse import parse_date
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter, RangeDateFilter, TextFilter
from unfold.decorators import display

from postroom.controlroom.accounts.access import needs
from postroom.controlroom.accounts.pages_admin import ControlRoomModelAdmin
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.export import ExportFormat, export
from postroom.controlroom.audit.models import AuditEntry
from postroom.controlroom.audit.selection import SEARCHED, Selection
from postroom.controlroom.audit.trail import record
from postroom.controlroom.site import site


class EventFilter(DropdownFilter):
    """One event."""

    title, parameter_name = _("event"), "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:  # noqa: ARG002
        """All events that there are."""
        return [(event.value, event.label) for event in Event]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[AuditEntry]") -> Any:  # noqa: ARG002
        """Only those."""
        return queryset & Selection(event=self.value() or "").get_entries()


class OutcomeFilter(DropdownFilter):
    """One outcome."""

    title, parameter_name = _("outcome"), "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:  # noqa: ARG002
        """All outcomes that there are."""
        return [(outcome.value, outcome.label) for outcome in Outcome]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[AuditEntry]") -> Any:  # noqa: ARG002
        """Only those."""
        return queryset & Selection(outcome=self.value() or "").get_entries()


class ActorFilter(TextFilter):
    """Who it was, or a part of the name."""

    title, parameter_name = _("who"), "actor"

    def queryset(self, request: HttpRequest, queryset: "QuerySet[AuditEntry]") -> Any:  # noqa: ARG002
        """Only those."""
        return queryset & Selection(actor=self.value() or "").get_entries()


class TargetFilter(TextFilter):
    """What it was done to, or a part of the name."""

    title, parameter_name = _("target"), "target"

    def queryset(self, request: HttpRequest, queryset: "QuerySet[AuditEntry]") -> Any:  # noqa: ARG002
        """Only those."""
        return queryset & Selection(target=self.value() or "").get_entries()


class DayFilter(RangeDateFilter):
    """From one day to another, both of them with all their hours in UTC."""

    def queryset(self, request: HttpRequest, queryset: "QuerySet[AuditEntry]") -> Any:  # noqa: ARG002
        """Only those; none where a day is not one, so that nobody takes the whole log for what they asked."""
        days = [self.used_parameters.get(f"time_{end}") for end in ("from", "to")]
        try:
            since, until = (_get_midnight(day) if day else None for day in days)
        except ValueError:
            return queryset.none()
        if until is not None:
            until += timedelta(days=1)
        return queryset & Selection(since=since, until=until).get_entries()


@admin.register(AuditEntry, site=site)
class AuditEntryAdmin(ControlRoomModelAdmin):
    """The audit log, for whoever may view it; nobody may change anything."""

    view_permission = Permission.VIEW_AUDIT_LOG

    list_display = ("shown_time", "shown_actor", "shown_event", "target", "shown_outcome", "address")
    list_filter = (EventFilter, OutcomeFilter, ActorFilter, TargetFilter, ("time", DayFilter))
    list_filter_submit = True
    list_filter_sheet = True
    search_fields = SEARCHED
    search_help_text = _("Name, target, address or request id")
    list_per_page = 50
    actions = None
    fields = (
        "sequence",
        "shown_time",
        "shown_actor",
        "address",
        "request_id",
        "shown_event",
        "target",
        "outcome_in_words",
        "shown_details",
        "shown_hash",
    )
    readonly_fields = fields

    def get_urls(self) -> list[Any]:
        """The pages, and the exports."""
        page = needs(Permission.VIEW_AUDIT_LOG)(self.export_entries)
        return [path("export/<str:wanted>", page, name="audit_auditentry_export"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the list, with the way to export just what is shown."""
        context = {
            "title": _("Audit log"),
            "subtitle": None,
            "exports": [(wanted.name, _get_export_url(request, wanted)) for wanted in ExportFormat],
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **options: Any) -> Any:
        """Show one entry."""
        options["extra_context"] = {"title": gettext("Audit entry %(number)s") % {"number": object_id}}
        return super().change_view(request, object_id, *args, **options)

    def export_entries(self, request: HttpRequest, wanted: str) -> StreamingHttpResponse:
        """Send what the list shows under the same filters, as a file; and write down who took it."""
        chosen = ExportFormat.JSON if wanted == ExportFormat.JSON else ExportFormat.CSV
        entries = self.get_changelist_instance(request).get_queryset(request)
        filters = request.GET.urlencode()
        record(Event.AUDIT_EXPORTED, actor=request.user, format=chosen.value, filters=filters)
        return StreamingHttpResponse(
            (piece.encode() for piece in export(entries, chosen)),
            headers={
                "Content-Type": chosen.content_type,
                "Content-Disposition": f'attachment; filename="audit-log.{chosen.value}"',
                "Cache-Control": "no-store",
            },
        )

    @display(description=_("Time (UTC)"), ordering="sequence")
    def shown_time(self, entry: AuditEntry) -> Any:
        """The time, to the second, in one line."""
        shown = entry.time.strftime("%Y-%m-%d %H:%M:%S")
        return format_html('<span class="whitespace-nowrap">{}</span>', shown)

    @display(description=_("Who"))
    def shown_actor(self, entry: AuditEntry) -> str:
        """The name, and in words who has none."""
        return entry.name_actor()

    @display(description=_("Event"))
    def shown_event(self, entry: AuditEntry) -> Any:
        """The event in words; as it was written where this version does not know it."""
        return Event(entry.event).label if entry.event in set(Event) else entry.event

    @display(
        description=_("Outcome"),
        label={Outcome.DONE: "success", Outcome.REFUSED: "warning", Outcome.FAILED: "danger"},
    )
    def shown_outcome(self, entry: AuditEntry) -> Any:
        """The outcome in words, with a colour."""
        return entry.outcome, self.outcome_in_words(entry)

    @display(description=_("Outcome"))
    def outcome_in_words(self, entry: AuditEntry) -> str:
        """The outcome in words."""
        return Outcome(entry.outcome).label if entry.outcome in set(Outcome) else entry.outcome

    @display(description=_("Details"))
    def shown_details(self, entry: AuditEntry) -> Any:
        """A line for each detail."""
        lines = ((name.replace("_", " "), value) for name, value in entry.details.items())
        return format_html_join(mark_safe("<br>"), "{}: {}", lines)

    @display(description=_("Seal"))
    def shown_hash(self, entry: AuditEntry) -> Any:
        """The hash, by which the entry is bound to the one before."""
        return format_html('<code style="word-break: break-all">{}</code>', entry.hash)


def _get_midnight(day: str) -> datetime:
    parsed = parse_date(day)
    if parsed is None:
        raise ValueError(day)
    return datetime.combine(parsed, time(), UTC)


def _get_export_url(request: HttpRequest, wanted: ExportFormat) -> str:
    url = reverse("admin:audit_auditentry_export", args=[wanted.value])
    filters = request.GET.urlencode()
    return f"{url}?{filters}" if filters else url
