"""The pages that the browser ends on."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.auth.sign_in import pages
from postroom.auth.sign_in.pages import Page
from postroom.errors import SignInError

ALL = [
    pages.render_connected("ap@contoso.com"),
    pages.render_failed(SignInError("It did not work.", code="invalid_grant")),
    pages.render_ended(),
    pages.render_stranger(),
    pages.render_answered(),
    pages.render_note(HTTPStatus.NOT_FOUND, "Nothing here", "There is nothing here."),
]


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text += data


@pytest.mark.parametrize("page", ALL)
def test_a_page_is_whole_in_itself(page: Page) -> None:
    """Nothing is loaded from anywhere, nothing runs, and its language is told."""
    tags = Tags(page.html).found
    names = {name for name, _ in tags}
    assert not names & {"script", "img", "link", "iframe", "form", "a", "base"}
    assert not any(
        name in ("src", "href", "style") or name.startswith("on") for _, each in tags for name in each
    )
    assert ("html", {"lang": "en"}) in tags
    assert "url(" not in page.html
    assert "@import" not in page.html


@pytest.mark.parametrize("page", ALL)
def test_the_policy_allows_the_style_of_every_page(page: Page) -> None:
    """The one style sheet is allowed by its hash, and no other could be."""
    style = re.findall(r"<style>(.*?)</style>", page.html, re.DOTALL)
    assert len(style) == 1
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in pages.SECURITY_HEADERS["Content-Security-Policy"]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_no_text_becomes_markup(text: str) -> None:
    """Names and sentences are shown as they are, whatever is in them."""
    for page in (pages.render_connected(text), pages.render_failed(SignInError(text, code=text))):
        parsed = Tags(page.html)
        assert text in parsed.text
        assert {name for name, _ in parsed.found} == {name for name, _ in Tags(ALL[1].html).found}
