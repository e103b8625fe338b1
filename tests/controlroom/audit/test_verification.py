"""The walk along the chain: whatever is done to the database past the Control Room shows, and where."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from postroom.controlroom.audit import anchor
from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.models import AuditEntry, AuditHead
from postroom.controlroom.audit.trail import record
from postroom.controlroom.audit.verification import Fault, Verdict, verify

ENTRIES = 6


@pytest.fixture
def trail(transactional_db: None, settings: Any, tmp_path: Any) -> Iterator[None]:
    """A trail of six entries, and its anchor."""
    settings.CONFIGURATION = type("Configuration", (), {"home": tmp_path})
    for number in range(ENTRIES):
        record(Event.TOKEN_GIVEN, actor="bot", target=f"Connection {number}", number=number)
    assert verify() == Verdict(ENTRIES)
    yield


def run(statement: str, *values: Any) -> None:
    """Do something to the database past all code, as its administrator can."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def swap(first: int, second: int) -> None:
    """Exchange the numbers of two entries."""
    for old, new in ((first, 999), (second, first), (999, second)):
        run("UPDATE audit_auditentry SET sequence = %s WHERE sequence = %s", new, old)


def copy(source: int, number: int) -> None:
    """Put an entry in that looks like another, under a new number."""
    entry = AuditEntry.objects.get(sequence=source)
    entry.sequence = number
    entry._state.adding = True
    entry.save()


@pytest.mark.usefixtures("trail")
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("time", "2020-01-01 00:00:00+00:00"),
        ("actor_id", "1"),
        ("actor", "another"),
        ("address", "192.0.2.1"),
        ("request_id", "another-request"),
        ("event", "TOKEN_REFRESHED"),
        ("target", "Another"),
        ("outcome", "refused"),
        ("details", '{"number": 100}'),
        ("previous_hash", "0" * 64),
        ("hash", "0" * 64),
    ],
)
def test_a_changed_field(column: str, value: str) -> None:
    """A change of any field is found, at its entry."""
    run(f"UPDATE audit_auditentry SET {column} = %s WHERE sequence = 3", value)
    assert verify() == Verdict(2, 3, Fault.CHANGED)


@pytest.mark.usefixtures("trail")
def test_another_key() -> None:
    """An entry that was sealed with another key is none of the Control Room's."""
    run("UPDATE audit_auditentry SET key_id = %s WHERE sequence = 3", "0" * 16)
    assert verify() == Verdict(2, 3, Fault.UNKNOWN_KEY)


@pytest.mark.usefixtures("trail")
@pytest.mark.parametrize("number", [1, 4])
def test_a_removed_entry(number: int) -> None:
    """A gap is found, at the number that is missing; also at the start."""
    run("DELETE FROM audit_auditentry WHERE sequence = %s", number)
    assert verify() == Verdict(number - 1, number, Fault.MISSING)


@pytest.mark.usefixtures("trail")
def test_a_removed_entry_whose_gap_was_closed() -> None:
    """Giving the later entries new numbers does not hide it."""
    run("DELETE FROM audit_auditentry WHERE sequence = 4")
    for number in (5, 6):
        run("UPDATE audit_auditentry SET sequence = %s WHERE sequence = %s", number - 1, number)
    assert verify() == Verdict(3, 4, Fault.CHANGED)


@pytest.mark.usefixtures("trail")
def test_reordered_entries() -> None:
    """Two entries that changed places are found, at the first."""
    swap(2, 5)
    assert verify() == Verdict(1, 2, Fault.CHANGED)


@pytest.mark.usefixtures("trail")
def test_an_entry_put_in() -> None:
    """An entry that somebody wrote without the key is found."""
    copy(2, ENTRIES + 1)
    assert verify() == Verdict(ENTRIES, ENTRIES + 1, Fault.CHANGED)


@pytest.mark.usefixtures("trail")
def test_the_end_cut_off() -> None:
    """Entries missing at the end are found by the head."""
    run("DELETE FROM audit_auditentry WHERE sequence > 4")
    assert verify() == Verdict(4, 5, Fault.CUT_OFF)


def cut_off_with_head() -> None:
    """Cut the end off so that nothing in the database tells of it."""
    run("DELETE FROM audit_auditentry WHERE sequence > 4")
    last = AuditEntry.objects.get(sequence=4)
    AuditHead.objects.update(sequence=4, hash=last.hash)


@pytest.mark.usefixtures("trail")
def test_the_end_cut_off_with_its_head() -> None:
    """Entries missing at the end are found by the anchor outside of the database."""
    cut_off_with_head()
    assert verify() == Verdict(4, 5, Fault.CUT_OFF)


@pytest.mark.usefixtures("trail")
def test_the_end_replaced_by_later_entries(caplog: pytest.LogCaptureFixture) -> None:
    """What is appended afterwards, and sealed well, does not make the anchor forget."""
    cut_off_with_head()
    for _ in range(5):
        record(Event.TOKEN_GIVEN, actor="bot")
    assert verify() == Verdict(9, 6, Fault.REPLACED)
    assert "are missing" in caplog.text


@pytest.mark.usefixtures("trail")
def test_all_entries_removed() -> None:
    """An empty trail is no whole one where there were entries."""
    run("DELETE FROM audit_auditentry")
    run("DELETE FROM audit_audithead")
    assert verify() == Verdict(0, 1, Fault.CUT_OFF)


@pytest.mark.usefixtures("trail")
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_audithead",
        "UPDATE audit_audithead SET sequence = 2",
        "UPDATE audit_audithead SET hash = ''",
    ],
)
def test_a_changed_head(statement: str) -> None:
    """A head that names no entry, or an earlier one, is found."""
    run(statement)
    assert verify() == Verdict(ENTRIES, ENTRIES, Fault.HEAD_CHANGED)


@pytest.mark.usefixtures("trail")
@pytest.mark.parametrize("change", [{"sequence": 2}, {"hash": "0" * 64}, {"key_id": "0" * 16}, None])
def test_a_changed_anchor(change: dict[str, Any] | None, caplog: pytest.LogCaptureFixture) -> None:
    """An anchor that was changed is found, and is not written over."""
    file = anchor.get_file()
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}) if change else "[]")
    record(Event.TOKEN_GIVEN, actor="bot")
    assert verify() == Verdict(ENTRIES + 1, ENTRIES + 1, Fault.ANCHOR_CHANGED)
    assert "anchor" in caplog.text


@pytest.mark.usefixtures("trail")
def test_a_new_secret_key(settings: Any) -> None:
    """Entries of an earlier secret key hold as long as Django is told of it; not otherwise."""
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another-key-of-the-tests", [old]
    record(Event.TOKEN_GIVEN, actor="bot")
    assert verify() == Verdict(ENTRIES + 1)
    settings.SECRET_KEY_FALLBACKS = []
    assert verify() == Verdict(0, 1, Fault.UNKNOWN_KEY)


@pytest.mark.django_db
def test_a_trail_without_entries(settings: Any, tmp_path: Any) -> None:
    """A new Control Room's trail is whole."""
    settings.CONFIGURATION = type("Configuration", (), {"home": tmp_path})
    assert verify() == Verdict(0)
