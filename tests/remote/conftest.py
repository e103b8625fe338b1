"""One Control Room for all devices here: each test has its own."""

from collections.abc import Iterator

import httpx2
import pytest

from support.control_room import RunningControlRoom, start_control_room


@pytest.fixture(scope="package")
def control_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningControlRoom]:
    """Start a Control Room, whose administrator has a password."""
    with start_control_room(tmp_path_factory.mktemp("remote")) as running:
        yield running


@pytest.fixture(scope="package")
def admin(control_room: RunningControlRoom) -> Iterator[httpx2.Client]:
    """Open a client in which the administrator is signed in."""
    with control_room.signed_in() as opened:
        yield opened
