"""Collections, a page at a time."""

from collections.abc import Iterator
from typing import TypeVar

from postroom.graph.client import GraphClient, Request
from postroom.graph.models import Page

T = TypeVar("T")


def iterate_items(client: GraphClient, request: Request, item: type[T]) -> Iterator[T]:
    """Give the items of a collection one by one, holding one page at a time.

    Follows nextLink; for collections that nobody changes while they are read.
    """
    page = client.fetch(request, Page[item])  # type: ignore[valid-type]
    while True:
        yield from page.value
        if page.next_link is None:
            return
        page = client.fetch_next_page(request, page.next_link, item)
