"""Files of 3 MB and more: attached to a draft range by range, by an upload session.

Source: Attach large files to Outlook messages; attachment: createUploadSession.
"""

import logging
from typing import Any, BinaryIO
from urllib.parse import quote

import httpx2
import msgspec

from postroom.errors import (
    AttachmentTooLargeError,
    InvalidRequestError,
    NoAnswerError,
    NotFoundError,
    NotSupportedError,
    OutcomeUnknownError,
    ServiceUnavailableError,
    SourceFileError,
)
from postroom.graph.client import GraphClient, Request
from postroom.graph.retries import ATTEMPTS, FailureKind, back_off, do_once

LARGEST_RANGE_BYTES = 4 * 1024 * 1024
LARGEST_UPLOAD_BYTES = 150 * 1024 * 1024
"""A mailbox takes less where its administrator has not raised the limit: usually 35 MB."""

_WRONG_RANGE = 416


class _HideKeys(logging.Filter):
    """Keep the addresses of upload sessions, which are keys, out of the log that httpx2 writes of its requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Write the address of an upload session without its query; everything is let through."""
        if isinstance(record.args, tuple):
            record.args = tuple(_hide_key(given) for given in record.args)
        return True


def _hide_key(given: object) -> object:
    if isinstance(given, httpx2.URL) and "attachmentsessions(" in given.path.casefold():
        return given.copy_with(query=None)
    return given


logging.getLogger("httpx2").addFilter(_HideKeys())


class _UploadSession(msgspec.Struct, rename="camel"):
    upload_url: str


class _Progress(msgspec.Struct, rename="camel"):
    next_expected_ranges: list[str] = []


def upload_file_attachment(
    client: GraphClient, message_id: str, name: str, content_type: str, size: int, file: BinaryIO
) -> None:
    """Attach a file of `LARGEST_INLINE_BYTES` or more to a draft, holding one range of it at a time.

    A range whose answer is lost is asked after. Errors: AttachmentTooLargeError, where the mailbox or the cloud takes
    no such file; OutcomeUnknownError where the session ended, and whether the file is attached has to be looked up.
    """
    item = {"attachmentType": "file", "name": name, "contentType": content_type, "size": size}
    url = _create_session(client, message_id, item)
    position = failures = 0
    while position < size:
        reached = _send_range(client, url, file, position, size)
        failures = 0 if reached > position else failures + 1
        if failures == ATTEMPTS[FailureKind.LOST]:
            raise _unclear(name)
        if failures:
            back_off(failures)
        position = reached


def _create_session(client: GraphClient, message_id: str, item: dict[str, Any]) -> str:
    """Where the ranges go; a session whose answer was lost expires by itself."""
    path = f"/messages/{quote(message_id, safe='')}/attachments/createUploadSession"
    request = Request("POST", path, body={"AttachmentItem": item}, needs="Mail.ReadWrite")
    try:
        return do_once(lambda: client.fetch(request, _UploadSession).upload_url, lambda: None)
    except InvalidRequestError as error:
        if error.code == "ErrorMessageSizeExceeded":
            raise _too_large(item["name"]) from error
        if "createuploadsession" in str(error).casefold():
            raise AttachmentTooLargeError(
                f"This cloud does not take files of 3 MB and more ({item['name']}): it has no upload sessions. Nothing "
                "was sent. Send a link to the file, or a smaller one."
            ) from error
        raise


def _send_range(client: GraphClient, url: str, file: BinaryIO, position: int, size: int) -> int:
    """Send the range that begins here, and tell up to where the service has the file."""
    file.seek(position)
    content = file.read(min(LARGEST_RANGE_BYTES, size - position))
    if not content:
        raise SourceFileError(
            "A file became shorter while it was being attached. Nothing was sent. Try again."
        )
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Range": f"bytes {position}-{position + len(content) - 1}/{size}",
    }
    try:
        return _read_progress(client.send_upload("PUT", url, content, headers), size)
    except (NoAnswerError, ServiceUnavailableError):
        return _ask_progress(client, url, size)
    except NotFoundError as error:
        raise _unclear("the file") from error
    except InvalidRequestError as error:
        if error.code == "ErrorMessageSizeExceeded":
            raise _too_large("the file") from error
        if error.status != _WRONG_RANGE:
            raise
        return _ask_progress(client, url, size)


def _ask_progress(client: GraphClient, url: str, size: int) -> int:
    try:
        return _read_progress(client.send_upload("GET", url), size)
    except (NotFoundError, NotSupportedError, InvalidRequestError) as error:
        raise _unclear("the file") from error


def _read_progress(answer: bytes, size: int) -> int:
    """Up to where the service has the file: the last range is answered with nothing."""
    if not answer:
        return size
    try:
        ranges = msgspec.json.decode(answer, type=_Progress).next_expected_ranges
        return int(ranges[0].partition("-")[0]) if ranges else size
    except (msgspec.MsgspecError, ValueError):
        raise _unclear("the file") from None


def _unclear(name: str) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        f"Microsoft Graph did not say whether it has attached {name}. Look in the mailbox before you run it again."
    )


def _too_large(name: str) -> AttachmentTooLargeError:
    return AttachmentTooLargeError(
        f"With {name} the message is larger than this mailbox takes (usually 35 MB). Nothing was sent. Send a link to "
        "the file, or ask an Exchange administrator for a higher limit."
    )
