"""What `bench.durable_runs` lets processes of their own do: run a bot as on a desk, queue runs, watch them end."""

import base64
import json
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import django

from postroom.auth.token_keys import TokenKey
from postroom.bots.durable import Engine, Surroundings
from postroom.bots.files import read_bot
from postroom.bots.reports import Unheard
from postroom.bots.run import run_alone
from postroom.bots.sealing import KeySealer
from postroom.values import Secret

django.setup()

from postroom.controlroom.accounts.models import User  # noqa: E402 - Django is set up first
from postroom.controlroom.first_run import prepare  # noqa: E402
from postroom.controlroom.runs.models import ACTIVE, Bot, Run  # noqa: E402
from postroom.controlroom.runs.queueing import begin_run  # noqa: E402

BOT = """\
name: Nothing
inputs:
  file: {type: text}
  numbers: {type: list}
steps:
  - uses: paper.open_paper
    with: {session: p, file: "${{ file }}"}
  - for_each: number
    in: "${{ numbers }}"
    steps:
      - uses: paper.write
        with: {session: p, text: "${{ number }}"}
"""


def desk(folder: str, journal: bool, steps: int, starts: int) -> dict[str, float]:
    """Time a run of many steps, and many runs of none."""
    bot = read_bot(BOT, "nothing.bot.yaml")

    class Library:
        def get(self, _reference: str, _beside: str | None = None) -> Any:
            return bot

    def time_it(run: Any, count: int, times: int = 1) -> float:
        given = {"file": str(Path(folder) / "lines"), "numbers": [str(number) for number in range(count)]}
        began = time.perf_counter()
        for _ in range(times):
            run(bot, given)
        return time.perf_counter() - began

    with ExitStack() as stack:
        run: Any = run_alone
        if journal:
            sealer = KeySealer(TokenKey(Secret(base64.urlsafe_b64encode(os.urandom(32)).decode())))
            address = f"sqlite:///{folder}/journal.sqlite3"
            engine = Engine(address, sealer, "bench", Surroundings(Library(), Unheard()))
            engine.start()
            stack.callback(engine.stop)
            run = engine.run
        time_it(run, 1)
        start = time_it(run, 0, starts) / starts
        return {"step": time_it(run, steps) / steps, "start": start}


def queue(folder: str, runs: int, steps: int) -> None:
    """Queue runs of so many steps, and of one more that opens a session."""
    prepare()
    user, _is_new = User.objects.get_or_create(username="bench")
    bot, _is_new = Bot.objects.get_or_create(name="Nothing", path="nothing.bot.yaml")
    version, _is_new = bot.versions.get_or_create(number=1, text=BOT, sha256="0" * 64)
    numbers = [str(number) for number in range(steps)]
    for _ in range(runs):
        begin_run(version, {"file": f"{folder}/lines", "numbers": numbers}, user, "bench")


def watch(runs: int) -> float:
    """Wait for the end of all, and give the seconds from the first start to the last end of the newest ones."""
    while Run.objects.filter(status__in=ACTIVE).exists():
        time.sleep(0.5)
    failed = Run.objects.exclude(status="done").first()
    if failed is not None:
        raise RuntimeError(f"A run is {failed.status}: {failed.error_message}")
    times = list(Run.objects.order_by("-created").values_list("started", "finished")[:runs])
    return float((max(ended for _, ended in times) - min(began for began, _ in times)).total_seconds())


if __name__ == "__main__":
    tasks: dict[str, Any] = {"desk": desk, "queue": queue, "watch": watch}
    print(json.dumps(tasks[sys.argv[1]](**json.loads(sys.argv[2]))))
