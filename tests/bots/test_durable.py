"""Runs with a journal: they go on where they were, and fail, stop and are retried as one expects."""

from typing import Any

import pytest

from postroom import bot, outlook
from postroom.bots.durable import Engine
from support.engines import Listener


@bot
def count_messages(settings: Any, folder: str = "Inbox") -> int:
    """A bot for these tests."""
    with outlook.connect(**settings) as mailbox:
        return len(list(mailbox.messages(folder)))


def test_a_bot_runs_and_gives_its_result(
    engine: Engine, listener: Listener, mailbox_settings: dict[str, Any]
) -> None:
    """A run gives what its bot gives, and its steps are told with their place."""
    assert engine.run(count_messages, {"settings": mailbox_settings}) == 0
    assert listener.done == ["Connect", "List messages"]
