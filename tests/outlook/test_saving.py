"""Saving attachments and messages."""

import hashlib
from email.message import EmailMessage
from pathlib import Path

import pytest

from postroom.actions.once import doing_once
from postroom.errors import ItemsError, MessageNotFoundError, NoAnswerError, TargetNotWritableError
from postroom.graph import retries
from support.connections import Connect
from support.mail import make_mail
from support.tenant import RunningTenant

AP = "ap@contoso.com"


def test_attachments_are_saved_as_they_are(connect: Connect, tenant: RunningTenant, tmp_path: Path) -> None:
    """Bytes are kept, harmful names are made safe, equal names are numbered, over many messages."""
    files = {"../a.pdf": b"1" * 70_000, "b.txt": b"", "...": b"3"}
    for _ in range(2):
        tenant.deliver(AP, make_mail(attachments=files))
    mailbox = connect()
    paths = mailbox.save_attachments(mailbox.messages(), to=tmp_path / "out")
    assert sorted(path.name for path in paths) == [
        "a (2).pdf",
        "a.pdf",
        "attachment (2).bin",
        "attachment.bin",
        "b (2).txt",
        "b.txt",
    ]
    assert {path.read_bytes() for path in paths} == set(files.values())
    assert {path.parent for path in paths} == {tmp_path / "out"}


def test_overwrite_replaces(connect: Connect, tenant: RunningTenant, tmp_path: Path) -> None:
    """With overwrite a second run leaves no second file."""
    tenant.deliver(AP, make_mail(attachments={"a.pdf": b"x"}))
    mailbox = connect()
    for _ in range(2):
        mailbox.save_attachments(mailbox.messages(), to=tmp_path, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]


def test_attached_messages_are_eml(connect: Connect, tenant: RunningTenant, tmp_path: Path) -> None:
    """A message that was attached becomes an .eml file; with nested, what it carries is saved too."""
    inner = EmailMessage()
    inner["Subject"], inner["From"] = "Inner", "megan@contoso.com"
    inner.set_content("inner text")
    inner.add_attachment(b"deep", maintype="application", subtype="pdf", filename="deep.pdf")
    outer = EmailMessage()
    outer["Subject"], outer["From"], outer["To"] = "Fwd", "adele@contoso.com", AP
    outer.set_content("see below")
    outer.add_attachment(inner)
    tenant.deliver(AP, outer.as_bytes())
    mailbox = connect()
    (path,) = mailbox.save_attachments(mailbox.messages(), to=tmp_path / "flat")
    assert path.suffix == ".eml" and b"inner text" in path.read_bytes()
    nested = mailbox.save_attachments(mailbox.messages(), to=tmp_path / "deep", nested=True)
    assert [path.read_bytes() for path in nested if path.suffix == ".pdf"] == [b"deep"]


def test_a_reference_becomes_a_link(connect: Connect, tenant: RunningTenant, tmp_path: Path) -> None:
    """A link to a file elsewhere is saved as a link file that opens it, or the message that shows it."""
    mailbox = connect()
    url = f"/v1.0/users/{AP}/messages"
    with tenant.client(headers={"Authorization": f"Bearer {tenant.token()}"}) as client:
        draft = client.post(url, json={"subject": "With link"}).json()
        attachment = {
            "@odata.type": "#microsoft.graph.referenceAttachment",
            "name": "Plan.docx",
            "sourceUrl": "https://contoso.example/plan.docx",
        }
        answer = client.post(f"{url}/{draft['id']}/attachments", json=attachment)
        assert answer.status_code == 201, answer.text
    (path,) = mailbox.save_attachments(mailbox.messages("Drafts"), to=tmp_path)
    assert path.name == "Plan.docx.url"
    assert path.read_text().startswith("[InternetShortcut]\nURL=https://")


def test_a_message_is_saved_byte_for_byte(connect: Connect, tenant: RunningTenant, tmp_path: Path) -> None:
    """The .eml is what the service holds; its name is the subject, made safe."""
    mime = make_mail("Re: 5/2026?", attachments={"a.bin": bytes(range(256))})
    tenant.deliver(AP, mime)
    mailbox = connect()
    (path,) = mailbox.save_email(mailbox.messages(), to=tmp_path)
    assert path.name == "Re_ 5_2026_.eml"
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(mime).digest()


