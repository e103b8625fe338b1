"""Rotation: keys change while everything goes on, and nothing is lost when it is killed."""

import json
import signal
import subprocess
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from postroom.controlroom.vault import envelope, master_keys, rotation
from postroom.controlroom.vault.memory import memory
from postroom.controlroom.vault.models import Attribute, Credential, DataKey
from postroom.controlroom.vault.registry import identify
from postroom.errors import SettingError, VaultDamagedError
from support.canary import canary
from support.vaults import CANARY, SeparateControlRoom

WORKERS = 4
in_database = pytest.mark.django_db
# Many programs are started one after the other, which a busy machine takes its time for.
with_processes = pytest.mark.timeout(500)


def keep(name: str, plain: bytes) -> Attribute:
    """Save a value."""
    credential, _made = Credential.objects.get_or_create(name="azure", folded_name="azure")
    attribute = Attribute(credential=credential, name=name)
    attribute.encrypted = envelope.encrypt(identify(attribute, "encrypted"), plain)
    attribute.save()
    return attribute


def read(attribute: Attribute) -> bytes:
    """Read a value from the database."""
    attribute.refresh_from_db()
    return envelope.decrypt(identify(attribute, "encrypted"), attribute.encrypted)


@in_database
def test_everything_is_encrypted_anew() -> None:
    """Afterwards all values have the new key, and say what they said."""
    kept = [keep(f"value {number}", f"plain {number}".encode()) for number in range(7)]
    before = DataKey.objects.get()
    survey = rotation.rotate(None)
    active = DataKey.objects.get(state="active")
    assert (survey.renewed, survey.damaged) == (7, [])
    assert active.pk != before.pk
    assert [read(attribute) for attribute in kept] == [f"plain {number}".encode() for number in range(7)]
    assert {envelope.get_key_id(attribute.encrypted) for attribute in kept} == {active.pk}


@in_database
def test_all_encrypted_fields_are_found() -> None:
    """The tokens and secrets of connections are encrypted anew too: every binary field that is named so is listed."""
    from django.apps import apps
    from django.db.models import BinaryField

    from postroom.controlroom.vault.registry import EncryptedField, list_fields

    found = {
        EncryptedField(model._meta.label, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, BinaryField) and field.name.startswith("encrypted")
    }
    assert found == set(list_fields())


@in_database
def test_a_newer_value_is_not_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that is written between reading and replacing stays; it is the newer one."""
    attribute = keep("value", b"old")
    replace = rotation._StoredValue.replace

    def write_meanwhile(value: Any, stored: bytes) -> int:
        if read(attribute) == b"old":
            newer = envelope.encrypt(identify(attribute, "encrypted"), b"new")
            Attribute.objects.filter(pk=attribute.pk).update(encrypted=newer)
        return replace(value, stored)

    monkeypatch.setattr(rotation._StoredValue, "replace", write_meanwhile)
    rotation.rotate(None)
    assert read(attribute) == b"new"


@in_database
def test_two_rotations_at_once_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another rotation makes a newer key meanwhile, both go on to that one, and end."""
    attribute = keep("value", b"plain")
    renew, others = rotation._renew_all, [1]

    def renew_and_be_overtaken() -> rotation.Survey:
        survey = renew()
        if others:
            others.pop()
            rotation._make_active_key(None)
        return survey

    monkeypatch.setattr(rotation, "_renew_all", renew_and_be_overtaken)
    rotation.rotate(None)
    assert read(attribute) == b"plain"
    assert envelope.get_key_id(attribute.encrypted) == DataKey.objects.get(state="active").pk


@in_database
def test_damaged_values_are_told_and_left() -> None:
    """One value that cannot be read stops nothing, and keeps its key."""
    good, moved = keep("good", b"good"), keep("moved", b"moved")
    Attribute.objects.filter(pk=moved.pk).update(encrypted=good.encrypted)
    survey = rotation.rotate(None)
    assert survey.damaged == [identify(moved, "encrypted")]
    assert read(good) == b"good"
    with pytest.raises(VaultDamagedError):
        read(moved)


