"""The app as Django knows it."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Name the app."""

    name = "postroom.controlroom.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"
