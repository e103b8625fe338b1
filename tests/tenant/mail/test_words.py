"""Words of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.mail.records import recipients_json
from postroom.tenant.mail.words import body_has_words, has_words, people_have_words, split_words


@pytest.mark.parametrize(
    ("text", "words", "is_prefix", "holds"),
    [
        ("Invoice 1001", "invoice", 0, True),
        ("Invoices", "invoice", 0, False),
        ("Invoices", "invoice", 1, True),
        ("the_final-word", "final word", 0, True),
        ("Straße", "strasse", 0, True),
        ("ap@contoso.com", "ap contoso com", 0, True),
        ("map@contoso.com", "ap contoso", 0, False),
        (None, "a", 0, False),
    ],
)
def test_words_are_whole(text: str | None, words: str, is_prefix: int, holds: bool) -> None:
    """Words are found whole, one after the other, in any case; the last may go on if it is a prefix."""
    assert has_words(text, words, is_prefix) is holds


def test_markup_is_not_read() -> None:
    """Of an HTML body only what a person sees counts."""
    assert body_has_words("html", "<p class=red>Caf&eacute;</p>", "café", 0)
    assert not body_has_words("html", "<p class=red>Caf&eacute;</p>", "red", 0)


def test_people_have_names_and_addresses() -> None:
    """Names and addresses of people are looked into, not how they are written down."""
    people = recipients_json([("Randi Welch", "randiw@contoso.com")])
    assert people_have_words(people, "randi welch", 0)
    assert people_have_words(people, "contoso com", 0)
    assert not people_have_words(people, "name", 0)


@given(st.text(max_size=40))
def test_a_text_holds_its_own_words(text: str) -> None:
    """Whatever words a text has are found in it."""
    words = split_words(text)
    assert not words or has_words(text, words, 0)
