"""One request of a page or the API: its id, who asks from where, and its line in the log."""

import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

ID_HEADER = "X-Request-ID"
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
SECRET_PARTS = frozenset({"token", "state", "link", "secret"})
"""Names of route parameters whose values are good for something, and so are kept out of the log."""

logger = logging.getLogger("postroom.controlroom.requests")


@dataclass(frozen=True)
class RequestOrigin:
    """Which request something was done in, and from which address; empty outside of requests."""

    request_id: str = ""
    address: str = ""


_NOWHERE = RequestOrigin()
_origin: ContextVar[RequestOrigin] = ContextVar("origin", default=_NOWHERE)


def get_origin() -> RequestOrigin:
    """The request that is being answered in this thread."""
    return _origin.get()


def get_address(request: HttpRequest) -> str:
    """The address that a request comes from; behind a trusted proxy, the server has put there what the proxy says."""
    return request.META.get("REMOTE_ADDR", "")


def get_path(request: HttpRequest) -> str:
    """The path of a request as it may be written down: without the query, and without what is secret in it."""
    path: str = request.path
    match = request.resolver_match
    for name in SECRET_PARTS & (match.captured_kwargs.keys() if match else set()):
        path = path.replace(str(match.captured_kwargs[name]), "…")
    return path


class RequestLog:
    """Give each request an id, and log it as one line without query or body (a middleware)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, with its id in a header."""
        given = request.headers.get(ID_HEADER, "")
        origin = RequestOrigin(given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex, get_address(request))
        token = _origin.set(origin)
        started = time.perf_counter()
        try:
            response = self._get_response(request)
            _log(request, response, time.perf_counter() - started)
            response[ID_HEADER] = origin.request_id
            return response
        finally:
            _origin.reset(token)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request id, and what the record brings."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record."""
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": _write_message(record),
            "request_id": get_origin().request_id,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _write_message(record: logging.LogRecord) -> str:
    # Django brings the request with what it logs of it, and has its path in the message.
    request = getattr(record, "request", None)
    message = record.getMessage()
    return message.replace(request.path, get_path(request)) if isinstance(request, HttpRequest) else message


def set_up_logging(level: int = logging.INFO) -> None:
    """Let everything of this process log to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Requests have their own line; Django repeats those that are refused.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    logging.getLogger("django.security.DisallowedHost").setLevel(logging.CRITICAL)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    for library in ("httpx2", "msal", "axes"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _log(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    user = getattr(request, "user", None)
    logger.info(
        "%s %s %d",
        request.method,
        get_path(request),
        response.status_code,
        extra={
            "fields": {
                "status": response.status_code,
                "milliseconds": round(seconds * 1000, 1),
                "user": user.get_username() if user is not None and user.is_authenticated else None,
                "address": get_origin().address,
            }
        },
    )
