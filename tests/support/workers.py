"""Workers of the Control Room in processes of their own, on the database that Django's tests use."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from support.control_room import bare_of_rooms

if TYPE_CHECKING:
    from postroom.controlroom.runs.models import BotVersion, Run

TESTS = Path(__file__).parent.parent
PACKAGE = Path(__file__).parent / "paper"
"""The folder of a package of actions that needs neither mailbox nor network."""
LONGEST_SECONDS = 60.0
NOTES = """\
name: Notes
inputs:
  file: {type: text}
  texts: {type: list}
  seconds: {type: number, default: 0}
steps:
  - uses: paper.open_paper
    with: {session: p, file: "${{ file }}"}
  - for_each: text
    in: "${{ texts }}"
    steps:
      - uses: paper.write
        with: {session: p, text: "${{ text }}", seconds: "${{ seconds }}"}
"""
"""A bot that writes each text into a file, in a step of its own."""


@dataclass
class RunningWorker:
    """A worker in a process of its own."""

    process: "subprocess.Popen[bytes]"
    log_file: Path

    @property
    def log(self) -> str:
        """What it has said."""
        return self.log_file.read_text()

    def send(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a power failure would."""
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """Let it end by itself, and give its exit code."""
        self.send(signal.SIGTERM)
        return self.process.wait(LONGEST_SECONDS)


@contextmanager
def start_worker(
    folder: Path,
    *,
    runs: int = 4,
    lease_seconds: float = 2.0,
    environment: Mapping[str, str] | None = None,
    await_ready: bool = True,
) -> Iterator[RunningWorker]:
    """Start a worker, and end it afterwards if it has not ended by then."""
    name = f"worker-{uuid4().hex[:8]}"
    ready, log_file = folder / f"{name}-ready", folder / f"{name}.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "support.worker_process",
                str(runs),
                str(lease_seconds),
                str(ready),
            ],
            env=bare_of_rooms() | name_database() | dict(environment or {}),
            cwd=TESTS,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    running = RunningWorker(process, log_file)
    try:
        wait_until(lambda: ready.exists() or process.poll() is not None or not await_ready)
        assert ready.exists() or not await_ready, running.log
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            running.kill()


def name_database() -> dict[str, str]:
    """Give the variables that lead a process to the Control Room of these tests."""
    from django.conf import settings
    from django.db import connection

    chosen = connection.settings_dict
    if connection.vendor == "sqlite":
        address = f"sqlite:///{chosen['NAME']}"
    else:
        # The server is reached by its socket, whose folder stands where a host would.
        address = f"postgresql://{chosen['USER']}@/{chosen['NAME']}?host={chosen['HOST'] or chosen['OPTIONS']['host']}"
    return {
        "POSTROOM_HOME": str(settings.CONFIGURATION.home),
        "POSTROOM_DATABASE": address,
        "DJANGO_SETTINGS_MODULE": "postroom.controlroom.settings",
        "PYTHONPATH": os.pathsep.join((str(TESTS), str(PACKAGE))),
    }


def deploy_text(path: str, text: str, **limits: Any) -> "BotVersion":
    """Put a bot file into the database as it is: the packages of its actions are the workers'."""
    from postroom.controlroom.runs.models import Bot

    bot, _is_new = Bot.objects.update_or_create(path=path, defaults={"name": path, **limits})
    number = bot.versions.count() + 1
    version: BotVersion = bot.versions.create(number=number, text=text, sha256=uuid4().hex * 2)
    return version


def wait_until(is_so: Callable[[], object], seconds: float = LONGEST_SECONDS) -> None:
    """Wait until something is so, and fail where it never is."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "It did not come about in time."
        time.sleep(0.05)


def wait_for_end(*runs: "Run", seconds: float = LONGEST_SECONDS) -> list[str]:
    """Wait until runs are over, and give how each ended."""
    from postroom.controlroom.runs.models import ACTIVE, Run

    ids = [run.pk for run in runs]
    wait_until(lambda: not Run.objects.filter(pk__in=ids, status__in=ACTIVE).exists(), seconds)
    found = dict(Run.objects.filter(pk__in=ids).values_list("pk", "status"))
    return [found[run_id] for run_id in ids]


def read_texts(file: Path) -> list[str]:
    """Give the texts that were written into a file, one for each time."""
    return [line.split("|")[0] for line in file.read_text().splitlines()] if file.exists() else []


def read_keys(file: Path) -> list[str]:
    """Give the keys of the steps that wrote into a file, one for each time: the run's id, a slash, and a number."""
    return [line.split("|")[1] for line in file.read_text().splitlines()] if file.exists() else []
