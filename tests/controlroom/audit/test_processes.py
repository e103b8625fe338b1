"""Many processes write at once, as servers of one Control Room do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.empty_database import empty_database

PROCESSES, ENTRIES_EACH = 8, 20
# Forked, so that what they import costs once.
WRITE = f"""
import os, sys
import django
django.setup()
from django.db import transaction
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.trail import keeping_refusals, record
children = []
for _ in range({PROCESSES}):
    child = os.fork()
    if not child:
        break
    children.append(child)
else:
    sys.exit(any([os.waitpid(child, 0)[1] for child in children]))
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
    if database:
        made = run(environment, "-m", "django", "migrate")
        assert made.returncode == 0, made.stderr
    else:
        empty_database.copy_to(tmp_path)
    written = run(environment, "-c", WRITE)
    assert (written.returncode, written.stderr) == (0, "")
    verified = run(environment, "-c", "from postroom.cli import main; main()", "audit", "verify")
    assert verified.stdout == f"The audit trail is whole. Entries: {PROCESSES * ENTRIES_EACH}.\n", (
        verified.stderr
    )
