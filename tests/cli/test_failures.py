"""What fails is told once, in a sentence or as JSON, with the exit code of the error table."""

import json
import socket
import subprocess
import sys
from pathlib import Path

from support.command_line import Postroom
from support.tenant import RunningTenant, bare_environment

AP = "ap@contoso.com"
SECRET = "POSTROOM_CREDENTIAL_AZURE_CLIENT_SECRET"
CANARY = "canary-8Q~never-printed"
MAIL = b"From: megan@contoso.com\r\nTo: ap@contoso.com\r\nSubject: Invoice\r\n\r\nPlease pay.\r\n"


def test_a_wrong_secret(postroom: Postroom) -> None:
    """Sign-in failures end with 4, say what to do, and never show the secret."""
    done = postroom("mail", "list", environment={SECRET: CANARY})
    assert done.returncode == 4
    assert done.stderr.startswith("Error: ")
    assert "AADSTS7000215" in done.stderr
    assert CANARY not in done.stdout + done.stderr


def test_a_permission_that_is_missing(postroom: Postroom, tenant: RunningTenant) -> None:
    """An app that may only read cannot move: 5, naming the permission."""
    done = postroom("mail", "move", tenant.deliver(AP, MAIL), "--to", "Archive", app="Reader bot")
    assert done.returncode == 5
    assert "Mail.ReadWrite" in done.stderr
    assert tenant.folders(AP)["Inbox"]["total"] == 1


def test_a_folder_that_is_missing(postroom: Postroom) -> None:
    """What is not there ends with 6, and what is there is named."""
    done = postroom("mail", "list", "Nowhere")
    assert done.returncode == 6
    assert "Inbox" in done.stderr
    assert done.stdout == ""


def test_settings_that_are_wrong(postroom: Postroom, bare_postroom: Postroom) -> None:
    """A setting that is missing or cannot be used ends with 3, before anything is sent."""
    assert bare_postroom("mail", "list").returncode == 3
    assert postroom("connect", "--cloud", "Azure Mars").returncode == 3
    assert postroom("connect", "--client-id", "credential:azure").returncode == 3
    assert postroom("connect", "--variable", "nonsense").returncode == 3
    assert postroom("mail", "list", "--limit", "0").returncode == 3


def test_usage(bare_postroom: Postroom) -> None:
    """What the command line does not know ends with 2, as everywhere."""
    assert bare_postroom("mail", "lst").returncode == 2
    assert bare_postroom("mail", "move").returncode == 2


def test_a_secret_on_the_command_line_is_refused(postroom: Postroom, tenant: RunningTenant) -> None:
    """Neither a secret nor a key is taken where other users of the machine can read it."""
    tenant.clear_requests()
    for options in (
        ["--client-secret", CANARY],
        ["--client-secret", "variable:secret", "--variable", f"secret={CANARY}"],
        ["--client-certificate", f"-----BEGIN PRIVATE KEY-----\n{CANARY}"],
    ):
        done = postroom("connect", *options)
        assert done.returncode == 3
        assert "postroom credential set azure client_" in done.stderr
        assert CANARY not in done.stdout + done.stderr
    assert tenant.requests() == []


def test_failures_as_json(postroom: Postroom) -> None:
    """With --output json, stderr is one object, whatever order the options stand in."""
    done = postroom("mail", "list", "Nowhere", "--output", "json")
    error = json.loads(done.stderr)["error"]
    assert error["type"] == "FolderNotFoundError"
    assert error.keys() == {"type", "message", "code", "aadsts", "request_id"}
    early = postroom("mail", "list", "--variable", "nonsense", "--output", "json")
    assert json.loads(early.stderr)["error"]["type"] == "SettingError"


def test_some_of_many(postroom: Postroom, tenant: RunningTenant) -> None:
    """Where some items fail the exit code is 11, and each of them is named."""
    here, gone = tenant.deliver(AP, MAIL), tenant.deliver("adele@contoso.com", MAIL)
    done = postroom("mail", "move", here, gone, "--to", "Archive", "--output", "json")
    assert done.returncode == 11, done.stderr
    (failure,) = json.loads(done.stderr)["error"]["failures"]
    assert failure["item"] == f"message {gone}"
    assert failure["type"] == "MessageNotFoundError"
    assert tenant.folders(AP)["Archive"]["total"] == 1


def test_a_port_in_use(bare_postroom: Postroom, tmp_path: Path) -> None:
    """The tenant says which port is taken, and ends with 8."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = bare_postroom("tenant", "start", "--port", str(port), "--data", str(tmp_path / "data"))
    assert done.returncode == 8
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_tenant_that_cannot_be_reached(postroom: Postroom) -> None:
    """A proxy that is not there is a network failure: 8, try again."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
    done = postroom("connect", environment={"HTTPS_PROXY": nowhere, "https_proxy": nowhere})
    assert done.returncode == 8
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_enough(bare_postroom: Postroom) -> None:
    """A pipe that closes early (`head`) is no failure to be told."""
    with subprocess.Popen(
        [sys.executable, "-m", "postroom", "--version"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=bare_environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_the_version(bare_postroom: Postroom) -> None:
    """`postroom --version` is what a report of a fault begins with."""
    assert bare_postroom("--version").stdout.startswith("postroom ")
