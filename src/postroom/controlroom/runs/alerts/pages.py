"""The page on which everybody says of which failures they want to be told, and how."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from postroom.controlroom.accounts.access import needs
from postroom.controlroom.connections.notices import MAIL, WEBHOOK, list_ways
from postroom.controlroom.runs.alerts.telling import list_alerts
from postroom.controlroom.runs.models import AlertRule, Bot, Schedule, Trigger
from postroom.controlroom.runs.rights import SEE_RUNS
from postroom.controlroom.runs.shown import get_context

MOST_MINUTES = 7 * 24 * 60
SCOPES: dict[str, Any] = {"bot": Bot, "schedule": Schedule, "trigger": Trigger}


class AlertForm(forms.Form):
    """Of what somebody wants to be told, and how."""

    what = forms.ChoiceField(
        label=_("When a run fails of"), required=False, choices=[], widget=UnfoldAdminSelectWidget()
    )
    by_mail = forms.BooleanField(label=_("By mail"), required=False, widget=UnfoldBooleanSwitchWidget())
    by_webhook = forms.BooleanField(
        label=_("To the webhook"), required=False, widget=UnfoldBooleanSwitchWidget()
    )
    every_minutes = forms.IntegerField(
        label=_("At most once in so many minutes"),
        min_value=1,
        max_value=MOST_MINUTES,
        initial=30,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("For each bot. How many failed meanwhile is told with the next one."),
    )

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["what"].choices = [("", gettext("any bot")), *_list_scopes()]
        ways = list_ways()
        for way, name in ((MAIL, "by_mail"), (WEBHOOK, "by_webhook")):
            if way not in ways:
                del self.fields[name]


def _list_scopes() -> list[tuple[str, Any]]:
    titles = {"bot": gettext("Bots"), "schedule": gettext("Schedules"), "trigger": gettext("Triggers")}
    groups = [
        (titles[name], [(f"{name}/{one.pk}", one.name) for one in model.objects.order_by("name")])
        for name, model in SCOPES.items()
    ]
    return [(title, choices) for title, choices in groups if choices]


@needs(*SEE_RUNS)
@require_http_methods(["GET", "POST"])
def show_alerts(request: HttpRequest) -> HttpResponse:
    """The person's own rules, what fails at the moment, and a form for another rule."""
    form = AlertForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        _add(request, form.cleaned_data)
        messages.success(request, gettext("Saved. You are told from the next failure on."))
        return redirect("alerts")
    rules = AlertRule.objects.filter(user=request.user).select_related("bot", "schedule", "trigger")
    shown = get_context(
        request,
        gettext("Alerts"),
        form=form,
        rules=rules,
        alerts=list_alerts(request.user),
        ways=list_ways(),
        has_address=bool(request.user.email),
    )
    return render(request, "runs/alerts.html", shown)


@needs(*SEE_RUNS)
@require_POST
def delete_alert(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget one of the person's own rules."""
    get_object_or_404(AlertRule, pk=pk, user=request.user).delete()
    messages.success(request, gettext("You are told of this no more."))
    return redirect("alerts")


def _add(request: HttpRequest, given: dict[str, Any]) -> None:
    scope, _separator, key = given["what"].partition("/")
    AlertRule.objects.update_or_create(
        user=request.user,
        **{f"{name}_id": key if name == scope else None for name in SCOPES},
        defaults={
            "by_mail": given.get("by_mail", False),
            "by_webhook": given.get("by_webhook", False),
            "every_minutes": given["every_minutes"],
        },
    )
