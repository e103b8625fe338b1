"""From a refusal of Entra ID to an error that says what to do.

The OAuth `error` and `suberror` decide the class, as Microsoft asks; the AADSTS number only chooses the words
(`advice`).
Source: Microsoft Entra authentication and authorization error codes; RFC 6749 §5.2.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from postroom.auth.advice import find_advice
from postroom.clouds import Cloud
from postroom.errors import (
    ClientRefusedError,
    ClientUnknownError,
    ConsentMissingError,
    SignInDeniedError,
    SignInError,
    SignInNeededError,
    SignInTimeoutError,
    SignInUnavailableError,
    TenantNotFoundError,
)


@dataclass(frozen=True)
class SignInPlace:
    """Who signs in where: what the words of an error need."""

    cloud: Cloud
    tenant_id: str
    client_id: str


_CLASSES: dict[str, type[SignInError]] = {
    "invalid_client": ClientRefusedError,
    "unauthorized_client": ClientUnknownError,
    "invalid_tenant": TenantNotFoundError,
    "temporarily_unavailable": SignInUnavailableError,
    "server_error": SignInUnavailableError,
    "invalid_grant": SignInNeededError,
    "interaction_required": SignInNeededError,
    "login_required": SignInNeededError,
    "consent_required": ConsentMissingError,
    "access_denied": SignInDeniedError,
    "authorization_declined": SignInDeniedError,
    "expired_token": SignInTimeoutError,
}

_WORDS = {
    "access_denied": "The sign-in was cancelled in the browser. Start again, and sign in.",
    "authorization_declined": "The sign-in was declined in the browser. Start again, and accept it.",
}
"""What an error says that comes without a number."""

CLOCK_TOLERANCE_SECONDS = 300


def create_sign_in_error(
    refusal: Mapping[str, Any],
    place: SignInPlace,
    status: int | None = None,
    clock_ahead_seconds: float = 0.0,
) -> SignInError:
    """Make the error for this refusal (the JSON of RFC 6749 §5.2 as Entra ID writes it)."""
    error = str(refusal.get("error", "unknown"))
    aadsts = _find_aadsts(refusal)
    advice = find_advice(aadsts, place.cloud, place.tenant_id, place.client_id)
    words = advice or (None if aadsts else _WORDS.get(error)) or _quote(refusal, status)
    clock = _describe_clock(clock_ahead_seconds)
    return get_error_class(error, refusal.get("suberror"))(
        f"{words} {clock}".rstrip(),
        code=error,
        aadsts=aadsts,
        request_id=refusal.get("trace_id"),
    )


def get_error_class(error: str, suberror: Any = None) -> type[SignInError]:
    """The class for an `error` of OAuth 2.0 (RFC 6749 §4.1.2.1 and §5.2), and Entra ID's `suberror`."""
    return _CLASSES.get(str(suberror)) or _CLASSES.get(error, SignInError)


def _find_aadsts(refusal: Mapping[str, Any]) -> int | None:
    """The number: in a list of the token endpoint's JSON, only in the words of a redirect."""
    codes = refusal.get("error_codes")
    if isinstance(codes, list) and codes and isinstance(codes[0], int):
        return codes[0]
    match = re.match(r"AADSTS(\d{1,9})\b", str(refusal.get("error_description", "")))
    return int(match[1]) if match else None


def _quote(refusal: Mapping[str, Any], status: int | None) -> str:
    """Microsoft's own first line, where we have no better words."""
    description = str(refusal.get("error_description") or f"HTTP {status}").splitlines()[0]
    return (
        f"Microsoft refused the sign-in: {description} "
        "Check Client ID, Tenant ID and the app registration in the Azure portal."
    )


def _describe_clock(ahead_seconds: float) -> str:
    if abs(ahead_seconds) <= CLOCK_TOLERANCE_SECONDS:
        return ""
    minutes = round(abs(ahead_seconds) / 60)
    direction = "ahead of" if ahead_seconds > 0 else "behind"
    return f"The clock of this machine is {minutes} minutes {direction} Microsoft's: set it right first."
