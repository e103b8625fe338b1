"""Runs on their pages: begun from a form, listed, watched, stopped and tried again."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from controlroom.runs.conftest import INTAKE
from controlroom.runs.test_bot_pages import read
from support.people import People, create_user

if TYPE_CHECKING:
    from django.test import Client

    from postroom.controlroom.runs.models import BotVersion, Run

Open = Callable[..., "Client"]
Deploy = Callable[..., "BotVersion"]
Make = Callable[..., "Run"]

ALL_KINDS = """\
name: Many inputs
inputs:
  folder: {type: text, required: true}
  limit: {type: number, default: 10}
  urgent: {type: boolean, default: true}
  since: {type: date, required: false}
  words: {type: list, required: false}
  key: {type: credential, required: false}
  connection: {type: text, required: false}
steps:
  - uses: outlook.connect
    with:
      session: ap
      cloud: Azure Global
      authentication: {mode: Control Room managed, connection: Payables, token: Shared, username: ap@contoso.com}
"""


@pytest.fixture
def creator(people: People, client_as: Open) -> "Client":
    """Give the browser of somebody who may deploy and run."""
    return client_as(people.creator)


@pytest.fixture
def runner(people: People, client_as: Open) -> "Client":
    """Give the browser of somebody who may run bots, and nothing else."""
    from postroom.controlroom.accounts.models import Role
    from postroom.controlroom.accounts.people import set_permissions

    role = Role.objects.create(name="Runners")
    set_permissions(role, ["run_bots"])
    user = create_user("runner")
    user.groups.add(role)
    client = client_as(user)
    client.person = user  # type: ignore[attr-defined]
    return client


def test_without_runs_the_page_says_what_to_do(creator: "Client") -> None:
    """Whoever may run is led to the bots."""
    page = read(creator.get("/runs/"))
    assert "Nothing has run yet" in page
    assert "Run a bot" in page


def test_a_run_is_begun_from_the_form(creator: "Client", people: People, deploy: Deploy) -> None:
    """The form has the defaults; what was given is sealed, and the run is the person's own."""
    from postroom.controlroom.audit.models import AuditEntry
    from postroom.controlroom.runs.inputs import get_inputs
    from postroom.controlroom.runs.models import Run

    version = deploy()
    page = read(creator.get(f"/bots/{version.bot_id}/run/"))
    assert 'value="Inbox"' in page
    answer = creator.post(f"/bots/{version.bot_id}/run/", {"input-folder": "Archive", "input-limit": "2.5"})
    run = Run.objects.get()
    assert answer["Location"] == f"/runs/{run.pk}/"
    assert get_inputs(run) == {"folder": "Archive", "limit": 2.5}
    assert b"Archive" not in bytes(run.encrypted_inputs)
    assert (run.run_as, run.begun_by, run.status, run.version) == (
        people.creator,
        "creator",
        "queued",
        version,
    )
    entry = AuditEntry.objects.get(event="RUN_BEGUN")
    assert (entry.actor, entry.target, entry.details["bot"]) == ("creator", str(run.pk), "intake.bot.yaml")


def test_each_kind_of_input_has_its_field(creator: "Client", people: People, deploy: Deploy) -> None:
    """Dates, numbers, lists and switches arrive as what they are; a credential by its name, of those one may use."""
    from datetime import date

    from controlroom.test_matrix import create_locker
    from postroom.controlroom.runs.inputs import get_inputs
    from postroom.controlroom.runs.models import Run
    from postroom.values import Credential

    create_locker(people, consumers=())
    version = deploy(text=ALL_KINDS)
    page = read(creator.get(f"/bots/{version.bot_id}/run/"))
    assert 'value="azure/client_id"' in page
    assert 'list="connections-to-choose"' in page
    given = {
        "folder": "Inbox",
        "limit": "3",
        "since": "2026-05-31",
        "words": "red\n\n blue ",
        "key": "azure/client_id",
        "connection": "",
    }
    creator.post(f"/bots/{version.bot_id}/run/", {f"input-{name}": value for name, value in given.items()})
    assert get_inputs(Run.objects.get()) == {
        "folder": "Inbox",
        "limit": 3,
        "urgent": False,
        "since": date(2026, 5, 31),
        "words": ["red", "blue"],
        "key": Credential("azure", "client_id"),
    }


def test_what_is_missing_is_said_at_its_field(creator: "Client", deploy: Deploy) -> None:
    """Nothing is begun, and what was filled in stays; a credential that is not one's own is no choice."""
    from postroom.controlroom.runs.models import Run

    version = deploy(text=ALL_KINDS)
    given = {"input-folder": "", "input-limit": "many", "input-key": "other/secret", "input-words": "kept"}
    page = read(creator.post(f"/bots/{version.bot_id}/run/", given))
    assert "This field is required" in page
    assert "Enter a number" in page
    assert "Select a valid choice" in page
    assert "kept" in page
    assert not Run.objects.exists()


