"""Delta of the messages in a folder.

Known to differ: Microsoft gives at most 5,000 messages of a folder under $filter; here all are given. Delta over a
whole mailbox, `/me/messages/delta`, is refused as Microsoft refuses it, though the published schema lists it.
[?] A $filter or $orderby that delta of messages does not take is refused with the text for options it does not take.
[?] The text for a `changeType` that does not exist is made up.
"""

from typing import Any

from postroom.tenant.graph import odata
from postroom.tenant.graph.delta import (
    Round,
    delta_response,
    merge_page,
    read_round,
    removed,
    unsupported_options,
)
from postroom.tenant.graph.filters import FilterCompiler
from postroom.tenant.graph.mail_folders import get_folder_row
from postroom.tenant.graph.message_expansions import MessageExpander
from postroom.tenant.graph.message_json import FIELDS, MessageWriter
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.query import read_select, read_top
from postroom.tenant.graph.refusals import bad_request, not_emulated
from postroom.tenant.graph.search_folders import is_search_folder
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.database import Condition, Row

_RESOURCE = "Messages"
_SUPPORTED = frozenset({"$select", "$top", "$expand", "$filter", "$orderby", "changetype"})
_CHANGE_TYPES = {
    None: Condition(),
    "created": Condition("arrived > ?"),
    "updated": Condition("arrived <= ?"),
    "deleted": Condition("0"),
}


class _Page:
    """Make one page of a round of one folder's messages."""

    def __init__(self, request: GraphRequest, folder: Row, known: Round) -> None:
        self._request = request
        self._folder = folder
        self._round = known
        self._writer = MessageWriter(request, read_select(request))
        self._expander = MessageExpander(request)
        self._top = read_top(request)
        self._condition = _read_filter(request)
        self._change_type = _read_change_type(request)
        _check_order(request)

    def respond(self) -> GraphResponse:
        if self._round.since is None:
            rows, position = self._first()
        else:
            rows, position = self._later(self._round.since)
        return delta_response(self._request, self._round, "message", rows, position)

    def _first(self) -> tuple[list[Any], tuple[Any, ...]]:
        after = (self._round.position[0], self._round.position[1]) if self._round.position else None
        rows = self._request.cloud.mail.rounds.first_messages(
            self._folder,
            self._writer.columns,
            self._round.until,
            after,
            self._condition,
            top=self._top + 1,
        )
        shown = rows[: self._top]
        more = len(rows) > self._top
        position = (shown[-1]["received"], shown[-1]["key"]) if more else ()
        return [self._write(row) for row in shown], position

    def _later(self, since: int) -> tuple[list[Any], tuple[Any, ...]]:
        rounds, span, top = self._request.cloud.mail.rounds, self._round.span, self._top + 1
        wanted = _CHANGE_TYPES[self._change_type]
        wanted = Condition(wanted.sql, (since,) * wanted.sql.count("?")) & self._condition
        present = rounds.changed_messages(self._folder, self._writer.columns, span, wanted, top=top)
        gone: list[Row] = []
        if self._change_type in (None, "deleted"):
            stay = self._request.immutable_ids
            gone = rounds.gone_messages(self._folder, span, top=top, are_ids_immutable=stay)
        shown, position = merge_page(present, gone, self._top)
        return [self._write(row) if there else self._removed(row) for row, there in shown], position

    def _removed(self, row: Row) -> dict[str, Any]:
        return removed("message", row["immutable_id" if self._request.immutable_ids else "item_id"])

    def _write(self, row: Row) -> dict[str, Any]:
        message = self._writer.write(row)
        kind = {"@odata.type": "#microsoft.graph.message"}
        return kind | message | self._expander.write(row, message["id"])


def _read_filter(request: GraphRequest) -> Condition:
    text = request.query.get("$filter")
    if not text:
        return Condition()
    tree = odata.parse_filter(text)
    match tree:
        case odata.Comparison("ge" | "gt", odata.Path((name,)), odata.Literal("moment", _)) if (
            name.lower() == "receiveddatetime"
        ):
            return FilterCompiler("Message", FIELDS).compile(tree)
    raise unsupported_options(_RESOURCE, ["$filter"])


def _check_order(request: GraphRequest) -> None:
    text = request.query.get("$orderby")
    if text and odata.parse_order(text) != [(("receivedDateTime",), True)]:
        raise unsupported_options(_RESOURCE, ["$orderby"])


def _read_change_type(request: GraphRequest) -> str | None:
    text = request.query.get("changetype")
    if text is not None and text.lower() not in _CHANGE_TYPES:
        raise bad_request(
            f"Invalid value '{text}' for changeType query option found.", "ErrorInvalidUrlQuery"
        )
    return text.lower() if text else None


def list_message_changes(request: GraphRequest) -> GraphResponse:
    """GET mailFolders/{id}/messages/delta: all messages at first, then what came, changed or left."""
    folder = get_folder_row(request, request.parameters["folder"])
    if is_search_folder(folder):
        raise not_emulated("Delta of the messages in a search folder")
    known = read_round(request, f"messages {folder['folder_id']}", _RESOURCE, _SUPPORTED)
    return _Page(request, folder, known).respond()


def refuse_mailbox_changes(_request: GraphRequest) -> GraphResponse:
    """GET messages/delta, which exists for a folder only."""
    raise bad_request(
        "Unsupported request: Change tracking is not supported against 'microsoft.graph.message'."
    )


ROUTES = (
    Route("GET", "mailFolders/{folder}/messages/delta", Need.READ_BASIC, list_message_changes),
    Route("GET", "messages/delta", Need.READ_BASIC, refuse_mailbox_changes),
)
