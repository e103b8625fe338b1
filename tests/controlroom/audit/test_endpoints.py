"""The API of the audit log."""

from typing import Any

import pytest

from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.models import AuditEntry
from postroom.controlroom.audit.trail import record
from support.people import People


@pytest.fixture
def api(people: People, client_as: Any) -> Any:
    """An auditor's session."""
    return client_as(people.auditor)


@pytest.mark.django_db
def test_pages_do_not_overlap_while_entries_are_added(api: Any) -> None:
    """Going on by `next_before` gives each entry once, whatever is appended meanwhile."""
    for number in range(5):
        record(Event.TOKEN_GIVEN, actor="bot", number=number)
    seen, address = [], "/api/audit?event=TOKEN_GIVEN&limit=2"
    page = api.get(address).json()
    while page["next_before"] is not None:
        seen += page["entries"]
        record(Event.TOKEN_GIVEN, actor="bot", number=100)
        page = api.get(f"{address}&before={page['next_before']}").json()
    seen += page["entries"]
    assert [entry["details"]["number"] for entry in seen] == [4, 3, 2, 1, 0]


@pytest.mark.django_db
def test_filters_are_those_of_the_pages(api: Any) -> None:
    """Event, outcome, actor, target, time range and search choose entries."""
    record(Event.ROLE_CREATED, actor="first", target="Clerks")
    record(Event.TOKEN_GIVEN, actor="second", target="Outlook", outcome=Outcome.REFUSED)
    for query, shown in {
        "event=ROLE_CREATED": ["first"],
        "outcome=refused": ["second"],
        "actor=FIRS": ["first"],
        "target=outlook": ["second"],
        "search=clerks": ["first"],
        "since=2020-01-01T00:00:00Z&search=clerks": ["first"],
        "until=2020-01-01T00:00:00Z": [],
    }.items():
        entries = api.get(f"/api/audit?{query}").json()["entries"]
        assert [entry["actor"] for entry in entries] == shown, query


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["event=NOTHING", "since=yesterday", "since=2020-01-01T00:00:00", "limit=0"]
)
def test_a_filter_that_is_none_is_refused(api: Any, query: str) -> None:
    """What cannot be understood is refused, and not left out."""
    assert api.get(f"/api/audit?{query}").status_code in (400, 422)


@pytest.mark.django_db
def test_only_who_may_view_the_log(people: People, client_as: Any) -> None:
    """Others are refused, which is itself written."""
    assert client_as(people.creator).get("/api/audit").status_code == 403
    assert client_as(None).get("/api/audit").status_code == 401
    assert AuditEntry.objects.filter(event=Event.ACCESS_REFUSED, actor="creator").exists()
