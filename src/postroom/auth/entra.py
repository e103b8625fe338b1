"""The wire to Entra ID: the HTTP client that MSAL is given.

MSAL decides what to ask; this module decides how it travels: with the machine's proxies and trust store,
never to a host of another cloud, repeated when Entra ID is busy, and with refusals in our words.
"""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2

from postroom.auth.refusals import SignInPlace, create_sign_in_error
from postroom.errors import SignInError, SignInUnavailableError, WrongCloudError
from postroom.network import network_errors, read_retry_after_seconds

ATTEMPTS = 4
LONGEST_WAIT_SECONDS = 30.0


class EntraAnswer:
    """An answer of Entra ID in the shape that MSAL expects of an HTTP client."""

    def __init__(self, response: httpx2.Response) -> None:
        self.status_code = response.status_code
        self.text = response.text
        self.headers: Mapping[str, str] = response.headers

    def raise_for_status(self) -> None:
        """Nothing to do: what MSAL must not see never becomes an `EntraAnswer`."""


class EntraWire:
    """Carry MSAL's requests to the login host of one cloud.

    Errors: SignInError and NetworkError pass through MSAL as they are.
    """

    def __init__(self, http: httpx2.Client, place: SignInPlace) -> None:
        self._http = http
        self._place = place
        self.clock_ahead_seconds = 0.0
        """How far this machine's clock was ahead of Entra ID's at the last answer."""

    def get(
        self, url: str, *, params: Any = None, headers: Mapping[str, str] | None = None, **_: Any
    ) -> EntraAnswer:
        """Fetch one of the public documents (discovery); a refusal of it is an error."""
        response = self._send("GET", url, params=params, headers=headers)
        answer = _read_answer(response)
        if response.is_error:
            raise self.create_error(response.status_code, answer)
        return EntraAnswer(response)

    def post(
        self,
        url: str,
        *,
        params: Any = None,
        data: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> EntraAnswer:
        """Ask the token endpoint; its refusals go back to MSAL, which knows what to do with some."""
        form = {name: _read_text(value) for name, value in data.items()}
        response = self._send("POST", url, params=params, data=form, headers=headers)
        _read_answer(response)
        return EntraAnswer(response)

    def close(self) -> None:
        """Nothing to close: the HTTP client belongs to the connection."""

    def create_error(self, status: int | None, refusal: Mapping[str, Any]) -> SignInError:
        """The error for a refusal at this wire's place."""
        return create_sign_in_error(refusal, self._place, status, self.clock_ahead_seconds)

    def _send(self, method: str, url: str, **parts: Any) -> httpx2.Response:
        self._check_host(url)
        for attempt in range(1, ATTEMPTS + 1):
            with network_errors(self._place.cloud.login_host):
                response = self._http.request(method, url, **parts)
            self._note_clock(response)
            if response.status_code != 429 and response.status_code < 500:
                return response
            if attempt < ATTEMPTS:
                time.sleep(_get_wait_seconds(response, attempt))
        raise SignInUnavailableError(
            f"The sign-in of {self._place.cloud.name} cannot answer at the moment (HTTP "
            f"{response.status_code}, asked {ATTEMPTS} times). Nothing is wrong with your settings: try again "
            "in a few minutes.",
            request_id=response.headers.get("x-ms-request-id"),
        )

    def _check_host(self, url: str) -> None:
        if urlsplit(url).hostname == self._place.cloud.login_host:
            return
        raise WrongCloudError(
            f"The tenant “{self._place.tenant_id}” does not belong to {self._place.cloud.name}: its sign-in is "
            f"at {urlsplit(url).hostname}. Nothing secret was sent. Choose the other Azure cloud, or correct "
            "the Tenant ID.",
        )

    def _note_clock(self, response: httpx2.Response) -> None:
        if date := response.headers.get("Date"):
            ahead = datetime.now(UTC) - parsedate_to_datetime(date)
            self.clock_ahead_seconds = ahead.total_seconds()


def _read_text(value: Any) -> str:
    """MSAL gives a signed assertion as bytes, everything else as text or numbers."""
    return value.decode() if isinstance(value, bytes) else str(value)


def _get_wait_seconds(response: httpx2.Response, attempt: int) -> float:
    asked_seconds = read_retry_after_seconds(response.headers.get("Retry-After"))
    return min(0.5 * 2**attempt if asked_seconds is None else asked_seconds, LONGEST_WAIT_SECONDS)


def _read_answer(response: httpx2.Response) -> Mapping[str, Any]:
    """The JSON object that every answer of Entra ID is; anything else comes from somebody in between."""
    try:
        answer = json.loads(response.content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise SignInUnavailableError(
            f"What answered in place of Entra ID (HTTP {response.status_code}) does not speak its language. A "
            "proxy or a login page of the network may stand in between: open a web page in a browser, then try "
            "again."
        )
    return answer
