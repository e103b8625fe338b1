"""A vault of each test's own: its keys in a folder of the test, and nothing remembered from the test before."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.vaults import SeparateControlRoom, make_control_room


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the vault a folder for its key, and forget what the process knows before and after."""
    from postroom.controlroom.vault import handing
    from postroom.controlroom.vault.memory import memory

    monkeypatch.delenv("POSTROOM_VAULT_KEY", raising=False)
    folder = tmp_path / "home"
    folder.mkdir()
    settings.CONFIGURATION = replace(settings.CONFIGURATION, home=folder)
    _forget(memory, handing)
    yield folder
    _forget(memory, handing)


@pytest.fixture
def separate(tmp_path: Path, request: pytest.FixtureRequest) -> SeparateControlRoom:
    """Give a Control Room whose processes are real ones, on the database that these tests run on."""
    return make_control_room(tmp_path / "separate", request)


def _forget(memory: Any, handing: Any) -> None:
    memory.forget()
    handing._get_self.cache_clear()
    handing._register.cache_clear()
