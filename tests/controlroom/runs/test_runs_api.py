"""Bots and runs over the API: what a device deploys, begins, watches and stops."""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from controlroom.runs.conftest import INTAKE
from support.people import People

if TYPE_CHECKING:
    from django.test import Client

    from postroom.controlroom.runs.models import BotVersion, Run

JSON = "application/json"
Deploy = Callable[..., "BotVersion"]
Make = Callable[..., "Run"]


@pytest.fixture
def device(people: People, client_as: "Callable[..., Client]") -> "Client":
    """Give a device of somebody who may deploy and run."""
    from postroom.controlroom.accounts.device_keys import add_device

    _, key = add_device(people.creator, "Desk")
    return client_as(None, headers={"Authorization": f"Bearer {key.reveal()}"})


def test_deploying_and_listing(device: "Client") -> None:
    """A file is deployed with 201, and is in the list with its inputs."""
    made = device.post("/api/bots", {"path": "intake.bot.yaml", "text": INTAKE, "note": "First"}, JSON)
    assert (made.status_code, made.json()) == (201, {"path": "intake.bot.yaml", "version": 1})
    (bot,) = device.get("/api/bots").json()
    assert (bot["name"], bot["version"], bot["inputs"][0]["name"]) == ("Invoice intake", 1, "folder")
    (version,) = device.get("/api/bots/intake.bot.yaml/versions").json()
    assert (version["number"], version["deployed_by"], version["note"]) == (1, "creator", "First")
    assert device.get("/api/bots/intake.bot.yaml/versions/1").json()["text"] == INTAKE
    assert device.get("/api/bots/intake.bot.yaml/versions/2").status_code == 404
    again = device.post("/api/bots/intake.bot.yaml/versions/1/go-back")
    assert again.json() == {"path": "intake.bot.yaml", "version": 1}
    assert device.delete("/api/bots/intake.bot.yaml").status_code == 204
    assert device.get("/api/bots").json() == []
    assert len(device.get("/api/bots?withdrawn=true").json()) == 1


def test_faults_are_data(device: "Client") -> None:
    """All faults, each with its file and line; nothing is deployed."""
    text = INTAKE.replace("outlook.messages", "outlook.mesages")
    answer = device.post("/api/bots", {"path": "intake.bot.yaml", "text": text}, JSON)
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert error["type"] == "BotFileError"
    (fault,) = error["faults"]
    assert (fault["file"], text.splitlines()[fault["line"] - 1].strip()) == (
        "intake.bot.yaml",
        "uses: outlook.mesages",
    )
    assert device.get("/api/bots").json() == []


def test_a_run_is_begun_once(device: "Client", deploy: Deploy) -> None:
    """With a number of one's own, the same request again gives the same run."""
    deploy()
    wanted = {"bot": "intake.bot.yaml", "inputs": {"folder": "Archive", "limit": 2}, "id": str(uuid.uuid4())}
    first = device.post("/api/runs", wanted, JSON)
    assert first.status_code == 201
    assert device.post("/api/runs", wanted, JSON).json() == first.json()
    run = first.json()
    assert (run["id"], run["status"], run["run_as"], run["bot"]) == (
        wanted["id"],
        "queued",
        "creator",
        "intake.bot.yaml",
    )
    assert device.get(f"/api/runs/{run['id']}/inputs").json() == wanted["inputs"]


def test_another_runs_number_is_refused(device: "Client", people: People, make_run: Make) -> None:
    """A number that somebody else has taken neither begins anything nor gives their run."""
    other = make_run(people.auditor)
    answer = device.post("/api/runs", {"bot": "intake.bot.yaml", "id": str(other.pk)}, JSON)
    assert answer.status_code == 400
    assert "another run" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"foldr": "x"}, "takes no foldr"),
        ({"limit": "many"}, "limit is no number"),
        ({"limit": True}, "limit is no number"),
        ({"folder": ["x"]}, "folder is no text"),
        ({"limit": 1e400}, "limit"),
    ],
)
def test_inputs_are_checked(device: "Client", deploy: Deploy, inputs: dict[str, Any], said: str) -> None:
    """What the bot does not take, or is of another kind, is refused with its name."""
    import json

    deploy()
    answer = device.post("/api/runs", json.dumps({"bot": "intake.bot.yaml", "inputs": inputs}), JSON)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_listing_runs(device: "Client", people: People, make_run: Make) -> None:
    """The pages lead from one to the next, and filters restrict; a status that is none is refused."""
    runs = [make_run(people.creator, status="failed" if number == 1 else "done") for number in range(5)]
    first = device.get("/api/runs?limit=3").json()
    rest = device.get("/api/runs", {"limit": 3, "before": first["next_before"]}).json()
    found = [run["id"] for run in first["runs"] + rest["runs"]]
    assert set(found) == {str(run.pk) for run in runs}
    assert rest["next_before"] is None
    (failed,) = device.get("/api/runs?status=failed").json()["runs"]
    assert failed["id"] == str(runs[1].pk)
    assert "There are: queued" in device.get("/api/runs?status=odd").json()["error"]["message"]
    assert device.get("/api/runs?before=odd").status_code == 400


