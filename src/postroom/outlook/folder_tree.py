r"""Folder paths: `Inbox/2026/May`, with `/` between folders and `\/` for a slash within a name.

The first folder may be a well-known name (Inbox, Sent Items, Deleted Items, Drafts, Archive, Junk Email, ...),
which works in a mailbox of any language, or the name of a folder at the top.
"""

import re

from postroom.errors import FolderNotFoundError, SettingError
from postroom.graph.client import GraphClient
from postroom.graph.mail_folders import (
    ROOT,
    WELL_KNOWN_NAMES,
    create_child_folder,
    find_child_folder,
    get_mail_folder,
    list_child_folders,
)
from postroom.graph.models import MailFolder

NAMES_IN_ADVICE = 12


def split_path(path: str) -> list[str]:
    """The names of the folders on the path.

    Errors: SettingError where there is none, or one is empty.
    """
    names = [name.replace("\\/", "/").strip() for name in re.split(r"(?<!\\)/", path.strip().strip("/"))]
    if not all(names):
        raise SettingError(
            f"“{path}” is not a folder path. Write the folders with / between them, for example Inbox/2026/May."
        )
    return names


def find_well_known_name(name: str) -> str | None:
    """The well-known name that this means (`Sent Items` is `sentitems`), or None."""
    squeezed = name.replace(" ", "").casefold()
    return squeezed if squeezed in WELL_KNOWN_NAMES else None


class FolderTree:
    """The folders of one mailbox, found by path. What was found is kept, for as long as it is there."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client
        self._ids: dict[tuple[str, ...], str] = {}

    def get_folder_id(self, path: str) -> str:
        """The id of the folder of this path.

        Errors: FolderNotFoundError, naming the folders that are there; SettingError.
        """
        key = tuple(name.casefold() for name in split_path(path))
        if key not in self._ids:
            self._ids[key] = self.get_folder(path).id
        return self._ids[key]

    def find_folder(self, path: str) -> MailFolder | None:
        """The folder of this path, or None."""
        try:
            return self.get_folder(path)
        except FolderNotFoundError:
            return None

    def get_folder(self, path: str) -> MailFolder:
        """The folder of this path. Errors: as `get_folder_id`."""
        first, *names = split_path(path)
        folder = self._get_first(first)
        for name in names:
            folder = find_child_folder(self._client, folder.id, name) or self._refuse(name, folder)
        return folder

    def create_folder(self, path: str) -> MailFolder:
        """The folder of this path, after making what is missing of it."""
        first, *names = split_path(path)
        is_well_known = find_well_known_name(first) is not None
        folder = self._get_first(first) if is_well_known else self._find_or_create(ROOT, first)
        for name in names:
            folder = self._find_or_create(folder.id, name)
        return folder

    def _find_or_create(self, parent_id: str, name: str) -> MailFolder:
        found = find_child_folder(self._client, parent_id, name)
        return found or create_child_folder(self._client, parent_id, name)

    def _get_first(self, name: str) -> MailFolder:
        if well_known := find_well_known_name(name):
            return get_mail_folder(self._client, well_known)
        found = find_child_folder(self._client, ROOT, name)
        return found or self._refuse(name, MailFolder(id=ROOT))

    def _refuse(self, name: str, parent: MailFolder) -> MailFolder:
        place = (
            f"“{parent.display_name}” in {self._client.mailbox}"
            if parent.display_name
            else self._client.mailbox
        )
        names = [child.display_name for child in list_child_folders(self._client, parent.id)]
        shown = ", ".join(names[:NAMES_IN_ADVICE]) + (", …" if len(names) > NAMES_IN_ADVICE else "")
        raise FolderNotFoundError(
            f"There is no folder “{name}” in {place}. It has: {shown or 'no folders'}. Correct the path, or make "
            "the folder first."
        )
