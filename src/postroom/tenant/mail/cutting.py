"""Where the parts of a MIME message lie in its bytes.

Python's parser does not say where a part came from, and writing a part again does not give the same bytes. So
the bytes of a message inside a message are cut from the original, by the same rules the parser goes by.
"""

import re
from email.message import Message

from postroom.tenant.mail.headers import original_bytes

Span = tuple[int, int]

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_HEADER_LINE = re.compile(rb"From |[\x21-\x39\x3b-\x7e]*:|[\t ]")


def body_start(raw: bytes, span: Span) -> int:
    """Return where the body of the entity in this span begins."""
    position, end = span
    while position < end:
        line = _LINE.match(raw, position, end)
        if line is None or line.end() == position:
            return end
        if not line.group().strip(b"\r\n"):
            return line.end()
        if not _HEADER_LINE.match(raw, position, end):
            return position
        position = line.end()
    return end


def split_multipart(raw: bytes, span: Span, part: Message) -> list[Span | None]:
    """Return the span of each part of a multipart, or None for each where bytes and parser disagree."""
    children = part.get_payload()
    count = len(children) if isinstance(children, list) else 0
    boundary = part.get_boundary() or ""
    spans = _spans_between(raw, (body_start(raw, span), span[1]), original_bytes(boundary))
    return list(spans) if len(spans) == count else [None] * count


def _spans_between(raw: bytes, span: Span, boundary: bytes) -> list[Span]:
    if not boundary:
        return []
    line = re.compile(rb"(?:\A|(?<=[\r\n]))--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r\n|\r|\n|\Z)")
    spans: list[Span] = []
    start: int | None = None
    for match in line.finditer(raw, span[0], span[1]):
        if start is not None:
            spans.append((start, max(start, _before_line_end(raw, match.start()))))
        start = match.end()
        if match.group(1):
            return spans
    if start is not None:
        spans.append((start, span[1]))
    return spans


def _before_line_end(raw: bytes, position: int) -> int:
    if raw[position - 2 : position] == b"\r\n":
        return position - 2
    return position - 1
