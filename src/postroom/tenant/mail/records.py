"""What the store keeps of a message, made from its MIME."""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from postroom.tenant.mail import bodies
from postroom.tenant.mail.identifiers import conversation_id, conversation_index
from postroom.tenant.mail.meetings import message_class
from postroom.tenant.mail.mime import MimeMessage
from postroom.tenant.mail.safe_html import safe_html

People = Iterable[tuple[str, str]]


def moment(when: datetime) -> str:
    """Write a UTC time as the store keeps it: to the second, no zone, so that text order is time order."""
    return when.strftime("%Y-%m-%dT%H:%M:%S").zfill(19)


def recipients_json(people: People) -> str:
    """Write people as Graph's recipients."""
    return json.dumps([recipient(name, address) for name, address in people], ensure_ascii=False)


def recipient(name: str, address: str) -> dict[str, Any]:
    """Give one person as Graph's recipient; who has no name is shown by address."""
    return {"emailAddress": {"name": name or address, "address": address}}


def person_columns(prefix: str, people: list[tuple[str, str]]) -> dict[str, Any]:
    """Give the two columns of `from` or `sender`."""
    if not people:
        return {f"{prefix}_name": None, f"{prefix}_address": None}
    name, address = people[0]
    return {f"{prefix}_name": name or address, f"{prefix}_address": address}


def body_columns(body_type: str, content: str) -> dict[str, Any]:
    """Give the columns of a body: with its preview, and whether Outlook takes something out before it shows it."""
    return {
        "body_type": body_type,
        "body": content,
        "body_is_unsafe": int(body_type == "html" and safe_html(content) != content),
        "preview": bodies.preview(body_type, content),
    }


def thread_columns(mailbox_guid: str, message_id: str, thread: list[str]) -> dict[str, Any]:
    """Give the columns that place a message in its conversation."""
    first = thread[0] if thread else message_id
    return {
        "internet_message_id": message_id,
        "thread": json.dumps(thread),
        "conversation_id": conversation_id(mailbox_guid, first),
        "conversation_index": conversation_index(first, len(thread)),
    }


def columns_of(mime: MimeMessage, raw: bytes, mailbox_guid: str, now: datetime) -> dict[str, Any]:
    """Give every column that the MIME of a message decides, times included (its own where it has one, else now)."""
    senders = mime.people("From")
    received = mime.received or now
    columns: dict[str, Any] = {
        "created": moment(received),
        "received": moment(received),
        "sent": moment(mime.sent or received),
        "subject": mime.subject,
        "message_class": message_class(mime.calendar),
        "importance": mime.importance,
        "to_people": recipients_json(mime.people("To")),
        "cc_people": recipients_json(mime.people("Cc")),
        "bcc_people": recipients_json(mime.people("Bcc")),
        "reply_to_people": recipients_json(mime.people("Reply-To")),
        "delivery_receipt": int(mime.header("Return-Receipt-To") is not None),
        "read_receipt": int(mime.header("Disposition-Notification-To") is not None),
        "has_attachments": int(any(not attachment.is_inline for attachment in mime.attachments)),
        "headers": json.dumps(
            [{"name": name, "value": value} for name, value in mime.headers], ensure_ascii=False
        ),
    }
    columns |= person_columns("from", senders) | person_columns("sender", mime.people("Sender") or senders)
    columns |= thread_columns(mailbox_guid, _message_id(mime, raw), mime.thread)
    index = _thread_index(mime)
    if index:
        columns["conversation_index"] = index
    return columns | body_columns(mime.body_type, mime.body)


def _message_id(mime: MimeMessage, raw: bytes) -> str:
    # Exchange gives an id to mail that comes without one; the same bytes get the same id here.
    return (
        mime.header("Message-ID") or ""
    ).strip() or f"<{hashlib.sha256(raw).hexdigest()[:32]}@mail.invalid>"


def _thread_index(mime: MimeMessage) -> str | None:
    text = "".join((mime.header("Thread-Index") or "").split())
    try:
        return text if text and base64.b64decode(text, validate=True) else None
    except (binascii.Error, ValueError):
        return None
