"""The page of everybody's devices."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from postroom.controlroom.accounts.device_keys import revoke_device
from postroom.controlroom.accounts.models import Device
from postroom.controlroom.accounts.pages_admin import ControlRoomModelAdmin
from postroom.controlroom.accounts.permissions import Permission


class DevicePages(ControlRoomModelAdmin):
    """Which machines call the API, for whom, and when they last did; an administrator can end each."""

    view_permission = Permission.MANAGE_USERS
    list_display = ("name", "user", "key_prefix", "created", "last_used", "last_address", "shown_state")
    list_filter = ("user",)
    search_fields = ("name", "user__username", "key_prefix")
    list_select_related = ("user",)
    fields = ("name", "user", "key_prefix", "created", "last_used", "last_address", "revoked")
    actions = ("revoke",)

    @display(description=_("State"), label={"active": "success", "revoked": "danger"})
    def shown_state(self, device: Device) -> tuple[str, str]:
        """Whether the key is good."""
        return ("revoked", gettext("Revoked")) if device.revoked else ("active", gettext("Active"))

    @action(description=_("Revoke"), permissions=["view"])
    def revoke(self, request: HttpRequest, devices: QuerySet) -> None:
        """End the keys of these devices."""
        number = sum(revoke_device(request.user, device) for device in devices)
        text = ngettext("%(number)d device was revoked.", "%(number)d devices were revoked.", number)
        messages.success(request, text % {"number": number})
