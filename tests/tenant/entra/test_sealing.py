"""What is sealed is opened again by the same key for the same purpose, and by nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.entra.keys import SigningKey
from postroom.tenant.entra.sealing import Sealer, SealError

KEY = SigningKey.generate()
SEALER = Sealer(KEY)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(content=st.dictionaries(st.text(), JSON, max_size=4), kind=st.text(max_size=20))
def test_what_is_sealed_is_opened_again(content: dict[str, object], kind: str) -> None:
    """A sealer of the same signing key gives back what was sealed, also after a restart."""
    assert Sealer(SigningKey(KEY.private_pem)).open(kind, SEALER.seal(kind, content)) == content


@given(text=st.text())
def test_anything_else_is_refused(text: str) -> None:
    """Whatever text comes, nothing but a SealError follows."""
    with pytest.raises(SealError):
        SEALER.open("code", text)


def test_another_kind_or_key_is_refused() -> None:
    """A refresh token is no code, and the other cloud's code is none here."""
    sealed = SEALER.seal("code", {"a": 1})
    with pytest.raises(SealError):
        SEALER.open("refresh token", sealed)
    with pytest.raises(SealError):
        Sealer(SigningKey.generate()).open("code", sealed)


def test_nothing_can_be_read_from_outside() -> None:
    """A sealed text shows nothing of its content, and is another each time."""
    first, second = (SEALER.seal("code", {"user": "adele"}) for _ in range(2))
    assert "adele" not in first
    assert first != second
