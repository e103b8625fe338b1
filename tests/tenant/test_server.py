"""The tenant starts, keeps what it is told to keep, and ends when it is told to."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from support.tenant import (
    COMMAND,
    GCC_HIGH,
    GLOBAL,
    RunningTenant,
    bare_environment,
    end,
    find_free_ports,
    launch,
    start_tenant,
    wait_until_ready,
)

MIME = b"From: megan@contoso.com\r\nTo: ap@contoso.com\r\nSubject: Hello\r\n\r\nHello.\r\n"
POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals and modes.")


@POSIX_ONLY
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_with_open_connections(tmp_path: Path, number: int) -> None:
    """Interrupted or terminated it ends with exit code 0, though clients keep their connections open."""
    with (
        start_tenant(tmp_path / "data") as tenant,
        tenant.client() as direct,
        tenant.client(GCC_HIGH) as other,
    ):
        assert direct.get("/contoso.com/discovery/v2.0/keys").status_code == 200
        assert other.get("/contoso.us/discovery/v2.0/keys").status_code == 200
        with socket.create_connection(("127.0.0.1", tenant.port + 2)):
            tenant.process.send_signal(number)
            assert tenant.process.wait(5) == 0
        assert "Traceback" not in (tenant.data / "tenant.log").read_text()


@POSIX_ONLY
def test_it_ends_cleanly_with_a_request_under_way(tmp_path: Path) -> None:
    """A request that waits does not keep the tenant from ending."""
    with start_tenant(tmp_path / "data") as tenant:
        tenant.set_latency(60_000)
        with (
            socket.create_connection(("127.0.0.1", tenant.port)) as connection,
            tenant.ssl_context.wrap_socket(connection, server_hostname="localhost") as secured,
        ):
            secured.sendall(b"GET /contoso.com/discovery/v2.0/keys HTTP/1.1\r\nHost: localhost\r\n\r\n")
            tenant.requests()
            tenant.process.terminate()
            assert tenant.process.wait(5) == 0


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    """Certificates, ids, secrets, signing keys, mail, the clock and revocations are as they were."""
    data = tmp_path / "data"
    with start_tenant(data) as first:
        authority, apps = Path(first.manifest["ca"]).read_bytes(), first.cloud()["apps"]
        first.deliver("ap@contoso.com", MIME)
        token, revoked = first.token("Reader bot"), first.token("Invoice bot")
        first.revoke("Invoice bot")
        first.advance_clock(1800)
    with start_tenant(data) as second:
        assert Path(second.manifest["ca"]).read_bytes() == authority
        assert second.cloud()["apps"] == apps
        assert second.folders("ap@contoso.com")["Inbox"]["total"] == 1
        assert call_graph(second, token) == 200
        assert call_graph(second, revoked) == 401
        second.advance_clock(1900)
        assert call_graph(second, token) == 401


def call_graph(tenant: RunningTenant, token: str) -> int:
    """List a mailbox with this token."""
    with tenant.client() as client:
        headers = {"Authorization": f"Bearer {token}"}
        return client.get("/v1.0/users/ap@contoso.com/messages", headers=headers).status_code


def test_mail_is_ingested_once(tmp_path: Path) -> None:
    """Mail of the given folder is there after a start, once after the second, and again after a reset."""
    folder = tmp_path / "mail" / "newcomer@contoso.us" / "Projects" / "Alpha"
    folder.mkdir(parents=True)
    (folder / "1.eml").write_bytes(MIME)
    data = tmp_path / "data"
    for _ in range(2):
        with start_tenant(data, tmp_path / "mail") as tenant:
            assert tenant.folders("newcomer@contoso.us")["Projects/Alpha"] == {"total": 1, "unread": 1}
            users = [user["username"] for user in tenant.cloud(GCC_HIGH)["users"]]
            assert users.count("newcomer@contoso.us") == 1
            tenant.deliver("newcomer@contoso.us", MIME)
            tenant.reset()
            assert tenant.folders("newcomer@contoso.us")["Projects/Alpha"] == {"total": 1, "unread": 1}
            assert tenant.folders("newcomer@contoso.us")["Inbox"]["total"] == 0


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_taken_port_ends_the_start(tmp_path: Path, number: int) -> None:
    """When any of the three ports is taken, the tenant does not start."""
    port = find_free_ports()
    with socket.create_server(("127.0.0.1", port + number)):
        process = launch(tmp_path / "data", None, port)
        assert process.wait(20) == 8
    assert not (tmp_path / "data" / "ready").exists()
    assert f"Port {port + number} is in use" in (tmp_path / "data" / "tenant.log").read_text()


@POSIX_ONLY
def test_files_with_keys_are_private(tmp_path: Path) -> None:
    """What holds a key or a secret can be read by its owner only, whatever the umask."""
    before = os.umask(0)
    try:
        process = launch(tmp_path / "data", None, find_free_ports())
    finally:
        os.umask(before)
    assert wait_until_ready(process, tmp_path / "data")
    assert end(process) == 0
    keys = [file for file in (tmp_path / "data").rglob("*") if file.is_file() and holds_secret(file)]
    assert len(keys) >= 6
    assert {stat.S_IMODE(file.stat().st_mode) for file in keys} == {0o600}


def holds_secret(file: Path) -> bool:
    """Tell whether a file holds a private key or a client secret."""
    content = file.read_bytes()
    return b"PRIVATE KEY" in content or b'"client_secret"' in content


def test_the_ready_file_comes_last(tmp_path: Path) -> None:
    """Whoever waits for the ready file finds the manifest written and all three listening."""
    with start_tenant(tmp_path / "data") as tenant:
        for number in range(3):
            socket.create_connection(("localhost", tenant.port + number), timeout=5).close()
        assert json.loads((tenant.data / "tenant.json").read_text())["clouds"].keys() == {GLOBAL, GCC_HIGH}


def test_plain_lines_when_piped(tmp_path: Path) -> None:
    """Piped to a file, the screen is a few plain lines with the addresses, and no secret."""
    with start_tenant(tmp_path / "data") as tenant:
        shown = (tenant.data / "tenant.log").read_text()
        assert "\x1b" not in shown
        assert f"https://localhost:{tenant.port + 1}" in shown
        assert all(
            app["client_secret"] not in shown for app in tenant.cloud()["apps"] if app["client_secret"]
        )


def test_a_data_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A data folder that is a file ends the start with a sentence."""
    (tmp_path / "file").write_text("")
    assert "The local tenant cannot read or write its files" in refused_start(tmp_path / "file")


def test_a_data_folder_that_is_damaged(tmp_path: Path) -> None:
    """A record that is not the tenant's own ends the start with what to do."""
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "record.json").write_text('{"clouds": ')
    shown = refused_start(tmp_path)
    assert "is not what the local tenant wrote" in shown
    assert "--data" in shown


def refused_start(data: Path) -> str:
    """Start a tenant that ends by itself, and give what it says."""
    command = [*COMMAND, "--port", str(find_free_ports()), "--data", str(data)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=30, check=False, env=bare_environment()
    )
    assert (done.returncode, done.stdout) in ((3, ""), (10, ""))
    assert "Traceback" not in done.stderr
    return done.stderr
