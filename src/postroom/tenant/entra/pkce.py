"""Proof Key for Code Exchange: only who asked for a code can redeem it (RFC 7636)."""

import base64
import hashlib
import hmac

from postroom.tenant.entra.refusals import refusal


def check_verifier(verifier: str | None, challenge: str | None, method: str | None) -> None:
    """Refuse a verifier that does not belong to the challenge, or that is missing (501481; RFC 7636 §4.6)."""
    if not challenge:
        if verifier:
            # [?] A code verifier that is missing, or that no challenge asked for, is 501481 `invalid_grant`.
            raise refusal(501481)
        return
    made = _challenge_of(verifier or "", method or "plain")
    if not verifier or not hmac.compare_digest(made.encode(), challenge.encode()):
        raise refusal(501481)


def _challenge_of(verifier: str, method: str) -> str:
    if method == "plain":
        return verifier
    digest = hashlib.sha256(verifier.encode("utf-8", "replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
