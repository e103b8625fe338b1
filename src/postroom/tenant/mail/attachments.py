"""The attachments of messages: facts in the database, contents in files."""

from collections.abc import Sequence

from postroom.tenant.clock import Clock
from postroom.tenant.mail.blobs import Blobs
from postroom.tenant.mail.database import Condition, Database, Page, Row
from postroom.tenant.mail.identifiers import new_attachment_id
from postroom.tenant.mail.mime import MimeAttachment
from postroom.tenant.mail.records import moment


class Attachments:
    """List, find, add and delete attachments."""

    def __init__(self, database: Database, blobs: Blobs, clock: Clock) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock

    def list(self, message_key: int) -> list[Row]:
        """Return the attachments of a message, in the order of its MIME."""
        return self._database.rows("SELECT * FROM attachments WHERE message = ? ORDER BY key", (message_key,))

    def select(self, condition: Condition, page: Page) -> Sequence[Row]:
        """Return the attachments that a condition holds for."""
        sql = f"SELECT * FROM attachments WHERE {condition.sql} ORDER BY {page.order} LIMIT ? OFFSET ?"  # noqa: S608 - compiled, values bound
        return self._database.rows(sql, (*condition.values, page.top, page.skip))

    def count(self, condition: Condition) -> int:
        """Count the attachments that a condition holds for."""
        sql = f"SELECT COUNT(*) FROM attachments WHERE {condition.sql}"  # noqa: S608 - as above
        return self._database.number(sql, condition.values)

    def find(self, message_key: int, attachment_id: str) -> Row | None:
        """Return the attachment of this message with this id, or None."""
        sql = "SELECT * FROM attachments WHERE message = ? AND attachment_id = ?"
        return self._database.find_row(sql, (message_key, attachment_id))

    def add(self, mailbox: Row, message_key: int, attachment: MimeAttachment) -> Row:
        """Attach something to a message and return it."""
        content_hash = None if attachment.kind == "reference" else self._blobs.add(attachment.content)
        return self.add_stored(mailbox, message_key, attachment, content_hash, len(attachment.content))

    def add_stored(
        self, mailbox: Row, message_key: int, attachment: MimeAttachment, content_hash: str | None, size: int
    ) -> Row:
        """Attach something whose content is kept already, and return it."""
        columns = {
            "message": message_key,
            "attachment_id": new_attachment_id(mailbox["guid"]),
            "kind": attachment.kind,
            "name": attachment.name,
            "content_type": attachment.content_type,
            "size": size,
            "is_inline": int(attachment.is_inline),
            "content_id": attachment.content_id,
            "content_location": attachment.content_location,
            "source_url": attachment.source_url,
            "modified": moment(self._clock.now()),
            "content_hash": content_hash,
        }
        key = self._database.insert("attachments", columns)
        return self._database.rows("SELECT * FROM attachments WHERE key = ?", (key,))[0]

    def delete(self, attachment: Row) -> None:
        """Take an attachment from its message."""
        self._database.execute("DELETE FROM attachments WHERE key = ?", (attachment["key"],))

    def total_bytes(self, message_key: int) -> int:
        """Add up the sizes of the attachments of a message."""
        return self._database.number(
            "SELECT COALESCE(SUM(size), 0) FROM attachments WHERE message = ?", (message_key,)
        )

    def has_visible(self, message_key: int) -> bool:
        """Tell whether a message has an attachment that is not part of its body."""
        sql = "SELECT COUNT(*) FROM attachments WHERE message = ? AND is_inline = 0"
        return self._database.number(sql, (message_key,)) > 0
