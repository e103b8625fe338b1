"""Many items, one after another: what fails is named, the others are done."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from postroom.actions import track
from postroom.errors import (
    GraphError,
    ItemFailure,
    ItemsError,
    MailboxNotFoundError,
    NoAnswerError,
    PermissionMissingError,
    PostroomError,
    ThrottledError,
    TokenRefusedError,
)

Item = TypeVar("Item")
Result = TypeVar("Result")

_MEETS_ALL = (MailboxNotFoundError, PermissionMissingError, ThrottledError, TokenRefusedError)


def concerns_one_item(error: PostroomError) -> bool:
    """Whether the next item may well succeed after this error; else it ends all the work."""
    return isinstance(error, GraphError | NoAnswerError) and not isinstance(error, _MEETS_ALL)


def do_each(label: str, items: Iterable[Item], do: Callable[[Item], Result]) -> list[Result]:
    """Do this for each item, with progress under this label, and give the results in order.

    Errors: of a single item, its own; of many, ItemsError naming those that failed, the others being done.
    """
    results: list[Result] = []
    failures: list[ItemFailure] = []
    for item in track(items, label):
        try:
            results.append(do(item))
        except PostroomError as error:
            if not concerns_one_item(error):
                raise
            failures.append(ItemFailure(f"message {getattr(item, 'id', item)}", error))
    raise_failures(failures, len(results), "messages")
    return results


def raise_failures(failures: list[ItemFailure], done: int, noun: str) -> None:
    """Raise what failed, if anything did. Errors: as `do_each`."""
    if len(failures) == 1 and not done:
        raise failures[0].error
    if failures:
        raise ItemsError(
            f"{len(failures)} of {len(failures) + done} {noun} failed; the others are done.", failures
        )
