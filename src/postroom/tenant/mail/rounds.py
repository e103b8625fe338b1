"""The rounds of delta: what is there at first, and then what came, changed or left between two numbers of history.

A round begins and ends at fixed numbers, however long its pages take: what happens in between is the next round's.
"""

from dataclasses import dataclass

from postroom.tenant.mail.database import Condition, Database, Row

_NO_CONDITION = Condition()


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers of history that a round is about: after `since`, up to `until`, from `position` on."""

    since: int
    until: int
    position: int

    @property
    def values(self) -> tuple[int, int]:
        """The bounds of what the next page may hold."""
        return (max(self.since, self.position), self.until)


@dataclass(frozen=True, slots=True)
class FolderPlace:
    """Where folders are looked at: in a whole mailbox, or directly in one parent; those that are shown."""

    mailbox: Row
    parent: Row | None = None

    @property
    def present(self) -> Condition:
        """What is true of the folders that are there."""
        if self.parent is not None:
            return Condition("parent = ? AND hidden = 0", (self.parent["key"],))
        top = "well_known IS NOT 'msgfolderroot'"
        return Condition(f"mailbox = ? AND hidden = 0 AND {top}", (self.mailbox["key"],))

    @property
    def left(self) -> Condition:
        """What is true of the departures of folders from there."""
        if self.parent is not None:
            return Condition("folder = ?", (self.parent["key"],))
        return Condition("mailbox = ?", (self.mailbox["key"],))


class Rounds:
    """Read one page of a round, in an order that later changes do not disturb."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def first_messages(
        self,
        folder: Row,
        columns: str,
        until: int,
        after: tuple[str, int] | None,
        condition: Condition = _NO_CONDITION,
        *,
        top: int,
    ) -> list[Row]:
        """Return the messages that were in a folder at this number and still are, newest received first."""
        place = Condition("folder = ? AND arrived <= ?", (folder["key"], until)) & condition
        if after is not None:
            place = place & Condition("(received, key) < (?, ?)", after)
        sql = f"SELECT {columns}, received FROM messages WHERE {place.sql} ORDER BY received DESC, key DESC LIMIT ?"  # noqa: S608 - compiled, values bound
        return self._database.rows(sql, (*place.values, top))

    def changed_messages(
        self, folder: Row, columns: str, span: Span, condition: Condition = _NO_CONDITION, *, top: int
    ) -> list[Row]:
        """Return the messages of a folder that came or changed last within a span, in that order."""
        place = Condition("folder = ? AND changed > ? AND changed <= ?", (folder["key"], *span.values))
        place = place & condition
        sql = f"SELECT {columns}, changed, arrived FROM messages WHERE {place.sql} ORDER BY changed LIMIT ?"  # noqa: S608 - as above
        return self._database.rows(sql, (*place.values, top))

    def gone_messages(self, folder: Row, span: Span, *, top: int, are_ids_immutable: bool) -> list[Row]:
        """Return what left a folder within a span, having been there before.

        With ids that stay, what was back before the span ended has not gone.
        """
        back = (
            "SELECT 1 FROM messages AS now WHERE now.immutable_id = gone.immutable_id "
            "AND now.folder = gone.folder AND now.arrived <= ?"
        )
        sql = f"""
            SELECT number, item_id, immutable_id FROM departures AS gone
            WHERE folder = ? AND subject = 'message' AND number > ? AND number <= ? AND arrived <= ?
            AND NOT (? AND EXISTS ({back})) ORDER BY number LIMIT ?
        """  # noqa: S608 - fixed text
        values = (folder["key"], *span.values, span.since, are_ids_immutable, span.until, top)
        return self._database.rows(sql, values)

    def first_folders(self, place: FolderPlace, until: int, after: int, *, top: int) -> list[Row]:
        """Return the keys of the folders that were in a place at this number and still are."""
        there = place.present
        sql = f"SELECT key FROM folders WHERE {there.sql} AND arrived <= ? AND key > ? ORDER BY key LIMIT ?"  # noqa: S608 - ours
        return self._database.rows(sql, (*there.values, until, after, top))

    def changed_folders(self, place: FolderPlace, span: Span, *, top: int) -> list[Row]:
        """Return key and number of the folders of a place that came or changed last within a span."""
        there = place.present
        sql = f"""
            SELECT key, changed FROM folders WHERE {there.sql} AND changed > ? AND changed <= ?
            ORDER BY changed LIMIT ?
        """  # noqa: S608 - ours
        return self._database.rows(sql, (*there.values, *span.values, top))

    def gone_folders(self, place: FolderPlace, span: Span, *, top: int) -> list[Row]:
        """Return what left a place within a span and is not back."""
        there, left = place.present, place.left
        back = f"SELECT folder_id FROM folders WHERE {there.sql}"  # noqa: S608 - ours
        sql = f"""
            SELECT number, item_id, immutable_id FROM departures WHERE subject = 'folder' AND {left.sql}
            AND number > ? AND number <= ? AND item_id NOT IN ({back}) ORDER BY number LIMIT ?
        """  # noqa: S608 - ours
        return self._database.rows(sql, (*left.values, *span.values, *there.values, top))
