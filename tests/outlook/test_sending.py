"""Sending and answering: once, whole, or not at all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from postroom.actions.once import doing_once
from postroom.errors import (
    GraphError,
    ItemsError,
    OutcomeUnknownError,
    PermissionMissingError,
    SettingError,
    SourceFileError,
)
from postroom.graph import retries
from postroom.graph.stamps import get_stamped
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


def count_requests(tenant: RunningTenant) -> list[str]:
    """List what was asked of Microsoft Graph, by method and last part of the path."""
    asked = [request for request in tenant.requests() if request["path"].startswith("/v1.0/")]
    return [f"{request['method']} {request['path'].rpartition('/')[2]}" for request in asked]


def test_sending_once_costs_nothing_where_nothing_is_lost(
    connect: Connect, tenant: RunningTenant, tmp_path: Path
) -> None:
    """Without a name to be known again by, nothing is looked for; with one there is a single look before."""
    (tmp_path / "a.txt").write_text("x")
    tenant.deliver(AP, make_mail("Order"))
    mailbox = connect()
    order = next(mailbox.messages())
    tenant.clear_requests()
    mailbox.send(to=ADELE, attachments=tmp_path / "a.txt")
    assert count_requests(tenant) == ["POST messages", "POST attachments", "POST send"]
    tenant.clear_requests()
    mailbox.reply(order, "Thanks")
    assert [part.split()[0] for part in count_requests(tenant)] == ["POST", "PATCH", "POST"]
    tenant.clear_requests()
    mailbox.reply(order)
    assert count_requests(tenant) == ["POST createReply", "POST send"]
    tenant.clear_requests()
    mailbox.send(to=ADELE, once="invoice 4711")
    assert count_requests(tenant) == ["GET messages", "POST messages", "POST send"]
    tenant.clear_requests()
    mailbox.send(to=ADELE, once="invoice 4711")
    assert count_requests(tenant) == ["GET messages"]


def test_once_is_of_the_mailbox_the_action_and_the_message(connect: Connect, tenant: RunningTenant) -> None:
    """One name for all answers means one answer to each message, and says nothing of other actions and mailboxes."""
    for number in range(2):
        tenant.deliver(AP, make_mail(f"Order {number}"))
    mailbox = connect()
    for _ in range(2):
        mailbox.reply(mailbox.messages(), "Thanks", once="4711")
        mailbox.forward(mailbox.messages(), to=ADELE, once="4711")
        mailbox.send(to=ADELE, subject="Order 4711", once="4711")
        connect(username=MEGAN).send(to=ADELE, subject="Order 4711", once=" 4711 ")
    assert tenant.folders(ADELE)["Inbox"]["total"] == 6


def test_scripts_that_send_under_one_name_at_once_send_once(connect: Connect, tenant: RunningTenant) -> None:
    """Who comes while another is about to send the same waits, and finds that it is sent."""
    mailboxes = [connect() for _ in range(4)]
    tenant.set_latency(100)
    with ThreadPoolExecutor() as threads:
        for mailbox in mailboxes:
            threads.submit(mailbox.send, to=ADELE, subject="Invoice 4711", once="invoice 4711")
    assert tenant.folders(ADELE)["Inbox"]["total"] == 1


def test_once_needs_no_folder_of_the_user(
    connect: Connect, tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing can be written on this machine, what is sent under a name is sent once all the same."""
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    for _ in range(2):
        connect().send(to=ADELE, subject="Invoice 4711", once="invoice 4711")
    assert tenant.folders(ADELE)["Inbox"]["total"] == 1


def test_a_step_of_a_run_is_sent_once(connect: Connect, tenant: RunningTenant) -> None:
    """A step that is done again under its key sends to those alone who have not got it."""
    for number in range(3):
        tenant.deliver(AP, make_mail(f"Order {number}"))
    mailbox = connect()
    orders = list(mailbox.messages())
    for given in (orders[:2], orders):
        with doing_once("run/7"):
            mailbox.reply(given, "Thanks")
    with doing_once("run/8"):
        mailbox.reply(orders[0], "Thanks again")
    assert tenant.folders(ADELE)["Inbox"]["total"] == 4


def test_what_was_mail_stays_private(connect: Connect, tenant: RunningTenant) -> None:
    """Whoever gets the message, or a look at its properties, does not learn the name that it was sent once under."""
    mailbox = connect()
    tenant.clear_requests()
    mailbox.send(to=ADELE, subject="Hello", once="merger with Fabrikam")
    message = next(mailbox.messages("Sent Items"))
    stamped = get_stamped(mailbox._client, message.id)
    assert stamped.is_stamped and stamped.is_whole
    assert "Fabrikam" not in repr(stamped) and "Fabrikam" not in repr(tenant.requests())


