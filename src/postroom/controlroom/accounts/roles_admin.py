"""The pages of roles."""

from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from postroom.controlroom.accounts import people
from postroom.controlroom.accounts.forms import RoleForm
from postroom.controlroom.accounts.models import Role
from postroom.controlroom.accounts.pages_admin import RuledModelAdmin
from postroom.controlroom.accounts.permissions import Permission


class RolePages(RuledModelAdmin):
    """What each role allows, and who has it."""

    manage_permission = Permission.MANAGE_USERS
    form = RoleForm
    list_display = ("name", "shown_permissions", "shown_members")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """List roles with what the list shows of them."""
        return super().get_queryset(request).annotate(member_count=Count("user"))

    @display(description=_("Permissions"))
    def shown_permissions(self, role: Role) -> str:
        """What the role allows, in words."""
        allowed = people.get_permissions(role)
        if len(allowed) == len(Permission):
            return gettext("All")
        return ", ".join(permission.label for permission in allowed) or gettext("none")

    @display(description=_("Members"), ordering="member_count")
    def shown_members(self, role: Role) -> int:
        """How many users have the role."""
        return int(role.member_count)

    def has_delete_permission(self, request: HttpRequest, obj: Role | None = None) -> bool:
        """Say whether the person may delete the role: never the one of the administrators."""
        return super().has_delete_permission(request, obj) and not (obj and obj.is_fixed)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save permissions and members; then check and write down the whole."""
        changed = form.changed_data
        super().save_related(request, form, formsets, change)
        role: Role = form.instance
        if not role.is_fixed:
            people.set_permissions(role, form.cleaned_data["allowed"])
        role.user_set.set(form.cleaned_data["members"])
        if changed:
            people.note_role_change(request.user, role, is_new=not change)

    def delete_model(self, request: HttpRequest, obj: Role) -> None:
        """Delete the role, by the rules."""
        people.delete_role(request.user, obj)
