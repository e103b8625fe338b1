"""One measured run, its checks, and the order of all of them."""

import hashlib
import resource
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bench.machine import client_environment
from bench.readymade import Workload, attachment_content, message_subject
from bench.scenarios import Contender, Home, Scenario, Task
from bench.server import BenchServer, Preparation, Tally

RUN_TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Measurement:
    """What one run took."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    requests: int
    server_cpu_seconds: float


Results = Mapping[Contender, list[Measurement]]
Report = Callable[[Scenario, Contender, int, Measurement], None]


@dataclass(frozen=True)
class Track:
    """Where runs take place: the server, the Pythons, and a folder for what the clients write."""

    server: BenchServer
    pythons: Mapping[Home, Path]
    folder: Path

    def measure(self, scenario: Scenario, report: Report) -> Results:
        """Run every contender as often as the scenario says, in turns, so that a slow minute falls on all of them."""
        results: dict[Contender, list[Measurement]] = {contender: [] for contender in scenario.contenders}
        for contender in scenario.contenders:
            self.run(scenario.shrink(), contender)
        for run in range(scenario.runs):
            for contender, measurements in results.items():
                measurements.append(self.run(scenario, contender))
                report(scenario, contender, run + 1, measurements[-1])
        return results

    def run(self, scenario: Scenario, contender: Contender) -> Measurement:
        """Measure one run in a fresh process and folder; a run that did not do its task is an error, not a number."""
        self.server.prepare(Preparation(scenario.workload, scenario.round_trip_ms / 1000))
        with self._new_folder() as folder:
            if scenario.task is Task.IMPORT:
                return self._run_statement(contender, Path(folder))
            return self._run_client(scenario, contender, Path(folder))

    def _new_folder(self) -> AbstractContextManager[str]:
        return tempfile.TemporaryDirectory(dir=self.folder, prefix="run-")

    def _run_client(self, scenario: Scenario, contender: Contender, folder: Path) -> Measurement:
        saved = folder / "saved"
        saved.mkdir()
        arguments = [
            "-m",
            f"bench.clients.{contender.program}",
            scenario.task,
            str(saved),
            *contender.options,
        ]
        started = time.monotonic()
        output = self._start(contender, arguments, folder)
        began, ended, cpu_seconds, peak_bytes, *outcome = output.split()[1:]
        tally = self.server.read_tally()
        _check(scenario, contender, [int(number) for number in outcome], tally, saved)
        seconds = float(ended) - (float(began) or started)
        return Measurement(seconds, float(cpu_seconds), int(peak_bytes), tally.requests, tally.cpu_seconds)

    def _run_statement(self, contender: Contender, folder: Path) -> Measurement:
        # Memory is read in a process of its own, so that the measured one runs the statement and nothing else.
        read_peak = "from bench.clients.stopwatch import peak_memory_bytes; print(peak_memory_bytes())"
        peak_bytes = int(self._start(contender, ["-c", f"{contender.program}; {read_peak}"], folder))
        cpu_seconds_before = _cpu_seconds_of_children()
        started = time.monotonic()
        self._start(contender, ["-c", contender.program], folder)
        seconds = time.monotonic() - started
        cpu_seconds = _cpu_seconds_of_children() - cpu_seconds_before
        return Measurement(seconds, cpu_seconds, peak_bytes, requests=0, server_cpu_seconds=0.0)

    def _start(self, contender: Contender, arguments: list[str], folder: Path) -> str:
        command = [str(self.pythons[contender.home]), *arguments]
        environment = client_environment(self.server.port, self.folder / "ca.pem")
        finished = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_TIMEOUT_SECONDS,
            check=False,
        )
        if finished.returncode:
            tally = self.server.read_tally()
            raise RuntimeError(
                f"{contender.name} failed; unknown requests: {tally.unknown}\n{finished.stderr}"
            )
        return finished.stdout


def _check(scenario: Scenario, contender: Contender, outcome: list[int], tally: Tally, saved: Path) -> None:
    workload = scenario.workload
    wanted = {
        Task.FIRST_MESSAGE: [1, len(message_subject(0))],
        Task.LIST: [workload.messages, workload.unread],
        Task.ATTACHMENTS: [workload.messages, workload.messages * workload.attachments_per_message],
    }
    if outcome != wanted[scenario.task]:
        raise RuntimeError(f"{contender.name} did {outcome} in {scenario.name}, not {wanted[scenario.task]}")
    if tally.unknown:
        raise RuntimeError(f"{contender.name} made requests that the server does not know: {tally.unknown}")
    if scenario.task is Task.ATTACHMENTS and _count_contents(saved) != _wanted_contents(workload):
        raise RuntimeError(f"{contender.name} saved other files than the mailbox has")


def _count_contents(saved: Path) -> Counter[str]:
    files = (path for path in saved.rglob("*") if path.is_file())
    return Counter(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)


@lru_cache
def _wanted_contents(workload: Workload) -> Counter[str]:
    contents = (attachment_content(index, workload) for index in range(workload.attachments_per_message))
    return Counter({hashlib.sha256(content).hexdigest(): workload.messages for content in contents})


def _cpu_seconds_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
