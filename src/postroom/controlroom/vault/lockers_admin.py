"""The pages of lockers: a list, and one page for each with its members and consumer roles."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminExpandableTextareaWidget

from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.trail import record
from postroom.controlroom.vault.forms import NamedForm
from postroom.controlroom.vault.models import Locker, LockerMember, Part
from postroom.controlroom.vault.pages_base import VaultPages
from postroom.controlroom.vault.rights import Right, get_locker_rights, list_lockers

OWNER = str(Part.OWNER)


class LockerForm(NamedForm):
    """A locker's name, description and consumer roles."""

    class Meta:
        """Roles are ticked."""

        model = Locker
        fields = ("name", "description", "consumers")
        widgets = {
            "consumers": UnfoldAdminCheckboxSelectMultipleWidget,
            "description": UnfoldAdminExpandableTextareaWidget,
        }


class MemberFormSet(BaseInlineFormSet):
    """The people of a locker: at least one owner, whom only owners and administrators choose."""

    may_choose_owners = True
    made_by: Any = None

    def clean(self) -> None:
        """Refuse a locker that nobody owns, and a manager who makes owners."""
        super().clean()
        if any(self.errors):
            return
        kept = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        owners = {form.cleaned_data["user"].pk for form in kept if form.cleaned_data["part"] == OWNER}
        before = set(self.get_queryset().filter(part=OWNER).values_list("user", flat=True))
        if not self.may_choose_owners and owners != before:
            raise ValidationError(gettext("Only an owner of the locker can choose its owners."))
        if before and not owners:
            raise ValidationError(
                gettext("A locker needs an owner. Choose another one before this one goes.")
            )


class MemberInline(TabularInline):
    """The people of a locker."""

    model = LockerMember
    formset = MemberFormSet
    extra = 0
    hide_title = True
    readonly_fields = ("shown_person",)

    def get_fields(self, request: HttpRequest, obj: Locker | None = None) -> tuple[str, ...]:
        """Show names alone to whoever only looks: the people's own pages are not theirs to open."""
        return ("user" if self.has_change_permission(request, obj) else "shown_person", "part")

    @display(description=_("Person"))
    def shown_person(self, member: LockerMember) -> str:
        """The name."""
        return str(member.user)

    def get_formset(self, request: HttpRequest, obj: Locker | None = None, **options: Any) -> Any:
        """Let the formset know whether this person chooses owners."""
        formset = super().get_formset(request, obj, **options)
        formset.may_choose_owners = obj is None or Right.CHOOSE_OWNERS in get_locker_rights(request.user, obj)
        field = formset.form.base_fields.get("user")
        if field is not None:
            for widget in ("can_add_related", "can_change_related", "can_view_related", "can_delete_related"):
                setattr(field.widget, widget, False)
        return formset

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Whoever sees the locker sees who is in it."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Locker | None = None) -> bool:
        """Say whether this person invites others."""
        return obj is None or Right.INVITE in get_locker_rights(request.user, obj)

    has_change_permission = has_add_permission
    has_delete_permission = has_add_permission


class LockerPages(VaultPages):
    """The lockers that a person may see."""

    form = LockerForm
    inlines = (MemberInline,)
    search_fields = ("name", "description")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Locker]":
        """Only those."""
        found = list_lockers(request.user).annotate(credential_count=Count("credentials", distinct=True))
        return found.prefetch_related("consumers", "members")

    def has_change_permission(self, request: HttpRequest, obj: Locker | None = None) -> bool:
        """Say whether the person may change this locker."""
        return self._may(request, obj, Right.CHANGE)

    def has_delete_permission(self, request: HttpRequest, obj: Locker | None = None) -> bool:
        """Say whether the person may delete this locker."""
        return self._may(request, obj, Right.DELETE)

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        """Tell in the list what the person is in each."""
        return ("name", _make_part_column(request.user), "shown_credentials", "shown_consumers")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Who may delete the locker may delete what belongs to it; credentials in it are in the way."""
        to_delete, counts, _needed, protected = super().get_deleted_objects(objs, request)
        return to_delete, counts, set(), protected

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save who is in it, make whoever makes a locker its owner, and tell of it."""
        super().save_related(request, form, formsets, change)
        locker = form.instance
        if not change and not locker.members.filter(part=OWNER).exists():
            LockerMember.objects.update_or_create(locker=locker, user=request.user, defaults={"part": OWNER})
        _tell(request, locker, change=change)

    def delete_model(self, request: HttpRequest, obj: Locker) -> None:
        """Delete it, and tell of it."""
        name = obj.name
        super().delete_model(request, obj)
        record(Event.LOCKER_DELETED, actor=request.user, target=name)

    @display(description=_("Credentials"))
    def shown_credentials(self, locker: Any) -> int:
        """How many are in it."""
        return int(locker.credential_count)

    @display(description=_("Consumer roles"))
    def shown_consumers(self, locker: Locker) -> str:
        """Whose bots use it."""
        return ", ".join(role.name for role in locker.consumers.all()) or "–"

    def _may(self, request: HttpRequest, locker: Locker | None, right: Right) -> bool:
        if locker is None:
            return self.has_view_permission(request)
        return self.has_view_permission(request) and right in get_locker_rights(request.user, locker)


def _make_part_column(user: Any) -> Any:
    @display(description=_("You are"))
    def shown_part(locker: Locker) -> str:
        member = next((member for member in locker.members.all() if member.user_id == user.pk), None)
        return str(PART_NAMES[member.part]) if member else gettext("Administrator of all lockers")

    return shown_part


def _tell(request: HttpRequest, locker: Locker, *, change: bool) -> None:
    members = ", ".join(f"{member.user} ({member.part})" for member in locker.members.select_related("user"))
    consumers = ", ".join(role.name for role in locker.consumers.all())
    event = Event.LOCKER_CHANGED if change else Event.LOCKER_CREATED
    record(event, actor=request.user, target=locker.name, members=members, consumers=consumers)


PART_NAMES = {
    str(Part.OWNER): _("Owner"),
    str(Part.MANAGER): _("Manager"),
    str(Part.PARTICIPANT): _("Participant"),
}
