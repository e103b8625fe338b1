"""The filters above the list of runs."""

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import INPUT_CLASSES, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.runs.models import Bot, RunStatus
from postroom.controlroom.runs.selection import ACTIVE, RunSelection


class FilterForm(forms.Form):
    """Status, bot, who, since and a search; what cannot be understood does not restrict."""

    search = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "search", "placeholder": _("Run, bot, who, error")}),
    )
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("Any")), (ACTIVE, _("Not over")), *RunStatus.choices],
        widget=UnfoldAdminSelectWidget(),
    )
    bot = forms.ChoiceField(label=_("Bot"), required=False, widget=UnfoldAdminSelectWidget())
    who = forms.CharField(
        label=_("Runs as"), required=False, max_length=150, widget=UnfoldAdminTextInputWidget()
    )
    since = forms.DateField(
        label=_("Since"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": " ".join(INPUT_CLASSES)}),
    )

    def __init__(self, *args: Any, user: User, **named: Any) -> None:
        super().__init__(*args, **named)
        bots = Bot.objects.values_list("path", "name")
        self.fields["bot"].choices = [("", _("Any")), *bots]
        if not user.may(Permission.VIEW_RUNS):
            del self.fields["who"]

    def get_selection(self) -> RunSelection:
        """What was asked for; without any filter, the runs that somebody began, each with its children below it."""
        self.is_valid()
        given = self.cleaned_data
        day = given.get("since")
        selection = RunSelection(
            status=given.get("status", ""),
            bot=given.get("bot", ""),
            who=given.get("who", "").strip().replace("\0", ""),
            since=datetime.combine(day, time(), UTC) if day else None,
            search=given.get("search", ""),
        )
        if selection.write_query():
            return selection
        return RunSelection(only_roots=True)
