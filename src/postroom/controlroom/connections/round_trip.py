"""The pages of the sign-in round trip: out to the provider, back to `/oauth/callback`, on to where one came from.

A sign-in begins with a POST, which only our own pages can send: with a plain link another site could exchange the
Shared sign-in for one of whoever clicks. The answer is not a redirect but a page that leads on (`departure`). Where one
comes back to is chosen here, and never taken from the address.
"""

import secrets
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from postroom.controlroom.accounts.access import needs
from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.trail import record
from postroom.controlroom.connections import sign_ins
from postroom.controlroom.connections.models import OAuthConnection, SignInAttempt
from postroom.controlroom.connections.records import describe_token
from postroom.controlroom.connections.scopes import shorten_scopes
from postroom.controlroom.connections.shown import get_context, leave_notice
from postroom.controlroom.connections.use import list_usable, may_use
from postroom.controlroom.departure import leave_for
from postroom.controlroom.site import site
from postroom.controlroom.words import say
from postroom.errors import PostroomError, SignInAnswerError

COOKIE = "postroom_sign_in"
COOKIE_PATH = "/oauth/"
COOKIE_SECONDS = 24 * 3600


@needs()
@require_http_methods(["GET", "POST"])
@never_cache
def start_own(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sign in for the User-specific token of the person of this request."""
    connection = get_object_or_404(list_usable(request.user), pk=pk)
    if request.method == "GET":
        # Whose session had ended comes here from the login page, and presses the button again.
        return redirect("my-connections")
    attempt = sign_ins.start_attempt(
        connection, user=request.user, started_by=request.user, return_to=reverse("my-connections")
    )
    return _leave(request, attempt)


@needs(Permission.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "POST"])
@never_cache
def start_shared(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sign in for the Shared token."""
    connection = get_object_or_404(OAuthConnection, pk=pk)
    if request.method == "GET":
        return redirect("connection", pk=pk)
    return_to = reverse("connection", args=[pk])
    if "new" in request.POST:
        return_to = f"{reverse('connection-roles', args=[pk])}?new"
    attempt = sign_ins.start_attempt(connection, user=None, started_by=request.user, return_to=return_to)
    return _leave(request, attempt)


@needs(Permission.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "POST"])
@never_cache
def make_link(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make a link with which the owner of a mailbox signs in; it is shown once."""
    connection = get_object_or_404(OAuthConnection, pk=pk)
    users = [user for user in User.objects.order_by("username") if may_use(user, connection)]
    link, user = "", None
    if request.method == "POST":
        named = request.POST.get("user", "")
        user = next((one for one in users if one.get_username() == named), None)
        if named and user is None:
            return redirect("connection-link", pk=pk)
        link = sign_ins.create_link(connection, user=user, started_by=request.user)
        token = describe_token(user)
        record(Event.SIGN_IN_LINK_CREATED, actor=request.user, target=connection.name, token=token)
    title = _("Let somebody else sign in for %(name)s") % {"name": connection.name}
    shown = get_context(request, title, connection=connection, users=users, link=link, for_user=user)
    return render(request, "connections/link.html", shown)


@require_http_methods(["GET", "POST"])
@never_cache
def open_link(request: HttpRequest) -> HttpResponse:
    """What the mailbox's owner sees: who asks for what; only a press of the button goes on."""
    key = request.POST.get("key") or request.GET.get("key", "")
    try:
        if request.method == "POST":
            return _leave_by_link(request, key)
        link = sign_ins.get_link(key, _read_browser(request))
    except PostroomError as error:
        return _show_end(request, _("This did not work"), say(error), status=400)
    scopes = shorten_scopes(link.connection.scopes, link.connection.provider).split()
    shown = {**site.get_look(request), "title": _("Sign in"), "link": link, "key": key, "scopes": scopes}
    return render(request, "connections/open_link.html", shown)


@require_GET
@never_cache
def take_callback(request: HttpRequest) -> HttpResponse:
    """Where the provider sends the browser back to, with an authorization code or an error."""
    try:
        attempt = sign_ins.take_answer(request.GET.get("state", ""), _read_browser(request))
        if not attempt.link_hash:
            _check_person(request, attempt)
    except PostroomError as error:
        record(
            Event.CONNECTED, actor=_get_person(request), outcome=Outcome.REFUSED, reason=type(error).__name__
        )
        return _show_end(request, _("This did not work"), say(error), status=400)
    by_link = bool(attempt.link_hash)
    try:
        account = sign_ins.finish(attempt, request.GET.dict())
    except PostroomError as error:
        _record(attempt, Event.CONNECTED, Outcome.FAILED, by_link=by_link, reason=type(error).__name__)
        return _come_back(request, attempt, error)
    _record(attempt, Event.CONNECTED, Outcome.DONE, by_link=by_link, account=account)
    if by_link:
        done = _("You are signed in as %(account)s. You can close this page.") % {"account": account}
        return _show_end(request, _("Thank you"), done)
    connected = _("“%(name)s” is connected as %(account)s.")
    messages.success(request, connected % {"name": attempt.connection.name, "account": account})
    return redirect(attempt.return_to)


def _leave(request: HttpRequest, attempt: SignInAttempt) -> HttpResponse:
    """Lead on to the provider; what keeps us from it is told where the person came from."""
    browser = _read_browser(request) or secrets.token_urlsafe(32)
    try:
        url = sign_ins.leave(attempt, browser)
    except PostroomError as error:
        _record(attempt, Event.SIGN_IN_STARTED, Outcome.FAILED, reason=type(error).__name__)
        return _come_back(request, attempt, error)
    _record(attempt, Event.SIGN_IN_STARTED, Outcome.DONE)
    response = leave_for(request, url)
    response.set_cookie(
        COOKIE,
        browser,
        max_age=COOKIE_SECONDS,
        path=COOKIE_PATH,
        secure=settings.CONFIGURATION.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response


def _leave_by_link(request: HttpRequest, key: str) -> HttpResponse:
    browser = _read_browser(request)
    if not browser:
        # The cookie is set first, so that the link is bound to a browser that keeps cookies.
        browser = secrets.token_urlsafe(32)
        request.COOKIES[COOKIE] = browser
    return _leave(request, sign_ins.open_link(key, browser))


def _come_back(request: HttpRequest, attempt: SignInAttempt, error: PostroomError) -> HttpResponse:
    """To the row that the person came from, with what went wrong."""
    if attempt.link_hash or not attempt.return_to:
        return _show_end(request, _("This did not work"), say(error), status=400)
    leave_notice(request, attempt.connection, attempt.user, say(error))
    return redirect(attempt.return_to)


def _check_person(request: HttpRequest, attempt: SignInAttempt) -> None:
    """A sign-in comes back to whoever began it, as long as they may."""
    owner = attempt.started_by
    is_same = request.user.is_authenticated and request.user == owner
    if attempt.user is None:
        allowed = is_same and request.user.may(Permission.MANAGE_CONNECTIONS)
    else:
        allowed = is_same and may_use(attempt.user, attempt.connection)
    if not allowed:
        raise SignInAnswerError(
            _(
                "This sign-in was begun by somebody else, or you may not use the connection any more. Nothing was "
                "kept: start the sign-in again."
            )
        )


def _show_end(request: HttpRequest, title: str, message: str, *, status: int = 200) -> HttpResponse:
    shown = {**site.get_look(request), "title": title, "message": message, "is_good": status == 200}
    return render(request, "connections/end.html", shown, status=status)


def _record(
    attempt: SignInAttempt, event: Event, outcome: Outcome, *, by_link: bool = False, **details: str
) -> None:
    # Nobody knows who opened a link: the trail names whoever made it.
    token = describe_token(attempt.user)
    record(
        event,
        actor=attempt.started_by,
        target=attempt.connection.name,
        outcome=outcome,
        token=token,
        by_link=by_link or bool(attempt.link_hash),
        **details,
    )


def _get_person(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None


def _read_browser(request: HttpRequest) -> str:
    """The browser's own random key; empty before its first sign-in."""
    return str(request.COOKIES.get(COOKIE, ""))
