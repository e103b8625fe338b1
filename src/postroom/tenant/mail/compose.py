"""Writes the MIME of messages that were made here, and mends the MIME of messages that are sent."""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from postroom.tenant.mail.bodies import text_of_html
from postroom.tenant.mail.cutting import body_start
from postroom.tenant.mail.database import Row
from postroom.tenant.mail.headers import PARSER_FAULTS
from postroom.tenant.mail.mime import MimeAttachment
from postroom.tenant.mail.records import recipients_json

if TYPE_CHECKING:
    from postroom.tenant.mail.store import MailStore

_BCC = re.compile(rb"(?im)^bcc:.*(?:\r?\n[ \t].*)*(?:\r?\n|\Z)")
_PEOPLE_HEADERS = (
    ("To", "to_people"),
    ("Cc", "cc_people"),
    ("Bcc", "bcc_people"),
    ("Reply-To", "reply_to_people"),
)
_MEDIA_TYPE = re.compile(r"([\w.+\-]+)/([\w.+\-]+)")


# What a message that lies in no mailbox yet lacks of a row.
_BLANK: dict[str, Any] = {
    "from_name": None, "from_address": None, "sender_name": None, "sender_address": None, "to_people": "[]",
    "cc_people": "[]", "bcc_people": "[]", "reply_to_people": "[]", "subject": "", "sent": None,
    "internet_message_id": None, "thread": "[]", "importance": "normal", "headers": "[]", "body_type": "text",
    "body": "",
}  # fmt: skip


def mime_of(store: "MailStore", message: Row) -> bytes:
    """Return the MIME of a message: as it came, or composed from what the mailbox holds."""
    if message["mime_hash"] is not None:
        return store.blobs.read(message["mime_hash"])
    return compose(
        dict(message), [store.read_attachment(row) for row in store.attachments.list(message["key"])]
    )


def compose(columns: Mapping[str, Any], attachments: Sequence[MimeAttachment]) -> bytes:
    """Write the MIME of a message from its columns (those of the store; any may be missing) and attachments."""
    message = _BLANK | dict(columns)
    composed = EmailMessage(policy=SMTP)
    _add_headers(composed, message)
    _add_body(
        composed, message, [attachment for attachment in attachments if _is_related(message, attachment)]
    )
    messages_inside: dict[bytes, bytes] = {}
    for attachment in attachments:
        if not _is_related(message, attachment):
            _attach(composed, attachment, messages_inside)
    written = _written(composed)
    for token, content in messages_inside.items():
        written = written.replace(token, content)
    return written


def _written(composed: EmailMessage) -> bytes:
    try:
        return composed.as_bytes()
    except UnicodeEncodeError:
        return composed.as_bytes(policy=SMTPUTF8)  # an id or address beyond ASCII (RFC 6532)


def _is_related(message: Mapping[str, Any], attachment: MimeAttachment) -> bool:
    return attachment.kind == "file" and attachment.is_inline and message["body_type"] == "html"


def _add_headers(composed: EmailMessage, message: Mapping[str, Any]) -> None:
    _add_people(composed, message)
    composed["Subject"] = _one_line(message["subject"])
    if message["sent"]:
        composed["Date"] = format_datetime(_utc(message["sent"]))
    if message["internet_message_id"]:
        composed["Message-ID"] = _one_line(message["internet_message_id"])
    thread = json.loads(message["thread"])
    if thread:
        composed["In-Reply-To"], composed["References"] = _one_line(thread[-1]), _one_line(" ".join(thread))
    if message["importance"] != "normal":
        composed["Importance"] = message["importance"]
    for header in json.loads(message["headers"]):
        if header["name"].lower().startswith("x-"):
            composed[header["name"]] = _one_line(header["value"])


def _add_people(composed: EmailMessage, message: Mapping[str, Any]) -> None:
    people = {name: _people(message[column]) for name, column in _PEOPLE_HEADERS}
    people = {"From": _person(message, "from"), "Sender": _person(message, "sender")} | people
    if people["Sender"] == people["From"]:
        del people["Sender"]
    for name, found in people.items():
        if found:
            composed[name] = found


