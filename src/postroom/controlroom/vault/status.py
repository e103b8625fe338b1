"""How the vault stands, for pages and the command line."""

from datetime import datetime
from typing import NamedTuple

from postroom.controlroom.vault.master_keys import is_locked, look
from postroom.controlroom.vault.models import DataKey
from postroom.errors import VaultKeyError


class VaultStatus(NamedTuple):
    """What may be told of the keys."""

    mode: str
    master_key: str
    """`here`, `not entered here yet`, or `missing or wrong`."""
    active_key: str
    active_since: datetime | None
    retiring_keys: int

    @property
    def is_locked(self) -> bool:
        """Whether somebody must unlock it first."""
        return self.master_key != HERE


HERE, LOCKED, WRONG = "here", "not entered here yet", "missing or wrong"


def get_status() -> VaultStatus:
    """How the vault stands, as this process sees it."""
    state = look()
    active = DataKey.objects.filter(state=str(DataKey.State.ACTIVE)).first()
    retiring = DataKey.objects.filter(state=str(DataKey.State.RETIRING)).count()
    return VaultStatus(
        str(state.mode),
        _describe_master_key(),
        str(active.pk) if active else "",
        active.created if active else None,
        retiring,
    )


def _describe_master_key() -> str:
    try:
        return LOCKED if is_locked() else HERE
    except VaultKeyError:
        return WRONG
