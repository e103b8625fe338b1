"""The mail store of one cloud: what the Graph layer, the control endpoints and ingestion work on."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from postroom.tenant.clock import Clock
from postroom.tenant.mail import mime as mime_reader
from postroom.tenant.mail.additions import Additions
from postroom.tenant.mail.attachments import Attachments
from postroom.tenant.mail.blobs import Blobs
from postroom.tenant.mail.categories import create_first_categories
from postroom.tenant.mail.changes import Changes
from postroom.tenant.mail.database import Database, Row
from postroom.tenant.mail.entities import Entities
from postroom.tenant.mail.folders import Folders
from postroom.tenant.mail.messages import Messages
from postroom.tenant.mail.mime import MimeAttachment, MimeMessage
from postroom.tenant.mail.records import columns_of, moment
from postroom.tenant.mail.rounds import Rounds
from postroom.tenant.mail.schema import NAMES, TABLES
from postroom.tenant.mail.upload_sessions import UploadSessions
from postroom.tenant.mail.words import body_has_words, has_words, people_have_words


class MailStore:
    """Hold the mailboxes of one cloud; every method may be called from any thread, and a restart loses nothing."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.clock = clock
        self.blobs = Blobs(folder / "contents")
        self.database = Database(folder / "mail.sqlite", TABLES)
        self.database.add_function("contains_text", 2, _contains)
        self.database.add_function("starts_with_text", 2, _starts_with)
        self.database.add_function("ends_with_text", 2, _ends_with)
        self.database.add_function("has_words", 3, has_words)
        self.database.add_function("body_has_words", 4, body_has_words)
        self.database.add_function("people_have_words", 3, people_have_words)
        self.changes = Changes(self.database)
        self.rounds = Rounds(self.database)
        self.messages = Messages(self.database, self.changes, clock)
        self.folders = Folders(self.database, self.changes, self.messages)
        self.attachments = Attachments(self.database, self.blobs, clock)
        self.uploads = UploadSessions(folder / "uploads", clock)
        self.additions = Additions(self.database)
        self.entities = Entities(self.database)

    def ensure_mailbox(self, address: str) -> None:
        """Create the mailbox of this address, with the folders that every mailbox has, unless it is there."""
        with self.database.transaction():
            if self.find_mailbox(address) is None:
                guid = str(uuid.uuid4())
                self.database.insert("mailboxes", {"address": address.lower(), "guid": guid})
                self.folders.create_well_known(self.get_mailbox(address))
                create_first_categories(self.entities, self.get_mailbox(address))

    def find_mailbox(self, address: str) -> Row | None:
        """Return the mailbox of this address (columns key, address, guid), or None."""
        return self.database.find_row("SELECT * FROM mailboxes WHERE address = ?", (address.lower(),))

    def get_mailbox(self, address: str) -> Row:
        """Return the mailbox of this address; KeyError where there is none."""
        mailbox = self.find_mailbox(address)
        if mailbox is None:
            raise KeyError(address)
        return mailbox

    def ingest(self, address: str, folder_path: str, mime: bytes) -> str:
        """Put a message into a folder, unread, received when its own headers say; return its immutable id.

        Mailbox and folder are created where they are missing. Many calls inside one `batch()` are written at once.
        """
        with self.database.transaction():
            self.ensure_mailbox(address)
            mailbox = self.get_mailbox(address)
            folder = self.folders.ensure_path(mailbox, folder_path)
            return str(self.add_mime(mailbox, folder, mime)["immutable_id"])

    def add_mime(self, mailbox: Row, folder: Row, raw: bytes, **columns: Any) -> Row:
        """Add a message from its MIME, kept byte for byte, with these columns set over what the MIME says."""
        return self.add_parsed(mailbox, folder, raw, mime_reader.parse(raw), columns)

    def add_parsed(
        self, mailbox: Row, folder: Row, raw: bytes, parsed: MimeMessage, columns: Mapping[str, Any]
    ) -> Row:
        """Add a message as `add_mime` does, from MIME that has been parsed already, which takes time."""
        made = columns_of(parsed, raw, mailbox["guid"], self.clock.now())
        with self.database.transaction():
            made |= {"mime_hash": self.blobs.add(raw), **columns}
            message = self.messages.add(mailbox, folder, made)
            for attachment in parsed.attachments:
                self.attachments.add(mailbox, message["key"], attachment)
            return message

    def read_attachment(self, row: Row) -> MimeAttachment:
        """Return an attachment with its content."""
        return MimeAttachment(
            kind=row["kind"],
            name=row["name"],
            content_type=row["content_type"],
            content=self.blobs.read(row["content_hash"]) if row["content_hash"] else b"",
            content_id=row["content_id"],
            content_location=row["content_location"],
            is_inline=row["is_inline"] == 1,
            source_url=row["source_url"],
        )

    @contextmanager
    def unpacked(self, mailbox: Row, raw: bytes) -> Iterator[Row]:
        """Look at a message that is attached to another as if it lay in the mailbox."""
        with self.database.transaction():
            message = self.add_mime(mailbox, self.folders.get(mailbox["key"], "drafts"), raw)
            try:
                yield message
            finally:
                self.messages.erase(message)

    def now_text(self) -> str:
        """Return the tenant's time as the columns of the store hold it."""
        return moment(self.clock.now())

    def new_message_id(self, mailbox: Row) -> str:
        """Return a Message-ID for a message that begins in this mailbox."""
        return f"<{uuid.uuid4().hex}@{mailbox['address'].rpartition('@')[2]}>"

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Write everything that happens inside at once, which is much faster for many messages."""
        with self.database.transaction():
            yield

    def mark_ingested(self, path: str) -> bool:
        """Remember that a file has been ingested; False where it had been already."""
        with self.database.transaction():
            if self.database.find_row("SELECT 1 FROM ingested_files WHERE path = ?", (path,)):
                return False
            self.database.insert("ingested_files", {"path": path})
            return True

    def folder_counts(self, address: str) -> list[dict[str, Any]]:
        """Return path, total and unread of every folder that is shown; KeyError for an unknown address."""
        mailbox = self.get_mailbox(address)
        rows = self.database.rows(
            "SELECT folder_id FROM folders WHERE mailbox = ? AND hidden = 0 AND well_known IS NOT 'msgfolderroot'",
            (mailbox["key"],),
        )
        folders = [self.folders.get(mailbox["key"], row["folder_id"]) for row in rows]
        counts = [
            {"path": self.folders.path_of(folder), "total": folder["total"], "unread": folder["unread"]}
            for folder in folders
        ]
        return sorted(counts, key=lambda count: str(count["path"]))

    def reset(self) -> None:
        """Forget every mailbox and all mail."""
        with self.database.transaction():
            self.database.empty(NAMES)
            self.changes.begin_epoch()
            self.blobs.clear()
            self.uploads.clear()

    def keep_copy(self, path: Path) -> None:
        """Write all that is known of the mail into a file; contents stay where they are."""
        self.database.copy_to(path)

    def bring_back(self, path: Path) -> None:
        """Put what `keep_copy` wrote in the place of all mail; listeners are told nothing."""
        with self.database.held():
            self.database.copy_from(path)
            self.changes.take_up()
            self.changes.begin_epoch()
            self.uploads.clear()

    def close(self) -> None:
        """Close the files; the store cannot be used any more."""
        self.database.close()


def _contains(text: str | None, wanted: str) -> bool:
    return text is not None and wanted.casefold() in text.casefold()


def _starts_with(text: str | None, wanted: str) -> bool:
    return text is not None and text.casefold().startswith(wanted.casefold())


def _ends_with(text: str | None, wanted: str) -> bool:
    return text is not None and text.casefold().endswith(wanted.casefold())
