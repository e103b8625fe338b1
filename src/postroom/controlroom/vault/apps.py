"""The app as Django knows it."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """Name the app."""

    name = "postroom.controlroom.vault"
    label = "vault"
    default_auto_field = "django.db.models.BigAutoField"
