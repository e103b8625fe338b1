"""Writing into the audit trail."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from postroom.controlroom.audit import chain, triggers
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.models import AuditEntry
from postroom.controlroom.audit.trail import keeping_refusals, record
from postroom.values.secret import Secret
from support.people import People


def get_events() -> list[str]:
    """The events of all entries, the oldest first."""
    return list(AuditEntry.objects.order_by("sequence").values_list("event", flat=True))


@pytest.mark.django_db
def test_an_entry_says_who_did_what(people: People) -> None:
    """An entry holds the user by key and name, the event, the target, the outcome and the details."""
    record(Event.ROLE_CREATED, actor=people.administrator, target="Clerks", users=3, new=True, note=None)
    entry = AuditEntry.objects.get()
    assert (entry.actor_id, entry.actor) == (str(people.administrator.pk), "administrator")
    assert (entry.event, entry.target, entry.outcome) == ("ROLE_CREATED", "Clerks", "done")
    assert entry.details == {"users": 3, "new": True, "note": None}
    assert chain.is_whole(entry)


@pytest.mark.django_db
def test_an_actor_who_is_no_user() -> None:
    """A device is a text; where nobody acts, it is the system."""
    record(Event.TOKEN_GIVEN, actor="device reception-pc")
    record(Event.TOKEN_REFRESHED, actor=None)
    entries = AuditEntry.objects.order_by("sequence")
    assert [(entry.actor_id, entry.actor) for entry in entries] == [
        ("", "device reception-pc"),
        ("", "system"),
    ]


@pytest.mark.django_db
def test_numbers_have_no_gap_and_hashes_are_chained() -> None:
    """Each entry has the next number, and names the hash of the entry before."""
    for _ in range(5):
        record(Event.TOKEN_GIVEN, actor="bot")
    entries = list(AuditEntry.objects.order_by("sequence"))
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.previous_hash for entry in entries] == ["", *(entry.hash for entry in entries[:-1])]


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_leaves_no_entry() -> None:
    """The entry is part of the caller's transaction; its number is not lost."""
    record(Event.USER_CREATED, actor=None)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(Event.USER_CHANGED, actor=None)
        _ = 1 / 0
    record(Event.USER_DELETED, actor=None)
    assert get_events() == ["USER_CREATED", "USER_DELETED"]
    assert [entry.sequence for entry in AuditEntry.objects.all()] == [2, 1]


@pytest.mark.django_db(transaction=True)
def test_a_refusal_outlives_its_transaction() -> None:
    """What was refused or failed is written though the transaction is rolled back; what was done is not."""
    with pytest.raises(ZeroDivisionError), keeping_refusals(), transaction.atomic():
        record(Event.USER_CHANGED, actor=None)
        record(Event.ACCESS_REFUSED, actor=None, outcome=Outcome.REFUSED)
        record(Event.CONNECTION_TESTED, actor=None, outcome=Outcome.FAILED)
        _ = 1 / 0
    assert get_events() == ["ACCESS_REFUSED", "CONNECTION_TESTED"]


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_written_once_where_the_transaction_holds() -> None:
    """A refusal in a transaction that is committed is written as well, and once."""
    with keeping_refusals(), transaction.atomic():
        record(Event.ACCESS_REFUSED, actor=None, outcome=Outcome.REFUSED)
    assert get_events() == ["ACCESS_REFUSED"]


@pytest.mark.django_db
def test_a_request_that_is_refused_is_written(people: People, client_as: Any) -> None:
    """An entry tells of the request: its id, and the address it came from."""
    response = client_as(people.outsider).get(
        "/audit/auditentry/", headers={"X-Request-ID": "a-request-of-mine"}
    )
    assert response.status_code == 403
    entry = AuditEntry.objects.get(event="ACCESS_REFUSED")
    assert (entry.actor, entry.outcome, entry.address) == ("outsider", "refused", "127.0.0.1")
    assert entry.request_id == response["X-Request-ID"] == "a-request-of-mine"


@pytest.mark.parametrize(
    "value", [1.5, b"bytes", ["a list"], {"a": "dict"}, Secret("s3cret"), 2**63, object()]
)
@pytest.mark.django_db
def test_details_are_plain(value: Any) -> None:
    """What is not a text, number, bool or None is refused, whatever it holds."""
    with pytest.raises(TypeError) as refused:
        record(Event.CREDENTIAL_CHANGED, actor=None, detail=value)
    assert "s3cret" not in str(refused.value)
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_the_model_refuses_to_change_or_delete() -> None:
    """An entry cannot be saved again, updated, deleted or put in past the chain."""
    record(Event.SIGNED_IN, actor="somebody")
    entry = AuditEntry.objects.get()
    entry.actor = "another"
    for attempt in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(actor="another"),
        lambda: AuditEntry.objects.bulk_create([AuditEntry(sequence=2)]),
        lambda: AuditEntry.objects.bulk_update([entry], ["actor"]),
    ):
        with pytest.raises(TypeError, match="final"):
            attempt()
    assert AuditEntry.objects.get().actor == "somebody"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement", ["UPDATE audit_auditentry SET actor = 'another'", "DELETE FROM audit_auditentry"]
)
def test_the_database_refuses_to_change_or_delete(statement: str) -> None:
    """A trigger refuses what goes past the model."""
    record(Event.SIGNED_IN, actor="somebody")
    triggers.create(connection)
    with pytest.raises(DatabaseError, match="final"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.get().actor == "somebody"
