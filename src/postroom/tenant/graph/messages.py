"""Messages: list, get, change, delete, move and copy."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from postroom.tenant.graph.mail_folder_moves import read_destination
from postroom.tenant.graph.mail_folders import get_folder_row
from postroom.tenant.graph.message_expansions import MessageExpander
from postroom.tenant.graph.message_json import FIELDS, MessageWriter
from postroom.tenant.graph.paging import (
    NEWEST_FIRST,
    OLDEST_FIRST,
    Token,
    begin_after,
    find_token,
    write_token,
)
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.query import (
    Listing,
    check_options,
    metadata_url,
    page_response,
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
)
from postroom.tenant.graph.search import MOST_RESULTS, search_condition
from postroom.tenant.graph.search_folders import folder_condition
from postroom.tenant.graph.wire import GraphRequest, GraphResponse, applied_preferences
from postroom.tenant.mail.compose import mime_of
from postroom.tenant.mail.database import Condition, Page, Row
from postroom.tenant.mail.identifiers import change_key, is_well_formed

_SEARCH_ORDER = "sent DESC, key DESC"
# What `$orderby=receivedDateTime` compiles to, and the orders that an index has.
_BY_TIME = {
    f"received DESC, {NEWEST_FIRST}": NEWEST_FIRST,
    f"received ASC, {NEWEST_FIRST}": OLDEST_FIRST,
}


def get_message_row(request: GraphRequest) -> Row:
    """Return the message that a path names, or raise Graph's refusal."""
    message_id = request.parameters["message"]
    if "within" in request.parameters:
        # [?] A path through a folder needs the folder to exist, not to hold the message.
        get_folder_row(request, request.parameters["within"])
    message = request.cloud.mail.messages.find(request.mailbox["key"], message_id)
    if message is not None:
        return message
    raise item_not_found() if is_well_formed(message_id) else malformed_id()


def _read_message_listing(request: GraphRequest) -> Listing:
    search = request.query.get("$search")
    for name, code in (("$filter", "SearchWithFilter"), ("$orderby", "SearchWithOrderBy")):
        if search and request.query.get(name):
            raise bad_request(f"The query parameter '{name}' is not supported with '$search'.", code)
    listing = read_listing(request, "Message", FIELDS, _SEARCH_ORDER if search else NEWEST_FIRST)
    if search:
        condition = search_condition(search, request.cloud.clock.now())
        return replace(listing, condition=listing.condition & condition, counted=False)
    return replace(
        listing, page=replace(listing.page, order=_BY_TIME.get(listing.page.order, listing.page.order))
    )


def _list(request: GraphRequest, place: Condition, context: str) -> GraphResponse:
    listing = _read_message_listing(request)
    token = find_token(request)
    page, most = _page_of(request, listing, token)
    selected = read_select(request)
    writer, expander = MessageWriter(request, selected), MessageExpander(request)
    messages = request.cloud.mail.messages
    condition = place & listing.condition
    begin, place_of_page = begin_after(request, token, page)
    columns = f"{writer.columns}, received"
    rows = messages.list(columns, condition & begin, place_of_page.with_one_more())
    shown, seen = rows[: page.top], page.skip + page.top
    more = len(rows) > page.top and (most is None or seen < most)
    return page_response(
        request,
        context + selected_context(selected),
        [_written(writer, expander, row) for row in shown],
        page=page,
        total=messages.count(condition) if listing.counted else None,
        more=more,
        following=_following(request, seen, shown[-1]) if more else None,
    )


def _page_of(request: GraphRequest, listing: Listing, token: Token | None) -> tuple[Page, int | None]:
    """Return which page is meant, and how many results there are at most; a search ends after a thousand."""
    skip = token.skip if token and "$skip" not in request.query else listing.page.skip
    if not request.query.get("$search"):
        return replace(listing.page, skip=skip), None
    left = max(MOST_RESULTS - skip, 0)
    return replace(listing.page, skip=skip, top=min(listing.page.top, left)), MOST_RESULTS


def _following(request: GraphRequest, seen: int, last: Row) -> dict[str, str]:
    token = {"$skiptoken": write_token(request, seen, last)}
    return token if request.query.get("$search") else {"$skip": str(seen)} | token


def _written(writer: MessageWriter, expander: MessageExpander, row: Row) -> dict[str, Any]:
    message = writer.write(row)
    return message | expander.write(row, message["id"])


def _everywhere(request: GraphRequest) -> Condition:
    deletions = get_folder_row(request, "recoverableitemsdeletions")
    return Condition("mailbox = ? AND folder <> ?", (request.mailbox["key"], deletions["key"]))


def list_messages(request: GraphRequest) -> GraphResponse:
    """GET messages: all of the mailbox but what was deleted from Deleted Items."""
    return _list(request, _everywhere(request), f"{user_context(request)}/messages")


def _in_folder(request: GraphRequest) -> Condition:
    return folder_condition(request, get_folder_row(request, request.parameters["folder"]))


def list_folder_messages(request: GraphRequest) -> GraphResponse:
    """GET mailFolders/{id}/messages."""
    context = f"{user_context(request)}/mailFolders('{request.parameters['folder']}')/messages"
    return _list(request, _in_folder(request), context)


