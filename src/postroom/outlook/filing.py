"""Filing: read or unread, to another folder, away."""

from collections.abc import Callable
from typing import Annotated, Literal

from postroom.actions import Label, action, track
from postroom.errors import (
    ItemFailure,
    OutcomeUnknownError,
    PostroomError,
    ServiceUnavailableError,
    ThrottledError,
)
from postroom.graph.batch import send_in_batches
from postroom.graph.client import Request
from postroom.graph.messages import create_move_request, create_update_request, move_message, update_message
from postroom.outlook.connected import Connected
from postroom.outlook.given import Messages, choose, list_message_ids
from postroom.outlook.items import raise_failures

_AGAIN = (OutcomeUnknownError, ServiceUnavailableError, ThrottledError)
"""What a part of a batch may meet that is tried again alone."""


class Filing(Connected):
    """The actions that mark, move and delete; many messages go out as batches."""

    @action(title="Change status", permissions=("Mail.ReadWrite",))
    def change_status(
        self,
        messages: Messages,
        *,
        to: Annotated[Literal["read", "unread"], Label("To", "read or unread.", "read")] = "read",
    ) -> None:
        """Mark one message, or many, as read or unread.

        Errors: MessageNotFoundError; ItemsError where some of many failed. Source: Update message.
        """
        changes = {"isRead": choose("To", to, {"read": True, "unread": False})}
        self._file(
            list_message_ids(messages),
            lambda message_id: create_update_request(message_id, changes),
            lambda message_id: update_message(self._graph, message_id, changes),
            "Changing the status",
        )

    @action(title="Move", permissions=("Mail.ReadWrite",))
    def move(
        self,
        messages: Messages,
        *,
        to: Annotated[str, Label("To", "The folder's path with /.", "Inbox/Processed")],
    ) -> None:
        """Move one message, or many, to a folder; their ids stay as they are.

        Errors: FolderNotFoundError, MessageNotFoundError; ItemsError where some of many failed. Source:
        message: move.
        """
        self._move(list_message_ids(messages), to, "Moving")

    @action(title="Delete", permissions=("Mail.ReadWrite",))
    def delete(self, messages: Messages) -> None:
        """Move one message, or many, to Deleted Items, as Outlook's Delete key does.

        Nothing is taken away for good. Errors: MessageNotFoundError; ItemsError where some of many failed.
        """
        self._move(list_message_ids(messages), "Deleted Items", "Deleting")

    def _move(self, message_ids: list[str], folder: str, label: str) -> None:
        folder_id = self._folders.get_folder_id(folder)
        self._file(
            message_ids,
            lambda message_id: create_move_request(message_id, folder_id),
            lambda message_id: move_message(self._graph, message_id, folder_id, unclear=len(message_ids) > 1),
            label,
        )

    def _file(
        self,
        message_ids: list[str],
        create_request: Callable[[str], Request],
        do_alone: Callable[[str], None],
        label: str,
    ) -> None:
        """Do one alone; many in batches, and what a batch could not do alone."""
        if len(message_ids) == 1:
            do_alone(message_ids[0])
            return
        failures = []
        outcomes = send_in_batches(self._graph, [create_request(message_id) for message_id in message_ids])
        for message_id in track(message_ids, label):
            error = next(outcomes)
            if isinstance(error, _AGAIN):
                error = _try(do_alone, message_id)
            if error:
                failures.append(ItemFailure(f"message {message_id}", error))
        raise_failures(failures, len(message_ids) - len(failures), "messages")


def _try(do_alone: Callable[[str], None], message_id: str) -> PostroomError | None:
    try:
        do_alone(message_id)
    except PostroomError as error:
        return error
    return None
