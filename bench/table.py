"""The results as people read them: Markdown for the documentation and the terminal, JSON for programs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.runs import Measurement, Results
from bench.scenarios import BARE_PYTHON, POSTROOM, SCENARIOS, Contender, Scenario
from bench.targets import MEGABYTE, Verdict, judge_all, median_of, median_seconds

BEGIN = "<!-- Made by `make bench`: begin -->"
END = "<!-- Made by `make bench`: end -->"


@dataclass(frozen=True)
class Bench:
    """All that one run of the bench found out."""

    date: str
    machine: str
    versions: Mapping[str, str]
    results: Mapping[str, Results]

    @property
    def verdicts(self) -> list[Verdict]:
        return judge_all(self.results)

    @property
    def scenarios(self) -> list[Scenario]:
        return [scenario for scenario in SCENARIOS if scenario.name in self.results]


def write_table(document: Path, bench: Bench) -> None:
    """Put the results between the markers of a document."""
    before, _, rest = document.read_text().partition(BEGIN)
    _, marker, after = rest.partition(END)
    if not marker:
        raise ValueError(f"{document.name} lacks the markers of the table.")
    document.write_text(f"{before}{BEGIN}\n\n{to_markdown(bench)}\n{END}{after}")


def to_markdown(bench: Bench) -> str:
    """Return date, machine, versions, the targets, and a table a scenario."""
    versions = ", ".join(f"{name} {version}" for name, version in bench.versions.items())
    head = [f"Measured on {bench.date}. {bench.machine}", "", f"{versions}.", ""]
    tables = [
        line
        for scenario in bench.scenarios
        for line in _scenario_lines(scenario, bench.results[scenario.name])
    ]
    return "\n".join([*head, *_verdict_lines(bench.verdicts), *tables])


def to_json(bench: Bench) -> str:
    """Return every measurement and verdict."""
    results = {
        name: {
            contender.name: [asdict(one) for one in measurements] for contender, measurements in found.items()
        }
        for name, found in bench.results.items()
    }
    verdicts = [asdict(verdict) for verdict in bench.verdicts]
    head = {"date": bench.date, "machine": bench.machine, "versions": bench.versions}
    return json.dumps({**head, "targets": verdicts, "results": results}, indent=2)


def _verdict_lines(verdicts: list[Verdict]) -> list[str]:
    lines = ["### Targets", "", "| scenario | target | measured | |", "|---|---|---|---|"]
    for verdict in verdicts:
        word = "reached" if verdict.reached else "**missed**"
        lines.append(f"| {verdict.scenario} | {verdict.target} | {verdict.measured} | {word} |")
    return [*lines, ""]


def _scenario_lines(scenario: Scenario, results: Results) -> list[str]:
    yardstick = POSTROOM if POSTROOM in results else BARE_PYTHON
    runs = len(results[yardstick])
    times = "run" if runs == 1 else "runs"
    return [
        f"### {scenario.title}",
        "",
        f"`{scenario.name}`, median of {runs} {times} (least–most). {_server_line(results)}".rstrip(),
        "",
        f"| | time | times {yardstick.name} | CPU | peak memory | requests |",
        "|---|--:|--:|--:|--:|--:|",
        *(_row(contender, results, yardstick) for contender in results),
        "",
    ]


def _row(contender: Contender, results: Results, yardstick: Contender) -> str:
    def spread(read: Callable[[Measurement], float], unit: str, digits: int) -> str:
        values = [read(measurement) for measurement in results[contender]]
        middle = median_of(results, contender, read)
        return f"{middle:.{digits}f} {unit} ({min(values):.{digits}f}–{max(values):.{digits}f})"

    ratio = median_seconds(results, contender) / median_seconds(results, yardstick)
    cells = (
        contender.name,
        spread(lambda one: one.seconds, "s", 3),
        f"{ratio:.2f}",
        spread(lambda one: one.cpu_seconds, "s", 3),
        spread(lambda one: one.peak_bytes / MEGABYTE, "MB", 1),
        f"{median_of(results, contender, lambda one: one.requests):.0f}",
    )
    return f"| {' | '.join(cells)} |"


def _server_line(results: Results) -> str:
    busiest = max(
        (one.server_cpu_seconds / one.seconds, contender.name)
        for contender, measurements in results.items()
        for one in measurements
    )
    if not busiest[0]:
        return ""
    return f"The server's core was busy for {busiest[0]:.0%} of the time at most (with {busiest[1]})."
