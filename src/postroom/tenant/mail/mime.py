"""Reads a MIME message into the facts a mailbox keeps of it; no bytes whatever make it raise."""

import base64
import binascii
import mimetypes
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import Message
from email.parser import BytesParser
from email.policy import EmailPolicy
from email.utils import collapse_rfc2231_value
from functools import lru_cache
from itertools import count
from typing import Any

from postroom.tenant.mail.bodies import html_fragment
from postroom.tenant.mail.cutting import Span, body_start, split_multipart
from postroom.tenant.mail.headers import (
    PARSER_FAULTS,
    addresses,
    clean,
    decode_bytes,
    decode_words,
    find_date,
    original_bytes,
    raw_items,
    raw_text,
)

_DEEPEST_PART = 200
_BARE_BOUNDARY = re.compile(r"boundary\s*=\s*([^\";\s]+)", re.IGNORECASE)
_ITEM_TYPES = frozenset({"message/rfc822", "message/global"})
_IMPORTANCES = {
    "1": "high",
    "2": "high",
    "high": "high",
    "urgent": "high",
    "5": "low",
    "4": "low",
    "low": "low",
}


class _LenientPolicy(EmailPolicy):
    """Reads headers as Python's default policy does, and as plain text where that fails."""

    def header_fetch_parse(self, name: str, value: Any) -> Any:
        if hasattr(value, "name"):
            return value
        try:
            return _parsed_header(name, value)
        except PARSER_FAULTS:
            return raw_text(value)


_BASE = EmailPolicy()


@lru_cache(maxsize=512)
def _parsed_header(name: str, value: str) -> Any:
    parsed = _BASE.header_fetch_parse(name, value)
    bare = _BARE_BOUNDARY.search(value) if name.lower() == "content-type" else None
    if bare and bare.group(1) != parsed.params.get("boundary"):
        return raw_text(
            value
        )  # a boundary with "=" and without quotes is read by the older, laxer rules only
    return parsed


_POLICY = _LenientPolicy()


@dataclass(frozen=True, slots=True)
class MimeAttachment:
    """One attachment: a file, a message (`item`, its content the bytes of its MIME) or a link (`reference`)."""

    kind: str
    name: str
    content_type: str | None
    content: bytes
    disposition: str | None = None
    content_id: str | None = None
    content_location: str | None = None
    is_inline: bool = False
    source_url: str | None = None


@dataclass(frozen=True, slots=True)
class MimeMessage:
    """What a mailbox keeps of a MIME message: clean text everywhere, times in UTC, addresses as (name, address)."""

    headers: list[tuple[str, str]]
    body_type: str = "text"
    body: str = ""
    attachments: list[MimeAttachment] = field(default_factory=list)
    calendar: str = ""

    def header(self, name: str) -> str | None:
        """Return the first value of a header, decoded, or None."""
        wanted = name.lower()
        return next((decode_words(value) for key, value in self.headers if key.lower() == wanted), None)

    def people(self, name: str) -> list[tuple[str, str]]:
        """Return (name, address) of everyone in all headers of that name."""
        wanted = name.lower()
        return addresses([value for key, value in self.headers if key.lower() == wanted])

    @property
    def subject(self) -> str:
        return self.header("Subject") or ""

    @property
    def sent(self) -> datetime | None:
        return find_date(self.header("Date"))

    @property
    def received(self) -> datetime | None:
        return self.sent or find_date(self.header("Received"))

    @property
    def importance(self) -> str:
        for name in ("Importance", "X-Priority"):
            word = (self.header(name) or "").strip().lower()
            if word:
                return _IMPORTANCES.get(word.split()[0], "normal")
        return "normal"

    @property
    def thread(self) -> list[str]:
        """The message ids this one answers, oldest first."""
        named = f"{self.header('References') or ''} {self.header('In-Reply-To') or ''}"
        return [word for word in named.split() if word.startswith("<") and word.endswith(">")]


