"""References, as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.errors import SettingError
from postroom.values import Credential, Variable, parse_reference


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("credential:azure/client_id", Credential("azure", "client_id")),
        ("Credential:teams/ap/secret", Credential("teams/ap", "secret")),
        ("variable:mailbox", Variable("mailbox")),
        ("ap@contoso.com", "ap@contoso.com"),
        ("", ""),
    ],
)
def test_what_is_written_is_what_is_meant(text: str, value: object) -> None:
    """A prefix makes a reference; anything else is an insecure string."""
    assert parse_reference(text) == value


def test_a_credential_needs_its_attribute() -> None:
    """A credential without attribute says how it is written."""
    with pytest.raises(SettingError, match="credential:NAME/ATTRIBUTE"):
        parse_reference("credential:azure")


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the reading of references fail in another way."""
    try:
        parse_reference(text)
    except SettingError:
        assert text.lower().startswith("credential:")
