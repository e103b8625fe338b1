"""The app as Django knows it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from postroom.controlroom.vault import registry


class RunsConfig(AppConfig):
    """Name the app, and let the vault know what of it is encrypted."""

    name = "postroom.controlroom.runs"
    label = "runs"
    verbose_name = _("Bots and runs")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let rotations of the vault's key find the encrypted fields."""
        for model, field in ENCRYPTED:
            registry.register(model, field)


ENCRYPTED = (
    ("runs.Run", "encrypted_inputs"),
    ("runs.Schedule", "encrypted_inputs"),
    ("runs.Trigger", "encrypted_inputs"),
    ("runs.Trigger", "encrypted_state"),
    ("runs.JournalKey", "encrypted"),
)
"""The models and fields that hold something encrypted."""
