"""What workers do for the bots of a run: children, logs, secrets, a vault that is locked, journals that grow old."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.utils import timezone

from postroom.controlroom.runs.models import JournalKey, Run, RunStatus
from postroom.controlroom.runs.queueing import begin_run, cancel_run, retry_run
from support.people import create_user
from support.workers import deploy_text, name_database, read_texts, start_worker, wait_for_end, wait_until

if TYPE_CHECKING:
    from postroom.controlroom.accounts.models import User

pytestmark = pytest.mark.django_db(transaction=True)

PARENT = """\
name: Parent
inputs:
  file: {type: text}
  texts: {type: list}
steps:
  - uses: paper.open_paper
    with: {session: {global: p}, file: "${{ file }}"}
  - run_bot: child.bot.yaml
    with: {texts: "${{ texts }}"}
  - uses: paper.write
    with: {session: p, text: end}
"""
CHILD = """\
name: Child
inputs:
  texts: {type: list}
steps:
  - for_each: text
    in: "${{ texts }}"
    steps:
      - uses: paper.write
        with: {session: p, text: "${{ text }}", seconds: 0.1}
"""
NEEDY = CHILD + '  - uses: paper.need\n    with: {session: p, name: "switch"}\n'
TALKS = """
import logging
import paper
from postroom import Credential, bot
from postroom.values import Resolver, find_used_credentials

@bot
def talk(file: str) -> None:
    print("before the first step")
    with paper.package.opener(file=file) as opened:
        opened.write("a")
        logging.getLogger("bots.talk").warning("one is written")
        secret = Resolver(find_used_credentials()).get_secret("Secret", Credential("azure", "client_secret"))
        print("the secret is", secret.reveal())
        opened.write("b", seconds=1)
        opened.write("c", seconds=1)
    print("done")
"""

Begin = Callable[..., Run]


@pytest.fixture
def user() -> "User":
    """Give somebody whom runs run as."""
    return create_user("bots", role="Administrator")


@pytest.fixture
def begin(user: "User", tmp_path: Path) -> Begin:
    """Begin a run of a parent whose child writes texts."""

    def begin_parent(texts: list[str], child: str = CHILD) -> Run:
        deploy_text("child.bot.yaml", child)
        version = deploy_text("parent.bot.yaml", PARENT)
        return begin_run(version, {"file": str(tmp_path / "notes"), "texts": texts}, user, "a test")

    return begin_parent


def test_children_go_on_with_their_parent(begin: Begin, tmp_path: Path) -> None:
    """A child is a run of its own; when their worker is killed, both go on at another."""
    texts = [f"text {number}" for number in range(20)]
    file = tmp_path / "notes"
    with start_worker(tmp_path) as first:
        run = begin(texts)
        wait_until(lambda: len(read_texts(file)) > 5)
        first.kill()
    with start_worker(tmp_path) as second:
        assert wait_for_end(run) == ["done"], second.log
    assert list(dict.fromkeys(read_texts(file))) == [*texts, "end"]
    child = Run.objects.get(parent=run)
    assert (child.status, child.root, child.bot.path) == ("done", run, "child.bot.yaml")
    assert child.steps.count() == 20
    assert child.begun_by == "parent.bot.yaml"
    (step,) = run.steps.filter(child=child)
    assert (step.title, step.status, step.place) == (
        "Run child.bot.yaml",
        "done",
        "parent.bot.yaml@1:8",
    )
    assert [one.title for one in run.steps.all()] == ["Open paper", "Run child.bot.yaml", "Write"]


def test_a_child_is_cancelled_with_the_whole(begin: Begin, tmp_path: Path) -> None:
    """To cancel a child is to cancel the run that began it all."""
    with start_worker(tmp_path) as worker:
        run = begin([f"text {number}" for number in range(100)])
        wait_until(lambda: len(read_texts(tmp_path / "notes")) > 2)
        child = Run.objects.get(parent=run)
        cancel_run(child)
        assert wait_for_end(run, child) == ["cancelled", "cancelled"], worker.log
    assert "end" not in read_texts(tmp_path / "notes")


def test_what_failed_in_a_child_is_retried_there(begin: Begin, tmp_path: Path) -> None:
    """A run that failed in a child goes on at the step that failed in it, and nothing is done again."""
    with start_worker(tmp_path) as worker:
        run = begin(["a", "b"], NEEDY)
        assert wait_for_end(run) == ["failed"], worker.log
        assert Run.objects.get(parent=run).status == RunStatus.FAILED
        (tmp_path / "switch").write_text("")
        retry_run(run)
        assert wait_for_end(run) == ["done"], worker.log
        assert read_texts(tmp_path / "notes") == ["a", "b", "end"]
        child = Run.objects.get(parent=run)
        retry_run(child, from_step=child.steps.filter(title="Write").last().number)
        assert wait_for_end(run) == ["done"], worker.log
    assert read_texts(tmp_path / "notes") == ["a", "b", "end", "b", "end"]


def test_keeps_the_log_of_a_bot_without_secrets(user: "User", tmp_path: Path) -> None:
    """What a Python bot prints and logs is in its log, once though it went on after a break; no secret is."""
    _save_secret(user, "a secret of nobody")
    run = begin_run(_deploy_python(TALKS), {"file": str(tmp_path / "notes")}, user, "a test")
    with start_worker(tmp_path) as first:
        wait_until(lambda: "b" in read_texts(tmp_path / "notes") or not Run.objects.get(pk=run.pk).is_active)
        assert Run.objects.get(pk=run.pk).error_message == ""
        assert first.end() == 0
        assert "a secret of nobody" not in first.log
    with start_worker(tmp_path) as second:
        assert wait_for_end(run) == ["done"], second.log
    assert [(line.level, line.text) for line in run.lines.all()] == [
        ("info", "before the first step"),
        ("warning", "one is written"),
        ("info", "the secret is •••"),
        ("info", "done"),
    ]


def test_waits_while_the_vault_is_locked(user: "User", begin: Begin, tmp_path: Path) -> None:
    """In manual mode a worker waits until an administrator unlocks the vault, and leaves its runs when it is locked."""
    from postroom.controlroom.vault import opening
    from postroom.values import Secret

    key_file = tmp_path / "taken away"
    opening.choose_manual_mode(user, key_file)
    key = Secret(key_file.read_text())
    key_file.unlink()
    opening.lock(user)
    texts = [f"text {number}" for number in range(30)]
    begun: list[Run] = []
    with start_worker(tmp_path, await_ready=False) as worker:
        wait_until(lambda: "is locked" in worker.log)
        opening.unlock(user, key)
        begun.append(begin(texts))
        wait_until(lambda: len(read_texts(tmp_path / "notes")) > 3)
        opening.lock(user)
        wait_until(lambda: Run.objects.get(pk=begun[0].pk).status == RunStatus.QUEUED)
        opening.unlock(user, key)
        assert wait_for_end(*begun) == ["done"], worker.log
    assert read_texts(tmp_path / "notes") == [*texts, "end"]


def test_journals_outlive_a_rotation(user: "User", begin: Begin, tmp_path: Path) -> None:
    """A run goes on though the vault's key was changed meanwhile; new records have a new key."""
    from postroom.controlroom.vault.rotation import rotate

    texts = [f"text {number}" for number in range(20)]
    with start_worker(tmp_path) as first:
        run = begin(texts)
        wait_until(lambda: len(read_texts(tmp_path / "notes")) > 3)
        assert first.end() == 0
    survey = rotate(user)
    assert not survey.damaged
    with start_worker(tmp_path) as second:
        assert wait_for_end(run) == ["done"], second.log
    assert read_texts(tmp_path / "notes") == [*texts, "end"]
    assert JournalKey.objects.count() == 2


