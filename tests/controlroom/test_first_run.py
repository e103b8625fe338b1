"""The first start makes what a Control Room needs, once."""

import os
from collections.abc import Callable

import pytest

from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.audit.models import AuditEntry
from postroom.controlroom.first_run import PASSWORD_VARIABLE, ensure_administrator, find_faults, prepare
from postroom.errors import SettingError
from postroom.values import Secret
from support.canary import canary
from support.people import People

GOOD = "seven tall boats at noon"


@pytest.fixture(autouse=True)
def no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with no password in the environment, and look for the one that is used."""
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    canary.add([GOOD])


def ask_nobody(_find_faults: Callable[[str], list[str]]) -> Secret | None:
    """Answer as where there is no terminal."""
    return None


def test_without_a_terminal_a_password_is_made(db: None) -> None:
    """It is good, given back once, and must be changed at the first sign-in, as a log may have it."""
    made = ensure_administrator(ask_nobody)
    assert made is not None
    canary.add([made.reveal()])
    user = User.objects.get()
    assert (user.username, user.must_change_password) == ("admin", True)
    assert user.check_password(made.reveal())
    assert not find_faults(made.reveal())
    assert all(user.may(permission) for permission in Permission)


def test_a_person_chooses(db: None) -> None:
    """What somebody types at the terminal is not given back, and need not be changed."""
    assert ensure_administrator(lambda _find_faults: Secret(GOOD)) is None
    user = User.objects.get()
    assert user.check_password(GOOD)
    assert not user.must_change_password


def test_the_environment_gives_the_password(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is used without a question, and no later program of this process finds it."""
    monkeypatch.setenv(PASSWORD_VARIABLE, GOOD)
    assert ensure_administrator(ask_nobody) is None
    assert User.objects.get().check_password(GOOD)
    assert PASSWORD_VARIABLE not in os.environ


def test_a_weak_password_is_refused(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules are those for everybody, and what is wrong is told without the password."""
    monkeypatch.setenv(PASSWORD_VARIABLE, "admin")
    with pytest.raises(SettingError, match="too short"):
        ensure_administrator(ask_nobody)
    assert not User.objects.exists()


def test_later_starts_make_nobody(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody has an account, nobody is made or changed, whatever the environment says."""
    before = set(User.objects.values_list("username", "password"))
    monkeypatch.setenv(PASSWORD_VARIABLE, GOOD)
    assert ensure_administrator(ask_nobody) is None
    assert set(User.objects.values_list("username", "password")) == before


def test_it_is_audited(db: None) -> None:
    """The trail begins with the administrator, whom the system made."""
    ensure_administrator(lambda _find_faults: Secret(GOOD))
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.event, entry.target) == ("system", "USER_CREATED", "admin")


@pytest.mark.django_db(transaction=True)
def test_preparing_again_changes_nothing() -> None:
    """Every start prepares; a second one finds all done."""
    from postroom.controlroom.vault.models import VaultState

    prepare()
    before = VaultState.objects.get().master_key_id
    prepare()
    assert VaultState.objects.get().master_key_id == before
