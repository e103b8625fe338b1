"""The steps of a run as people are shown them; a child bot is one of the steps of its parent."""

import re
from typing import Any

from django.utils import timezone

from postroom.bots.durable import RunOrder
from postroom.controlroom.runs.models import ACTIVE, Run, RunStatus, RunStep
from postroom.controlroom.runs.shown import measure

PLACE = re.compile(r"(?P<file>.+?)(?:@\d+)?:(?P<line>\d+)$")
"""A place as the journal has it: `intake.bot.yaml@3:14` is line 14 of version 3."""


def write_child_step(order: RunOrder, child: Run) -> None:
    """Write down how it stands with the step of a parent that is a run of a child bot."""
    if not order.step:
        return
    described = {
        "title": f"Run {child.bot.name}"[:200],
        "place": order.place[:400],
        "began": child.started or timezone.now(),
        "child": child,
        **_describe_child(child),
    }
    RunStep.objects.update_or_create(run_id=order.parent, number=order.step, defaults=described)


def describe_step(step: RunStep) -> dict[str, Any]:
    """A step as pages and the API tell it; that of a child bot stands as the child does."""
    names = ("number", "title", "touched", "status", "began", "seconds", "error", "child_id")
    described = {name: getattr(step, name) for name in names}
    if step.child is not None:
        described |= _describe_child(step.child)
    # The version stands beside the bot already.
    return {**described, "place": PLACE.sub(r"\g<file>:\g<line>", step.place)}


def _describe_child(child: Run) -> dict[str, Any]:
    status = "running" if child.status in ACTIVE else "done" if child.status == RunStatus.DONE else "failed"
    return {"status": status, "seconds": measure(child) or 0.0, "error": child.error_message}
