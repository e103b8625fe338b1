"""What an administrator does with the vault as a whole: unlock and lock it, and choose where the master key lies."""

from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from postroom.controlroom.accounts.models import User
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.trail import record
from postroom.controlroom.vault import handing, key_file
from postroom.controlroom.vault.master_keys import look, matches, open_vault, refused
from postroom.controlroom.vault.memory import memory
from postroom.controlroom.vault.models import Mode, VaultState
from postroom.errors import SettingError, VaultError, VaultKeyError
from postroom.values import Secret

Actor = User | str | None
VAULT = "Credential Vault"
ENTERED = gettext_noop("what you entered")


def unlock(actor: Actor, text: Secret) -> None:
    """Open the vault with its master key, in this process and in all others of the Control Room.

    The others take it at their next request. Errors: VaultKeyError where it is another key.
    """
    try:
        enter_key(text)
    except VaultKeyError:
        record(Event.VAULT_UNLOCKED, actor=actor, target=VAULT, outcome=Outcome.REFUSED)
        raise
    handing.hand_to_all(look(), open_vault())
    record(Event.VAULT_UNLOCKED, actor=actor, target=VAULT)


def enter_key(text: Secret) -> None:
    """Let this process alone have the master key. Errors: VaultKeyError where it is another key."""
    state = look()
    key = key_file.parse_key(text, _(ENTERED))
    if not matches(state, key):
        raise refused(_(ENTERED))
    memory.master = key


@transaction.atomic
def lock(actor: Actor) -> None:
    """Let all processes forget their keys, until an administrator unlocks the vault again.

    Errors: VaultError in express mode, where the next request would open it again.
    """
    if _take_state().mode == Mode.EXPRESS:
        raise VaultError(
            _(
                "In express mode the master key lies with the server, so locking the Credential Vault would keep "
                "nobody out. Take the key away first: `postroom vault mode manual --key-file FILE`."
            )
        )
    VaultState.objects.update(lock_count=F("lock_count") + 1)
    handing.take_back()
    memory.forget()
    record(Event.VAULT_LOCKED, actor=actor, target=VAULT)


def choose_manual_mode(actor: Actor, file: Path) -> None:
    """Move the master key to a new file, from where an administrator takes it away; processes keep theirs.

    Errors: SettingError where the file would stay beside the vault; TargetNotWritableError, VaultLockedError.
    """
    refuse_home(file)
    with transaction.atomic():
        _take_state()
        key_file.write_key(open_vault(), file)
        VaultState.objects.update(mode=Mode.MANUAL)
        record(Event.VAULT_MODE_CHANGED, actor=actor, target=VAULT, mode=str(Mode.MANUAL))
    key_file.get_key_file().unlink(missing_ok=True)


@transaction.atomic
def choose_express_mode(actor: Actor, text: Secret) -> None:
    """Let the master key lie with the server again. Errors: VaultKeyError, TargetNotWritableError."""
    _take_state()
    enter_key(text)
    file = key_file.get_key_file()
    lying = key_file.is_in_environment() or file.exists()
    if lying and not any(matches(look(), key) for key in key_file.list_keys()):
        raise refused(key_file.KEY_VARIABLE if key_file.is_in_environment() else str(file))
    if not lying:
        key_file.write_key(open_vault(), file)
    VaultState.objects.update(mode=Mode.EXPRESS)
    record(Event.VAULT_MODE_CHANGED, actor=actor, target=VAULT, mode=str(Mode.EXPRESS))


def refuse_home(file: Path) -> None:
    """Refuse a file in the Control Room's own folder. Errors: SettingError."""
    home = Path(settings.CONFIGURATION.home).resolve()
    if home in file.resolve().parents:
        raise SettingError(
            f"{file} lies in the Control Room's own folder, where the key is not to stay. Name a file elsewhere, "
            "best on a medium that you take away."
        )


def _take_state() -> VaultState:
    look()
    return VaultState.objects.select_for_update().get(pk=1)
