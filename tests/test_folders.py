"""Where the operating system wants a program to keep what it remembers."""

from pathlib import Path

import pytest

from postroom import folders
from postroom.folders import get_state_folder


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_STATE_HOME": "/x/state"}, "/x/state/postroom"),
        ("linux", {"XDG_STATE_HOME": "", "HOME": "/x"}, "/x/.local/state/postroom"),
        ("darwin", {"HOME": "/x"}, "/x/Library/Application Support/postroom"),
        ("win32", {"LOCALAPPDATA": "/x/Local"}, "/x/Local/postroom"),
        ("win32", {"LOCALAPPDATA": "", "HOME": "/x"}, "/x/AppData/Local/postroom"),
    ],
)
def test_each_system_has_its_place(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], expected: str
) -> None:
    """What a program remembers lies where users of that system look for it."""
    monkeypatch.setattr(folders.sys, "platform", platform)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert get_state_folder() == Path(expected)
