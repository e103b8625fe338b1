"""Listing and getting messages."""

from datetime import UTC, datetime, timedelta

import pytest

from postroom.errors import (
    FolderNotFoundError,
    InvalidRequestError,
    MailboxNotFoundError,
    MessageNotFoundError,
    PropertyNotLoadedError,
    SettingError,
)
from postroom.graph import messages as graph_messages
from support.connections import Connect
from support.mail import make_mail
from support.tenant import RunningTenant

AP = "ap@contoso.com"


def deliver(tenant: RunningTenant, count: int, seconds_apart: float = 1) -> None:
    for number in range(count):
        tenant.deliver(AP, make_mail(f"Invoice {number}"))
        tenant.advance_clock(seconds_apart)


def test_filters_find_what_they_say(connect: Connect, tenant: RunningTenant) -> None:
    """Status, subject, senders and time can be combined."""
    tenant.deliver(AP, make_mail("Invoice 1", "adele@contoso.com"))
    tenant.deliver(AP, make_mail("invoice 2", "megan@contoso.com"))
    tenant.deliver(AP, make_mail("Lunch", "megan@contoso.com"))
    mailbox = connect()
    mailbox.change_status(list(mailbox.messages(subject="lunch")), to="read")

    def subjects(**filters: object) -> set[str]:
        return {message.subject for message in mailbox.messages("Inbox", **filters)}  # type: ignore[arg-type]

    assert subjects() == {"Invoice 1", "invoice 2", "Lunch"}
    assert subjects(status="unread") == {"Invoice 1", "invoice 2"}
    assert subjects(status="read") == {"Lunch"}
    assert subjects(subject='"Invoice"; lunch') == {"Invoice 1", "Lunch"}
    assert subjects(senders="MEGAN@contoso.com", subject="invoice") == {"invoice 2"}
    now = datetime.now(UTC)
    assert subjects(received_since=now - timedelta(hours=1)) == {"Invoice 1", "invoice 2", "Lunch"}
    assert subjects(received_before=now - timedelta(hours=1)) == set()


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_the_order_is_kept_over_pages(
    connect: Connect, tenant: RunningTenant, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newest or oldest first, over as many pages as it takes, each message once."""
    monkeypatch.setattr(graph_messages, "LARGEST_PAGE", 4)
    deliver(tenant, 10, seconds_apart=60)
    subjects = [message.subject for message in connect().messages(order=order)]  # type: ignore[arg-type]
    expected = [f"Invoice {number}" for number in range(10)]
    assert subjects == (expected if order == "oldest" else expected[::-1])


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("seconds_apart", [0, 60])
def test_moving_while_listing_passes_nothing_over(
    connect: Connect, tenant: RunningTenant, order: str, seconds_apart: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loop that moves what it lists meets every message once, also when many came in the same second."""
    monkeypatch.setattr(graph_messages, "LARGEST_PAGE", 3)
    deliver(tenant, 11, seconds_apart)
    mailbox = connect()
    met = []
    for message in mailbox.messages(status="unread", order=order):  # type: ignore[arg-type]
        met.append(message.subject)
        if len(met) % 3:
            mailbox.move(message, to="Archive")
    assert sorted(met) == sorted(f"Invoice {number}" for number in range(11))


def test_marking_while_listing_passes_nothing_over(
    connect: Connect, tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loop that marks as read what it lists as unread meets every message once."""
    monkeypatch.setattr(graph_messages, "LARGEST_PAGE", 3)
    deliver(tenant, 10, seconds_apart=0)
    mailbox = connect()
    for message in mailbox.messages(status="unread"):
        mailbox.change_status(message, to="read")
    assert tenant.folders(AP)["Inbox"] == {"total": 10, "unread": 0}


def test_a_filter_too_complex_for_graph_is_finished_here(connect: Connect, tenant: RunningTenant) -> None:
    """When Graph refuses the filter as inefficient, the rest of it is looked at on our side."""
    deliver(tenant, 3)
    mailbox = connect()
    tenant.add_fault(method="GET", path="*/messages", status=400, code="InefficientFilter", count=1)
    assert [message.subject for message in mailbox.messages(subject='"Invoice 1"')] == ["Invoice 1"]


def test_another_refusal_of_the_filter_is_told(connect: Connect, tenant: RunningTenant) -> None:
    """Any other 400 is an error with Graph's words."""
    mailbox = connect()
    tenant.add_fault(method="GET", path="*/messages", status=400, code="BadRequest", message="No such thing.")
    with pytest.raises(InvalidRequestError, match="No such thing"):
        list(mailbox.messages())


def test_a_limit_asks_for_no_more(connect: Connect, tenant: RunningTenant) -> None:
    """A limit gives so many messages, in one request."""
    deliver(tenant, 5)
    mailbox = connect()
    tenant.clear_requests()
    assert len(list(mailbox.messages(limit=2))) == 2
    assert sum(request["path"].endswith("/messages") for request in tenant.requests()) == 1


def test_the_body_comes_when_asked_for(connect: Connect, tenant: RunningTenant) -> None:
    """Lists leave the body out, and say so when it is used; with body= or for one message it is there."""
    tenant.deliver(AP, make_mail(body="Line 1"))
    mailbox = connect()
    bare = next(mailbox.messages())
    with pytest.raises(PropertyNotLoadedError, match='body="text"'):
        _ = bare.body
    assert next(mailbox.messages(body="text")).body.strip() == "Line 1"
    whole = mailbox.message(bare, body="html")
    assert whole.body_format == "html"
    assert "Line 1" in whole.body


def test_every_page_has_the_body_as_asked_for(
    connect: Connect, tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where many came in one second and Graph's own link leads on, the body comes in the format asked for."""
    monkeypatch.setattr(graph_messages, "LARGEST_PAGE_WITH_BODY", 3)
    deliver(tenant, 8, seconds_apart=0)
    assert [message.body_format for message in connect().messages(body="html")] == ["html"] * 8


def test_a_message_is_plain_data(connect: Connect, tenant: RunningTenant) -> None:
    """Addresses, times and flags read as people say them."""
    tenant.deliver(AP, make_mail("Hello", "Adele Vance <adele@contoso.com>"))
    message = next(connect().messages())
    assert str(message.sender) == "Adele Vance <adele@contoso.com>"
    assert [address.address for address in message.to] == [AP]
    assert message.received is not None and message.received.tzinfo is not None
    assert not message.is_read
    with pytest.raises(AttributeError):
        message.is_read = True  # type: ignore[misc]


def test_a_folder_that_is_not_there(connect: Connect) -> None:
    """The message names the folders that are there."""
    mailbox = connect()
    mailbox.create_folder("Inbox/Processed")
    with pytest.raises(FolderNotFoundError, match=r"no folder “Procesed” in “Inbox”.*It has: Processed"):
        mailbox.messages("Inbox/Procesed")


def test_a_mailbox_that_is_not_there(connect: Connect) -> None:
    """An address that the tenant does not know is told at Connect."""
    with pytest.raises(MailboxNotFoundError, match=r"nobody@contoso\.com"):
        connect(username="nobody@contoso.com")


def test_a_message_that_is_gone(connect: Connect, tenant: RunningTenant) -> None:
    """A message that somebody deleted in the meantime is told as such."""
    with pytest.raises(MessageNotFoundError, match=r"not in ap@contoso\.com"):
        connect().message("AAMkAD-nothing-of-the-kind=")


@pytest.mark.parametrize(
    "settings",
    [
        {"limit": 0},
        {"body": "rtf"},
        {"status": "new"},
        {"order": "up"},
        {"received_since": "yesterday"},
        {"folder": "a//b"},
    ],
)
def test_a_filter_that_cannot_be_read(connect: Connect, settings: dict[str, object]) -> None:
    """A wrong word in a filter is refused by name, before anything is asked."""
    with pytest.raises(SettingError):
        connect().messages(**settings)  # type: ignore[arg-type]


def test_a_shared_mailbox_is_never_left_out(connect: Connect, tenant: RunningTenant) -> None:
    """With `mailbox=` every request goes to the shared mailbox, the attachment's too."""
    tenant.deliver("invoices@contoso.com", make_mail(to="invoices@contoso.com", attachments={"a.pdf": b"x"}))
    mailbox = connect(mailbox="invoices@contoso.com")
    tenant.clear_requests()
    messages = list(mailbox.messages())
    mailbox.change_status(messages, to="read")
    mailbox.move(messages, to="Archive")
    paths = [request["path"] for request in tenant.requests() if request["path"].startswith("/v1.0/users")]
    assert paths and all("invoices@contoso.com" in path for path in paths)
