"""Mail folders: list, count, get, create, change and delete, search folders among them."""

from typing import Any

from postroom.tenant.graph import folder_properties
from postroom.tenant.graph.expansions import Expansion
from postroom.tenant.graph.filters import Field
from postroom.tenant.graph.json_input import (
    fixed_property,
    invalid_value,
    missing_property,
    read_boolean,
    read_properties,
    read_text,
    read_texts,
)
from postroom.tenant.graph.message_json import MessageWriter
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.query import (
    DEFAULT_TOP,
    Listing,
    metadata_url,
    page_response,
    read_expansions,
    read_flag,
    read_listing,
    read_select,
    selected_context,
    user_context,
)
from postroom.tenant.graph.refusals import (
    GraphRefusalError,
    access_denied,
    folder_exists,
    item_not_found,
    malformed_id,
    not_emulated,
    unknown_property,
)
from postroom.tenant.graph.search_folders import (
    TYPE_NAME,
    asks_for_search_folder,
    check_no_search_folder,
    folder_condition,
    is_search_folder,
    read_search,
    write_search,
)
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.database import Condition, Page, Row
from postroom.tenant.mail.folders import FolderExistsError
from postroom.tenant.mail.identifiers import is_well_formed
from postroom.tenant.mail.schema import WELL_KNOWN_FOLDERS

_FIELDS = {
    "id": Field("folder_id", "exact"),
    "displayname": Field("display_name"),
    "parentfolderid": Field("parent_id", "exact"),
    "ishidden": Field("hidden", "boolean"),
    "totalitemcount": Field("total", "number"),
    "unreaditemcount": Field("unread", "number"),
    **folder_properties.FIELDS,
}
_WELL_KNOWN = frozenset(folder.name for folder in WELL_KNOWN_FOLDERS) - {"root"}
# [?] Folders are listed by name; Microsoft documents no order.
_DEFAULT_ORDER = "display_name COLLATE NOCASE, key"
_EXPANDED = Page(_DEFAULT_ORDER, top=DEFAULT_TOP)
_READERS = {
    **folder_properties.READERS,
    "displayName": read_text,
    "isHidden": read_boolean,
    "filterQuery": read_text,
    "includeNestedFolders": read_boolean,
    "sourceFolderIds": read_texts,
}
_READ_ONLY = ("id", "parentFolderId", "childFolderCount", "unreadItemCount", "totalItemCount", "isSupported")


def get_folder_row(request: GraphRequest, name_or_id: str) -> Row:
    """Return the folder that a path or body names, or raise Graph's refusal."""
    folder = request.cloud.mail.folders.find(request.mailbox["key"], name_or_id)
    if folder is not None and folder["well_known"] != "root":
        return folder
    if name_or_id.lower() not in _WELL_KNOWN and not is_well_formed(name_or_id):
        raise malformed_id()
    raise item_not_found()


def get_destination(request: GraphRequest, name_or_id: str) -> Row:
    """Return the folder that something is to be put into, or raise Graph's refusal."""
    folder = get_folder_row(request, name_or_id)
    check_no_search_folder(folder)
    return folder


def folder_json(request: GraphRequest, folder: Row, selected: list[str] | None) -> dict[str, Any]:
    """Return one folder as Graph's JSON object, with the properties that are selected."""
    content: dict[str, Any] = {
        "id": folder["folder_id"],
        "displayName": folder["display_name"],
        "parentFolderId": folder["parent_id"],
        "childFolderCount": folder["children"],
        "unreadItemCount": folder["unread"],
        "totalItemCount": folder["total"],
        "isHidden": bool(folder["hidden"]),
    }
    if request.lacks("mailFolder.isHidden"):
        del content["isHidden"]
    kind = {}
    if is_search_folder(folder):
        kind = {"@odata.type": f"#{TYPE_NAME}"}
        content |= write_search(request, folder)
    return kind | (content if selected is None else _selected(content, selected))


def _selected(content: dict[str, Any], selected: list[str]) -> dict[str, Any]:
    names = {name.lower(): name for name in content}
    unknown = [name for name in selected if name.lower() not in names and name != "*"]
    if unknown:
        raise unknown_property(unknown[0], "MailFolder")
    wanted = {names[name.lower()] for name in selected if name != "*"} | {"id"}
    return content if "*" in selected else {name: content[name] for name in content if name in wanted}


