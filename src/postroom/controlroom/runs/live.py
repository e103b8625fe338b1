"""What the page of a run shows, and what of it has changed since somebody looked."""

import hashlib
import json
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.runs.figures.messages_handled import count_messages
from postroom.controlroom.runs.models import Run, RunStatus, RunStep
from postroom.controlroom.runs.rights import list_runs, may_control
from postroom.controlroom.runs.shown import CHIPS, measure, write_duration, write_seconds
from postroom.controlroom.runs.steps import PLACE, describe_step
from postroom.errors import OUTCOMES, PostroomError

STEPS_SHOWN = 200
LINES_SHOWN = 200
RUNS_SHOWN = 100
STEP_MARKS = {"running": "pending", "done": "check_circle", "failed": "error"}
FRESH_SECONDS = 10
"""How often the page of a run that goes on is drawn anew, though no more has changed than the time."""


def describe(request: HttpRequest, run: Run) -> dict[str, Any]:
    """All that the page of a run shows; `fingerprint` changes when something of it does."""
    all_steps = "steps" in request.GET
    steps = list(run.steps.select_related("child").order_by("-number")[: None if all_steps else STEPS_SHOWN])[
        ::-1
    ]
    lines = list(run.lines.order_by("-id")[:LINES_SHOWN])[::-1]
    family = _list_family(request, run)
    shown = {
        "run": run,
        "chip": CHIPS[run.status],
        "status": RunStatus(run.status).label,
        "duration": write_duration(run),
        "steps": [_show_step(request, run, step) for step in steps],
        "more_steps": 0 if all_steps else max(0, run.steps.count() - STEPS_SHOWN),
        "done_steps": run.steps.filter(status="done").count(),
        "messages_handled": count_messages([run])[run.pk],
        "lines": lines,
        "family": family,
        "advice": _get_advice(run),
        "all_steps": all_steps,
        **_describe_rights(request, run),
    }
    return {**shown, "fingerprint": _fingerprint(shown, steps)}


def _describe_rights(request: HttpRequest, run: Run) -> dict[str, bool]:
    controls = may_control(request.user, run)
    return {
        "may_cancel": controls and run.is_active,
        "may_pause": controls and run.status in (RunStatus.QUEUED, RunStatus.RUNNING),
        "may_resume": controls and run.status == RunStatus.PAUSED,
        "may_retry": controls and run.status in (RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.TIMED_OUT),
        "may_run": request.user.may(Permission.RUN_BOTS)
        and run.parent_id is None
        and run.bot.withdrawn is None,
        "may_deploy": request.user.may(Permission.MANAGE_BOTS),
    }


def _show_step(request: HttpRequest, run: Run, step: RunStep) -> dict[str, Any]:
    described = describe_step(step)
    return {
        "step": described,
        "mark": STEP_MARKS.get(described["status"], "pending"),
        "seconds": write_seconds(described["seconds"]) if described["status"] != "running" else "",
        "link": _link_place(run, step.place) if request.user.may(Permission.MANAGE_BOTS) else "",
    }


def _link_place(run: Run, place: str) -> str:
    found = PLACE.match(place)
    if found is None or found["file"].rpartition("/")[2] != run.bot.path.partition(":")[0].rpartition("/")[2]:
        return ""
    page = reverse("bot-version", args=[run.bot_id, run.version.number])
    return f"{page}#L{found['line']}"


def _get_advice(run: Run) -> str:
    """What became of the run, in the words of the table of outcomes."""
    if not run.error_class:
        return ""
    kinds = {kind.__name__: outcome for kind, outcome in OUTCOMES.items()}
    outcome = kinds.get(run.error_class, OUTCOMES[PostroomError])
    return str(_(outcome.form_message))


def _list_family(request: HttpRequest, run: Run) -> list[dict[str, Any]]:
    """The runs that belong together with this one, each below the one that began it; empty where it is alone."""
    root = run.root_id or run.pk
    found = list(
        list_runs(request.user).filter(root=root).select_related("bot").order_by("created", "id")[:RUNS_SHOWN]
    )
    if not found:
        return []
    first = Run.objects.select_related("bot").filter(pk=root).first()
    children: dict[Any, list[Run]] = {}
    for one in found:
        children.setdefault(one.parent_id, []).append(one)
    rows: list[dict[str, Any]] = []

    def add(one: Run, level: int) -> None:
        rows.append(
            {"run": one, "level": level, "chip": CHIPS[one.status], "status": RunStatus(one.status).label}
        )
        for child in children.pop(one.pk, ()):
            add(child, level + 1)

    if first is not None:
        add(first, 0)
    return rows


def _fingerprint(shown: dict[str, Any], steps: list[RunStep]) -> str:
    run, lines = shown["run"], shown["lines"]
    last = [(step.number, step.status, step.touched) for step in steps[-3:]]
    others = [(str(row["run"].pk), row["run"].status) for row in shown["family"]]
    told = [
        run.status,
        shown["messages_handled"],
        str(run.worker_id),
        str(run.started),
        run.error_message,
        len(steps),
    ]
    age = int(measure(run) or 0) // FRESH_SECONDS if run.is_active else 0
    seen = json.dumps([told, last, lines[-1].pk if lines else 0, others, run.asked, run.waits_for, age])
    return hashlib.sha256(seen.encode()).hexdigest()[:16]
