"""The form of a schedule: times in plain words, from which the cron expression is written."""

from datetime import time
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    INPUT_CLASSES,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from postroom.controlroom.accounts.models import User
from postroom.controlroom.runs.models import Missed, Schedule
from postroom.controlroom.runs.schedules.owners import list_owners
from postroom.controlroom.runs.schedules.times import (
    MINUTES,
    PlainTimes,
    check_cron,
    list_weekdays,
    read_cron,
)
from postroom.errors import SettingError

KINDS = (
    ("day", _("Every day")),
    ("weekdays", _("On weekdays")),
    ("week", _("Every week")),
    ("month", _("Every month")),
    ("minutes", _("Every so many minutes")),
    ("cron", _("A cron expression")),
)


class TimesForm(forms.Form):
    """When: in plain words, or as cron says it."""

    kind = forms.ChoiceField(
        label=_("When"), choices=KINDS, widget=UnfoldAdminSelectWidget(attrs={"x-model": "kind"})
    )
    at = forms.TimeField(
        label=_("At"),
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": " ".join(INPUT_CLASSES)}),
    )
    minutes = forms.TypedChoiceField(
        label=_("Every"),
        required=False,
        coerce=int,
        choices=[(number, _("%(n)d min") % {"n": number}) for number in MINUTES],
        widget=UnfoldAdminSelectWidget(),
    )
    weekday = forms.TypedChoiceField(
        label=_("On"), required=False, coerce=int, choices=[], widget=UnfoldAdminSelectWidget()
    )
    day = forms.IntegerField(
        label=_("On day"),
        required=False,
        min_value=1,
        max_value=31,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("A month without this day is left out."),
    )
    cron = forms.CharField(
        label=_("Cron expression"),
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "placeholder": "0 8 * * 1-5"}),
        help_text=_("Minute, hour, day of the month, month and day of the week."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=[],
        widget=UnfoldAdminSelectWidget(),
        help_text=_(
            "Where clocks change: a time that does not exist is run when the clock goes on, and one that comes twice "
            "is run the first time."
        ),
    )

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["weekday"].choices = list_weekdays().items()
        self.fields["time_zone"].choices = [(name, name) for name in sorted(available_timezones())]

    def clean(self) -> dict[str, Any]:
        """Write the cron expression, into `cron`."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        kind = given.get("kind", "")
        if kind not in ("minutes", "cron", "") and given.get("at") is None and not self.has_error("at"):
            self.add_error("at", gettext("Enter a time."))
        times = PlainTimes(
            kind,
            given.get("at") or time(),
            given.get("minutes") or MINUTES[0],
            given["weekday"] if given.get("weekday") not in (None, "") else 1,
            given.get("day") or 1,
            given.get("cron") or "",
        )
        try:
            given["cron"] = check_cron(times.write_cron())
        except SettingError as error:
            self.add_error("cron", ValidationError(error.message))
        return given


class ScheduleForm(TimesForm):
    """What a schedule is called, when it runs, as whom, and what becomes of missed times."""

    name = forms.CharField(
        label=_("Name"), max_length=200, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})
    )
    missed = forms.ChoiceField(
        label=_("Times at which nothing ran"),
        choices=Missed.choices,
        widget=UnfoldAdminSelectWidget(),
        help_text=_("Because no worker was there, say. Of several missed times one is made up for."),
    )
    run_as = forms.ModelChoiceField(
        label=_("Runs as"),
        queryset=User.objects.none(),
        empty_label=None,
        widget=UnfoldAdminSelectWidget(),
        help_text=_("Whose connections and credentials the bot uses."),
    )
    field_order = ("name", *TimesForm.base_fields, "missed", "run_as")

    def __init__(self, *args: Any, user: User, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["run_as"].queryset = list_owners(user)


def describe_schedule(schedule: Schedule) -> dict[str, Any]:
    """What the form of a schedule begins with."""
    times = read_cron(schedule.cron)
    return {
        **vars(times),
        "name": schedule.name,
        "time_zone": schedule.time_zone,
        "missed": schedule.missed,
        "run_as": schedule.run_as_id,
    }
