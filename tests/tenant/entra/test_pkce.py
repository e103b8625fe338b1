"""Only the verifier that a challenge was made from redeems a code (RFC 7636)."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.entra.pkce import check_verifier
from postroom.tenant.entra.refusals import EntraRefusedError

VERIFIERS = st.text(alphabet="abcXYZ019-._~", min_size=43, max_size=128)


def challenge_of(verifier: str, method: str | None) -> str:
    """Make the challenge of a verifier, as a client does."""
    if method != "S256":
        return verifier
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@given(verifier=VERIFIERS, method=st.sampled_from(["S256", "plain", None]))
def test_the_right_verifier(verifier: str, method: str | None) -> None:
    """Its own verifier satisfies a challenge; a method that is left out is plain."""
    check_verifier(verifier, challenge_of(verifier, method), method)


@given(verifier=VERIFIERS, other=VERIFIERS | st.text() | st.none(), method=st.sampled_from(["S256", "plain"]))
def test_any_other_verifier(verifier: str, other: str | None, method: str) -> None:
    """Another verifier, or none, is refused."""
    if other == verifier:
        return
    with pytest.raises(EntraRefusedError) as refused:
        check_verifier(other, challenge_of(verifier, method), method)
    assert refused.value.number == 501481


def test_the_example_of_the_standard() -> None:
    """The example of RFC 7636, appendix B."""
    verifier, challenge = (
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    )
    check_verifier(verifier, challenge, "S256")
    with pytest.raises(EntraRefusedError):
        check_verifier(challenge, challenge, "S256")


def test_without_a_challenge() -> None:
    """A code that was asked for without a challenge needs no verifier, and takes none."""
    check_verifier(None, None, None)
    with pytest.raises(EntraRefusedError):
        check_verifier("v" * 43, None, None)
