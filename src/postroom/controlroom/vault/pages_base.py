"""What the vault's pages have in common: rights by record, and whether the vault is locked."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from postroom.controlroom.accounts.pages_admin import RuledModelAdmin
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.vault.status import get_status
from postroom.errors import NotAllowedError, VaultError


class VaultPages(RuledModelAdmin):
    """Pages of lockers or credentials; what a person may do with one depends on what they are in it."""

    view_permission = Permission.ADMINISTER_ALL_LOCKERS
    manage_permission = Permission.MANAGE_MY_CREDENTIALS
    list_per_page = 50
    warn_unsaved_form = True

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the list."""
        context = {"subtitle": None, "title": self.opts.verbose_name_plural.capitalize()}
        return super().changelist_view(request, {**context, **_look(request), **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show and save the form; where the vault cannot take a value, nothing is saved."""
        context = {**_look(request), **(extra_context or {})}
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except (VaultError, NotAllowedError) as error:
            messages.error(request, error.message)
            return redirect(request.path)


def _look(request: HttpRequest) -> dict[str, Any]:
    can_unlock = request.user.is_authenticated and request.user.may(Permission.ADMINISTER_ALL_LOCKERS)
    return {"vault_status": get_status(), "can_unlock": can_unlock}
