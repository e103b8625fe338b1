"""Messages as clients write them: Graph's JSON to the columns of the store, or Graph's refusal."""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from postroom.tenant.graph.extended_properties import Values, read_properties, take_origin
from postroom.tenant.graph.flags import read_flag
from postroom.tenant.graph.open_extension_json import read_extensions
from postroom.tenant.graph.refusals import GraphRefusalError, bad_request, not_emulated
from postroom.tenant.mail.compose import compose
from postroom.tenant.mail.headers import clean
from postroom.tenant.mail.mime import MimeAttachment
from postroom.tenant.mail.records import body_columns, recipient

LARGEST_ATTACHMENT_BYTES = 3 * 1024 * 1024
_IMPORTANCES = ("low", "normal", "high")
_INFERENCES = ("focused", "other")
_MOST_HEADERS = 5
_ONLY_NEW = frozenset({"attachments", "extensions", "internetmessageheaders"})
_PROPERTIES = {"singlevalueextendedproperties": False, "multivalueextendedproperties": True}
# [?] Properties that only Exchange sets are passed over: clients send messages back as they got them.
_IGNORED = frozenset(
    {
        "id", "changekey", "createddatetime", "lastmodifieddatetime", "receiveddatetime", "sentdatetime",
        "hasattachments", "bodypreview", "parentfolderid", "conversationid", "conversationindex", "isdraft",
        "weblink", "uniquebody",
    }
)  # fmt: skip
# What may only be changed while a message is a draft.
DRAFT_ONLY = frozenset(
    {
        "subject", "body", "torecipients", "ccrecipients", "bccrecipients", "replyto", "from", "sender",
        "internetmessageid",
    }
)  # fmt: skip


@dataclass(slots=True)
class MessageInput:
    """What a client wrote of a message: columns to set, things to attach, what its app adds."""

    columns: dict[str, Any] = field(default_factory=dict)
    attachments: list[MimeAttachment] = field(default_factory=list)
    properties: Values = field(default_factory=dict)
    extensions: dict[str, dict[str, Any]] = field(default_factory=dict)


def invalid_property(name: str, type_name: str = "microsoft.graph.message") -> GraphRefusalError:
    """Refuse a property that the type does not have."""
    return bad_request(
        f"The property '{name}' does not exist on type '{type_name}'. Make sure to only use property names that are "
        "defined by the type.",
        "RequestBodyRead",
    )


def _invalid_value(name: str) -> GraphRefusalError:
    # [?] A value of the wrong type has one text; Graph's names the trouble of its JSON reader in more ways.
    return bad_request(
        f"Cannot convert the value of property '{name}' to the expected type.", "RequestBodyRead"
    )


def read_message(content: Any, *, is_new: bool) -> MessageInput:
    """Read a message as a client writes it; attachments and internet headers only come with a new one."""
    if not isinstance(content, dict):
        raise _invalid_value("message")
    read = MessageInput()
    for name, value in content.items():
        key = name.lower()
        if "@" in key or key in _IGNORED:
            continue
        if key in _ONLY_NEW and not is_new:
            # [?] The text for changing attachments or headers by PATCH is from memory.
            raise bad_request(f"Set action is invalid for property '{name}'.", "ErrorInvalidPropertySet")
        if key == "attachments":
            read.attachments = [read_attachment(item) for item in _list(name, value)]
        elif key == "extensions":
            read.extensions = read_extensions(value)
        elif key in _PROPERTIES:
            read.properties |= read_properties(value, multiple=_PROPERTIES[key])
        elif key in _READERS:
            read.columns |= _READERS[key](name, value)
        else:
            raise invalid_property(name)
    origin = take_origin(read.properties)
    if origin and not is_new:
        raise not_emulated("To write MAPI's own properties of a message that is there already")
    read.columns |= origin
    return read


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _invalid_value(name)
    return clean(value)


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _invalid_value(name)
    return value


def _fields(name: str, value: Any) -> dict[str, Any]:
    """Return the properties of an object by their names in lower case: Graph knows them in whatever case they are."""
    if not isinstance(value, dict):
        raise _invalid_value(name)
    return {key.lower(): content for key, content in value.items()}


def _read_body(name: str, value: Any) -> dict[str, Any]:
    fields = _fields(name, value)
    kind = str(fields.get("contenttype", "text")).lower()
    if kind not in ("text", "html"):
        raise _invalid_value("contentType")
    return body_columns(kind, _text("content", fields.get("content") or ""))


def _read_person(name: str, value: Any) -> dict[str, str]:
    email = _fields(name, _fields(name, value).get("emailaddress"))
    address = _text("address", email.get("address") or "").strip()
    shown = _text("name", email.get("name") or "")
    return {"name": shown or address, "address": address}


def read_people(name: str, value: Any) -> list[dict[str, Any]]:
    """Read a list of recipients."""
    people = [_read_person(name, item) for item in _list(name, value)]
    return [recipient(person["name"], person["address"]) for person in people]


def _people(column: str) -> Callable[[str, Any], dict[str, Any]]:
    return lambda name, value: {column: json.dumps(read_people(name, value), ensure_ascii=False)}


def _person(prefix: str) -> Callable[[str, Any], dict[str, Any]]:
    def read(name: str, value: Any) -> dict[str, Any]:
        person = _read_person(name, value)
        return {f"{prefix}_name": person["name"], f"{prefix}_address": person["address"]}

    return read


def _boolean(column: str) -> Callable[[str, Any], dict[str, Any]]:
    def read(name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, bool):
            raise _invalid_value(name)
        return {column: int(value)}

    return read


def _choice(column: str, choices: tuple[str, ...]) -> Callable[[str, Any], dict[str, Any]]:
    def read(name: str, value: Any) -> dict[str, Any]:
        chosen = str(value).lower()
        if chosen not in choices:
            raise _invalid_value(name)
        return {column: chosen}

    return read


