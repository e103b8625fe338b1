"""`postroom credential`: into the keychain, and never out of it onto a screen."""

import json
from pathlib import Path

import pytest

from support.command_line import Postroom
from support.file_keychain import FILE_VARIABLE

CANARY = "canary-8Q~never-printed"


@pytest.fixture
def keychain(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine that has a keychain."""
    return {
        "PYTHON_KEYRING_BACKEND": "support.file_keychain.FileKeychain",
        "PYTHONPATH": str(Path(__file__).parents[1]),
        FILE_VARIABLE: str(tmp_path / "keychain.json"),
    }


def test_a_value_from_stdin_is_kept_and_found(bare_postroom: Postroom, keychain: dict[str, str]) -> None:
    """What is piped in is kept but for its last line break; nothing prints it."""
    kept = bare_postroom(
        "credential", "set", "azure", "client_secret", stdin=f"{CANARY}\n", environment=keychain
    )
    assert kept.returncode == 0, kept.stderr
    assert list(json.loads(Path(keychain[FILE_VARIABLE]).read_text()).values()) == [CANARY]
    found = bare_postroom("credential", "check", "Azure", "client_secret", environment=keychain)
    assert found.stdout == "Azure/client_secret is in the keychain entry “postroom:azure”.\n"
    assert CANARY not in kept.stdout + kept.stderr + found.stdout + found.stderr


def test_the_environment_comes_first(bare_postroom: Postroom, keychain: dict[str, str]) -> None:
    """The place that is told is the one that a bot would take the value from."""
    variable = "POSTROOM_CREDENTIAL_AZURE_CLIENT_SECRET"
    environment = {**keychain, variable: CANARY}
    found = bare_postroom(
        "credential", "check", "azure", "client_secret", "--output", "json", environment=environment
    )
    assert json.loads(found.stdout)["place"] == f"the environment variable {variable}"
    assert CANARY not in found.stdout


def test_a_credential_that_is_nowhere(bare_postroom: Postroom, keychain: dict[str, str]) -> None:
    """Both places are named, and the command that sets it."""
    done = bare_postroom("credential", "check", "azure", "client_id", environment=keychain)
    assert done.returncode == 3
    assert "POSTROOM_CREDENTIAL_AZURE_CLIENT_ID" in done.stderr
    assert "postroom credential set azure client_id" in done.stderr


def test_nothing_is_not_kept(bare_postroom: Postroom, keychain: dict[str, str]) -> None:
    """An empty value is refused, and nothing written."""
    done = bare_postroom("credential", "set", "azure", "client_secret", stdin="\n", environment=keychain)
    assert done.returncode == 3
    assert not Path(keychain[FILE_VARIABLE]).exists()


def test_a_machine_without_a_keychain(bare_postroom: Postroom) -> None:
    """The error says where else a credential can be kept, and nothing of the value."""
    environment = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    done = bare_postroom("credential", "set", "azure", "client_secret", stdin=CANARY, environment=environment)
    assert done.returncode == 3
    assert "environment variable" in done.stderr
    assert CANARY not in done.stderr


@pytest.mark.parametrize("command", ["set", "check"])
def test_help_teaches(bare_postroom: Postroom, command: str) -> None:
    """The help has an example."""
    assert (
        f"Example: postroom credential {command} azure"
        in bare_postroom("credential", command, "--help").stdout
    )
