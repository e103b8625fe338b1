"""A worker of the Control Room with a short lease: `python -m support.worker_process RUNS LEASE_SECONDS READY_FILE`."""

import sys
from pathlib import Path

from postroom.cli.control_room import open_control_room


def main() -> None:
    """Work until a signal comes."""
    open_control_room()
    from postroom.cli.worker import _stopped_by_signals
    from postroom.controlroom.requests import set_up_logging
    from postroom.controlroom.runs.working import RunWorker, WorkerSettings

    set_up_logging()
    runs, lease_seconds, ready = int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])
    worker = RunWorker(WorkerSettings(runs=runs, name="test", lease_seconds=lease_seconds), print)
    with _stopped_by_signals(worker) as stop:
        worker.work(stop, lambda: ready.write_text("ready\n"))


if __name__ == "__main__":
    main()
