"""Workers of the Control Room in processes of their own, on the database that Django's tests use.

They are forked from a process that has imported all that a worker needs: that takes longer than most of these tests.
"""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from uuid import uuid4

from support.control_room import bare_of_rooms

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, ForkServerProcess

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

    process: "ForkServerProcess"
    log_file: Path

    @property
    def pid(self) -> int:
        """The id of its process."""
        assert self.process.pid is not None
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended, the number of a signal as a negative one; None while it works."""
        return self.process.exitcode

    @property
    def log(self) -> str:
        """What it has said."""
        return self.log_file.read_text() if self.log_file.exists() else ""

    def send(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power failure would."""
        self.process.kill()
        self.process.join()

    def end(self) -> int | None:
        """Let it end by itself, and give its exit code."""
        self.send(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int | None:
        """Wait until it has ended, and give its exit code."""
        self.process.join(LONGEST_SECONDS)
        return self.exit_code


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
    given = _name_environment() | dict(environment or {})
    process = _get_forking().Process(target=_work, args=(given, log_file, runs, lease_seconds, ready))
    process.start()
    running = RunningWorker(process, log_file)
    try:
        wait_until(lambda: ready.exists() or running.exit_code is not None or not await_ready)
        assert ready.exists() or not await_ready, running.log
        yield running
    finally:
        if running.exit_code is None:
            running.send(signal.SIGCONT)
            running.kill()


@cache
def _get_forking() -> "ForkServerContext":
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["support.workers", "support.worker_process"])
    with patch.dict(os.environ, _name_environment(), clear=True):
        forkserver.ensure_running()
    return context


def _work(environment: Mapping[str, str], log_file: Path, *arguments: Any) -> None:
    """Be a worker, in a process that was just forked."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(TESTS)
    sys.path[:0] = environment["PYTHONPATH"].split(os.pathsep)
    log = log_file.open("w", buffering=1)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log.fileno(), stream.fileno())
    sys.stdout = sys.stderr = log
    from support.worker_process import work

    work(*arguments)


def _name_environment() -> dict[str, str]:
    return bare_of_rooms() | name_database()


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
