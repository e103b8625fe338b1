"""Ids as Exchange writes them: long, case-sensitive, URL-safe Base64 that means nothing to a client."""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Any

from postroom.tenant.mail.database import Row

_SHAPE = re.compile(r"[A-Za-z0-9_\-]{20,}={0,2}")
# The first characters of real immutable ids, which name a provider and never change.
_IMMUTABLE_PREFIX = "AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A"


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()


def new_folder_id(mailbox_guid: str) -> str:
    """Make the id of a folder."""
    return _encoded(b"\x00\x03\x24\x00" + mailbox_guid.encode() + b"\x00\x2e\x00" + secrets.token_bytes(24))


def new_item_id(mailbox_guid: str) -> str:
    """Make the id of a message that is good until the message moves."""
    return _encoded(b"\x00\x03\x24\x00" + mailbox_guid.encode() + b"\x00\x46\x00" + secrets.token_bytes(27))


def new_immutable_id() -> str:
    """Make the id of a message that stays when the message moves."""
    return _IMMUTABLE_PREFIX + _encoded(secrets.token_bytes(28))


def new_attachment_id(mailbox_guid: str) -> str:
    """Make the id of an attachment."""
    return _encoded(
        b"\x00\x03\x24\x00" + mailbox_guid.encode() + b"\x00\x46\x01\x12\x00\x10" + secrets.token_bytes(32)
    )


def conversation_id(mailbox_guid: str, first_message_id: str) -> str:
    """Give the id of the conversation that began with this message."""
    mark = hashlib.sha256(first_message_id.encode()).digest()[:16]
    return _encoded(b"\x00\x04\x24\x00" + mailbox_guid.encode() + b"\x00\x10\x00" + mark)


def conversation_index(first_message_id: str, replies: int) -> str:
    """Give a place in a conversation: a header block for the first message, five bytes more for each reply."""
    mark = hashlib.sha256(first_message_id.encode()).digest()
    return base64.b64encode(b"\x01" + mark[:21] + mark[22:27] * min(replies, 40)).decode()


def is_well_formed(item_id: str) -> bool:
    """Tell whether Exchange could have made this id."""
    return _SHAPE.fullmatch(item_id) is not None and item_id.startswith("AA")


def change_key(message: Row | Mapping[str, Any]) -> str:
    """Return the mark of a message that changes whenever the message does; its columns key and change say it."""
    return f"CQAAABYAAA{message['key']:08X}{message['change']:06X}"