def test_a_message_that_is_gone_does_not_stop_the_others(
    connect: Connect, tenant: RunningTenant, tmp_path: Path
) -> None:
    """Of three messages one is gone: two are saved, the third is named."""
    for number in range(2):
        tenant.deliver(AP, make_mail(f"Order {number}"))
    mailbox = connect()
    first, second = mailbox.messages()
    with pytest.raises(ItemsError, match="1 of 3 messages failed"):
        mailbox.save_email([first, "AAMkAD-nothing=", second], to=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_connection_that_breaks_off_is_begun_again(
    connect: Connect, tenant: RunningTenant, tmp_path: Path
) -> None:
    """When the answer is lost, the file is fetched from its start again, and is whole."""
    tenant.deliver(AP, make_mail(attachments={"a.bin": b"x" * 200_000}))
    mailbox = connect()
    tenant.add_fault(method="GET", path="*/$value", drop_response=True, count=2)
    (path,) = mailbox.save_attachments(mailbox.messages(), to=tmp_path)
    assert path.stat().st_size == 200_000
    assert list(tmp_path.iterdir()) == [path]


def test_one_broken_attachment_does_not_stop_the_others(
    connect: Connect, tenant: RunningTenant, tmp_path: Path
) -> None:
    """What fails is named with its reason; the others are saved, nothing is half-written."""
    tenant.deliver(AP, make_mail(attachments={f"{number}.pdf": b"x" for number in range(5)}))
    mailbox = connect()
    messages = list(mailbox.messages())
    tenant.add_fault(method="GET", path="*/$value", status=404, code="ErrorItemNotFound", count=1)
    with pytest.raises(ItemsError, match="1 of 5 attachments failed") as caught:
        mailbox.save_attachments(messages, to=tmp_path)
    assert len(caught.value.failures) == 1
    assert len(list(tmp_path.iterdir())) == 4


def test_a_message_that_is_gone(connect: Connect, tmp_path: Path) -> None:
    """One message that is gone is that error, and no file."""
    mailbox = connect()
    for save in (mailbox.save_attachments, mailbox.save_email):
        with pytest.raises(MessageNotFoundError):
            save("AAMkAD-nothing=", to=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_cannot_be_written_asks_nothing(
    connect: Connect, tenant: RunningTenant, tmp_path: Path
) -> None:
    """Where files cannot be saved, no message is fetched for it."""
    (tmp_path / "file").touch()
    mailbox = connect()
    tenant.clear_requests()
    with pytest.raises(TargetNotWritableError):
        mailbox.save_attachments(mailbox.messages(), to=tmp_path / "file")
    assert not any("attachments" in request["path"] for request in tenant.requests())


def test_an_attachment_that_never_comes_is_told(
    connect: Connect, tenant: RunningTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some attempts the error is told, and no part of the file stays."""
    from postroom.graph import retries

    tenant.deliver(AP, make_mail(attachments={"a.bin": b"x"}))
    mailbox = connect()
    monkeypatch.setattr(retries.time, "sleep", lambda _: None)
    tenant.add_fault(method="GET", path="*/$value", drop_response=True)
    with pytest.raises(NoAnswerError):
        mailbox.save_attachments(mailbox.messages(), to=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_saving_survives_lost_answers(
    connect: Connect, tenant: RunningTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a fifth of all answers lost, each attachment and each message is saved whole, and once."""
    monkeypatch.setattr(retries.time, "sleep", lambda _: None)
    for number in range(15):
        tenant.deliver(
            AP, make_mail(f"Order {number}", attachments={f"{number}.bin": bytes([number]) * 50_000})
        )
    mailbox = connect()
    tenant.add_fault(path="/v1.0/*", drop_response=True, probability=0.2)
    messages = list(mailbox.messages(body="text"))
    saved = mailbox.save_attachments(messages, to=tmp_path / "files")
    emails = mailbox.save_email(messages, to=tmp_path / "emails")
    assert {path.name: path.read_bytes() for path in saved} == {
        f"{number}.bin": bytes([number]) * 50_000 for number in range(15)
    }
    assert len(emails) == len(set(emails)) == 15


def test_a_saving_step_that_is_repeated_leaves_no_twins(
    connect: Connect, tenant: RunningTenant, tmp_path: Path
) -> None:
    """A step under its key saves the same files again to the same names; without a key each time has its own."""
    files = {"a.pdf": b"1", "b.pdf": b"2"}
    for _ in range(2):
        tenant.deliver(AP, make_mail("Order", attachments=files))
    mailbox = connect()
    messages = list(mailbox.messages())
    kept = []
    for _ in range(2):
        with doing_once("run/7"):
            saved = [
                *mailbox.save_attachments(messages, to=tmp_path),
                *mailbox.save_email(messages, to=tmp_path),
            ]
        kept.append(sorted(saved))
    assert kept[0] == kept[1] == sorted(tmp_path.iterdir())
    mailbox.save_attachments(messages, to=tmp_path)
    assert len(list(tmp_path.iterdir())) == 10
