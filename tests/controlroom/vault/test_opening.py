"""Manual mode: nothing opens until an administrator enters the key, and then all processes do."""

import time
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen

import pytest
from django.utils import timezone

from postroom.controlroom.vault import envelope, handing, master_keys, opening
from postroom.controlroom.vault.memory import memory
from postroom.controlroom.vault.models import Mode, VaultProcess, VaultState
from postroom.controlroom.vault.sealing import Key
from postroom.errors import SettingError, VaultError, VaultKeyError, VaultLockedError
from postroom.values import Secret
from support.canary import canary
from support.vaults import SeparateControlRoom

in_database = pytest.mark.django_db
# Many programs are started one after the other, which a busy machine takes its time for.
with_processes = pytest.mark.timeout(500)
PATIENCE_SECONDS = 100


@pytest.fixture
def safe(tmp_path: Path) -> Path:
    """Give a place for the key that is not the server's."""
    return tmp_path / "safe-key"


def go_manual(safe: Path) -> Secret:
    """Choose manual mode, forget the keys as a start does, and give the key as it was written."""
    master_keys.ensure_key()
    opening.choose_manual_mode(None, safe)
    memory.forget()
    handing.take_back()
    return Secret(safe.read_text())


@in_database
@pytest.mark.writes_secrets("safe-key", "vault-key")
def test_nothing_opens_until_the_key_is_entered(home: Path, safe: Path) -> None:
    """The key leaves the home; the start succeeds, whatever needs a secret is told to wait, and then works."""
    stored = envelope.encrypt("a.B/1/c", b"plain")
    key = go_manual(safe)
    assert not (home / "vault-key").exists()
    master_keys.ensure_key()
    assert master_keys.is_locked()
    with pytest.raises(VaultLockedError, match="postroom vault unlock"):
        envelope.decrypt("a.B/1/c", stored)
    opening.unlock(None, key)
    assert envelope.decrypt("a.B/1/c", stored) == b"plain"


@in_database
@pytest.mark.writes_secrets("safe-key", "vault-key")
def test_a_wrong_key_opens_nothing(safe: Path) -> None:
    """Another vault's key and what is no key at all are refused, and the vault stays locked."""
    import base64

    go_manual(safe)
    wrong = base64.urlsafe_b64encode(Key.generate().reveal()).decode().rstrip("=")
    for text in (wrong, "something", ""):
        with pytest.raises(VaultKeyError):
            opening.unlock(None, Secret(text))
        assert master_keys.is_locked()


@in_database
@pytest.mark.writes_secrets("safe-key", "vault-key")
def test_locking_again(safe: Path) -> None:
    """After locking nothing opens, until the key is entered once more."""
    opening.unlock(None, go_manual(safe))
    opening.lock(None)
    assert master_keys.is_locked()
    opening.unlock(None, Secret(safe.read_text()))
    assert not master_keys.is_locked()


@in_database
def test_express_mode_is_not_locked() -> None:
    """Locking would keep nobody out while the key lies beside, so it is refused."""
    master_keys.ensure_key()
    with pytest.raises(VaultError, match="express"):
        opening.lock(None)


@in_database
@pytest.mark.writes_secrets("safe-key", "vault-key")
def test_back_to_express(home: Path, safe: Path) -> None:
    """The right key lies with the server again; a wrong one changes nothing."""
    key = go_manual(safe)
    with pytest.raises(VaultKeyError):
        opening.choose_express_mode(None, Secret("A" * 43))
    assert VaultState.objects.get().mode == Mode.MANUAL
    opening.choose_express_mode(None, key)
    memory.forget()
    master_keys.ensure_key()
    assert (home / "vault-key").exists()


@in_database
def test_the_key_does_not_stay_in_the_home(home: Path) -> None:
    """A file beside the vault is no safe place, and one that is there is not written over."""
    master_keys.ensure_key()
    with pytest.raises(SettingError):
        opening.choose_manual_mode(None, home / "key")
    assert VaultState.objects.get().mode == Mode.EXPRESS
    assert (home / "vault-key").exists()


