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
# Windows reads these charsets as what grew out of them, and mail is written with what it reads.
_WIDER_CHARSETS = {"gb2312": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932"}
# Outlook's users have addresses for names, and other programs forget to quote those.
_ADDRESS_AS_NAME = re.compile(r"(?:^|(?<=,))\s*([^\s\",;:<>()][^\",;:<>()]*@[^\",;:<>()]*?)\s*<")
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
    for name in (_WIDER_CHARSETS.get((charset or "").lower(), charset), "utf-8"):
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
        found = getaddresses([_ADDRESS_AS_NAME.sub(r' "\1" <', value)])
        pairs = [_without_words(decode_words(name), address) for name, address in found if address]
    except PARSER_FAULTS:
        pairs = []
    if any(not address.startswith("@") and "@" in address for _, address in pairs):
        return pairs
    return [("", address) for address in _ADDRESS.findall(value)] or pairs


def _without_words(name: str, address: str) -> tuple[str, str]:
    """Take the words before an address without brackets, `Big Bug bb@bug.com`, for its name."""
    words, _, last = address.rpartition(" ")
    if not words or '"' in address or "@" not in last:
        return name, address
    return name or words, last


def find_date(value: str | None) -> datetime | None:
    """Read a Date header, or the date after the last semicolon of a Received header, as UTC."""
    if not value:
        return None
    try:
        moment = parsedate_to_datetime(value.rpartition(";")[2].strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except PARSER_FAULTS:
        return None
