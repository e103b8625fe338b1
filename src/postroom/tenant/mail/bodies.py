"""Message bodies: HTML as text, text as HTML, and the preview that a list of messages shows."""

import html
import re
from html.parser import HTMLParser

from postroom.tenant.mail.headers import PARSER_FAULTS, clean

PREVIEW_CHARACTERS = 255
_FIRST_PORTION_CHARACTERS = 1_024
_BLOCKS = frozenset(
    {"p", "div", "br", "tr", "li", "table", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "hr"}
)
_UNSEEN = frozenset({"script", "style", "head", "title"})
_BLANK_LINES = re.compile(r"(?:[ \t]*\r?\n){3,}")
_SPACES = re.compile(r"[ \t\r\n\f\v]+")


class _TextReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if self._unseen is None and tag in _UNSEEN:
            self._unseen = tag
        elif tag == "body":
            self._unseen = None
        if tag in _BLOCKS:
            self.pieces.append("\r\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen:
            self._unseen = None
        elif tag == "p":
            self.pieces.append("\r\n")

    def handle_data(self, data: str) -> None:
        if self._unseen is None:
            self.pieces.append(_SPACES.sub(" ", data))

    @property
    def text(self) -> str:
        text = "".join(self.pieces).replace("\xa0", " ")
        return clean(_BLANK_LINES.sub("\r\n\r\n", text).strip())


def text_of_html(markup: str) -> str:
    """Return what a person would read of an HTML body."""
    reader = _TextReader()
    try:
        reader.feed(markup)
        reader.close()
    except PARSER_FAULTS:
        return clean(_SPACES.sub(" ", re.sub(r"<[^>]*>", " ", markup)).strip())
    return reader.text


def html_of_text(text: str) -> str:
    """Wrap a plain text body as the HTML that Outlook makes of it."""
    return f"<html><body>\r\n{html_fragment(text)}\r\n</body></html>"


def html_fragment(text: str) -> str:
    """Write plain text as a piece of HTML."""
    return "<div>" + "<br>\r\n".join(html.escape(text, quote=False).splitlines()) + "</div>"


def body_as(wanted: str, kind: str, content: str) -> str:
    """Return a body of one kind ("html" or "text") as the kind that is wanted."""
    if wanted == kind:
        return content
    return text_of_html(content) if wanted == "text" else html_of_text(content)


def preview(kind: str, content: str) -> str:
    """Return the first 255 characters of a body as text."""
    text = _beginning_of_html(content) if kind == "html" else content.lstrip()
    return text[:PREVIEW_CHARACTERS].rstrip()


def _beginning_of_html(markup: str) -> str:
    """Return the text of HTML at least as far as a preview goes, without reading what comes after."""
    reader = _TextReader()
    start, end = 0, _FIRST_PORTION_CHARACTERS
    try:
        while start < len(markup) and len(reader.text) <= PREVIEW_CHARACTERS:
            reader.feed(markup[start:end])
            start, end = end, 2 * end  # the parser begins a tag anew with each portion, so these must grow
        if start >= len(markup):
            reader.close()
    except PARSER_FAULTS:
        return text_of_html(markup)
    return reader.text
