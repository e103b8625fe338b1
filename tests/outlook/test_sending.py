"""Sending and answering: once, whole, or not at all."""

from pathlib import Path

import pytest

from postroom.errors import (
    GraphError,
    ItemsError,
    PermissionMissingError,
    SettingError,
    SourceFileError,
)
from postroom.graph import retries
from support.connections import Connect
from support.mail import make_mail
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

AP, ADELE, MEGAN = "ap@contoso.com", "adele@contoso.com", "megan@contoso.com"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client not wait between attempts."""
    monkeypatch.setattr(retries.time, "sleep", lambda _: None)


def test_a_message_reaches_everybody_once(connect: Connect, tenant: RunningTenant, tmp_path: Path) -> None:
    """To, cc and bcc get it, with its files; a copy lies in Sent Items, no draft stays."""
    (tmp_path / "report.pdf").write_bytes(b"%PDF")
    connect().send(
        to=f"Adele <{ADELE}>",
        cc="invoices@contoso.com",
        bcc=[MEGAN],
        subject="Report",
        body="<b>Here</b>",
        body_format="html",
        attachments=tmp_path / "report.pdf",
    )
    for address in (ADELE, MEGAN, "invoices@contoso.com"):
        assert tenant.folders(address)["Inbox"] == {"total": 1, "unread": 1}
    assert tenant.folders(AP)["Sent Items"]["total"] == 1
    assert tenant.folders(AP)["Drafts"]["total"] == 0
    adele = connect(username=ADELE)
    received = next(adele.messages(body="html"))
    assert (received.subject, received.sender.address, received.bcc) == ("Report", AP, ())
    assert "<b>Here</b>" in received.body
    (saved,) = adele.save_attachments(received, to=tmp_path / "out")
    assert (saved.name, saved.read_bytes()) == ("report.pdf", b"%PDF")


@pytest.mark.parametrize(
    "fault", [{"drop_response": True}, {"status": 504}, {"status": 503, "retry_after": 0}]
)
def test_a_lost_answer_sends_nothing_twice(
    connect: Connect, tenant: RunningTenant, fault: dict[str, object]
) -> None:
    """Whether the send was carried out or not when its answer was lost, the message arrives once."""
    mailbox = connect()
    tenant.add_fault(method="POST", path="*/send", count=2, **fault)
    mailbox.send(to=ADELE, subject="Once")
    assert tenant.folders(ADELE)["Inbox"]["total"] == 1
    assert tenant.folders(AP)["Drafts"]["total"] == 0


def test_a_draft_whose_answer_is_lost_is_found(connect: Connect, tenant: RunningTenant) -> None:
    """When not even the draft is certain, it is looked for by its stamp, and sent."""
    mailbox = connect()
    tenant.add_fault(method="POST", path="*/messages", drop_response=True, count=1)
    mailbox.send(to=ADELE, subject="Once")
    assert tenant.folders(ADELE)["Inbox"]["total"] == 1
    assert tenant.folders(AP)["Drafts"]["total"] == 0


def test_a_draft_that_cannot_be_finished_is_taken_away(
    connect: Connect, tenant: RunningTenant, tmp_path: Path
) -> None:
    """When an attachment is refused, nothing is sent and no draft stays."""
    (tmp_path / "a.txt").write_text("x")
    mailbox = connect()
    tenant.add_fault(method="POST", path="*/attachments", status=413, message="Too large.", count=1)
    with pytest.raises(GraphError, match="Too large"):
        mailbox.send(to=ADELE, subject="Never", attachments=[tmp_path / "a.txt"])
    assert tenant.folders(ADELE)["Inbox"]["total"] == 0
    assert tenant.folders(AP)["Drafts"]["total"] == 0


def test_what_is_wrong_is_told_before_anything_is_made(connect: Connect, tenant: RunningTenant) -> None:
    """No recipient, a wrong address, a missing file, a wrong format: no draft is made for them."""
    mailbox = connect()
    tenant.clear_requests()
    with pytest.raises(SettingError, match="To is empty"):
        mailbox.send(to="", subject="x")
    with pytest.raises(SettingError, match="Cc: “adele”"):
        mailbox.send(to=ADELE, cc="adele")
    with pytest.raises(SourceFileError):
        mailbox.send(to=ADELE, attachments="missing.pdf")
    with pytest.raises(SettingError, match="Body format"):
        mailbox.send(to=ADELE, body_format="rtf")  # type: ignore[arg-type]
    assert tenant.requests() == []


def test_an_app_that_may_not_send(connect: Connect) -> None:
    """An app that may only read is told what it needs."""
    with pytest.raises(PermissionMissingError, match=r"Mail\.ReadWrite"):
        connect(app="Reader bot").send(to=ADELE)


@pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])
@pytest.mark.parametrize("body_format", ["text", "html"])
def test_an_answer_stands_above_the_quoted_text(
    connect: Connect, tenant: RunningTenant, cloud: str, body_format: str
) -> None:
    """An answer goes to the sender, with Re: and what was said before below it, in both clouds."""
    domain = tenant.cloud(cloud)["domain"]
    tenant.deliver(f"ap@{domain}", make_mail("Order", f"adele@{domain}", f"ap@{domain}", "The first text."))
    mailbox = connect(cloud=cloud)
    mailbox.reply(mailbox.messages(), "Thanks & more <soon>\nBye", body_format=body_format)  # type: ignore[arg-type]
    answer = next(connect(cloud=cloud, username=f"adele@{domain}").messages(body="text"))
    assert answer.subject.lower() == "re: order"
    assert 0 <= answer.body.find("Thanks") < answer.body.find("The first text.")
    if body_format == "text":
        assert "Thanks & more <soon>" in answer.body


def test_answers_to_many_go_on_past_a_failure(connect: Connect, tenant: RunningTenant) -> None:
    """One message of three is gone: the two others are answered, the third is named."""
    for number in range(2):
        tenant.deliver(AP, make_mail(f"Order {number}"))
    mailbox = connect()
    with pytest.raises(ItemsError, match="1 of 3 messages failed"):
        mailbox.reply([*mailbox.messages(), "AAMkAD-nothing="], "Thanks")
    assert tenant.folders(ADELE)["Inbox"]["total"] == 2
    assert tenant.folders(AP)["Drafts"]["total"] == 0
