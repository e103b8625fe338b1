"""The addresses of My settings."""

from django.urls import path

from postroom.controlroom.accounts.my_devices import let_device_in, revoke_my_device, show_my_devices
from postroom.controlroom.accounts.my_settings import change_my_password, show_my_settings

urlpatterns = [
    path("me/", show_my_settings, name="my-settings"),
    path("me/password/", change_my_password, name="my-password"),
    # The site's own page for it knows nothing of one-time passwords and the audit trail.
    path("password_change/", change_my_password),
    path("me/devices/", show_my_devices, name="my-devices"),
    path("me/devices/<uuid:device_id>/revoke/", revoke_my_device, name="revoke-my-device"),
    path("me/devices/let-in/", let_device_in, name="let-device-in"),
]
