"""A list that an action gives, read in a bot that runs: so many items a step."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from postroom.bots.journal import StepKey

ITEMS_A_STEP = 50
"""How many items a loop takes from the service in one step."""


class ListReader:
    """Reads a list step by step; after a break the list is read anew, without the items that were given before.

    `take_step` does a piece of work as a step. `limit` is how many items the action gives at most: an action that gives
    a list and takes a `limit` means that by it.
    """

    def __init__(
        self,
        begin: Callable[[], Iterator[Any]],
        take_step: Callable[[Callable[[StepKey], list[Any]]], list[Any]],
        limit: int | None,
    ) -> None:
        self._begin = begin
        self._take_step = take_step
        self._limit = limit
        self._given: set[Any] = set()
        self._items: Iterator[Any] | None = None

    def read(self) -> Iterator[Any]:
        """The items one by one. The first are taken at once, so that what is wrong shows where the bot asks for them.

        Errors: those of the action.
        """
        first = self._take()
        return self._give(first)

    def _give(self, part: list[Any]) -> Iterator[Any]:
        while True:
            yield from part
            if len(part) < ITEMS_A_STEP or len(self._given) == self._limit:
                return
            part = self._take()

    def _take(self) -> list[Any]:
        part = self._take_step(lambda _key: list(islice(self._iterate_new(), self._get_number())))
        self._given.update(_identify(item) for item in part)
        return part

    def _get_number(self) -> int:
        return ITEMS_A_STEP if self._limit is None else min(ITEMS_A_STEP, self._limit - len(self._given))

    def _iterate_new(self) -> Iterator[Any]:
        if self._items is None:
            before = frozenset(self._given)  # none, unless there was a break
            self._items = (item for item in self._begin() if _identify(item) not in before)
        return self._items


def _identify(item: Any) -> Any:
    return getattr(item, "id", None) or repr(item)
