"""Folders of a mailbox."""

import pytest

from postroom.tenant.mail.database import Row
from postroom.tenant.mail.folders import FolderExistsError
from postroom.tenant.mail.store import MailStore


@pytest.fixture
def mailbox(store: MailStore) -> Row:
    """Give the mailbox."""
    return store.get_mailbox("ap@contoso.com")


def test_a_path_leads_through_names_in_any_case(store: MailStore, mailbox: Row) -> None:
    """A path finds folders that are there, whatever their case, and makes the rest."""
    made = store.folders.ensure_path(mailbox, "INBOX/Processed")
    assert store.folders.path_of(made) == "Inbox/Processed"
    assert store.folders.ensure_path(mailbox, "inbox/processed")["folder_id"] == made["folder_id"]


def test_a_name_is_taken_in_any_case(store: MailStore, mailbox: Row) -> None:
    """Two folders of one parent cannot have the same name."""
    inbox = store.folders.get(mailbox["key"], "Inbox")
    store.folders.create(mailbox, inbox, "Processed")
    with pytest.raises(FolderExistsError):
        store.folders.create(mailbox, inbox, "PROCESSED")


def test_deleting_moves_to_deleted_items_and_then_for_good(store: MailStore, mailbox: Row) -> None:
    """A deleted folder lies in Deleted Items with its mail, under a free name; deleted again it is gone."""
    for _ in range(2):
        store.ingest("ap@contoso.com", "Old", b"Subject: x\r\n\r\n")
        store.folders.delete(store.folders.ensure_path(mailbox, "Old"))
    paths = {row["path"]: row["total"] for row in store.folder_counts("ap@contoso.com")}
    assert paths["Deleted Items/Old"] == 1
    assert paths["Deleted Items/Old1"] == 1
    store.folders.delete(store.folders.ensure_path(mailbox, "Deleted Items/Old"))
    assert "Deleted Items/Old" not in {row["path"] for row in store.folder_counts("ap@contoso.com")}
