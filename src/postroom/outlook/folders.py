"""Folders: is it there, make it."""

from typing import Annotated

from postroom.actions import Label, action
from postroom.graph.models import MailFolder
from postroom.outlook.connected import Connected

FolderPath = Annotated[
    str, Label("Folder", "Its path with /; the first may be a well-known name.", "Inbox/2026/May")
]


class Folders(Connected):
    """The actions on folders."""

    @action(title="Check if folder exists", permissions=("Mail.Read",))
    def folder_exists(self, folder: FolderPath) -> bool:
        """Tell whether the mailbox has a folder of this path.

        Errors: SettingError where it is no path. Source: List mailFolders.
        """
        return self._folders.find_folder(folder) is not None

    @action(title="Get folder", permissions=("Mail.Read",))
    def folder(self, folder: FolderPath = "Inbox") -> MailFolder:
        """Get the folder of this path, with how many messages lie in it and how many are unread.

        Errors: FolderNotFoundError; SettingError where it is no path. Source: Get mailFolder.
        """
        return self._folders.get_folder(folder)

    @action(title="Create folder", permissions=("Mail.ReadWrite",))
    def create_folder(self, folder: FolderPath) -> MailFolder:
        """Make the folder of this path, with those above it that are missing; one that is there is kept.

        Errors: SettingError where it is no path. Source: Create child folder.
        """
        return self._folders.create_folder(folder)
