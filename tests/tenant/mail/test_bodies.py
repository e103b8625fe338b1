"""Bodies change between HTML and text, and preview themselves."""

from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.mail.bodies import body_as, html_of_text, preview, text_of_html


@given(st.text())
def test_any_markup_gives_text(markup: str) -> None:
    """No markup makes the reader fail."""
    text_of_html(markup).encode()


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), max_size=60))
def test_text_survives_the_way_to_html_and_back(text: str) -> None:
    """What HTML is made of a line of text reads as that line."""
    assert text_of_html(html_of_text(text)) == text


def test_unseen_parts_stay_unseen() -> None:
    """Styles and scripts are no text; paragraphs and breaks are lines."""
    markup = "<html><head><style>p{}</style><title>t</title></head><body><p>one<br>two</p><script>x</script></body>"
    assert text_of_html(markup) == "one\r\ntwo"


def test_preview_is_short_and_text() -> None:
    """A preview is the first 255 characters, as text."""
    assert preview("html", "<p>Hello</p>") == "Hello"
    assert len(preview("text", "x" * 1000)) == 255


def test_a_body_is_only_changed_where_another_kind_is_wanted() -> None:
    """The kind it has is given back untouched."""
    assert body_as("html", "html", "<b>x") == "<b>x"
    assert body_as("text", "html", "<b>x</b>") == "x"
