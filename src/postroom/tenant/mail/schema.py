"""The tables of the mail store, and the folders that every mailbox has from the start."""

from dataclasses import dataclass

TABLES = """
CREATE TABLE IF NOT EXISTS mailboxes (
    key INTEGER PRIMARY KEY,
    address TEXT NOT NULL UNIQUE,
    guid TEXT NOT NULL,
    forgotten INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS folders (
    key INTEGER PRIMARY KEY,
    mailbox INTEGER NOT NULL,
    parent INTEGER,
    folder_id TEXT NOT NULL UNIQUE,
    parent_id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    well_known TEXT,
    hidden INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    unread INTEGER NOT NULL DEFAULT 0,
    source_folders TEXT,
    nested INTEGER NOT NULL DEFAULT 0,
    filter_query TEXT,
    properties TEXT NOT NULL DEFAULT '{}',
    arrived INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS folders_by_parent ON folders (mailbox, parent);
CREATE INDEX IF NOT EXISTS folders_by_name ON folders (mailbox, well_known);
CREATE TABLE IF NOT EXISTS messages (
    key INTEGER PRIMARY KEY,
    mailbox INTEGER NOT NULL,
    folder INTEGER NOT NULL,
    folder_id TEXT NOT NULL,
    item_id TEXT NOT NULL UNIQUE,
    immutable_id TEXT NOT NULL UNIQUE,
    change INTEGER NOT NULL DEFAULT 1,
    arrived INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    received TEXT NOT NULL,
    sent TEXT NOT NULL,
    is_read INTEGER NOT NULL DEFAULT 0,
    is_draft INTEGER NOT NULL DEFAULT 0,
    has_attachments INTEGER NOT NULL DEFAULT 0,
    delivery_receipt INTEGER NOT NULL DEFAULT 0,
    read_receipt INTEGER NOT NULL DEFAULT 0,
    importance TEXT NOT NULL DEFAULT 'normal',
    inference TEXT NOT NULL DEFAULT 'focused',
    subject TEXT NOT NULL DEFAULT '',
    message_class TEXT NOT NULL DEFAULT 'IPM.Note',
    from_name TEXT, from_address TEXT,
    sender_name TEXT, sender_address TEXT,
    to_people TEXT NOT NULL DEFAULT '[]',
    cc_people TEXT NOT NULL DEFAULT '[]',
    bcc_people TEXT NOT NULL DEFAULT '[]',
    reply_to_people TEXT NOT NULL DEFAULT '[]',
    internet_message_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    conversation_index TEXT NOT NULL,
    categories TEXT NOT NULL DEFAULT '[]',
    flag TEXT NOT NULL DEFAULT '{"flagStatus":"notFlagged"}',
    thread TEXT NOT NULL DEFAULT '[]',
    mime_hash TEXT,
    preview TEXT NOT NULL DEFAULT '',
    body_type TEXT NOT NULL DEFAULT 'text',
    body_is_unsafe INTEGER NOT NULL DEFAULT 0,
    headers TEXT NOT NULL DEFAULT '[]',
    body TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS messages_by_folder ON messages (folder, received, key, is_read);
CREATE INDEX IF NOT EXISTS messages_by_mailbox ON messages (mailbox, received, key, folder, is_read);
CREATE INDEX IF NOT EXISTS messages_by_change ON messages (folder, changed);
CREATE INDEX IF NOT EXISTS messages_by_internet_message_id ON messages (internet_message_id, received, key);
CREATE INDEX IF NOT EXISTS messages_by_conversation ON messages (conversation_id, received, key);
CREATE TABLE IF NOT EXISTS attachments (
    key INTEGER PRIMARY KEY,
    message INTEGER NOT NULL REFERENCES messages (key),
    attachment_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT,
    size INTEGER NOT NULL,
    is_inline INTEGER NOT NULL DEFAULT 0,
    content_id TEXT,
    content_location TEXT,
    source_url TEXT,
    modified TEXT NOT NULL,
    content_hash TEXT
);
CREATE INDEX IF NOT EXISTS attachments_by_message ON attachments (message);
CREATE TRIGGER IF NOT EXISTS message_added AFTER INSERT ON messages BEGIN
    UPDATE folders SET total = total + 1, unread = unread + 1 - NEW.is_read WHERE key = NEW.folder;
END;
CREATE TRIGGER IF NOT EXISTS message_removed AFTER DELETE ON messages BEGIN
    UPDATE folders SET total = total - 1, unread = unread - 1 + OLD.is_read WHERE key = OLD.folder;
END;
CREATE TRIGGER IF NOT EXISTS message_changed AFTER UPDATE OF folder, is_read ON messages BEGIN
    UPDATE folders SET total = total - 1, unread = unread - 1 + OLD.is_read WHERE key = OLD.folder;
    UPDATE folders SET total = total + 1, unread = unread + 1 - NEW.is_read WHERE key = NEW.folder;
END;
CREATE TABLE IF NOT EXISTS extended_properties (
    key INTEGER PRIMARY KEY,
    message INTEGER NOT NULL,
    property TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (message, property)
);
CREATE INDEX IF NOT EXISTS extended_properties_by_value ON extended_properties (property, value);
CREATE TABLE IF NOT EXISTS open_extensions (
    key INTEGER PRIMARY KEY,
    message INTEGER NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    content TEXT NOT NULL,
    UNIQUE (message, name)
);
CREATE INDEX IF NOT EXISTS open_extensions_by_name ON open_extensions (name);
CREATE TRIGGER IF NOT EXISTS additions_removed AFTER DELETE ON messages BEGIN
    DELETE FROM extended_properties WHERE message = OLD.key;
    DELETE FROM open_extensions WHERE message = OLD.key;
END;
CREATE TABLE IF NOT EXISTS epochs (
    key INTEGER PRIMARY KEY,
    epoch TEXT NOT NULL UNIQUE,
    number INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS departures (
    number INTEGER PRIMARY KEY,
    mailbox INTEGER NOT NULL,
    folder INTEGER NOT NULL,
    subject TEXT NOT NULL,
    key INTEGER NOT NULL,
    item_id TEXT NOT NULL,
    immutable_id TEXT NOT NULL,
    arrived INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS departures_by_folder ON departures (folder, subject, number);
CREATE INDEX IF NOT EXISTS departures_of_folders ON departures (mailbox, number) WHERE subject = 'folder';
CREATE TABLE IF NOT EXISTS entities (
    key INTEGER PRIMARY KEY,
    mailbox INTEGER NOT NULL,
    kind TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (mailbox, kind, entity_id)
);
CREATE TABLE IF NOT EXISTS subscriptions (
    key INTEGER PRIMARY KEY,
    subscription_id TEXT NOT NULL UNIQUE,
    mailbox INTEGER NOT NULL,
    folder INTEGER,
    condition TEXT,
    expires TEXT NOT NULL,
    content TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS subscriptions_by_mailbox ON subscriptions (mailbox);
CREATE TABLE IF NOT EXISTS watched_messages (
    subscription INTEGER NOT NULL,
    message INTEGER NOT NULL,
    PRIMARY KEY (subscription, message)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notifications (
    key INTEGER PRIMARY KEY,
    address TEXT NOT NULL,
    content TEXT NOT NULL,
    noted REAL NOT NULL,
    due REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS ingested_files (path TEXT PRIMARY KEY) WITHOUT ROWID;
"""
NAMES = (
    "mailboxes",
    "folders",
    "messages",
    "attachments",
    "extended_properties",
    "open_extensions",
    "epochs",
    "departures",
    "entities",
    "subscriptions",
    "watched_messages",
    "notifications",
    "ingested_files",
)


