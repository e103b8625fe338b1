"""A mail store in a folder of its own, and the simplest message to put into it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.tenant.clock import Clock
from postroom.tenant.mail.store import MailStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MailStore]:
    """Give an empty store with one mailbox, ap@contoso.com."""
    store = MailStore(tmp_path / "store", Clock())
    store.ensure_mailbox("ap@contoso.com")
    yield store
    store.close()
