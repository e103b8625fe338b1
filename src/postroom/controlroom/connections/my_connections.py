"""My settings → OAuth connections: what the person may use, and their own sign-ins."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from postroom.controlroom.accounts.access import needs
from postroom.controlroom.accounts.my_settings import show_page
from postroom.controlroom.connections import records
from postroom.controlroom.connections.providers import GrantType
from postroom.controlroom.connections.shown import show_token
from postroom.controlroom.connections.use import list_usable


@needs()
@require_GET
def show_my_connections(request: HttpRequest) -> HttpResponse:
    """The connections that the person may use, with their own token of each."""
    usable = list_usable(request.user).exclude(grant_type=GrantType.CLIENT_CREDENTIALS)
    rows = [
        show_token(request, connection, request.user)
        for connection in usable.prefetch_related("tokens__user").order_by("name")
    ]
    return show_page(request, "connections/mine.html", _("My settings"), rows=rows)


@needs()
@require_POST
def disconnect_mine(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Forget the person's own tokens of a connection."""
    connection = get_object_or_404(list_usable(request.user), pk=pk)
    records.disconnect(connection, request.user, request.user)
    messages.success(request, _("Disconnected from “%(name)s”.") % {"name": connection.name})
    return redirect("my-connections")
