"""Workers: they take runs, carry them out, and hand them over."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from postroom.controlroom.runs.models import MailboxLimit, Run, RunStatus, Worker
from postroom.controlroom.runs.queueing import begin_run, cancel_run, pause_run, resume_run, retry_run
from support.people import create_user
from support.workers import (
    NOTES,
    deploy_text,
    read_texts,
    start_worker,
    wait_for_end,
    wait_until,
)

if TYPE_CHECKING:
    from postroom.controlroom.accounts.models import User

pytestmark = pytest.mark.django_db(transaction=True)

Begin = Callable[..., Run]


@pytest.fixture
def user() -> "User":
    """Give somebody whom runs run as."""
    return create_user("bots")


@pytest.fixture
def begin(user: "User", tmp_path: Path) -> Begin:
    """Begin a run of a bot that writes texts into a file: `begin(["a", "b"], seconds=0.1)`."""

    def begin_notes(texts: list[str], text: str = NOTES, path: str = "notes.bot.yaml", **inputs: Any) -> Run:
        limits = {name: inputs.pop(name) for name in ("run_limit", "time_limit_seconds") if name in inputs}
        version = deploy_text(path, text, **limits)
        given = {"file": str(tmp_path / "notes"), "texts": texts, **inputs}
        return begin_run(version, given, user, "a test")

    return begin_notes


def test_takes_runs_and_writes_down_what_they_do(begin: Begin, tmp_path: Path) -> None:
    """A queued run is carried out, with its steps, their times and its end written down."""
    run = begin(["a", "b"])
    with start_worker(tmp_path) as worker:
        assert wait_for_end(run) == ["done"], worker.log
    run.refresh_from_db()
    assert read_texts(tmp_path / "notes") == ["a", "b"]
    assert [(step.title, step.status) for step in run.steps.all()] == [
        ("Open paper", "done"),
        ("Write", "done"),
        ("Write", "done"),
    ]
    assert run.finished is not None
    assert run.started is not None
    assert run.started <= run.finished


def test_goes_on_where_a_killed_worker_was(begin: Begin, tmp_path: Path) -> None:
    """The runs of a worker that was killed go on at another: what was done stays done, and nothing is left out."""
    texts = [f"text {number}" for number in range(20)]
    file = tmp_path / "notes"
    with start_worker(tmp_path) as first, start_worker(tmp_path, runs=1) as second:
        other = begin(["other"], path="other.bot.yaml")
        wait_for_end(other)
        run = begin(texts, seconds=0.1)
        wait_until(lambda: len(read_texts(file)) > 5)
        pid = int(file.read_text().splitlines()[-1].split("|")[2])
        killed, survivor = (first, second) if pid == first.pid else (second, first)
        killed.kill()
        assert wait_for_end(run) == ["done"], survivor.log
    lines = [line.split("|") for line in file.read_text().splitlines()[1:]]
    assert len({pid for _, _, pid in lines}) == 2
    # The step at hand is done again, under the same key, by which whoever cannot undo it knows it again.
    assert list(dict.fromkeys(text for text, _, _ in lines)) == texts
    assert len({key for _, key, _ in lines}) == len(texts)
    assert len(lines) <= len(texts) + 1
    assert [step.status for step in run.steps.all()] == ["done"] * 21


def test_hands_over_when_it_ends(begin: Begin, tmp_path: Path) -> None:
    """An interrupted worker finishes the step at hand and puts its run back at once; another goes on with it."""
    texts = [f"text {number}" for number in range(20)]
    file = tmp_path / "notes"
    with start_worker(tmp_path, lease_seconds=60) as first:
        run = begin(texts, seconds=0.1)
        wait_until(lambda: len(read_texts(file)) > 5)
        assert first.end() == 0, first.log
    run.refresh_from_db()
    assert (run.status, run.worker) == (RunStatus.QUEUED, None)
    done = len(read_texts(file))
    assert done < len(texts)
    with start_worker(tmp_path) as second:
        assert wait_for_end(run) == ["done"], second.log
    assert read_texts(file) == texts
    assert Worker.objects.filter(stopped__isnull=False).count() == 1


def test_ends_at_once_at_the_second_signal(begin: Begin, tmp_path: Path) -> None:
    """The second signal ends the process in the middle of a step."""
    with start_worker(tmp_path) as worker:
        begin(["long"], seconds=30)
        wait_until(lambda: read_texts(tmp_path / "notes"))
        worker.send(signal.SIGTERM)
        wait_until(lambda: "Ending" in worker.log)
        assert worker.exit_code is None
        worker.send(signal.SIGTERM)
        assert worker.wait() == -signal.SIGTERM


def test_leaves_its_runs_when_it_was_suspended(begin: Begin, tmp_path: Path) -> None:
    """A worker that was suspended beyond its lease does no further step of a run that others have, and works anew."""
    texts = [f"text {number}" for number in range(30)]
    file = tmp_path / "notes"
    with start_worker(tmp_path) as first:
        run = begin(texts, seconds=0.1)
        wait_until(lambda: len(read_texts(file)) > 5)
        first.send(signal.SIGSTOP)
        with start_worker(tmp_path) as second:
            wait_until(lambda: f"|{second.pid}" in file.read_text())
            first.send(signal.SIGCONT)
            assert wait_for_end(run) == ["done"], second.log
            assert list(dict.fromkeys(read_texts(file))) == texts
            assert len(read_texts(file)) <= len(texts) + 1
            wait_until(lambda: first.log.count("takes up to") == 2)
        again = begin(["again"], path="again.bot.yaml")
        assert wait_for_end(again) == ["done"], first.log


def test_stops_what_is_cancelled(begin: Begin, tmp_path: Path) -> None:
    """A run at work is cancelled before its next step, one in the queue at once."""
    queued = begin(["never"])
    assert cancel_run(queued).status == RunStatus.CANCELLED
    with start_worker(tmp_path) as worker:
        run = begin([f"text {number}" for number in range(50)], seconds=0.1)
        wait_until(lambda: read_texts(tmp_path / "notes"))
        assert cancel_run(run).asked == "cancel"
        assert wait_for_end(run, queued) == ["cancelled", "cancelled"], worker.log
    assert 0 < len(read_texts(tmp_path / "notes")) < 50


def test_pauses_and_resumes(begin: Begin, tmp_path: Path) -> None:
    """A paused run holds no worker; resumed it goes on at its next step, on whichever worker takes it."""
    texts = [f"text {number}" for number in range(12)]
    file = tmp_path / "notes"
    with start_worker(tmp_path, runs=1) as worker:
        run = begin(texts, seconds=0.1)
        wait_until(lambda: len(read_texts(file)) > 2)
        pause_run(run)
        wait_until(lambda: Run.objects.get(pk=run.pk).status == RunStatus.PAUSED)
        other = begin(["other"], path="other.bot.yaml")
        assert wait_for_end(other) == ["done"], worker.log
        resume_run(run)
        assert wait_for_end(run) == ["done"], worker.log
    assert [text for text in read_texts(file) if text != "other"] == texts


def test_stops_what_takes_too_long(begin: Begin, tmp_path: Path) -> None:
    """A run that takes longer than its bot may is over as timed out, and says so."""
    with start_worker(tmp_path) as worker:
        run = begin([f"text {number}" for number in range(100)], seconds=0.1, time_limit_seconds=1)
        assert wait_for_end(run) == ["timed out"], worker.log
    run.refresh_from_db()
    assert run.error_class == "RunTimeoutError"
    assert len(read_texts(tmp_path / "notes")) < 100


FAILING = NOTES + '  - uses: paper.need\n    with: {session: p, name: "switch"}\n'


def test_retries_from_the_step_that_failed(begin: Begin, tmp_path: Path) -> None:
    """A failed run goes on from the step that failed, without doing what was done; from a named step it does it."""
    with start_worker(tmp_path) as worker:
        run = begin(["a", "b"], text=FAILING)
        assert wait_for_end(run) == ["failed"], worker.log
        run.refresh_from_db()
        assert "switch" in run.error_message or run.error_class == "BotFailedError"
        (tmp_path / "switch").write_text("")
        retry_run(run)
        assert wait_for_end(run) == ["done"], worker.log
        assert read_texts(tmp_path / "notes") == ["a", "b"]
        step = run.steps.filter(title="Write").last()
        retry_run(run, from_step=step.number)
        assert wait_for_end(run) == ["done"], worker.log
    assert read_texts(tmp_path / "notes") == ["a", "b", "b"]
    run.refresh_from_db()
    assert (run.error_class, run.error_message) == ("", "")


def test_keeps_to_the_limit_of_a_bot(begin: Begin, tmp_path: Path) -> None:
    """Of a bot run at most as many at once as it may, on all workers together; others are not held up."""
    with start_worker(tmp_path) as first, start_worker(tmp_path):
        runs = [begin(["x", "y"], seconds=0.1, run_limit=1) for _ in range(4)]
        other = begin(["other"], path="other.bot.yaml")
        most = 0

        def count() -> bool:
            nonlocal most
            most = max(most, Run.objects.filter(status=RunStatus.RUNNING, bot=runs[0].bot).count())
            return not Run.objects.filter(status__in=("queued", "running")).exists()

        wait_until(count)
        assert wait_for_end(*runs, other) == ["done"] * 5, first.log
    assert most == 1


def test_keeps_to_the_limit_of_a_mailbox(begin: Begin, tmp_path: Path) -> None:
    """A run that finds a mailbox full waits in the queue and holds no worker; it is taken when there is room."""
    MailboxLimit.objects.create(address="desk@contoso.com", runs=1)
    with start_worker(tmp_path, runs=2) as worker:
        runs = [begin([f"{name}1", f"{name}2", f"{name}3"], seconds=0.2) for name in "abc"]
        wait_until(lambda: Run.objects.filter(waits_for="desk@contoso.com", status=RunStatus.QUEUED).exists())
        assert wait_for_end(*runs) == ["done"] * 3, worker.log
    # One after the other, each with its three texts in a row.
    texts = read_texts(tmp_path / "notes")
    assert [text[0] for text in texts] == [
        letter for letter in dict.fromkeys(t[0] for t in texts) for _ in range(3)
    ]


def test_what_cannot_run_fails_with_a_reason(begin: Begin, user: "User", tmp_path: Path) -> None:
    """A run as somebody who is gone, or of a bot with faults, is over with a sentence."""
    faulty = begin(["a"], text="name: Faulty\nsteps:\n  - uses: paper.nothing\n", path="faulty.bot.yaml")
    run = begin(["a"])
    with start_worker(tmp_path) as worker:
        assert wait_for_end(faulty) == ["failed"], worker.log
        wait_for_end(run)
        user.is_active = False
        user.save()
        gone = begin(["b"])
        assert wait_for_end(gone) == ["failed"], worker.log
    faulty.refresh_from_db()
    gone.refresh_from_db()
    assert faulty.error_class == "BotFileError"
    assert "account" in gone.error_message
