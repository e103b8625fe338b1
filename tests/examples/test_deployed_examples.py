"""The example bots deployed to a Control Room and run by a worker: from files and from Python, in both clouds."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.control_room import RunningControlRoom
from support.filled_room import fill_room, let_device_in, sign_in_for_room
from support.invoices import BOTS, InvoiceStory
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

RUN_TIMEOUT_SECONDS = 60
FORMS = {"file": "invoice-intake{}.bot.yaml", "function": "invoice_intake.py:invoice_intake{}"}


@dataclass(frozen=True)
class Deployment:
    """A Control Room in which the examples are deployed, and a device of the administrator."""

    story: InvoiceStory
    client: httpx2.Client

    def run(self, bot: str, **inputs: str) -> None:
        """Run a deployed bot to its good end, and look at what it did; everything is then as before."""
        begun = self.ask("POST", "/api/runs", {"bot": bot, "inputs": {**inputs, **self.story.inputs}})
        deadline = time.monotonic() + RUN_TIMEOUT_SECONDS
        while (run := self.ask("GET", f"/api/runs/{begun['id']}"))["status"] in ("queued", "running"):
            assert time.monotonic() < deadline, run
            time.sleep(0.2)
        assert (run["status"], run["error"]) == ("done", None)
        self.story.check(Path(inputs["save_to"]))
        self.story.tenant.restore()

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        """Ask the API."""
        answer = self.client.request(method, path, json=content)
        assert answer.is_success, answer.text
        return answer.json()


# What a cloud makes different, the example bots show without a worker.
@pytest.fixture(params=[GLOBAL, pytest.param(GCC_HIGH, marks=pytest.mark.proof)])
def deployment(
    request: pytest.FixtureRequest,
    start_room: Callable[..., AbstractContextManager[RunningControlRoom]],
    tenant: RunningTenant,
) -> Iterator[Deployment]:
    """Deploy the folder of examples, with a connection that somebody has signed in for and an app as a credential."""
    story = InvoiceStory(tenant, request.param).deliver()
    app = tenant.app("Invoice bot", story.cloud)
    credentials = {
        "mailboxes": {"ap": story.username},
        "azure": {
            "client_id": app["client_id"],
            "tenant_id": tenant.cloud(story.cloud)["tenant_id"],
            "client_secret": app["client_secret"],
        },
    }
    with start_room(worker=True, arguments=("--bots", str(BOTS))) as room:
        connection = fill_room(room, tenant, story.cloud, credentials)
        for token in ("shared", "user-specific"):
            sign_in_for_room(room, tenant, connection, story.username, token)
        key = let_device_in(room)["POSTROOM_CONTROL_ROOM_KEY"]
        headers = {"Authorization": f"Bearer {key}"}
        with httpx2.Client(base_url=room.address, headers=headers, trust_env=False, timeout=30) as client:
            made = Deployment(story, client)
            refreshed = made.ask("POST", "/api/bots/refresh")
            assert refreshed["faults"] == []
            tenant.snapshot()
            yield made


def test_a_worker_runs_them_in_each_mode_that_needs_nobody(deployment: Deployment, tmp_path: Path) -> None:
    """Client Credentials from the vault, and Control Room managed with either type of token: all is done once."""
    for form, path in FORMS.items():
        app = {"username": deployment.story.username, "save_to": str(tmp_path / form)}
        deployment.run(path.format(""), **app)
        for token in ("shared", "user-specific"):
            managed = "-managed" if form == "file" else "_managed"
            inputs = {"save_to": str(tmp_path / f"{form} {token}"), "token": token}
            deployment.run(path.format(managed), **inputs)
