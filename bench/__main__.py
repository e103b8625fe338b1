"""Run the bench: `python -m bench`, from the root of the project.

A whole run writes its table into docs/performance.md. A quick one, or one of a single scenario, only prints it.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from bench.machine import (
    PROJECT,
    WORKSHOP,
    Bystanders,
    describe_machine,
    list_versions,
    make_pythons,
    share_cores,
)
from bench.runs import Measurement, Report, Track
from bench.scenarios import SCENARIOS, Contender, Scenario
from bench.server import running_server
from bench.table import Bench, to_json, to_markdown, write_table

DOCUMENT = PROJECT / "docs" / "performance.md"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for, print it, and keep it if it is the whole."""
    options = parse_arguments(arguments)
    chosen = [one for one in SCENARIOS if options.scenario in (None, one.name)]
    scenarios = [replace(one, runs=1) if options.quick else one for one in chosen]
    bench = run_bench(scenarios)
    print(to_json(bench) if options.json else to_markdown(bench))
    if not options.quick and options.scenario is None:
        write_table(DOCUMENT, bench)
        print(f"The table in {DOCUMENT.relative_to(PROJECT)} is new.", file=sys.stderr)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one run of each, to see that it works")
    parser.add_argument("--scenario", choices=[one.name for one in SCENARIOS], help="this one only")
    parser.add_argument("--json", action="store_true", help="print every measurement as JSON")
    return parser.parse_args(arguments)


def run_bench(scenarios: list[Scenario]) -> Bench:
    """Measure the scenarios on this machine."""
    WORKSHOP.mkdir(exist_ok=True)
    pythons = make_pythons()
    cores = share_cores()
    bystanders = Bystanders()
    report = _make_report(sum(one.runs * len(one.contenders) for one in scenarios))
    with (
        tempfile.TemporaryDirectory(dir=WORKSHOP, prefix="track-") as folder,
        running_server(Path(folder), cores.server) as server,
    ):
        track = Track(server, pythons, Path(folder))
        results = {one.name: track.measure(one, report) for one in scenarios}
    machine = f"{describe_machine(cores)}. {bystanders.describe()}".rstrip()
    date = datetime.now(UTC).date().isoformat()
    return Bench(date, machine, list_versions(pythons), results)


def _make_report(total: int) -> Report:
    """Return what prints a line after each run: never during one, when it would take time from the client."""
    numbers = count(1)

    def report(scenario: Scenario, contender: Contender, run: int, measurement: Measurement) -> None:
        where = f"[{next(numbers):3}/{total}] {scenario.name}, run {run}"
        peak = f"{measurement.peak_bytes / 1e6:.0f} MB"
        print(
            f"{where:32} {contender.name:32} {measurement.seconds:7.3f} s {peak:>7}",
            file=sys.stderr,
            flush=True,
        )

    return report


if __name__ == "__main__":
    main()
