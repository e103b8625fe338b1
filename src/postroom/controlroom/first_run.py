"""What a Control Room needs before it serves: its tables, the vault's key, and somebody who can sign in.

All of it is done at every start, and by whichever process comes first; the others wait and find it done.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError
from filelock import FileLock

from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.people import create_administrator
from postroom.controlroom.vault.master_keys import ensure_key
from postroom.errors import ControlRoomError, SettingError
from postroom.values import Secret

ADMINISTRATOR_NAME = "admin"
PASSWORD_VARIABLE = "POSTROOM_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable
# Any number will do, as long as nobody else locks it in the same database.
MIGRATION_LOCK = 7_034_226_159_014_401
MADE_PASSWORD_BYTES = 15

AskPassword = Callable[[Callable[[str], list[str]]], Secret | None]
"""Ask a person for a new password, or give None where there is nobody; it gets what names a password's faults."""


def prepare() -> None:
    """Bring the database to this version and open the vault.

    Errors: ControlRoomError where the database does not answer; VaultKeyError where the master key is another's.
    """
    try:
        with _alone():
            call_command("migrate", interactive=False, verbosity=0)
            call_command("clearsessions")
            ensure_key()
    except DatabaseError as error:
        raise ControlRoomError(
            f"The database of the Control Room cannot be used: {_get_first_line(error)}. Check that it runs, and what "
            "POSTROOM_DATABASE says of it."
        ) from error


def ensure_administrator(ask_password: AskPassword) -> Secret | None:
    """Make the administrator where nobody has an account yet; give the password where it had to be made up.

    It comes from POSTROOM_ADMIN_PASSWORD, else from whoever sits at the terminal. Errors: SettingError where the
    environment's password is not good enough.
    """
    given = _take_password()
    if User.objects.exists():
        return None
    chosen = given or ask_password(find_faults)
    password = chosen or Secret(secrets.token_urlsafe(MADE_PASSWORD_BYTES))
    # Again inside the lock: another process may have been faster while somebody typed.
    with _alone(), transaction.atomic():
        if User.objects.exists():
            return None
        create_administrator(ADMINISTRATOR_NAME, password, must_change=chosen is None)
    return None if chosen else password


def find_faults(password: str) -> list[str]:
    """Say what is wrong with a password, in sentences; nothing for a good one."""
    try:
        validate_password(password, User(username=ADMINISTRATOR_NAME))
    except ValidationError as error:
        return list(error.messages)
    return []


def _take_password() -> Secret | None:
    # Taken away, so that no program which this process starts gets it too.
    given = os.environ.pop(PASSWORD_VARIABLE, "")
    if given and (faults := find_faults(given)):
        raise SettingError(f"The password in {PASSWORD_VARIABLE} is not good enough. {' '.join(faults)}")
    return Secret(given) if given else None


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process do this at a time: of this machine by a file, of all hosts by the database where it can."""
    with FileLock(settings.CONFIGURATION.home / "start.lock"):
        if connection.vendor != "postgresql":
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def _get_first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
