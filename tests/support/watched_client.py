"""Django's test client, which fails where an answer has a secret in it that it is not there to give."""

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

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


class WatchedClient(Client):
    """Ask as a browser or a bot would."""

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
