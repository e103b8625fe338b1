"""Measure what durability costs a bot: `python -m bench.durable_runs`.

A bot of steps that do nothing is run as on a desk, without a journal and with one in SQLite. Then runs of one step are
queued for two workers, on SQLite and, where an empty database is named, on PostgreSQL.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from bench.machine import PROJECT, Bystanders, Cores, describe_machine
from bench.tokens import own_environment, running

DOCUMENT = PROJECT / "docs" / "performance.md"
BEGIN, END = "<!-- Made by `make durability`: begin -->", "<!-- Made by `make durability`: end -->"
TASKS = Path(__file__).with_name("durable_runs_tasks.py")
PACKAGE = PROJECT / "tests" / "support" / "paper"
STEPS, STARTS, RUNS = 300, 100, 500
WORKERS = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and keep it if it was a whole run."""
    parser = argparse.ArgumentParser(prog="python -m bench.durable_runs", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="how many runs are queued")
    parser.add_argument("--database", default="", help="an empty PostgreSQL database to measure as well")
    options = parser.parse_args(arguments)
    bystanders = Bystanders()
    rows = [measure_desk(journal=False), measure_desk(journal=True)]
    rows += [measure_workers(database, options.runs) for database in ["", *filter(None, [options.database])]]
    table = describe(rows, bystanders)
    print(table)
    if options.runs == RUNS:
        keep(table)


def measure_desk(*, journal: bool) -> str:
    """Return the row of a desk: what a step and the start of a run take."""
    with tempfile.TemporaryDirectory(prefix="postroom-bench-") as folder:
        given = {"folder": folder, "journal": journal, "steps": STEPS, "starts": STARTS}
        done = json.loads(run_task("desk", given, make_environment(Path(folder), "")))
    name = "desk, journal in SQLite" if journal else "desk, without a journal"
    return f"| {name} | {done['step'] * 1000:.2f} ms | {done['start'] * 1000:.1f} ms | |"


def measure_workers(database: str, runs: int) -> str:
    """Return the row of two workers: what a step takes in them, and how many runs they do in a second."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postroom-bench-")))
        environment = make_environment(folder, database)
        step = let_work(folder, environment, 1, STEPS) / STEPS
        rate = runs / let_work(folder, environment, runs, 1)
    name = f"two workers, {'PostgreSQL' if database else 'SQLite'}"
    return f"| {name} | {step * 1000:.2f} ms | | {rate:.0f}/s |"


def let_work(folder: Path, environment: dict[str, str], runs: int, steps: int) -> float:
    """Queue runs, start the workers, and return how long it took from the first start of a run to the last end."""
    run_task("queue", {"folder": str(folder), "runs": runs, "steps": steps}, environment)
    with ExitStack() as stack:
        for number in range(WORKERS):
            ready = folder / f"ready-{number}-{runs}"
            arguments = ("worker", "--runs", "4", "--ready-file", str(ready))
            stack.enter_context(running(arguments, environment, folder / f"worker-{number}.log", ready))
        return float(run_task("watch", {"runs": runs}, environment))


def run_task(task: str, given: dict[str, object], environment: dict[str, str]) -> str:
    """Run a task, and return what it printed."""
    command = [sys.executable, str(TASKS), task, json.dumps(given)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def make_environment(folder: Path, database: str) -> dict[str, str]:
    """Return the environment of a Control Room, with the package of actions that do nothing worth measuring."""
    return own_environment() | {
        "POSTROOM_HOME": str(folder / "home"),
        "DJANGO_SETTINGS_MODULE": "postroom.controlroom.settings",
        "PYTHONPATH": os.pathsep.join((str(PROJECT), str(PACKAGE))),
        **({"POSTROOM_DATABASE": database} if database else {}),
    }


def describe(rows: Sequence[str], bystanders: Bystanders) -> str:
    """Return the table, with the machine it was made on."""
    date = datetime.now(UTC).date().isoformat()
    machine = f"{describe_machine(Cores(None, None))}. {bystanders.describe()}".rstrip()
    head = "| where | a step | the start of a run | runs of two steps |\n|---|--:|--:|--:|"
    return f"Measured on {date}. {machine}\n\n" + "\n".join([head, *rows])


def keep(table: str) -> None:
    """Write the table between its marks."""
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}")
    print(f"The table in {DOCUMENT.relative_to(PROJECT)} is new.", file=sys.stderr)


if __name__ == "__main__":
    began = time.monotonic()
    main()
    print(f"It took {time.monotonic() - began:.0f} s.", file=sys.stderr)