@dataclass(frozen=True, slots=True)
class WellKnown:
    """A folder that every mailbox has: its name in Graph, what people see, where it lies."""

    name: str
    display_name: str
    parent: str | None = "msgfolderroot"
    hidden: bool = False


# [?] The well-known folders, their names and which are hidden follow an English Exchange Online mailbox.
WELL_KNOWN_FOLDERS = (
    WellKnown("root", "Root", None, hidden=True),
    WellKnown("msgfolderroot", "Top of Information Store", "root"),
    WellKnown("archive", "Archive"),
    WellKnown("conversationhistory", "Conversation History"),
    WellKnown("deleteditems", "Deleted Items"),
    WellKnown("drafts", "Drafts"),
    WellKnown("inbox", "Inbox"),
    WellKnown("junkemail", "Junk Email"),
    WellKnown("outbox", "Outbox"),
    WellKnown("sentitems", "Sent Items"),
    WellKnown("scheduled", "Scheduled", hidden=True),
    WellKnown("syncissues", "Sync Issues", hidden=True),
    WellKnown("conflicts", "Conflicts", "syncissues", hidden=True),
    WellKnown("localfailures", "Local Failures", "syncissues", hidden=True),
    WellKnown("serverfailures", "Server Failures", "syncissues", hidden=True),
    WellKnown("recoverableitemsdeletions", "Deletions", "root", hidden=True),
    WellKnown("searchfolders", "Finder", "root", hidden=True),
    # [?] Clutter is switched off: its folder is found by its well-known name alone, and people may make one.
    WellKnown("clutter", "Clutter", "root", hidden=True),
)
