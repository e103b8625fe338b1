"""Mail as a test gives it and looks at it: a message to deliver, and a mailbox as data to assert on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from mimetypes import guess_type


@dataclass(frozen=True)
class TenantAttachment:
    """An attachment of a message; the content of an attached message is its MIME."""

    name: str
    """The file name."""
    content_type: str | None
    """Such as `application/pdf`."""
    content: bytes = field(repr=False)
    """The bytes of a file, the MIME of an attached message, nothing of a link."""


@dataclass(frozen=True)
class TenantMessage:
    """A message of a mailbox as it is at the moment; people are their addresses."""

    id: str
    """The immutable id."""
    folder: str
    """The path of its folder, such as `Inbox/Processed`."""
    subject: str
    """The subject."""
    sender: str | None
    """The address that it is from."""
    to: tuple[str, ...]
    """Whom it is to."""
    cc: tuple[str, ...]
    """Who gets a copy."""
    bcc: tuple[str, ...]
    """Who gets a hidden copy."""
    body_type: str
    """`text` or `html`."""
    body: str = field(repr=False)
    """The body."""
    received: datetime = field(repr=False)
    """When it was received, by the clock of the tenant."""
    is_read: bool
    """Whether it counts as read."""
    is_draft: bool
    """Whether it is a draft."""
    categories: tuple[str, ...] = ()
    """The names of its categories."""
    attachments: tuple[TenantAttachment, ...] = ()
    """Its attachments, those shown in the body too."""


@dataclass(frozen=True)
class TenantMailbox:
    """A mailbox as it was when it was asked for: its messages, newest first, and how many each folder has."""

    address: str
    """Whose mailbox it is."""
    messages: tuple[TenantMessage, ...]
    """All messages, newest first."""
    folders: dict[str, dict[str, int]]
    """Total and unread of each folder, by path."""

    def list(self, folder: str) -> tuple[TenantMessage, ...]:
        """List the messages of a folder, by its path such as `Inbox/Processed`, newest first.

        KeyError where the mailbox has no such folder, so that a slip of the pen is no empty folder.
        """
        if folder not in self.folders:
            raise KeyError(f"{self.address} has no folder {folder!r}. It has: {', '.join(self.folders)}.")
        return tuple(message for message in self.messages if message.folder == folder)

    @property
    def inbox(self) -> tuple[TenantMessage, ...]:
        """The messages of the Inbox, newest first."""
        return self.list("Inbox")

    @property
    def sent(self) -> tuple[TenantMessage, ...]:
        """The messages of Sent Items, newest first."""
        return self.list("Sent Items")


def make_mime(
    to: str,
    *,
    subject: str = "",
    text: str = "",
    html: str | None = None,
    sender: str = "someone@example.com",
    attachments: Mapping[str, bytes] | None = None,
) -> bytes:
    """Make a MIME message, with attachments by file name."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    for name, content in (attachments or {}).items():
        kind, _, subtype = (guess_type(name)[0] or "application/octet-stream").partition("/")
        message.add_attachment(content, maintype=kind, subtype=subtype, filename=name)
    return message.as_bytes()
