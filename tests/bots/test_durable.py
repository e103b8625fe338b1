"""Runs with a journal: they go on where they were, and fail, stop and are retried as one expects."""

import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from postroom.auth.token_keys import TokenKey
from postroom.bots.durable import Engine
from postroom.bots.reports import RunStopped, StepReport
from postroom.bots.sealing import KeySealer
from postroom.errors import (
    BotChangedError,
    BotFailedError,
    FolderNotFoundError,
    JournalError,
    RunCancelledError,
    RunError,
    RunNotFoundError,
    RunTimeoutError,
    SettingError,
)
from postroom.outlook import ClientCredentials
from postroom.values import Secret, Variable
from support import sample_bots
from support.canary import canary
from support.engines import KEY, Listener, start_engine
from support.mail import make_mail
from support.tenant import RunningTenant

AP = "ap@contoso.com"


class Stopping(Listener):
    """Stops the run before or after its n-th step, as if the process had been killed there."""

    def __init__(self, number: int, status: str) -> None:
        super().__init__()
        self._left, self._status = number, status

    def on_step(self, run_id: str, step: StepReport) -> None:
        """Note it, and stop."""
        super().on_step(run_id, step)
        if step.status == self._status:
            self._left -= 1
            if not self._left:
                raise RunStopped


class Cancelling(Listener):
    """Stops the run as a person does, at its n-th step."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._left = number
        self.cancel: Any = None

    def on_step(self, run_id: str, step: StepReport) -> None:
        """Note it, and cancel."""
        super().on_step(run_id, step)
        self._left -= step.status == "running"
        if not self._left:
            self.cancel()


def test_steps_are_told(engine: Engine, listener: Listener, mailbox_settings: dict[str, Any]) -> None:
    """A run gives what its bot gives; whoever listens learns of each step with its place, and of the mailbox."""
    assert engine.run(sample_bots.count_messages, {"settings": mailbox_settings}) == 0
    assert listener.done == ["Connect", "List messages"]
    assert [run.status for run in listener.runs] == ["running", "done"]
    assert listener.steps[-1].place.startswith("sample_bots.py:")
    assert [step.number for step in listener.steps] == [1, 1, 2, 2]
    assert listener.opened == [listener.runs[0].id]


@pytest.mark.parametrize("status", ["running", "done"])
@pytest.mark.parametrize("number", [1, 2, 4, 6])
def test_a_run_goes_on_in_another_process(
    tmp_path: Path, tenant: RunningTenant, mailbox_settings: dict[str, Any], number: int, status: str
) -> None:
    """A run that stops before or after any of its steps does each step once, all in all."""
    for mail in range(4):
        tenant.deliver(AP, make_mail(f"Mail {mail}"))
    journal, run_id = tmp_path / "journal.sqlite", str(uuid4())
    stopping = Stopping(number, status)
    with start_engine(journal, stopping) as engine, pytest.raises(RunStopped):
        engine.run(sample_bots.move_all, {"settings": mailbox_settings}, run_id)
    again = Listener()
    with start_engine(journal, again) as engine:
        assert engine.resume(run_id) == [f"Mail {mail}" for mail in range(4)]
    done = Counter(stopping.done[: number - 1] if status == "done" else stopping.done)
    assert done + Counter(again.done) == {"Connect": 1, "List messages": 1, "Move": 4}
    assert tenant.folders(AP)["Archive"]["total"] == 4


def test_a_list_that_is_read_anew_gives_no_more_than_its_limit(
    tmp_path: Path, tenant: RunningTenant, mailbox_settings: dict[str, Any]
) -> None:
    """After a break a list goes on behind what it has given, and ends where it would have ended."""
    for mail in range(70):
        tenant.deliver(AP, make_mail(f"Mail {mail}"))
    journal, run_id = tmp_path / "journal.sqlite", str(uuid4())
    with start_engine(journal, Stopping(40, "running")) as engine, pytest.raises(RunStopped):
        engine.run(sample_bots.move_all, {"settings": mailbox_settings, "limit": 60}, run_id)
    with start_engine(journal, Listener()) as engine:
        assert engine.resume(run_id) == [f"Mail {mail}" for mail in range(60)]
    assert tenant.folders(AP)["Inbox"]["total"] == 10


@pytest.mark.parametrize("number", [1, 4, 6])
def test_children_go_on_with_their_parent(
    tmp_path: Path, mailbox_settings: dict[str, Any], number: int
) -> None:
    """A run that stops within a child bot goes on within it, with the same sessions."""
    journal, run_id = tmp_path / "journal.sqlite", str(uuid4())
    with start_engine(journal, Stopping(number, "running")) as engine, pytest.raises(RunStopped):
        engine.run(sample_bots.loops_twice, {"settings": mailbox_settings}, run_id)
    again = Listener()
    with start_engine(journal, again) as engine:
        assert engine.resume(run_id) == 0
    assert len(again.done) == 7 - number


@pytest.mark.parametrize("number", [1, 3])
def test_a_global_session_is_opened_again_in_another_process(
    tmp_path: Path, mailbox_settings: dict[str, Any], number: int
) -> None:
    """A child that goes on in another process finds its parent's session there, made anew from its handle."""
    journal, run_id = tmp_path / "journal.sqlite", str(uuid4())
    with start_engine(journal, Stopping(number, "running")) as engine, pytest.raises(RunStopped):
        engine.run(sample_bots.parent_of_global, {"settings": mailbox_settings}, run_id)
    again = Listener()
    with start_engine(journal, again) as engine:
        assert engine.resume(run_id)["second"] == "ap@contoso.com: 0"
    assert len(again.opened) == 1
    assert ("Connect" in again.done) == (number == 1)


