"""The pages of runs: running a bot, the list, a run while it goes on, and what can be done to it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from postroom.controlroom.accounts.access import needs
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.runs import controlling, live
from postroom.controlroom.runs.beginning import begin_by_hand, get_newest
from postroom.controlroom.runs.bots.descriptions import make_plain
from postroom.controlroom.runs.figures.messages_handled import count_messages
from postroom.controlroom.runs.input_forms import InputsForm, needs_session, refuse
from postroom.controlroom.runs.inputs import get_inputs
from postroom.controlroom.runs.list_forms import FilterForm
from postroom.controlroom.runs.models import Bot, Run, RunStatus
from postroom.controlroom.runs.rights import SEE_RUNS, get_run, list_runs, may_control
from postroom.controlroom.runs.shown import CHIPS, get_context, write_duration
from postroom.errors import PostroomError, RecordNotFoundError, SettingError

MOST_CHILDREN = 100
LONGEST_SHOWN = 300


@needs(Permission.RUN_BOTS)
@require_http_methods(["GET", "POST"])
def run_bot(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the inputs of a bot, and begin a run as the person who asks."""
    bot = get_object_or_404(Bot, pk=pk)
    try:
        version = get_newest(bot)
    except SettingError as error:
        messages.error(request, error.message)
        return redirect("bot", pk=pk)
    form = InputsForm(
        request.POST or None if version.inputs else request.POST,
        inputs=version.inputs,
        user=request.user,
        known=_begin_with(request, bot),
    )
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("run", pk=begin_by_hand(request.user, bot, form.get_inputs()).pk)
        except PostroomError as error:
            refuse(form, error)
    title = _("Run %(bot)s") % {"bot": bot.name}
    shown = get_context(
        request, title, bot=bot, version=version, form=form, needs_session=needs_session(version.inputs)
    )
    return render(request, "runs/run_bot.html", shown)


@needs(*SEE_RUNS)
def show_runs(request: HttpRequest) -> HttpResponse:
    """The runs, the newest first: of everybody, or one's own."""
    form = FilterForm(request.GET, user=request.user)
    selection = form.get_selection()
    runs = list_runs(request.user)
    try:
        page = selection.get_page(
            runs, before=request.GET.get("before", ""), after=request.GET.get("after", "")
        )
    except SettingError:
        raise Http404 from None
    shown = get_context(
        request,
        _("Runs"),
        form=form,
        rows=_show_rows(page.runs),
        newer=f"?{selection.write_query(after=page.newer)}" if page.newer else "",
        older=f"?{selection.write_query(before=page.older)}" if page.older else "",
        is_filtered=bool(selection.write_query()),
        sees_all=request.user.may(Permission.VIEW_RUNS),
        may_run=request.user.may(Permission.RUN_BOTS),
    )
    return render(request, "runs/runs.html", shown)


@needs(*SEE_RUNS)
def show_children(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The runs of child bots of one run, as rows to put below it."""
    run = _get_run(request, pk)
    # Whoever sees a run sees what it began, which runs as the same person.
    children = (
        list_runs(request.user)
        .filter(parent=run)
        .select_related("bot", "version", "run_as", "worker", "parent__bot")
    )
    found = list(children.order_by("created", "id")[: MOST_CHILDREN + 1])
    level = int(request.GET.get("level", "1")) if request.GET.get("level", "1").isdecimal() else 1
    rows = _show_rows(found[:MOST_CHILDREN], level=min(level, 6))
    return render(
        request, "runs/rows.html", {"rows": rows, "has_more": len(found) > MOST_CHILDREN, "run": run}
    )


@needs(*SEE_RUNS)
def show_run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A run: how it stands, its steps and what it says; what changes on the page comes by `show_live`."""
    run = _get_run(request, pk)
    return render(request, "runs/run.html", get_context(request, run.bot.name, **live.describe(request, run)))


def show_live(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What of a run's page changes while it goes on; nothing where nothing has (204)."""
    if not request.user.is_authenticated and "HX-Request" in request.headers:
        # The sign-in page belongs into the window, and not into a part of this page.
        return HttpResponse(headers={"HX-Refresh": "true"})
    return _show_live(request, pk)


@needs(*SEE_RUNS)
def _show_live(request: HttpRequest, pk: UUID) -> HttpResponse:
    described = live.describe(request, _get_run(request, pk))
    if request.GET.get("seen") == described["fingerprint"]:
        return HttpResponse(status=204)
    return render(request, "runs/live.html", described)


@needs(*SEE_RUNS)
def show_inputs(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The values that a run was given, for whoever asks to see them."""
    run = _get_run(request, pk)
    try:
        inputs = get_inputs(run)
    except PostroomError as error:
        return render(request, "runs/inputs.html", {"run": run, "error": error.message})
    values = {name: _cut(str(make_plain(value))) for name, value in inputs.items()}
    return render(request, "runs/inputs.html", {"run": run, "inputs": values})


@needs(*SEE_RUNS)
@require_POST
def cancel_run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Stop a run for good."""
    return _control(request, pk, controlling.cancel, _("The run is stopped."))


@needs(*SEE_RUNS)
@require_POST
def pause_run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Stop a run after the step that it is at, until somebody resumes it."""
    return _control(request, pk, controlling.pause, _("The run pauses after the step that it is at."))


@needs(*SEE_RUNS)
@require_POST
def resume_run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let a paused run go on."""
    return _control(request, pk, controlling.resume, _("The run goes on."))


@needs(*SEE_RUNS)
@require_POST
def retry_run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let a run go on that is over: from the step that failed, or from the one that the form names."""
    given = request.POST.get("step", "")
    step = int(given) if given.isdecimal() else None
    return _control(
        request, pk, lambda user, run: controlling.retry(user, run, step), _("The run is in the queue again.")
    )


def _control(request: HttpRequest, pk: UUID, do: Callable[[Any, Run], Run], told: str) -> HttpResponse:
    run = _get_run(request, pk)
    if not may_control(request.user, run):
        raise PermissionDenied
    try:
        shown = do(request.user, run)
        messages.success(request, told)
        return redirect("run", pk=shown.pk)
    except PostroomError as error:
        messages.error(request, error.message)
    return redirect("run", pk=pk)


def _get_run(request: HttpRequest, pk: UUID) -> Run:
    try:
        return get_run(request.user, pk)
    except RecordNotFoundError:
        raise Http404 from None


def _begin_with(request: HttpRequest, bot: Bot) -> dict[str, Any]:
    """The inputs of the earlier run that `like` names, in place of the defaults."""
    try:
        run = get_run(request.user, UUID(request.GET.get("like", "")))
        return (
            {name: make_plain(value) for name, value in get_inputs(run).items()}
            if run.bot_id == bot.pk
            else {}
        )
    except (PostroomError, ValueError):
        return {}


def _show_rows(runs: Any, level: int = 0) -> list[dict[str, Any]]:
    parents = (
        Run.objects.filter(parent__in=[run.pk for run in runs]).values_list("parent", flat=True).distinct()
    )
    with_children = set(parents)
    handled = count_messages(runs)
    return [
        {
            "run": run,
            "chip": CHIPS[run.status],
            "status": RunStatus(run.status).label,
            "duration": write_duration(run),
            "has_children": run.pk in with_children,
            "messages_handled": handled[run.pk],
            "level": level,
            "next_level": level + 1,
        }
        for run in runs
    ]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
