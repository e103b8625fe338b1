"""What Graph sends and takes, as frozen data.

Names on the wire are Microsoft's (microsoft.graph.message and its kin, v1.0); names in Python are short.
"""

from datetime import datetime
from typing import Generic, TypeVar

from msgspec import Struct, field

from postroom.errors import PropertyNotLoadedError

T = TypeVar("T")


class EmailAddress(Struct, frozen=True, gc=False):
    """A name and an address; either may be empty on broken mail."""

    name: str | None = None
    address: str | None = None

    def __str__(self) -> str:
        if self.name and self.address and self.name != self.address:
            return f"{self.name} <{self.address}>"
        return self.address or self.name or ""


class Recipient(Struct, frozen=True, gc=False, rename="camel"):
    """The envelope that Graph puts around an address."""

    email_address: EmailAddress = EmailAddress()


class ItemBody(Struct, frozen=True, gc=False, rename="camel"):
    """The text of a message: `content_type` is "html" or "text"."""

    content_type: str = "text"
    content: str = ""


class Message(Struct, frozen=True, gc=False):
    """A message, as data. What can be done to it is done by the `Mailbox`.

    `received` and `sent` are in UTC. `sender` is who it is from; `to`, `cc`, `bcc` and `reply_to` are
    addresses. `body` is there when the message was asked for with its body.
    """

    id: str
    received: datetime | None = field(name="receivedDateTime", default=None)
    sent: datetime | None = field(name="sentDateTime", default=None)
    is_read: bool = field(name="isRead", default=False)
    is_draft: bool = field(name="isDraft", default=False)
    has_attachments: bool = field(name="hasAttachments", default=False)
    importance: str = "normal"
    categories: tuple[str, ...] = ()
    conversation_id: str | None = field(name="conversationId", default=None)
    internet_message_id: str | None = field(name="internetMessageId", default=None)
    parent_folder_id: str | None = field(name="parentFolderId", default=None)
    web_link: str | None = field(name="webLink", default=None)
    wire_subject: str | None = field(name="subject", default=None)
    wire_preview: str | None = field(name="bodyPreview", default=None)
    wire_from: Recipient | None = field(name="from", default=None)
    wire_to: tuple[Recipient, ...] = field(name="toRecipients", default=())
    wire_cc: tuple[Recipient, ...] = field(name="ccRecipients", default=())
    wire_bcc: tuple[Recipient, ...] = field(name="bccRecipients", default=())
    wire_reply_to: tuple[Recipient, ...] = field(name="replyTo", default=())
    wire_body: ItemBody | None = field(name="body", default=None)

    @property
    def subject(self) -> str:
        """The subject; empty where there is none."""
        return self.wire_subject or ""

    @property
    def preview(self) -> str:
        """The first 255 characters of the body, as text."""
        return self.wire_preview or ""

    @property
    def sender(self) -> EmailAddress:
        """Who the message is from; a draft or broken mail may have nobody."""
        return self.wire_from.email_address if self.wire_from else EmailAddress()

    @property
    def to(self) -> tuple[EmailAddress, ...]:
        """Who the message is to."""
        return _open_envelopes(self.wire_to)

    @property
    def cc(self) -> tuple[EmailAddress, ...]:
        """Who gets a copy."""
        return _open_envelopes(self.wire_cc)

    @property
    def bcc(self) -> tuple[EmailAddress, ...]:
        """Who gets a copy unseen; only the sender's own copy tells."""
        return _open_envelopes(self.wire_bcc)

    @property
    def reply_to(self) -> tuple[EmailAddress, ...]:
        """Where an answer goes, where that is not the sender."""
        return _open_envelopes(self.wire_reply_to)

    @property
    def body(self) -> str:
        """The body, as HTML or text (`body_format` says which).

        Errors: PropertyNotLoadedError where the message was listed without its body.
        """
        return self._get_body().content

    @property
    def body_format(self) -> str:
        """"html" or "text". Errors: as `body`."""  # fmt: skip
        return self._get_body().content_type

    def _get_body(self) -> ItemBody:
        if self.wire_body is None:
            raise PropertyNotLoadedError(
                f"The message “{self.subject}” was listed without its body, which keeps lists fast. Ask for it: "
                'mailbox.messages(..., body="text") or mailbox.message(message, body="html").'
            )
        return self.wire_body


class MailFolder(Struct, frozen=True, gc=False, rename="camel"):
    """A folder of a mailbox, with how many messages lie in it."""

    id: str
    display_name: str = ""
    parent_folder_id: str | None = None
    child_folder_count: int = 0
    total_item_count: int = 0
    unread_item_count: int = 0


class Attachment(Struct, frozen=True, gc=False):
    """An attachment of a message, without its content; `size` is in bytes as the service counts them."""

    id: str
    kind: str = field(name="@odata.type", default="#microsoft.graph.fileAttachment")
    name: str | None = None
    content_type: str | None = field(name="contentType", default=None)
    size: int = 0
    is_inline: bool = field(name="isInline", default=False)
    source_url: str | None = field(name="sourceUrl", default=None)

    @property
    def is_item(self) -> bool:
        """Whether it is a message, event or contact that was attached as such."""
        return self.kind.endswith("itemAttachment")

    @property
    def is_reference(self) -> bool:
        """Whether it is a link to a file that lies elsewhere."""
        return self.kind.endswith("referenceAttachment")


class Page(Struct, Generic[T], frozen=True):
    """One page of a collection."""

    value: list[T]
    next_link: str | None = field(name="@odata.nextLink", default=None)
    delta_link: str | None = field(name="@odata.deltaLink", default=None)
    """Where the changes after these are asked for; only at the end of a delta query."""


def _open_envelopes(recipients: tuple[Recipient, ...]) -> tuple[EmailAddress, ...]:
    return tuple(recipient.email_address for recipient in recipients)
