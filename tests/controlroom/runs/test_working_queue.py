"""The queue of runs, and who takes what from it."""

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.utils import timezone

from postroom.controlroom.runs.limits import enter_mailbox, take_runs
from postroom.controlroom.runs.models import MailboxLimit, MailboxUse, Run, RunStatus, Worker
from postroom.controlroom.runs.queueing import (
    begin_run,
    cancel_run,
    pause_run,
    queue_again,
    resume_run,
    retry_run,
)
from postroom.controlroom.runs.workers.heartbeats import MOST_LOSSES, begin_life, bury_dead
from postroom.errors import RunActiveError, RunError
from support.workers import NOTES, deploy_text

if TYPE_CHECKING:
    from postroom.controlroom.runs.models import BotVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> "BotVersion":
    """Give a deployed bot."""
    return deploy_text("notes.bot.yaml", NOTES)


def begin(version: "BotVersion", **settings: object) -> Run:
    """Put a run into the queue."""
    return begin_run(version, {"file": "x"}, None, "a test", **settings)  # type: ignore[arg-type]


def test_a_run_of_an_id_is_begun_once(version: "BotVersion") -> None:
    """Who begins a run again with the same id gets the run that is there."""
    run_id = uuid4()
    assert begin(version, run_id=run_id) == begin(version, run_id=run_id)
    assert Run.objects.count() == 1


def test_takes_the_oldest_and_no_more_than_asked(version: "BotVersion") -> None:
    """Runs are taken in the order in which they were begun, each by one worker."""
    runs = [begin(version) for _ in range(3)]
    first, second = begin_life(), begin_life()
    assert [run.pk for run in take_runs(first.id, 2)] == [run.pk for run in runs[:2]]
    assert [run.pk for run in take_runs(second.id, 2)] == [runs[2].pk]
    assert take_runs(second.id, 2) == []


def test_leaves_what_is_full_and_takes_what_is_behind_it() -> None:
    """A bot with as many runs as it may have holds nobody up who stands behind it."""
    limited = deploy_text("limited.bot.yaml", NOTES, run_limit=1)
    free = deploy_text("free.bot.yaml", NOTES)
    first, _second, other = begin(limited), begin(limited), begin(free)
    life = begin_life()
    taken = [run.pk for _ in range(3) for run in take_runs(life.id, 1)]
    assert taken == [first.pk, other.pk]


def test_a_mailbox_is_entered_by_as_many_runs_as_may(version: "BotVersion") -> None:
    """A run enters a mailbox once, whatever its case; leaving its worker it leaves the mailbox."""
    MailboxLimit.objects.create(address="ap@contoso.com", runs=1)
    first, second = begin(version), begin(version)
    assert enter_mailbox(first.pk, "AP@contoso.com")
    assert enter_mailbox(first.pk, "ap@contoso.com")
    assert not enter_mailbox(second.pk, "ap@contoso.com")
    assert enter_mailbox(second.pk, "other@contoso.com")
    queue_again(second, waits_for="ap@contoso.com")
    life = begin_life()
    assert [run.pk for run in take_runs(life.id, 5)] == [first.pk]
    queue_again(Run.objects.get(pk=first.pk))
    assert not MailboxUse.objects.exists()
    assert len(take_runs(life.id, 5)) == 2


def test_only_what_is_not_over_is_cancelled_and_only_what_is_over_retried(version: "BotVersion") -> None:
    """A run that is over is not cancelled, paused or resumed, and one that is not is not retried."""
    run = begin(version)
    with pytest.raises(RunActiveError):
        retry_run(run)
    assert pause_run(run).status == RunStatus.PAUSED
    assert resume_run(run).status == RunStatus.QUEUED
    assert cancel_run(run).status == RunStatus.CANCELLED
    for change in (cancel_run, pause_run, resume_run):
        with pytest.raises(RunError):
            change(run)
    assert retry_run(run).status == RunStatus.QUEUED


def test_done_is_retried_only_from_a_step(version: "BotVersion") -> None:
    """Of a run that is done nothing failed, so that a step has to be named."""
    run = begin(version)
    Run.objects.update(status=RunStatus.DONE)
    with pytest.raises(RunError):
        retry_run(run)
    assert retry_run(run, from_step=2).retry_step == 2


def test_the_runs_of_a_silent_worker_go_back(version: "BotVersion") -> None:
    """Runs of a worker that gives no sign are taken by others; it finds its life over."""
    run, life = begin(version), begin_life()
    take_runs(life.id, 1)
    assert bury_dead() == []
    Worker.objects.update(last_seen=timezone.now() - timedelta(minutes=1))
    assert bury_dead() == [life.id]
    assert bury_dead() == []
    run.refresh_from_db()
    assert (run.status, run.worker, run.losses) == (RunStatus.QUEUED, None, 1)
    life.beat()
    assert life.is_lost


def test_a_run_that_ends_its_workers_fails(version: "BotVersion") -> None:
    """A run at which worker after worker dies before any step is done goes to no further one."""
    run = begin(version)
    for _ in range(MOST_LOSSES):
        take_runs(begin_life().id, 1)
        Worker.objects.update(last_seen=timezone.now() - timedelta(minutes=1))
        bury_dead()
    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    assert "workers in a row died" in run.error_message