def test_a_bot_that_needs_a_session_is_not_run_alone(creator: "Client", deploy: Deploy) -> None:
    """It says that a parent bot runs it, and begins nothing whatever is sent."""
    from postroom.controlroom.runs.models import Run

    text = INTAKE.replace("  folder: Inbox\n", "  folder: Inbox\n  work: {type: session}\n")
    version = deploy(text=text)
    assert "a parent bot opens" in read(creator.get(f"/bots/{version.bot_id}/run/"))
    creator.post(f"/bots/{version.bot_id}/run/", {"input-folder": "Inbox", "input-work": "ap"})
    assert not Run.objects.exists()


def test_the_inputs_of_an_earlier_run_begin_the_form(
    creator: "Client", people: People, deploy: Deploy
) -> None:
    """“Run anew” brings them along; of a run that one may not see it brings nothing."""
    from postroom.controlroom.runs.queueing import begin_run

    version = deploy()
    run = begin_run(version, {"folder": "Archive"}, people.creator, "creator")
    assert 'value="Archive"' in read(creator.get(f"/bots/{version.bot_id}/run/?like={run.pk}"))
    assert 'value="Inbox"' in read(creator.get(f"/bots/{version.bot_id}/run/?like=nothing"))


def test_people_see_their_own_runs(
    runner: "Client", creator: "Client", people: People, make_run: Make
) -> None:
    """Without “View runs” others' runs are not there: in the list, on their page, in what could be done to them."""
    other = make_run(people.creator)
    own = make_run(runner.person, status="failed")  # type: ignore[attr-defined]
    page = read(runner.get("/runs/"))
    assert str(own.pk) in page
    assert str(other.pk) not in page
    assert runner.get(f"/runs/{other.pk}/").status_code == 404
    assert runner.get(f"/runs/{other.pk}/inputs/").status_code == 404
    assert runner.post(f"/runs/{other.pk}/cancel/").status_code == 404
    assert str(other.pk) in read(creator.get("/runs/"))


def test_an_auditor_sees_and_changes_nothing(people: People, client_as: Open, make_run: Make) -> None:
    """“View runs” shows a run without any button, and refuses what is sent all the same."""
    run = make_run(people.creator)
    auditor = client_as(people.auditor)
    page = read(auditor.get(f"/runs/{run.pk}/"))
    assert "/cancel/" not in page
    assert auditor.post(f"/runs/{run.pk}/cancel/").status_code == 403
    run.refresh_from_db()
    assert run.status == "queued"


def test_filters(creator: "Client", people: People, make_run: Make) -> None:
    """Status, bot, who, since and a search each leave what they name; what cannot be understood leaves all."""
    old = make_run(
        people.creator,
        status="failed",
        created=timezone.now() - timedelta(days=9),
        error_message="No folder X",
    )
    new = make_run(people.auditor, status="running")

    def find(query: str) -> set[Any]:
        page = read(creator.get(f"/runs/?{query}"))
        return {run.pk for run in (old, new) if f"/runs/{run.pk}/" in page}

    today = timezone.now().date().isoformat()
    assert find("status=failed") == {old.pk}
    assert find("status=active") == {new.pk}
    assert find("who=AUDITOR") == {new.pk}
    assert find(f"since={today}") == {new.pk}
    assert find("search=folder x") == {old.pk}
    assert find(f"search={new.pk}") == {new.pk}
    assert find("bot=intake.bot.yaml") == {old.pk, new.pk}
    assert find("status=odd&since=never&bot=none") == {old.pk, new.pk}
    assert "No run is like that" in read(creator.get("/runs/?search=nothing-of-that"))


def test_children_are_below_their_parent(creator: "Client", people: People, make_run: Make) -> None:
    """The list has those that somebody began; the others are asked for, and stand in the tree of each run."""
    parent = make_run(people.creator)
    child = make_run(people.creator, parent=parent, root=parent)
    grandchild = make_run(people.creator, parent=child, root=parent)
    page = read(creator.get("/runs/"))
    assert f'hx-get="/runs/{parent.pk}/children/?level=1"' in page
    assert f'href="/runs/{child.pk}/"' not in page
    rows = read(creator.get(f"/runs/{parent.pk}/children/?level=1"))
    assert f'href="/runs/{child.pk}/"' in rows
    assert "level-1" in rows
    assert f'hx-get="/runs/{child.pk}/children/?level=2"' in rows
    tree = read(creator.get(f"/runs/{child.pk}/"))
    assert f'href="/runs/{parent.pk}/"' in tree
    assert f'href="/runs/{grandchild.pk}/"' in tree


