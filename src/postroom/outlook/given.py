"""What people give an action: messages, addresses, moments, files; read into what Graph takes."""

import mimetypes
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import getaddresses
from pathlib import Path
from typing import Annotated, Any, TypeVar

from postroom.actions import Label
from postroom.errors import AttachmentTooLargeError, SettingError, SourceFileError
from postroom.graph.attachments import LARGEST_INLINE_BYTES
from postroom.graph.models import Message
from postroom.graph.uploads import LARGEST_UPLOAD_BYTES

T = TypeVar("T")

Messages = Annotated[
    Message | str | Iterable[Message | str],
    Label("Messages", "One message or many: their ids.", given_as=list[str]),
]
BODY_FORMATS = {"text": "text", "html": "html"}

Addresses = str | Iterable[str]
Moment = str | date | datetime
Files = str | Path | Iterable[str | Path]


def list_message_ids(messages: Message | str | Iterable[Message | str]) -> list[str]:
    """The ids of all messages given."""
    return [get_message_id(message) for message in each_message(messages)]


def each_message(messages: Message | str | Iterable[Message | str]) -> Iterable[Message | str]:
    """The messages given, one by one where a list is still being read."""
    return [messages] if isinstance(messages, Message | str) else messages


def get_message_id(message: Message | str) -> str:
    """The id of a message, or of the id itself. Errors: SettingError where it is neither."""
    message_id = message.id if isinstance(message, Message) else message
    if not isinstance(message_id, str) or not message_id.strip():
        raise SettingError("A message is missing: give a message as the list gives it, or its id.")
    return message_id


def read_recipients(label: str, addresses: Addresses) -> list[dict[str, Any]]:
    """Recipients as Graph takes them, from `a@contoso.com; Name <b@contoso.com>` or a list of such.

    Errors: SettingError naming what is not an address.
    """
    texts = [addresses] if isinstance(addresses, str) else list(addresses)
    pairs = [pair for text in texts if text.strip(" ;,") for pair in _read_pairs(label, text)]
    return [{"emailAddress": {"name": name, "address": address}} for name, address in pairs]


def read_recipient(label: str, address: str) -> dict[str, Any] | None:
    """The one recipient of a setting that takes one; None where it is empty. Errors: as `read_recipients`."""
    recipients = read_recipients(label, address)
    if len(recipients) > 1:
        raise SettingError(f"{label}: “{address}” are several addresses. Give one.")
    return recipients[0] if recipients else None


def _read_pairs(label: str, text: str) -> list[tuple[str, str]]:
    pairs = getaddresses([text.replace(";", ",").strip(" ,")])
    for name, address in pairs:
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
            raise SettingError(
                f"{label}: “{address or name or text}” is not an e-mail address. Write name@domain, several with ; "
                "between."
            )
    return pairs


def read_moment(label: str, moment: Moment | None) -> datetime | None:
    """A moment with its time zone, from a date, a datetime or ISO 8601 text; without a zone it is local time.

    Errors: SettingError where the text is no date.
    """
    if moment is None:
        return None
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment.strip())
        except ValueError as error:
            raise SettingError(
                f"{label}: “{moment}” is not a date. Write it as 2026-05-31 or 2026-05-31T08:00."
            ) from error
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 - local time, on purpose
    return moment.astimezone() if moment.tzinfo is None else moment


@dataclass(frozen=True)
class SourceFile:
    """A file to attach: its `content` where it is small, else None, and it is read from `path` as it is sent."""

    name: str
    content_type: str
    size: int
    path: Path
    content: bytes | None = None


def read_files(paths: Files) -> list[SourceFile]:
    """Read the files to attach, or look whether they can be read, all before anything is sent.

    Errors: SourceFileError where one cannot be read; AttachmentTooLargeError beyond what any mailbox takes.
    """
    listed = [paths] if isinstance(paths, str | Path) else paths
    return [_read_file(Path(path).expanduser()) for path in listed]


def _read_file(path: Path) -> SourceFile:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            content = file.read() if size < LARGEST_INLINE_BYTES else None
    except (OSError, ValueError) as error:
        raise SourceFileError(
            f"The file {path} cannot be read ({type(error).__name__}). Nothing was sent. Check the path."
        ) from error
    if size > LARGEST_UPLOAD_BYTES:
        raise AttachmentTooLargeError(
            f"The file {path.name} is larger than 150 MB, which no mailbox takes. Nothing was sent. Send a link to it."
        )
    content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return SourceFile(path.name, content_type, size, path, content)


def iterate_words(text: str | Iterable[str] | None, separators: str = ";") -> Iterator[str]:
    """The words of a setting that takes several, split at any of these separators."""
    if text is None:
        return
    for part in [text] if isinstance(text, str) else text:
        for separator in separators[1:]:
            part = part.replace(separator, separators[0])  # noqa: PLW2901
        yield from (word.strip() for word in part.split(separators[0]) if word.strip())


def choose(label: str, word: str, meanings: Mapping[str, T]) -> T:
    """What a word means that is one of a few. Errors: SettingError naming them."""
    if word not in meanings:
        raise SettingError(f"{label}: “{word}” is not one of {', '.join(meanings)}.")
    return meanings[word]