def _written(request: GraphRequest, folder: Row) -> dict[str, Any]:
    content = folder_json(request, folder, read_select(request))
    for expansion in read_expansions(request):
        content |= _expansion(request, folder, expansion)
    return content


def _expansion(request: GraphRequest, folder: Row, expansion: Expansion) -> dict[str, Any]:
    """Return what $expand adds to a folder: extended properties, or the first ten of its folders or messages."""
    if expansion.name in folder_properties.NAMES and expansion.options.keys() <= {"$filter"}:
        return folder_properties.write_properties(folder, expansion)
    if expansion.name not in ("childfolders", "messages") or expansion.options.keys() - {"$select"}:
        raise not_emulated(f"$expand={request.query['$expand']}")
    if expansion.name == "messages":
        return {"messages": _first_messages(request, folder, expansion.selected)}
    folders = request.cloud.mail.folders
    hidden = read_flag(request, "includeHiddenFolders")
    rows = folders.list_children(folder, Condition("1" if hidden else "hidden = 0"), _EXPANDED)
    return {"childFolders": [folder_json(request, row, expansion.selected) for row in rows]}


def _first_messages(request: GraphRequest, folder: Row, selected: list[str] | None) -> list[dict[str, Any]]:
    writer = MessageWriter(request, selected)
    page = Page("received DESC, key DESC", top=DEFAULT_TOP)
    rows = request.cloud.mail.messages.list(writer.columns, folder_condition(request, folder), page)
    return [writer.write(row) for row in rows]


def _read_folder_listing(request: GraphRequest) -> Listing:
    lacks_hidden = request.lacks("mailFolder.isHidden")
    fields = {name: field for name, field in _FIELDS.items() if not (lacks_hidden and name == "ishidden")}
    listing = read_listing(request, "MailFolder", fields, _DEFAULT_ORDER)
    hidden = read_flag(request, "includeHiddenFolders")
    condition = listing.condition & Condition("1" if hidden else "hidden = 0")
    return Listing(condition, listing.page, listing.counted)


def _list_below(request: GraphRequest, parent: Row, context: str) -> GraphResponse:
    listing = _read_folder_listing(request)
    folders = request.cloud.mail.folders
    total = folders.count_children(parent, listing.condition)
    rows = [_written(request, row) for row in folders.list_children(parent, listing.condition, listing.page)]
    return page_response(
        request,
        context + selected_context(read_select(request)),
        rows,
        page=listing.page,
        total=total if listing.counted else None,
        more=listing.page.skip + len(rows) < total,
    )


def list_mail_folders(request: GraphRequest) -> GraphResponse:
    """GET mailFolders: the folders at the top of a mailbox."""
    parent = get_folder_row(request, "msgfolderroot")
    return _list_below(request, parent, f"{user_context(request)}/mailFolders")


def list_child_folders(request: GraphRequest) -> GraphResponse:
    """GET mailFolders/{id}/childFolders."""
    name = request.parameters["folder"]
    context = f"{user_context(request)}/mailFolders('{name}')/childFolders"
    return _list_below(request, get_folder_row(request, name), context)


def _count_below(request: GraphRequest, parent: Row) -> GraphResponse:
    condition = _read_folder_listing(request).condition
    total = request.cloud.mail.folders.count_children(parent, condition)
    return GraphResponse(200, str(total).encode(), {}, "text/plain")


def count_mail_folders(request: GraphRequest) -> GraphResponse:
    """GET mailFolders/$count."""
    return _count_below(request, get_folder_row(request, "msgfolderroot"))


def count_child_folders(request: GraphRequest) -> GraphResponse:
    """GET mailFolders/{id}/childFolders/$count."""
    return _count_below(request, get_folder_row(request, request.parameters["folder"]))


def get_mail_folder(request: GraphRequest) -> GraphResponse:
    """GET mailFolders/{id}."""
    return one_folder(request, get_folder_row(request, request.parameters["folder"]), 200)


