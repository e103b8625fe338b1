"""The folders of a mailbox."""

from collections.abc import Mapping
from typing import Any

from postroom.tenant.mail.changes import Changes
from postroom.tenant.mail.database import Condition, Database, Page, Row
from postroom.tenant.mail.identifiers import new_folder_id
from postroom.tenant.mail.messages import Messages
from postroom.tenant.mail.schema import WELL_KNOWN_FOLDERS

_COUNTED = """
SELECT folders.*,
    (SELECT COUNT(*) FROM folders AS child WHERE child.mailbox = folders.mailbox
        AND child.parent = folders.key AND child.hidden = 0) AS children
FROM folders
"""
_COPIED = ("source_folders", "nested", "filter_query", "properties")
_BELOW = """
WITH RECURSIVE below (key) AS (
    SELECT ? UNION ALL SELECT folders.key FROM folders JOIN below ON folders.parent = below.key
) SELECT key FROM below
"""


class FolderExistsError(Exception):
    """A folder of that name is there already."""


class FolderCycleError(Exception):
    """A folder cannot lie in itself or in a folder below it."""


class Folders:
    """Find, create, change and delete the folders of mailboxes."""

    def __init__(self, database: Database, changes: Changes, messages: Messages) -> None:
        self._database = database
        self._changes = changes
        self._messages = messages

    def create_well_known(self, mailbox: Row) -> None:
        """Create the folders that every mailbox has."""
        for folder in WELL_KNOWN_FOLDERS:
            parent = self.find(mailbox["key"], folder.parent) if folder.parent else None
            self._insert(mailbox, parent, folder.display_name, folder.name, hidden=folder.hidden)

    def _insert(
        self,
        mailbox: Row,
        parent: Row | None,
        name: str,
        well_known: str | None = None,
        *,
        hidden: bool = False,
        columns: Mapping[str, Any] | None = None,
    ) -> str:
        folder_id = new_folder_id(mailbox["guid"])
        own = {
            "mailbox": mailbox["key"],
            "parent": parent["key"] if parent else None,
            "folder_id": folder_id,
            "parent_id": parent["folder_id"] if parent else "",
            "display_name": name,
            "well_known": well_known,
            "hidden": int(hidden),
        }
        number = self._changes.next_number()
        numbers = {"arrived": number, "changed": number}
        key = self._database.insert("folders", {**own, **numbers, **(columns or {})})
        self._changes.note_folder("created", self.get_by_key(key), number)
        return folder_id

    def find(self, mailbox_key: int, name_or_id: str) -> Row | None:
        """Return the folder with this well-known name (in any case) or id, with its counts, or None."""
        where = " WHERE mailbox = ? AND (folder_id = ? OR well_known = ?)"
        return self._database.find_row(_COUNTED + where, (mailbox_key, name_or_id, name_or_id.lower()))

    def get(self, mailbox_key: int, name_or_id: str) -> Row:
        """Return a folder that is known to be there."""
        folder = self.find(mailbox_key, name_or_id)
        if folder is None:
            raise KeyError(name_or_id)
        return folder

    def get_by_key(self, key: int) -> Row:
        """Return the folder of this row key."""
        folder = self._database.find_row(_COUNTED + " WHERE key = ?", (key,))
        if folder is None:
            raise KeyError(key)
        return folder

    def find_child(self, parent: Row, display_name: str) -> Row | None:
        """Return the child folder of this name, in whatever case it is written, or None."""
        children = self._database.rows(
            _COUNTED + " WHERE mailbox = ? AND parent = ?", (parent["mailbox"], parent["key"])
        )
        wanted = display_name.casefold()
        return next((child for child in children if child["display_name"].casefold() == wanted), None)

    def list_children(self, parent: Row, condition: Condition, page: Page) -> list[Row]:
        """Return the folders that lie directly in this one."""
        where = f"WHERE mailbox = ? AND parent = ? AND ({condition.sql})"
        sql = f"{_COUNTED} {where} ORDER BY {page.order} LIMIT ? OFFSET ?"
        values = (parent["mailbox"], parent["key"], *condition.values, page.top, page.skip)
        return self._database.rows(sql, values)

    def count_children(self, parent: Row, condition: Condition) -> int:
        """Count the folders that lie directly in this one."""
        sql = f"SELECT COUNT(*) FROM folders WHERE mailbox = ? AND parent = ? AND ({condition.sql})"  # noqa: S608 - compiled, values bound
        return self._database.number(sql, (parent["mailbox"], parent["key"], *condition.values))

    def create(
        self,
        mailbox: Row,
        parent: Row,
        display_name: str,
        *,
        hidden: bool = False,
        columns: Mapping[str, Any] | None = None,
    ) -> Row:
        """Create a folder, with these columns besides; FolderExistsError if the name is taken."""
        with self._database.transaction():
            if self.find_child(parent, display_name):
                raise FolderExistsError(display_name)
            folder_id = self._insert(mailbox, parent, display_name, hidden=hidden, columns=columns)
            self._touch(parent["key"])
            return self.get(mailbox["key"], folder_id)

    def ensure_path(self, mailbox: Row, path: str) -> Row:
        """Return the folder at a path such as `Inbox/2024`, created as far as it is missing."""
        folder = self.get(mailbox["key"], "msgfolderroot")
        with self._database.transaction():
            for depth, name in enumerate(part for part in path.replace("\\", "/").split("/") if part):
                known = self.find_child(folder, name)
                if known is None and depth == 0:
                    known = self.find(mailbox["key"], name)
                folder = known or self.create(mailbox, folder, name)
        return folder

    def path_of(self, folder: Row) -> str:
        """Return where a folder lies, as `Inbox/2024`."""
        names: list[str] = []
        while folder["parent"] is not None and folder["well_known"] != "msgfolderroot":
            names.append(folder["display_name"])
            folder = self.get_by_key(folder["parent"])
        return "/".join(reversed(names))

    def lies_in(self, folder: Row, well_known: str) -> bool:
        """Tell whether a folder is the well-known one or lies anywhere below it."""
        while folder["well_known"] != well_known:
            if folder["parent"] is None:
                return False
            folder = self.get_by_key(folder["parent"])
        return True

    def delete(self, folder: Row) -> None:
        """Move a folder into Deleted Items; one that lies there already goes for good, with all that is in it."""
        with self._database.transaction():
            if self.lies_in(folder, "deleteditems"):
                self.erase(folder)
                return
            bin_folder = self.get(folder["mailbox"], "deleteditems")
            name = self._free_name(bin_folder, folder["display_name"])
            self._place(folder, bin_folder, name)

    def _place(self, folder: Row, parent: Row, name: str) -> Row:
        columns: dict[str, Any] = {"display_name": name}
        if parent["key"] != folder["parent"]:
            self._changes.note_leaving(folder, self._changes.next_number())
            self._touch(folder["parent"])
            self._touch(parent["key"])
        number = self._changes.next_number()
        if parent["key"] != folder["parent"]:
            columns |= {"parent": parent["key"], "parent_id": parent["folder_id"], "arrived": number}
        self._database.update("folders", folder["key"], columns | {"changed": number})
        placed = self.get_by_key(folder["key"])
        self._changes.note_folder("updated", placed, number)
        return placed

    def _free_name(self, parent: Row, name: str) -> str:
        # [?] A folder that meets its namesake in Deleted Items gets a number.
        number, free = 0, name
        while self.find_child(parent, free):
            number += 1
            free = f"{name}{number}"
        return free

    def update(self, folder: Row, display_name: str, columns: Mapping[str, Any]) -> Row:
        """Change the name of a folder, and these columns; FolderExistsError if the name is taken."""
        with self._database.transaction():
            known = self.find_child(self.get_by_key(folder["parent"]), display_name)
            if known is not None and known["key"] != folder["key"]:
                raise FolderExistsError(display_name)
            if columns:
                self._database.update("folders", folder["key"], columns)
            return self._place(folder, self.get_by_key(folder["parent"]), display_name)

    def move(self, folder: Row, parent: Row) -> Row:
        """Move a folder with all that is in it below another; FolderCycleError, FolderExistsError."""
        with self._database.transaction():
            self._check_place(folder, parent)
            return self._place(folder, parent, folder["display_name"])

    def copy(self, mailbox: Row, folder: Row, parent: Row) -> Row:
        """Put a copy of a folder, with all that is in it, below another; FolderCycleError, FolderExistsError."""
        with self._database.transaction():
            self._check_place(folder, parent)
            return self._copy_below(mailbox, folder, parent)

    def keys_below(self, folder: Row) -> list[int]:
        """Return the row keys of a folder and of all folders below it, from the top down."""
        return [row["key"] for row in self._database.rows(_BELOW, (folder["key"],))]

    def _check_place(self, folder: Row, parent: Row) -> None:
        if parent["key"] in self.keys_below(folder):
            raise FolderCycleError(folder["display_name"])
        if self.find_child(parent, folder["display_name"]):
            raise FolderExistsError(folder["display_name"])

    def _copy_below(self, mailbox: Row, folder: Row, parent: Row) -> Row:
        name, hidden = folder["display_name"], folder["hidden"] == 1
        columns = {name: folder[name] for name in _COPIED}
        copy = self.create(mailbox, parent, name, hidden=hidden, columns=columns)
        self._messages.copy_all(mailbox, folder, copy)
        every = "SELECT * FROM folders WHERE mailbox = ? AND parent = ? ORDER BY key"
        for child in self._database.rows(every, (mailbox["key"], folder["key"])):
            self._copy_below(mailbox, child, copy)
        return self.get_by_key(copy["key"])

    def erase(self, folder: Row) -> None:
        """Delete a folder for good, with all that is in it."""
        with self._database.transaction():
            for key in reversed(self.keys_below(folder)):
                lost = self.get_by_key(key)
                self._messages.erase_all(lost)
                self._changes.note_folder("deleted", lost, self._changes.next_number())
                self._database.execute("DELETE FROM folders WHERE key = ?", (lost["key"],))
            self._touch(folder["parent"])

    def _touch(self, key: int) -> None:
        """Note that a folder's number of children is another."""
        number = self._changes.next_number()
        self._database.update("folders", key, {"changed": number})
