"""The API under `/api`: one door, one way to prove who one is, one shape of errors."""

import logging
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from postroom.controlroom.accounts.access import record_refusal
from postroom.controlroom.problems import answer_problem
from postroom.errors import (
    BotFileError,
    NotAllowedError,
    NotSignedInError,
    PostroomError,
    SettingError,
    get_outcome,
)
from postroom.version import __version__

logger = logging.getLogger("postroom.controlroom.api")

api = NinjaAPI(
    title="Postroom Control Room",
    version=__version__,
    description="Bots and their runs; connections, credentials and tokens for them.",
    docs_url="/docs",
    docs_decorator=login_required,
    urls_namespace="api",
)


@api.exception_handler(PostroomError)
def answer_error(request: HttpRequest, error: PostroomError) -> HttpResponse:
    """Answer every failure of ours in one shape, with the status that the table of outcomes gives it."""
    return api.create_response(request, {"error": describe(error)}, status=get_outcome(error).http_status)


@api.exception_handler(AuthenticationError)
def answer_stranger(request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    """Say that the caller is unknown, as our own error does."""
    return answer_error(
        request,
        NotSignedInError(
            "The Control Room does not know who asks. Sign in, or send the API key of a device as "
            "“Authorization: Bearer KEY”."
        ),
    )


@api.exception_handler(ValidationError)
def answer_wrong_fields(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Say which fields are wrong, and never what was in them."""
    named = "; ".join(f"{_name_field(wrong['loc'])}: {wrong['msg']}" for wrong in error.errors)
    return answer_error(request, SettingError(f"The request is not as the API's description says. {named}."))


@api.exception_handler(HttpError)
def answer_http_error(_request: HttpRequest, error: HttpError) -> HttpResponse:
    """Give what the API's own library refuses the same shape."""
    return answer_problem(error.status_code, str(error))


@api.exception_handler(Http404)
def answer_missing(_request: HttpRequest, _error: Http404) -> HttpResponse:
    """Say that there is nothing here."""
    return answer_problem(404, "There is nothing at this address.")


@api.exception_handler(PermissionDenied)
def answer_refusal(request: HttpRequest, _error: PermissionDenied) -> HttpResponse:
    """Say that no role allows this, as our own error does, and write it into the audit trail."""
    record_refusal(request, getattr(request, "auth", None))
    return answer_error(request, NotAllowedError("Your roles do not allow this. Nothing was changed."))


@api.exception_handler(Exception)
def answer_failure(_request: HttpRequest, error: Exception) -> HttpResponse:
    """Say that the Control Room itself failed; what failed stands in its log alone."""
    logger.error("The API failed.", exc_info=error)
    return answer_problem(
        500, "The Control Room itself failed. Its log tells more under the id of this request."
    )


def describe(error: PostroomError) -> dict[str, Any]:
    """The error as data: its type, what happened and what to do; of a bot file, all its faults too."""
    described: dict[str, Any] = {
        "type": type(error).__name__,
        "message": error.message,
        "code": error.code,
        "aadsts": error.aadsts,
        "request_id": error.request_id,
    }
    if isinstance(error, BotFileError):
        described["faults"] = [vars(fault) for fault in error.faults]
    return described


def _name_field(place: tuple[str | int, ...]) -> str:
    # The first part says where it stands (body, query), the second is the parameter of our function.
    return ".".join(str(part) for part in (place[2:] or place[1:]))
