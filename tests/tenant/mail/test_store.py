"""The store keeps mailboxes and mail, from any thread and over a restart."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from postroom.tenant.clock import Clock
from postroom.tenant.mail.store import MailStore

from .test_mime import SHARED_MAIL, corpus_records, needs_corpus

MIME = b"From: Adele <adele@contoso.com>\r\nTo: ap@contoso.com\r\nSubject: Invoice\r\n\r\nHello"


def counts(store: MailStore) -> dict[str, tuple[int, int]]:
    return {row["path"]: (row["total"], row["unread"]) for row in store.folder_counts("ap@contoso.com")}


def test_ingested_mail_is_unread_and_kept_byte_for_byte(store: MailStore) -> None:
    """Ingested mail lies unread in its folder, which is created, and its bytes are those that came."""
    message_id = store.ingest("AP@contoso.com", "Inbox/2024/Invoices", MIME)
    message = store.messages.find(store.get_mailbox("ap@contoso.com")["key"], message_id)
    assert message is not None
    assert store.blobs.read(message["mime_hash"]) == MIME
    assert counts(store)["Inbox/2024/Invoices"] == (1, 1)


def test_ingested_mail_is_received_when_it_says(store: MailStore) -> None:
    """The Date header decides when ingested mail was received."""
    dated = b"Date: Tue, 2 Jan 2024 10:00:00 +0200\r\n" + MIME
    mailbox = store.get_mailbox("ap@contoso.com")
    ingested = store.messages.find(mailbox["key"], store.ingest("ap@contoso.com", "Inbox", dated))
    assert ingested is not None
    assert ingested["received"] == "2024-01-02T08:00:00"


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    """A store that is opened again has what it had."""
    first = MailStore(tmp_path, Clock())
    message_id = first.ingest("ap@contoso.com", "Inbox", MIME)
    first.close()
    second = MailStore(tmp_path, Clock())
    assert second.messages.find(second.get_mailbox("ap@contoso.com")["key"], message_id) is not None
    second.close()


def test_a_file_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """A store, and a copy of it, from before some columns and a table were there, keep their mail and go on."""
    first = MailStore(tmp_path, Clock())
    first.ingest("ap@contoso.com", "Inbox", MIME)
    first.database.execute("ALTER TABLE messages DROP COLUMN message_class")
    first.database.execute("ALTER TABLE folders DROP COLUMN properties")
    first.database.execute("DROP TABLE entities")
    first.keep_copy(tmp_path / "copy.sqlite")
    first.close()
    second = MailStore(tmp_path, Clock())
    second.ingest("ap@contoso.com", "Inbox", MIME)
    assert counts(second)["Inbox"] == (2, 2)
    second.bring_back(tmp_path / "copy.sqlite")
    second.ingest("new@contoso.com", "Inbox", MIME)
    assert counts(second)["Inbox"] == (1, 1)
    second.close()


def test_a_reset_forgets_everything(store: MailStore) -> None:
    """After a reset no mailbox is left."""
    store.ingest("ap@contoso.com", "Inbox", MIME)
    store.reset()
    assert store.find_mailbox("ap@contoso.com") is None


def test_a_failed_batch_leaves_nothing(store: MailStore) -> None:
    """What happens inside a batch happens together or not at all."""
    with pytest.raises(ZeroDivisionError), store.batch():
        store.ingest("ap@contoso.com", "Inbox", MIME)
        raise ZeroDivisionError
    assert counts(store)["Inbox"] == (0, 0)


def test_many_threads_ingest_at_once(store: MailStore) -> None:
    """No message is lost when many come at the same time."""
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda number: store.ingest("ap@contoso.com", "Inbox", MIME + str(number).encode()), range(80)
            )
        )
    assert counts(store)["Inbox"] == (80, 80)


def test_the_same_conversation_has_the_same_id(store: MailStore) -> None:
    """A message and the answer to it belong together."""
    first = store.ingest("ap@contoso.com", "Inbox", b"Message-ID: <a@x>\r\n" + MIME)
    second = store.ingest("ap@contoso.com", "Inbox", b"Message-ID: <b@x>\r\nIn-Reply-To: <a@x>\r\n" + MIME)
    key = store.get_mailbox("ap@contoso.com")["key"]
    rows = [store.messages.find(key, message_id) for message_id in (first, second)]
    assert len({row["conversation_id"] for row in rows if row}) == 1


@needs_corpus
def test_the_whole_corpus_is_kept_byte_for_byte(store: MailStore) -> None:
    """Every message of the corpus is ingested, and its bytes and attachments can be had again."""
    records = corpus_records()
    mailbox = store.get_mailbox("ap@contoso.com")
    with store.batch():
        ids = [
            store.ingest("ap@contoso.com", "Inbox", (SHARED_MAIL / record["file"]).read_bytes())
            for record in records
        ]
    for record, message_id in zip(records, ids, strict=True):
        message = store.messages.find(mailbox["key"], message_id)
        assert message is not None
        assert hashlib.sha256(store.blobs.read(message["mime_hash"])).hexdigest() == record["sha256"]
        kept = {row["content_hash"] for row in store.attachments.list(message["key"])}
        wanted = [part for part in record["attachments"] if not part.get("container") and not part["nested"]]
        assert {part["sha256"] for part in wanted} <= kept
        for column in ("to_people", "headers", "categories"):
            json.loads(message[column])
