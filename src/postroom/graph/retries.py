"""What may be repeated, and how long to wait before.

Four kinds of failure: *refused* (429: not done, so every verb may be repeated), *unreached* (no connection
came about: not done either), *unclear* (5xx: done or not, nobody knows), *lost* (the connection broke before the answer
had come: nobody knows either, but it is the way that is bad and not the service, so more attempts are worth it).
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeVar

from postroom.errors import OutcomeUnknownError, PostroomError

logger = logging.getLogger("postroom.graph")

T = TypeVar("T")

LONGEST_WAIT_SECONDS = 300.0
"""How long one request waits for a busy service, all waits together, before it gives up."""


class FailureKind(Enum):
    """What a failed attempt tells about whether the work was done."""

    REFUSED = auto()
    UNREACHED = auto()
    UNCLEAR = auto()
    LOST = auto()
    TOKEN_REFUSED = auto()
    FINAL = auto()


ATTEMPTS = {
    FailureKind.REFUSED: 12,
    FailureKind.UNREACHED: 3,
    FailureKind.UNCLEAR: 5,
    FailureKind.LOST: 8,
    FailureKind.TOKEN_REFUSED: 1,
    FailureKind.FINAL: 1,
}

_NOBODY_KNOWS = (FailureKind.UNCLEAR, FailureKind.LOST)


@dataclass(frozen=True)
class Failure:
    """An attempt that failed: how, with which error, and when the service wants to be asked again.

    `claims` is the claims challenge that came with a refused token, as JSON.
    """

    kind: FailureKind
    error: PostroomError
    retry_after_seconds: float | None = None
    claims: str | None = None


class Patience:
    """How long one request goes on trying."""

    def __init__(self, *, repeatable: bool) -> None:
        self._repeatable = repeatable
        self._attempts = 0
        self._waited_seconds = 0.0

    def wait_after(self, failure: Failure) -> None:
        """Wait until the request may be sent again.

        Errors: the failure's own where it must not be repeated, or has been often enough.
        """
        self._attempts += 1
        if failure.kind in _NOBODY_KNOWS and not self._repeatable:
            raise failure.error
        wait_seconds = _choose_wait_seconds(failure, self._attempts)
        self._waited_seconds += wait_seconds
        if self._attempts >= ATTEMPTS[failure.kind] or self._waited_seconds > LONGEST_WAIT_SECONDS:
            raise failure.error
        logger.info(
            "%s: waiting %.1f s before attempt %d", failure.kind.name, wait_seconds, self._attempts + 1
        )
        time.sleep(wait_seconds)


def do_once(do: Callable[[], T], look: Callable[[], T | None], *, unclear: bool = False) -> T:
    """Do what must not be done twice: where the outcome is unclear, look before doing it again.

    `look` gives the result where the work turns out to be done, else None. `unclear` says that an earlier
    attempt may have done it already. Errors: OutcomeUnknownError after the last attempt.
    """
    if unclear and (found := look()) is not None:
        return found
    attempt = 0
    while True:
        attempt += 1
        try:
            return do()
        except OutcomeUnknownError:
            back_off(attempt)
            if (found := look()) is not None:
                return found
            if attempt == ATTEMPTS[FailureKind.LOST]:
                raise


def back_off(attempt: int) -> None:
    """Wait after an attempt that failed, the first being 1: longer each time."""
    time.sleep(_back_off_seconds(attempt))


def _choose_wait_seconds(failure: Failure, attempt: int) -> float:
    if failure.retry_after_seconds is not None:
        return failure.retry_after_seconds
    return _back_off_seconds(attempt)


def _back_off_seconds(attempt: int) -> float:
    return min(30.0, 0.25 * 2.0**attempt) * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, no secret
