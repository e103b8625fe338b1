"""The app as Django knows it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConnectionsConfig(AppConfig):
    """Name the app."""

    name = "postroom.controlroom.connections"
    label = "connections"
    verbose_name = _("Connections")
    default_auto_field = "django.db.models.BigAutoField"