@in_database
def test_old_keys_go_when_nothing_takes_them() -> None:
    """A retiring key is kept for a day, and longer while a value needs it."""
    good, moved = keep("good", b"good"), keep("moved", b"moved")
    needed = DataKey.objects.get().pk
    rotation.rotate(None)
    rotation.rotate(None)
    assert DataKey.objects.count() == 3
    lately = DataKey.objects.get(state="active").pk
    Attribute.objects.filter(pk=moved.pk).update(encrypted=good.encrypted)
    DataKey.objects.filter(state="retiring").update(retired=timezone.now() - timedelta(days=2))
    rotation.rotate(None)
    assert set(DataKey.objects.filter(state="retiring").values_list("pk", flat=True)) == {needed, lately}
    assert read(good) == b"good"


@in_database
def test_the_master_key_is_replaced(home: Path) -> None:
    """Data keys are wrapped anew, values stay as they are, and the old key opens nothing any more."""
    attribute = keep("value", b"plain")
    stored, old = bytes(attribute.encrypted), (home / "vault-key").read_text()
    rotation.change_master_key(None, None)
    assert (home / "vault-key").read_text() != old
    assert not (home / "vault-key.next").exists()
    memory.forget()
    assert read(attribute) == b"plain"
    assert bytes(attribute.encrypted) == stored
    (home / "vault-key").write_text(old)
    memory.forget()
    with pytest.raises(Exception, match="is not the one"):
        master_keys.ensure_key()


@in_database
def test_a_change_that_broke_off_is_finished_or_forgotten(home: Path) -> None:
    """Killed between database and file, the next start takes the new key; killed before, the old one goes on."""
    attribute = keep("value", b"plain")
    old = (home / "vault-key").read_text()
    rotation.change_master_key(None, None)
    (home / "vault-key").rename(home / "vault-key.next")
    (home / "vault-key").write_text(old)
    memory.forget()
    master_keys.ensure_key()
    assert not (home / "vault-key.next").exists()
    (home / "vault-key.next").write_text(old)  # of a change that never reached the database
    memory.forget()
    master_keys.ensure_key()
    rotation.change_master_key(None, None)
    memory.forget()
    assert read(attribute) == b"plain"


