"""What Outlook's limits mean for a request: in whose mailbox it counts, and what is said beyond a limit."""

from postroom.tenant.entra.access import Caller
from postroom.tenant.graph.paths import split_path
from postroom.tenant.graph.refusals import GraphRefusalError
from postroom.tenant.limits import Excess, Kind
from postroom.tenant.state import CloudState

TOO_MANY = {"code": "429", "message": "Please retry after", "status": "429"}
"""What the innerError of a 429 says besides, in Microsoft Graph's throttling guidance."""

UPLOADING_METHODS = frozenset({"PATCH", "POST", "PUT"})


def find_counted_mailbox(path: str, caller: Caller, cloud: CloudState) -> str | None:
    """Find the address of the mailbox that a path (below /v1.0) counts in; the directory's own paths count in none."""
    segments = split_path(path)
    first = segments[0].lower() if segments else ""
    if first == "me" and len(segments) > 1:
        return caller.user.username if caller.user else None
    if first == "users" and len(segments) > 2:
        user = cloud.directory.find_user(segments[1])
        return user.username if user else None
    return None


def throttled(excess: Excess) -> GraphRefusalError:
    """Refuse a request beyond a limit, in the words that were recorded for it."""
    headers = {"Retry-After": str(excess.retry_after_seconds)}
    if excess.kind is Kind.CONCURRENCY:
        message = "Application is over its MailboxConcurrency limit."
        return GraphRefusalError(429, "ApplicationThrottled", message, headers)
    # [?] Beyond the upload limit the documents show no answer of its own; it is taken to be the usual one.
    return GraphRefusalError(429, "TooManyRequests", "Please retry again later.", headers, TOO_MANY)
