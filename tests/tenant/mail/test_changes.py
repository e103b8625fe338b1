"""Changes are numbered, told once they are written, and remembered as long as they must be."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.tenant.clock import Clock
from postroom.tenant.mail.changes import Change
from postroom.tenant.mail.database import Condition, Page, Row
from postroom.tenant.mail.rounds import Span
from postroom.tenant.mail.store import MailStore

ADDRESS = "ap@contoso.com"
MIME = b"Subject: x\r\n\r\n"


class Ear:
    """Hear what a store tells."""

    def __init__(self, store: MailStore) -> None:
        self.told: list[Change] = []
        self.calls = 0
        store.changes.listen(self._hear)

    def _hear(self, changes: Sequence[Change]) -> None:
        self.told += changes
        self.calls += 1

    def kinds(self) -> list[tuple[str, str]]:
        """Give what was told of, and what happened to it."""
        return [(change.subject, change.kind) for change in self.told]


@pytest.fixture
def mailbox(store: MailStore) -> Row:
    """Give the mailbox."""
    return store.get_mailbox(ADDRESS)


def folder(store: MailStore, name: str = "inbox") -> Row:
    return store.folders.get(store.get_mailbox(ADDRESS)["key"], name)


def deliver(store: MailStore) -> Row:
    return store.add_mime(store.get_mailbox(ADDRESS), folder(store), MIME)


def test_a_message_is_told_of_through_its_life(store: MailStore, mailbox: Row) -> None:
    """Created, updated, deleted here and created there, deleted: each with its folder, ids and number."""
    ear = Ear(store)
    message = deliver(store)
    store.messages.update(message, {"is_read": 1})
    moved = store.messages.move(mailbox, message, folder(store, "archive"))
    store.messages.erase(moved)
    assert [change.kind for change in ear.told] == ["created", "updated", "deleted", "created", "deleted"]
    inbox, archive = folder(store)["key"], folder(store, "archive")["key"]
    assert [change.folder for change in ear.told] == [inbox, inbox, inbox, archive, archive]
    assert [change.item_id for change in ear.told] == [message["item_id"]] * 3 + [moved["item_id"]] * 2
    assert {change.immutable_id for change in ear.told} == {message["immutable_id"]}
    numbers = [change.number for change in ear.told]
    assert numbers == sorted(set(numbers))


def test_a_folder_is_told_of_through_its_life(store: MailStore, mailbox: Row) -> None:
    """Created, updated by a new name or place, and deleted after what was in it."""
    ear = Ear(store)
    made = store.folders.create(mailbox, folder(store), "New")
    made = store.folders.update(made, "Newer", {})
    store.add_mime(mailbox, made, MIME)
    store.folders.erase(store.folders.move(made, folder(store, "archive")))
    happened = [("folder", "created"), ("folder", "updated"), ("message", "created"), ("folder", "updated")]
    assert ear.kinds() == [*happened, ("message", "deleted"), ("folder", "deleted")]


def test_a_transaction_is_told_at_once_and_after_it(store: MailStore) -> None:
    """What happens together is told together, when it can be read; what is taken back is not told."""
    ear = Ear(store)
    seen: list[int] = []
    store.changes.listen(lambda _: seen.append(folder(store)["total"]))
    with store.batch():
        deliver(store)
        deliver(store)
        assert ear.told == []
    assert (ear.calls, len(ear.told), seen) == (1, 2, [2])
    with pytest.raises(ZeroDivisionError), store.batch():
        deliver(store)
        raise ZeroDivisionError
    deliver(store)
    assert len(ear.told) == 3


def test_what_was_there_for_a_moment_is_not_told(store: MailStore, mailbox: Row) -> None:
    """A message that comes and goes within one transaction leaves no trace."""
    ear = Ear(store)
    with store.unpacked(mailbox, MIME):
        pass
    assert ear.told == []
    assert store.database.rows("SELECT * FROM departures") == []


def test_a_listener_may_change_the_store(store: MailStore) -> None:
    """What a listener does is told in turn, and other threads do not wait for it forever."""
    ear = Ear(store)

    def mark_read(changes: Sequence[Change]) -> None:
        for change in changes:
            if change.kind == "created":
                store.messages.update(store.messages.get_by_key(change.key), {"is_read": 1})

    store.changes.listen(mark_read)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: deliver(store), range(20)))
    assert folder(store)["unread"] == 0
    assert sorted(change.kind for change in ear.told) == ["created"] * 20 + ["updated"] * 20


def test_history_goes_on_after_a_restart(tmp_path: Path) -> None:
    """Numbers go on where they were, and what was known before is still good."""
    first = MailStore(tmp_path, Clock())
    first.ensure_mailbox(ADDRESS)
    deliver(first)
    mark = first.changes.mark()
    first.close()
    second = MailStore(tmp_path, Clock())
    assert second.changes.mark() == mark
    deliver(second)
    assert second.changes.remembers(second.get_mailbox(ADDRESS), mark)
    assert second.changes.mark().number > mark.number
    second.close()


def test_a_mailbox_forgets_for_itself(store: MailStore) -> None:
    """Forgetting is of one mailbox; what it learns from then on it remembers."""
    store.ensure_mailbox("adele@contoso.com")
    before = store.changes.mark()
    store.changes.forget(store.get_mailbox(ADDRESS))
    assert not store.changes.remembers(store.get_mailbox(ADDRESS), before)
    assert store.changes.remembers(store.get_mailbox("adele@contoso.com"), before)
    assert store.changes.remembers(store.get_mailbox(ADDRESS), store.changes.mark())


def test_what_was_undone_is_not_remembered(store: MailStore, tmp_path: Path) -> None:
    """Of several histories, each mark is good in those that it belongs to."""
    marks = []
    for number in range(3):
        store.keep_copy(tmp_path / f"{number}.sqlite")
        marks.append(store.changes.mark())
        deliver(store)
    last = store.changes.mark()
    store.bring_back(tmp_path / "1.sqlite")
    deliver(store)
    branch = store.changes.mark()
    mailbox = store.get_mailbox(ADDRESS)
    assert [store.changes.remembers(mailbox, mark) for mark in (*marks, last, branch)] == [
        *(True, True, False, False, True)
    ]
    store.bring_back(tmp_path / "2.sqlite")
    assert [store.changes.remembers(mailbox, mark) for mark in (*marks, last, branch)] == [
        *(True, True, True, False, False)
    ]


OPERATIONS = st.sampled_from(
    ["add", "read", "unread", "move", "copy", "erase", "erase folder", "copy folder"]
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(OPERATIONS, st.integers(0, 9)), max_size=30))
def test_counts_are_those_of_the_messages(
    tmp_path_factory: pytest.TempPathFactory, operations: list[tuple[str, int]]
) -> None:
    """Whatever happens, a folder's numbers are what counting its messages gives."""
    store = MailStore(tmp_path_factory.mktemp("counts"), Clock())
    store.ensure_mailbox(ADDRESS)
    mailbox = store.get_mailbox(ADDRESS)
    for number, (operation, which) in enumerate(operations):
        place = store.folders.ensure_path(mailbox, f"Folder {which % 3}")
        rows = store.messages.list("*", Condition("mailbox = ?", (mailbox["key"],)), Page("key"))
        if operation == "add":
            store.add_mime(mailbox, place, MIME, is_read=which % 2)
        elif operation == "erase folder":
            store.folders.erase(place)
        elif operation == "copy folder":
            parent = store.folders.ensure_path(mailbox, f"Copies {number}")
            store.folders.copy(mailbox, place, parent)
        elif rows:
            _change(store, mailbox, operation, rows[which % len(rows)], place)
    for row in store.database.rows("SELECT key, total, unread FROM folders"):
        counted = [
            store.messages.count(Condition(f"folder = ?{more}", (row["key"],)))
            for more in ("", " AND is_read = 0")
        ]
        assert [row["total"], row["unread"]] == counted
    store.close()


def _change(store: MailStore, mailbox: Row, operation: str, message: Row, place: Row) -> None:
    if operation in ("read", "unread"):
        store.messages.update(message, {"is_read": int(operation == "read")})
    elif operation == "erase":
        store.messages.erase(message)
    else:
        (store.messages.move if operation == "move" else store.messages.copy)(mailbox, message, place)


def test_a_round_has_fixed_bounds(store: MailStore) -> None:
    """What changes after a round began is not part of it, even when it is read later."""
    first = deliver(store)
    since, until = 0, store.changes.mark().number
    store.messages.update(first, {"is_read": 1})
    deliver(store)
    span = Span(since, until, since)
    assert store.rounds.changed_messages(folder(store), "key", span, top=10) == []
    assert len(store.rounds.first_messages(folder(store), "key", until, None, top=10)) == 1