@in_database
@pytest.mark.writes_secrets("safe")
def test_a_new_master_key_is_not_left_in_the_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the key lies elsewhere, the new one needs a file elsewhere, and gets it."""
    monkeypatch.setenv("POSTROOM_VAULT_KEY", "A" * 43)
    attribute = keep("value", b"plain")
    for file in (None, home / "key"):
        with pytest.raises(SettingError):
            rotation.change_master_key(None, file)
    file = home.parent / "safe"
    rotation.change_master_key(None, file)
    monkeypatch.setenv("POSTROOM_VAULT_KEY", file.read_text().strip())
    memory.forget()
    assert read(attribute) == b"plain"


@with_processes
@pytest.mark.writes_secrets("vault-key")
def test_no_request_is_lost_under_load(separate: SeparateControlRoom) -> None:
    """Four processes read and write while the keys are rotated, once killed with -9: nothing fails, nothing is lost."""
    prove_rotation_under_load(separate, values=60, rounds=1)


@pytest.mark.proof
@pytest.mark.timeout(900)
@pytest.mark.writes_secrets("vault-key")
def test_no_request_is_lost_under_load_for_longer(separate: SeparateControlRoom) -> None:
    """The same with more values, and killed many times."""
    prove_rotation_under_load(separate, values=400, rounds=12)


def prove_rotation_under_load(separate: SeparateControlRoom, *, values: int, rounds: int) -> None:
    """Rotate and kill while real processes work, and then read everything."""
    separate.fill(values)
    stop_file = separate.folder / "stop"
    with ExitStack() as stack:
        workers = []
        for number in range(WORKERS):
            command = ("-m", "support.vaults", "work", str(number), str(WORKERS), str(stop_file))
            workers.append(stack.enter_context(separate.start(*command)))
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        try:
            for number in range(rounds):
                kill_a_rotation(separate, values, number)
                done = separate.vault("rotate", "--output", "json")
                assert done.returncode == 0, done.stderr
                assert json.loads(done.stdout)["damaged"] == []
            rewrapped = separate.vault("rewrap")
            assert rewrapped.returncode == 0, rewrapped.stderr
            assert separate.vault("rotate").returncode == 0
        finally:
            stop_file.touch()
        for worker in workers:
            output, errors = worker.communicate(timeout=60)
            assert worker.returncode == 0, errors
            assert json.loads(output)["writes"] > 0
    checked = separate.vault("check", "--output", "json")
    assert checked.returncode == 0, checked.stderr
    assert json.loads(checked.stdout)["values"] == values
    # The canary stands in every value, before, during and after.
    canary.add([CANARY, separate.read_key()])
    canary.check(separate.dump(), "the database")


def kill_a_rotation(separate: SeparateControlRoom, values: int, number: int) -> None:
    """Begin a rotation, and kill it at another moment each time: as soon as its key is there, or a little later."""
    script = "import sys; from postroom.controlroom.vault import rotation; "
    slowly = (
        "import django; django.setup(); import time; " + script + "make = rotation._make_active_key; "
        "replace = rotation._StoredValue.replace; "
        "rotation._make_active_key = lambda actor: (make(actor), print('made', flush=True))[0]; "
        "rotation._StoredValue.replace = lambda v, s: (time.sleep(0.01), replace(v, s))[1]; rotation.rotate(None)"
    )
    with separate.start("-c", slowly) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "made\n", process.communicate()[1]
        time.sleep(0.005 * (number % 7) * values / 60)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL


@with_processes
def test_a_process_learns_of_the_new_key(separate: SeparateControlRoom) -> None:
    """What a process reads and writes is right before and after, without being started again."""
    separate.fill(3)
    with separate.start("-m", "support.vaults", "serve") as process:
        assert ask(process) == "started"
        assert ask(process, "one") == "open"
        assert separate.vault("rotate").returncode == 0
        assert ask(process, "two") == "open"
        assert separate.vault("rewrap").returncode == 0
        assert separate.vault("rotate").returncode == 0
        assert ask(process, "three") == "open"
        process.communicate()


@with_processes
@pytest.mark.writes_secrets("safe")
def test_a_server_with_the_old_master_key_is_given_the_new_one(
    separate: SeparateControlRoom, tmp_path: Path
) -> None:
    """A server whose environment has the old key works on, and takes the new one when it is handed out."""
    separate.environment["POSTROOM_VAULT_KEY"] = "A" * 43
    separate.fill(3)
    with separate.start("-m", "support.vaults", "serve") as process:
        assert ask(process) == "started"
        assert ask(process, "one") == "open"
        assert separate.vault("rewrap", "--key-file", str(tmp_path / "safe")).returncode == 0
        new = (tmp_path / "safe").read_text().strip()
        canary.add([new])
        assert ask(process, "two") == "open"
        assert separate.vault("rotate", POSTROOM_VAULT_KEY=new).returncode == 0
        assert ask(process, "three") == "VaultKeyError"
        assert separate.vault("unlock", stdin=new, POSTROOM_VAULT_KEY=new).returncode == 0
        assert ask(process, "four") == "open"
        process.communicate()


def ask(process: "subprocess.Popen[str]", line: str = "") -> str:
    """Send a line, or none, and read one."""
    assert process.stdin is not None
    assert process.stdout is not None
    if line:
        process.stdin.write(line + "\n")
        process.stdin.flush()
    return process.stdout.readline().strip()
