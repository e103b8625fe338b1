"""The page of workers: which are alive, since when, and what they run."""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.access import needs
from postroom.controlroom.runs.models import Run, RunStatus, Worker
from postroom.controlroom.runs.rights import SEE_WORKERS, list_runs
from postroom.controlroom.runs.shown import get_context

ALIVE_SECONDS = 60
"""Who was seen so lately is alive."""
KEPT_HOURS = 24
"""How long one that is gone is still shown."""
RUNS_SHOWN = 10


@needs(*SEE_WORKERS)
def show_workers(request: HttpRequest) -> HttpResponse:
    """The workers that are alive, and those that went within a day."""
    shown = get_context(
        request,
        _("Workers"),
        rows=list_workers(request.user),
        queued=Run.objects.filter(status=RunStatus.QUEUED).count(),
    )
    name = "runs/worker_rows.html" if "HX-Request" in request.headers else "runs/workers.html"
    return render(request, name, shown)


def list_workers(user: Any) -> list[dict[str, Any]]:
    """The workers, each with how it stands and what it runs, as far as this person may see it."""
    now = timezone.now()
    lately = Q(stopped=None, last_seen__gte=now - timedelta(days=7)) | Q(
        stopped__gte=now - timedelta(hours=KEPT_HOURS)
    )
    rows = []
    for worker in Worker.objects.filter(lately):
        is_alive = worker.stopped is None and worker.last_seen >= now - timedelta(seconds=ALIVE_SECONDS)
        running = list_runs(user).filter(worker=worker, status=RunStatus.RUNNING).select_related("bot")
        rows.append(
            {
                "worker": worker,
                "is_alive": is_alive,
                "is_lost": worker.stopped is None and not is_alive,
                "runs": list(running[:RUNS_SHOWN]),
                "count": Run.objects.filter(worker=worker, status=RunStatus.RUNNING).count(),
            }
        )
    return sorted(rows, key=lambda row: not row["is_alive"])
