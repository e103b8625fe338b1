"""Sending: a new message, an answer, a message passed on; each of them exactly once."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal

import msgspec

from postroom.actions import Label, action
from postroom.errors import SettingError
from postroom.graph.messages import AnswerKind, get_message
from postroom.graph.models import EmailAddress, Message
from postroom.outlook.connected import Connected
from postroom.outlook.delivery import Delivery
from postroom.outlook.given import (
    BODY_FORMATS,
    Addresses,
    Files,
    Messages,
    choose,
    list_message_ids,
    read_files,
    read_recipient,
    read_recipients,
)
from postroom.outlook.items import do_each
from postroom.outlook.once import Once, create_stamp, take_turn
from postroom.outlook.outgoing import Answer, Changes, NewMessage
from postroom.outlook.quoting import write_above

To = Annotated[
    Addresses, Label("To", "Addresses, several with ; between.", "adele@contoso.com", given_as=str)
]
Body = Annotated[str, Label("Body", "The text of the message.", "Received, thank you.")]
BodyFormat = Annotated[Literal["text", "html"], Label("Body format", "text or html.", "html")]
Attachments = Annotated[
    Files, Label("Attachments", "Files to attach, up to 150 MB each.", "report.pdf", given_as=list[str])
]
Cc = Annotated[Addresses, Label("Cc", "Who gets a copy; several with ; between.", given_as=str)]
Bcc = Annotated[Addresses, Label("Bcc", "Who gets a copy unseen; several with ; between.", given_as=str)]

IMPORTANCE = {"low": "low", "normal": "normal", "high": "high"}


class Sending(Connected):
    """The actions that send."""

    @action(title="Send", permissions=("Mail.ReadWrite", "Mail.Send"))
    def send(
        self,
        *,
        to: To,
        subject: Annotated[str, Label("Subject", "What it is about.", "Invoice 4711")] = "",
        body: Body = "",
        body_format: BodyFormat = "text",
        cc: Cc = "",
        bcc: Bcc = "",
        attachments: Attachments = (),
        importance: Annotated[
            Literal["low", "normal", "high"], Label("Importance", "low, normal or high.")
        ] = "normal",
        reply_to: Annotated[
            Addresses,
            Label(
                "Reply to", "Where answers go, if not to the sender; several with ; between.", given_as=str
            ),
        ] = "",
        sender: Annotated[
            str,
            Label("From", "Another address to send as or on behalf of; the mailbox's own where it is empty."),
        ] = "",
        once: Once = "",
    ) -> None:
        """Send a message exactly once, and keep a copy in Sent Items.

        Files and addresses are checked before anything is made; a draft that cannot be sent is taken away. With
        `once`, a script that died may simply be run again: what it sent under that name is not sent anew.

        Errors: SettingError, SourceFileError, AttachmentTooLargeError; PermissionMissingError where the mailbox may not
        send as another; OutcomeUnknownError where Graph does not say whether it was sent. Source: Create message,
        message: send.
        """
        content = {
            "subject": subject,
            "body": {"contentType": choose("Body format", body_format, BODY_FORMATS), "content": body},
            "importance": choose("Importance", importance, IMPORTANCE),
            **_read_people(to=to, cc=cc, bcc=bcc, replyTo=reply_to),
        }
        if named := read_recipient("From", sender):
            content["from"] = named
        if not any(content[kind] for kind in ("toRecipients", "ccRecipients", "bccRecipients")):
            raise SettingError("To is empty: a message needs at least one address.")
        files = read_files(attachments)
        # A run that is retried from an earlier step may send another message at this step: that one was not sent yet.
        item = "" if once.strip() else msgspec.json.encode(content).decode()
        stamp = create_stamp(self.address, "send", once, item)
        with take_turn(stamp, once):
            Delivery(self._graph, self._folders, NewMessage(content), stamp, files).deliver()

    @action(title="Reply", permissions=("Mail.ReadWrite", "Mail.Send"))
    def reply(
        self,
        messages: Messages,
        body: Body = "",
        *,
        body_format: BodyFormat = "text",
        cc: Cc = "",
        bcc: Bcc = "",
        attachments: Attachments = (),
        once: Once = "",
    ) -> None:
        """Answer the sender of one message, or of each of many, above the quoted text, exactly once.

        Errors: as `send`; ItemsError where some of many failed. Source: message: createReply, send.
        """
        complete = _create_completion(body, body_format, cc=cc, bcc=bcc)
        self._answer(AnswerKind.REPLY, "Answering", messages, complete, attachments, once)

    @action(title="Reply all", permissions=("Mail.ReadWrite", "Mail.Send"))
    def reply_all(
        self,
        messages: Messages,
        body: Body = "",
        *,
        body_format: BodyFormat = "text",
        cc: Cc = "",
        bcc: Bcc = "",
        attachments: Attachments = (),
        exclude_sender: Annotated[
            bool, Label("Exclude sender", "Answer all but the one whom the message is from.")
        ] = False,
        once: Once = "",
    ) -> None:
        """Answer everybody that one message, or each of many, is from or went to, exactly once.

        Errors: as `reply`. Source: message: createReplyAll, send.
        """
        complete = _create_completion(body, body_format, cc=cc, bcc=bcc)
        self._answer(
            AnswerKind.REPLY_ALL,
            "Answering all",
            messages,
            complete,
            attachments,
            once,
            exclude_sender=exclude_sender,
        )

    @action(title="Forward", permissions=("Mail.ReadWrite", "Mail.Send"))
    def forward(
        self,
        messages: Messages,
        body: Body = "",
        *,
        to: To,
        body_format: BodyFormat = "text",
        cc: Cc = "",
        bcc: Bcc = "",
        attachments: Attachments = (),
        once: Once = "",
    ) -> None:
        """Pass one message on, or each of many, with its attachments and the text above it, exactly once.

        Errors: as `reply`. Source: message: createForward, send.
        """
        complete = _create_completion(body, body_format, to=to, cc=cc, bcc=bcc)
        if not (read_recipients("To", to) or read_recipients("Cc", cc) or read_recipients("Bcc", bcc)):
            raise SettingError("To is empty: a message needs at least one address.")
        self._answer(AnswerKind.FORWARD, "Forwarding", messages, complete, attachments, once)

    def _answer(
        self,
        kind: AnswerKind,
        label: str,
        messages: Messages,
        complete: Callable[[Message], Changes],
        attachments: Files,
        once: str,
        *,
        exclude_sender: bool = False,
    ) -> None:
        files = read_files(attachments)

        def answer(message_id: str) -> None:
            def complete_one(draft: Message) -> Changes:
                changes = complete(draft)
                return {**changes, **self._exclude_sender(message_id, draft)} if exclude_sender else changes

            stamp = create_stamp(self.address, kind.value, once, message_id)
            outgoing = Answer(kind, message_id, complete_one)
            with take_turn(stamp, once):
                Delivery(self._graph, self._folders, outgoing, stamp, files).deliver()

        do_each(label, list_message_ids(messages), answer)

    def _exclude_sender(self, message_id: str, draft: Message) -> Changes:
        original = get_message(self._graph, message_id, None)
        senders = {(person.address or "").casefold() for person in (original.sender, *original.reply_to)}
        kept = [person for person in draft.to if (person.address or "").casefold() not in senders]
        return {"toRecipients": _write_recipients(kept)}


def _create_completion(
    body: str, body_format: str, *, to: Addresses = "", cc: Addresses = "", bcc: Addresses = ""
) -> Callable[[Message], Changes]:
    """What is written into Graph's draft of an answer: the text, and whom it goes to besides those whom Graph chose."""
    choose("Body format", body_format, BODY_FORMATS)
    added = _read_people(to=to, cc=cc, bcc=bcc)

    def complete(draft: Message) -> Changes:
        there = {"toRecipients": draft.to, "ccRecipients": draft.cc, "bccRecipients": draft.bcc}
        changes: dict[str, Any] = {
            kind: [*_write_recipients(there[kind]), *people] for kind, people in added.items() if people
        }
        return changes | ({"body": write_above(draft, body, body_format)} if body else {})

    return complete


def _read_people(**addresses: Addresses) -> dict[str, list[dict[str, Any]]]:
    """Recipients by Graph's name of their kind."""
    titles = {"to": "To", "cc": "Cc", "bcc": "Bcc", "replyTo": "Reply to"}
    return {
        kind if kind == "replyTo" else f"{kind}Recipients": read_recipients(titles[kind], given)
        for kind, given in addresses.items()
    }


def _write_recipients(people: Iterable[EmailAddress]) -> list[dict[str, Any]]:
    return [
        {"emailAddress": {"name": person.name or "", "address": person.address or ""}} for person in people
    ]
