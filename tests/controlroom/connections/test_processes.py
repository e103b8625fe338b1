"""Real processes, as servers and workers of one Control Room on several hosts are, on both databases.

The proofs that matter most: however many ask at once, Entra ID is asked once; and whoever is killed in the middle
takes nothing with them.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.empty_database import empty_database
from support.provider_connections import count_token_requests
from support.tenant import GLOBAL, RunningTenant

PROCESSES = 64
WAIT_SECONDS = 90.0
PROGRAM = Path(__file__).with_name("token_worker.py")


@dataclass
class Room:
    """A Control Room without a server: its environment, in which workers run."""

    environment: dict[str, str]

    def run(self, task: str, *arguments: str) -> Any:
        """Let a worker do something, and give what it answers."""
        process = self.launch(task, *arguments)
        output, failure = process.communicate(timeout=WAIT_SECONDS)
        assert process.returncode == 0, failure
        return json.loads(output)

    def launch(self, task: str, *arguments: str) -> "subprocess.Popen[str]":
        """Launch a worker without waiting for it."""
        return subprocess.Popen(
            [sys.executable, str(PROGRAM), task, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask_at_once(self, count: int) -> list[dict[str, Any]]:
        """Let so many processes ask at the same moment, and give what each got."""
        answers: list[dict[str, Any]] = self.run("ask_at_once", str(count))
        assert len(answers) == count
        return answers


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def made_room(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Room:
    """Make a Control Room, once for all tests here."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("POSTROOM_", "DJANGO_"))}
    home = tmp_path_factory.mktemp("processes") / "home"
    environment = own | {"POSTROOM_HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[2])}
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        environment["POSTROOM_DATABASE"] = server.create_database(f"tokens-{os.getpid()}")
    else:
        empty_database.copy_to(home)
    made = Room(environment)
    made.run("make")
    return made


@pytest.fixture
def room(made_room: Room, reachable_tenant: RunningTenant) -> Room:
    """Give a Control Room where somebody has signed in for the Shared token, which has ended."""
    made_room.environment |= reachable_tenant.environment
    made_room.environment["TENANT_MANIFEST"] = str(reachable_tenant.data / "tenant.json")
    made_room.run("sign_in")
    reachable_tenant.clear_requests()
    return made_room


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_64_processes_cause_one_refresh(room: Room, reachable_tenant: RunningTenant) -> None:
    """All get the same new token, and Entra ID counts one request."""
    answers = room.ask_at_once(PROCESSES)
    assert len({answer["fingerprint"] for answer in answers}) == 1
    assert count_token_requests(reachable_tenant) == 1
    assert room.run("look")["generation"] == 2


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_64_processes_cause_one_refusal(room: Room, reachable_tenant: RunningTenant) -> None:
    """Where the sign-in is dead, Entra ID is asked once, and all read the same sentence."""
    reachable_tenant.revoke(user=f"ap@{reachable_tenant.cloud(GLOBAL)['domain']}")
    answers = room.ask_at_once(PROCESSES)
    assert {answer["error"] for answer in answers} == {"ConnectionNotReadyError"}
    assert count_token_requests(reachable_tenant) == 1


def test_eight_processes_cause_one_refresh(room: Room, reachable_tenant: RunningTenant) -> None:
    """The same with a few, each time that the tests run."""
    answers = room.ask_at_once(8)
    assert len({answer["fingerprint"] for answer in answers}) == 1
    assert count_token_requests(reachable_tenant) == 1


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_a_holder_that_is_killed_takes_no_token_with_it(room: Room, reachable_tenant: RunningTenant) -> None:
    """Killed with -9 after Entra ID has answered and before that is kept, which is the worst moment.

    Another goes on when the lease has ended, with what was kept before.
    """
    holder = room.launch("ask_and_be_killed")
    holder.communicate(timeout=WAIT_SECONDS)
    assert holder.returncode == -signal.SIGKILL
    assert count_token_requests(reachable_tenant) == 1
    looked = room.run("look")
    assert (looked["leased"], looked["generation"]) == (True, 1)
    answers = room.ask_at_once(4)
    assert len({answer["fingerprint"] for answer in answers}) == 1
    assert count_token_requests(reachable_tenant) == 2
    assert room.run("refresh_again")["signed_in_as"] == f"ap@{reachable_tenant.cloud(GLOBAL)['domain']}"