@pytest.mark.parametrize("number", [1, 4])
def test_a_run_is_stopped_and_goes_on(tmp_path: Path, mailbox_settings: dict[str, Any], number: int) -> None:
    """A run that is cancelled ends with the step it is at, its children too; resumed, it goes on with that step."""
    journal, run_id = tmp_path / "journal.sqlite", str(uuid4())
    cancelling = Cancelling(number)
    with start_engine(journal, cancelling) as engine:
        cancelling.cancel = lambda: engine.cancel(run_id)
        with pytest.raises(RunCancelledError, match="Resume it"):
            engine.run(sample_bots.loops_twice, {"settings": mailbox_settings}, run_id)
        assert cancelling.runs[-1].status == "stopped"
        assert engine.resume(run_id) == 0
    assert len(cancelling.done) == 6 + 1


def test_a_run_has_so_much_time(
    engine: Engine, tenant: RunningTenant, mailbox_settings: dict[str, Any]
) -> None:
    """A run that takes longer than it may ends at a step; when it is resumed it has as much time again."""
    for mail in range(10):
        tenant.deliver(AP, make_mail(f"Mail {mail}"))
    tenant.set_latency(600)
    run_id = str(uuid4())
    with pytest.raises(RunTimeoutError):
        engine.run(sample_bots.move_all, {"settings": mailbox_settings}, run_id, time_limit_seconds=3)
    tenant.set_latency(0)
    assert len(engine.resume(run_id)) == 10


def test_a_run_is_retried_from_the_step_that_failed(
    engine: Engine, listener: Listener, tenant: RunningTenant, connect: Any, mailbox_settings: dict[str, Any]
) -> None:
    """What was done before the failure is not done again, and an error that the bot had caught is not retried."""
    run_id = str(uuid4())
    with pytest.raises(FolderNotFoundError):
        engine.run(sample_bots.fails_in_step, {"settings": mailbox_settings, "folder": "Later"}, run_id)
    connect().create_folder("Later")
    listener.steps.clear()
    engine.retry(run_id)
    assert engine.wait(run_id) == "Later"
    assert len(listener.done) == 1


def test_a_child_that_failed_is_retried_with_its_parent(
    engine: Engine, listener: Listener, connect: Any, mailbox_settings: dict[str, Any]
) -> None:
    """A retry goes down to the step of the child that failed."""
    run_id = str(uuid4())
    with pytest.raises(FolderNotFoundError):
        engine.run(sample_bots.parent_of_failing, {"settings": mailbox_settings, "folder": "Later"}, run_id)
    connect().create_folder("Later")
    listener.steps.clear()
    engine.retry(run_id)
    assert engine.wait(run_id) == "Later"
    assert len(listener.done) == 1


def test_a_bot_that_failed_between_steps_goes_on_there(
    engine: Engine, listener: Listener, tmp_path: Path, mailbox_settings: dict[str, Any]
) -> None:
    """What the bot's own code raises is told with its line; corrected, the bot goes on where it failed."""
    run_id, marker = str(uuid4()), tmp_path / "marker"
    inputs = {"settings": mailbox_settings, "marker": marker}
    with pytest.raises(
        BotFailedError, match=r"failed at sample_bots\.py:\d+ with ZeroDivisionError: no marker"
    ):
        engine.run(sample_bots.fails_between_steps, inputs, run_id)
    marker.touch()
    listener.steps.clear()
    engine.retry(run_id)
    assert engine.wait(run_id) == 0
    assert listener.done == ["List messages"]


def test_a_run_is_retried_from_any_step(
    engine: Engine, listener: Listener, mailbox_settings: dict[str, Any]
) -> None:
    """From the step that is named, everything is done anew."""
    run_id = str(uuid4())
    engine.run(sample_bots.count_messages, {"settings": mailbox_settings}, run_id)
    with pytest.raises(RunError, match="has succeeded"):
        engine.retry(run_id)
    listener.steps.clear()
    engine.retry(run_id, from_step=2)
    assert engine.wait(run_id) == 0
    assert listener.done == ["List messages"]


