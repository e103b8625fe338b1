"""Saving: attachments and whole messages, to files."""

from pathlib import Path
from typing import Annotated

from postroom.actions import Label, action, track
from postroom.actions.once import find_once_key
from postroom.graph.messages import get_message
from postroom.graph.models import Message
from postroom.outlook.connected import Connected
from postroom.outlook.downloads import AttachmentDownloads, save_message
from postroom.outlook.files import TargetFolder, make_safe_name
from postroom.outlook.given import Messages, each_message, get_message_id
from postroom.outlook.items import do_each

LocalFolder = Annotated[
    str | Path, Label("To", "A folder on this machine; made if it is not there.", "invoices", given_as=Path)
]
Overwrite = Annotated[
    bool, Label("Overwrite", "Replace files of an earlier time; else a taken name becomes “name (2).pdf”.")
]


class Saving(Connected):
    """The actions that save to files."""

    @action(title="Save attachments", permissions=("Mail.Read",))
    def save_attachments(
        self,
        messages: Messages,
        *,
        to: LocalFolder,
        overwrite: Overwrite = False,
        nested: Annotated[
            bool, Label("Nested", "Also save what attached messages carry, beside the message itself.")
        ] = False,
    ) -> list[Path]:
        """Save all attachments of one message, or many, to a folder, and give the paths of the files.

        File attachments as they are, attached messages as .eml (events .ics, contacts .vcf), links as .url.
        Names are made safe and unique. Memory stays flat, however large they are. In a bot that goes on after a
        crash, a file of that name with the same bytes is the one that was saved before.

        Errors: ItemsError where some failed, the others being saved; TargetNotWritableError, DiskFullError.
        Source: List attachments, Get attachment.
        """
        target = TargetFolder(to, overwrite=overwrite, once=find_once_key())
        downloads = AttachmentDownloads(self._graph, target, nested=nested)
        tracked = track(each_message(messages), "Saving attachments")
        return downloads.save_all(get_message_id(message) for message in tracked)

    @action(title="Save email", permissions=("Mail.Read",), command="save")
    def save_email(self, messages: Messages, *, to: LocalFolder, overwrite: Overwrite = False) -> list[Path]:
        """Save one message, or many, as .eml files named by subject, and give their paths.

        Byte for byte what the service holds.

        Errors: MessageNotFoundError; ItemsError where some of many failed; TargetNotWritableError,
        DiskFullError. Source: Get MIME content of a message.
        """
        target = TargetFolder(to, overwrite=overwrite, once=find_once_key())
        return do_each(
            "Saving messages", each_message(messages), lambda message: self._save_one(message, target)
        )

    def _save_one(self, message: Message | str, target: TargetFolder) -> Path:
        found = (
            message
            if isinstance(message, Message)
            else get_message(self._graph, get_message_id(message), None)
        )
        name = make_safe_name(f"{found.subject or 'message'}.eml", "message.eml")
        return save_message(self._graph, found.id, name, target)
