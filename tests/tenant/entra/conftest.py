"""A tenant without its listeners, for what can be asked of its parts directly."""

from collections.abc import Iterator

import pytest

from postroom.tenant.directory import App, User
from postroom.tenant.state import CloudState
from postroom.tenant.tenancy import LocalTenant


@pytest.fixture(scope="module")
def local_tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalTenant]:
    """Open a tenant without its listeners."""
    tenant = LocalTenant.open(tmp_path_factory.mktemp("tenant"), 8443, None)
    yield tenant
    tenant.close()


@pytest.fixture
def cloud(local_tenant: LocalTenant) -> CloudState:
    """Give the first cloud, at real time and with nothing revoked."""
    local_tenant.clock.offset_seconds = 0.0
    local_tenant.clouds[0].revoked_before.clear()
    return local_tenant.clouds[0]


@pytest.fixture
def desktop(cloud: CloudState) -> App:
    """Give the public app."""
    app = cloud.directory.find_app_named("Desktop bot")
    assert app is not None
    return app


@pytest.fixture
def adele(cloud: CloudState) -> User:
    """Give a user."""
    user = cloud.directory.find_user("adele@contoso.com")
    assert user is not None
    return user
