"""From a refusal of Entra ID to an error that says what to do.

The OAuth `error` decides the class, as Microsoft asks; the AADSTS number only chooses the words (`advice`).
Source: Microsoft Entra authentication and authorization error codes; RFC 6749 §5.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from postroom.auth.advice import find_advice
from postroom.clouds import Cloud
from postroom.errors import (
    ClientRefusedError,
    ClientUnknownError,
    SignInError,
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
}

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
    words = find_advice(aadsts, place.cloud, place.tenant_id, place.client_id) or _quote(refusal, status)
    clock = _describe_clock(clock_ahead_seconds)
    return _CLASSES.get(error, SignInError)(
        f"{words} {clock}".rstrip(),
        code=error,
        aadsts=aadsts,
        request_id=refusal.get("trace_id"),
    )


def _find_aadsts(refusal: Mapping[str, Any]) -> int | None:
    codes = refusal.get("error_codes")
    return codes[0] if isinstance(codes, list) and codes and isinstance(codes[0], int) else None


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
