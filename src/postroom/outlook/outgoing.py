"""What is to be sent: a new message, or an answer to one. Each knows how its draft is made."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from postroom.graph.attachments import list_attachments
from postroom.graph.client import GraphClient
from postroom.graph.messages import AnswerKind, create_answer, create_draft
from postroom.graph.models import Message
from postroom.graph.stamps import StampedMessage, list_fresh_drafts, write_stamp

Changes = Mapping[str, Any]


class Outgoing(Protocol):
    """A message to be sent."""

    def create(self, client: GraphClient, stamp: str, /) -> Message:
        """Make its draft, stamped where the service lets that be done at once."""

    def find_changes(self, draft: Message, /) -> Changes | None:
        """What the draft lacks besides attachments; None where it was made whole."""

    def count_brought_along(self, client: GraphClient, /) -> Counter[str]:
        """The names of the attachments that the draft has without our attaching them."""

    def find_unstamped(self, client: GraphClient, since: datetime, /) -> StampedMessage | None:
        """The draft that was made since this moment, but could not be stamped at once."""


@dataclass(frozen=True)
class NewMessage:
    """A new message, whole from the beginning."""

    content: Changes

    def create(self, client: GraphClient, stamp: str) -> Message:
        """Make the draft."""
        return create_draft(client, {**self.content, **write_stamp(stamp, whole=True)})

    def find_changes(self, _draft: Message) -> Changes | None:
        """None: it is made whole."""
        return None

    def count_brought_along(self, _client: GraphClient) -> Counter[str]:
        """None."""
        return Counter()

    def find_unstamped(self, _client: GraphClient, _since: datetime) -> StampedMessage | None:
        """None: a new message has its stamp from the beginning."""
        return None


@dataclass(frozen=True)
class Answer:
    """A reply to a message, or the message passed on; `complete` says what Graph's draft of it lacks."""

    kind: AnswerKind
    message_id: str
    complete: Callable[[Message], Changes]

    def create(self, client: GraphClient, stamp: str) -> Message:
        """Let Graph make the draft."""
        return create_answer(client, self.kind, self.message_id, write_stamp(stamp, whole=False))

    def find_changes(self, draft: Message) -> Changes | None:
        """The text above what is quoted, and whom else it goes to."""
        return self.complete(draft)

    def count_brought_along(self, client: GraphClient) -> Counter[str]:
        """All attachments of a message that is passed on; of one that is answered, the pictures within its text."""
        names: Counter[str] = Counter()
        for attachment in list_attachments(client, self.message_id):
            if self.kind is AnswerKind.FORWARD or attachment.is_inline:
                names[attachment.name or ""] += 1
        return names

    def find_unstamped(self, client: GraphClient, since: datetime) -> StampedMessage | None:
        """The draft of such an answer in the same conversation, made just now."""
        mark = "FW:" if self.kind is AnswerKind.FORWARD else "RE:"
        drafts = list_fresh_drafts(client, self.message_id, since)
        return next((draft for draft in drafts if (draft.subject or "").upper().startswith(mark)), None)
