"""A process that runs a bot with a journal, or goes on with a run, and is killed at a step or within a request.

Started as a program: `python -m support.killed_run '{"journal": ..., "run_id": ..., ...}'`.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import httpx2

from postroom import Credential, outlook
from postroom.bots.reports import StepReport
from support import sample_bots
from support.engines import Listener, start_engine
from support.tenant import bare_environment

KILLED = -signal.SIGKILL
TIMEOUT_SECONDS = 300


def run_and_kill(environment: Mapping[str, str], **settings: Any) -> "subprocess.CompletedProcess[str]":
    """Start such a process, and wait until it is over."""
    return subprocess.run(
        [sys.executable, "-m", "support.killed_run", json.dumps(settings)],
        env={
            **bare_environment(),
            "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


class Killed(Listener):
    """Notes the requests and steps that its process dies in, and kills it there.

    `kill` is where: “before” or “after” a request, or at a step that is “running” or “done”; `at` is which of them,
    counted from 1 in this process, and only since a step of the title `since` begins, where that is given.
    """

    def __init__(self, kill: str | None, at: int, since: str, notes: Path) -> None:
        super().__init__()
        self._kill, self._at, self._since, self._notes = kill, at, since, notes
        self._seen = 0

    def on_step(self, run_id: str, step: StepReport) -> None:
        """Die here, if this is the step."""
        super().on_step(run_id, step)
        if step.status == "running" and step.title == self._since:
            self._since = ""
        if step.status == self._kill:
            self._count(f"{step.number} {step.title}")

    def watch_requests(self) -> None:
        """Let every request of this process to Microsoft Graph go by here."""
        send = httpx2.Client.send

        def send_or_die(client: httpx2.Client, request: httpx2.Request, **options: Any) -> httpx2.Response:
            if self._kill == "before":
                self._count(f"{request.method} {request.url.path}")
            answer = send(client, request, **options)
            if self._kill == "after":
                self._count(f"{request.method} {request.url.path}")
            return answer

        httpx2.Client.send = send_or_die  # type: ignore[method-assign]

    def _count(self, where: str) -> None:
        self._seen += not self._since
        if self._seen == self._at and not self._since:
            with self._notes.open("a") as file:
                file.write(f"{self._kill} {where}\n")
            _die()


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def main(settings: dict[str, Any]) -> None:
    """Begin the run, or go on with it where the journal has it."""
    folder = Path(settings["folder"])
    killed = Killed(settings.get("kill"), settings.get("at", 0), settings.get("since", ""), folder / "deaths")
    killed.watch_requests()
    authentication = outlook.ClientCredentials(
        client_id=Credential("azure", "client_id"),
        tenant_id=Credential("azure", "tenant_id"),
        client_secret=Credential("azure", "client_secret"),
        username=Credential("azure", "username"),
    )
    inputs = {"settings": {"authentication": authentication}, "target": folder / "saved"}
    with start_engine(folder / "journal.sqlite", killed) as engine:
        status = engine.find_status(settings["run_id"])
        if status is None:
            result = engine.run(sample_bots.answer_all, inputs, settings["run_id"])
        else:
            result = (
                engine.wait(settings["run_id"]) if status == "SUCCESS" else engine.resume(settings["run_id"])
            )
    print(json.dumps(result))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