def one_folder(request: GraphRequest, folder: Row, status: int) -> GraphResponse:
    """Answer with one folder."""
    selected = selected_context(read_select(request))
    context = f"{metadata_url(request)}#{user_context(request)}/mailFolders{selected}/$entity"
    return GraphResponse.of_json({"@odata.context": context} | _written(request, folder), status)


def _read_name(found: dict[str, Any]) -> str:
    name = found.get("displayName")
    if not isinstance(name, str) or not name.strip():
        raise missing_property("displayName")
    return name


def _create_below(request: GraphRequest, parent: Row) -> GraphResponse:
    body = request.json_body()
    found = read_properties(body, _READERS, "mailFolder", _READ_ONLY)
    check_no_search_folder(parent)
    columns = folder_properties.take_properties(found)
    if asks_for_search_folder(body):
        columns |= read_search(request, found, is_new=True)
    hidden = found.get("isHidden") is True and not request.lacks("mailFolder.isHidden")
    folders, name = request.cloud.mail.folders, _read_name(found)
    try:
        folder = folders.create(request.mailbox, parent, name, hidden=hidden, columns=columns)
    except FolderExistsError:
        raise folder_exists() from None
    return one_folder(request, folder, 201)


def create_mail_folder(request: GraphRequest) -> GraphResponse:
    """POST mailFolders: a folder at the top of the mailbox."""
    return _create_below(request, get_folder_row(request, "msgfolderroot"))


def create_child_folder(request: GraphRequest) -> GraphResponse:
    """POST mailFolders/{id}/childFolders."""
    return _create_below(request, get_folder_row(request, request.parameters["folder"]))


def update_mail_folder(request: GraphRequest) -> GraphResponse:
    """PATCH mailFolders/{id}: its name, and what a search folder seeks."""
    folder = get_folder_row(request, request.parameters["folder"])
    found = read_properties(request.json_body(), _READERS, "mailFolder", _READ_ONLY)
    if found.pop("isHidden", None) is not None:
        raise fixed_property("isHidden")
    columns = folder_properties.take_properties(found, folder["properties"])
    name = _read_name(found) if "displayName" in found else folder["display_name"]
    if folder["well_known"] is not None and name != folder["display_name"]:
        # [?] A well-known folder cannot be given another name, which is refused as access denied.
        raise access_denied()
    if not is_search_folder(folder) and found.keys() - {"displayName"}:
        raise invalid_value(min(found.keys() - {"displayName"}))
    columns |= read_search(request, found, is_new=False)
    try:
        return one_folder(request, request.cloud.mail.folders.update(folder, name, columns), 200)
    except FolderExistsError:
        raise folder_exists() from None


def check_not_well_known(folder: Row, code: str, sentence: str) -> None:
    """Refuse to take away a folder that every mailbox has."""
    if folder["well_known"] is not None:
        # [?] That a well-known folder stays is refused with 403 and Exchange's code and text.
        raise GraphRefusalError(403, code, sentence)


def get_deletable_folder(request: GraphRequest) -> Row:
    """Return the folder that a path names, unless it must stay."""
    folder = get_folder_row(request, request.parameters["folder"])
    check_not_well_known(folder, "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
    return folder


def delete_mail_folder(request: GraphRequest) -> GraphResponse:
    """DELETE mailFolders/{id}: into Deleted Items, or for good when it lies there."""
    request.cloud.mail.folders.delete(get_deletable_folder(request))
    return GraphResponse(204)


ROUTES = (
    Route("GET", "mailFolders", Need.READ_BASIC, list_mail_folders),
    Route("POST", "mailFolders", Need.WRITE, create_mail_folder),
    Route("GET", "mailFolders/$count", Need.READ_BASIC, count_mail_folders),
    Route("GET", "mailFolders/{folder}", Need.READ_BASIC, get_mail_folder),
    Route("PATCH", "mailFolders/{folder}", Need.WRITE, update_mail_folder),
    Route("DELETE", "mailFolders/{folder}", Need.WRITE, delete_mail_folder),
    Route("GET", "mailFolders/{folder}/childFolders", Need.READ_BASIC, list_child_folders),
    Route("POST", "mailFolders/{folder}/childFolders", Need.WRITE, create_child_folder),
    Route("GET", "mailFolders/{folder}/childFolders/$count", Need.READ_BASIC, count_child_folders),
)
