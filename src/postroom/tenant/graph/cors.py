"""What lets pages of other origins call Graph from a browser (WHATWG Fetch, CORS protocol)."""

from starlette.requests import Request
from starlette.responses import Response

_METHODS = "GET, POST, PATCH, PUT, DELETE"
_EXPOSED = "Location, Preference-Applied, Retry-After, WWW-Authenticate, request-id, client-request-id"


def answer_preflight(request: Request) -> Response:
    """OPTIONS: let a page of any origin ask, with whatever headers it wants to."""
    # [?] The status, and for how long a browser may remember the answer.
    headers = {"Access-Control-Allow-Methods": _METHODS, "Access-Control-Max-Age": "600"}
    if wanted := request.headers.get("access-control-request-headers"):
        headers["Access-Control-Allow-Headers"] = wanted
    return allow_origin(request, Response(status_code=200, headers=headers))


def allow_origin(request: Request, answer: Response) -> Response:
    """Let the page that asked read the answer."""
    if "origin" in request.headers:
        answer.headers["Access-Control-Allow-Origin"] = "*"
        answer.headers["Access-Control-Expose-Headers"] = _EXPOSED
    return answer
