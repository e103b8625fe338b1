"""Attachments of messages: list, get, get the content, add to a draft and delete."""

import re
from typing import Any

from postroom.tenant.graph.attachment_json import write_attachment, write_attachments
from postroom.tenant.graph.message_input import read_attachment
from postroom.tenant.graph.message_limits import check_message_size
from postroom.tenant.graph.message_json import MessageWriter
from postroom.tenant.graph.messages import get_message_row
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.query import check_options, metadata_url, read_expand, read_select, user_context
from postroom.tenant.graph.refusals import (
    GraphRefusalError,
    bad_request,
    item_not_found,
    malformed_id,
    not_emulated,
)
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.database import Row
from postroom.tenant.mail.identifiers import is_well_formed
from postroom.tenant.state import CloudState

_MEDIA_TYPE = re.compile(r"[\w.+\-]+/[\w.+\-]+", re.ASCII)
_ITEM = "microsoft.graph.itemattachment/item"


def _get_row(request: GraphRequest, message: Row) -> Row:
    attachment_id = request.parameters["attachment"]
    row = request.cloud.mail.attachments.find(message["key"], attachment_id)
    if row is not None:
        return row
    raise item_not_found() if is_well_formed(attachment_id) else malformed_id()


def _context(request: GraphRequest) -> str:
    message = request.parameters["message"].replace("=", "%3D")
    return f"{metadata_url(request)}#{user_context(request)}/messages('{message}')/attachments"


def list_attachments(request: GraphRequest) -> GraphResponse:
    """GET messages/{id}/attachments; contents are left out where $select does not name them."""
    check_options(request)
    if request.query.get("$filter") or request.query.get("$orderby"):
        raise not_emulated("$filter and $orderby of attachments")
    if read_expand(request) is not None:
        raise not_emulated("$expand in a list of attachments")
    message = get_message_row(request)
    content = {"@odata.context": _context(request)}
    return GraphResponse.of_json(
        content | {"value": write_attachments(request, message["key"], read_select(request))}
    )


def _one(request: GraphRequest, row: Row, status: int) -> GraphResponse:
    content: dict[str, Any] = {"@odata.context": f"{_context(request)}/$entity"}
    content |= write_attachment(request, row, read_select(request))
    return GraphResponse.of_json(content, status)


def get_attachment(request: GraphRequest) -> GraphResponse:
    """GET attachments/{id}; an attached message comes along with $expand=microsoft.graph.itemattachment/item."""
    row = _get_row(request, get_message_row(request))
    expanded = read_expand(request)
    if expanded is None:
        return _one(request, row, 200)
    if expanded[0] != _ITEM:
        raise not_emulated(f"$expand={request.query['$expand']}")
    content: dict[str, Any] = {
        "@odata.context": f"{_context(request)}(microsoft.graph.itemAttachment/item())/$entity"
    }
    content |= write_attachment(request, row, read_select(request))
    if row["kind"] == "item":
        content["item"] = _write_item(request, row)
    return GraphResponse.of_json(content)


def _write_item(request: GraphRequest, row: Row) -> dict[str, Any]:
    """Write an attached message, read from its MIME; it has no id, for it lies in no folder."""
    store = request.cloud.mail
    with store.unpacked(request.mailbox, store.blobs.read(row["content_hash"])) as message:
        item = MessageWriter(request).write(message)
        # [?] Expanding an attached message brings its attachments along, but not what is attached to those.
        attachments = write_attachments(request, message["key"], None)
    for name in ("@odata.etag", "changeKey", "parentFolderId", "webLink"):
        item.pop(name, None)
    return (
        {"@odata.type": "#microsoft.graph.message"}
        | item
        | {"id": "", "isRead": True, "attachments": attachments}
    )


def get_attachment_content(request: GraphRequest) -> GraphResponse:
    """GET attachments/{id}/$value: the bytes of a file, the MIME of a message; a link has neither."""
    row = _get_row(request, get_message_row(request))
    if row["kind"] == "reference":
        # [?] The status 405 for the content of a link is documented; its code and text are from memory.
        raise GraphRefusalError(
            405, "ErrorInvalidRequest", "The request is not valid: a reference attachment has no content."
        )
    known = row["kind"] == "file" and _MEDIA_TYPE.fullmatch(row["content_type"] or "")
    media_type = row["content_type"] if known else "application/octet-stream"
    content_type = "text/plain" if row["kind"] == "item" else media_type
    return GraphResponse(
        200, content_type=content_type, file=request.cloud.mail.blobs.path(row["content_hash"])
    )


def add_attachment(request: GraphRequest) -> GraphResponse:
    """POST messages/{id}/attachments: attach a file below 3 MB, a message or a link to a draft."""
    message = get_message_row(request)
    attachment = read_attachment(request.json_body())
    check_draft(message)
    store = request.cloud.mail
    check_message_size(request, store.attachments.total_bytes(message["key"]) + len(attachment.content))
    with store.batch():
        row = store.attachments.add(request.mailbox, message["key"], attachment)
        settle(request.cloud, message)
    return _one(request, row, 201)


def check_draft(message: Row) -> None:
    """Refuse to change the attachments of a message that is no draft."""
    # [?] Attachments of a message that is no draft cannot be changed, though Exchange lets some clients do it.
    if not message["is_draft"]:
        raise bad_request(
            "Attachments can only be changed while the message is a draft.", "ErrorInvalidOperation"
        )


def settle(cloud: CloudState, message: Row) -> None:
    """Let a draft know what its attachments have come to be."""
    visible = cloud.mail.attachments.has_visible(message["key"])
    columns = {"has_attachments": int(visible), "mime_hash": None}
    cloud.mail.messages.update(message, columns)


def delete_attachment(request: GraphRequest) -> GraphResponse:
    """DELETE attachments/{id} of a draft."""
    message = get_message_row(request)
    row = _get_row(request, message)
    check_draft(message)
    with request.cloud.mail.batch():
        request.cloud.mail.attachments.delete(row)
        settle(request.cloud, message)
    return GraphResponse(204)


_PLACE = "messages/{message}/attachments"
ROUTES = (
    Route("GET", _PLACE, Need.READ, list_attachments),
    Route("POST", _PLACE, Need.WRITE, add_attachment),
    Route("GET", _PLACE + "/{attachment}", Need.READ, get_attachment),
    Route("GET", _PLACE + "/{attachment}/$value", Need.READ, get_attachment_content),
    Route("DELETE", _PLACE + "/{attachment}", Need.WRITE, delete_attachment),
)
