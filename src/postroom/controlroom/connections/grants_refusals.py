"""From an answer of a Custom provider to an error that says what to do. Source: RFC 6749 §4.1.2.1 and §5.2."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
from django.utils.translation import gettext as _

from postroom.auth.refusals import get_error_class
from postroom.controlroom.connections.models import OAuthConnection
from postroom.errors import SignInError, SignInUnavailableError

LONGEST_QUOTE = 200
SHORTEST_SECRET = 20
"""Longer than the names of grant types are, and shorter than any token that cannot be guessed."""


def check_answer(connection: OAuthConnection, response: httpx2.Response) -> httpx2.Response:
    """Let an answer of the token endpoint through that holds a token. Errors: SignInError and what is below it."""
    answer = _read(response)
    if response.status_code == 429 or response.status_code >= 500:
        raise SignInUnavailableError(
            _(
                "The provider at %(host)s cannot answer at the moment (HTTP %(status)d). Nothing is wrong with the "
                "settings: try again in a few minutes."
            )
            % {"host": _get_host(connection), "status": response.status_code}
        )
    if "error" in answer:
        raise create_refusal(response.status_code, answer, _list_sent(response))
    if not isinstance(answer.get("access_token"), str) or not answer["access_token"] or response.is_error:
        raise SignInError(
            _(
                "What answers at %(host)s (HTTP %(status)d) gives no token as OAuth 2.0 writes it. Check the Token URL "
                "of the connection."
            )
            % {"host": _get_host(connection), "status": response.status_code}
        )
    return response


def create_refusal(status: int | None, refusal: Mapping[str, Any], sent: Iterable[str] = ()) -> SignInError:
    """Make the error for a refusal, of the token endpoint or in the address that the browser came back to.

    What was `sent` is taken out of the provider's own words, which may repeat a token or a secret.
    """
    error = str(refusal.get("error", "unknown"))
    words = _find_words(error) or _(
        "The provider refused. Check client ID, URLs and scopes of the connection."
    )
    quoted = _quote(refusal, status, sent)
    return get_error_class(error)(f"{words} {quoted}", code=error[:LONGEST_QUOTE])


def _find_words(error: str) -> str | None:
    match error:
        case "invalid_client":
            return _("The provider refused the client ID, or the client secret or certificate.")
        case "unauthorized_client" | "unsupported_grant_type":
            return _(
                "The provider does not let this client use this grant type. Allow it there, or change it here."
            )
        case "invalid_grant" | "interaction_required" | "login_required":
            return _("The provider does not accept the sign-in any more. Sign in again.")
        case "temporarily_unavailable" | "server_error":
            return _("The provider cannot answer at the moment. Try again in a few minutes.")
        case "consent_required":
            return _("The provider misses a consent. Sign in again, and accept what is asked.")
        case "access_denied":
            return _("The sign-in was cancelled or declined at the provider. Start again, and accept it.")
        case "invalid_scope":
            return _("The provider does not know one of the scopes. Correct them in the connection.")
    return None


def _list_sent(response: httpx2.Response) -> list[str]:
    """The values of the form that was sent, but for those that are too short to be a secret."""
    fields = parse_qsl(response.request.content.decode())
    return [value for _name, value in fields if len(value) >= SHORTEST_SECRET]


def _quote(refusal: Mapping[str, Any], status: int | None, sent: Iterable[str]) -> str:
    """The provider's own first line, not longer than a sentence."""
    description = str(refusal.get("error_description") or refusal.get("error") or f"HTTP {status}")
    for value in sent:
        description = description.replace(value, "…")
    line = next(iter(description.splitlines()), "")[:LONGEST_QUOTE]
    return _("(It says: %(line)s)") % {"line": line}


def _read(response: httpx2.Response) -> Mapping[str, Any]:
    try:
        answer = json.loads(response.content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _get_host(connection: OAuthConnection) -> str:
    return urlsplit(connection.token_url).hostname or connection.token_url