def parse(raw: bytes) -> MimeMessage:
    """Read a MIME message from its bytes; broken mail gives what can be made of it."""
    try:
        root = BytesParser(policy=_POLICY).parsebytes(raw)
    except PARSER_FAULTS:
        return MimeMessage(headers=[], body=decode_bytes(raw, None))
    body_type, body = _body(_texts(root, 0))
    found = _name_nameless(_attachments(root, raw, (0, len(raw)), 0))
    attachments = [_settle_inline(attachment, body) for attachment in found]
    return MimeMessage(list(raw_items(root)), body_type, body, attachments, _find_calendar(root, 0))


def _find_calendar(part: Message, depth: int) -> str:
    """Return the first iCalendar text of the message itself, not of one attached to it; else nothing."""
    if part.get_content_type() == "text/calendar":
        return _text(part)
    children = part.get_payload() if part.get_content_maintype() == "multipart" else None
    if not isinstance(children, list) or depth >= _DEEPEST_PART:
        return ""
    found = (_find_calendar(child, depth + 1) for child in children if isinstance(child, Message))
    return next(filter(None, found), "")


def _attachments(part: Message, raw: bytes, span: Span | None, depth: int) -> Iterator[MimeAttachment]:
    """Yield everything but the texts of the body, in the order of the message."""
    if part.get_content_maintype() == "message":
        yield _message_attachment(part, raw, span)
        return
    children = part.get_payload()
    if isinstance(children, list) and depth < _DEEPEST_PART:
        spans = split_multipart(raw, span, part) if span and _holds_message(part) else [None] * len(children)
        for child, child_span in zip(children, spans, strict=True):
            if isinstance(child, Message):
                yield from _attachments(child, raw, child_span, depth + 1)
    elif not _is_body_text(part):
        yield _file_attachment(part)


def _texts(part: Message, depth: int) -> list[Message]:
    """Return the parts that make up the body; of alternatives, one."""
    children = part.get_payload()
    if part.get_content_maintype() == "message":
        return []
    if not isinstance(children, list):
        return [part] if _is_body_text(part) else []
    if depth >= _DEEPEST_PART:
        return []
    found = [
        texts for child in children if isinstance(child, Message) and (texts := _texts(child, depth + 1))
    ]
    if part.get_content_subtype() == "alternative" and found:
        return next((texts for texts in reversed(found) if any(map(_is_html, texts))), found[0])
    return [text for texts in found for text in texts]


def _is_html(part: Message) -> bool:
    return part.get_content_subtype() == "html"


def _holds_message(part: Message) -> bool:
    return any(child.get_content_maintype() == "message" for child in part.walk())


def _is_body_text(part: Message) -> bool:
    if part.get_content_maintype() == "multipart":
        return True  # a multipart without parts holds text, whatever it says
    return (
        part.get_content_maintype() == "text"
        and _file_name(part) is None
        and _disposition(part) != "attachment"
    )


def _disposition(part: Message) -> str | None:
    try:
        return part.get_content_disposition()
    except PARSER_FAULTS:
        return None


def _file_name(part: Message) -> str | None:
    """Return the file name as the header decodes to: nothing is made safe, as Outlook makes nothing safe."""
    try:
        name = part.get_filename()
    except PARSER_FAULTS:
        return None
    if not name:
        return None
    return clean(name if name.isascii() else decode_bytes(original_bytes(name), None))


def _content(part: Message) -> bytes:
    try:
        content = part.get_payload(decode=True)
    except PARSER_FAULTS:
        content = None
    if isinstance(content, bytes):
        return content
    payload = part.get_payload()
    return original_bytes(payload) if isinstance(payload, str) else b""


def _file_attachment(part: Message) -> MimeAttachment:
    content_type = clean(part.get_content_type())
    return MimeAttachment(
        kind="file",
        name=_file_name(part) or "",
        content_type=content_type,
        content=_content(part),
        **_placing(part),
    )


