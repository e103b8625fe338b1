"""Many processes write at once, as servers of one Control Room do."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROCESSES, ENTRIES_EACH = 8, 20
WRITE = f"""
import django
django.setup()
from django.db import transaction
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.trail import keeping_refusals, record
for number in range({ENTRIES_EACH}):
    try:
        with keeping_refusals(), transaction.atomic():
            outcome = Outcome.REFUSED if number % 5 == 0 else Outcome.DONE
            record(Event.TOKEN_GIVEN, actor="bot", outcome=outcome, number=number)
            if number % 5 == 0:
                raise LookupError
    except LookupError:
        pass
"""


def get_environment(home: Path, database: str) -> dict[str, str]:
    """The environment of a Control Room of this test's own."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("POSTROOM_")},
        "DJANGO_SETTINGS_MODULE": "postroom.controlroom.settings",
        "POSTROOM_HOME": str(home),
        **({"POSTROOM_DATABASE": database} if database else {}),
    }


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_eight_processes_append_at_once(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """No number is left out or given twice, refusals are there though rolled back, and the chain is whole."""
    database = ""
    if kind == "postgresql":
        database = request.getfixturevalue("postgresql").create_database(f"audit-{os.getpid()}")
    environment = get_environment(tmp_path, database)
    made = run(environment, "-m", "django", "migrate")
    assert made.returncode == 0, made.stderr
    writers: list[Any] = [
        subprocess.Popen([sys.executable, "-c", WRITE], env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    for writer in writers:
        _, errors = writer.communicate()
        assert writer.returncode == 0, errors
        assert errors == ""
    verified = run(environment, "-c", "from postroom.cli import main; main()", "audit", "verify")
    assert verified.stdout == f"The audit trail is whole. Entries: {PROCESSES * ENTRIES_EACH}.\n", (
        verified.stderr
    )