def _person(message: Mapping[str, Any], prefix: str) -> list[Address]:
    address = message[f"{prefix}_address"]
    return _people(recipients_json([(message[f"{prefix}_name"] or "", address)])) if address else []


def _people(text: str) -> list[Address]:
    """Return the recipients that mail can be addressed to; a draft may name others."""
    people = [person["emailAddress"] for person in json.loads(text)]
    return [_address(person["name"], person["address"]) for person in people if is_address(person["address"])]


def _address(name: str, address: str) -> Address:
    shown = _one_line(name)
    return Address("" if shown == address else shown, addr_spec=address)


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())


def is_address(address: str) -> bool:
    """Tell whether mail can be addressed to this."""
    try:
        return "@" in address and bool(Address(addr_spec=address).domain)
    except (*PARSER_FAULTS, MessageError):
        return False


def _add_body(composed: EmailMessage, message: Mapping[str, Any], related: list[MimeAttachment]) -> None:
    if message["body_type"] == "text":
        composed.set_content(message["body"])
        return
    composed.set_content(text_of_html(message["body"]))
    composed.add_alternative(message["body"], subtype="html")
    markup = next(part for part in composed.walk() if part.get_content_type() == "text/html")
    for attachment in related:
        maintype, subtype = _media_type(attachment.content_type)
        markup.add_related(
            attachment.content, maintype, subtype, cid=f"<{_one_line(attachment.content_id or '')}>",
            filename=_one_line(attachment.name), disposition="inline",
        )  # fmt: skip


def _media_type(content_type: str | None) -> tuple[str, str]:
    match = _MEDIA_TYPE.fullmatch(content_type or "")
    if match is None or match.group(1).lower() in ("multipart", "message"):
        return "application", "octet-stream"
    return match.group(1), match.group(2)


def _attach(composed: EmailMessage, attachment: MimeAttachment, messages_inside: dict[bytes, bytes]) -> None:
    name = _one_line(attachment.name)
    if attachment.kind == "file":
        maintype, subtype = _media_type(attachment.content_type)
        composed.add_attachment(attachment.content, maintype, subtype, filename=name)
    elif attachment.kind == "reference":
        if composed.get_content_type() != "multipart/mixed":
            composed.make_mixed()
        composed.attach(_link_part(name, attachment.source_url or ""))
    else:
        # Python would write the message anew; its own bytes take the place of a token.
        token = f"message-{secrets.token_hex(16)}"
        inner = EmailMessage(policy=SMTP)
        inner["X-Inside"] = token
        composed.add_attachment(inner, filename=name)
        messages_inside[f"X-Inside: {token}\r\n\r\n".encode()] = attachment.content


def _link_part(name: str, url: str) -> EmailMessage:
    """Write a link attachment as RFC 2017 has it."""
    part = EmailMessage(policy=SMTP)
    part["Content-Type"] = "message/external-body"
    part.set_param("access-type", "URL")
    part.set_param("url", _one_line(url))
    part.set_param("name", name)
    inner = EmailMessage(policy=SMTP)
    inner["Content-Type"] = "application/octet-stream"
    part.set_payload([inner])
    return part


def without_bcc(raw: bytes) -> bytes:
    """Return a MIME message without its Bcc headers, as everybody but the sender gets it."""
    end = body_start(raw, (0, len(raw)))
    return _BCC.sub(b"", raw[:end]) + raw[end:]


def has_header(raw: bytes, name: str) -> bool:
    """Tell whether a MIME message has a header of this name."""
    head = raw[: body_start(raw, (0, len(raw)))]
    return re.search(rb"(?im)^" + re.escape(name.encode()) + rb"[ \t]*:", head) is not None


def completed(raw: bytes, headers: dict[str, str]) -> bytes:
    """Return a MIME message with these headers put before its own; `Date` is an ISO time in UTC."""
    added = EmailMessage(policy=SMTP)
    for name, value in headers.items():
        added[name] = format_datetime(_utc(value)) if name == "Date" else _one_line(value)
    return _written(added).removesuffix(b"\r\n") + raw


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
