"""The small things a mailbox keeps beside its mail: rules, categories, overrides, settings, whom it has answered."""

import json
from typing import Any

from postroom.tenant.mail.database import Condition, Database, Page, Row

RULE = "rule"
CATEGORY = "category"
OVERRIDE = "override"
SETTINGS = "settings"
ANSWERED = "answered"


class Entities:
    """Keep JSON objects of a mailbox, each with a kind and an id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, mailbox_key: int, kind: str, condition: Condition, page: Page) -> list[Row]:
        """Return the rows (columns entity_id and content, which is JSON) that a condition holds for."""
        sql = (
            f"SELECT * FROM entities WHERE mailbox = ? AND kind = ? AND ({condition.sql}) "  # noqa: S608 - compiled, values bound
            f"ORDER BY {page.order} LIMIT ? OFFSET ?"
        )
        return self._database.rows(sql, (mailbox_key, kind, *condition.values, page.top, page.skip))

    def count(self, mailbox_key: int, kind: str, condition: Condition) -> int:
        """Count the rows that a condition holds for."""
        sql = f"SELECT COUNT(*) FROM entities WHERE mailbox = ? AND kind = ? AND ({condition.sql})"  # noqa: S608 - as above
        return self._database.number(sql, (mailbox_key, kind, *condition.values))

    def all(self, mailbox_key: int, kind: str) -> dict[str, dict[str, Any]]:
        """Return everything of a kind by its id, oldest first."""
        sql = "SELECT entity_id, content FROM entities WHERE mailbox = ? AND kind = ? ORDER BY key"
        rows = self._database.rows(sql, (mailbox_key, kind))
        return {row["entity_id"]: json.loads(row["content"]) for row in rows}

    def find(self, mailbox_key: int, kind: str, entity_id: str) -> dict[str, Any] | None:
        """Return what has this id, or None."""
        sql = "SELECT content FROM entities WHERE mailbox = ? AND kind = ? AND entity_id = ?"
        row = self._database.find_row(sql, (mailbox_key, kind, entity_id))
        content: dict[str, Any] | None = json.loads(row["content"]) if row else None
        return content

    def put(self, mailbox_key: int, kind: str, entity_id: str, content: dict[str, Any]) -> None:
        """Keep something under this id, in place of what was kept there before."""
        written = json.dumps(content, ensure_ascii=False)
        self._database.execute(
            "INSERT INTO entities (mailbox, kind, entity_id, content) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (mailbox, kind, entity_id) DO UPDATE SET content = excluded.content",
            (mailbox_key, kind, entity_id, written),
        )

    def delete(self, mailbox_key: int, kind: str, entity_id: str) -> None:
        """Forget what has this id."""
        sql = "DELETE FROM entities WHERE mailbox = ? AND kind = ? AND entity_id = ?"
        self._database.execute(sql, (mailbox_key, kind, entity_id))

    def clear(self, mailbox_key: int, kind: str) -> None:
        """Forget everything of a kind."""
        self._database.execute("DELETE FROM entities WHERE mailbox = ? AND kind = ?", (mailbox_key, kind))
