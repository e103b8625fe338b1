"""Reading: list messages, get one."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated, Literal

from postroom.actions import Label, action
from postroom.errors import SettingError
from postroom.graph.messages import MessageQuery, get_message, list_messages
from postroom.graph.models import Message
from postroom.outlook.connected import Connected
from postroom.outlook.filters import create_senders_filter, create_subject_filter
from postroom.outlook.given import BODY_FORMATS, Moment, choose, get_message_id, read_moment

Status = Literal["all", "read", "unread"]
Order = Literal["newest", "oldest"]
BodyFormat = Literal["text", "html"]

_IS_READ: dict[str, bool | None] = {"all": None, "read": True, "unread": False}


class Reading(Connected):
    """The actions that read."""

    @action(title="List messages", permissions=("Mail.Read",), command="list")
    def messages(
        self,
        folder: Annotated[
            str, Label("Folder", "Its path with /; the first may be a well-known name.", "Inbox/2026/May")
        ] = "Inbox",
        *,
        status: Annotated[Status, Label("Status", "all, read or unread.", "unread")] = "all",
        subject: Annotated[
            str | None,
            Label(
                "Subject", 'Words in it, several with ; between; "quoted" means exactly so.', "invoice; bill"
            ),
        ] = None,
        senders: Annotated[
            str | Iterable[str] | None,
            Label("Senders", "Addresses, several with ; between.", "adele@contoso.com", given_as=str | None),
        ] = None,
        received_since: Annotated[
            Moment | None,
            Label("Received since", "On or after this date or time.", "2026-05-01", given_as=str | None),
        ] = None,
        received_before: Annotated[
            Moment | None,
            Label("Received before", "Before this date or time.", "2026-06-01", given_as=str | None),
        ] = None,
        order: Annotated[Order, Label("Order", "newest or oldest first.", "oldest")] = "newest",
        limit: Annotated[int | None, Label("Limit", "At most so many messages.", "20")] = None,
        body: Annotated[
            BodyFormat | None, Label("Body", "Also load the body, as text or html.", "text")
        ] = None,
    ) -> Iterator[Message]:
        """List the messages of a folder, one by one, while you may move, delete or mark them.

        Gives messages as they are read from the service, a page at a time. Times without a zone are local.

        Errors: FolderNotFoundError; SettingError where a filter cannot be read. Source: List messages.
        """
        if limit is not None and limit < 1:
            raise SettingError("Limit must be 1 or more, or left out.")
        filters = [
            known for known in (create_subject_filter(subject), create_senders_filter(senders)) if known
        ]
        query = MessageQuery(
            since=read_moment("Received since", received_since),
            before=read_moment("Received before", received_before),
            is_read=choose("Status", status, _IS_READ),
            also=tuple(known.clause for known in filters),
            newest_first=choose("Order", order, {"newest": True, "oldest": False}),
            body_format=None if body is None else choose("Body", body, BODY_FORMATS),
            at_most=None if filters else limit,
        )
        found = list_messages(self._graph, self._folders.get_folder_id(folder), query)
        return islice((message for message in found if all(known.test(message) for known in filters)), limit)

    @action(title="Get message", permissions=("Mail.Read",), command="show")
    def message(
        self,
        message: Annotated[Message | str, Label("Message", "Its id.", given_as=str)],
        *,
        body: Annotated[BodyFormat, Label("Body", "As text or html.", "text")] = "html",
    ) -> Message:
        """Get one message with its body, as it is now.

        Errors: MessageNotFoundError. Source: Get message.
        """
        return get_message(self._graph, get_message_id(message), choose("Body", body, BODY_FORMATS))
