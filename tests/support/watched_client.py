"""Django's test client, which fails where an answer has a secret in it that it is not there to give."""

import re
from typing import Any

from django.core.signals import setting_changed
from django.http import HttpResponse
from django.test import Client
from django.test.client import ClientHandler

from support.canary import canary

GIVES_SECRETS = re.compile(
    "|".join(
        (
            r"/api/connections/[^/]+/token",
            r"/api/credentials/[^/]+/[^/]+",
            r"/api/users",
            r"/api/devices",
            r"/api/login(/key)?",
            r"/me/devices/",
            r"/accounts/user/(add|[^/]+/password)/",
        )
    )
)
"""What there is to give an access token, a value for a bot, or what is shown once: API keys, one-time passwords."""


_handlers: dict[bool, ClientHandler] = {}
"""What answers, made once: each looks for all static files that there are, which costs more than most answers."""


class WatchedClient(Client):
    """Ask as a browser or a bot would."""

    def __init__(self, enforce_csrf_checks: bool = False, **settings: Any) -> None:
        super().__init__(enforce_csrf_checks, **settings)
        self.handler = _handlers.setdefault(enforce_csrf_checks, self.handler)

    def request(self, **request: Any) -> HttpResponse:
        """Answer, and let the canary read what comes back."""
        response = super().request(**request)
        path = request.get("PATH_INFO", "")
        if not GIVES_SECRETS.fullmatch(path):
            content = b"".join(response.streaming_content) if response.streaming else response.content
            if response.streaming:
                response.streaming_content = [content]
            canary.check(content, f"the answer of {path}")
            canary.check(str(response.headers), f"the headers of the answer of {path}")
        return response


def _forget_handlers(setting: str, **_signal: Any) -> None:
    if setting != "PASSWORD_HASHERS":  # which every test changes, and which no middleware asks for
        _handlers.clear()


setting_changed.connect(_forget_handlers)
