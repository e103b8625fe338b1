"""What a person sees when a request cannot be answered, in the site's look: what happened, and what to do next.

A program that asks the API gets the same as data. Nothing here asks the database, which may be what has failed.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from postroom.controlroom.requests import get_origin
from postroom.controlroom.site import site
from postroom.errors import (
    ControlRoomError,
    NotAllowedError,
    NotSignedInError,
    PostroomError,
    RecordNotFoundError,
    SettingError,
)

API_PREFIX = "/api/"
KINDS: dict[int, type[PostroomError]] = {
    400: SettingError,
    401: NotSignedInError,
    403: NotAllowedError,
    404: RecordNotFoundError,
    500: PostroomError,
}


def show_problem(
    request: HttpRequest, status: int, title: str, message: str, way_on: tuple[str, str] | None = None
) -> HttpResponse:
    """Show a page that says what happened and what to do; `way_on` is the label and address of a button."""
    if request.path.startswith(API_PREFIX):
        return answer_problem(status, f"{title}. {message}")
    context = {
        **site.get_look(request),
        "title": title,
        "message": message,
        "way_on": way_on if way_on is not None else (_("To the overview"), "/"),
        "request_id": get_origin().request_id,
    }
    # Rendered here: the callers are Django's handlers, which take a finished response.
    return TemplateResponse(request, "controlroom/problem.html", context, status=status).render()


def answer_problem(status: int, message: str) -> JsonResponse:
    """Answer a program with the one shape of errors, by the name that our own error of this status has."""
    described = {"code": None, "aadsts": None, "request_id": None}
    kind = KINDS.get(status, ControlRoomError).__name__
    return JsonResponse({"error": {"type": kind, "message": message, **described}}, status=status)


def show_bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that the request cannot be understood (400)."""
    if isinstance(exception, DisallowedHost):
        return show_problem(
            request,
            400,
            _("The Control Room has another address"),
            _(
                "Open it at %(url)s. If this address is meant to work, an administrator sets POSTROOM_URL to it."
            )
            % {"url": settings.CONFIGURATION.url},
            (_("Open the Control Room"), settings.CONFIGURATION.url),
        )
    return show_problem(
        request,
        400,
        _("This request cannot be understood"),
        _(
            "Something in the address or the form is not as the page made it. Go back, load the page anew and try "
            "again."
        ),
    )


def show_refusal(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Say that the roles of the user do not allow this (403)."""
    return show_problem(
        request,
        403,
        _("Your roles do not allow this"),
        _(
            "Nothing was changed. Ask an administrator of this Control Room for a role that may open this page."
        ),
    )


def show_csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Say that a form was not sent from a page of ours, or from one that was open for too long (403)."""
    return show_problem(
        request,
        403,
        _("This form is out of date"),
        _(
            "Nothing was changed. The page was open while you signed in or out, or your browser keeps no cookies of "
            "this site. Go back, load the page anew and send the form again."
        ),
    )


def show_missing(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Say that there is nothing at this address (404)."""
    return show_problem(
        request,
        404,
        _("There is nothing here"),
        _("The address is wrong, or what was here has been deleted. Look for it from the overview."),
    )


def show_failure(request: HttpRequest) -> HttpResponse:
    """Say that the Control Room itself failed (500)."""
    return show_problem(
        request,
        500,
        _("Something went wrong in the Control Room"),
        _(
            "It may help to try again in a minute. If it happens again, give an administrator the number below: the "
            "log of the Control Room says what failed under it."
        ),
    )


def show_lockout(request: HttpRequest, credentials: dict[str, Any]) -> HttpResponse:  # noqa: ARG001 - axes' signature
    """Say that this name has failed to sign in too often from here (429)."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    response = show_problem(
        request,
        429,
        _("Too many attempts to sign in"),
        _(
            "For safety, nobody can sign in with this name from here for %(minutes)d minutes. If you have forgotten "
            "the password, ask an administrator for a new one."
        )
        % {"minutes": minutes},
        (_("Back to the sign-in"), "/login/"),
    )
    response["Retry-After"] = str(minutes * 60)
    return response
