"""`postroom doctor`: what holds of a connection, and what to do where it does not."""

import json
import os
import subprocess
import sys

import pytest

from support.command_line import Postroom
from support.tenant import GCC_HIGH, RunningTenant, bare_environment

COMMAND = [sys.executable, "-m", "postroom", "doctor"]
NEEDS_TERMINAL = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals.")
SECRET = "POSTROOM_CREDENTIAL_AZURE_CLIENT_SECRET"


def test_each_leg_that_holds_is_ticked(postroom: Postroom) -> None:
    """In a pipe each leg is a line, and the exit code says that all is well."""
    done = postroom("doctor")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 13
    assert all(line.startswith("✓ ") for line in lines)
    assert "What to do" not in done.stdout


def test_what_does_not_hold_comes_with_what_to_do(postroom: Postroom) -> None:
    """The cross says what, the lines below say how to mend it, and the exit code is that of a Connect."""
    done = postroom("doctor", app="Reader bot")
    assert done.returncode == 5
    assert done.stderr == ""
    assert "✗ Permission Mail.ReadWrite: The app " in done.stdout
    assert "· Mailbox\n" in done.stdout
    _, _, remedy = done.stdout.partition("What to do:\n")
    assert "\n  https://portal.azure.com/#view/" in remedy
    assert "\n  Connect-MgGraph -Scopes 'AppRoleAssignment.ReadWrite.All'" in remedy


def test_chosen_actions(postroom: Postroom) -> None:
    """An app that may only read is good enough for a bot that only lists and saves."""
    assert (
        postroom(
            "doctor", "--action", "list", "--action", "outlook.save_attachments", app="Reader bot"
        ).returncode
        == 0
    )
    refused = postroom("doctor", "--action", "dance")
    assert refused.returncode == 3
    assert "There is no action “dance”" in refused.stderr
    assert "save-attachments" in refused.stderr


def test_the_other_cloud(postroom: Postroom) -> None:
    """The legs of GCC High."""
    done = postroom("doctor", cloud=GCC_HIGH)
    assert done.returncode == 0, done.stdout
    assert "login.microsoftonline.us and graph.microsoft.us are reached" in done.stdout


def test_json_for_machines(postroom: Postroom) -> None:
    """One object: each leg with whether it holds (null: not reached), and what to do as data."""
    good = json.loads(postroom("doctor", "--json").stdout)
    assert good["holds"] is True
    assert {leg["holds"] for leg in good["legs"]} == {True}
    done = postroom("doctor", "--output", "json", app="Old bot")
    assert done.returncode == 4
    found = json.loads(done.stdout)
    assert found["holds"] is False
    failure = next(leg for leg in found["legs"] if leg["holds"] is False)
    assert failure["leg"] == "credential"
    assert failure["error"]["aadsts"] == 7000222
    assert failure["link"].startswith("https://portal.azure.com/")
    assert failure["command"] == "postroom credential set azure client_secret"
    assert found["legs"][-1]["holds"] is None


def test_a_person_who_has_not_signed_in(postroom: Postroom, tenant: RunningTenant, tmp_path: object) -> None:
    """No browser is opened: the line that signs in is told."""
    done = postroom(
        "doctor",
        "--mode",
        "authorization-code",
        app="Desktop bot",
        environment={
            "POSTROOM_TOKEN_KEY": "K" * 42 + "A",
            "XDG_STATE_HOME": str(tmp_path),
            "BROWSER": "false",
        },
    )
    assert done.returncode == 4, done.stdout
    assert "✗ Kept sign-in: Nobody has signed in as ap@contoso.com" in done.stdout
    assert "\n  postroom connect --mode authorization-code --username ap@contoso.com\n" in done.stdout


def test_a_secret_is_never_shown(postroom: Postroom) -> None:
    """Not even one that is refused."""
    done = postroom("doctor", environment={SECRET: "canary-8Q~never-printed"})
    assert done.returncode == 4
    assert "canary" not in done.stdout + done.stderr


@NEEDS_TERMINAL
def test_a_terminal_gets_colours_and_whole_commands(tenant: RunningTenant) -> None:
    """Ticks are green, the cross is red; a command stays in one line, so that it can be copied."""
    shown = _run_on_terminal(tenant, "Reader bot")
    assert "\x1b[1;32m✓\x1b[0m Settings" in shown
    assert "\x1b[1;31m✗\x1b[0m \x1b[1mPermission Mail.ReadWrite" in shown
    assert "New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $app.Id -PrincipalId $app.Id" in shown


@NEEDS_TERMINAL
def test_no_colour_where_none_is_wanted(tenant: RunningTenant) -> None:
    """NO_COLOR is heard."""
    assert "\x1b[1;32m" not in _run_on_terminal(tenant, "Reader bot", NO_COLOR="1")


def _run_on_terminal(tenant: RunningTenant, app: str, **variables: str) -> str:
    """Run the command on a pseudo terminal, and give all that it wrote there."""
    from postroom.tenant.environment import app_environment

    environment = (
        bare_environment() | tenant.environment | app_environment(tenant.manifest, app, "Azure Global")
    )
    environment |= {"TERM": "xterm-256color", "COLUMNS": "100", "PYTHONUTF8": "1"} | variables
    terminal, other_side = os.openpty()
    with subprocess.Popen(
        COMMAND, env=environment, stdin=other_side, stdout=other_side, stderr=other_side
    ) as run:
        os.close(other_side)
        written = b""
        while chunk := _read(terminal):
            written += chunk
        os.close(terminal)
    assert run.returncode == 5
    return written.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says so when the other side is closed
        return b""
