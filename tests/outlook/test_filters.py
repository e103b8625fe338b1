"""Filters: the clause for Graph, and the test that decides."""

from hypothesis import given
from hypothesis import strategies as st

from postroom.graph.models import EmailAddress, Message, Recipient
from postroom.outlook.filters import create_senders_filter, create_subject_filter


def message(subject: str = "", sender: str = "") -> Message:
    return Message(
        id="1", wire_subject=subject, wire_from=Recipient(email_address=EmailAddress(address=sender))
    )


def test_a_word_is_contained_in_any_case() -> None:
    """Unquoted words are found anywhere in the subject, in any case; one of several is enough."""
    known = create_subject_filter("invoice; bill")
    assert known and known.clause == "(contains(subject,'invoice') or contains(subject,'bill'))"
    assert known.test(message("Your INVOICE 4711"))
    assert known.test(message("Bill of May"))
    assert not known.test(message("Lunch"))


def test_a_quoted_phrase_is_exact() -> None:
    """Quoted phrases are found exactly as written, upper and lower case."""
    known = create_subject_filter('"Invoice 5"')
    assert known and known.clause == "(contains(subject,'Invoice 5'))"
    assert known.test(message("Invoice 5 of 6"))
    assert not known.test(message("invoice 5"))


def test_senders_are_addresses_in_any_case() -> None:
    """Semicolons, commas and lists all work."""
    known = create_senders_filter(["Adele@contoso.com", "megan@contoso.com, ap@contoso.com"])
    assert known and known.test(message(sender="adele@CONTOSO.com"))
    assert not known.test(message(sender="adele@contoso.com.example"))
    assert not known.test(Message(id="1"))


def test_nothing_is_no_filter() -> None:
    """An empty setting filters nothing."""
    assert create_subject_filter(" ; ") is None
    assert create_senders_filter(None) is None


@given(st.text(min_size=1))
def test_no_text_breaks_out_of_the_clause(text: str) -> None:
    """A quote in the setting stays within its OData string."""
    for known in (create_subject_filter(text), create_senders_filter(text)):
        if known:
            assert known.clause.count("'") % 2 == 0
