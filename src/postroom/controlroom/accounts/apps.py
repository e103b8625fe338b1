"""The app as Django knows it."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Name the app, and let what happens elsewhere in Django reach it."""

    name = "postroom.controlroom.accounts"
    label = "accounts"
    verbose_name = _("People")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers of signals."""
        # These need the models, which are there only now.
        from postroom.controlroom.accounts import sign_ins  # noqa: PLC0415
        from postroom.controlroom.accounts.first_roles import make_first_roles  # noqa: PLC0415

        post_migrate.connect(make_first_roles, sender=self)
        sign_ins.connect()
