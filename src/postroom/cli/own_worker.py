"""The worker that `postroom serve` starts for itself: a process of its own, so that no bot can end the server.

It ends when its input does, that is with the server, however that ends.
"""

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

COMMAND = (sys.executable, "-m", "postroom", "worker", "--until-input-ends")
RESTART_SECONDS = 5.0
LOOK_SECONDS = 0.5
END_SECONDS = 30.0

logger = logging.getLogger("postroom.controlroom.runs")


@contextmanager
def own_worker() -> Iterator[None]:
    """Keep a worker at work; at the end it finishes the steps at hand, for half a minute at most."""
    ending = Event()
    thread = Thread(target=_keep_one, args=(ending,), name="own worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def _keep_one(ending: Event) -> None:
    while not ending.is_set():
        # A session of its own, as Ctrl+C at the terminal is for the server, which then lets the worker end.
        process = subprocess.Popen(  # noqa: S603 - this program itself
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )
        while process.poll() is None and not ending.wait(LOOK_SECONDS):
            pass
        if not ending.is_set():
            logger.error("The worker ended with code %s. Another one is started.", process.returncode)
            ending.wait(RESTART_SECONDS)
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        # Its runs go on at another worker, or at the next start.
        process.kill()
        process.wait()
