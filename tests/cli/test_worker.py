"""`postroom worker`, and the worker that `postroom serve` starts for itself."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from support.control_room import bare_of_rooms, start_control_room
from support.workers import wait_until

WORKER = (sys.executable, "-m", "postroom", "worker")


def count_workers(home: Path, *, stopped: bool) -> int:
    """Count the workers that live, or those that have stopped."""
    with closing(sqlite3.connect(home / "control-room.sqlite3")) as database:
        null = "IS NOT NULL" if stopped else "IS NULL"
        query = f"SELECT count(*) FROM runs_worker WHERE stopped {null}"
        number: int = database.execute(query).fetchone()[0]
        return number


def test_the_servers_own_and_another(tmp_path: Path) -> None:
    """The server has a worker, which ends with it, also where it was killed.

    Another worker with the environment of the server joins it, says so, and ends when it is interrupted.
    """
    with start_control_room(tmp_path, worker=True) as running:
        wait_until(lambda: count_workers(running.home, stopped=False) == 1)
        environment = bare_of_rooms() | {"POSTROOM_HOME": str(running.home)}
        arguments = [*WORKER, "--name", "night shift", "--runs", "2"]
        with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            told = process.stdout.readline()
            assert told.startswith("The worker night shift-")
            assert told.endswith("takes up to 2 runs at once.\n")
            assert count_workers(running.home, stopped=False) == 2
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        assert count_workers(running.home, stopped=True) == 1
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
        wait_until(lambda: count_workers(running.home, stopped=True) == 2)
