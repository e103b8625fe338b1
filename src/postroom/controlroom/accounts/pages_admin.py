"""What all list and form pages of the Control Room have in common: who may see and who may change."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import ModelAdmin

from postroom.controlroom.accounts.permissions import Permission
from postroom.errors import SettingError


class ControlRoomModelAdmin(ModelAdmin):
    """Pages of a model whose rights are two permissions in words.

    `view_permission` lets people see, `manage_permission` lets them see and change. None means that nobody may.
    """

    view_permission: ClassVar[Permission | None] = None
    manage_permission: ClassVar[Permission | None] = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Say whether the model is in the menus."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Say whether the person may see a record, or the list."""
        return _may(request, self.view_permission) or _may(request, self.manage_permission)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say whether the person may make a record."""
        return _may(request, self.manage_permission)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Say whether the person may change a record."""
        return _may(request, self.manage_permission)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Say whether the person may delete a record."""
        return _may(request, self.manage_permission)

    # The audit trail tells what was changed; Django's own log of it would be a second, unguarded one.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Leave it to the audit trail."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Leave it to the audit trail."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Leave it to the audit trail."""


class RuledModelAdmin(ControlRoomModelAdmin):
    """Pages of a model with rules beyond the fields of a form: a broken one is told, and nothing is changed."""

    # One at a time, so that each goes by the rules.
    actions = None

    def changeform_view(self, request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        """Show and save the form."""
        return self._tell(request, super().changeform_view, *args, **named)

    def delete_view(self, request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        """Ask whether to delete, and delete."""
        return self._tell(request, super().delete_view, *args, **named)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """What goes along: it asks for no permission of its own."""
        gone, counts, _missing, protected = super().get_deleted_objects(objs, request)
        return gone, counts, set(), protected

    def _tell(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **named: Any
    ) -> HttpResponse:
        try:
            return view(request, *args, **named)
        except SettingError as error:
            messages.error(request, error.message)
            return redirect(request.path)


def _may(request: HttpRequest, permission: Permission | None) -> bool:
    return permission is not None and request.user.is_authenticated and request.user.may(permission)
