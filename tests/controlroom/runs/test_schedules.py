"""Schedules: each time begins one run, also when nothing was there at that time."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from postroom.controlroom.audit.models import AuditEntry
from postroom.controlroom.runs.inputs import get_inputs
from postroom.controlroom.runs.models import Lease, Run, Schedule
from postroom.controlroom.runs.schedules import records
from postroom.controlroom.runs.schedules.records import (
    ScheduleSettings,
    begin_due_runs,
    delete_schedule,
    enable_schedule,
    get_run_id,
    save_schedule,
)
from postroom.controlroom.runs.workers.leading import lead, step_down
from postroom.controlroom.vault.master_keys import ensure_key
from postroom.errors import NotAllowedError, SettingError, VaultLockedError
from support.people import People
from support.watched_mailboxes import create_bot

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 6, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the clock of the Control Room."""

    def put(moment: datetime) -> datetime:
        monkeypatch.setattr(timezone, "now", lambda: moment)
        return moment

    return put


@pytest.fixture
def schedule(people: People, clock: Any) -> Schedule:
    """Give a schedule of each full hour, made at half past seven on a Monday."""
    ensure_key()
    clock(MONDAY - HOUR / 2)
    return make(people)


def make(people: People, **settings: Any) -> Schedule:
    """Make a schedule of each full hour."""
    given = {"name": "Hourly", "inputs": {"folder": "Inbox"}, "run_as": people.creator, "cron": "0 * * * *"}
    given |= settings
    actor = given.pop("actor", people.creator)
    bot = given.pop("bot", None) or create_bot(f"{uuid4().hex}.bot.yaml")
    return save_schedule(Schedule(), ScheduleSettings(bot=bot, **given), actor)


def test_what_is_due_is_begun_once(schedule: Schedule, people: People) -> None:
    """Not before its time, and not again after it."""
    assert begin_due_runs(MONDAY - timedelta(seconds=1)) == 0
    assert begin_due_runs(MONDAY) == 1
    assert begin_due_runs(MONDAY + timedelta(seconds=1)) == 0
    run = Run.objects.get()
    assert (run.pk, run.run_as, run.schedule) == (get_run_id(schedule, MONDAY), people.creator, schedule)
    assert get_inputs(run) == {"folder": "Inbox"}
    assert Schedule.objects.get().next_run == MONDAY + HOUR
    assert AuditEntry.objects.filter(event="RUN_BEGUN", actor="Schedule “Hourly”").count() == 1


def test_two_that_lead_at_once_begin_it_once(schedule: Schedule) -> None:
    """A process that died between the run and the next time leaves the time due, and it is not begun again."""
    begin_due_runs(MONDAY)
    Schedule.objects.update(next_run=MONDAY)
    begin_due_runs(MONDAY + timedelta(minutes=1))
    assert Run.objects.count() == 1


def test_of_missed_times_the_last_is_made_up_for(schedule: Schedule) -> None:
    """Nothing ran for five hours: one run, as soon as a worker is there."""
    assert begin_due_runs(MONDAY + 5 * HOUR + timedelta(minutes=20)) == 1
    assert Run.objects.get().pk == get_run_id(schedule, MONDAY + 5 * HOUR)


def test_what_was_missed_long_ago_is_left(people: People, clock: Any) -> None:
    """A time of more than a day ago begins nothing; the next one does."""
    ensure_key()
    clock(MONDAY - HOUR)
    made = make(people, cron="0 8 * * 1")
    assert begin_due_runs(MONDAY + timedelta(days=2)) == 0
    assert Schedule.objects.get(pk=made.pk).next_run == MONDAY + timedelta(days=7)
    assert begin_due_runs(MONDAY + timedelta(days=7)) == 1


def test_missed_times_can_be_skipped(people: People, clock: Any) -> None:
    """Where a late run does harm; a few minutes are not late."""
    ensure_key()
    clock(MONDAY - HOUR)
    make(people, missed="skip", cron="0 8 * * *")
    assert begin_due_runs(MONDAY + HOUR) == 0
    assert begin_due_runs(MONDAY + timedelta(days=1, minutes=2)) == 1


def test_a_paused_schedule_makes_up_for_nothing(schedule: Schedule, people: People, clock: Any) -> None:
    """Times that pass while it is paused are past."""
    enable_schedule(schedule, people.creator, enabled=False)
    assert begin_due_runs(MONDAY + HOUR) == 0
    clock(MONDAY + 2.5 * HOUR)
    enable_schedule(Schedule.objects.get(), people.creator, enabled=True)
    assert begin_due_runs(MONDAY + 2.6 * HOUR) == 0
    assert begin_due_runs(MONDAY + 3 * HOUR) == 1