def test_a_message_has_what_send_offers(connect: Connect, tenant: RunningTenant) -> None:
    """Importance and reply-to are those that were given."""
    connect().send(to=ADELE, subject="Now", importance="high", reply_to="Billing <billing@contoso.com>")
    received = next(connect(username=ADELE).messages())
    assert received.importance == "high"
    assert [str(address) for address in received.reply_to] == ["Billing <billing@contoso.com>"]


def test_from_another_address(connect: Connect, tenant: RunningTenant) -> None:
    """With Send As it is from the other; without, nothing is sent, no draft stays, and the right is named."""
    mailbox = connect()
    with pytest.raises(PermissionMissingError, match="Send on Behalf"):
        mailbox.send(to=ADELE, sender=MEGAN)
    assert tenant.folders(AP)["Drafts"]["total"] == 0
    tenant.change_user(MEGAN, send_as=[AP])
    mailbox.send(to=ADELE, subject="Ours", sender=f"Megan <{MEGAN}>")
    (received,) = tenant.mailbox(ADELE).inbox
    assert received.sender == MEGAN
    with pytest.raises(SettingError, match=r"From: .* several"):
        mailbox.send(to=ADELE, sender=f"{MEGAN}; {AP}")


@pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])
def test_answers_to_all_and_messages_passed_on(connect: Connect, tenant: RunningTenant, cloud: str) -> None:
    """Reply all reaches sender and copies, or all but the sender; forward brings the attachments along."""
    domain = tenant.cloud(cloud)["domain"]
    ap, adele, megan = (f"{name}@{domain}" for name in ("ap", "adele", "megan"))
    mime = make_mail("Order", adele, f"{ap}, {megan}", "The order.", {"order.pdf": b"%PDF"})
    tenant.deliver(ap, mime)
    mailbox = connect(cloud=cloud)
    order = next(mailbox.messages())
    mailbox.reply_all(order, "To all")
    assert [len(tenant.mailbox(address).inbox) for address in (adele, megan)] == [1, 1]
    mailbox.reply_all(order.id, "Between us", exclude_sender=True)
    assert [len(tenant.mailbox(address).inbox) for address in (adele, megan)] == [1, 2]
    mailbox.forward(order, "Please see", to=f"Megan <{megan}>", cc=adele)
    passed = tenant.mailbox(megan).inbox[0]
    assert (passed.subject.upper(), passed.cc) == ("FW: ORDER", (adele,))
    assert [found.content for found in passed.attachments] == [b"%PDF"]
    assert 0 <= passed.body.find("Please see") < passed.body.find("The order.")
    with pytest.raises(SettingError, match="To is empty"):
        mailbox.forward(order, to="")


def test_what_waits_in_the_outbox_is_not_sent_again(connect: Connect, tenant: RunningTenant) -> None:
    """Where the service holds mail back because there is too much, it is sent all the same, and once."""
    mailbox = connect()
    tenant.set_limits(messages=1)
    mailbox.send(to=ADELE, subject="First")
    tenant.add_fault(method="POST", path="*/send", drop_response=True, count=1)
    for _ in range(2):
        mailbox.send(to=ADELE, subject="Second", once="second")
    assert tenant.folders(AP)["Outbox"]["total"] == 1
    tenant.advance_clock(120)
    mailbox.send(to=ADELE, subject="Second", once="second")
    assert sorted(message.subject for message in tenant.mailbox(ADELE).inbox) == ["First", "Second"]


def test_a_draft_that_a_person_deleted_is_left_alone(connect: Connect, tenant: RunningTenant) -> None:
    """What an earlier attempt left in Deleted Items is not sent from there: a new message is."""
    mailbox = connect()
    tenant.add_fault(method="POST", path="*/send", status=403, code="ErrorAccessDenied", count=1)
    with pytest.raises(PermissionMissingError):
        mailbox.send(to=ADELE, subject="Late", once="late")
    assert tenant.folders(AP)["Deleted Items"]["total"] == 1
    mailbox.send(to=ADELE, subject="Late", once="late")
    assert tenant.folders(ADELE)["Inbox"]["total"] == 1
    assert tenant.folders(AP)["Deleted Items"]["total"] == 1


