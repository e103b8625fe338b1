"""The changes of a store: numbered in their order, told to whoever listens, remembered for delta.

What is there carries the number of its last change and of its coming (`changed`, `arrived`) in its own row, and what
left a folder leaves a row in `departures`; so the memory costs nothing for mail that only arrives. An epoch is a
history without a break: restoring an earlier state ends it, and what was remembered of later numbers counts no more.
"""

import threading
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from postroom.tenant.mail.database import Database, Row

Subject = Literal["message", "folder"]
Kind = Literal["created", "updated", "deleted"]


@dataclass(frozen=True, slots=True)
class Change:
    """Say what happened to one message or folder, in which folder (of a folder: its parent, 0 at the top).

    `mailbox`, `folder` and `key` are row keys. A message that moves is deleted in the one folder and created in the
    other; a folder that moves is updated. The two ids of a folder are the same.
    """

    number: int
    mailbox: int
    folder: int
    subject: Subject
    kind: Kind
    item_id: str
    immutable_id: str
    key: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A point in the history of a store, up to which somebody knows everything."""

    epoch: str
    number: int


Listener = Callable[[Sequence[Change]], None]


class Changes:
    """Number what changes, remember what has gone, and tell listeners once it is written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: list[Listener] = []
        self._noted: list[Change] = []
        self._written: deque[Change] = deque()
        self._telling = threading.RLock()
        self._epoch, self._number, self._before = "", 0, 0
        database.watch(self)
        self.take_up()

    def listen(self, listener: Listener) -> None:
        """Call this with the changes of each transaction after it was committed, in order, outside the store's lock."""
        self._listeners.append(listener)

    def mark(self) -> Mark:
        """Return the point in history that the store has reached."""
        return Mark(self._epoch, self._before)  # Numbers of a transaction under way may yet be taken back.

    def next_number(self) -> int:
        """Give the next change its number; only inside a transaction."""
        self._number += 1
        return self._number

    def note_message(self, kind: Kind, message: Row, number: int) -> None:
        """Note what happened to a message, whose row says which folder it is, or was, in."""
        ids = (message["item_id"], message["immutable_id"])
        self._note(
            Change(number, message["mailbox"], message["folder"], "message", kind, *ids, message["key"])
        )
        self._database.execute("UPDATE folders SET changed = ? WHERE key = ?", (number, message["folder"]))
        if kind == "deleted":
            self._note_departure(message, message["folder"], "message", ids, number)

    def note_folder(self, kind: Kind, folder: Row, number: int) -> None:
        """Note what happened to a folder, whose row says where it lies or lay."""
        ids = (folder["folder_id"], folder["folder_id"])
        parent = folder["parent"] or 0
        self._note(Change(number, folder["mailbox"], parent, "folder", kind, *ids, folder["key"]))
        if kind == "deleted":
            self._note_departure(folder, parent, "folder", ids, number)

    def note_leaving(self, folder: Row, number: int) -> None:
        """Remember that a folder left its parent for another one."""
        ids = (folder["folder_id"], folder["folder_id"])
        self._note_departure(folder, folder["parent"] or 0, "folder", ids, number)

    def _note(self, change: Change) -> None:
        if self._listeners:
            self._noted.append(change)

    def _note_departure(
        self, row: Row, folder: int, subject: Subject, ids: tuple[str, str], number: int
    ) -> None:
        if row["arrived"] > self._before:
            return  # It came in this very transaction, so that nobody has seen it.
        columns = {
            "number": number,
            "mailbox": row["mailbox"],
            "folder": folder,
            "subject": subject,
            "key": row["key"],
            "item_id": ids[0],
            "immutable_id": ids[1],
            "arrived": row["arrived"],
        }
        self._database.insert("departures", columns)

    def remembers(self, mailbox: Row, mark: Mark) -> bool:
        """Tell whether everything that happened in a mailbox since this point is still known."""
        if mark.number < mailbox["forgotten"]:
            return False
        if mark.epoch == self._epoch:
            return mark.number <= self._before
        ended = self._database.find_row("SELECT number FROM epochs WHERE epoch = ?", (mark.epoch,))
        return ended is not None and mark.number <= ended["number"]

    def forget(self, mailbox: Row) -> None:
        """Forget what happened in a mailbox so far, as Exchange does after a time."""
        with self._database.transaction():
            self._database.update("mailboxes", mailbox["key"], {"forgotten": self.next_number()})
            self._database.execute("DELETE FROM departures WHERE mailbox = ?", (mailbox["key"],))

    def begin_epoch(self) -> None:
        """Begin a history of its own, in which no later number of the former one counts."""
        with self._database.transaction():
            self._epoch = uuid.uuid4().hex
            self._database.insert("epochs", {"epoch": self._epoch, "number": self._number})

    def forget_epochs(self) -> None:
        """Begin a history of its own, in which no number of any former one counts."""
        with self._database.transaction():
            self._database.execute("DELETE FROM epochs")
            self.begin_epoch()

    def take_up(self) -> None:
        """Go on where the tables say that history stands."""
        row = self._database.find_row("SELECT epoch, number FROM epochs ORDER BY key DESC LIMIT 1")
        self._noted.clear()
        self._number = self._before = row["number"] if row else 0
        if row is None:
            self.begin_epoch()
        else:
            self._epoch = row["epoch"]

    def before_commit(self) -> None:
        """Write down how far history has come, and hold what is to be told."""
        if self._number != self._before:
            self._database.execute(
                "UPDATE epochs SET number = ? WHERE epoch = ?", (self._number, self._epoch)
            )
        self._written.extend(_visible(self._noted))

    def after_commit(self) -> None:
        """Begin the next transaction from here."""
        self._before = self._number
        self._noted.clear()

    def after_rollback(self) -> None:
        """Take back the numbers and notes of a transaction that did not happen."""
        self._number = self._before
        self._noted.clear()

    def after_release(self) -> None:
        """Tell the listeners, one transaction after the other, when the store can be used by others again."""
        if not self._written:
            return
        with self._telling:
            told = [self._written.popleft() for _ in range(len(self._written))]
            for listener in self._listeners if told else ():
                listener(told)


def _visible(noted: list[Change]) -> list[Change]:
    """Leave out what came into a folder and left it again within one transaction."""
    first: dict[tuple[int, Subject, int], Kind] = {}
    last: dict[tuple[int, Subject, int], Kind] = {}
    for change in noted:
        place = (change.folder, change.subject, change.key)
        first.setdefault(place, change.kind)
        last[place] = change.kind
    fleeting = {place for place, kind in first.items() if kind == "created" and last[place] == "deleted"}
    return [change for change in noted if (change.folder, change.subject, change.key) not in fleeting]
