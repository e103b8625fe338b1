"""Mail folders: move, copy and permanentDelete, each with all that is in a folder."""

from postroom.tenant.graph.mail_folders import (
    check_not_well_known,
    get_deletable_folder,
    get_destination,
    get_folder_row,
    one_folder,
)
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.refusals import bad_request, folder_exists
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.database import Row
from postroom.tenant.mail.folders import FolderCycleError, FolderExistsError


def read_destination(request: GraphRequest) -> Row:
    """Return the folder that `destinationId` of a move or copy names, by id or well-known name."""
    body = {name.lower(): value for name, value in request.json_body().items()}
    target = body.get("destinationid")
    if not isinstance(target, str) or not target:
        # [?] Code and text for a move or copy without `destinationId` are from memory.
        raise bad_request("The required parameter 'DestinationId' is missing.", "ErrorInvalidRequest")
    return get_destination(request, target)


def _put(request: GraphRequest, folder: Row, *, is_copy: bool) -> GraphResponse:
    folders, destination = request.cloud.mail.folders, read_destination(request)
    try:
        placed = (
            folders.copy(request.mailbox, folder, destination)
            if is_copy
            else folders.move(folder, destination)
        )
    except FolderExistsError:
        raise folder_exists() from None
    except FolderCycleError:
        # [?] To put a folder into itself or below itself is refused with Exchange's code; status and text are guessed.
        raise bad_request(
            "The folder cannot be moved or copied into itself.", "ErrorMoveCopyFailed"
        ) from None
    return one_folder(request, placed, 200)


def move_mail_folder(request: GraphRequest) -> GraphResponse:
    """POST mailFolders/{id}/move: 200 with the folder, whose id stays."""
    folder = get_folder_row(request, request.parameters["folder"])
    check_not_well_known(folder, "ErrorMoveDistinguishedFolder", "Distinguished folders cannot be moved.")
    return _put(request, folder, is_copy=False)


def copy_mail_folder(request: GraphRequest) -> GraphResponse:
    """POST mailFolders/{id}/copy: 200 with the copy; a copy of a well-known folder is a plain one."""
    return _put(request, get_folder_row(request, request.parameters["folder"]), is_copy=True)


def permanently_delete_mail_folder(request: GraphRequest) -> GraphResponse:
    """POST mailFolders/{id}/permanentDelete, which GCC High does not have."""
    if request.lacks("mailFolder.permanentDelete"):
        raise bad_request("Resource not found for the segment 'permanentDelete'.")
    request.cloud.mail.folders.erase(get_deletable_folder(request))
    return GraphResponse(204)


ROUTES = (
    Route("POST", "mailFolders/{folder}/move", Need.WRITE, move_mail_folder),
    Route("POST", "mailFolders/{folder}/copy", Need.WRITE, copy_mail_folder),
    Route("POST", "mailFolders/{folder}/permanentDelete", Need.WRITE, permanently_delete_mail_folder),
)
