"""What all journeys share: somebody at a browser of their own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from support.control_room import RunningControlRoom
from support.tenant import RunningTenant

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from support.visits import Visit


@pytest.fixture
def visit(
    browser: "Browser", tenant: RunningTenant
) -> "Iterator[Callable[..., AbstractContextManager[Visit]]]":
    """Open a fresh profile for somebody; at the end, no page has asked another host for anything, nor for too much."""

    @contextmanager
    def open_visit(room: RunningControlRoom, name: str, **settings: Any) -> "Iterator[Visit]":
        from support.chromium import open_context
        from support.visits import Visit

        with open_context(browser, tenant.manifest, **settings) as context:
            visitor = Visit(context.new_page(), room, tenant, name)
            yield visitor
            assert (visitor.strangers, visitor.refused) == ([], [])

    return open_visit
