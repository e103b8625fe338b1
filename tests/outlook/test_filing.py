"""Marking, moving, deleting; and folders."""

import pytest

from postroom.actions.once import doing_once
from postroom.errors import (
    DisconnectedError,
    FolderNotFoundError,
    ItemsError,
    MessageNotFoundError,
    SettingError,
)
from postroom.graph import retries
from support.connections import Connect
from support.mail import make_mail
from support.tenant import RunningTenant

AP = "ap@contoso.com"


def deliver(tenant: RunningTenant, count: int) -> None:
    for number in range(count):
        tenant.deliver(AP, make_mail(f"Invoice {number}"))


def test_ids_stay_when_messages_move(connect: Connect, tenant: RunningTenant) -> None:
    """A message that was moved is used on by the same id."""
    deliver(tenant, 1)
    mailbox = connect()
    message = next(mailbox.messages())
    mailbox.move(message, to="Archive")
    mailbox.change_status(message, to="read")
    mailbox.delete(message)
    assert mailbox.message(message).is_read
    assert tenant.folders(AP)["Deleted Items"]["total"] == 1


def test_many_go_out_as_batches(connect: Connect, tenant: RunningTenant) -> None:
    """Forty-five messages are moved in three batches."""
    deliver(tenant, 45)
    mailbox = connect()
    messages = list(mailbox.messages())
    tenant.clear_requests()
    mailbox.move(messages, to="Archive")
    assert tenant.folders(AP)["Archive"]["total"] == 45
    assert sum(request["path"].endswith("/$batch") for request in tenant.requests()) == 3


