"""The messages of a mailbox."""

from collections.abc import Mapping
from typing import Any

from postroom.tenant.clock import Clock
from postroom.tenant.mail.additions import Additions
from postroom.tenant.mail.changes import Changes
from postroom.tenant.mail.database import Condition, Database, Page, Row
from postroom.tenant.mail.identifiers import new_attachment_id, new_immutable_id, new_item_id
from postroom.tenant.mail.records import moment

_OWN_COLUMNS = frozenset(
    {"key", "mailbox", "folder", "folder_id", "item_id", "immutable_id", "arrived", "changed"}
)


class Messages:
    """Find, list, add, change, move, copy and delete messages."""

    def __init__(self, database: Database, changes: Changes, clock: Clock) -> None:
        self._database = database
        self._changes = changes
        self._clock = clock

    def find(self, mailbox_key: int, message_id: str) -> Row | None:
        """Return the message with this id, of whichever of its two kinds, or None."""
        sql = "SELECT * FROM messages WHERE mailbox = ? AND (item_id = ? OR immutable_id = ?)"
        return self._database.find_row(sql, (mailbox_key, message_id, message_id))

    def get_by_key(self, key: int) -> Row:
        """Return the message of this row key."""
        row = self._database.find_row("SELECT * FROM messages WHERE key = ?", (key,))
        if row is None:
            raise KeyError(key)
        return row

    def list(self, columns: str, condition: Condition, page: Page) -> list[Row]:
        """Return these columns of the messages that a condition holds for."""
        sql = f"SELECT {columns} FROM messages WHERE {condition.sql} ORDER BY {page.order} LIMIT ? OFFSET ?"  # noqa: S608 - compiled, values bound
        return self._database.rows(sql, (*condition.values, page.top, page.skip))

    def count(self, condition: Condition) -> int:
        """Count the messages that a condition holds for."""
        return self._database.number(f"SELECT COUNT(*) FROM messages WHERE {condition.sql}", condition.values)  # noqa: S608 - as above

    def add(self, mailbox: Row, folder: Row, columns: Mapping[str, Any]) -> Row:
        """Add a message to a folder and return it."""
        now = moment(self._clock.now())
        own = {
            "mailbox": mailbox["key"],
            "folder": folder["key"],
            "folder_id": folder["folder_id"],
            "item_id": new_item_id(mailbox["guid"]),
            "immutable_id": new_immutable_id(),
        }
        times = {"created": now, "modified": now, "received": now, "sent": now}
        with self._database.transaction():
            number = self._changes.next_number()
            numbers = {"arrived": number, "changed": number}
            message = self.get_by_key(
                self._database.insert("messages", times | dict(columns) | own | numbers)
            )
            self._changes.note_message("created", message, number)
            return message

    def update(self, message: Row, columns: Mapping[str, Any]) -> Row:
        """Change columns of a message and return it as it then is."""
        with self._database.transaction():
            number = self._changes.next_number()
            changed = self._write(message, columns, number)
            self._changes.note_message("updated", changed, number)
            return changed

    def _write(self, message: Row, columns: Mapping[str, Any], number: int) -> Row:
        own = {"change": message["change"] + 1, "modified": moment(self._clock.now()), "changed": number}
        self._database.update("messages", message["key"], {**columns, **own})
        return self.get_by_key(message["key"])

    def move(self, mailbox: Row, message: Row, folder: Row) -> Row:
        """Move a message: its immutable id stays, its other id changes."""
        place = {
            "folder": folder["key"],
            "folder_id": folder["folder_id"],
            "item_id": new_item_id(mailbox["guid"]),
        }
        with self._database.transaction():
            message = self.get_by_key(message["key"])
            self._changes.note_message("deleted", message, self._changes.next_number())
            number = self._changes.next_number()
            moved = self._write(message, place | {"arrived": number}, number)
            self._changes.note_message("created", moved, number)
            return moved

    def copy(self, mailbox: Row, message: Row, folder: Row) -> Row:
        """Put a copy of a message, attachments and additions included, into a folder and return the copy."""
        with self._database.transaction():
            columns = {name: message[name] for name in message.keys() if name not in _OWN_COLUMNS}  # noqa: SIM118 - a Row iterates over values
            made = self.add(mailbox, folder, columns)
            self.copy_attachments(mailbox, message["key"], made["key"])
            Additions(self._database).copy(message["key"], made["key"])
            return made

    def copy_attachments(self, mailbox: Row, source_key: int, target_key: int) -> None:
        """Give one message the attachments of another."""
        for row in self._database.rows(
            "SELECT * FROM attachments WHERE message = ? ORDER BY key", (source_key,)
        ):
            columns = {name: row[name] for name in row.keys() if name != "key"}  # noqa: SIM118 - as above
            columns |= {"message": target_key, "attachment_id": new_attachment_id(mailbox["guid"])}
            self._database.insert("attachments", columns)

    def erase(self, message: Row) -> None:
        """Delete a message for good."""
        with self._database.transaction():
            message = self.get_by_key(message["key"])
            self._changes.note_message("deleted", message, self._changes.next_number())
            self._database.execute("DELETE FROM attachments WHERE message = ?", (message["key"],))
            self._database.execute("DELETE FROM messages WHERE key = ?", (message["key"],))

    def copy_all(self, mailbox: Row, source: Row, target: Row) -> None:
        """Copy every message of a folder into another."""
        with self._database.transaction():
            for row in self._database.rows(
                "SELECT key FROM messages WHERE folder = ? ORDER BY key", (source["key"],)
            ):
                self.copy(mailbox, self.get_by_key(row["key"]), target)

    def erase_all(self, folder: Row) -> None:
        """Delete every message of a folder for good."""
        columns = "key, mailbox, folder, item_id, immutable_id, arrived"
        with self._database.transaction():
            for row in self._database.rows(
                f"SELECT {columns} FROM messages WHERE folder = ?",  # noqa: S608 - fixed text
                (folder["key"],),
            ):
                self._changes.note_message("deleted", row, self._changes.next_number())
            own = "(SELECT key FROM messages WHERE folder = ?)"
            self._database.execute(f"DELETE FROM attachments WHERE message IN {own}", (folder["key"],))  # noqa: S608 - as above
            self._database.execute("DELETE FROM messages WHERE folder = ?", (folder["key"],))
