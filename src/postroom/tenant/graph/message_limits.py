"""How large a message may be, how many it may be for, and how fast messages may leave a mailbox."""

from postroom.tenant.graph.refusals import GraphRefusalError, bad_request
from postroom.tenant.graph.wire import GraphRequest
from postroom.tenant.limits import MEBIBYTE

LARGEST_MESSAGE_BYTES = 150 * MEBIBYTE


def message_too_large() -> GraphRefusalError:
    """Refuse what makes a message too large."""
    # [?] Status and code as recorded for messages too large to be stored; Exchange may accept more and fail later.
    return GraphRefusalError(
        413, "ErrorMessageSizeExceeded", "The message exceeds the maximum supported size."
    )


def check_message_size(request: GraphRequest, size: int) -> None:
    """Refuse a message of this many bytes where the mailbox takes fewer; attachments count as what they hold."""
    numbers = request.cloud.limits.numbers
    # [?] Exchange counts the message as it is encoded for transport, about a third more.
    if size > (numbers.message_bytes if numbers else LARGEST_MESSAGE_BYTES):
        raise message_too_large()


def check_recipients(request: GraphRequest, count: int) -> None:
    """Refuse a message for more recipients than the mailbox may write to at once."""
    numbers = request.cloud.limits.numbers
    if numbers is not None and count > numbers.recipients:
        # [?] Code and text are not documented for Graph; Exchange Online may accept it and send back a report.
        raise bad_request(
            f"The message has {count} recipients, and no more than {numbers.recipients} are allowed.",
            "ErrorExceededMaxRecipientLimit",
        )
