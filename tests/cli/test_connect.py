"""`postroom connect`: what holds of a connection, step by step."""

import json

from support.command_line import Postroom
from support.tenant import GCC_HIGH, RunningTenant


def test_each_step_that_holds_is_ticked(postroom: Postroom) -> None:
    """Settings, token, mailbox; then what is in the Inbox."""
    done = postroom("connect")
    assert done.returncode == 0, done.stderr
    *steps, inbox = done.stdout.splitlines()
    assert [step[0] for step in steps] == ["✓", "✓", "✓"]
    assert "ap@contoso.com" in steps[-1]
    assert inbox == "  Inbox: 0 messages, 0 unread, 0 folders in it"


def test_the_other_cloud(postroom: Postroom) -> None:
    """The cloud that the environment names is the one that is tried."""
    assert "✓ Azure US GCC High gives an access token" in postroom("connect", cloud=GCC_HIGH).stdout


def test_the_first_step_that_fails_is_crossed_out(postroom: Postroom) -> None:
    """What held stays ticked; what comes after the failure is not claimed."""
    done = postroom("connect", "--username", "nobody@contoso.com")
    assert [line[0] for line in done.stdout.splitlines()] == ["✓", "✓", "✗"]
    assert done.stderr.startswith("Error: There is no mailbox nobody@contoso.com")
    assert done.returncode == 6


def test_json_gives_the_steps(postroom: Postroom) -> None:
    """The same as data: what holds, and the counts of the Inbox."""
    found = json.loads(postroom("connect", "--output", "json").stdout)
    assert [step["holds"] for step in found["steps"]] == [True, True, True]
    assert found["inbox"]["messages"] == 0
    failed = postroom("connect", "--output", "json", app="Old bot")
    assert [step["holds"] for step in json.loads(failed.stdout)["steps"]] == [True, False]
    assert json.loads(failed.stderr)["error"]["aadsts"] == 7000222


def test_an_app_that_may_only_read(postroom: Postroom) -> None:
    """Trying a connection changes nothing, so that reading is enough for it."""
    assert postroom("connect", app="Reader bot").returncode == 0


def test_a_certificate_takes_the_place_of_the_secret(postroom: Postroom, tenant: RunningTenant) -> None:
    """With --client-certificate no secret is asked for."""
    certificate = tenant.app()["certificate"]
    done = postroom(
        "connect",
        "--client-certificate",
        certificate,
        environment={"POSTROOM_CREDENTIAL_AZURE_CLIENT_SECRET": ""},
    )
    assert done.returncode == 0, done.stderr


def test_help_teaches(bare_postroom: Postroom) -> None:
    """The help has an example and names the environment variables."""
    printed = bare_postroom("connect", "--help", environment={"COLUMNS": "80"}).stdout
    assert "Example: postroom connect" in printed
    assert "POSTROOM_CLOUD" in printed