def _count(request: GraphRequest, place: Condition) -> GraphResponse:
    listing = _read_message_listing(request)
    total = request.cloud.mail.messages.count(place & listing.condition)
    if request.query.get("$search"):
        total = min(total, MOST_RESULTS)
    return GraphResponse(200, str(total).encode(), {}, "text/plain")


def count_messages(request: GraphRequest) -> GraphResponse:
    """GET messages/$count."""
    return _count(request, _everywhere(request))


def count_folder_messages(request: GraphRequest) -> GraphResponse:
    """GET mailFolders/{id}/messages/$count."""
    return _count(request, _in_folder(request))


def one_message(
    request: GraphRequest, row: Row, status: int = 200, also: Mapping[str, Any] | None = None
) -> GraphResponse:
    """Answer with one message, and what is given besides; where it was made or changed, inside that transaction.

    Options that are refused then take the change back.
    """
    check_options(request)
    selected = read_select(request)
    context = f"{metadata_url(request)}#{user_context(request)}/messages{selected_context(selected)}/$entity"
    message = _written(MessageWriter(request, selected), MessageExpander(request), row)
    content = {"@odata.context": context} | dict(also or {}) | message
    return GraphResponse.of_json(content, status, applied_preferences(request))


def check_unchanged(request: GraphRequest, row: Row) -> None:
    """Refuse a change by If-Match with the ETag of an earlier state of the message."""
    expected = request.headers.get("if-match", "*").strip()
    if expected not in ("*", f'W/"{change_key(row)}"', f'"{change_key(row)}"'):
        # [?] `If-Match` is heeded for messages, with Exchange's code and text; no document says so.
        raise GraphRefusalError(
            412,
            "ErrorIrresolvableConflict",
            "The send or update operation could not be performed because the change key passed in the request does "
            "not match the current change key for the item.",
        )


def get_message(request: GraphRequest) -> GraphResponse:
    """GET messages/{id}."""
    return one_message(request, get_message_row(request))


def get_message_mime(request: GraphRequest) -> GraphResponse:
    """GET messages/{id}/$value: the MIME of the message, byte for byte as it came."""
    row = get_message_row(request)
    store = request.cloud.mail
    if row["mime_hash"] is None:
        return GraphResponse(200, mime_of(store, row), {}, "text/plain")
    return GraphResponse(200, content_type="text/plain", file=store.blobs.path(row["mime_hash"]))


def delete_message(request: GraphRequest) -> GraphResponse:
    """DELETE messages/{id}: into Deleted Items, from there to the recoverable items, from there for good."""
    row = get_message_row(request)
    check_unchanged(request, row)
    store = request.cloud.mail
    folder = store.folders.get_by_key(row["folder"])
    if folder["well_known"] == "recoverableitemsdeletions":
        store.messages.erase(row)
        return GraphResponse(204)
    deleted = store.folders.lies_in(folder, "deleteditems")
    target = "recoverableitemsdeletions" if deleted else "deleteditems"
    store.messages.move(request.mailbox, row, get_folder_row(request, target))
    return GraphResponse(204)


def permanent_delete(request: GraphRequest) -> GraphResponse:
    """POST messages/{id}/permanentDelete, which GCC High does not have."""
    if request.lacks("message.permanentDelete"):
        raise bad_request("Resource not found for the segment 'permanentDelete'.")
    request.cloud.mail.messages.erase(get_message_row(request))
    return GraphResponse(204)


def move_message(request: GraphRequest) -> GraphResponse:
    """POST messages/{id}/move: 201 with the message as it is now."""
    row, folder = get_message_row(request), read_destination(request)
    with request.cloud.mail.batch():
        moved = request.cloud.mail.messages.move(request.mailbox, row, folder)
        return one_message(request, moved, 201, {"@odata.type": "#microsoft.graph.message"})


def copy_message(request: GraphRequest) -> GraphResponse:
    """POST messages/{id}/copy: 201 with the copy."""
    row, folder = get_message_row(request), read_destination(request)
    with request.cloud.mail.batch():
        copied = request.cloud.mail.messages.copy(request.mailbox, row, folder)
        return one_message(request, copied, 201, {"@odata.type": "#microsoft.graph.message"})


ROUTES = (
    Route("GET", "messages", Need.READ_BASIC, list_messages),
    Route("GET", "messages/$count", Need.READ_BASIC, count_messages),
    Route("GET", "mailFolders/{folder}/messages", Need.READ_BASIC, list_folder_messages),
    Route("GET", "mailFolders/{folder}/messages/$count", Need.READ_BASIC, count_folder_messages),
    Route("GET", "messages/{message}", Need.READ_BASIC, get_message),
    Route("GET", "messages/{message}/$value", Need.READ, get_message_mime),
    Route("DELETE", "messages/{message}", Need.WRITE, delete_message),
    Route("POST", "messages/{message}/permanentDelete", Need.WRITE, permanent_delete),
    Route("POST", "messages/{message}/move", Need.WRITE, move_message),
    Route("POST", "messages/{message}/copy", Need.WRITE, copy_message),
)
