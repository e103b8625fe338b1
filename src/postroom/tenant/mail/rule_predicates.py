"""What conditions and exceptions of a rule say of a message that comes in.

[?] A predicate that is false says nothing, as if it were not there: Exchange has no rules for what a message is not.
[?] By which headers and parts Exchange knows receipts, reports, voicemail and protected mail.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from postroom.tenant.mail.bodies import text_of_html
from postroom.tenant.mail.meetings import REQUEST, RESPONSES, message_class
from postroom.tenant.mail.mime import MimeMessage

LOOP_HEADER = "X-MS-Exchange-Inbox-Rules-Loop"
_SENSITIVITIES = {"personal": "personal", "private": "private", "company-confidential": "confidential"}
_FLAG_WORDS = {"foryourinformation": "fyi", "donotforward": "donotforward"}
_NO_LETTER = re.compile(r"[^a-z]")


@dataclass(slots=True)
class Incoming:
    """A message on its way into a mailbox, with what the rules before have made of it."""

    address: str
    mime: MimeMessage
    size: int
    importance: str = "normal"
    categories: list[str] = field(default_factory=list)

    @property
    def content_type(self) -> str:
        return (self.mime.header("Content-Type") or "").lower()

    @property
    def body_text(self) -> str:
        body = self.mime.body
        return text_of_html(body) if self.mime.body_type == "html" else body

    @property
    def senders(self) -> list[tuple[str, str]]:
        """Who the message is from, as (name, address)."""
        return self.mime.people("From") or self.mime.people("Sender")

    @property
    def recipients(self) -> list[tuple[str, str]]:
        """Who the message names as recipients, as (name, address)."""
        return self.mime.people("To") + self.mime.people("Cc")

    def is_in(self, header: str) -> bool:
        """Tell whether this header names the mailbox."""
        return self.address in _addresses(self.mime.people(header))


def holds(predicates: Mapping[str, Any], incoming: Incoming) -> bool:
    """Tell whether a message meets all of these predicates."""
    return all(_is_met(name, value, incoming) for name, value in predicates.items())


def any_holds(predicates: Mapping[str, Any], incoming: Incoming) -> bool:
    """Tell whether a message meets one of these predicates, as exceptions are read."""
    return any(_is_met(name, value, incoming) for name, value in predicates.items() if value)


def _is_met(name: str, value: Any, incoming: Incoming) -> bool:
    if name in _TRUTHS:
        return value is not True or _TRUTHS[name](incoming)
    return _MATCHES[name](value, incoming)


def _contains(text: str, wanted: list[str]) -> bool:
    folded = text.casefold()
    return any(word.casefold() in folded for word in wanted)


def _names(people: list[tuple[str, str]]) -> str:
    return "\n".join(f"{name} <{address}>" for name, address in people)


def _addresses(people: list[tuple[str, str]]) -> set[str]:
    return {address.lower() for _, address in people}


def _wanted_addresses(recipients: list[dict[str, Any]]) -> set[str]:
    return {str(person["emailAddress"]["address"]).lower() for person in recipients}


def _headers(incoming: Incoming) -> str:
    return "\n".join(f"{name}: {value}" for name, value in incoming.mime.headers)


def _is_within(limits: Mapping[str, int], incoming: Incoming) -> bool:
    kilobytes = incoming.size / 1024
    return limits.get("minimumSize", 0) <= kilobytes <= (limits.get("maximumSize") or float("inf"))


def _sensitivity(incoming: Incoming) -> str:
    return _SENSITIVITIES.get((incoming.mime.header("Sensitivity") or "").strip().lower(), "normal")


def _is_flagged(wanted: str, incoming: Incoming) -> bool:
    word = _NO_LETTER.sub("", (incoming.mime.header("X-Message-Flag") or "").lower())
    return bool(word) if wanted == "any" else _FLAG_WORDS.get(word, word) == wanted.lower()


_MATCHES: dict[str, Callable[[Any, Incoming], bool]] = {
    "bodyContains": lambda wanted, incoming: _contains(incoming.body_text, wanted),
    "bodyOrSubjectContains": lambda wanted, incoming: _contains(
        f"{incoming.mime.subject}\n{incoming.body_text}", wanted
    ),
    "categories": lambda wanted, incoming: any(_contains(each, wanted) for each in incoming.categories),
    "fromAddresses": lambda wanted, incoming: (
        not _wanted_addresses(wanted).isdisjoint(_addresses(incoming.senders))
    ),
    "headerContains": lambda wanted, incoming: _contains(_headers(incoming), wanted),
    "importance": lambda wanted, incoming: incoming.importance == wanted,
    "messageActionFlag": _is_flagged,
    "recipientContains": lambda wanted, incoming: _contains(_names(incoming.recipients), wanted),
    "senderContains": lambda wanted, incoming: _contains(_names(incoming.senders), wanted),
    "sensitivity": lambda wanted, incoming: _sensitivity(incoming) == wanted,
    "sentToAddresses": lambda wanted, incoming: (
        not _wanted_addresses(wanted).isdisjoint(_addresses(incoming.recipients))
    ),
    "subjectContains": lambda wanted, incoming: _contains(incoming.mime.subject, wanted),
    "withinSizeRange": _is_within,
}


def _has_report(kind: str) -> Callable[[Incoming], bool]:
    return lambda incoming: "multipart/report" in incoming.content_type and kind in incoming.content_type


def _is_of_class(classes: Collection[str]) -> Callable[[Incoming], bool]:
    return lambda incoming: message_class(incoming.mime.calendar) in classes


def _has_class(word: str) -> Callable[[Incoming], bool]:
    return lambda incoming: word in (incoming.mime.header("Content-Class") or "").lower()


def _is_automatic_reply(incoming: Incoming) -> bool:
    return (incoming.mime.header("Auto-Submitted") or "").lower().startswith("auto-replied")


def _is_sent_only_to_me(incoming: Incoming) -> bool:
    return _addresses(incoming.recipients) == {incoming.address}


def _is_protected(incoming: Incoming) -> bool:
    return any(each.name.lower() == "message.rpmsg" for each in incoming.mime.attachments)


def _is_signed(incoming: Incoming) -> bool:
    return "multipart/signed" in incoming.content_type or "smime-type=signed" in incoming.content_type


_TRUTHS: dict[str, Callable[[Incoming], bool]] = {
    "hasAttachments": lambda incoming: any(not each.is_inline for each in incoming.mime.attachments),
    "isApprovalRequest": _has_class("approval"),
    "isAutomaticForward": lambda incoming: incoming.mime.header(LOOP_HEADER) is not None,
    "isAutomaticReply": _is_automatic_reply,
    "isEncrypted": lambda incoming: "smime-type=enveloped" in incoming.content_type,
    "isMeetingRequest": _is_of_class({REQUEST}),
    "isMeetingResponse": _is_of_class(RESPONSES),
    "isNonDeliveryReport": _has_report("delivery-status"),
    "isPermissionControlled": _is_protected,
    "isReadReceipt": _has_report("disposition-notification"),
    "isSigned": _is_signed,
    "isVoicemail": _has_class("voice"),
    "notSentToMe": lambda incoming: not incoming.is_in("To"),
    "sentCcMe": lambda incoming: incoming.is_in("Cc"),
    "sentOnlyToMe": _is_sent_only_to_me,
    "sentToMe": lambda incoming: incoming.is_in("To"),
    "sentToOrCcMe": lambda incoming: incoming.is_in("To") or incoming.is_in("Cc"),
}