def test_steps_and_lines(device: "Client", people: People, make_run: Make) -> None:
    """Steps by number, from one on; lines as they were written."""
    from postroom.controlroom.runs.models import RunLine, RunStep

    run = make_run(
        people.creator, status="failed", error_class="FolderNotFoundError", error_message="No folder."
    )
    for number in (1, 2, 3):
        RunStep.objects.create(run=run, number=number, title=f"Step {number}", status="done", seconds=0.5)
    RunLine.objects.create(run=run, text="Said.")
    steps = device.get(f"/api/runs/{run.pk}/steps?after=1").json()
    assert [step["title"] for step in steps] == ["Step 2", "Step 3"]
    assert device.get(f"/api/runs/{run.pk}/lines").json()[0]["text"] == "Said."
    shown = device.get(f"/api/runs/{run.pk}").json()
    assert shown["error"] == {"type": "FolderNotFoundError", "message": "No folder."}


def test_controlling_a_run(device: "Client", people: People, make_run: Make) -> None:
    """Pause, resume, cancel and retry answer how the run stands then; what cannot be done is refused with 409."""
    run = make_run(people.creator)
    for what, status in (
        ("pause", "paused"),
        ("resume", "queued"),
        ("cancel", "cancelled"),
        ("retry", "queued"),
    ):
        body: dict[str, Any] = {}
        assert device.post(f"/api/runs/{run.pk}/{what}", body, JSON).json()["status"] == status
    refused = device.post(f"/api/runs/{run.pk}/retry", {}, JSON)
    assert (refused.status_code, refused.json()["error"]["type"]) == (409, "RunActiveError")


def test_others_do_not_control_a_run(
    people: People, client_as: "Callable[..., Client]", make_run: Make
) -> None:
    """Who only views runs is refused, and the refusal is in the audit trail."""
    from postroom.controlroom.audit.models import AuditEntry

    run = make_run(people.creator)
    auditor = client_as(people.auditor)
    assert auditor.get(f"/api/runs/{run.pk}").status_code == 200
    assert auditor.post(f"/api/runs/{run.pk}/cancel", {}, JSON).status_code == 403
    assert AuditEntry.objects.filter(event="ACCESS_REFUSED", actor="auditor").exists()


def test_workers(device: "Client", people: People, make_run: Make) -> None:
    """Who is alive, and how many runs each carries out."""
    from postroom.controlroom.runs.models import Worker

    worker = Worker.objects.create(pk="host-a-1", host="host-a")
    make_run(people.creator, status="running", worker=worker)
    (shown,) = device.get("/api/workers").json()
    assert (shown["id"], shown["alive"], shown["runs"]) == ("host-a-1", True, 1)


def test_limits_of_mailboxes(device: "Client") -> None:
    """They are set, changed, listed and removed; what is no address or was not limited is refused."""
    made = device.put("/api/mailbox-limits/AP@contoso.com", {"runs": 3}, JSON)
    assert (made.status_code, made.json()) == (200, {"address": "ap@contoso.com", "runs": 3})
    device.put("/api/mailbox-limits/ap@contoso.com", {"runs": 2}, JSON)
    assert device.get("/api/mailbox-limits").json() == [{"address": "ap@contoso.com", "runs": 2}]
    assert device.put("/api/mailbox-limits/nobody", {"runs": 2}, JSON).status_code == 400
    assert device.put("/api/mailbox-limits/ap@contoso.com", {"runs": 0}, JSON).status_code == 400
    assert device.delete("/api/mailbox-limits/ap@contoso.com").status_code == 204
    assert device.delete("/api/mailbox-limits/ap@contoso.com").status_code == 404
    assert device.get("/api/mailbox-limits").json() == []


def test_child_bots_over_the_api(device: "Client", people: People, make_run: Make) -> None:
    """A child is a step of its parent, with the place as pages give it, and its messages count with the parent's."""
    parent = make_run(people.creator, messages_handled=1)
    child = make_run(
        people.creator,
        parent=parent,
        root=parent,
        begun_by="Invoice intake",
        messages_handled=3,
        status="failed",
    )
    parent.steps.create(number=4, title="Run Intake", child=child, place="intake.bot.yaml@1:17")
    (step,) = device.get(f"/api/runs/{parent.pk}/steps").json()
    assert (step["number"], step["child"], step["status"]) == (4, str(child.pk), "failed")
    assert step["place"] == "intake.bot.yaml:17"
    assert device.get(f"/api/runs/{child.pk}").json()["begun_by"] == "Invoice intake"
    counts = {run["id"]: run["messages_handled"] for run in device.get("/api/runs").json()["runs"]}
    assert counts == {str(parent.pk): 4, str(child.pk): 3}
    assert device.get(f"/api/runs/{parent.pk}").json()["messages_handled"] == 4
