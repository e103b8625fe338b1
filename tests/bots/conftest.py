"""What tests of bots share: engines with a journal of their own, and the settings of a mailbox."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postroom import Credential, outlook
from postroom.bots.durable import Engine
from support.engines import Listener, start_engine
from support.tenant import GLOBAL, RunningTenant


@pytest.fixture
def listener() -> Listener:
    """Give who is told of runs and steps."""
    return Listener()


@pytest.fixture
def engine(tmp_path: Path, listener: Listener) -> Iterator[Engine]:
    """Give an engine with a journal of its own."""
    with start_engine(tmp_path / "journal.sqlite", listener) as started:
        yield started


@pytest.fixture
def mailbox_settings(reachable_tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Give the settings of a connection whose secrets are credentials of this machine."""
    described, app = reachable_tenant.cloud(GLOBAL), reachable_tenant.app("Invoice bot", GLOBAL)
    monkeypatch.setenv("POSTROOM_CREDENTIAL_AZURE_CLIENT_SECRET", app["client_secret"])
    authentication = outlook.ClientCredentials(
        client_id=app["client_id"],
        tenant_id=described["tenant_id"],
        client_secret=Credential("azure", "client_secret"),
        username=described["users"][0]["username"],
    )
    return {"cloud": GLOBAL, "authentication": authentication}
