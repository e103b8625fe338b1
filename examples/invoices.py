"""Work through the unread invoices of a mailbox: save their attachments, answer, file them.

Usage: python examples/invoices.py [FOLDER]. The attachments go to FOLDER, or else to `invoices`. The cloud is Azure
Global, unless the environment variable POSTROOM_CLOUD names the other one.
"""

import os
import sys

from postroom import Credential, outlook

folder = sys.argv[1] if len(sys.argv) > 1 else "invoices"

with outlook.connect(
    cloud=os.environ.get("POSTROOM_CLOUD", "Azure Global"),
    authentication=outlook.ClientCredentials(
        client_id=Credential("azure", "client_id"),
        tenant_id=Credential("azure", "tenant_id"),
        client_secret=Credential("azure", "client_secret"),
        username=Credential("azure", "username"),
    ),
) as mailbox:
    mailbox.create_folder("Inbox/Processed")
    print(f"Connected to {mailbox.address}.", flush=True)
    for message in mailbox.messages("Inbox", status="unread", subject="invoice"):
        print(f"{message.sender.name}, {message.subject}: ", end="", flush=True)
        files = mailbox.save_attachments(message, to=folder)
        print(f"{len(files)} saved", end="", flush=True)
        mailbox.reply(message, "Received, thank you.")
        print(", answered", end="", flush=True)
        mailbox.move(message, to="Inbox/Processed")
        print(", moved", flush=True)