def test_a_child_bot_is_a_step_of_its_parent(creator: "Client", people: People, make_run: Make) -> None:
    """With a link, how it stands and how long it took; the child says which run began it, messages are added up."""
    from datetime import timedelta

    from django.utils import timezone

    began = timezone.now() - timedelta(hours=1)
    parent = make_run(people.creator, messages_handled=1, status="running")
    fields = {"parent": parent, "root": parent, "begun_by": "Invoice intake", "messages_handled": 3}
    child = make_run(people.creator, **fields, status="done", started=began, finished=began)
    make_run(people.creator, **{**fields, "parent": child}, status="failed", error_message="No luck")
    parent.steps.create(number=1, title="Connect", status="done", place="intake.bot.yaml@1:7")
    parent.steps.create(number=2, title="Run Intake", child=child, place="intake.bot.yaml@1:17")
    page = read(creator.get(f"/runs/{parent.pk}/"))
    assert f'<a class="text-link" href="/runs/{child.pk}/">Run Intake</a>' in page
    assert page.count('<li class="is-done">') == 2
    assert "<dd>7</dd>" in page
    assert f'<a class="text-link" href="/runs/{parent.pk}/">a run of Invoice intake</a>' in read(
        creator.get(f"/runs/{child.pk}/")
    )
    assert "<dd>6</dd>" in read(creator.get(f"/runs/{child.pk}/"))
    assert ">7</td>" in read(creator.get("/runs/"))


def test_a_run_that_goes_on_is_watched(creator: "Client", people: People, make_run: Make) -> None:
    """Its page asks for what has changed, gets nothing where nothing has, and stops asking when the run is over."""
    import re

    from postroom.controlroom.runs.models import RunStep

    run = make_run(people.creator, status="running")
    page = read(creator.get(f"/runs/{run.pk}/"))
    link = re.search(rf'hx-get="(/runs/{run.pk}/live/\?seen=\w+)"', page)
    assert link is not None
    assert creator.get(link[1]).status_code == 204
    step = {"number": 1, "title": "Connect", "place": "intake.bot.yaml@1:7", "touched": "Invoice 4711"}
    RunStep.objects.create(run=run, **step)
    part = read(creator.get(link[1]))
    assert "Invoice 4711" in part
    assert f'href="/bots/{run.bot_id}/versions/1/#L7"' in part
    assert "intake.bot.yaml:7" in part
    run.status, run.error_class, run.error_message = "failed", "FolderNotFoundError", "No folder “Archiv”."
    run.save()
    part = read(creator.get(link[1]))
    assert 'hx-trigger="every' not in part
    assert "There is no such folder." in part
    assert "No folder “Archiv”." in part


def test_who_was_signed_out_meanwhile_is_led_to_sign_in(
    client: "Client", people: People, make_run: Make
) -> None:
    """The whole window is loaded anew, and not the sign-in page into a part of it."""
    run = make_run(people.creator)
    answer = client.get(f"/runs/{run.pk}/live/", headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"
    assert client.get(f"/runs/{run.pk}/live/").status_code == 302


def test_inputs_are_shown_when_asked_for(creator: "Client", people: People, deploy: Deploy) -> None:
    """The page has their names; the values come by a request of their own."""
    from postroom.controlroom.runs.queueing import begin_run

    run = begin_run(deploy(), {"folder": "Salaries"}, people.creator, "creator")
    page = read(creator.get(f"/runs/{run.pk}/"))
    assert "<code>folder</code>" in page
    assert "Salaries" not in page
    assert "Salaries" in read(creator.get(f"/runs/{run.pk}/inputs/"))


def test_pausing_resuming_and_cancelling(creator: "Client", people: People, make_run: Make) -> None:
    """Each is a button where it can be done, and written into the audit trail."""
    from postroom.controlroom.audit.models import AuditEntry

    run = make_run(people.creator)
    for what, status in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")):
        assert f"/runs/{run.pk}/{what}/" in read(creator.get(f"/runs/{run.pk}/"))
        creator.post(f"/runs/{run.pk}/{what}/")
        run.refresh_from_db()
        assert run.status == status
    events = (
        AuditEntry.objects.filter(target=str(run.pk)).order_by("sequence").values_list("event", flat=True)
    )
    assert list(events) == ["RUN_PAUSED", "RUN_RESUMED", "RUN_CANCELLED"]
    assert "The run is over" in read(creator.post(f"/runs/{run.pk}/cancel/", follow=True))


def test_retrying_from_a_step(creator: "Client", people: People, make_run: Make) -> None:
    """A run that failed has a button at each step, and goes back into the queue from there."""
    from postroom.controlroom.runs.models import RunStep

    run = make_run(people.creator, status="failed")
    RunStep.objects.create(run=run, number=4, title="Reply", status="failed")
    assert 'name="step" value="4"' in read(creator.get(f"/runs/{run.pk}/"))
    creator.post(f"/runs/{run.pk}/retry/", {"step": "4"})
    run.refresh_from_db()
    assert (run.status, run.retry_step) == ("queued", 4)


def test_workers(creator: "Client", people: People, make_run: Make) -> None:
    """Who is alive, what they run, and who fell silent; without any the page says how to start one."""
    from postroom.controlroom.runs.models import Worker

    assert "postroom worker" in read(creator.get("/workers/"))
    alive = Worker.objects.create(pk="host-a-1", host="host-a")
    Worker.objects.create(pk="host-b-1", host="host-b", last_seen=timezone.now() - timedelta(hours=1))
    run = make_run(people.creator, status="running", worker=alive)
    page = read(creator.get("/workers/"))
    assert page.index("Alive") < page.index("Silent")
    assert f'href="/runs/{run.pk}/"' in page
