"""Delivery between the mailboxes of one cloud: what is sent arrives once in each inbox that the directory knows."""

import json

from postroom.tenant.directory import Directory
from postroom.tenant.mail.arrival import receive
from postroom.tenant.mail.compose import completed, has_header, mime_of, without_bcc
from postroom.tenant.mail.database import Row
from postroom.tenant.mail.records import moment
from postroom.tenant.mail.store import MailStore

_PEOPLE = ("to_people", "cc_people", "bcc_people")


def recipients_of(message: Row) -> list[str]:
    """Return the addresses a message goes to, each once, in whatever case it is written first."""
    found: dict[str, str] = {}
    for column in _PEOPLE:
        for person in json.loads(message[column]):
            address = str(person["emailAddress"]["address"]).strip()
            found.setdefault(address.lower(), address)
    return list(found.values())


def send(store: MailStore, directory: Directory, mailbox: Row, message: Row, *, is_saved: bool) -> None:
    """Deliver a draft and move it to Sent Items, or drop it where it is not to be saved.

    Addresses outside the directory are accepted and lead nowhere.
    """
    with store.batch():
        message = store.messages.update(message, {"sent": moment(store.clock.now())})
        raw = _outgoing(store, message)
        users = {
            user.id: user for address in recipients_of(message) if (user := directory.find_user(address))
        }
        for user in users.values():
            receive(store, directory, user, without_bcc(raw))
        if is_saved:
            _keep(store, mailbox, message, raw)
        else:
            store.messages.erase(message)


def _outgoing(store: MailStore, message: Row) -> bytes:
    """Return what goes out: composed, or the client's own MIME with what it lacks put before it."""
    if message["mime_hash"] is None:
        return mime_of(store, message)
    raw = store.blobs.read(message["mime_hash"])
    people = {
        name: f"{message[f'{prefix}_name']} <{message[f'{prefix}_address']}>"
        for name, prefix in (("From", "from"), ("Sender", "sender"))
    }
    if people["Sender"] == people["From"]:
        del people["Sender"]
    wanted = people | {"Message-ID": message["internet_message_id"], "Date": message["sent"]}
    missing = {name: value for name, value in wanted.items() if not has_header(raw, name)}
    return completed(raw, missing) if missing else raw


def _keep(store: MailStore, mailbox: Row, message: Row, raw: bytes) -> None:
    sent_items = store.folders.get(mailbox["key"], "sentitems")
    columns = {"is_draft": 0, "is_read": 1, "received": message["sent"], "mime_hash": store.blobs.add(raw)}
    store.messages.move(mailbox, store.messages.update(message, columns), sent_items)
