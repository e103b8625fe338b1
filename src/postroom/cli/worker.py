"""`postroom worker`: carries out the runs of deployed bots, on any host of the Control Room's deployment."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from postroom.cli.control_room import open_control_room
from postroom.cli.output import print_line

if TYPE_CHECKING:
    from postroom.controlroom.runs.workers.working import RunWorker

EPILOG = "Example: postroom worker --runs 8 --name night-shift"


def command(
    runs: Annotated[
        int,
        typer.Option(min=1, max=200, help="How many runs it carries out at once, child bots not counted."),
    ] = 4,
    name: Annotated[
        str,
        typer.Option(
            help="What it is called in the Control Room; this host's name if left out.", show_default=False
        ),
    ] = "",
    ready_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Written once it takes runs.", show_default=False),
    ] = None,
    *,
    until_input_ends: Annotated[bool, typer.Option("--until-input-ends", hidden=True)] = False,
) -> None:
    """Carry out runs of the Control Room until you interrupt it (Ctrl+C).

    Start it with the environment of `postroom serve`: the same database, secret key and master key. As many as you like
    may work side by side; the runs of one that dies go on at the others. An interrupt lets it finish the steps at hand
    and hand its runs over; a second one ends it at once.
    """
    ready = ready_file.absolute() if ready_file is not None else None
    open_control_room()
    # Django is set up by now.
    from postroom.controlroom.first_run import prepare  # noqa: PLC0415
    from postroom.controlroom.requests import set_up_logging  # noqa: PLC0415
    from postroom.controlroom.runs.workers.working import RunWorker, WorkerSettings  # noqa: PLC0415

    def tell_ready() -> None:
        if ready is not None:
            ready.write_text("ready\n")

    set_up_logging()
    prepare()
    worker = RunWorker(WorkerSettings(runs=runs, name=name), _tell)
    with _stopped_by_signals(worker) as stop:
        if until_input_ends:
            Thread(target=_await_end_of_input, args=(stop, worker), daemon=True).start()
        worker.work(stop, tell_ready)


@contextmanager
def _stopped_by_signals(worker: "RunWorker") -> Iterator[Event]:
    """Let the first signal stop the worker, and the next end the process."""
    stop = Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        for number in before:
            signal.signal(number, signal.SIG_DFL)
        stop.set()
        worker.wake()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _await_end_of_input(stop: Event, worker: "RunWorker") -> None:
    """Stop when who started this process is gone, however it went."""
    sys.stdin.buffer.read()
    stop.set()
    worker.wake()


def _tell(text: str) -> None:
    print_line(text)
    sys.stdout.flush()