def test_a_bot_that_does_something_else_is_told(tmp_path: Path, mailbox_settings: dict[str, Any]) -> None:
    """A bot that was changed under its run ends, whatever errors it catches, and does nothing of the new."""
    journal, run_id, marker = tmp_path / "journal.sqlite", str(uuid4()), tmp_path / "marker"
    inputs = {"settings": mailbox_settings, "marker": marker}
    with start_engine(journal, Stopping(4, "running")) as engine, pytest.raises(RunStopped):
        engine.run(sample_bots.changes_its_mind, inputs, run_id)
    marker.touch()
    again = Listener()
    with (
        start_engine(journal, again) as engine,
        pytest.raises(BotChangedError, match="At step 3 the journal"),
    ):
        engine.resume(run_id)
    assert again.done == []


def test_what_cannot_be_gone_on_with_is_told(engine: Engine, mailbox_settings: dict[str, Any]) -> None:
    """A run that is not there, one that is over, and one that is at work are told apart."""
    with pytest.raises(RunNotFoundError):
        engine.resume("nothing")
    with pytest.raises(RunNotFoundError):
        engine.cancel("nothing")
    run_id = str(uuid4())
    engine.run(sample_bots.count_messages, {"settings": mailbox_settings}, run_id)
    with pytest.raises(RunError, match="Begin a new one"):
        engine.resume(run_id)


def test_old_journals_are_deleted(engine: Engine, mailbox_settings: dict[str, Any]) -> None:
    """A journal is kept until a moment, and then gone with those of its children."""
    run_id = str(uuid4())
    engine.run(sample_bots.loops_twice, {"settings": mailbox_settings}, run_id)
    engine.delete_finished(datetime.now(UTC) - timedelta(days=1))
    assert engine.wait(run_id) == 0
    engine.delete_finished(datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(RunNotFoundError):
        engine.resume(run_id)


def test_the_journal_is_encrypted_and_holds_no_secret(
    tmp_path: Path, tenant: RunningTenant, mailbox_settings: dict[str, Any]
) -> None:
    """The journal shows nothing of a mail to whoever has the file, and no token or secret to whoever has the key."""
    tenant.deliver(AP, make_mail("A very particular subject"))
    journal = tmp_path / "journal.sqlite"
    with start_engine(journal, Listener()) as engine:
        engine.run(sample_bots.move_all, {"settings": mailbox_settings})
        engine.run(sample_bots.parent_of_global, {"settings": mailbox_settings})
    written = b"".join(file.read_bytes() for file in tmp_path.glob("journal.sqlite*"))
    assert b"particular" not in written
    opened = "\n".join(_open_journal(journal))
    assert "A very particular subject" in opened
    assert '"azure"' in opened
    canary.check(opened, "the journal")
    assert "eyJ" not in opened


def _open_journal(journal: Path) -> list[str]:
    """All that is encrypted in a journal, decrypted."""
    sealer = KeySealer(TokenKey(Secret(KEY)))
    with sqlite3.connect(journal) as connection:
        rows = [
            *connection.execute("SELECT inputs, output, error FROM workflow_status"),
            *connection.execute("SELECT output, error, NULL FROM operation_outputs"),
        ]
    connection.close()
    return [sealer.open(text).decode() for row in rows for text in row if text]


@pytest.mark.parametrize("way", ["text", "secret", "variable"])
def test_a_secret_as_text_is_refused_before_anything_is_done(
    engine: Engine, listener: Listener, mailbox_settings: dict[str, Any], way: str
) -> None:
    """A client secret that would have to stand in the journal is refused, and the way to give it is told."""
    given = {
        "text": "s3cret-of-this-test",
        "secret": Secret("s3cret-of-this-test"),
        "variable": Variable("it"),
    }[way]
    authentication = ClientCredentials(client_id="a", tenant_id="b", client_secret=given, username=AP)
    settings = {**mailbox_settings, "authentication": authentication}
    if way == "variable":
        settings["variables"] = {"it": "s3cret-of-this-test"}
    with pytest.raises(SettingError, match="postroom credential set") as failure:
        engine.run(sample_bots.count_messages, {"settings": settings})
    assert "s3cret-of-this-test" not in str(failure.value)
    assert listener.done == []


def test_a_journal_needs_its_key(tmp_path: Path, mailbox_settings: dict[str, Any]) -> None:
    """With another key a run does not go on, and says why."""
    journal, run_id = tmp_path / "journal.sqlite", str(uuid4())
    with start_engine(journal, Stopping(2, "running")) as engine, pytest.raises(RunStopped):
        engine.run(sample_bots.count_messages, {"settings": mailbox_settings}, run_id)
    with (
        start_engine(journal, Listener(), key="K" * 42 + "A") as engine,
        pytest.raises(JournalError, match="another key"),
    ):
        engine.resume(run_id)