@in_database
@pytest.mark.writes_secrets("safe-key", "vault-key")
def test_a_stranger_in_the_database_gets_nothing(safe: Path) -> None:
    """A public key that somebody wrote into the database, without the proof, is handed no master key."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    key = go_manual(safe)
    master_keys.ensure_key()
    honest = VaultProcess.objects.get()
    public_key = X25519PrivateKey.generate().public_key().public_bytes_raw()
    stranger = VaultProcess.objects.create(since=timezone.now(), public_key=public_key, proof=honest.proof)
    opening.unlock(None, key)
    master_keys.look()
    for row in (stranger, honest):
        row.refresh_from_db()
    assert (stranger.handed, honest.handed is not None) == (None, True)


@with_processes
@pytest.mark.writes_secrets("safe-key", "vault-key")
def test_one_unlock_opens_all_processes(separate: SeparateControlRoom, safe: Path) -> None:
    """Two running servers and one that starts later are opened by one command; locking closes them all."""
    separate.fill(3)
    key = separate.read_key()
    manual = separate.vault("mode", "manual", "--key-file", str(safe))
    assert manual.returncode == 0, manual.stderr
    with ExitStack() as stack:
        servers = [stack.enter_context(separate.start("-m", "support.vaults", "serve")) for _ in range(2)]
        assert [read_line(server) for server in servers] == ["started", "started"]
        assert [ask(server) for server in servers] == ["VaultLockedError", "VaultLockedError"]
        wrong = separate.vault("unlock", stdin="A" * 43)
        assert wrong.returncode == 12
        assert "is not the one" in wrong.stderr
        unlocked = separate.vault("unlock", stdin=key + "\n")
        assert unlocked.returncode == 0, unlocked.stderr
        assert [ask(server) for server in servers] == ["open", "open"]
        # One that starts now gets the key from those that have it, when they are asked something.
        late = stack.enter_context(separate.start("-m", "support.vaults", "serve"))
        assert read_line(late) == "started"
        assert wait_for(late, "open", servers)
        assert separate.vault("lock").returncode == 0
        assert all(wait_for(server, "VaultLockedError") for server in [*servers, late])
        for server in [*servers, late]:
            assert canary_free(server)
    for text in (manual, wrong, unlocked):
        canary.check(text.stdout + text.stderr, "what a command prints")


@with_processes
def test_a_wrong_key_at_the_start(separate: SeparateControlRoom) -> None:
    """A server with another key does not start, and leaves key and database as they are."""
    separate.fill(1)
    server = separate.run("-m", "support.vaults", "serve", POSTROOM_VAULT_KEY="A" * 43)
    assert server.stdout.strip() == "VaultKeyError"
    checked = separate.vault("check")
    assert checked.returncode == 0, checked.stderr


@with_processes
def test_processes_that_start_at_once_make_one_vault(separate: SeparateControlRoom) -> None:
    """Of four first starts one makes the key, and all have it."""
    with ExitStack() as stack:
        servers = [stack.enter_context(separate.start("-m", "support.vaults", "serve")) for _ in range(4)]
        assert [read_line(server) for server in servers] == ["started"] * 4
        assert [ask(server) for server in servers] == ["open"] * 4
        for server in servers:
            server.communicate()


def read_line(server: "Popen[str]") -> str:
    """Read what a process says next."""
    assert server.stdout is not None
    return server.stdout.readline().strip()


def ask(server: "Popen[str]") -> str:
    """Let a process encrypt and read."""
    assert server.stdin is not None
    server.stdin.write("now\n")
    server.stdin.flush()
    return read_line(server)


def wait_for(server: "Popen[str]", answer: str, others: "list[Popen[str]] | None" = None) -> bool:
    """Ask until the process gives this answer; the others are asked meanwhile."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        for other in others or ():
            ask(other)
        if ask(server) == answer:
            return True
        time.sleep(0.2)
    return False


def canary_free(server: "Popen[str]") -> bool:
    """End a process, and search what it said for the key."""
    output, errors = server.communicate()
    return not canary.is_in(output + errors)
