"""The pages of triggers: the list, making and changing one, pausing and deleting it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from postroom.controlroom.accounts.access import needs
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.connections.use import list_usable
from postroom.controlroom.runs.beginning import get_newest
from postroom.controlroom.runs.bots.descriptions import make_plain
from postroom.controlroom.runs.input_forms import InputsForm, refuse
from postroom.controlroom.runs.inputs import get_inputs
from postroom.controlroom.runs.models import BotVersion, Trigger
from postroom.controlroom.runs.rights import SEE_SCHEDULES
from postroom.controlroom.runs.schedules.pages import find_chosen_bot, show_bots_to_choose
from postroom.controlroom.runs.shown import get_context
from postroom.controlroom.runs.triggers import records
from postroom.controlroom.runs.triggers.forms import TriggerForm, describe_trigger
from postroom.controlroom.runs.triggers.looking import wake
from postroom.controlroom.words import translate
from postroom.errors import PostroomError


@needs(*SEE_SCHEDULES)
def show_triggers(request: HttpRequest) -> HttpResponse:
    """All triggers, with how each stands."""
    found = Trigger.objects.select_related("bot", "run_as", "connection").annotate(begun=Count("runs"))
    shown = get_context(
        request,
        _("Triggers"),
        rows=[{"trigger": trigger, "problem": translate(trigger.last_error)} for trigger in found],
        may_manage=request.user.may(Permission.MANAGE_SCHEDULES),
    )
    return render(request, "runs/triggers.html", shown)


@needs(Permission.MANAGE_SCHEDULES)
@require_http_methods(["GET", "POST"])
def add_trigger(request: HttpRequest) -> HttpResponse:
    """Choose a bot, then say for which mail it runs."""
    bot = find_chosen_bot(request)
    if bot is None:
        return show_bots_to_choose(request, _("New trigger"), _("Which bot is to run when mail comes?"))
    known = {
        "name": bot.name,
        "folder": "Inbox",
        "days": 0,
        "every_seconds": 60,
        "run_as": request.user.pk,
        "kind": Trigger.Kind.DELTA,
        "connection": list_usable(request.user).order_by("name").first(),
    }
    return _edit(request, Trigger(bot=bot), known, _("New trigger"))


@needs(Permission.MANAGE_SCHEDULES)
@require_http_methods(["GET", "POST"])
def edit_trigger(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a trigger."""
    trigger = get_object_or_404(Trigger.objects.select_related("bot", "connection", "run_as"), pk=pk)
    return _edit(request, trigger, describe_trigger(trigger), _("Edit %(name)s") % {"name": trigger.name})


@needs(Permission.MANAGE_SCHEDULES)
@require_POST
def enable_trigger(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Pause a trigger, or let it go on."""
    trigger = get_object_or_404(Trigger.objects.select_related("connection", "run_as"), pk=pk)
    enabled = request.POST.get("enabled") == "yes"
    records.enable_trigger(trigger, request.user, enabled=enabled)
    told = _("“%(name)s” looks for mail again.") if enabled else _("“%(name)s” is paused.")
    messages.success(request, told % {"name": trigger.name})
    return redirect("triggers")


@needs(Permission.MANAGE_SCHEDULES)
@require_POST
def check_trigger(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let a trigger look now."""
    trigger = get_object_or_404(Trigger, pk=pk)
    wake(trigger.pk)
    messages.success(request, _("“%(name)s” looks for mail in a moment.") % {"name": trigger.name})
    return redirect("triggers")


@needs(Permission.MANAGE_SCHEDULES)
@require_http_methods(["GET", "POST"])
def delete_trigger(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete a trigger, after asking."""
    trigger = get_object_or_404(Trigger.objects.select_related("connection", "run_as"), pk=pk)
    if request.method == "POST":
        name = trigger.name
        records.delete_trigger(trigger, request.user)
        messages.success(request, _("Deleted “%(name)s”. Its runs stay.") % {"name": name})
        return redirect("triggers")
    title = _("Delete %(name)s?") % {"name": trigger.name}
    return render(request, "runs/schedule_delete.html", get_context(request, title, back="triggers"))


def _edit(request: HttpRequest, trigger: Trigger, known: dict[str, Any], title: str) -> HttpResponse:
    try:
        version = get_newest(trigger.bot)
        inputs = {name: make_plain(value) for name, value in get_inputs(trigger).items()}
    except PostroomError as error:
        messages.error(request, error.message)
        return redirect("triggers")
    sent = request.POST if request.method == "POST" else None
    known.setdefault("input", _guess_input(version))
    form = TriggerForm(sent, initial=known, user=request.user, version=version)
    others = _list_others(form, version, known)
    bot_inputs = InputsForm(sent, inputs=others, user=request.user, known=inputs)
    if sent is not None and all([form.is_valid(), bot_inputs.is_valid()]):
        try:
            _save(request, trigger, form, bot_inputs)
            return redirect("triggers")
        except PostroomError as error:
            refuse(form, error)
    shown = get_context(
        request,
        title,
        form=form,
        inputs=bot_inputs,
        bot=trigger.bot,
        version=version,
        is_new=trigger._state.adding,
    )
    return render(request, "runs/trigger.html", shown)


def _save(request: HttpRequest, trigger: Trigger, form: TriggerForm, inputs: InputsForm) -> None:
    given = {"kind": Trigger.Kind.DELTA.value, **form.cleaned_data}
    enabled = trigger._state.adding or trigger.enabled
    wanted = records.TriggerSettings(bot=trigger.bot, inputs=inputs.get_inputs(), enabled=enabled, **given)
    records.save_trigger(trigger, wanted, request.user)
    messages.success(request, _("Saved “%(name)s”.") % {"name": trigger.name})


def _guess_input(version: BotVersion) -> str:
    """The input that most likely takes the message."""
    names = [one["name"] for one in version.inputs]
    return next((name for name in names if "message" in name.lower() or "mail_id" in name.lower()), "")


def _list_others(form: TriggerForm, version: BotVersion, known: dict[str, Any]) -> list[dict[str, Any]]:
    """The inputs that the form asks for: all but the one that gets the message, which nobody has to fill in."""
    chosen = form.data.get("input", "") if form.is_bound else known["input"]
    return [{**one, "required": False} if one["name"] == chosen else one for one in version.inputs]
