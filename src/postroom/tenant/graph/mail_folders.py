"""Mail folders: list, count, get, create, change, delete, move and copy.

`updateAllMessagesReadState` is not emulated, and $expand takes `childFolders` and `messages` only.
"""


from postroom.tenant.graph.filters import Field
from postroom.tenant.graph.message_json import MessageWriter
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.query import (
    DEFAULT_TOP,
    Listing,
    metadata_url,
    page_response,
    read_expand,
    read_flag,
    read_listing,
    read_select,
    selected_context,
    user_context,
)
from postroom.tenant.graph.refusals import (
    GraphRefusalError,
    access_denied,
    bad_request,
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
    search_columns,
    write_search,
)
from postroom.tenant.graph.wire import GraphRequest, GraphResponse, applied_preferences
from postroom.tenant.mail.database import Condition, Page, Row
from postroom.tenant.mail.folders import FolderCycleError, FolderExistsError
from postroom.tenant.mail.identifiers import is_well_formed
from postroom.tenant.mail.schema import WELL_KNOWN_FOLDERS

_FIELDS = {
    "id": Field("folder_id", "exact"),
    "displayname": Field("display_name"),
    "parentfolderid": Field("parent_id", "exact"),
    "ishidden": Field("hidden", "boolean"),
}
_WELL_KNOWN = frozenset(folder.name for folder in WELL_KNOWN_FOLDERS) - {"root"}
# [?] Folders are listed by name; Microsoft documents no order.
_DEFAULT_ORDER = "display_name COLLATE NOCASE, key"


def get_folder_row(request: GraphRequest, name_or_id: str) -> Row:
    """Return the folder that a path or body names, or raise Graph's refusal."""
    folder = request.cloud.mail.folders.find(request.mailbox["key"], name_or_id)
    if folder is not None and folder["well_known"] != "root":
        return folder
    if name_or_id.lower() not in _WELL_KNOWN and not is_well_formed(name_or_id):
        raise malformed_id()
    raise item_not_found()


def _folder_json(request: GraphRequest, folder: Row, selected: list[str] | None) -> dict[str, Any]:
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
    if selected is None:
        return content
    names = {name.lower(): name for name in content}
    wanted = {names[name.lower()] for name in selected if name.lower() in names} | {"id"}
    if any(name.lower() not in names for name in selected):
        raise unknown_property(next(name for name in selected if name.lower() not in names), "MailFolder")
    return {name: value for name, value in content.items() if name in wanted}


def _list_below(request: GraphRequest, parent: Row, context: str) -> GraphResponse:
    fields = {
        name: field
        for name, field in _FIELDS.items()
        if not (request.lacks("mailFolder.isHidden") and name == "ishidden")
    }
    listing = read_listing(request, "MailFolder", fields, _DEFAULT_ORDER)
    hidden = read_flag(request, "includeHiddenFolders")
    condition = listing.condition & Condition("1" if hidden else "hidden = 0")
    folders = request.cloud.mail.folders
    total = folders.count_children(parent, condition)
    selected = read_select(request)
    rows = [
        _folder_json(request, row, selected) for row in folders.list_children(parent, condition, listing.page)
    ]
    return page_response(
        request,
        context + selected_context(selected),
        rows,
        page=listing.page,
        total=total if listing.counted else None,
        more=listing.page.skip + len(rows) < total,
    )


def list_mail_folders(request: GraphRequest) -> GraphResponse:
    """GET mailFolders: the folders at the top of a mailbox."""
    return _list_below(
        request, get_folder_row(request, "msgfolderroot"), f"{user_context(request)}/mailFolders"
    )


def list_child_folders(request: GraphRequest) -> GraphResponse:
    """GET mailFolders/{id}/childFolders."""
    name = request.parameters["folder"]
    context = f"{user_context(request)}/mailFolders('{name}')/childFolders"
    return _list_below(request, get_folder_row(request, name), context)


def get_mail_folder(request: GraphRequest) -> GraphResponse:
    """GET mailFolders/{id}."""
    folder = get_folder_row(request, request.parameters["folder"])
    return _one(request, folder, 200)


def _one(request: GraphRequest, folder: Row, status: int) -> GraphResponse:
    selected = read_select(request)
    context = (
        f"{metadata_url(request)}#{user_context(request)}/mailFolders{selected_context(selected)}/$entity"
    )
    content = {"@odata.context": context} | _folder_json(request, folder, selected)
    return GraphResponse.of_json(content, status)


def _create_below(request: GraphRequest, parent: Row) -> GraphResponse:
    body = request.json_body()
    name = body.get("displayName")
    if not isinstance(name, str) or not name.strip():
        # [?] Code and text for a folder without a name are from memory.
        raise bad_request(
            "The property 'DisplayName' is required when creating the entity.", "ErrorInvalidArgument"
        )
    try:
        folder = request.cloud.mail.folders.create(
            request.mailbox,
            parent,
            name,
            hidden=body.get("isHidden") is True and not request.lacks("mailFolder.isHidden"),
        )
    except FolderExistsError:
        raise folder_exists() from None
    return _one(request, folder, 201)


def create_mail_folder(request: GraphRequest) -> GraphResponse:
    """POST mailFolders: a folder at the top of the mailbox."""
    return _create_below(request, get_folder_row(request, "msgfolderroot"))


def create_child_folder(request: GraphRequest) -> GraphResponse:
    """POST mailFolders/{id}/childFolders."""
    return _create_below(request, get_folder_row(request, request.parameters["folder"]))


def delete_mail_folder(request: GraphRequest) -> GraphResponse:
    """DELETE mailFolders/{id}: into Deleted Items, or for good when it lies there."""
    folder = get_folder_row(request, request.parameters["folder"])
    if folder["well_known"] is not None:
        # [?] Who deletes a well-known folder gets Exchange's code and text, with a status from memory (403).
        raise GraphRefusalError(
            403, "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted."
        )
    request.cloud.mail.folders.delete(folder)
    return GraphResponse(204)


ROUTES = (
    Route("GET", "mailFolders", Need.READ_BASIC, list_mail_folders),
    Route("POST", "mailFolders", Need.WRITE, create_mail_folder),
    Route("GET", "mailFolders/{folder}", Need.READ_BASIC, get_mail_folder),
    Route("DELETE", "mailFolders/{folder}", Need.WRITE, delete_mail_folder),
    Route("GET", "mailFolders/{folder}/childFolders", Need.READ_BASIC, list_child_folders),
    Route("POST", "mailFolders/{folder}/childFolders", Need.WRITE, create_child_folder),
)
