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
