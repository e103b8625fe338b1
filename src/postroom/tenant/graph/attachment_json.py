"""Attachments as Graph's JSON: file, item and reference."""

import base64
from typing import Any

from postroom.tenant.graph.filters import Field, Fields
from postroom.tenant.graph.refusals import unknown_property
from postroom.tenant.graph.wire import GraphRequest
from postroom.tenant.mail.database import Row

TYPES = {
    "file": "#microsoft.graph.fileAttachment",
    "item": "#microsoft.graph.itemAttachment",
    "reference": "#microsoft.graph.referenceAttachment",
}
_NAMES = {
    name.lower(): name
    for name in (
        "id", "lastModifiedDateTime", "name", "contentType", "size", "isInline", "contentId", "contentLocation",
        "contentBytes",
    )
}  # fmt: skip

FIELDS: Fields = {
    "id": Field("attachment_id", "exact"),
    "name": Field("name"),
    "contenttype": Field("content_type"),
    "size": Field("size", "number"),
    "isinline": Field("is_inline", "boolean"),
    "lastmodifieddatetime": Field("modified", "moment"),
}


def write_attachments(
    request: GraphRequest, message_key: int, selected: list[str] | None
) -> list[dict[str, Any]]:
    """Return the attachments of a message as Graph's JSON objects."""
    rows = request.cloud.mail.attachments.list(message_key)
    return [write_attachment(request, row, selected) for row in rows]


def write_attachment(request: GraphRequest, row: Row, selected: list[str] | None) -> dict[str, Any]:
    """Return one attachment as Graph's JSON object; contents are read only when they are wanted."""
    wanted = _wanted(selected)
    content: dict[str, Any] = {"@odata.type": TYPES[row["kind"]]}
    if row["kind"] == "file":
        content["@odata.mediaContentType"] = row["content_type"]
    properties = {
        "id": row["attachment_id"],
        "lastModifiedDateTime": row["modified"] + "Z",
        "name": row["name"],
        "contentType": row["content_type"] if row["kind"] == "file" else None,
        # [?] The size of an attachment is that of its content; Exchange counts some bytes of its own on top.
        "size": row["size"],
        "isInline": row["is_inline"] == 1,
    }
    if row["kind"] == "file":
        properties |= {"contentId": row["content_id"], "contentLocation": row["content_location"]}
        if "contentBytes" in wanted:
            properties["contentBytes"] = base64.b64encode(
                request.cloud.mail.blobs.read(row["content_hash"])
            ).decode()
    return content | {name: value for name, value in properties.items() if name in wanted}


def _wanted(selected: list[str] | None) -> set[str]:
    if selected is None:
        return set(_NAMES.values())
    wanted = {"id"}
    for name in selected:
        # A derived type's own property goes by its full name: microsoft.graph.fileAttachment/contentBytes.
        known = _NAMES.get(name.rpartition("/")[2].lower())
        if known is None:
            raise unknown_property(name, "Attachment")
        wanted.add(known)
    return wanted
