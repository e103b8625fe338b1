"""A connection that holds, to make something wrong with."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from patients import Patient

from postroom.auth import client_credentials
from support.tenant import RunningTenant


@pytest.fixture
def patient(
    reachable_tenant: RunningTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Patient]:
    """Give a connection of the Invoice bot that holds."""
    described = reachable_tenant.cloud()
    with ExitStack() as opened:
        found = Patient(reachable_tenant, tmp_path, opened, monkeypatch)
        found.settings = {"tenant_id": described["tenant_id"], "username": described["users"][0]["username"]}
        found.be_app("Invoice bot")
        yield found
    # What the app may do was changed, and this process keeps its tokens: the next test begins without.
    client_credentials._keep.cache_clear()
