"""Header values become clean text."""

from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.mail.headers import addresses, clean, decode_bytes, decode_words, find_date, raw_text

TEXT = st.text(st.characters(), max_size=80) | st.text(st.characters(categories=["Cs", "Cc"]), max_size=10)


@given(TEXT)
def test_nothing_raises_and_everything_can_be_written(text: str) -> None:
    """Every reading of any text gives text that UTF-8 can hold."""
    for result in (clean(text), raw_text(text), decode_words(raw_text(text))):
        result.encode()
    find_date(text)
    for name, address in addresses([raw_text(text)]):
        (name + address).encode()


@given(st.binary(max_size=80), st.sampled_from([None, "utf-8", "utf-16", "rot13", "idna", "no-such", "\x00"]))
def test_any_charset_decodes(content: bytes, charset: str | None) -> None:
    """Bytes decode whatever charset they claim."""
    decode_bytes(content, charset).encode()


def test_addresses_are_found_in_broken_lists() -> None:
    """Where the grammar gives up, addresses are still found."""
    assert addresses(['"Adele, V" <adele@contoso.com>, megan@contoso.com']) == [
        ("Adele, V", "adele@contoso.com"),
        ("", "megan@contoso.com"),
    ]
    assert addresses(["undisclosed-recipients:;"]) == []
