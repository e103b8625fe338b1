"""microsoft.graph.attachment: list, get, stream, add."""

import base64
from collections.abc import Iterator
from contextlib import AbstractContextManager
from urllib.parse import quote

import httpx2

from postroom.graph.client import GraphClient, Request
from postroom.graph.models import Attachment
from postroom.graph.paging import iterate_items

LARGEST_INLINE_BYTES = 3 * 1024 * 1024
"""A file this large or larger does not go into one request. Source: message: attach large files."""

_SELECT = "id,name,contentType,size,isInline"


def list_attachments(client: GraphClient, message_id: str) -> Iterator[Attachment]:
    """List the attachments of a message, without their content."""
    request = Request("GET", _path(message_id), params={"$select": _SELECT})
    return iterate_items(client, request, Attachment)


def get_attachment(client: GraphClient, message_id: str, attachment_id: str) -> Attachment:
    """Get what the service tells of one attachment."""
    return client.fetch(Request("GET", _path(message_id, attachment_id)), Attachment)


def stream_attachment(
    client: GraphClient, message_id: str, attachment_id: str
) -> AbstractContextManager[httpx2.Response]:
    """Get the content of a file or item attachment (`$value`) as a stream."""
    return client.stream(Request("GET", _path(message_id, attachment_id) + "/$value"))


def add_file_attachment(
    client: GraphClient, message_id: str, name: str, content_type: str, content: bytes
) -> None:
    """Add a file smaller than `LARGEST_INLINE_BYTES` to a draft."""
    body = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": name,
        "contentType": content_type,
        "contentBytes": base64.b64encode(content).decode(),
    }
    client.send(Request("POST", _path(message_id), body=body, needs="Mail.ReadWrite"))


def _path(message_id: str, attachment_id: str | None = None) -> str:
    attachments = f"/messages/{quote(message_id, safe='')}/attachments"
    return f"{attachments}/{quote(attachment_id, safe='')}" if attachment_id else attachments
