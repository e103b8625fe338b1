"""Paths lead to routes as Graph's do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.graph.dispatch import ROUTES
from postroom.tenant.graph.paths import find_route, shorten, split_path


@given(st.text(max_size=60))
def test_any_path_can_be_split(path: str) -> None:
    """No path makes the splitting fail."""
    find_route(ROUTES, "GET", shorten(split_path(path))[0])


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        ("/users/a%40b/messages/", ["users", "a@b", "messages"]),
        ("/users('a@b')/mailFolders('Inbox')", ["users", "a@b", "mailFolders", "Inbox"]),
        ("/me/messages('it''s')/$value", ["me", "messages", "it's", "$value"]),
        ("/me/messages/a%2Fb", ["me", "messages", "a/b"]),
    ],
)
def test_segments(path: str, segments: list[str]) -> None:
    """Escapes, keys in brackets and a slash at the end are read as Graph reads them."""
    assert split_path(path) == segments


@pytest.mark.parametrize(
    ("path", "route", "ids"),
    [
        ("messages/m/$VALUE", "messages/{message}/$value", {"message": "m"}),
        ("mailfolders/a/childfolders/b/childfolders/c", "mailFolders/{folder}", {"folder": "c"}),
        ("mailFolders/a/childFolders/b/childFolders", "mailFolders/{folder}/childFolders", {"folder": "b"}),
        ("mailFolders/inbox/messages/m/microsoft.graph.move", "messages/{message}/move", {"message": "m"}),
        ("mailFolders/inbox/messages/$count", "mailFolders/{folder}/messages/$count", {"folder": "inbox"}),
    ],
)  # fmt: skip
def test_routes(path: str, route: str, ids: dict[str, str]) -> None:
    """A message or folder is reached through as many folders as one likes, in any case."""
    method = "POST" if path.endswith("move") else "GET"
    found = find_route(ROUTES, method, shorten(split_path(path))[0])
    assert found is not None
    assert (found[0].path, found[1]) == (route, ids)


def test_delta_is_no_id() -> None:
    """What Graph calls a function is not taken for an id."""
    for collection in ("messages", "mailFolders"):
        for name in ("delta", "delta()", "microsoft.graph.delta()"):
            found = find_route(ROUTES, "GET", [collection, name])
            assert found is not None
            assert (found[0].path, found[1]) == (f"{collection}/delta", {})
