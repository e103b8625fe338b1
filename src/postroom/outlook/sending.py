"""Sending: a new message, an answer. Each is made as a draft and then sent by its id, so never twice."""

import html
import re
from contextlib import suppress
from typing import Annotated, Any, Literal

from postroom.actions import Label, action
from postroom.errors import OutcomeUnknownError, PostroomError, SettingError
from postroom.graph.attachments import add_file_attachment
from postroom.graph.messages import create_draft, create_reply, delete_draft, send_draft, update_message
from postroom.graph.models import Message
from postroom.outlook.connected import Connected
from postroom.outlook.given import (
    BODY_FORMATS,
    Addresses,
    Files,
    Messages,
    SourceFile,
    choose,
    list_message_ids,
    read_files,
    read_recipients,
)
from postroom.outlook.items import do_each

Body = Annotated[str, Label("Body", "The text of the message.", "Received, thank you.")]
BodyFormat = Annotated[Literal["text", "html"], Label("Body format", "text or html.", "html")]
Attachments = Annotated[
    Files, Label("Attachments", "Files to attach, each under 3 MB.", "report.pdf", given_as=list[str])
]
Cc = Annotated[Addresses, Label("Cc", "Who gets a copy; several with ; between.", given_as=str)]
Bcc = Annotated[Addresses, Label("Bcc", "Who gets a copy unseen; several with ; between.", given_as=str)]


class Sending(Connected):
    """The actions that send."""

    @action(title="Send", permissions=("Mail.ReadWrite", "Mail.Send"))
    def send(
        self,
        *,
        to: Annotated[
            Addresses, Label("To", "Addresses, several with ; between.", "adele@contoso.com", given_as=str)
        ],
        subject: Annotated[str, Label("Subject", "What it is about.", "Invoice 4711")] = "",
        body: Body = "",
        body_format: BodyFormat = "text",
        cc: Cc = "",
        bcc: Bcc = "",
        attachments: Attachments = (),
    ) -> None:
        """Send a message once, and keep a copy in Sent Items.

        Files and addresses are checked before anything is made; a draft that cannot be sent is taken away.

        Errors: SettingError, SourceFileError, AttachmentTooLargeError; OutcomeUnknownError where Graph does
        not say whether it was sent. Source: Create message, message: send.
        """
        draft = {
            "subject": subject,
            "body": {"contentType": choose("Body format", body_format, BODY_FORMATS), "content": body},
            "toRecipients": read_recipients("To", to),
            "ccRecipients": read_recipients("Cc", cc),
            "bccRecipients": read_recipients("Bcc", bcc),
        }
        if not any(draft[kind] for kind in ("toRecipients", "ccRecipients", "bccRecipients")):
            raise SettingError("To is empty: a message needs at least one address.")
        files = read_files(attachments)
        self._complete(create_draft(self._graph, draft), {}, files)

    @action(title="Reply", permissions=("Mail.ReadWrite", "Mail.Send"))
    def reply(
        self,
        messages: Messages,
        body: Body = "",
        *,
        body_format: BodyFormat = "text",
        attachments: Attachments = (),
    ) -> None:
        """Answer the sender of one message, or of each of many, above the quoted text.

        Errors: as `send`; ItemsError where some of many failed. Source: message: createReply, send.
        """
        choose("Body format", body_format, BODY_FORMATS)
        files = read_files(attachments)
        do_each(
            "Answering",
            list_message_ids(messages),
            lambda message_id: self._reply_to(message_id, body, body_format, files),
        )

    def _reply_to(self, message_id: str, body: str, body_format: str, files: list[SourceFile]) -> None:
        draft = create_reply(self._graph, message_id)
        self._complete(draft, {"body": _write_above(draft, body, body_format)} if body else {}, files)

    def _complete(self, draft: Message, changes: dict[str, Any], files: list[SourceFile]) -> None:
        """Finish a draft and send it; where it cannot be finished, take it away."""
        try:
            if changes:
                update_message(self._graph, draft.id, changes)
            for file in files:
                add_file_attachment(self._graph, draft.id, file.name, file.content_type, file.content)
            send_draft(self._graph, draft.id)
        except OutcomeUnknownError:
            raise
        except PostroomError:
            with suppress(PostroomError):
                delete_draft(self._graph, draft.id)
            raise


def _write_above(draft: Message, body: str, body_format: str) -> dict[str, str]:
    """The body of an answer: the new text, and below it what Graph quoted."""
    if draft.body_format == "text" and body_format == "text":
        return {"contentType": "text", "content": f"{body}\n\n{draft.body}"}
    new = body if body_format == "html" else _write_html(body)
    quoted = draft.body if draft.body_format == "html" else _write_html(draft.body)
    start = re.search(r"<body[^>]*>", quoted, re.IGNORECASE)
    at = start.end() if start else 0
    return {"contentType": "html", "content": f"{quoted[:at]}<div>{new}</div><br>{quoted[at:]}"}


def _write_html(text: str) -> str:
    return html.escape(text).replace("\r\n", "\n").replace("\n", "<br>")
