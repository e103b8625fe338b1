"""Search folders: folders whose messages are those of other folders that a filter holds for.

What such a folder holds is looked up whenever it is asked for.

Known to differ: a search folder does not end after 45 days without use, and any number of them may look into one
folder.
"""

import json
from collections.abc import Mapping
from typing import Any

from postroom.tenant.graph import odata
from postroom.tenant.graph.filters import FilterCompiler
from postroom.tenant.graph.json_input import missing_property
from postroom.tenant.graph.message_json import FIELDS
from postroom.tenant.graph.refusals import GraphRefusalError, bad_request
from postroom.tenant.graph.wire import GraphRequest
from postroom.tenant.mail.database import Condition, Row

_OWN_PROPERTIES = ("filterQuery", "sourceFolderIds", "includeNestedFolders")
TYPE_NAME = "microsoft.graph.mailSearchFolder"


def is_search_folder(folder: Row) -> bool:
    """Tell whether a folder is a search folder."""
    return folder["filter_query"] is not None


def asks_for_search_folder(body: Mapping[str, Any]) -> bool:
    """Tell whether the body of a request is that of a search folder."""
    return str(body.get("@odata.type", "")).removeprefix("#") == TYPE_NAME


def folder_condition(request: GraphRequest, folder: Row) -> Condition:
    """Return what is true of the messages of a folder, whether they lie in it or it finds them."""
    if not is_search_folder(folder):
        return Condition("folder = ?", (folder["key"],))
    keys = [
        key
        for source in json.loads(folder["source_folders"])
        for key in _keys_below(request, source, is_nested=folder["nested"] == 1)
    ]
    return Condition(f"folder IN ({', '.join('?' * len(keys))})", tuple(keys)) & _compile(
        folder["filter_query"]
    )


def _keys_below(request: GraphRequest, source_id: str, *, is_nested: bool) -> list[int]:
    folders = request.cloud.mail.folders
    source = folders.find(request.mailbox["key"], source_id)
    if source is None:
        return []  # [?] A source folder that was deleted for good gives a search folder nothing.
    return folders.keys_below(source) if is_nested else [source["key"]]


def _compile(text: str) -> Condition:
    return FilterCompiler("Message", FIELDS).compile(odata.parse_filter(text))


def check_no_search_folder(folder: Row) -> None:
    """Refuse to put anything into a search folder."""
    if is_search_folder(folder):
        # [?] Putting something into a search folder is refused with Exchange's code; the text is made up.
        raise GraphRefusalError(
            400, "ErrorCannotUseFolderIdForItemId", "Items cannot be put into a search folder."
        )


def read_search(request: GraphRequest, found: Mapping[str, Any], *, is_new: bool) -> dict[str, Any]:
    """Return the columns of a search folder that a client set, all of which a new one needs."""
    missing = [name for name in _OWN_PROPERTIES if is_new and not _is_given(found.get(name))]
    if missing:
        raise missing_property(missing[0])
    columns: dict[str, Any] = {}
    if found.get("filterQuery") is not None:
        _compile(found["filterQuery"])
        columns["filter_query"] = found["filterQuery"]
    if found.get("sourceFolderIds") is not None:
        sources = [_source_id(request, source) for source in found["sourceFolderIds"]]
        columns["source_folders"] = json.dumps(sources)
    if found.get("includeNestedFolders") is not None:
        columns["nested"] = int(found["includeNestedFolders"])
    return columns


def _is_given(value: Any) -> bool:
    return value is not None and value not in ("", [])


def _source_id(request: GraphRequest, source: Any) -> str:
    folder = request.cloud.mail.folders.find(request.mailbox["key"], str(source))
    if folder is None or is_search_folder(folder):
        # [?] A search folder's source that is not there is refused with a text that is made up.
        raise bad_request("The search folder's source folder was not found.", "ErrorInvalidArgument")
    return str(folder["folder_id"])


def write_search(request: GraphRequest, folder: Row) -> dict[str, Any]:
    """Write what a search folder has beside a folder's own properties, its counts included."""
    messages = request.cloud.mail.messages
    found = folder_condition(request, folder)
    return {
        "unreadItemCount": messages.count(found & Condition("is_read = 0")),
        "totalItemCount": messages.count(found),
        "isSupported": True,
        "includeNestedFolders": folder["nested"] == 1,
        "sourceFolderIds": json.loads(folder["source_folders"]),
        "filterQuery": folder["filter_query"],
    }
