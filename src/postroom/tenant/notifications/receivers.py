"""The receivers of notifications, as the tenant calls them: with a token to prove themselves, or with news.

A receiver is trusted as this machine trusts servers: by the system's certificates, or by those that SSL_CERT_FILE and
SSL_CERT_DIR name. Proxies of the environment are left alone.
"""

import ssl
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    import httpx2

# [?] Both are documented as 3 seconds too, in earlier years.
ANSWER_SECONDS = 10.0
_TEXT = "text/plain; charset=utf-8"


class ReceiverRefusedError(Exception):
    """A receiver did not prove itself; the message is Graph's."""


class Receivers:
    """Call receivers."""

    def __init__(self) -> None:
        # Imported when the first subscription comes: it takes a tenth of a second, and few tenants need it.
        import httpx2  # noqa: PLC0415

        self._failure = (httpx2.HTTPError, httpx2.InvalidURL)
        self._timeout = httpx2.TimeoutException
        self._client = httpx2.Client(
            verify=ssl.create_default_context(), timeout=ANSWER_SECONDS, trust_env=False
        )

    def deliver(self, address: str, notifications: Sequence[dict[str, Any]]) -> bool:
        """Bring notifications to a receiver, and tell whether it took them (2xx)."""
        try:
            answer = self._client.post(address, json={"value": list(notifications)})
        except self._failure:
            return False
        return answer.is_success

    def check(self, address: str) -> None:
        """Let a receiver prove itself: it answers 200 with the token of the address, as plain text."""
        token = f"Validation: Testing client application reachability for subscription Request-Id: {uuid4()}"
        try:
            answer = self._ask(address, token)
        except self._timeout:
            raise ReceiverRefusedError("Subscription validation request timed out.") from None
        except self._failure:
            # [?] What Graph says of a receiver that cannot be reached at all.
            raise ReceiverRefusedError(_refused("BadGateway")) from None
        if answer.status_code != HTTPStatus.OK:
            raise ReceiverRefusedError(_refused(_status_name(answer.status_code)))
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "text/plain" or answer.text != token:
            raise ReceiverRefusedError(
                "Subscription validation request failed. Response must exactly match validationToken query parameter."
            )

    def _ask(self, address: str, token: str) -> "httpx2.Response":
        # The address may have a query of its own.
        url = self._client.build_request("POST", address).url.copy_add_param("validationToken", token)
        return self._client.post(url, headers={"Content-Type": _TEXT})


def _refused(status: str) -> str:
    return (
        f"Subscription validation request failed. HTTP status code is '{status}'. Notification endpoint must respond "
        "with 200 OK to validation request."
    )


def _status_name(status: int) -> str:
    """Name a status as .NET does: NotFound."""
    try:
        return HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")
    except ValueError:
        return str(status)