def test_a_send_that_never_gets_an_answer_is_told(connect: Connect, tenant: RunningTenant) -> None:
    """Where the service always fails, it is said that nobody knows; run again, the same draft is sent."""
    mailbox = connect()
    tenant.add_fault(method="POST", path="*/send", status=504)
    with pytest.raises(OutcomeUnknownError, match="look in the mailbox"):
        mailbox.send(to=ADELE, subject="Late", once="late")
    assert tenant.folders(AP)["Drafts"]["total"] == 1
    tenant.clear_faults()
    mailbox.send(to=ADELE, subject="Late", once="late")
    assert tenant.folders(ADELE)["Inbox"]["total"] == tenant.folders(AP)["Sent Items"]["total"] == 1
    assert tenant.folders(AP)["Drafts"]["total"] == 0


def test_a_look_that_fails_after_a_lost_answer_is_told(connect: Connect, tenant: RunningTenant) -> None:
    """A message that may have been sent is not taken away because nobody could look after it."""
    mailbox = connect()
    tenant.add_fault(method="POST", path="*/send", drop_response=True)
    tenant.add_fault(method="GET", path="/v1.0/*", status=503)
    with pytest.raises(OutcomeUnknownError, match="not sent again"):
        mailbox.send(to=ADELE, subject="Once")
    assert tenant.folders(ADELE)["Inbox"]["total"] == tenant.folders(AP)["Sent Items"]["total"] == 1


def test_a_cloud_that_refuses_parameters_of_answers(connect: Connect, tenant: RunningTenant) -> None:
    """Where createReply takes none, they are left out, and the stamp is written with the text."""
    tenant.deliver(AP, make_mail("Order"))
    mailbox = connect()
    order = next(mailbox.messages())
    tenant.add_fault(method="POST", path="*/createReply", status=400, code="BadRequest", count=1)
    for _ in range(2):
        mailbox.reply(order, "Thanks", once="4711")
    assert tenant.folders(ADELE)["Inbox"]["total"] == 1


@pytest.mark.parametrize("path", ["*/messages", "*/attachments", "*/createUploadSession", "*/send"])
@pytest.mark.parametrize("fault", [{"drop_response": True}, {"status": 503}])
def test_two_failures_in_a_row_are_got_over(
    connect: Connect, tenant: RunningTenant, tmp_path: Path, path: str, fault: dict[str, object]
) -> None:
    """Whatever fails twice, done or not: the message arrives once, with each of two files of one name once."""
    for folder, size in (("a", 10), ("b", 3 * 1024 * 1024)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "scan.bin").write_bytes(folder.encode() * size)
    files = [tmp_path / "a" / "scan.bin", tmp_path / "b" / "scan.bin"]
    mailbox = connect()
    tenant.add_fault(method="POST", path=path, count=2, **fault)
    mailbox.send(to=ADELE, subject="Scans", attachments=files)
    (received,) = tenant.mailbox(ADELE).inbox
    assert [len(found.content) for found in received.attachments] == [10, 3 * 1024 * 1024]
    assert tenant.folders(AP)["Drafts"]["total"] == 0


def test_a_late_copy_in_sent_items_is_waited_for(connect: Connect, tenant: RunningTenant) -> None:
    """Gone from Drafts and not yet in Sent Items: nothing is sent again, and the copy is found when it comes."""
    mailbox = connect()
    tenant.add_fault(method="POST", path="*/send", drop_response=True, count=1)
    tenant.add_fault(method="GET", path="/v1.0/users/*/messages/*", status=404, count=3)
    nothing = {"content": '{"value": []}', "content_type": "application/json"}
    tenant.add_fault(method="GET", path="/v1.0/users/*/messages", count=3, **nothing)
    mailbox.send(to=ADELE, subject="Once")
    assert tenant.folders(ADELE)["Inbox"]["total"] == tenant.folders(AP)["Sent Items"]["total"] == 1


def test_a_copy_that_never_comes_is_told(connect: Connect, tenant: RunningTenant) -> None:
    """Where it is found nowhere for long, nobody knows, and nothing is sent again."""
    mailbox = connect()
    tenant.add_fault(method="POST", path="*/send", drop_response=True, count=1)
    tenant.add_fault(method="GET", path="/v1.0/users/*/messages/*", status=404)
    nothing = {"content": '{"value": []}', "content_type": "application/json"}
    tenant.add_fault(method="GET", path="/v1.0/users/*/messages", **nothing)
    with pytest.raises(OutcomeUnknownError, match="look in the mailbox"):
        mailbox.send(to=ADELE, subject="Once")
    assert tenant.folders(ADELE)["Inbox"]["total"] == tenant.folders(AP)["Sent Items"]["total"] == 1
