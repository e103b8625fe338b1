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
    """Notes the request or step that its process dies in, and kills it there.

    `kill` is when: “before” or “after” a request, or at a step that is “running” or “done”; `at` is which of them,
    counted from 1 in this process. With `name`, only what has this name counts; with `since`, only what comes since
    a step of that title begins. A request has the name of `name_request`, a step that of its title.
    """

    def __init__(self, notes: Path, kill: str = "", at: int = 1, name: str = "", since: str = "") -> None:
        super().__init__()
        self._notes, self._kill, self._at, self._name, self._since = notes, kill, at, name, since
        self._seen = 0

    def on_step(self, run_id: str, step: StepReport) -> None:
        """Die here, if this is the step."""
        super().on_step(run_id, step)
        if step.status == "running" and step.title == self._since:
            self._since = ""
        if step.status == self._kill:
            self._count(step.title)

    def watch_requests(self) -> None:
        """Let every request of this process to Microsoft Graph go by here."""
        send = httpx2.Client.send

        def send_or_die(client: httpx2.Client, request: httpx2.Request, **options: Any) -> httpx2.Response:
            if self._kill == "before":
                self._count(name_request(request))
            answer = send(client, request, **options)
            if self._kill == "after":
                self._count(name_request(request))
            return answer

        httpx2.Client.send = send_or_die  # type: ignore[method-assign]

    def _count(self, name: str) -> None:
        if self._since or self._name not in ("", name):
            return
        self._seen += 1
        if self._seen == self._at:
            with self._notes.open("a") as file:
                file.write(f"{self._kill} {name}\n")
            _die()


def name_request(request: httpx2.Request) -> str:
    """Give the method and the last part of the path, unless that is the id of a message: `PATCH`, `POST send`."""
    last = request.url.path.rpartition("/")[2]
    return request.method if last.endswith("=") else f"{request.method} {last}"


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def main(settings: dict[str, Any]) -> None:
    """Begin the run, or go on with it where the journal has it."""
    folder = Path(settings["folder"])
    killed = Killed(folder / "deaths", **settings.get("death", {}))
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
