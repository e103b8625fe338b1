"""microsoft.graph.mailFolder: get, find, list, create."""

from collections.abc import Iterator
from urllib.parse import quote

from postroom.errors import FolderExistsError
from postroom.graph.client import GraphClient, Request
from postroom.graph.models import MailFolder
from postroom.graph.paging import iterate_items
from postroom.graph.retries import do_once

ROOT = "msgfolderroot"

WELL_KNOWN_NAMES = frozenset(
    {
        "archive", "clutter", "conflicts", "conversationhistory", "deleteditems", "drafts", "inbox", "junkemail",
        "localfailures", "msgfolderroot", "outbox", "recoverableitemsdeletions", "scheduled", "searchfolders",
        "sentitems", "serverfailures", "syncissues",
    }
)  # fmt: skip
"""Names that mean a folder in every language of the mailbox. Source: mailFolder resource type."""

_SELECT = "id,displayName,parentFolderId,childFolderCount,totalItemCount,unreadItemCount"


def get_mail_folder(client: GraphClient, folder_id: str) -> MailFolder:
    """Get a folder by its id or well-known name."""
    return client.fetch(Request("GET", _path(folder_id), params={"$select": _SELECT}), MailFolder)


def list_child_folders(client: GraphClient, parent_id: str) -> Iterator[MailFolder]:
    """List the folders in a folder, by name."""
    params = {"$select": _SELECT, "$top": "100"}
    return iterate_items(client, Request("GET", _path(parent_id, "/childFolders"), params=params), MailFolder)


def find_child_folder(client: GraphClient, parent_id: str, name: str) -> MailFolder | None:
    """Find the folder of this name in a folder; case does not matter."""
    quoted = name.replace("'", "''")
    params = {"$select": _SELECT, "$filter": f"displayName eq '{quoted}'"}
    request = Request("GET", _path(parent_id, "/childFolders"), params=params)
    found = iterate_items(client, request, MailFolder)
    return next((folder for folder in found if folder.display_name.casefold() == name.casefold()), None)


def create_child_folder(client: GraphClient, parent_id: str, name: str) -> MailFolder:
    """Create a folder in a folder, or give the one of this name that somebody made at the same time."""
    request = Request(
        "POST", _path(parent_id, "/childFolders"), body={"displayName": name}, needs="Mail.ReadWrite"
    )
    try:
        return do_once(
            lambda: client.fetch(request, MailFolder), lambda: find_child_folder(client, parent_id, name)
        )
    except FolderExistsError:
        if (folder := find_child_folder(client, parent_id, name)) is None:
            raise
        return folder


def _path(folder_id: str, rest: str = "") -> str:
    return f"/mailFolders/{quote(folder_id, safe='')}{rest}"
