"""`postroom tenant env` prints what `eval` takes, and says what is missing."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.tenant import GCC_HIGH, RunningTenant, bare_environment, start_tenant

ENV = [sys.executable, "-m", "postroom", "tenant", "env"]


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTenant]:
    """Start a tenant in a folder whose name needs quoting."""
    with start_tenant(tmp_path_factory.mktemp("cli") / "it's data") as running:
        yield running


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `postroom tenant env`."""
    return subprocess.run(
        [*ENV, *arguments], capture_output=True, text=True, timeout=30, check=False, env=bare_environment()
    )


@pytest.mark.skipif(sys.platform == "win32", reason="The exports are for POSIX shells.")
def test_a_shell_that_evaluates_it_is_led_to_the_tenant(tenant: RunningTenant) -> None:
    """One eval sets proxy, authority, cloud and the app's credential."""
    options = ["--data", str(tenant.data), "--app", "Invoice bot", "--cloud", GCC_HIGH, "--credential", "bot"]
    printed = run(*options)
    assert printed.returncode == 0, printed.stderr
    script = 'eval "$1"; printf "%s|%s|%s" "$SSL_CERT_FILE" "$POSTROOM_CLOUD" "$POSTROOM_CREDENTIAL_BOT_CLIENT_SECRET"'
    shown = subprocess.run(
        ["/bin/sh", "-c", script, "sh", printed.stdout], capture_output=True, text=True, check=True
    )
    assert shown.stdout == f"{tenant.manifest['ca']}|{GCC_HIGH}|{tenant.app(cloud=GCC_HIGH)['client_secret']}"


def test_without_an_app_no_secret_is_printed(tenant: RunningTenant) -> None:
    """Secrets are printed only when their app is asked for."""
    printed = run("--data", str(tenant.data)).stdout
    assert "export HTTPS_PROXY=" in printed
    assert "POSTROOM_" not in printed


def test_a_folder_without_a_tenant(tmp_path: Path) -> None:
    """Where no tenant was started, nothing is printed and the way to start one is told."""
    done = run("--data", str(tmp_path))
    assert (done.returncode, done.stdout) == (3, "")
    assert "postroom tenant start" in done.stderr


def test_an_unknown_app(tenant: RunningTenant) -> None:
    """A wrong name is answered with the right ones."""
    done = run("--data", str(tenant.data), "--app", "Nobody")
    assert done.returncode == 3
    assert "Invoice bot" in done.stderr
