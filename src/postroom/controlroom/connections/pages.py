"""The pages of one connection: what it is and how it stands, and what can be done with it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from postroom.controlroom.accounts.access import needs
from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.connections import records
from postroom.controlroom.connections.client_secrets import AT_MOST
from postroom.controlroom.connections.deadlines import list_warnings
from postroom.controlroom.connections.forms import ClientForm, IdentityForm, NewSecretForm, RolesForm
from postroom.controlroom.connections.models import ClientSecret, OAuthConnection
from postroom.controlroom.connections.providers import ClientAuthentication, GrantType, find_cloud
from postroom.controlroom.connections.scopes import list_requested_scopes, shorten_scopes
from postroom.controlroom.connections.shown import (
    CHIPS,
    choose_days_chip,
    describe_days,
    get_context,
    show_token,
)
from postroom.controlroom.connections.sign_ins import get_callback_url
from postroom.controlroom.connections.status import get_status
from postroom.controlroom.connections.testing import read_report
from postroom.controlroom.connections.use import list_usable
from postroom.controlroom.connections.wizard import TENANT_STANDS_FOR, describe_urls, test_and_show
from postroom.errors import PostroomError


@needs(Permission.VIEW_CONNECTIONS, Permission.MANAGE_CONNECTIONS)
def show_connection(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A connection: its status, tokens, client, secrets, last test and roles."""
    connection = list_usable(request.user).prefetch_related("tokens__user", "secrets").filter(pk=pk).first()
    if connection is None:
        raise Http404
    status = get_status(connection)
    shown = get_context(
        request,
        connection.name,
        connection=connection,
        status=status,
        chip=CHIPS[status.value],
        warnings=list_warnings([connection]),
        shared=show_token(request, connection, None),
        personal=[show_token(request, connection, user) for user in _list_personal(connection)],
        secrets=[_show_secret(secret) for secret in connection.secrets.all()],
        report=(report := read_report(connection)),
        holds=all(step.holds for step in report),
        roles=connection.roles.order_by("name"),
        callback_url=get_callback_url(),
        **_describe_client(connection),
    )
    return render(request, "connections/connection.html", shown)


