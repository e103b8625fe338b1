"""What all list and form pages of the Control Room have in common: who may see and who may change."""

from typing import Any, ClassVar

from django.http import HttpRequest
from unfold.admin import ModelAdmin

from postroom.controlroom.accounts.permissions import Permission


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


def _may(request: HttpRequest, permission: Permission | None) -> bool:
    return permission is not None and request.user.is_authenticated and request.user.may(permission)
