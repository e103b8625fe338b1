"""Writes the MIME of messages that were made here, and mends the MIME of messages that are sent."""

import json
import re
import secrets
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

from postroom.tenant.mail.bodies import text_of_html
from postroom.tenant.mail.cutting import body_start
from postroom.tenant.mail.database import Row
from postroom.tenant.mail.headers import PARSER_FAULTS

if TYPE_CHECKING:
    from postroom.tenant.mail.store import MailStore

_BCC = re.compile(rb"(?im)^bcc:.*(?:\r?\n[ \t].*)*(?:\r?\n|\Z)")
_MEDIA_TYPE = re.compile(r"([\w.+\-]+)/([\w.+\-]+)")


def mime_of(store: "MailStore", message: Row) -> bytes:
    """Return the MIME of a message: as it came, or composed from what the mailbox holds."""
    if message["mime_hash"] is not None:
        return store.blobs.read(message["mime_hash"])
    return compose(store, message)


def compose(store: "MailStore", message: Row) -> bytes:
    """Write the MIME of a message from its properties and attachments."""
    composed = EmailMessage(policy=SMTP)
    _add_headers(composed, message)
    attachments = store.attachments.list(message["key"])
    _add_body(composed, message, store, [row for row in attachments if row["is_inline"]])
    messages_inside: dict[bytes, bytes] = {}
    for row in attachments:
        if not row["is_inline"]:
            _attach(composed, row, store, messages_inside)
    written = composed.as_bytes()
    for token, content in messages_inside.items():
        written = written.replace(token, content)
    return written


def _add_headers(composed: EmailMessage, message: Row) -> None:
    for name, prefix in (("From", "from"), ("Sender", "sender")):
        if message[f"{prefix}_address"] and (
            name == "From" or message["sender_address"] != message["from_address"]
        ):
            composed[name] = _address(message[f"{prefix}_name"], message[f"{prefix}_address"])
    for name, column in (
        ("To", "to_people"),
        ("Cc", "cc_people"),
        ("Bcc", "bcc_people"),
        ("Reply-To", "reply_to_people"),
    ):
        people = [_address(**person["emailAddress"]) for person in json.loads(message[column])]
        if people:
            composed[name] = people
    composed["Subject"] = _one_line(message["subject"])
    composed["Date"] = format_datetime(datetime.fromisoformat(message["sent"]).replace(tzinfo=UTC))
    composed["Message-ID"] = _one_line(message["internet_message_id"])
    thread = json.loads(message["thread"])
    if thread:
        composed["In-Reply-To"], composed["References"] = thread[-1], " ".join(thread)
    if message["importance"] != "normal":
        composed["Importance"] = message["importance"]
    for header in json.loads(message["headers"]):
        if header["name"].lower().startswith("x-"):
            composed[header["name"]] = _one_line(header["value"])


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())


def _address(name: str | None, address: str) -> Address:
    shown = _one_line(name or "")
    return Address("" if shown == address else shown, addr_spec=address)


def is_address(address: str) -> bool:
    """Tell whether mail can be addressed to this."""
    try:
        return "@" in address and bool(Address(addr_spec=address).domain)
    except (*PARSER_FAULTS, MessageError):
        return False


def _add_body(composed: EmailMessage, message: Row, store: "MailStore", inline: list[Row]) -> None:
    if message["body_type"] == "text":
        composed.set_content(message["body"])
        markup: MIMEPart = composed
    else:
        composed.set_content(text_of_html(message["body"]))
        composed.add_alternative(message["body"], subtype="html")
        alternatives = composed.get_payload()
        markup = alternatives[-1]  # type: ignore[assignment, index] # a multipart's payload is its parts
    for row in inline:
        maintype, subtype = _media_type(row["content_type"])
        markup.add_related(
            store.blobs.read(row["content_hash"]), maintype, subtype,
            cid=f"<{row['content_id']}>", filename=row["name"], disposition="inline",
        )  # fmt: skip


def _media_type(content_type: str | None) -> tuple[str, str]:
    match = _MEDIA_TYPE.fullmatch(content_type or "")
    if match is None or match.group(1).lower() in ("multipart", "message"):
        return "application", "octet-stream"
    return match.group(1), match.group(2)


def _attach(
    composed: EmailMessage, row: Row, store: "MailStore", messages_inside: dict[bytes, bytes]
) -> None:
    if row["kind"] == "file":
        maintype, subtype = _media_type(row["content_type"])
        content = store.blobs.read(row["content_hash"])
        composed.add_attachment(content, maintype, subtype, filename=_one_line(row["name"]))
        return
    composed.make_mixed()
    if row["kind"] == "reference":
        composed.attach(_link_part(row))
        return
    token = f"message-{secrets.token_hex(16)}"
    inner = EmailMessage(policy=SMTP)
    inner["X-Inside"] = token
    composed.add_attachment(inner, filename=None)
    messages_inside[f"X-Inside: {token}\r\n\r\n".encode()] = store.blobs.read(row["content_hash"])


def _link_part(row: Row) -> EmailMessage:
    """Write a link attachment as RFC 2017 has it."""
    part = EmailMessage(policy=SMTP)
    part["Content-Type"] = "message/external-body"
    part.set_param("access-type", "URL")
    part.set_param("url", row["source_url"] or "")
    part.set_param("name", _one_line(row["name"]))
    inner = MIMEPart(policy=SMTP)
    inner["Content-Type"] = "application/octet-stream"
    part.set_payload([inner])
    return part


def without_bcc(raw: bytes) -> bytes:
    """Return a MIME message without its Bcc headers, as everybody but the sender gets it."""
    end = body_start(raw, (0, len(raw)))
    return _BCC.sub(b"", raw[:end]) + raw[end:]


def completed(raw: bytes, headers: dict[str, str]) -> bytes:
    """Return a MIME message with these headers put before its own."""
    added = EmailMessage(policy=SMTP)
    for name, value in headers.items():
        added[name] = value
    return added.as_bytes().removesuffix(b"\r\n") + raw
