"""One message on its way: drafted, stamped, sent by its id, and looked for wherever an answer is lost."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from postroom.errors import MessageNotFoundError, OutcomeUnknownError, PostroomError
from postroom.graph.client import GraphClient
from postroom.graph.messages import (
    delete_draft,
    get_message,
    send_draft,
    update_message,
)
from postroom.graph.models import Message
from postroom.graph.retries import ATTEMPTS, FailureKind, back_off
from postroom.graph.stamps import StampedMessage, get_stamped, list_stamped, write_stamp
from postroom.outlook.attaching import attach_files, list_missing_files
from postroom.outlook.folder_tree import FolderTree
from postroom.outlook.given import SourceFile
from postroom.outlook.once import Stamp
from postroom.outlook.outgoing import Outgoing

CLOCKS_APART = timedelta(minutes=1)
"""How far this machine's clock may be from the service's when a draft is looked for by when it was made."""


class Delivery:
    """Send one message exactly once.

    Where the outcome of a request is unclear, or an earlier process may have begun, it is looked where the message
    is: sent, a draft still, or nowhere; and gone on from there. Such a look costs requests, and nothing else does.
    """

    def __init__(
        self,
        client: GraphClient,
        folders: FolderTree,
        outgoing: Outgoing,
        stamp: Stamp,
        files: Sequence[SourceFile],
    ) -> None:
        self._client = client
        self._folders = folders
        self._outgoing = outgoing
        self._stamp = stamp
        self._files = files
        self._draft_id: str | None = None
        self._asked_since: datetime | None = None
        self._missing = len(files)
        self._may_be_sent = False

    def deliver(self) -> None:
        """Send it, or find that it has been sent; what cannot be sent leaves no draft.

        Errors: OutcomeUnknownError where nobody could find out whether it was sent; those of Graph.
        """
        looking, attempt = self._stamp.is_given, 0
        while True:
            reached = self._progress
            try:
                return self._attempt(looking=looking)
            except OutcomeUnknownError:
                attempt = attempt + 1 if self._progress == reached else 1
                if attempt == ATTEMPTS[FailureKind.LOST]:
                    self._withdraw()
                    raise
            except PostroomError as error:
                self._withdraw()
                if self._may_be_sent:
                    raise _unclear() from error
                raise
            looking = True
            back_off(attempt)

    @property
    def _progress(self) -> tuple[str | None, int, bool]:
        return self._draft_id, self._missing, self._may_be_sent

    def _attempt(self, *, looking: bool) -> None:
        found = self._find() if looking else None
        if found is None:
            self._begin()
        elif not self._is_sent(found):
            self._go_on(found)

    def _begin(self) -> None:
        """Make the draft, and send it."""
        self._asked_since = self._asked_since or datetime.now(UTC) - CLOCKS_APART
        draft = self._outgoing.create(self._client, self._stamp.value)
        self._draft_id = draft.id
        self._complete(draft)
        attach_files(self._client, draft.id, self._files)
        self._send(draft.id, begun_earlier=False)

    def _go_on(self, found: StampedMessage) -> None:
        """Do what is left to be done with a draft that was found."""
        self._draft_id = found.id
        if not found.is_whole:
            self._complete(get_message(self._client, found.id, "html"))
        if self._files:
            brought_along = self._outgoing.count_brought_along(self._client)
            missing = list_missing_files(self._client, found.id, self._files, brought_along)
            self._missing = len(missing)
            attach_files(self._client, found.id, missing)
        self._send(found.id, begun_earlier=True)

    def _complete(self, draft: Message) -> None:
        """Write into the draft what it lacks, and the stamp with it: not every service takes it at the beginning.

        The stamp alone is written where a later process may look for it.
        """
        changes = self._outgoing.find_changes(draft)
        if changes or (changes is not None and self._stamp.is_given):
            update_message(self._client, draft.id, {**changes, **write_stamp(self._stamp.value, whole=True)})

    def _send(self, draft_id: str, *, begun_earlier: bool) -> None:
        """Send the draft; where it was begun earlier, a refusal may mean that it had been sent by then."""
        self._may_be_sent = True
        try:
            send_draft(self._client, draft_id)
        except OutcomeUnknownError:
            raise
        except PostroomError:
            if begun_earlier and self._is_sent(self._get_draft(draft_id)):
                return
            self._may_be_sent = False
            raise

    def _find(self) -> StampedMessage | None:
        """The message as it is now: sent, a draft, or None where it was never made."""
        if self._draft_id is not None:
            with suppress(MessageNotFoundError):
                return get_stamped(self._client, self._draft_id)
        return self._find_by_stamp()

    def _find_by_stamp(self) -> StampedMessage | None:
        found = list(list_stamped(self._client, self._stamp.value))
        for message in found:
            if self._is_sent(message):
                return message
        for message in found:
            if not self._is_in(message, "Deleted Items"):
                return message
        if self._draft_id is not None:
            raise _unclear()  # it is gone from Drafts, and its copy in Sent Items may be late
        return self._outgoing.find_unstamped(self._client, self._asked_since) if self._asked_since else None

    def _get_draft(self, draft_id: str) -> StampedMessage:
        try:
            return get_stamped(self._client, draft_id)
        except MessageNotFoundError as error:
            raise _unclear() from error

    def _is_sent(self, message: StampedMessage) -> bool:
        """Whether it is sent, or on its way in the Outbox, where it is a draft still."""
        return not message.is_draft or self._is_in(message, "Outbox")

    def _is_in(self, message: StampedMessage, folder: str) -> bool:
        return message.parent_folder_id == self._folders.get_folder_id(folder)

    def _withdraw(self) -> None:
        """Take away the draft of what is certainly not sent."""
        if self._draft_id is not None and not self._may_be_sent:
            with suppress(PostroomError):
                delete_draft(self._client, self._draft_id)


def _unclear() -> OutcomeUnknownError:
    return OutcomeUnknownError(
        "Microsoft Graph did not say whether it has sent the message, and it is found neither in Drafts nor in Sent "
        "Items. It was not sent again, so that nobody gets it twice: look in the mailbox before you run it again."
    )
