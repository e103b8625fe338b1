"""Proofs about workers that take minutes: many runs, many deaths, many suspensions.

All are of two workers at once, and so of PostgreSQL; how one process after the other dies on SQLite is a proof of bots.
"""

import signal
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from postroom.controlroom.runs.models import ACTIVE, Run, RunStatus
from postroom.controlroom.runs.queueing import begin_run
from support.killed_workers import begin_answering, check_each_once, kill_until_done
from support.people import create_user
from support.tenant import RunningTenant
from support.workers import NOTES, deploy_text, read_keys, read_texts, start_worker, wait_for_end, wait_until

pytestmark = [pytest.mark.proof, pytest.mark.only_on_postgresql, pytest.mark.django_db(transaction=True)]

RUNS = 10_000
MAILS = 200
SUSPENSIONS = 20
LONGEST_SECONDS = 1700.0


def test_ten_thousand_runs_are_done_once(tmp_path: Path) -> None:
    """Ten thousand runs in the queue of two workers are all done, each once."""
    user, version = create_user("bots"), deploy_text("notes.bot.yaml", NOTES)
    file = tmp_path / "notes"
    # All are told the same, so that the canary need not look for ten thousand texts; a line names its run by its key.
    inputs = {"file": str(file), "texts": ["done"]}
    runs = [str(begin_run(version, inputs, user, "a proof").pk) for _ in range(RUNS)]
    with start_worker(tmp_path, runs=8, lease_seconds=20), start_worker(tmp_path, runs=8, lease_seconds=20):
        active = Run.objects.filter(status__in=ACTIVE)
        wait_until(lambda: not active.exists(), LONGEST_SECONDS)
    assert Counter(key.split("/")[0] for key in read_keys(file)) == Counter(runs)
    assert Run.objects.filter(status=RunStatus.DONE).count() == RUNS
    workers = set(Run.objects.values_list("worker", flat=True))
    assert len(workers) == 2


def test_two_hundred_mails_are_answered_once_while_workers_die(tenant: RunningTenant, tmp_path: Path) -> None:
    """Two workers die in turn, before and after requests and steps, all the way through a bot of 200 mails."""
    run = begin_answering(create_user("bots"), tenant, tmp_path, MAILS)
    deaths = kill_until_done(tmp_path, tenant.environment, run, [37, 23, 17, 29, 11], lease_seconds=1.5)
    assert (run.status, run.error_message) == ("done", "")
    assert run.messages_handled == MAILS
    assert deaths > 20
    check_each_once(tenant, tmp_path, MAILS)


def test_suspended_workers_do_nothing_twice(tmp_path: Path) -> None:
    """Workers are suspended beyond their lease, one after the other, while they work on a run of 300 steps."""
    texts = [f"text {number}" for number in range(300)]
    file, random = tmp_path / "notes", Random(7)
    version = deploy_text("notes.bot.yaml", NOTES)
    with start_worker(tmp_path) as first, start_worker(tmp_path) as second:
        inputs = {"file": str(file), "texts": texts, "seconds": 0.05}
        run = begin_run(version, inputs, create_user("bots"), "a proof")
        for worker in [first, second] * (SUSPENSIONS // 2):
            before = len(read_texts(file))
            wait_until(lambda before=before: len(read_texts(file)) > before + random.randrange(8))
            worker.send(signal.SIGSTOP)
            before = len(read_texts(file))
            wait_until(lambda before=before: len(read_texts(file)) > before + 3)
            worker.send(signal.SIGCONT)
        assert wait_for_end(run) == ["done"], first.log + second.log
    # A step at hand when its worker was suspended is done again by the next, under the same key.
    keys = read_keys(file)
    assert list(dict.fromkeys(read_texts(file))) == texts
    assert len(dict.fromkeys(keys)) == len(texts)
    assert len(keys) <= len(texts) + SUSPENSIONS
