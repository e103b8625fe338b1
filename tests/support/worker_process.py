"""What is a worker of the Control Room with a short lease. It is imported by the process that workers are forked from.

In KILL a worker may be told where to die, as `before:7`: before or after a request of that number to Microsoft Graph,
or at the step of that number that is `running` or `done`.
"""

import os
import signal
from pathlib import Path
from typing import Any

import httpx2

from postroom.cli.control_room import open_control_room

open_control_room()

# Django is set up by now.
from postroom.cli.worker import _stopped_by_signals  # noqa: E402
from postroom.controlroom.requests import set_up_logging  # noqa: E402
from postroom.controlroom.runs.workers.working import RunWorker, WorkerSettings  # noqa: E402


class Death:
    """Ends this process at the place that it is told."""

    def __init__(self, told: str) -> None:
        place, _, number = told.partition(":")
        self.place = place
        self._left = int(number or 0)

    def come(self, place: str) -> None:
        """Count one more of these, and die if it is the one."""
        self._left -= place == self.place
        if place == self.place and self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, listener: Any) -> None:
        """Let requests and steps go by here."""
        send, on_step = httpx2.Client.send, listener.on_step

        def send_or_die(client: httpx2.Client, request: httpx2.Request, **options: Any) -> httpx2.Response:
            self.come("before")
            answer = send(client, request, **options)
            self.come("after")
            return answer

        def report_or_die(run_id: str, step: Any) -> None:
            self.come(step.status)
            on_step(run_id, step)

        httpx2.Client.send = send_or_die  # type: ignore[method-assign]
        listener.on_step = report_or_die


def work(runs: int, lease_seconds: float, ready: Path) -> None:
    """Work until a signal comes."""
    set_up_logging()
    worker = RunWorker(WorkerSettings(runs=runs, name="test", lease_seconds=lease_seconds), print)
    Death(os.environ.get("KILL", "")).watch(worker._at_work)
    with _stopped_by_signals(worker) as stop:
        worker.work(stop, lambda: ready.write_text("ready\n"))
