"""`postroom audit`, as an administrator types it."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.empty_database import empty_database

pytestmark = pytest.mark.xdist_group("commands of the audit trail")

COMMAND = "from postroom.cli import main; main()"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a Control Room of these tests' own."""
    return tmp_path_factory.mktemp("audit-home")


@pytest.fixture(scope="module")
def run(home: Path) -> Run:
    """Run a command in that Control Room, which has an entry."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("POSTROOM_")},
        "DJANGO_SETTINGS_MODULE": "postroom.controlroom.settings",
        "POSTROOM_HOME": str(home),
    }

    def run_command(*arguments: str, other_home: Path | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", COMMAND, "audit", *arguments],
            env={**environment, **({"POSTROOM_HOME": str(other_home)} if other_home else {})},
            capture_output=True,
            text=True,
            check=False,
        )

    empty_database.copy_to(home)
    assert run_command("export").returncode == 0
    return run_command


def test_an_export_is_written_down_and_verified(run: Run) -> None:
    """What is exported names who exported before; the chain is whole."""
    exported = run("export", "--format", "json", "--event", "AUDIT_EXPORTED")
    entries = json.loads(exported.stdout)
    assert entries[-1]["actor"].startswith("command line")
    assert entries[0]["details"] == {"filters": "event: AUDIT_EXPORTED", "format": "json"}
    assert (
        run("verify", "--output", "json").stdout
        == json.dumps({"entries": len(entries), "whole": True}, separators=(",", ":")) + "\n"
    )


def test_an_export_to_a_file_never_replaces_one(run: Run, tmp_path: Path) -> None:
    """A file is written for spreadsheets, and once."""
    file = tmp_path / "audit.csv"
    assert run("export", "--to", str(file)).returncode == 0
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    assert rows[0]["event"] == "AUDIT_EXPORTED"
    again = run("export", "--to", str(file))
    assert again.returncode == 10
    assert "not there yet" in again.stderr


def test_unknown_filters_name_what_there_is(run: Run) -> None:
    """An event that does not exist is refused with the list of those that do."""
    refused = run("export", "--event", "NOTHING")
    assert refused.returncode == 3
    assert "SIGNED_IN" in refused.stderr


def test_a_folder_without_a_control_room(run: Run, tmp_path: Path) -> None:
    """Where no Control Room was started yet, that is said, without a traceback."""
    refused = run("verify", other_home=tmp_path)
    assert refused.returncode == 12
    assert "postroom serve" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_tampering_is_told_with_an_exit_code(run: Run, home: Path, tmp_path: Path) -> None:
    """Where the chain does not hold, the entry is named."""
    tampered = shutil.copytree(home, tmp_path / "tampered")
    (tampered / "audit-anchor.json").write_text("{}")
    refused = run("verify", other_home=tampered)
    assert refused.returncode == 12
    assert "does not hold: entry" in refused.stderr
