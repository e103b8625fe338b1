"""Attachments on their way to files: four at a time, each straight to the disk, errors by item."""

import email
import email.policy
import mimetypes
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from itertools import chain
from pathlib import Path

import httpx2

from postroom.errors import ItemFailure, NoAnswerError, PostroomError
from postroom.graph.attachments import get_attachment, list_attachments, stream_attachment
from postroom.graph.client import GraphClient
from postroom.graph.limits import REQUESTS_AT_ONCE
from postroom.graph.messages import get_message, stream_message_mime
from postroom.graph.models import Attachment
from postroom.outlook.files import TargetFolder, make_safe_name
from postroom.outlook.items import concerns_one_item, raise_failures

DOWNLOAD_ATTEMPTS = 3
WAITING_DOWNLOADS = 4 * REQUESTS_AT_ONCE

_OpenStream = Callable[[], AbstractContextManager[httpx2.Response]]


@dataclass(frozen=True)
class _Item:
    """One attachment of one message."""

    message_id: str
    attachment: Attachment

    def __str__(self) -> str:
        return f"attachment “{make_safe_name(self.attachment.name, 'attachment')}”"


class AttachmentDownloads:
    """Save the attachments of messages to a folder."""

    def __init__(self, client: GraphClient, target: TargetFolder, *, nested: bool) -> None:
        self._client = client
        self._target = target
        self._nested = nested
        self._saved: list[Path] = []
        self._failures: list[ItemFailure] = []

    def save_all(self, message_ids: Iterable[str]) -> list[Path]:
        """Save all attachments, and give the paths in order.

        Errors: ItemsError where some failed (the others are saved); at once, what would meet all of them.
        """
        with ThreadPoolExecutor(REQUESTS_AT_ONCE, thread_name_prefix="download") as pool:
            waiting: deque[tuple[_Item, Future[list[Path]]]] = deque()
            try:
                for item in self._list_items(message_ids):
                    waiting.append((item, pool.submit(self._save, item)))
                    if len(waiting) >= WAITING_DOWNLOADS:
                        self._collect(*waiting.popleft())
                while waiting:
                    self._collect(*waiting.popleft())
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        raise_failures(self._failures, len(self._saved), "attachments")
        return self._saved

    def _list_items(self, message_ids: Iterable[str]) -> Iterator[_Item]:
        for message_id in message_ids:
            try:
                for attachment in list_attachments(self._client, message_id):
                    yield _Item(message_id, attachment)
            except PostroomError as error:
                self._note(f"message {message_id}", error)

    def _collect(self, item: _Item, future: Future[list[Path]]) -> None:
        try:
            self._saved.extend(future.result())
        except PostroomError as error:
            self._note(str(item), error)

    def _note(self, item: str, error: PostroomError) -> None:
        if not concerns_one_item(error):
            raise error
        self._failures.append(ItemFailure(item, error))

    def _save(self, item: _Item) -> list[Path]:
        attachment = item.attachment
        if attachment.is_reference:
            return [self._save_link(item)]
        name = make_safe_name(attachment.name, _name_nameless(attachment.content_type))
        open_stream = partial(stream_attachment, self._client, item.message_id, attachment.id)
        path = _download(open_stream, self._target, name, is_item=attachment.is_item)
        return [path, *self._save_nested(path)] if self._nested and attachment.is_item else [path]

    def _save_link(self, item: _Item) -> Path:
        """A link file, as every desktop opens it: to the file, or where Graph hides that, to the message."""
        attachment = get_attachment(self._client, item.message_id, item.attachment.id)
        url = attachment.source_url or get_message(self._client, item.message_id, None).web_link or ""
        line = "".join(url.split())
        name = make_safe_name(f"{item.attachment.name or 'link'}.url", "link.url")
        return self._target.save(name, [f"[InternetShortcut]\r\nURL={line}\r\n".encode()])

    def _save_nested(self, path: Path) -> Iterator[Path]:
        with path.open("rb") as file:
            message = email.message_from_binary_file(file, policy=email.policy.default)
        for part in message.walk():
            if isinstance(part, EmailMessage) and _is_attachment(part):
                name = make_safe_name(part.get_filename(), _name_nameless(part.get_content_type()))
                yield self._target.save(name, [bytes(part.get_payload(decode=True) or b"")])


def save_message(client: GraphClient, message_id: str, name: str, target: TargetFolder) -> Path:
    """Save a message's MIME content to a file of this name, byte for byte as the service gives it."""
    return _download(lambda: stream_message_mime(client, message_id), target, name, is_item=False)


def _download(open_stream: _OpenStream, target: TargetFolder, name: str, *, is_item: bool) -> Path:
    """Save a stream to a file, from the start again where the connection breaks off."""
    attempt = 0
    while True:
        attempt += 1
        try:
            with open_stream() as response:
                chunks = response.iter_bytes()
                first = next(chunks, b"")
                full_name = _add_item_suffix(name, first) if is_item else name
                return target.save(full_name, chain([first], chunks))
        except NoAnswerError:
            if attempt == DOWNLOAD_ATTEMPTS:
                raise


def _add_item_suffix(name: str, first: bytes) -> str:
    """Graph gives an attached event as iCalendar, a contact as vCard, a message as MIME."""
    begin = first[:15].upper()
    suffix = ".ics" if begin == b"BEGIN:VCALENDAR" else ".vcf" if begin.startswith(b"BEGIN:VCARD") else ".eml"
    return name if name.lower().endswith(suffix) else make_safe_name(name + suffix, f"message{suffix}")


def _name_nameless(content_type: str | None) -> str:
    kind = (content_type or "").split(";")[0].strip().lower()
    return f"attachment{mimetypes.guess_extension(kind) or ''}"


def _is_attachment(part: EmailMessage) -> bool:
    if part.is_multipart():
        return False
    return bool(part.get_filename()) or part.is_attachment() or part.get_content_maintype() != "text"
