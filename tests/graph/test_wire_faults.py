"""The client where the wire fails in the middle: it repeats, or says what happened, and takes no half for a whole."""

from pathlib import Path

import pytest

from postroom import network
from postroom.errors import NoAnswerError, OutcomeUnknownError, ServiceUnavailableError, UnexpectedAnswerError
from postroom.graph import retries
from support.connections import Connect
from support.mail import make_mail
from support.tenant import RunningTenant

AP = "ap@contoso.com"
PAGE = "<html>Sign in to the network</html>"


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait between attempts."""
    monkeypatch.setattr(retries.time, "sleep", lambda _seconds: None)


@pytest.mark.parametrize(
    "fault", [{"cut_after_bytes": 5}, {"bytes_per_second": 100_000}, {"delay_seconds": 0.1}]
)
@pytest.mark.usefixtures("soon")
def test_a_read_that_breaks_off_is_repeated(
    connect: Connect, tenant: RunningTenant, fault: dict[str, float]
) -> None:
    """A list that breaks off is asked for again; one that comes slowly or late is waited for."""
    tenant.deliver(AP, make_mail())
    mailbox = connect()
    tenant.add_fault(method="GET", path="/v1.0/*/messages", count=1, **fault)
    assert [message.subject for message in mailbox.messages()] == ["Invoice 1"]


@pytest.mark.usefixtures("soon")
def test_a_read_that_always_breaks_off_is_told(connect: Connect, tenant: RunningTenant) -> None:
    """After some attempts the error says that the connection broke off before the answer was complete."""
    mailbox = connect()
    tenant.add_fault(path="/v1.0/*", cut_after_bytes=5)
    with pytest.raises(NoAnswerError, match="broke off before the answer was complete"):
        list(mailbox.messages())


@pytest.mark.usefixtures("soon")
def test_an_answer_that_never_comes_is_told(
    connect: Connect, tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waited long enough is told so."""
    monkeypatch.setattr(network, "ANSWER_TIMEOUT_SECONDS", 0.3)
    mailbox = connect()
    tenant.control.post("/limits", json={"mode": "off"})  # what was given up is still under way there
    tenant.add_fault(path="/v1.0/*", delay_seconds=1)
    with pytest.raises(NoAnswerError):
        list(mailbox.messages())


@pytest.mark.usefixtures("soon")
def test_a_change_whose_answer_breaks_off_is_not_taken_for_undone(
    connect: Connect, tenant: RunningTenant
) -> None:
    """A move whose answer breaks off has been done once, and the client finds that out."""
    tenant.deliver(AP, make_mail())
    mailbox = connect()
    messages = list(mailbox.messages())
    tenant.add_fault(method="POST", path="/v1.0/*", cut_after_bytes=3, count=1)
    mailbox.move(messages, to="Archive")
    assert tenant.folders(AP)["Archive"]["total"] == 1


def test_no_half_of_a_file_is_kept(connect: Connect, tenant: RunningTenant, tmp_path: Path) -> None:
    """A download that breaks off leaves nothing behind that looks whole."""
    tenant.deliver(AP, make_mail(attachments={"a.bin": bytes(100_000)}))
    mailbox = connect()
    messages = list(mailbox.messages())
    tenant.add_fault(path="*/$value", cut_after_bytes=50_000)
    with pytest.raises(NoAnswerError):
        mailbox.save_attachments(messages, to=tmp_path)
    assert list(tmp_path.rglob("*.bin")) == []


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (PAGE, "text/html"),
        ('{"value": [', "application/json"),
        ('{"error": "no"}', "application/json"),
        ("", "text/html"),
    ],
)
def test_a_read_of_something_else_is_told(
    connect: Connect, tenant: RunningTenant, content: str, content_type: str
) -> None:
    """What Microsoft Graph did not write is no empty list, and the error names the proxy."""
    mailbox = connect()
    tenant.add_fault(path="/v1.0/*", content=content, content_type=content_type)
    with pytest.raises(UnexpectedAnswerError, match="proxy"):
        list(mailbox.messages())


def test_a_page_is_no_file(connect: Connect, tenant: RunningTenant, tmp_path: Path) -> None:
    """The page of a proxy is not saved as the attachment."""
    tenant.deliver(AP, make_mail(attachments={"a.bin": b"true"}))
    mailbox = connect()
    messages = list(mailbox.messages())
    tenant.add_fault(path="*/$value", content=PAGE)
    with pytest.raises(UnexpectedAnswerError, match="page of its own"):
        mailbox.save_attachments(messages, to=tmp_path)
    assert list(tmp_path.rglob("*.bin")) == []


@pytest.mark.usefixtures("soon")
def test_a_page_is_no_receipt(connect: Connect, tenant: RunningTenant) -> None:
    """Where a page answers in place of Microsoft Graph, nobody is told that a message was sent."""
    mailbox = connect()
    tenant.add_fault(method="POST", path="*/send", content=PAGE)
    with pytest.raises(OutcomeUnknownError):
        mailbox.send(to=AP, subject="x", body="x")
    assert tenant.folders(AP)["Inbox"]["total"] == 0


@pytest.mark.usefixtures("soon")
def test_an_error_page_is_an_error(connect: Connect, tenant: RunningTenant) -> None:
    """A proxy's 502 has no code of Microsoft Graph, and is a service that cannot answer."""
    mailbox = connect()
    tenant.add_fault(path="/v1.0/*", status=502, content=PAGE)
    with pytest.raises(ServiceUnavailableError, match="HTTP 502"):
        list(mailbox.messages())
