"""What apps add to messages beside Graph's own properties: extended properties and open extensions.

They stay with the message wherever it moves, are copied with it, and are erased with it (by a trigger of the tables).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from postroom.tenant.mail.database import Database, Row

EXTENSION_PREFIX = "Microsoft.OutlookServices.OpenTypeExtension."


def bare_name(name_or_id: str) -> str:
    """Return the name of an open extension that is given by its name or its id."""
    if name_or_id.lower().startswith(EXTENSION_PREFIX.lower()):
        return name_or_id[len(EXTENSION_PREFIX) :]
    return name_or_id


class Additions:
    """Keep extended properties by their ids, and open extensions by their names."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set_properties(self, message_key: int, properties: Mapping[str, str | list[str]]) -> None:
        """Give a message extended properties, in place of what it had of the same ids."""
        for name, value in properties.items():
            columns = {"message": message_key, "property": name, "value": _written(value)}
            with self._database.transaction():
                self._database.execute(
                    "DELETE FROM extended_properties WHERE message = ? AND property = ?", (message_key, name)
                )
                self._database.insert("extended_properties", columns)

    def find_property(self, message_key: int, name: str) -> str | None:
        """Return the value of an extended property, a list of values as JSON, or None."""
        sql = "SELECT value FROM extended_properties WHERE message = ? AND property = ?"
        row = self._database.find_row(sql, (message_key, name))
        return str(row["value"]) if row else None

    def compute(self, message_key: int, sql: str) -> str | None:
        """Return what an expression over the columns of a message (ours, never text from outside) says, as text."""
        row = self._database.find_row(f"SELECT {sql} FROM messages WHERE key = ?", (message_key,))  # noqa: S608 - as said
        return None if row is None or row[0] is None else str(row[0])

    def list_extensions(self, message_key: int) -> Sequence[Row]:
        """Return the open extensions of a message (columns name and content, which is JSON), oldest first."""
        return self._database.rows(
            "SELECT * FROM open_extensions WHERE message = ? ORDER BY key", (message_key,)
        )

    def find_extension(self, message_key: int, name: str) -> Row | None:
        """Return the open extension of this name, in whatever case it is written, or None."""
        sql = "SELECT * FROM open_extensions WHERE message = ? AND name = ?"
        return self._database.find_row(sql, (message_key, name))

    def add_extension(self, message_key: int, name: str, content: Mapping[str, Any]) -> Row:
        """Give a message an open extension and return it."""
        columns = {"message": message_key, "name": name, "content": json.dumps(content, ensure_ascii=False)}
        key = self._database.insert("open_extensions", columns)
        return self._database.rows("SELECT * FROM open_extensions WHERE key = ?", (key,))[0]

    def update_extension(self, extension: Row, content: Mapping[str, Any]) -> Row:
        """Put this in place of what an open extension holds, and return it."""
        self._database.update(
            "open_extensions", extension["key"], {"content": json.dumps(content, ensure_ascii=False)}
        )
        return self._database.rows("SELECT * FROM open_extensions WHERE key = ?", (extension["key"],))[0]

    def delete_extension(self, extension: Row) -> None:
        """Take an open extension from its message."""
        self._database.execute("DELETE FROM open_extensions WHERE key = ?", (extension["key"],))

    def copy(self, source_key: int, target_key: int) -> None:
        """Give one message what apps added to another."""
        for table, columns in (
            ("extended_properties", "property, value"),
            ("open_extensions", "name, content"),
        ):
            self._database.execute(
                f"INSERT INTO {table} (message, {columns}) SELECT ?, {columns} FROM {table} WHERE message = ?",  # noqa: S608 - names are ours
                (target_key, source_key),
            )


def _written(value: str | list[str]) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
