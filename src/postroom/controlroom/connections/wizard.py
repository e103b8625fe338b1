"""The four screens that make a connection: provider and name, client, test, roles.

The first two fill a draft, which nobody else sees; “Save and test connection” makes the connection of it, and the
last two work on that. Going back loses nothing.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from postroom.controlroom.accounts.access import needs
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.connections.drafts import Draft, drop_draft, keep_draft, read_draft
from postroom.controlroom.connections.forms import ClientForm, IdentityForm
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.connections.providers import (
    ClientAuthentication,
    GrantType,
    Provider,
    find_cloud,
)
from postroom.controlroom.connections.records import create_connection
from postroom.controlroom.connections.shown import get_context
from postroom.controlroom.connections.sign_ins import get_callback_url
from postroom.controlroom.connections.testing import check_connection
from postroom.errors import PostroomError, SettingError

TENANT_STANDS_FOR = "{tenant}"
ENTRA_PERMISSIONS = "Mail.ReadWrite Mail.Send User.Read"
"""What the actions of the Microsoft 365 Outlook package need."""


@needs(Permission.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "POST"])
def show_identity(request: HttpRequest) -> HttpResponse:
    """The first screen."""
    draft = read_draft(request)
    if request.method == "GET" and "new" in request.GET:
        drop_draft(request)
        return redirect("connection-new")
    form = IdentityForm(request.POST or None, initial=draft.identity or {"provider": Provider.ENTRA_GLOBAL})
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["provider"] != draft.provider:
            # What was entered for one provider is nothing for another to see.
            draft = Draft()
        draft.identity = form.cleaned_data
        keep_draft(request, draft)
        return redirect("connection-new-client")
    shown = get_context(request, _("New connection"), form=form, step=1, callback_url=get_callback_url())
    return render(request, "connections/new_identity.html", shown)


@needs(Permission.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "POST"])
def show_client(request: HttpRequest) -> HttpResponse:
    """The second screen, which saves and tests."""
    draft = read_draft(request)
    if not draft.provider:
        return redirect("connection-new")
    form = ClientForm(
        request.POST or None,
        provider=draft.provider,
        kept=draft.kept,
        initial=draft.initial or suggest_client(draft.provider),
    )
    if request.method == "POST":
        answer = _take_client(request, draft, form)
        if answer is not None:
            return answer
    shown = get_context(
        request, _("New connection"), form=form, step=2, draft=draft, **describe_urls(draft.provider)
    )
    return render(request, "connections/new_client.html", shown)


def suggest_client(provider: str) -> dict[str, str]:
    """What the second screen begins with."""
    return {
        "grant_type": GrantType.AUTHORIZATION_CODE_PKCE,
        "client_authentication": ClientAuthentication.SECRET,
        "scopes": ENTRA_PERMISSIONS if find_cloud(provider) is not None else "",
    }


def describe_urls(provider: str) -> dict[str, str]:
    """The URLs that Microsoft Entra fills in, with `{tenant}` for the tenant; empty for Custom."""
    cloud = find_cloud(provider)
    if cloud is None:
        return {"entra_authorization_url": "", "entra_token_url": ""}
    authority = cloud.authority(TENANT_STANDS_FOR)
    return {
        "entra_authorization_url": f"{authority}/oauth2/v2.0/authorize",
        "entra_token_url": f"{authority}/oauth2/v2.0/token",
    }


def _take_client(request: HttpRequest, draft: Draft, form: ClientForm) -> HttpResponse | None:
    """Go on, or back; None where the form is to be shown again."""
    is_good = form.is_valid()
    try:
        _keep_entered(request, draft, form)
        if "back" in request.POST:
            return redirect("connection-new")
        if is_good:
            return _create(request, draft, form)
    except PostroomError as error:
        messages.error(request, error.message)
    return None


def _keep_entered(request: HttpRequest, draft: Draft, form: ClientForm) -> None:
    """Keep what was typed, good or not; a secret encrypted."""
    named = (
        "grant_type",
        "client_authentication",
        "client_id",
        "tenant_id",
        "authorization_url",
        "token_url",
    )
    draft.client = {name: str(request.POST.get(name, ""))[:4000] for name in (*named, "scopes")}
    proof = draft.client["client_authentication"]
    if new := form.find_new_secret(proof):
        draft.keep_secret(new, proof, form.cleaned_data.get("token_url", ""))
    keep_draft(request, draft)


def _create(request: HttpRequest, draft: Draft, form: ClientForm) -> HttpResponse:
    values: dict[str, Any] = {**draft.identity, **form.cleaned_data}
    # The name may have been taken while the second screen was filled in.
    identity = IdentityForm(draft.identity)
    if not identity.is_valid():
        return redirect("connection-new")
    needs_secret = values["client_authentication"] != ClientAuthentication.NONE
    secret = draft.find_secret() if needs_secret else None
    if needs_secret and secret is None:
        raise SettingError(_("Enter the secret or certificate once more."))
    connection = create_connection(values, secret, request.user)
    drop_draft(request)
    return test_and_show(request, connection, is_new=True)


def test_and_show(request: HttpRequest, connection: OAuthConnection, *, is_new: bool) -> HttpResponse:
    """Test the connection, and go on to the page of the report."""
    try:
        check_connection(connection, request.user)
    except PostroomError as error:
        messages.error(request, error.message)
    response = redirect("connection-test", pk=connection.pk)
    if is_new:
        response["Location"] += "?new"
    return response
