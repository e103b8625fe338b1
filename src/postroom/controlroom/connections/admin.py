"""The list of connections; the pages of one are in `pages`."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from postroom.controlroom.accounts.pages_admin import ControlRoomModelAdmin
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.connections.deadlines import list_warnings
from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection
from postroom.controlroom.connections.shown import CHIPS
from postroom.controlroom.connections.status import get_status
from postroom.controlroom.connections.use import list_usable
from postroom.controlroom.site import site


@admin.register(OAuthConnection, site=site)
class ConnectionAdmin(ControlRoomModelAdmin):
    """The connections that the person may use, or all for whoever manages them."""

    view_permission = Permission.VIEW_CONNECTIONS
    manage_permission = Permission.MANAGE_CONNECTIONS
    list_display = ("name", "show_status", "provider", "show_use", "show_error")
    list_filter = ("provider", "grant_type")
    search_fields = ("name", "description", "client_id")
    change_list_template = "connections/list.html"
    actions = None

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Those that the person may use."""
        return list_usable(request.user).prefetch_related("tokens__user", "tokens__connection", "secrets")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Deleting is on the page of the connection itself."""
        return False

    @display(description=_("Status"), label=CHIPS)
    def show_status(self, connection: OAuthConnection) -> tuple[str, str]:
        """The chip."""
        status = get_status(connection)
        return status.value, str(status.label)

    @display(description=_("Last used"))
    def show_use(self, connection: OAuthConnection) -> str:
        """Who used it when."""
        last = find_last_use(connection)
        if last is None:
            return str(_("Never"))
        return format_html(
            '{} <time class="text-subtle" datetime="{}">{}</time>',
            last.last_used_by,
            last.last_used.isoformat(),
            f"{last.last_used:%Y-%m-%d %H:%M}",
        )

    @display(description=_("Last error"))
    def show_error(self, connection: OAuthConnection) -> str:
        """What went wrong last, and has not worked since."""
        shared = next((token for token in connection.tokens.all() if token.user_id is None), None)
        return shared.last_error if shared is not None else ""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with the warnings of its connections on top."""
        warnings = list_warnings(list_usable(request.user)) if self.has_view_permission(request) else []
        return super().changelist_view(request, {**(extra_context or {}), "warnings": warnings})

    def add_view(self, *_request: Any, **_settings: Any) -> HttpResponse:
        """A connection is made in four screens."""
        return redirect("connection-new")

    def change_view(self, _request: HttpRequest, object_id: str, *_settings: Any) -> HttpResponse:
        """A connection has a page of its own."""
        return redirect("connection", pk=object_id)


def find_last_use(connection: OAuthConnection) -> ConnectionToken | None:
    """The token of the connection that was used last; None where none ever was."""
    used = [token for token in connection.tokens.all() if token.last_used is not None]
    return max(used, key=lambda token: token.last_used, default=None)
