"""Filters pick the messages they say, and refuse what Exchange refuses."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.clock import Clock
from postroom.tenant.graph.filters import FilterCompiler, check_efficient, order_sql
from postroom.tenant.graph.message_json import FIELDS
from postroom.tenant.graph.odata import parse_filter, parse_order
from postroom.tenant.graph.refusals import GraphRefusalError
from postroom.tenant.mail.database import Page
from postroom.tenant.mail.store import MailStore

FIRST = (
    b"From: Adele <adele@contoso.com>\r\nTo: ap@contoso.com\r\nSubject: Invoice 17\r\n"
    b"Date: Tue, 2 Jan 2024 10:00:00 +0000\r\nMessage-ID: <one@x>\r\nImportance: high\r\n\r\nHello"
)
SECOND = (
    b"From: Megan <megan@contoso.com>\r\nTo: board@contoso.com\r\nSubject: It's lunch\r\n"
    b"Date: Wed, 3 Jan 2024 10:00:00 +0000\r\nMessage-ID: <two@x>\r\n\r\nHello"
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailStore]:
    """Give a store with two messages; the first is read and has a category."""
    store = MailStore(tmp_path_factory.mktemp("filters"), Clock())
    first, _ = (store.ingest("ap@contoso.com", "Inbox", raw) for raw in (FIRST, SECOND))
    row = store.messages.find(store.get_mailbox("ap@contoso.com")["key"], first)
    assert row is not None
    store.messages.update(row, {"is_read": 1, "categories": '["Red"]'})
    yield store
    store.close()


def pick(store: MailStore, text: str) -> list[str]:
    condition = FilterCompiler("Message", FIELDS).compile(parse_filter(text))
    return [
        row["internet_message_id"] for row in store.messages.list("*", condition, Page("received", 0, 10))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "isRead",
        "isRead eq true",
        "isRead ne false",
        "not (isRead eq false)",
        "true eq isRead",
        "subject eq 'INVOICE 17'",
        "contains(subject,'voice')",
        "startswith(subject,'inv')",
        "endswith(tolower(subject),'17')",
        "contains(subject,'voice') eq true",
        "receivedDateTime lt 2024-01-03",
        "receivedDateTime le 2024-01-02T10:00:00Z",
        "receivedDateTime lt 2024-01-02T10:00:00.5Z",
        "receivedDateTime lt 2024-01-02T14:00:00+03:00",
        "2024-01-03T00:00:00Z gt receivedDateTime",
        "from/emailAddress/address eq 'Adele@contoso.com'",
        "From/EmailAddress/Name eq 'Adele'",
        "importance eq 'high'",
        "categories/any(c:c eq 'Red')",
        "categories/any()",
        "not categories/all(c:c eq 'Blue')",
        "internetMessageId eq '<one@x>' or internetMessageId eq '<none@x>'",
        "hasAttachments eq false and isDraft eq false and isRead eq true",
        "flag/flagStatus eq 'notFlagged' and subject ne 'It''s lunch'",
        "not hasAttachments eq true and isRead",
    ],
)
def test_filters_that_pick_the_first(store: MailStore, text: str) -> None:
    """Each of these filters holds for the first message and not for the second."""
    assert pick(store, text) == ["<one@x>"]


@pytest.mark.parametrize(
    "text",
    [
        "isRead eq 'true'",
        "subject eq 1",
        "receivedDateTime gt 'yesterday'",
        "receivedDateTime gt 2024-13-45",
        "nothing eq 1",
        "subject",
        "'x'",
        "length(subject) eq 3",
        "subject eq from/emailAddress/name",
        "categories eq 'Red'",
        "categories/any(c:x eq 'Red')",
        "contains(subject)",
        "id gt 'a'",
        "toRecipients/any(r:r/emailAddress/address eq 'ap@contoso.com')",
        "toRecipients/emailAddress/address eq 'ap@contoso.com'",
        "extensions eq null",
        "singleValueExtendedProperties/any()",
        "extensions/all(e:e/id eq 'a')",
    ],
)
def test_filters_that_are_refused(store: MailStore, text: str) -> None:
    """What does not fit together is Graph's 400."""
    with pytest.raises(GraphRefusalError) as refused:
        pick(store, text)
    assert refused.value.status == 400


VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(
        lambda text: "'" + text.replace("'", "''") + "'"
    ),
    st.sampled_from(
        ["true", "false", "null", "1", "2024-01-02T03:04:05Z", "9999-12-31T23:59:59-14:00", "0001-01-01"]
    ),
)
TERMS = st.one_of(
    st.tuples(st.sampled_from(sorted(FIELDS)), st.sampled_from(["eq", "ne", "lt", "ge"]), VALUES).map(
        " ".join
    ),
    st.tuples(st.sampled_from(["contains", "startswith"]), st.sampled_from(sorted(FIELDS)), VALUES).map(
        lambda parts: f"{parts[0]}({parts[1]},{parts[2]})"
    ),
    st.tuples(
        st.sampled_from(["categories", "torecipients", "subject"]), st.sampled_from(["any", "all"]), VALUES
    ).map(lambda parts: f"{parts[0]}/{parts[1]}(x:x eq {parts[2]})"),
)


@given(st.lists(TERMS, min_size=1, max_size=4), st.sampled_from([" and ", " or ", " and not "]))
def test_any_filter_matches_or_is_refused(terms: list[str], joint: str) -> None:
    """Every filter of known properties picks messages or is Graph's 400; the database never complains."""
    text = joint.join(terms)
    try:
        condition = FilterCompiler("Message", FIELDS).compile(parse_filter(text))
    except GraphRefusalError as error:
        assert error.status == 400
        return
    with EMPTY:
        EMPTY.execute(f"SELECT 1 FROM messages WHERE {condition.sql}", condition.values).fetchall()


def _empty_database() -> sqlite3.Connection:
    from postroom.tenant.mail.schema import TABLES

    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.executescript(TABLES)
    for name in ("contains_text", "starts_with_text", "ends_with_text"):
        connection.create_function(name, 2, lambda *_: 1)
    return connection


EMPTY = _empty_database()


@pytest.mark.parametrize(
    ("order", "text", "allowed"),
    [
        ("receivedDateTime desc", "receivedDateTime gt 2024-01-01 and isRead eq false", True),
        ("receivedDateTime desc", "isRead eq false", False),
        ("receivedDateTime desc", "isRead eq false and receivedDateTime gt 2024-01-01", False),
        ("receivedDateTime,isRead", "receivedDateTime gt 2024-01-01 and isRead eq false", True),
        ("isRead,receivedDateTime", "receivedDateTime gt 2024-01-01 and isRead eq false", False),
        ("subject,isRead,receivedDateTime desc", "subject eq 'a' and isRead eq false", True),
        ("subject,receivedDateTime desc", "subject eq 'a' and isRead eq false", False),
        ("subject,receivedDateTime desc", "startswith(subject, 'a')", False),
        ("subject,receivedDateTime desc", "subject ge 'a'", False),
        ("subject,receivedDateTime desc", "subject eq 'a' or subject eq 'b'", False),
    ],
)
def test_an_order_must_lead_the_filter(order: str, text: str, allowed: bool) -> None:
    """Properties of $orderby come first and in the same order in $filter; else the filter is inefficient."""
    try:
        check_efficient(parse_filter(text), parse_order(order))
    except GraphRefusalError as error:
        assert error.code == "InefficientFilter"
        assert not allowed
    else:
        assert allowed


def test_order_names_known_properties_only() -> None:
    """An order of something unknown is refused."""
    assert order_sql(parse_order("receivedDateTime desc"), FIELDS, "Message") == "received DESC"
    with pytest.raises(GraphRefusalError):
        order_sql(parse_order("key; DROP"), FIELDS, "Message")
