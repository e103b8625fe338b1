"""The pages of the audit log."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.models import AuditEntry
from postroom.controlroom.audit.trail import record
from support.people import People

LIST = "/audit/auditentry/"


def read(response: Any) -> str:
    """The whole of a streamed answer."""
    return b"".join(response.streaming_content).decode()


@pytest.fixture
def page(people: People, client_as: Any) -> Any:
    """An auditor's browser."""
    return client_as(people.auditor)


@pytest.mark.django_db
def test_an_empty_log_says_what_will_be_here(page: Any) -> None:
    """Before anything happened the page says what it is for, and offers no export."""
    AuditEntry.objects.all()._raw_delete("default")
    text = page.get(LIST).content.decode()
    assert "Nothing has happened yet" in text
    assert "Export" not in text


@pytest.mark.django_db
def test_the_list_shows_who_did_what_in_words(page: Any) -> None:
    """The newest is first; events and outcomes are in words."""
    record(Event.ROLE_CREATED, actor="first", target="Clerks")
    record(Event.TOKEN_GIVEN, actor="second", target="Outlook", outcome=Outcome.REFUSED)
    text = page.get(LIST).content.decode()
    assert text.index("Access token given") < text.index("Role created")
    assert "Refused" in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"first", "second"}),
        ("event=ROLE_CREATED", {"first"}),
        ("outcome=refused", {"second"}),
        ("actor=FIRS", {"first"}),
        ("target=outlook", {"second"}),
        ("q=clerks", {"first"}),
        ("q=clerks+second", set()),
        ("time_from=2020-01-01", {"first", "second"}),
        (f"time_to={datetime.now(UTC):%Y-%m-%d}", {"first", "second"}),
        ("time_to=2020-01-01", set()),
        ("time_to=someday", set()),
    ],
)
def test_filters_and_search(page: Any, query: str, shown: set[str]) -> None:
    """Each filter leaves what fits it; the export of the page gives just the same."""
    record(Event.ROLE_CREATED, actor="first", target="Clerks")
    record(Event.TOKEN_GIVEN, actor="second", target="Outlook", outcome=Outcome.REFUSED)
    response = page.get(f"{LIST}?{query}")
    listed = {entry.actor for entry in response.context_data["cl"].result_list}
    exported = {entry["actor"] for entry in json.loads(read(page.get(f"{LIST}export/json?{query}")))}
    assert listed & {"first", "second"} == exported & {"first", "second"} == shown
    if not shown:
        assert "Nothing fits these filters" in response.content.decode()


@pytest.mark.django_db
def test_one_entry_shows_all_of_it(page: Any) -> None:
    """The page of an entry shows its details, and offers no way to change it."""
    record(Event.CONNECTION_CHANGED, actor="somebody", target="Outlook", scopes_added=2)
    entry = AuditEntry.objects.get(event=Event.CONNECTION_CHANGED)
    text = page.get(f"{LIST}{entry.pk}/change/").content.decode()
    assert f"Audit entry {entry.pk}" in text
    assert "scopes added: 2" in text
    assert entry.hash in text
    assert 'name="_save"' not in text


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["add/", "1/delete/"])
def test_nobody_adds_or_deletes(address: str, people: People, client_as: Any) -> None:
    """Not even an administrator has a page to add or delete entries, and a post changes nothing."""
    record(Event.SIGNED_IN, actor="somebody")
    client = client_as(people.administrator)
    assert client.get(f"{LIST}{address}").status_code == 403
    assert client.post(f"{LIST}{address}", {"post": "yes"}).status_code == 403
    assert client.post(f"{LIST}1/change/", {"actor": "another"}).status_code == 403
    assert AuditEntry.objects.get(sequence=1).actor == "somebody"


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["", "export/csv", "export/json", "1/change/"])
def test_only_who_may_view_the_log_sees_it(address: str, people: People, client_as: Any) -> None:
    """Others are refused, which is itself written; who is not signed in is asked to."""
    record(Event.SIGNED_IN, actor="somebody")
    assert client_as(people.creator).get(LIST + address).status_code == 403
    assert AuditEntry.objects.filter(event=Event.ACCESS_REFUSED, actor="creator", outcome="refused").exists()
    assert client_as(None).get(LIST + address).status_code == 302


@pytest.mark.django_db
def test_the_export_is_written_down(page: Any) -> None:
    """Who took the log away, in which format and with which filters, is in the log."""
    read(page.get(f"{LIST}export/csv?outcome=refused"))
    entry = AuditEntry.objects.get(event=Event.AUDIT_EXPORTED)
    assert (entry.actor, entry.details) == ("auditor", {"format": "csv", "filters": "outcome=refused"})


@pytest.mark.django_db
def test_formulas_in_csv_do_nothing(page: Any) -> None:
    """A cell that a spreadsheet would run begins with an apostrophe."""
    for target in ('=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "  =1", "＝1"):
        record(Event.SIGN_IN_FAILED, actor=target, target=target)
    rows = list(csv.DictReader(io.StringIO(read(page.get(f"{LIST}export/csv")).removeprefix("\ufeff"))))
    targets = [row["target"] for row in rows if row["event"] == Event.SIGN_IN_FAILED]
    assert len(targets) == 6
    assert all(target.startswith("'") for target in targets)
