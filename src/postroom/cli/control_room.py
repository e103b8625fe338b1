"""The Control Room of this machine, for commands that work in it without a server."""

import os
from importlib.util import find_spec

from postroom.errors import SettingError

SETTINGS_MODULE = "postroom.controlroom.settings"
PARTS = ("django", "unfold", "ninja", "axes", "csp", "whitenoise", "dj_database_url")


def open_control_room() -> None:
    """Get the Control Room ready to be used in this process: the one that POSTROOM_HOME or its default names.

    Errors: SettingError where its parts are not installed.
    """
    if any(find_spec(part) is None for part in PARTS):
        raise SettingError(
            "The Control Room's parts are not installed. Install them with: pip install 'postroom[controlroom]'"
        )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS_MODULE)
    import django  # noqa: PLC0415 - start-up cost, which no other command should pay

    django.setup()
