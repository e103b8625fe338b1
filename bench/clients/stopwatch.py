"""Takes the time, processor time and memory of the process it is in.

It imports next to nothing, because a part of what it measures is the start of the process.
"""

import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

Outcome = tuple[int, int]
Task = Callable[["Stopwatch", Path], Outcome]


class Stopwatch:
    """Runs from the start of the process, or from `start` if the task calls it, until `stop`."""

    def __init__(self) -> None:
        # 0 stands for the start of the process, which only the process that started it has seen.
        self.began = 0.0
        self.ended = 0.0
        self._cpu_seconds_before = 0.0
        self.cpu_seconds = 0.0

    def start(self) -> None:
        self._cpu_seconds_before = _used_cpu_seconds()
        self.began = time.monotonic()

    def stop(self) -> None:
        self.ended = time.monotonic()
        self.cpu_seconds = _used_cpu_seconds() - self._cpu_seconds_before


def perform(tasks: dict[str, Task]) -> None:
    """Do the task that the command line names and print its measures as one line."""
    stopwatch = Stopwatch()
    first, second = tasks[sys.argv[1]](stopwatch, Path(sys.argv[2]))
    measures = (stopwatch.began, stopwatch.ended, stopwatch.cpu_seconds, peak_memory_bytes(), first, second)
    print("measured", *measures)


def peak_memory_bytes() -> int:
    """Return the largest resident size this process had.

    Linux hands `ru_maxrss` down from the parent over exec, so a small child of a large parent would look large;
    `VmHWM` starts anew. Elsewhere `ru_maxrss` is all there is (kilobytes; bytes on macOS).
    """
    with suppress(OSError), Path("/proc/self/status").open() as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _used_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
