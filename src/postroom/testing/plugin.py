"""The pytest plugin: fixtures that give a test a local tenant of its own, and lead the test to it.

pytest loads this in every run on a machine that has Postroom. So nothing but pytest is imported here at once: what the
fixtures need comes with the first test that asks for one.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from postroom.outlook import Mailbox
    from postroom.testing.running import RunningTenant

SHOWN_REQUESTS = 50


@pytest.fixture(scope="session")
def running_local_tenant(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[RunningTenant]":
    """A local tenant that serves until the tests end, one for each worker of pytest-xdist; nobody is led to it."""
    from postroom.testing.processes import LocalTenantError  # noqa: PLC0415
    from postroom.testing.running import start_tenant  # noqa: PLC0415

    with ExitStack() as stack:
        try:
            tenant = stack.enter_context(start_tenant(tmp_path_factory.mktemp("local-tenant")))
        except LocalTenantError as error:
            pytest.fail(str(error), pytrace=False)
        yield tenant


@pytest.fixture
def local_tenant(running_local_tenant: "RunningTenant", monkeypatch: pytest.MonkeyPatch) -> "RunningTenant":
    """The local tenant as it is at its start, with the environment of this test leading every client to it."""
    from postroom.testing.processes import NETWORK_VARIABLES  # noqa: PLC0415

    running_local_tenant.reset()
    for name in NETWORK_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in running_local_tenant.environment.items():
        monkeypatch.setenv(name, value)
    return running_local_tenant


@pytest.fixture
def connect_to_local_tenant(local_tenant: "RunningTenant") -> "Iterator[Callable[..., Mailbox]]":
    """Connect to a mailbox of the local tenant as an app of it; what is connected is closed after the test.

    Call it with any of `app="Invoice bot"`, `cloud="Azure Global"`, `username` (the first user's), `mailbox` (a shared
    mailbox) and what else `outlook.connect` takes.
    """
    from postroom.testing.connecting import connect  # noqa: PLC0415

    with ExitStack() as opened:

        def connect_to(**settings: Any) -> "Mailbox":
            return opened.enter_context(connect(local_tenant, **settings))

        yield connect_to


@pytest.fixture
def local_mailbox(connect_to_local_tenant: "Callable[..., Mailbox]") -> "Mailbox":
    """The mailbox of ap@contoso.com, the first user of the local tenant, connected as the app Invoice bot."""
    return connect_to_local_tenant()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a test that failed what it asked the local tenant for."""
    report = yield
    tenant = getattr(item, "funcargs", {}).get("local_tenant")
    if tenant is not None and call.when == "call" and report.failed and _is_ours(tenant):
        report.sections.append(("Requests to the local tenant", _list_requests(tenant)))
    return report


def _is_ours(tenant: object) -> bool:
    """Tell whether it is what our fixture gives; a test may have a fixture of that name of its own."""
    from postroom.testing.running import RunningTenant  # noqa: PLC0415

    return isinstance(tenant, RunningTenant)


def _list_requests(tenant: "RunningTenant") -> str:
    from postroom.testing.processes import LocalTenantError  # noqa: PLC0415

    try:
        requests = tenant.requests()
    except LocalTenantError as error:
        return str(error)
    left_out = len(requests) - SHOWN_REQUESTS
    lines = [f"({left_out} earlier ones are left out.)"] if left_out > 0 else []
    return "\n".join([*lines, *map(_describe_request, requests[-SHOWN_REQUESTS:])]) or "There was none."


def _describe_request(request: dict[str, Any]) -> str:
    status = request["status"] or "no answer"
    app = f" ({request['app']})" if request["app"] else ""
    return f"{status} {request['method']} {request['path']}{app}"