def test_a_locked_vault_only_delays(schedule: Schedule, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time stays due, and the page says why."""

    def refuse(*_: Any) -> None:
        raise VaultLockedError("The vault is locked.")

    with monkeypatch.context() as patched:
        patched.setattr(records, "get_inputs", refuse)
        assert begin_due_runs(MONDAY) == 0
    assert Schedule.objects.get().last_error == "The vault is locked."
    assert begin_due_runs(MONDAY + timedelta(minutes=10)) == 1
    assert Schedule.objects.get().last_error == ""


def test_somebody_who_left_runs_nothing(schedule: Schedule, people: People) -> None:
    """The schedule says that somebody else has to be chosen."""
    people.creator.groups.clear()
    assert begin_due_runs(MONDAY) == 0
    assert "may not run bots" in Schedule.objects.get().last_error


def test_a_bot_that_was_taken_out_of_use_is_not_begun(schedule: Schedule) -> None:
    """The schedule says so."""
    schedule.bot.withdrawn = timezone.now()
    schedule.bot.save()
    assert begin_due_runs(MONDAY) == 0
    assert schedule.bot.name in Schedule.objects.get().last_error


def test_nobody_runs_bots_as_others(people: People) -> None:
    """Whoever does not manage users has bots run as themselves."""
    ensure_key()
    with pytest.raises(NotAllowedError, match="as yourself"):
        make(people, run_as=people.administrator)
    assert make(people, run_as=people.creator, actor=people.administrator).run_as == people.creator
    with pytest.raises(SettingError, match="may not run bots"):
        make(people, run_as=people.auditor, actor=people.administrator)


def test_runs_stay_when_a_schedule_goes(schedule: Schedule, people: People) -> None:
    """Deleting what begins runs deletes none."""
    begin_due_runs(MONDAY)
    delete_schedule(Schedule.objects.get(), people.creator)
    assert Run.objects.get().schedule is None


def test_one_leads_at_a_time(db: None) -> None:
    """Until it steps down, or is not heard of for so long that its lease ends."""
    first, second = uuid4(), uuid4()
    assert lead("work", first)
    assert not lead("work", second)
    assert lead("work", first)
    assert lead("other work", second)
    step_down("work", first)
    assert lead("work", second)
    Lease.objects.filter(name="work").update(until=timezone.now() - HOUR)
    assert lead("work", first)
    assert not lead("work", second)


def test_the_page_makes_and_changes_a_schedule(people: People, client_as: Any) -> None:
    """In plain words, with the next five times before it is saved."""
    ensure_key()
    bot = create_bot()
    client = client_as(people.creator)
    given = {
        "name": "Every weekday",
        "kind": "weekdays",
        "at": "07:45",
        "time_zone": "Europe/Berlin",
        "missed": "once",
        "run_as": people.creator.pk,
    }
    assert client.get("/schedules/preview/", given).content.decode().count("<li>") == 5
    answer = client.post(f"/schedules/new/?bot={bot.pk}", given)
    assert answer.status_code == 302, answer.content
    made = Schedule.objects.get()
    assert (made.cron, made.time_zone, made.run_as) == ("45 7 * * 1-5", "Europe/Berlin", people.creator)
    assert "On weekdays at 07:45" in client.get("/schedules/").content.decode()
    page = client.get(f"/schedules/{made.pk}/").content.decode()
    assert 'value="07:45"' in page
    client.post(f"/schedules/{made.pk}/", {**given, "kind": "cron", "cron": "0 0 30 2 *"})
    assert Schedule.objects.get().cron == "45 7 * * 1-5"


def test_the_api_makes_and_pauses_a_schedule(people: People, client_as: Any) -> None:
    """What a program may do is what the page does."""
    ensure_key()
    create_bot("intake.bot.yaml")
    client = client_as(people.creator)
    wanted = {"name": "Daily", "bot": "intake.bot.yaml", "cron": "0 8 * * *", "time_zone": "Asia/Tokyo"}
    made = client.post("/api/schedules", wanted, content_type="application/json").json()
    assert made["run_as"] == "creator"
    answer = client.patch(f"/api/schedules/{made['id']}", {"enabled": False}, content_type="application/json")
    assert answer.json()["next_run"] is None
    assert [one["name"] for one in client.get("/api/schedules").json()] == ["Daily"]
    refused = client.post("/api/schedules", {**wanted, "cron": "x"}, content_type="application/json")
    assert refused.status_code == 400
    assert client.delete(f"/api/schedules/{made['id']}").status_code == 204
