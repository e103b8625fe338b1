"""The page that says how many runs may work in a mailbox at once."""

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminIntegerFieldWidget

from postroom.controlroom.accounts.access import needs
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.runs.mailbox_limits import (
    LONGEST_ADDRESS,
    MOST_RUNS,
    remove_mailbox_limit,
    set_mailbox_limit,
)
from postroom.controlroom.runs.models import MailboxLimit, MailboxUse
from postroom.controlroom.runs.shown import get_context


class MailboxLimitForm(forms.Form):
    """A mailbox, and how many runs may work in it at once."""

    address = forms.EmailField(
        label=_("Mailbox"),
        max_length=LONGEST_ADDRESS,
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "off", "placeholder": "ap@contoso.com"}),
        help_text=_("The address under which bots open it."),
    )
    runs = forms.IntegerField(
        label=_("Most runs at once"),
        min_value=1,
        max_value=MOST_RUNS,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("Of all bots together. Others wait in the queue until one of them is over."),
    )


@needs(Permission.MANAGE_BOTS)
@require_http_methods(["GET", "POST"])
def edit_mailbox_limits(request: HttpRequest) -> HttpResponse:
    """The mailboxes that have a limit, and a form for another, or for another limit."""
    form = MailboxLimitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        limit = set_mailbox_limit(request.user, **form.cleaned_data)
        messages.success(request, gettext("Saved the limit of %(mailbox)s.") % {"mailbox": limit.address})
        return redirect("mailbox-limits")
    used = dict(MailboxUse.objects.values_list("address").annotate(Count("pk")))
    shown = get_context(
        request,
        gettext("Limits of mailboxes"),
        form=form,
        rows=[(limit, used.get(limit.address, 0)) for limit in MailboxLimit.objects.all()],
    )
    return render(request, "runs/mailbox_limits.html", shown)


@needs(Permission.MANAGE_BOTS)
@require_POST
def remove_limit(request: HttpRequest, pk: int) -> HttpResponse:
    """Let any number of runs work in a mailbox again."""
    limit = get_object_or_404(MailboxLimit, pk=pk)
    remove_mailbox_limit(request.user, limit.address)
    messages.success(request, gettext("%(mailbox)s has no limit any more.") % {"mailbox": limit.address})
    return redirect("mailbox-limits")
