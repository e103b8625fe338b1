"""How runs are shown: the colours of what can become of them, times in words, and what all their pages share."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from postroom.controlroom.runs.models import Run, RunStatus
from postroom.controlroom.site import site

CHIPS = {
    RunStatus.QUEUED.value: "default",
    RunStatus.RUNNING.value: "info",
    RunStatus.PAUSED.value: "warning",
    RunStatus.DONE.value: "success",
    RunStatus.FAILED.value: "danger",
    RunStatus.CANCELLED.value: "default",
    RunStatus.TIMED_OUT.value: "danger",
}
"""The colour of each status, as Unfold names them."""

A_MINUTE, AN_HOUR = 60, 3600


def get_context(request: HttpRequest, title: str, **shown: Any) -> dict[str, Any]:
    """What every page of bots and runs shows, and these values."""
    return {**site.each_context(request), "title": title, **shown}


def write_seconds(seconds: float) -> str:
    """How long something took, short: 0.4 s, 12 s, 3 min 5 s, 2 h 10 min."""
    if seconds < 1:
        return _("%(n).1f s") % {"n": seconds}
    if seconds < A_MINUTE:
        return _("%(n)d s") % {"n": seconds}
    if seconds < AN_HOUR:
        minutes, rest = divmod(int(seconds), A_MINUTE)
        return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}
    hours, rest = divmod(int(seconds), AN_HOUR)
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": rest // A_MINUTE}


def measure(run: Run) -> float | None:
    """How many seconds the run has lasted; None before it started."""
    if run.started is None:
        return None
    until: datetime = run.finished or timezone.now()
    return (until - run.started).total_seconds()


def write_duration(run: Run) -> str:
    """How long the run has lasted, in words; empty before it started."""
    seconds = measure(run)
    return write_seconds(seconds) if seconds is not None else ""