def test_a_batch_whose_answer_is_lost_is_looked_after(
    connect: Connect, tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the answer to a batch does not come, each message is looked at, and moved if it was not."""
    deliver(tenant, 5)
    mailbox = connect()
    messages = list(mailbox.messages())
    tenant.add_fault(path="/v1.0/$batch", drop_response=True, count=1)
    mailbox.move(messages, to="Archive")
    assert tenant.folders(AP)["Archive"]["total"] == 5


def test_a_lost_answer_to_a_move_is_looked_after(connect: Connect, tenant: RunningTenant) -> None:
    """One message, moved though the answer was lost, is not moved again."""
    deliver(tenant, 1)
    mailbox = connect()
    message = next(mailbox.messages())
    tenant.add_fault(method="POST", path="*/move", drop_response=True, count=1)
    tenant.clear_requests()
    mailbox.move(message, to="Archive")
    assert sum(request["path"].endswith("/move") for request in tenant.requests()) == 1
    assert tenant.folders(AP)["Archive"]["total"] == 1


def test_what_fails_of_many_is_named(connect: Connect, tenant: RunningTenant) -> None:
    """One message of three is gone: the two others are done, the third is named."""
    deliver(tenant, 2)
    mailbox = connect()
    given = [*mailbox.messages(), "AAMkAD-nothing="]
    with pytest.raises(ItemsError, match="1 of 3 messages failed") as caught:
        mailbox.change_status(given, to="read")
    assert isinstance(caught.value.failures[0].error, MessageNotFoundError)
    assert tenant.folders(AP)["Inbox"] == {"total": 2, "unread": 0}


def test_none_is_nothing(connect: Connect, tenant: RunningTenant) -> None:
    """An empty list is no work and no error."""
    mailbox = connect()
    mailbox.move([], to="Archive")
    mailbox.delete([])
    mailbox.change_status([])


def test_wrong_things_are_refused(connect: Connect, tenant: RunningTenant) -> None:
    """A missing folder, an empty id and a wrong word each get a sentence, and nothing moves."""
    deliver(tenant, 1)
    mailbox = connect()
    with pytest.raises(FolderNotFoundError):
        mailbox.move(next(mailbox.messages()), to="Nowhere")
    with pytest.raises(SettingError, match="A message is missing"):
        mailbox.move(" ", to="Archive")
    with pytest.raises(SettingError, match="“seen” is not one of read, unread"):
        mailbox.change_status(next(mailbox.messages()), to="seen")  # type: ignore[arg-type]
    assert tenant.folders(AP)["Inbox"]["total"] == 1


def test_folders_are_made_with_those_above(connect: Connect, tenant: RunningTenant) -> None:
    """A path is made whole; what is there is kept; a slash within a name is written with a backslash."""
    mailbox = connect()
    assert not mailbox.folder_exists("Inbox/2026/May")
    made = mailbox.create_folder("Inbox/2026/May")
    assert mailbox.create_folder("inbox/2026/MAY").id == made.id
    mailbox.create_folder("Projects/A\\/B it's")
    assert mailbox.folder_exists("projects/a\\/b it's")
    assert not mailbox.folder_exists("Projects/A/B it's")
    assert mailbox.folder_exists("Sent Items") and mailbox.folder_exists("sentitems")


def test_a_folder_tells_its_counts(connect: Connect, tenant: RunningTenant) -> None:
    """How many messages lie in a folder, and how many are unread; a missing one is told."""
    deliver(tenant, 2)
    mailbox = connect()
    mailbox.change_status(next(mailbox.messages()), to="read")
    inbox = mailbox.folder("Inbox")
    assert (inbox.total_item_count, inbox.unread_item_count) == (2, 1)
    with pytest.raises(FolderNotFoundError, match="no folder “Nowhere”"):
        mailbox.folder("Nowhere")


def test_a_lost_answer_makes_no_second_folder(connect: Connect, tenant: RunningTenant) -> None:
    """A folder that was made though the answer was lost is found."""
    mailbox = connect()
    tenant.add_fault(method="POST", path="*/childFolders", drop_response=True, count=1)
    mailbox.create_folder("Projects")
    assert sum(path == "Projects" for path in tenant.folders(AP)) == 1


def test_after_disconnect_nothing_is_done(connect: Connect) -> None:
    """A mailbox that was disconnected says so; disconnecting twice is no error."""
    mailbox = connect()
    mailbox.disconnect()
    mailbox.disconnect()
    with pytest.raises(DisconnectedError, match="Connect again"):
        mailbox.messages()
    assert "disconnected" in repr(mailbox)


def test_a_step_that_is_repeated_files_nothing_further(connect: Connect, tenant: RunningTenant) -> None:
    """What was moved, marked or deleted before a crash is where it was after the same is done again."""
    deliver(tenant, 3)
    mailbox = connect()
    messages = list(mailbox.messages())
    for given in (messages, messages, messages[0], messages[1:]):
        with doing_once("run/1"):
            mailbox.delete(given)
    assert tenant.folders(AP)["Deleted Items"]["total"] == 3
    for _ in range(2):
        with doing_once("run/2"):
            mailbox.move(messages, to="Archive")
            mailbox.change_status(messages, to="read")
            mailbox.create_folder("Inbox/2026")
    assert tenant.folders(AP)["Archive"] == {"total": 3, "unread": 0}
    assert "Inbox/2026" in tenant.folders(AP)


def test_filing_survives_lost_answers(
    connect: Connect, tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every fifth answer lost, all is filed, by one and by batch, and read to the end."""
    monkeypatch.setattr(retries.time, "sleep", lambda _: None)
    deliver(tenant, 30)
    mailbox = connect()
    tenant.add_fault(path="/v1.0/*", drop_response=True, probability=0.2)
    messages = list(mailbox.messages())
    mailbox.create_folder("Done/2026")
    for message in messages[:10]:
        mailbox.change_status(message, to="read")
        mailbox.move(message, to="Done/2026")
    mailbox.move(messages[10:20], to="Done/2026")
    mailbox.delete(messages[20:])
    tenant.clear_faults()
    folders = tenant.folders(AP)
    assert folders["Done/2026"] == {"total": 20, "unread": 10}
    assert folders["Deleted Items"]["total"] == 10 and folders["Inbox"]["total"] == 0
