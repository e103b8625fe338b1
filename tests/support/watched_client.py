"""Django's test client, which fails where an answer has a secret in it that it is not there to give."""

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from support.canary import canary

GIVES_SECRETS = re.compile(r"/api/.*(token|use|value|device|login).*|.*/devices/.*")
"""Access tokens, values of credentials for bots, and API keys, which are shown once."""


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