def _name_nameless(attachments: Iterable[MimeAttachment]) -> Iterator[MimeAttachment]:
    # [?] A part without a file name is shown as `ATT00001` and up, with the extension of its type.
    numbers = count(1)
    for attachment in attachments:
        if attachment.name:
            yield attachment
        else:
            extension = mimetypes.guess_extension(attachment.content_type or "") or ".dat"
            yield replace(attachment, name=f"ATT{next(numbers):05}{extension}")


def _placing(part: Message) -> dict[str, Any]:
    content_id = part.get("Content-ID")
    location = part.get("Content-Location")
    return {
        "disposition": _disposition(part),
        "content_id": (raw_text(content_id).strip("<> ") or None) if content_id else None,
        "content_location": raw_text(location) if location else None,
    }


def _message_attachment(part: Message, raw: bytes, span: Span | None) -> MimeAttachment:
    content_type = part.get_content_type()
    if content_type == "message/external-body" and _external_url(part):
        return MimeAttachment(
            kind="reference",
            name=_file_name(part) or "Untitled Attachment",
            content_type=None,
            content=b"",
            source_url=_external_url(part),
        )
    content = raw[body_start(raw, span) : span[1]] if span else _written_again(part)
    if content_type not in _ITEM_TYPES:
        return MimeAttachment("file", _file_name(part) or "", clean(content_type), content, **_placing(part))
    return MimeAttachment("item", _item_name(part), "message/rfc822", content, **_placing(part))


def _external_url(part: Message) -> str | None:
    """Return the address of a link attachment (RFC 2017)."""
    try:
        kind, url = part.get_param("access-type"), part.get_param("url")
        address = raw_text(collapse_rfc2231_value(url)) if url else None
    except PARSER_FAULTS:
        return None
    return address if str(kind).lower() == "url" else None


def _item_name(part: Message) -> str:
    children = part.get_payload()
    inner = children[0] if isinstance(children, list) and children else None
    subject = raw_text(inner.get("Subject", "")) if isinstance(inner, Message) else ""
    # [?] An attached message is shown under its file name, else its subject, else `Untitled Attachment`.
    return _file_name(part) or decode_words(subject) or "Untitled Attachment"


def _written_again(part: Message) -> bytes:
    children = part.get_payload()
    inner = children[0] if isinstance(children, list) and children else part
    try:
        return inner.as_bytes() if isinstance(inner, Message) else _content(part)
    except PARSER_FAULTS:
        return _content(part)


def _body(texts: list[Message]) -> tuple[str, str]:
    if not any(map(_is_html, texts)):
        return "text", "\r\n".join(map(_text, texts))
    pieces = [(part, text) for part in texts if (text := _text(part)).strip()]
    return "html", "\r\n".join(text if _is_html(part) else html_fragment(text) for part, text in pieces)


def _text(part: Message) -> str:
    charset = part.get_param("charset")
    return decode_bytes(_text_bytes(part), charset if isinstance(charset, str) else None)


def _text_bytes(part: Message) -> bytes:
    """Return the bytes of a text; Base64 with a character too many, which the parser leaves as it came, is read."""
    content = _content(part)
    if raw_text(part.get("Content-Transfer-Encoding", "")).lower() != "base64" or len(content) % 4 != 1:
        return content
    try:
        return base64.b64decode(content[:-1], validate=True)
    except binascii.Error:
        return content


def _settle_inline(attachment: MimeAttachment, body: str) -> MimeAttachment:
    # [?] A part is inline if it has a Content-ID and either says so itself or is shown by the body.
    marked = attachment.disposition == "inline" and attachment.content_id is not None
    shown = attachment.content_id is not None and f"cid:{attachment.content_id}" in body
    if attachment.disposition == "attachment" or not (marked or shown):
        return attachment
    return replace(attachment, is_inline=True)
