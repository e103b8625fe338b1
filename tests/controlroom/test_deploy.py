"""What Django's own check for deployments says of the Control Room."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.control_room import bare_of_rooms

TIMEOUT_SECONDS = 60


def check(home: Path, url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `django check` for a Control Room that people reach under this address."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "django", "check", "--fail-level", "INFO", *arguments],
        env=bare_of_rooms()
        | {
            "DJANGO_SETTINGS_MODULE": "postroom.controlroom.settings",
            "POSTROOM_HOME": str(home),
            "POSTROOM_URL": url,
            "PYTHONUTF8": "1",
        },
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


@pytest.mark.parametrize("url", ["https://postroom.contoso.com", "http://localhost:8000"])
def test_deployments_are_clean(tmp_path: Path, url: str) -> None:
    """Nothing is to be said of a Control Room behind HTTPS, nor of one that this machine alone reaches."""
    checked = check(tmp_path, url, "--deploy")
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stderr
    assert "no issues" in checked.stdout


def test_http_over_a_network_is_told(tmp_path: Path) -> None:
    """Where other machines reach it without HTTPS, the check says what is missing."""
    checked = check(tmp_path, "http://postroom.contoso.com", "--deploy")
    assert checked.returncode == 1
    assert {"security.W008", "security.W012"} <= set(
        checked.stderr.replace(")", " ").replace("(", " ").split()
    )


def test_migrations_are_complete(tmp_path: Path) -> None:
    """Every model is as the migrations make it."""
    found = subprocess.run(
        [sys.executable, "-W", "error", "-m", "django", "makemigrations", "--check", "--dry-run"],
        env=bare_of_rooms()
        | {"DJANGO_SETTINGS_MODULE": "postroom.controlroom.settings", "POSTROOM_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
