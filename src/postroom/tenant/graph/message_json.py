"""Messages as Graph's JSON: every property of `message`, made from the columns the store prepared.

Known to differ: Of mail about a meeting only the kind is told (`meetingMessageType`), not its times, its place, its
recurrence and its event.
[?] Mail about a meeting has the types that people met, eventMessageRequest and eventMessageResponse, where Microsoft's
examples show eventMessage for all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from postroom.tenant.graph.filters import Field
from postroom.tenant.graph.permissions import sees_bodies
from postroom.tenant.graph.refusals import unknown_property
from postroom.tenant.graph.wire import GraphRequest
from postroom.tenant.mail.bodies import body_as
from postroom.tenant.mail.database import Row
from postroom.tenant.mail.identifiers import change_key
from postroom.tenant.mail.meetings import MESSAGE_TYPES, REQUEST, RESPONSES
from postroom.tenant.mail.safe_html import safe_html

FIELDS = {
    "id": Field("item_id", "id"),
    "subject": Field("subject"),
    "bodypreview": Field("preview"),
    "body/content": Field("body"),
    "from/emailaddress/address": Field("from_address"),
    "from/emailaddress/name": Field("from_name"),
    "sender/emailaddress/address": Field("sender_address"),
    "sender/emailaddress/name": Field("sender_name"),
    "receiveddatetime": Field("received", "moment"),
    "sentdatetime": Field("sent", "moment"),
    "createddatetime": Field("created", "moment"),
    "lastmodifieddatetime": Field("modified", "moment"),
    "isread": Field("is_read", "boolean"),
    "isdraft": Field("is_draft", "boolean"),
    "hasattachments": Field("has_attachments", "boolean"),
    "isdeliveryreceiptrequested": Field("delivery_receipt", "boolean"),
    "isreadreceiptrequested": Field("read_receipt", "boolean"),
    "importance": Field("importance", "enum"),
    "inferenceclassification": Field("inference", "enum"),
    "flag/flagstatus": Field("json_extract(flag, '$.flagStatus')", "enum"),
    "internetmessageid": Field("internet_message_id", "exact"),
    "conversationid": Field("conversation_id", "exact"),
    "parentfolderid": Field("folder_id", "exact"),
    "categories": Field("categories", "strings"),
    "torecipients": Field("to_people", "people"),
    "ccrecipients": Field("cc_people", "people"),
    "bccrecipients": Field("bcc_people", "people"),
    "replyto": Field("reply_to_people", "people"),
    "singlevalueextendedproperties": Field(
        "key IN (SELECT message FROM extended_properties WHERE property = ? AND ({}))", "properties"
    ),
    "extensions": Field("", "extensions"),
}

NAVIGATION_PROPERTIES = frozenset(
    {"attachments", "extensions", "singlevalueextendedproperties", "multivalueextendedproperties"}
)
_ONLY_SELECTED = frozenset({"internetMessageHeaders", "uniqueBody"})
_BODIES = frozenset({"body", "bodyPreview", "uniqueBody"})
_CONVERSATION_INDEX = frozenset({"conversationIndex"})
_WEB_HOSTS = {True: "outlook.office365.us", False: "outlook.office365.com"}


@dataclass(frozen=True, slots=True)
class _Style:
    """How one request wants its messages."""

    id_column: str
    body_type: str | None
    is_safe: bool
    web_host: str


Columns = Mapping[str, Any]
_Value = Callable[[Columns, _Style], Any]


def _raw(column: str) -> _Value:
    return lambda row, _: msgspec.Raw(row[column].encode())


def _plain(column: str) -> _Value:
    return lambda row, _: row[column]


def _boolean(column: str) -> _Value:
    return lambda row, _: row[column] == 1


def _time(column: str) -> _Value:
    return lambda row, _: row[column] + "Z"


def _person(prefix: str) -> _Value:
    def value(row: Columns, _: _Style) -> Any:
        address = row[prefix + "_address"]
        return (
            {"emailAddress": {"name": row[prefix + "_name"], "address": address}}
            if address is not None
            else None
        )

    return value


def _body(row: Columns, style: _Style) -> Any:
    kind = style.body_type or row["body_type"]
    content = body_as(kind, row["body_type"], row["body"])
    is_cleaned = row["body_is_unsafe"] and kind == "html" and style.is_safe
    return {"contentType": kind, "content": safe_html(content) if is_cleaned else content}


def _web_link(row: Columns, style: _Style) -> str:
    item = row[style.id_column].replace("=", "%3D")
    return f"https://{style.web_host}/owa/?ItemID={item}&exvsurl=1&viewmodel=ReadMessageItem"


_BODY_COLUMNS = ("body_type", "body", "body_is_unsafe")
# Each property: the columns it needs, and its value. The order is Graph's.
_PROPERTIES: dict[str, tuple[tuple[str, ...], _Value]] = {
    "createdDateTime": (("created",), _time("created")),
    "lastModifiedDateTime": (("modified",), _time("modified")),
    "changeKey": (("change",), lambda row, _: change_key(row)),
    "categories": (("categories",), _raw("categories")),
    "receivedDateTime": (("received",), _time("received")),
    "sentDateTime": (("sent",), _time("sent")),
    "hasAttachments": (("has_attachments",), _boolean("has_attachments")),
    "internetMessageId": (("internet_message_id",), _plain("internet_message_id")),
    "subject": (("subject",), _plain("subject")),
    "bodyPreview": (("preview",), _plain("preview")),
    "importance": (("importance",), _plain("importance")),
    "parentFolderId": (("folder_id",), _plain("folder_id")),
    "conversationId": (("conversation_id",), _plain("conversation_id")),
    "conversationIndex": (("conversation_index",), _plain("conversation_index")),
    "isDeliveryReceiptRequested": (("delivery_receipt",), _boolean("delivery_receipt")),
    "isReadReceiptRequested": (("read_receipt",), _boolean("read_receipt")),
    "isRead": (("is_read",), _boolean("is_read")),
    "isDraft": (("is_draft",), _boolean("is_draft")),
    "webLink": ((), _web_link),
    "inferenceClassification": (("inference",), _plain("inference")),
    "internetMessageHeaders": (("headers",), _raw("headers")),
    "body": (_BODY_COLUMNS, _body),
    # [?] `uniqueBody` is the whole body: what a reply quotes is not taken out.
    "uniqueBody": (_BODY_COLUMNS, _body),
    "sender": (("sender_name", "sender_address"), _person("sender")),
    "from": (("from_name", "from_address"), _person("from")),
    "toRecipients": (("to_people",), _raw("to_people")),
    "ccRecipients": (("cc_people",), _raw("cc_people")),
    "bccRecipients": (("bcc_people",), _raw("bcc_people")),
    "replyTo": (("reply_to_people",), _raw("reply_to_people")),
    "flag": (("flag",), _raw("flag")),
}
_BY_LOWER_NAME = {name.lower(): name for name in _PROPERTIES}
_ABSENT_WHEN_NULL = frozenset({"from", "sender"})
_MEETING_TYPES = {REQUEST: "eventMessageRequest", **dict.fromkeys(RESPONSES, "eventMessageResponse")}


class MessageWriter:
    """Write messages the way one request wants them: its $select, its ids, its body type, its cloud."""

    def __init__(self, request: GraphRequest, selected: list[str] | None = None) -> None:
        kind = (request.preference("outlook.body-content-type") or "").lower()
        self._style = _Style(
            "immutable_id" if request.immutable_ids else "item_id",
            kind if kind in ("text", "html") else None,
            request.preference("outlook.allow-unsafe-html") is None,
            _WEB_HOSTS[request.is_gcc_high],
        )
        absent = _CONVERSATION_INDEX if request.lacks("message.conversationIndex") else frozenset()
        names = self._names(selected, absent)
        if not sees_bodies(request.caller, request.user):
            names = [name for name in names if name not in _BODIES]
        self._values = [(name, _PROPERTIES[name][1]) for name in names]
        self._is_whole = selected is None or "*" in selected
        columns = {"key", "change", "message_class", self._style.id_column}
        columns |= {column for name in names for column in _PROPERTIES[name][0]}
        self.columns = ", ".join(sorted(columns))

    def _names(self, selected: list[str] | None, absent: frozenset[str]) -> list[str]:
        if selected is None:
            return [name for name in _PROPERTIES if name not in _ONLY_SELECTED | absent]
        chosen: list[str] = []
        for name in selected:
            known = _BY_LOWER_NAME.get(name.lower())
            if name.lower() == "*":
                chosen += [name for name in _PROPERTIES if name not in _ONLY_SELECTED | absent]
                continue
            if name.lower() == "id" or name.lower() in NAVIGATION_PROPERTIES:
                continue  # what $expand brings may be selected too, which clients of Microsoft do
            if known is None or known in absent:
                raise unknown_property(name, "Message")
            chosen.append(known)
        return [name for name in _PROPERTIES if name in chosen]

    def write(self, row: Row) -> dict[str, Any]:
        """Return one message as Graph's JSON object."""
        style = self._style
        # A dict finds a column at once, a row by going through all of them.
        columns = dict(zip(row.keys(), row, strict=True))
        message = self._meeting(columns["message_class"])
        message |= {"@odata.etag": f'W/"{change_key(columns)}"', "id": columns[style.id_column]}
        message |= {name: value(columns, style) for name, value in self._values}
        for name in _ABSENT_WHEN_NULL:
            if name in message and message[name] is None:
                del message[name]
        return message

    def _meeting(self, message_class: str) -> dict[str, Any]:
        """Return what mail about a meeting has over other mail: its type, and unless others are selected its kind."""
        kind = MESSAGE_TYPES.get(message_class)
        if kind is None:
            return {}
        typed = {"@odata.type": f"#microsoft.graph.{_MEETING_TYPES.get(message_class, 'eventMessage')}"}
        return typed | {"meetingMessageType": kind} if self._is_whole else typed
