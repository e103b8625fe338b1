"""Who asks, and whether they may: the one answer for pages and API.

A page says what it needs by `@needs`, an endpoint of the API takes `api_auth` and asks `require`. What is refused
goes into the audit trail.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from ninja.security import HttpBearer, SessionAuth

from postroom.controlroom import problems
from postroom.controlroom.accounts.device_keys import find_device, note_use
from postroom.controlroom.accounts.models import Device, User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.trail import record
from postroom.controlroom.requests import get_path
from postroom.errors import NotAllowedError, NotSignedInError

Page = Callable[..., HttpResponse]


def needs(*permissions: Permission) -> Callable[[Page], Page]:
    """Let a page be seen by whoever has one of these permissions; without any: by whoever is signed in.

    Who is not signed in is brought to the sign-in page and back.
    """

    def guard(page: Page) -> Page:
        @wraps(page)
        def guarded(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))
            if permissions and not any(request.user.may(permission) for permission in permissions):
                raise PermissionDenied
            return page(request, *args, **named)

        return guarded

    return guard


def show_refusal(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a page that was refused, and write it into the audit trail (Django's `handler403`)."""
    record_refusal(request, request.user if request.user.is_authenticated else None)
    return problems.show_refusal(request, exception)


def require(request: HttpRequest, *permissions: Permission) -> User:
    """Get the user of an API request, who must have one of these permissions; without any: who it is.

    Errors: NotSignedInError, NotAllowedError.
    """
    user: User | None = getattr(request, "auth", None)
    if user is None:
        raise not_signed_in()
    if permissions and not any(user.may(permission) for permission in permissions):
        wanted = " / ".join(permission.label for permission in permissions)
        record_refusal(request, user, permission=" / ".join(permissions))
        raise NotAllowedError(
            _(
                "This needs the permission “%(permission)s”, which none of your roles gives. Ask an administrator."
            )
            % {"permission": wanted}
        )
    return user


def record_refusal(request: HttpRequest, user: User | None, **details: str) -> None:
    """Write into the audit trail that a page or endpoint was refused."""
    target = f"{request.method} {get_path(request)}"
    record(Event.ACCESS_REFUSED, actor=user, target=target, outcome=Outcome.REFUSED, **details)


def not_signed_in() -> NotSignedInError:
    """Say that nobody is known to ask, and how to become known."""
    return NotSignedInError(
        _(
            "The Control Room does not know who asks. Sign in, or send the API key of a device "
            "(`postroom login` gets one)."
        )
    )


class DeviceAuthentication(HttpBearer):
    """A device with its API key: `Authorization: Bearer prk_...`."""

    openapi_name = "Device"

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        """Find the user of the device. Errors: NotSignedInError for a key that is no good (any more)."""
        device = find_device(token)
        if device is None:
            raise NotSignedInError(
                _("The Control Room does not know this API key. Get one with `postroom login`.")
            )
        self._check(request, device)
        request.device = device
        # The request log names who asked, however they proved it.
        request.user = device.user
        return device.user

    def _check(self, request: HttpRequest, device: Device) -> None:
        is_first_of_minute = note_use(device)
        if device.revoked is None and device.user.is_active:
            return
        if is_first_of_minute:
            record_refusal(request, device.user, device=device.name)
        raise NotSignedInError(
            _(
                "The API key of this device was revoked, or its user disabled. Get a new one with `postroom login`."
            )
        )


class SessionAuthentication(SessionAuth):
    """A person at a browser, with Django's session and its protection against forged requests."""

    openapi_name = "Session"

    def __call__(self, request: HttpRequest) -> User | None:
        """Find the user; whoever is not signed in is told that, and not that a token against forgery is missing."""
        found: User | None = super().__call__(request) if request.user.is_authenticated else None
        return found

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        """Find the user of the session. Errors: NotAllowedError while the first password is to be changed."""
        user: User | None = super().authenticate(request, key)
        if user is not None and user.must_change_password:
            raise NotAllowedError(_("Your password is one that somebody else gave you. Change it first."))
        return user


# The key first: a request that carries one has no session, and needs no token against forgery.
api_auth = [DeviceAuthentication(), SessionAuthentication()]