def test_deletes_what_is_old_but_not_what_is_kept(begin: Begin, tmp_path: Path) -> None:
    """Runs that ended longer ago than policy says are deleted with their children and journals, but for those kept."""
    with start_worker(tmp_path) as worker:
        old, kept, new = begin(["a"]), begin(["b"]), begin(["c"])
        assert wait_for_end(old, kept, new) == ["done"] * 3, worker.log
    long_ago = timezone.now() - timedelta(days=settings.CONFIGURATION.keep_runs_days + 1)
    Run.objects.exclude(pk=new.pk).update(finished=long_ago)
    Run.objects.filter(pk=kept.pk).update(kept=True)
    with start_worker(tmp_path) as worker:
        wait_until(lambda: not Run.objects.filter(pk=old.pk).exists())
    assert set(Run.objects.filter(parent=None)) == {kept, new}
    assert Run.objects.filter(parent=kept).count() == 1
    assert _count_journals(old, kept, new) == 2


def _deploy_python(text: str) -> Any:
    from postroom.controlroom.runs.models import Bot

    folder = settings.CONFIGURATION.home / "bots" / "0a1b2c"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "talks.py").write_text(text)
    bot = Bot.objects.create(name="Talk", path="talks.py:talk")
    return bot.versions.create(number=1, text=text, sha256="0" * 64, commit="0a1b2c", from_folder=True)


def _save_secret(user: "User", value: str) -> None:
    from postroom.controlroom.vault.credentials import save_value
    from postroom.controlroom.vault.models import Attribute, Credential
    from postroom.values import Secret
    from support.canary import canary

    canary.add([value])
    credential = Credential.objects.create(name="azure", owner=user)
    Attribute.objects.create(credential=credential, name="client_secret")
    save_value(user, "azure", "client_secret", Secret(value))


def _count_journals(*runs: Run) -> int:
    from django.db import connection

    query = "SELECT count(*) FROM {} WHERE workflow_uuid IN ({})"
    ids = ", ".join(f"'{run.pk}'" for run in runs)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(query.format("dbos.workflow_status", ids))
            return int(cursor.fetchone()[0])
    import sqlite3
    from contextlib import closing

    home = name_database()["POSTROOM_HOME"]
    with closing(sqlite3.connect(Path(home) / "journal.sqlite3")) as database:
        return int(database.execute(query.format("workflow_status", ids)).fetchone()[0])