def _read_categories(name: str, value: Any) -> dict[str, Any]:
    return {"categories": json.dumps([_text(name, item) for item in _list(name, value)], ensure_ascii=False)}


def _read_internet_headers(name: str, value: Any) -> dict[str, Any]:
    if not 1 <= len(_list(name, value)) <= _MOST_HEADERS:  # an empty list is refused by the same words
        raise bad_request(
            f"Maximum number of headers in one message should be less than or equal to {_MOST_HEADERS}.",
            "InvalidInternetMessageHeaderCollection",
        )
    headers = []
    for item in value:
        fields = _fields(name, item)
        header, content = _text("name", fields.get("name")), _text("value", fields.get("value"))
        if not header.lower().startswith("x-"):
            raise bad_request(
                f"The internet message header name '{header}' should start with 'x-' or 'X-'.",
                "InvalidInternetMessageHeader",
            )
        if not header.isascii() or any(mark in header for mark in " :\r\n\t"):
            raise bad_request(
                f"The internet message header name '{header}' is invalid.", "InvalidInternetMessageHeader"
            )
        headers.append({"name": header, "value": content})
    return {"headers": json.dumps(headers, ensure_ascii=False)}


def _read_subject(name: str, value: Any) -> dict[str, Any]:
    return {"subject": "" if value is None else _text(name, value)}


_READERS: dict[str, Callable[[str, Any], dict[str, Any]]] = {
    "subject": _read_subject,
    "body": _read_body,
    "torecipients": _people("to_people"),
    "ccrecipients": _people("cc_people"),
    "bccrecipients": _people("bcc_people"),
    "replyto": _people("reply_to_people"),
    "from": _person("from"),
    "sender": _person("sender"),
    "importance": _choice("importance", _IMPORTANCES),
    "inferenceclassification": _choice("inference", _INFERENCES),
    "isread": _boolean("is_read"),
    "isdeliveryreceiptrequested": _boolean("delivery_receipt"),
    "isreadreceiptrequested": _boolean("read_receipt"),
    "categories": _read_categories,
    "flag": lambda _, value: {"flag": clean(read_flag(value))},
    "internetmessageid": lambda name, value: {"internet_message_id": _text(name, value)},
    "internetmessageheaders": _read_internet_headers,
}


def read_attachment(content: Any) -> MimeAttachment:
    """Read an attachment as a client writes it: a file, a message or a link."""
    fields = _fields("attachment", content)
    kind = str(fields.get("@odata.type", "")).lstrip("#").lower()
    name = fields.get("name")
    if not isinstance(name, str) or not name:
        # [?] Code and text for an attachment without a name are from memory.
        raise bad_request("The property 'Name' is required when creating the entity.", "ErrorInvalidArgument")
    name = clean(name)
    if kind == "microsoft.graph.fileattachment":
        return _read_file(fields, name)
    if kind == "microsoft.graph.referenceattachment":
        # [?] A link takes its address from `sourceUrl`, as in beta; the schema of v1.0 gives it none.
        return MimeAttachment(
            "reference", name, None, b"", source_url=_text("sourceUrl", fields.get("sourceurl", ""))
        )
    if kind == "microsoft.graph.itemattachment":
        return _read_item(fields, name)
    # [?] The text for an attachment without `@odata.type` is from memory.
    raise bad_request("The type of the attachment must be given in '@odata.type'.", "RequestBodyRead")


def _read_item(fields: dict[str, Any], name: str) -> MimeAttachment:
    item = fields.get("item")
    kind = str(item.get("@odata.type", "")).lstrip("#").lower() if isinstance(item, dict) else ""
    if kind != "microsoft.graph.message":
        raise not_emulated("An itemAttachment that holds anything but a message")
    inner = read_message(item, is_new=True)
    if any(attachment.kind == "item" for attachment in inner.attachments):
        raise not_emulated("An itemAttachment in an itemAttachment")
    if inner.properties or inner.extensions:
        raise not_emulated("An itemAttachment with extended properties or extensions")
    return MimeAttachment("item", name, "message/rfc822", compose(inner.columns, inner.attachments))


def _read_file(fields: dict[str, Any], name: str) -> MimeAttachment:
    raw = _decode_binary(fields.get("contentbytes"))
    if raw is None:
        raise _invalid_value("contentBytes")
    if len(raw) >= LARGEST_ATTACHMENT_BYTES:
        # [?] A file of 3 MB and more is 413 ErrorMessageSizeExceeded; in truth it varies between 3 and 4 MB.
        raise GraphRefusalError(
            413, "ErrorMessageSizeExceeded", "The message exceeds the maximum supported size."
        )
    content_id, location = fields.get("contentid"), fields.get("contentlocation")
    return MimeAttachment(
        kind="file",
        name=name,
        content_type=_text("contentType", fields.get("contenttype") or "application/octet-stream"),
        content=raw,
        content_id=_text("contentId", content_id) if content_id else None,
        content_location=_text("contentLocation", location) if location else None,
        is_inline=fields.get("isinline") is True,
    )


def _decode_binary(text: Any) -> bytes | None:
    """Decode Base64 that may lack the padding at its end: OData leaves it to who writes an Edm.Binary."""
    missing = -len("".join(text.split())) % 4 if isinstance(text, str) else 0
    return decode_base64(text + "=" * missing if missing else text)


def decode_base64(text: Any) -> bytes | None:
    """Decode Base64, with line ends in it or none; None for what is not Base64."""
    if not isinstance(text, str | bytes):
        return None
    packed = b"".join((text if isinstance(text, bytes) else text.encode("utf-8", "replace")).split())
    try:
        return base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        return None
