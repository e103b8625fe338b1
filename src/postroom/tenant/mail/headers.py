"""Header values of real mail, broken ones too, as clean text: nothing in here raises on any input."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

# Everything that Python's email package is known to raise on mail that breaks its rules.
PARSER_FAULTS = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
    OverflowError,
)

_FOLD = re.compile(r"\r\n|\r|\n")
_ADDRESS = re.compile(r"[^\s<>,;:\"()]+@[^\s<>,;:\"()]+")


def clean(text: str) -> str:
    """Return the text without lone surrogates, so that it can be written as UTF-8 and JSON."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def decode_bytes(content: bytes, charset: str | None) -> str:
    """Decode text in the charset it claims, else as UTF-8, else as Windows-1252."""
    for name in (charset, "utf-8"):
        try:
            if name:
                return clean(content.decode(name))
        except PARSER_FAULTS:
            continue
    return content.decode("cp1252", "replace")


def original_bytes(text: str) -> bytes:
    """Return the bytes that text was read from, where the parser smuggled raw 8-bit through it."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return clean(text).encode()


def raw_text(value: object) -> str:
    """Return a header value as it stands: raw 8-bit bytes decoded, folding undone."""
    text = str(value)
    if not text.isascii():
        text = decode_bytes(original_bytes(text), None)
    return _FOLD.sub("", text).strip()


def decode_words(text: str) -> str:
    """Decode the encoded words of a header (RFC 2047); what cannot be decoded stays as it is."""
    if "=?" not in text:
        return text
    try:
        pieces = decode_header(text)
    except PARSER_FAULTS:
        return text
    return clean("".join(_piece(piece, charset) for piece, charset in pieces))


def _piece(piece: bytes | str, charset: str | None) -> str:
    return piece if isinstance(piece, str) else decode_bytes(piece, charset)


def raw_items(message: Message) -> Iterator[tuple[str, str]]:
    """Yield every header in order, unfolded and with raw bytes decoded, encoded words left alone."""
    for name, value in message.raw_items():
        yield clean(name), raw_text(value)


def addresses(values: list[str]) -> list[tuple[str, str]]:
    """Return (name, address) of everyone that the header values name."""
    found: list[tuple[str, str]] = []
    for value in values:
        found += _addresses_of(value)
    return found


def _addresses_of(value: str) -> list[tuple[str, str]]:
    try:
        pairs = [(decode_words(name), address) for name, address in getaddresses([value]) if address]
    except PARSER_FAULTS:
        pairs = []
    if any("@" in address for _, address in pairs):
        return pairs
    return [("", address) for address in _ADDRESS.findall(value)] or pairs


def find_date(value: str | None) -> datetime | None:
    """Read a Date header, or the date after the last semicolon of a Received header, as UTC."""
    if not value:
        return None
    try:
        moment = parsedate_to_datetime(value.rpartition(";")[2].strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except PARSER_FAULTS:
        return None
