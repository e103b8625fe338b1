"""Automatic replies: to whom a mailbox answers by itself, and with what.

[?] "contactsOnly" answers nobody outside, for the local tenant has no contacts; an empty text is not sent.
[?] Who wrote to a mailbox in blind copy is answered too.
"""

import json
import re
from typing import Any

from postroom.tenant.directory import Directory, User
from postroom.tenant.mail.bodies import html_fragment
from postroom.tenant.mail.compose import completed, compose, is_address
from postroom.tenant.mail.database import Row
from postroom.tenant.mail.entities import ANSWERED
from postroom.tenant.mail.mime import MimeMessage
from postroom.tenant.mail.records import body_columns, recipients_json
from postroom.tenant.mail.rule_predicates import Incoming
from postroom.tenant.mail.settings import REPLIES, Settings, are_replies_on, get_settings
from postroom.tenant.mail.store import MailStore

_BULK = frozenset({"bulk", "list", "junk", "auto_reply"})
_SUPPRESSED = re.compile(r"\b(all|oof|autoreply)\b")
# Addresses behind which nobody reads (RFC 3834 §2, RFC 5230 §4.6).
_NOBODY = re.compile(r"mailer-daemon|postmaster|no-?reply|do-?not-?reply|owner-.*|.*-(request|owner|relay)")
_TAGS = re.compile(r"<[a-z!/]", re.IGNORECASE)


def make_reply(
    store: MailStore, directory: Directory, mailbox: Row, user: User, incoming: Incoming
) -> tuple[str, bytes] | None:
    """Make the answer to a message, as the address it goes to and its MIME, or None; nobody is answered twice."""
    replies = get_settings(store, mailbox)[REPLIES]
    if not are_replies_on(replies, store.clock.now()) or _is_automatic(incoming.mime):
        return None
    sender = next((address.lower() for _, address in incoming.senders if is_address(address)), None)
    if sender is None or sender == incoming.address or _NOBODY.fullmatch(sender.partition("@")[0]):
        return None
    text = _text_for(replies, is_internal(directory, sender))
    if not text.strip() or store.entities.find(mailbox["key"], ANSWERED, sender) is not None:
        return None
    store.entities.put(mailbox["key"], ANSWERED, sender, {})
    return sender, _write(store, mailbox, user, incoming, text)


def is_internal(directory: Directory, address: str) -> bool:
    """Tell whether an address belongs to the organization."""
    is_ours = address.rpartition("@")[2].lower() == directory.domain.lower()
    return is_ours or directory.find_user(address) is not None


def _text_for(replies: Settings, internal: bool) -> str:
    if internal:
        return str(replies["internalReplyMessage"])
    return str(replies["externalReplyMessage"]) if replies["externalAudience"] == "all" else ""


def _is_automatic(mime: MimeMessage) -> bool:
    """Tell whether no person waits for an answer to this (RFC 3834 §2)."""
    values = {name.lower(): value.strip().lower() for name, value in mime.headers}
    return (
        values.get("auto-submitted", "no").partition(";")[0].strip() != "no"
        or values.get("precedence") in _BULK
        or values.get("return-path") == "<>"
        or _SUPPRESSED.search(values.get("x-auto-response-suppress", "")) is not None
        or any(name.startswith("list-") for name in values)
    )


def _write(store: MailStore, mailbox: Row, user: User, incoming: Incoming, text: str) -> bytes:
    answered = (incoming.mime.header("Message-ID") or "").strip()
    columns: dict[str, Any] = {
        "from_name": user.display_name,
        "from_address": user.username,
        "to_people": recipients_json(incoming.senders[:1]),
        "subject": f"Automatic reply: {incoming.mime.subject}",
        "sent": store.now_text(),
        "internet_message_id": store.new_message_id(mailbox),
        "thread": json.dumps([*incoming.mime.thread, answered] if answered else []),
    }
    markup = text if _TAGS.search(text) else f"<html><body>{html_fragment(text)}</body></html>"
    headers = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}
    made = compose(columns | body_columns("html", markup), [])
    return completed(made, headers)
