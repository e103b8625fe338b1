"""The pages of schedules: the list, making and changing one, pausing and deleting it."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from postroom.controlroom.accounts.access import needs
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.runs.beginning import get_newest
from postroom.controlroom.runs.bots.descriptions import make_plain
from postroom.controlroom.runs.input_forms import InputsForm, refuse
from postroom.controlroom.runs.inputs import get_inputs
from postroom.controlroom.runs.models import Bot, BotVersion, Missed, Schedule
from postroom.controlroom.runs.rights import SEE_SCHEDULES
from postroom.controlroom.runs.schedules import records
from postroom.controlroom.runs.schedules.forms import ScheduleForm, TimesForm, describe_schedule
from postroom.controlroom.runs.schedules.times import list_next_times, read_cron
from postroom.controlroom.runs.shown import get_context
from postroom.errors import PostroomError


@needs(*SEE_SCHEDULES)
def show_schedules(request: HttpRequest) -> HttpResponse:
    """All schedules, with when each runs next."""
    found = Schedule.objects.select_related("bot", "run_as")
    shown = get_context(
        request,
        _("Schedules"),
        rows=[{"schedule": schedule, **_tell_times(schedule)} for schedule in found],
        may_manage=request.user.may(Permission.MANAGE_SCHEDULES),
    )
    return render(request, "runs/schedules.html", shown)


@needs(Permission.MANAGE_SCHEDULES)
@require_http_methods(["GET", "POST"])
def add_schedule(request: HttpRequest) -> HttpResponse:
    """Choose a bot, then say when it runs."""
    bot = find_chosen_bot(request)
    if bot is None:
        return show_bots_to_choose(request, _("New schedule"), _("Which bot is to run at set times?"))
    beginning = {"name": bot.name, "kind": "day", "at": "08:00", "day": 1, "minutes": 15, "weekday": 1}
    known = {**beginning, "time_zone": "UTC", "missed": Missed.ONCE, "run_as": request.user.pk}
    return _edit(request, Schedule(bot=bot), known, _("New schedule"))


@needs(Permission.MANAGE_SCHEDULES)
@require_http_methods(["GET", "POST"])
def edit_schedule(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a schedule."""
    schedule = get_object_or_404(Schedule.objects.select_related("bot"), pk=pk)
    title = _("Edit %(name)s") % {"name": schedule.name}
    return _edit(request, schedule, describe_schedule(schedule), title)


@needs(Permission.MANAGE_SCHEDULES)
def preview_times(request: HttpRequest) -> HttpResponse:
    """The next five times of what stands in the form, as a part of its page."""
    form = TimesForm(request.GET)
    times = []
    if form.is_valid():
        given = form.cleaned_data
        times = _localize(
            list_next_times(given["cron"], given["time_zone"], timezone.now()), given["time_zone"]
        )
    return render(request, "runs/schedule_times.html", {"times": times})


@needs(Permission.MANAGE_SCHEDULES)
@require_POST
def enable_schedule(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Pause a schedule, or let it go on."""
    schedule = get_object_or_404(Schedule, pk=pk)
    enabled = request.POST.get("enabled") == "yes"
    records.enable_schedule(schedule, request.user, enabled=enabled)
    told = _("“%(name)s” runs again.") if enabled else _("“%(name)s” is paused.")
    messages.success(request, told % {"name": schedule.name})
    return redirect("schedules")


@needs(Permission.MANAGE_SCHEDULES)
@require_http_methods(["GET", "POST"])
def delete_schedule(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete a schedule, after asking."""
    schedule = get_object_or_404(Schedule, pk=pk)
    if request.method == "POST":
        name = schedule.name
        records.delete_schedule(schedule, request.user)
        messages.success(request, _("Deleted “%(name)s”. Its runs stay.") % {"name": name})
        return redirect("schedules")
    title = _("Delete %(name)s?") % {"name": schedule.name}
    return render(request, "runs/schedule_delete.html", get_context(request, title, back="schedules"))


def find_chosen_bot(request: HttpRequest) -> Bot | None:
    """The bot that the address names; None where it names none that is in use."""
    given = request.GET.get("bot", "")
    in_use = Bot.objects.filter(withdrawn=None)
    return in_use.filter(pk=int(given)).first() if given.isdecimal() and len(given) < 10 else None


def show_bots_to_choose(request: HttpRequest, title: str, question: str) -> HttpResponse:
    """The page on which one of the bots is chosen."""
    bots = Bot.objects.filter(withdrawn=None, versions__isnull=False).distinct()
    shown = get_context(
        request,
        title,
        bots=bots,
        question=question,
        may_deploy=request.user.may(Permission.MANAGE_BOTS),
    )
    return render(request, "runs/schedule_bot.html", shown)


def _edit(request: HttpRequest, schedule: Schedule, known: dict[str, Any], title: str) -> HttpResponse:
    try:
        version = get_newest(schedule.bot)
        inputs = {name: make_plain(value) for name, value in get_inputs(schedule).items()}
    except PostroomError as error:
        messages.error(request, error.message)
        return redirect("schedules")
    sent = request.POST if request.method == "POST" else None
    form = ScheduleForm(sent, initial=known, user=request.user)
    bot_inputs = InputsForm(sent, inputs=version.inputs, user=request.user, known=inputs)
    if sent is not None and all([form.is_valid(), bot_inputs.is_valid()]):
        try:
            _save(request, schedule, form, bot_inputs)
            return redirect("schedules")
        except PostroomError as error:
            refuse(form, error)
    return render(
        request, "runs/schedule.html", _describe_form(request, schedule, title, form, bot_inputs, version)
    )


def _save(request: HttpRequest, schedule: Schedule, form: ScheduleForm, inputs: InputsForm) -> None:
    given = form.cleaned_data
    is_new = schedule._state.adding
    wanted = records.ScheduleSettings(
        name=given["name"],
        bot=schedule.bot,
        inputs=inputs.get_inputs(),
        run_as=given["run_as"],
        cron=given["cron"],
        time_zone=given["time_zone"],
        missed=given["missed"],
        enabled=is_new or schedule.enabled,
    )
    records.save_schedule(schedule, wanted, request.user)
    messages.success(request, _("Saved “%(name)s”.") % {"name": schedule.name})


def _describe_form(
    request: HttpRequest,
    schedule: Schedule,
    title: str,
    form: ScheduleForm,
    inputs: InputsForm,
    version: BotVersion,
) -> dict[str, Any]:
    times: list[str] = []
    if not schedule._state.adding:
        times = _localize(
            list_next_times(schedule.cron, schedule.time_zone, timezone.now()), schedule.time_zone
        )
    return get_context(
        request,
        title,
        form=form,
        inputs=inputs,
        bot=schedule.bot,
        version=version,
        schedule=schedule,
        times=times,
        is_new=schedule._state.adding,
    )


def _tell_times(schedule: Schedule) -> dict[str, Any]:
    zone = ZoneInfo(schedule.time_zone)
    return {
        "when": read_cron(schedule.cron).describe(),
        "next": _write_time(schedule.next_run, zone),
        "last": _write_time(schedule.last_run, zone),
    }


def _localize(times: list[datetime], time_zone: str) -> list[str]:
    zone = ZoneInfo(time_zone)
    return [_write_time(moment, zone) for moment in times]


def _write_time(moment: datetime | None, zone: ZoneInfo) -> str:
    # As text, for Django's templates would put a time into the zone of the site again.
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment is not None else ""
