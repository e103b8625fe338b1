"""The app as Django knows it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VaultConfig(AppConfig):
    """Name the app."""

    name = "postroom.controlroom.vault"
    label = "vault"
    verbose_name = _("Credential Vault")
    default_auto_field = "django.db.models.BigAutoField"
