"""One running tenant for all tests of the tenant in this worker, brought back to its seeds before each."""

from collections.abc import Iterator

import pytest

from support.tenant import RunningTenant, start_tenant


@pytest.fixture(scope="session")
def running_tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTenant]:
    """Start a tenant once for this worker."""
    with start_tenant(tmp_path_factory.mktemp("tenant") / "data folder") as tenant:
        yield tenant


@pytest.fixture
def tenant(running_tenant: RunningTenant) -> RunningTenant:
    """Give the tenant as it is after seeding."""
    running_tenant.reset()
    return running_tenant
