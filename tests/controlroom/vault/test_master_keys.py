"""The master key: made once, found again, and never replaced by a wrong one."""

import stat
from pathlib import Path

import pytest

from postroom.controlroom.vault import envelope, master_keys
from postroom.controlroom.vault.key_file import write_key
from postroom.controlroom.vault.memory import memory
from postroom.controlroom.vault.models import DataKey, VaultState
from postroom.controlroom.vault.sealing import Key
from postroom.errors import TargetNotWritableError, VaultDamagedError, VaultKeyError

pytestmark = pytest.mark.django_db


def test_the_first_start_makes_the_key(home: Path) -> None:
    """A key for the server's user alone, one data key, and a vault that opens."""
    master_keys.ensure_key()
    file = home / "vault-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert DataKey.objects.count() == 1
    assert not master_keys.is_locked()


def test_later_starts_change_nothing(home: Path) -> None:
    """The key stays, and what was encrypted before is read after."""
    master_keys.ensure_key()
    before = (home / "vault-key").read_bytes()
    stored = envelope.encrypt("a.B/1/c", b"plain")
    memory.forget()
    master_keys.ensure_key()
    assert (home / "vault-key").read_bytes() == before
    assert envelope.decrypt("a.B/1/c", stored) == b"plain"


def test_another_key_is_refused(home: Path) -> None:
    """The start fails with a sentence that says what to do, and overwrites neither file nor database."""
    master_keys.ensure_key()
    (home / "vault-key").unlink()
    write_key(Key.generate(), home / "vault-key")
    wrong, state = (home / "vault-key").read_bytes(), VaultState.objects.values().get()
    memory.forget()
    with pytest.raises(VaultKeyError, match="is not the one that this Credential Vault was made with"):
        master_keys.ensure_key()
    with pytest.raises(VaultKeyError):
        envelope.encrypt("a.B/1/c", b"plain")
    assert (home / "vault-key").read_bytes() == wrong
    assert VaultState.objects.values().get() == state


def test_a_missing_key_is_not_made_anew(home: Path) -> None:
    """Where there is a vault, its key must be brought back: another one would open nothing."""
    master_keys.ensure_key()
    (home / "vault-key").unlink()
    memory.forget()
    with pytest.raises(VaultKeyError, match="is missing"):
        master_keys.ensure_key()
    assert not (home / "vault-key").exists()


def test_the_environment_gives_the_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With POSTROOM_VAULT_KEY no file is written, and a file that is there is not looked at."""
    monkeypatch.setenv("POSTROOM_VAULT_KEY", "A" * 43)
    master_keys.ensure_key()
    assert not (home / "vault-key").exists()
    write_key(Key.generate(), home / "vault-key")
    memory.forget()
    master_keys.ensure_key()


@pytest.mark.parametrize("text", ["short", "A" * 44, "A" * 42 + "!", "é" * 43, " "], ids=str.__len__)
def test_what_is_no_key_is_told(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A malformed key is refused by name of its place, without showing it."""
    monkeypatch.setenv("POSTROOM_VAULT_KEY", text)
    with pytest.raises(VaultKeyError, match="What POSTROOM_VAULT_KEY holds is not a master key") as caught:
        master_keys.ensure_key()
    assert text == " " or text not in str(caught.value)


def test_a_key_is_never_written_over(home: Path) -> None:
    """A file that is there may hold the only copy of a key."""
    write_key(Key.generate(), home / "kept")
    before = (home / "kept").read_bytes()
    with pytest.raises(TargetNotWritableError):
        write_key(Key.generate(), home / "kept")
    assert (home / "kept").read_bytes() == before


def test_a_vault_without_data_key_says_so() -> None:
    """A data key that somebody removed is told as damage."""
    master_keys.ensure_key()
    DataKey.objects.all().delete()
    with pytest.raises(VaultDamagedError):
        envelope.encrypt("a.B/1/c", b"plain")
