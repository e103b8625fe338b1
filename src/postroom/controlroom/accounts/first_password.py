"""A password that somebody else knows is changed before anything else is done."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import resolve

ALLOWED = {"my-password", "admin:logout", "admin:login", "set_language", "admin:jsi18n"}
"""What can be opened all the same."""


class FirstPassword:
    """Bring whoever has a one-time password to the page where it is changed (a middleware).

    The API refuses such a session by itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Lead to the password page where that is due."""
        if not getattr(request.user, "must_change_password", False) or request.path.startswith("/api/"):
            return None
        name = resolve(request.path).view_name
        return None if name in ALLOWED else redirect("my-password")
