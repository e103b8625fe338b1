"""The command line, in a shell that is led to the tenant and in one that is not."""

import subprocess
from collections.abc import Mapping

import pytest

from postroom.tenant.environment import app_environment
from support.command_line import Postroom, run, run_here
from support.tenant import GLOBAL, RunningTenant


@pytest.fixture
def postroom(tenant: RunningTenant) -> Postroom:
    """Run `postroom` in a shell that `postroom tenant env` has led to the tenant."""

    def run_led(
        *arguments: str,
        app: str = "Invoice bot",
        cloud: str = GLOBAL,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        led = tenant.environment | app_environment(tenant.manifest, app, cloud)
        return run(*arguments, stdin=stdin, environment={**led, **(environment or {})})

    return run_led


@pytest.fixture
def postroom_here(tenant: RunningTenant) -> Postroom:
    """Run `postroom` as in such a shell, without the cost of a process for each command."""

    def run_led_here(
        *arguments: str,
        app: str = "Invoice bot",
        cloud: str = GLOBAL,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        led = tenant.environment | app_environment(tenant.manifest, app, cloud)
        return run_here(*arguments, stdin=stdin, environment={**led, **(environment or {})})

    return run_led_here


@pytest.fixture
def bare_postroom() -> Postroom:
    """Run `postroom` in a shell that nobody has prepared."""

    def run_bare(
        *arguments: str,
        app: str = "",
        cloud: str = "",
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        return run(*arguments, stdin=stdin, environment=environment or {})

    return run_bare
