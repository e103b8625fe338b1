"""The API under `/api`: one door, one way to prove who one is, one shape of errors."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from postroom import __version__
from postroom.errors import PostroomError, get_outcome

api = NinjaAPI(
    title="Postroom Control Room",
    version=__version__,
    description="Connections, credentials and tokens for bots.",
    docs_url="/docs",
    urls_namespace="api",
)


@api.exception_handler(PostroomError)
def answer_error(request: HttpRequest, error: PostroomError) -> HttpResponse:
    """Answer every failure of ours in one shape, with the status that the table of outcomes gives it."""
    return api.create_response(request, {"error": describe(error)}, status=get_outcome(error).http_status)


def describe(error: PostroomError) -> dict[str, Any]:
    """The error as data: its type, what happened and what to do."""
    return {
        "type": type(error).__name__,
        "message": error.message,
        "code": error.code,
        "aadsts": error.aadsts,
        "request_id": error.request_id,
    }
