"""How many requests an app may have under way at once.

Outlook takes four at a time for each app and refuses the fifth (“MailboxConcurrency”), so the limit is kept
here rather than run into. Source: Microsoft Graph service-specific throttling limits, Outlook service.
"""

from collections.abc import Hashable
from functools import lru_cache
from threading import BoundedSemaphore

REQUESTS_AT_ONCE = 4


@lru_cache(maxsize=1024)
def get_request_slots(_app: Hashable) -> BoundedSemaphore:
    """The slots that all connections of this app share in this process."""
    return BoundedSemaphore(REQUESTS_AT_ONCE)
