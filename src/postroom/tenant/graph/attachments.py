"""Attachments of messages: list, get, get the content, add to a draft and delete."""

import re
from typing import Any
from urllib.parse import quote

from postroom.tenant.graph.attachment_json import FIELDS, write_attachment, write_attachments
from postroom.tenant.graph.expansions import Expansion
from postroom.tenant.graph.message_input import read_attachment
from postroom.tenant.graph.message_json import MessageWriter
from postroom.tenant.graph.message_limits import check_message_size
from postroom.tenant.graph.messages import get_message_row
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.query import (
    HIGHEST_TOP,
    Listing,
    check_options,
    metadata_url,
    page_response,
    read_expansions,
    read_listing,
    read_select,
    selected_context,
    user_context,
)
from postroom.tenant.graph.refusals import (
    GraphRefusalError,
    bad_request,
    item_not_found,
    malformed_id,
    not_emulated,
)
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.database import Condition, Page, Row
from postroom.tenant.mail.identifiers import is_well_formed
from postroom.tenant.state import CloudState

_MEDIA_TYPE = re.compile(r"[\w.+\-]+/[\w.+\-]+", re.ASCII)
# The second is how Outlook's own schema calls it, which clients of its time still send.
_ITEMS = ("microsoft.graph.itemattachment/item", "microsoft.outlookservices.itemattachment/item")


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
    message = get_message_row(request)
    listing, expanded = _read_listing(request, message), _read_expansion(request)
    selected, attachments = read_select(request), request.cloud.mail.attachments
    rows = attachments.select(listing.condition, listing.page.with_one_more())
    shown = rows[: listing.page.top]
    return page_response(
        request,
        _context(request) + selected_context(selected),
        [_write(request, row, selected, expanded) for row in shown],
        page=listing.page,
        total=attachments.count(listing.condition) if listing.counted else None,
        more=len(rows) > listing.page.top,
    )


def count_attachments(request: GraphRequest) -> GraphResponse:
    """GET messages/{id}/attachments/$count."""
    listing = _read_listing(request, get_message_row(request))
    total = request.cloud.mail.attachments.count(listing.condition)
    return GraphResponse(200, str(total).encode(), {}, "text/plain")


def _read_listing(request: GraphRequest, message: Row) -> Listing:
    listing = read_listing(request, "Attachment", FIELDS, "key")
    page = listing.page
    if not request.query.get("$top"):
        # [?] Attachments come all at once unless $top asks for fewer.
        page = Page(page.order, page.skip, HIGHEST_TOP)
    return Listing(Condition("message = ?", (message["key"],)) & listing.condition, page, listing.counted)


def _read_expansion(request: GraphRequest) -> Expansion | None:
    """Read $expand, which can name one thing: the item of an item attachment."""
    expansions = read_expansions(request)
    if not expansions:
        return None
    (expanded, *others) = expansions
    if others or expanded.name not in _ITEMS or expanded.options.keys() - {"$select"}:
        raise not_emulated(f"$expand={request.query['$expand']}")
    return expanded


def _write(
    request: GraphRequest, row: Row, selected: list[str] | None, expanded: Expansion | None
) -> dict[str, Any]:
    content = write_attachment(request, row, selected)
    if expanded is not None and row["kind"] == "item":
        content["item"] = _write_item(request, row, expanded.selected)
    return content


def _one(request: GraphRequest, row: Row, status: int, expanded: Expansion | None = None) -> GraphResponse:
    selected = read_select(request)
    part = "(microsoft.graph.itemAttachment/item())" if expanded else selected_context(selected)
    content: dict[str, Any] = {"@odata.context": f"{_context(request)}{part}/$entity"}
    content |= _write(request, row, selected, expanded)
    return GraphResponse.of_json(content, status)


def get_attachment(request: GraphRequest) -> GraphResponse:
    """GET attachments/{id}; an attached message comes along with $expand=microsoft.graph.itemattachment/item."""
    check_options(request)
    row = _get_row(request, get_message_row(request))
    return _one(request, row, 200, _read_expansion(request))


def _write_item(request: GraphRequest, row: Row, selected: list[str] | None) -> dict[str, Any]:
    """Write an attached message, read from its MIME; it has no id, for it lies in no folder."""
    store = request.cloud.mail
    with store.unpacked(request.mailbox, store.blobs.read(row["content_hash"])) as message:
        item = MessageWriter(request, selected).write(message)
        # [?] Expanding an attached message brings its attachments along, but not what is attached to those.
        attachments = write_attachments(request, message["key"], None) if selected is None else []
    for name in ("@odata.etag", "changeKey", "parentFolderId"):
        item.pop(name, None)
    if "webLink" in item:
        item["webLink"] = _link_to_item(item["webLink"], row["attachment_id"])
    typed = {"@odata.type": "#microsoft.graph.message"} | item | {"id": ""}
    if selected is not None:
        return typed
    # [?] The headers are an empty list, as in Microsoft's example; $select brings them.
    return typed | {"isRead": True, "internetMessageHeaders": [], "attachments": attachments}


def _link_to_item(web_link: str, attachment_id: str) -> str:
    """Lead where Outlook on the web shows an attached message, rather than one in a folder."""
    host, _, _ = web_link.partition("?")
    return f"{host}?ItemID={quote(attachment_id, safe='')}&exvsurl=1&viewmodel=ItemAttachment"


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
    """Refuse to attach something to a message that is no draft."""
    # [?] Nothing can be attached to a message that is no draft, though Exchange lets some clients do it.
    if not message["is_draft"]:
        raise bad_request(
            "Something can only be attached while the message is a draft.", "ErrorInvalidOperation"
        )


def settle(cloud: CloudState, message: Row) -> None:
    """Let a message know what its attachments have come to be."""
    visible = cloud.mail.attachments.has_visible(message["key"])
    columns = {"has_attachments": int(visible), "mime_hash": None}
    cloud.mail.messages.update(message, columns)


def delete_attachment(request: GraphRequest) -> GraphResponse:
    """DELETE attachments/{id}, of a message that came or was sent too."""
    message = get_message_row(request)
    row = _get_row(request, message)
    with request.cloud.mail.batch():
        request.cloud.mail.attachments.delete(row)
        settle(request.cloud, message)
    return GraphResponse(204)


_PLACE = "messages/{message}/attachments"
ROUTES = (
    Route("GET", _PLACE, Need.READ, list_attachments),
    Route("GET", _PLACE + "/$count", Need.READ, count_attachments),
    Route("POST", _PLACE, Need.WRITE, add_attachment),
    Route("GET", _PLACE + "/{attachment}", Need.READ, get_attachment),
    Route("GET", _PLACE + "/{attachment}/$value", Need.READ, get_attachment_content),
    Route("DELETE", _PLACE + "/{attachment}", Need.WRITE, delete_attachment),
)
