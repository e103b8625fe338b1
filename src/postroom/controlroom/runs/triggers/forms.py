"""The form of a trigger: which mail, and what the bot gets of it."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from postroom.controlroom.accounts.models import User
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.connections.use import list_usable
from postroom.controlroom.runs.models import BotVersion, Trigger
from postroom.controlroom.runs.schedules.owners import list_owners
from postroom.controlroom.runs.triggers import notifications
from postroom.controlroom.runs.triggers.records import LONGEST_SECONDS, MOST_DAYS, SHORTEST_SECONDS

TOKENS = (("shared", _("Shared")), ("user-specific", _("User-specific")))
GIVES = (
    ("id", _("The message's id")),
    ("message", _("The message's data: subject, sender, times and so on")),
)


def _text(**attributes: str) -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", **attributes})


class TriggerForm(forms.Form):
    """What a trigger is called, which mail it waits for, and what the bot gets."""

    name = forms.CharField(label=_("Name"), max_length=200, widget=_text())
    connection = forms.ModelChoiceField(
        label=_("OAuth connection"), queryset=OAuthConnection.objects.none(), widget=UnfoldAdminSelectWidget()
    )
    token = forms.ChoiceField(
        label=_("Token type"),
        choices=TOKENS,
        widget=UnfoldAdminSelectWidget(),
        help_text=_("User-specific is the own sign-in of the person as whom the bot runs."),
    )
    username = forms.CharField(
        label=_("Username"),
        required=False,
        max_length=320,
        widget=_text(placeholder="ap@contoso.com"),
        help_text=_("Who has signed in; where the app acts as itself, whose mailbox it is."),
    )
    mailbox = forms.CharField(
        label=_("Shared mailbox"),
        required=False,
        max_length=320,
        widget=_text(placeholder="invoices@contoso.com"),
        help_text=_("Another mailbox than the user's own."),
    )
    folder = forms.CharField(label=_("Folder"), max_length=300, widget=_text(placeholder="Inbox/2026/May"))
    unread = forms.BooleanField(
        label=_("Only unread messages"), required=False, widget=UnfoldBooleanSwitchWidget()
    )
    subject = forms.CharField(
        label=_("Subject"),
        required=False,
        max_length=1000,
        widget=_text(placeholder="invoice; bill"),
        help_text=_("Words in it, several with ; between. “Quoted” words are taken exactly so."),
    )
    senders = forms.CharField(
        label=_("Senders"),
        required=False,
        max_length=4000,
        widget=_text(placeholder="adele@contoso.com"),
        help_text=_("Addresses, several with ; between."),
    )
    input = forms.ChoiceField(
        label=_("Input that gets the message"),
        required=False,
        choices=[],
        widget=UnfoldAdminSelectWidget(attrs={"x-model": "chosen"}),
    )
    gives = forms.ChoiceField(label=_("It gets"), choices=GIVES, widget=UnfoldAdminSelectWidget())
    days = forms.IntegerField(
        label=_("Days of mail that is there already"),
        min_value=0,
        max_value=MOST_DAYS,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("0 for mail that comes from now on."),
    )
    every_seconds = forms.IntegerField(
        label=_("Looks every so many seconds"),
        min_value=SHORTEST_SECONDS,
        max_value=LONGEST_SECONDS,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    kind = forms.ChoiceField(
        label=_("How it learns of new mail"),
        choices=Trigger.Kind.choices,
        widget=UnfoldAdminSelectWidget(),
        help_text=_(
            "Microsoft 365 can tell only a Control Room that it reaches by https, and of an own mailbox."
        ),
    )
    run_as = forms.ModelChoiceField(
        label=_("Runs as"),
        queryset=User.objects.none(),
        empty_label=None,
        widget=UnfoldAdminSelectWidget(),
        help_text=_("Whose connections and credentials the bot uses."),
    )

    def __init__(self, *args: Any, user: User, version: BotVersion, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["connection"].queryset = list_usable(user).order_by("name")
        self.fields["run_as"].queryset = list_owners(user)
        names = [one["name"] for one in version.inputs]
        self.fields["input"].choices = [("", gettext("None")), *((name, name) for name in names)]
        if not notifications.are_possible():
            del self.fields["kind"]


def describe_trigger(trigger: Trigger) -> dict[str, Any]:
    """What the form of a trigger begins with."""
    return {
        **trigger.settings,
        "name": trigger.name,
        "connection": trigger.connection_id,
        "mailbox": trigger.mailbox,
        "folder": trigger.folder,
        "every_seconds": trigger.every_seconds,
        "kind": trigger.kind,
        "run_as": trigger.run_as_id,
    }
