"""Delta of the folders of a mailbox, or of those in one folder.

[?] Delta of folders leaves hidden folders out, and takes a folder whose counts changed for changed.
"""

from typing import Any

from postroom.tenant.graph.delta import Round, delta_response, merge_page, read_round, removed
from postroom.tenant.graph.mail_folders import folder_json, get_folder_row
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.query import read_select, read_top
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.rounds import FolderPlace

_RESOURCE = "Folders"
_SUPPORTED = frozenset({"$select"})


def _respond(request: GraphRequest, place: FolderPlace, known: Round) -> GraphResponse:
    with request.cloud.mail.batch():
        answer = _first if known.since is None else _later
        rows, position = answer(request, place, known)
    return delta_response(request, known, "mailFolder", rows, position)


def _first(request: GraphRequest, place: FolderPlace, known: Round) -> tuple[list[Any], tuple[Any, ...]]:
    top = read_top(request)
    after = known.position[0] if known.position else 0
    rows = request.cloud.mail.rounds.first_folders(place, known.until, after, top=top + 1)
    shown = rows[:top]
    position = (shown[-1]["key"],) if len(rows) > top else ()
    return [_write(request, row["key"]) for row in shown], position


def _later(request: GraphRequest, place: FolderPlace, known: Round) -> tuple[list[Any], tuple[Any, ...]]:
    rounds, top = request.cloud.mail.rounds, read_top(request)
    present = rounds.changed_folders(place, known.span, top=top + 1)
    gone = rounds.gone_folders(place, known.span, top=top + 1)
    shown, position = merge_page(present, gone, top)
    rows = [
        _write(request, row["key"]) if there else removed("mailFolder", row["item_id"])
        for row, there in shown
    ]
    return rows, position


def _write(request: GraphRequest, key: int) -> dict[str, Any]:
    folder = request.cloud.mail.folders.get_by_key(key)
    return {"@odata.type": "#microsoft.graph.mailFolder"} | folder_json(request, folder, read_select(request))


def list_folder_changes(request: GraphRequest) -> GraphResponse:
    """GET mailFolders/delta: all folders of the mailbox at first, then what came, changed or left."""
    known = read_round(request, "folders", _RESOURCE, _SUPPORTED)
    return _respond(request, FolderPlace(request.mailbox), known)


def list_child_folder_changes(request: GraphRequest) -> GraphResponse:
    """GET mailFolders/{id}/childFolders/delta."""
    parent = get_folder_row(request, request.parameters["folder"])
    known = read_round(request, f"folders {parent['folder_id']}", _RESOURCE, _SUPPORTED)
    return _respond(request, FolderPlace(request.mailbox, parent), known)


ROUTES = (
    Route("GET", "mailFolders/delta", Need.READ_BASIC, list_folder_changes),
    Route("GET", "mailFolders/{folder}/childFolders/delta", Need.READ_BASIC, list_child_folder_changes),
)
