"""What happens to a message that comes in: it is classified, rules look at it, somebody may be answered.

A message that rules pass on says so in a header, and is not passed on again (Exchange Online allows one such
redirection); what is sent by itself says so too, and is not answered by itself: so nothing goes round for ever.
"""

import html
import json
from collections.abc import Iterable
from typing import Any

from postroom.tenant.directory import Directory, User
from postroom.tenant.mail import mime as mime_reader
from postroom.tenant.mail.automatic_replies import make_reply
from postroom.tenant.mail.bodies import body_as
from postroom.tenant.mail.compose import completed, compose
from postroom.tenant.mail.database import Row
from postroom.tenant.mail.entities import OVERRIDE, RULE
from postroom.tenant.mail.mime import MimeAttachment
from postroom.tenant.mail.records import body_columns
from postroom.tenant.mail.rule_predicates import LOOP_HEADER, Incoming
from postroom.tenant.mail.rules import Verdict, is_in_error, judge
from postroom.tenant.mail.store import MailStore

_Target = dict[str, Any]


def receive(store: MailStore, directory: Directory, user: User, raw: bytes) -> str | None:
    """Let a message come into a mailbox, received now; return its immutable id, or None where a rule drops it."""
    with store.batch():
        store.ensure_mailbox(user.username)
        mailbox = store.get_mailbox(user.username)
        parsed = mime_reader.parse(raw)
        incoming = Incoming(user.username.lower(), parsed, len(raw), importance=parsed.importance)
        rules = store.entities.all(mailbox["key"], RULE).values()
        verdict = judge(rules, incoming, lambda rule: is_in_error(rule, store.folders, mailbox))
        kept = _keep(store, mailbox, incoming, verdict, raw)
        if parsed.header(LOOP_HEADER) is None:
            for kind, targets in verdict.passed_on:
                passed = _passed_on(store, mailbox, user, incoming, raw, kind, targets)
                _post(store, directory, passed, (str(each["emailAddress"]["address"]) for each in targets))
        reply = make_reply(store, directory, mailbox, user, incoming)
        if reply is not None:
            _post(store, directory, reply[1], [reply[0]])
        return kept


def _post(store: MailStore, directory: Directory, raw: bytes, addresses: Iterable[str]) -> None:
    users = {user.id: user for address in addresses if (user := directory.find_user(address))}
    for user in users.values():
        receive(store, directory, user, raw)


def _keep(store: MailStore, mailbox: Row, incoming: Incoming, verdict: Verdict, raw: bytes) -> str | None:
    columns: dict[str, Any] = {
        "inference": _classify(store, mailbox, incoming),
        "is_read": int(verdict.is_read),
    }
    columns["categories"] = json.dumps(incoming.categories, ensure_ascii=False)
    if verdict.importance:
        columns["importance"] = verdict.importance
    columns |= {"created": store.now_text(), "received": store.now_text()}
    kept = []
    for name in [verdict.folder or "inbox", *verdict.copies] if verdict.is_kept else []:
        folder = store.folders.get(mailbox["key"], name)
        kept.append(str(store.add_parsed(mailbox, folder, raw, incoming.mime, columns)["immutable_id"]))
    return kept[0] if kept else None


def _classify(store: MailStore, mailbox: Row, incoming: Incoming) -> str:
    senders = {address.lower() for _, address in incoming.senders}
    for override in store.entities.all(mailbox["key"], OVERRIDE).values():
        if override["senderEmailAddress"]["address"].lower() in senders:
            return str(override["classifyAs"])
    return "focused"


def _passed_on(
    store: MailStore,
    mailbox: Row,
    user: User,
    incoming: Incoming,
    raw: bytes,
    kind: str,
    targets: list[_Target],
) -> bytes:
    """Write the message as it goes on: itself when redirected, else in a message of this mailbox."""
    mark = {LOOP_HEADER: user.username}
    if kind == "redirectTo":
        return completed(raw, {"Resent-From": user.username} | mark)
    subject = incoming.mime.subject
    columns: dict[str, Any] = {
        "from_name": user.display_name,
        "from_address": user.username,
        "to_people": json.dumps(targets, ensure_ascii=False),
        "subject": subject if subject.upper().startswith("FW:") else f"FW: {subject}",
        "sent": store.now_text(),
        "internet_message_id": store.new_message_id(mailbox),
        "importance": incoming.importance,
    }
    if kind == "forwardTo":
        made = compose(columns | body_columns("html", _quoted(incoming)), incoming.mime.attachments)
    else:
        inside = MimeAttachment("item", subject or "Message", "message/rfc822", raw)
        made = compose(columns | body_columns("text", ""), [inside])
    return completed(made, {"Auto-Submitted": "auto-generated"} | mark)


def _quoted(incoming: Incoming) -> str:
    lines = {
        "From": ", ".join(f"{name} <{address}>" for name, address in incoming.senders),
        "Sent": incoming.mime.header("Date") or "",
        "To": ", ".join(f"{name} <{address}>" for name, address in incoming.recipients),
        "Subject": incoming.mime.subject,
    }
    head = "<br>".join(f"<b>{name}:</b> {html.escape(value)}" for name, value in lines.items())
    body = body_as("html", incoming.mime.body_type, incoming.mime.body)
    return f"<html><body><hr><div>{head}</div><br>{body}</body></html>"
