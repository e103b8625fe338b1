"""What all tests share; its place makes `support` importable from everywhere under `tests`."""

import os
import sys
import webbrowser
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import fields
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from postroom import outlook
from support.canary import CanaryWatch
from support.connections import Connect
from support.control_room import RunningControlRoom, start_control_room
from support.desk import Desk, create_desk
from support.empty_database import empty_database
from support.openapi_watch import OpenApiWatch
from support.tenant import GLOBAL, NETWORK_VARIABLES, RunningTenant, start_tenant

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
SIGN_IN_SETTINGS = frozenset(field.name for field in fields(outlook.ClientCredentials))


@pytest.fixture(autouse=True)
def forget_keychain() -> Iterator[None]:
    """Let keyring choose anew after each test: it asks the environment once, and then never again."""
    yield
    if core := sys.modules.get("keyring.core"):
        core._keyring_backend = None  # type: ignore[attr-defined]


@pytest.fixture(scope="session", autouse=True)
def own_state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let nothing be kept in the home of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session", autouse=True)
def shared_empty_database(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let all workers of this test run have one migrated database for the Control Rooms that they start."""
    base = tmp_path_factory.getbasetemp()
    empty_database.share(base.parent if hasattr(pytestconfig, "workerinput") else base)


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


@pytest.fixture
def reachable_tenant(tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch) -> RunningTenant:
    """Give the tenant, with this process's environment leading every client to it."""
    for name in NETWORK_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in tenant.environment.items():
        monkeypatch.setenv(name, value)
    return tenant


@pytest.fixture
def connect(reachable_tenant: RunningTenant) -> Iterator[Connect]:
    """Connect to mailboxes of the tenant, as an app of it: the first user's unless another is named."""
    with ExitStack() as opened:

        def connect_as(
            app: str = "Invoice bot",
            cloud: str = GLOBAL,
            username: str | None = None,
            mailbox: str | None = None,
            **overrides: Any,
        ) -> outlook.Mailbox:
            described, found = reachable_tenant.cloud(cloud), reachable_tenant.app(app, cloud)
            settings = {
                "client_id": found["client_id"],
                "tenant_id": described["tenant_id"],
                "client_secret": found["client_secret"],
                "username": username or described["users"][0]["username"],
                **{name: overrides.pop(name) for name in SIGN_IN_SETTINGS & overrides.keys()},
            }
            authentication = outlook.ClientCredentials(**settings)
            connected = outlook.connect(
                cloud=cloud, authentication=authentication, mailbox=mailbox, **overrides
            )
            return opened.enter_context(connected)

        yield connect_as


@pytest.fixture
def start_room(
    tenant: RunningTenant, tmp_path: Path
) -> "Callable[..., AbstractContextManager[RunningControlRoom]]":
    """Start Control Rooms that are led to the tenant, each with a home of its own."""
    numbers = count(1)

    def start(**settings: Any) -> AbstractContextManager[RunningControlRoom]:
        return start_control_room(tmp_path / f"control room {next(numbers)}", tenant, **settings)

    return start


@pytest.fixture
def control_room(
    start_room: "Callable[..., AbstractContextManager[RunningControlRoom]]",
) -> Iterator[RunningControlRoom]:
    """Start a Control Room that is led to the tenant, whose administrator has a password."""
    with start_room() as running:
        yield running


@pytest.fixture
def desk(reachable_tenant: RunningTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Give a desk, as which this process is set up: its browser opens for the person who sits there."""
    made = create_desk(tmp_path / "desk", reachable_tenant)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(webbrowser, "_tryorder", None)  # it reads $BROWSER only once in a process
    return made


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Launch Chromium for the tests of this module, in which nothing can use asyncio in the main thread then."""
    pytest.importorskip("playwright", reason="Playwright is not installed, so no browser can be driven.")
    from support.chromium import launch_browser

    with launch_browser() as launched:
        yield launched


@pytest.fixture
def page(browser: "Browser", tenant: RunningTenant) -> "Iterator[Page]":
    """Open a page of a fresh profile, where nobody is signed in, led to the tenant."""
    from support.chromium import open_context

    with open_context(browser, tenant.manifest) as context:
        yield context.new_page()


def pytest_configure(config: pytest.Config) -> None:
    """Let the canary and the watch see every test; nothing is kept in the keychain of whoever runs them."""
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    config.pluginmanager.register(CanaryWatch())
    config.pluginmanager.register(OpenApiWatch())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Refuse skipped tests where nothing may be skipped."""
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Refuse skipped modules where nothing may be skipped."""
    return _refuse_skip((yield))


def _refuse_skip(report: Report) -> Report:
    if os.environ.get("POSTROOM_REQUIRE_ALL") and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"Nothing may be skipped here, but this was: {reason}"
    return report
