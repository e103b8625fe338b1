"""Mail to test with, made on the spot."""

from collections.abc import Mapping
from email.message import EmailMessage


def make_mail(
    subject: str = "Invoice 1",
    sender: str = "adele@contoso.com",
    to: str = "ap@contoso.com",
    body: str = "Please find it attached.",
    attachments: Mapping[str, bytes] | None = None,
) -> bytes:
    """A MIME message with these file attachments."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message.set_content(body)
    for name, content in (attachments or {}).items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()