@needs(Permission.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "POST"])
def edit_connection(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a connection: both first screens on one page; empty secret fields keep what is there."""
    connection = get_object_or_404(OAuthConnection, pk=pk)
    identity = IdentityForm(request.POST or None, existing=connection, initial=vars(connection))
    client = ClientForm(
        request.POST or None,
        provider=connection.provider,
        kept=_describe_kept(connection),
        initial=_describe_client_fields(connection),
    )
    if request.method == "POST":
        # Both, so that all that is wrong is told at once.
        is_good = all([identity.is_valid(), client.is_valid()])
        if is_good and (answer := _save(request, connection, identity, client)):
            return answer
    shown = get_context(
        request,
        _("Edit %(connection)s") % {"connection": connection.name},
        connection=connection,
        identity=identity,
        form=client,
        is_new="new" in request.GET,
        callback_url=get_callback_url(),
        **describe_urls(connection.provider),
    )
    return render(request, "connections/edit.html", shown)


@needs(Permission.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "POST"])
def show_test(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The third screen: the report of the last test, and the way on to the Shared sign-in."""
    connection = get_object_or_404(OAuthConnection, pk=pk)
    is_new = "new" in request.GET
    if request.method == "POST":
        return test_and_show(request, connection, is_new=is_new)
    report = read_report(connection)
    shown = get_context(
        request,
        _("New connection") if is_new else _("Test of %(connection)s") % {"connection": connection.name},
        connection=connection,
        report=report,
        holds=bool(report) and all(step.holds for step in report),
        is_new=is_new,
        step=3,
        shared=show_token(request, connection, None),
        signs_in=connection.grant_type != GrantType.CLIENT_CREDENTIALS,
    )
    return render(request, "connections/test.html", shown)


@needs(Permission.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "POST"])
def invite_roles(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The fourth screen: which roles may use the connection."""
    connection = get_object_or_404(OAuthConnection, pk=pk)
    form = RolesForm(request.POST or None, initial={"roles": connection.roles.all()})
    if request.method == "POST" and form.is_valid():
        records.invite_roles(connection, form.cleaned_data["roles"], request.user)
        messages.success(request, _("Saved who may use “%(name)s”.") % {"name": connection.name})
        return redirect("connection", pk=pk)
    is_new = "new" in request.GET
    shown = get_context(
        request,
        _("New connection") if is_new else _("Invite roles to %(name)s") % {"name": connection.name},
        connection=connection,
        form=form,
        is_new=is_new,
        step=4,
        shared=show_token(request, connection, None),
    )
    return render(request, "connections/roles.html", shown)


@needs(Permission.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "POST"])
def replace_secret(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Add a new secret or certificate beside the old one."""
    connection = get_object_or_404(OAuthConnection, pk=pk)
    form = NewSecretForm(request.POST or None, authentication=connection.client_authentication)
    if request.method == "POST" and form.is_valid():
        new = form.find_new_secret(connection.client_authentication)
        try:
            if new is not None:
                records.replace_secret(connection, new, request.user)
            messages.success(
                request, _("Added. From now on it is tried first; remove the old one when all works.")
            )
            return redirect("connection", pk=pk)
        except PostroomError as error:
            messages.error(request, error.message)
    shown = get_context(
        request,
        _("Replace the secret of %(name)s") % {"name": connection.name},
        connection=connection,
        form=form,
        is_certificate=connection.client_authentication == ClientAuthentication.CERTIFICATE,
    )
    return render(request, "connections/secret.html", shown)


@needs(Permission.MANAGE_CONNECTIONS)
@require_POST
def remove_secret(request: HttpRequest, pk: UUID, secret: UUID) -> HttpResponse:
    """Remove the old secret after a change."""
    found = get_object_or_404(ClientSecret.objects.select_related("connection"), pk=secret, connection_id=pk)
    try:
        records.remove_secret(found, request.user)
        messages.success(request, _("Removed."))
    except PostroomError as error:
        messages.error(request, error.message)
    return redirect("connection", pk=pk)


@needs(Permission.MANAGE_CONNECTIONS)
@require_POST
def disconnect(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Forget the Shared tokens, or those of the user that the form names."""
    connection = get_object_or_404(OAuthConnection, pk=pk)
    named = request.POST.get("user", "")
    user = next((one for one in _list_personal(connection) if one.get_username() == named), None)
    if named and user is None:
        raise Http404
    records.disconnect(connection, user, request.user)
    messages.success(request, _("Disconnected. Bots get no more tokens until somebody signs in again."))
    return redirect("connection", pk=pk)


@needs(Permission.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "POST"])
def delete_connection(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete a connection, after asking."""
    connection = get_object_or_404(OAuthConnection.objects.prefetch_related("tokens", "secrets"), pk=pk)
    if request.method == "POST":
        name = connection.name
        records.delete_connection(connection, request.user)
        messages.success(request, _("Deleted “%(name)s”.") % {"name": name})
        return redirect("connections")
    title = _("Delete %(name)s?") % {"name": connection.name}
    return render(request, "connections/delete.html", get_context(request, title, connection=connection))


def _save(
    request: HttpRequest, connection: OAuthConnection, identity: IdentityForm, client: ClientForm
) -> HttpResponse | None:
    values = {**identity.cleaned_data, **client.cleaned_data}
    secret = client.find_new_secret(values["client_authentication"])
    try:
        changed = records.change_connection(
            connection, values, secret, request.user, corrects_secret="new" in request.GET
        )
    except PostroomError as error:
        messages.error(request, error.message)
        return None
    if changed & records.ENDS_SIGN_INS:
        messages.warning(request, _("The client changed, so everybody has to sign in again."))
    if "new" in request.GET or "test" in request.POST:
        return test_and_show(request, connection, is_new="new" in request.GET)
    messages.success(request, _("Saved."))
    return redirect(reverse("connection", args=[connection.pk]))


def _describe_kept(connection: OAuthConnection) -> dict[str, str]:
    if not connection.secrets.exists():
        return {}
    return {"proof": connection.client_authentication, "token_url": connection.token_url}


def _describe_client_fields(connection: OAuthConnection) -> dict[str, Any]:
    newest = connection.secrets.first()
    return {
        **vars(connection),
        "scopes": shorten_scopes(connection.scopes, connection.provider),
        "secret_expires": newest.expires if newest is not None else None,
    }


def _describe_client(connection: OAuthConnection) -> dict[str, Any]:
    urls = {
        name.removeprefix("entra_"): url.replace(TENANT_STANDS_FOR, connection.tenant_id)
        for name, url in describe_urls(connection.provider).items()
    }
    if find_cloud(connection.provider) is None:
        urls = {"authorization_url": connection.authorization_url, "token_url": connection.token_url}
    own = shorten_scopes(connection.scopes, connection.provider).split()
    asked = list_requested_scopes(connection.scopes, connection.provider, connection.grant_type)
    return {
        **urls,
        "scopes": own,
        "reserved_scopes": asked[len(own) :],
        "signs_in": connection.grant_type != GrantType.CLIENT_CREDENTIALS,
        "has_secret": connection.client_authentication != ClientAuthentication.NONE,
        "is_certificate": connection.client_authentication == ClientAuthentication.CERTIFICATE,
        "may_add_secret": connection.secrets.count() < AT_MOST,
    }


def _list_personal(connection: OAuthConnection) -> list[User]:
    users = {token.user for token in connection.tokens.all() if token.user is not None}
    return sorted(users, key=lambda user: user.get_username())


def _show_secret(secret: ClientSecret) -> dict[str, Any]:
    return {
        "secret": secret,
        "days": describe_days(secret.expires),
        "chip": choose_days_chip(secret.expires),
    }
