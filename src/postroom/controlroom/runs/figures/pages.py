"""The page of figures, and the figures as files."""

import csv
from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.access import needs
from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.runs.figures.counting import PERIODS, Figures, get_figures
from postroom.controlroom.runs.figures.plots import plot_messages, plot_runs
from postroom.controlroom.runs.rights import SEE_RUNS
from postroom.controlroom.runs.shown import get_context, write_seconds

DEFAULT_DAYS = 30
OVERVIEW_DAYS = 14


@needs(*SEE_RUNS)
def show_figures(request: HttpRequest) -> HttpResponse:
    """Runs and messages of some days, as plots and as tables."""
    figures = _get_figures(request)
    shown = get_context(
        request,
        _("Figures"),
        **describe_figures(figures),
        periods=[(days, days == figures.days) for days in PERIODS],
        bots=[
            {"bot": bot, "average": _write(bot.average_seconds), "longest": _write(bot.longest_seconds)}
            for bot in figures.bots
        ],
        sees_all=request.user.may(Permission.VIEW_RUNS),
    )
    return render(request, "runs/figures.html", shown)


@needs(*SEE_RUNS)
def export_figures(request: HttpRequest, wanted: str) -> HttpResponse:
    """The figures as CSV, a row for each day or week, or all of them as JSON."""
    figures = _get_figures(request)
    if wanted == "json":
        return JsonResponse(
            {
                "days": figures.days,
                "spans": [{**asdict(span), "runs": span.runs} for span in figures.spans],
                "bots": [asdict(bot) for bot in figures.bots],
            }
        )
    if wanted != "csv":
        raise Http404
    answer = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="figures.csv"'},
    )
    rows = csv.writer(answer)
    rows.writerow(["begins", "runs", "done", "failed", "other", "messages"])
    for span in figures.spans:
        rows.writerow([span.begins, span.runs, span.done, span.failed, span.other, span.messages])
    return answer


def describe_overview(user: User) -> dict[str, Any]:
    """The figures that the first page shows; nothing where the person sees no runs, or there were none."""
    if not any(user.may(permission) for permission in SEE_RUNS):
        return {}
    figures = get_figures(user, OVERVIEW_DAYS, timezone.now(), by_bot=False)
    return describe_figures(figures) if figures.total.runs else {}


def describe_figures(figures: Figures) -> dict[str, Any]:
    """The figures with their plots, as templates show them."""
    return {
        "figures": figures,
        "runs_plot": plot_runs(figures.spans, _("Runs, of which %(n)d failed") % {"n": figures.total.failed}),
        "messages_plot": plot_messages(figures.spans, _("Messages handled")),
    }


def _get_figures(request: HttpRequest) -> Figures:
    given = request.GET.get("days", "")
    days = int(given) if given.isdecimal() and len(given) < 5 else DEFAULT_DAYS
    return get_figures(request.user, days if days in PERIODS else DEFAULT_DAYS, timezone.now())


def _write(seconds: float | None) -> str:
    return "–" if seconds is None else write_seconds(seconds)
