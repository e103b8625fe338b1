"""A process that sends, and is killed within one of its requests: before it leaves, or before the answer comes."""

import os
import signal
from collections.abc import Mapping
from typing import Any

import httpx2

from postroom import outlook

GRAPH_PATHS = ("/v1.0/", "/api/gv1.0/")


def send_and_die(
    environment: Mapping[str, str],
    cloud: str,
    authentication: Mapping[str, str],
    action: str,
    settings: Mapping[str, Any],
    kill_at: int,
    *,
    is_done: bool,
) -> None:
    """Do this action, and be killed within the request of this number to Microsoft Graph, if there is one."""
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "SSL_CERT_DIR"):
        os.environ.pop(name, None)
    os.environ.update(environment)
    send, asked = httpx2.Client.send, 0

    def send_or_die(client: httpx2.Client, request: httpx2.Request, **options: Any) -> httpx2.Response:
        nonlocal asked
        asked += request.url.path.startswith(GRAPH_PATHS)
        if asked < kill_at or not request.url.path.startswith(GRAPH_PATHS):
            return send(client, request, **options)
        if is_done:
            send(client, request, **options)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    httpx2.Client.send = send_or_die  # type: ignore[method-assign]
    mode = outlook.ClientCredentials(**authentication)
    with outlook.connect(cloud=cloud, authentication=mode) as mailbox:
        getattr(mailbox, action)(**settings)
