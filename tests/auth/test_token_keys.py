"""The key of the kept sign-ins: where it is found, how it is made, and what it opens."""

import base64
import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from postroom.auth.private_folder import PrivateFolder
from postroom.auth.token_keys import (
    HEADER_BYTES,
    KEY_VARIABLE,
    NotDecryptedError,
    TokenKey,
    TokenKeys,
)
from postroom.auth.token_store import WAYS
from postroom.errors import SettingError
from postroom.values import Secret
from support import sign_ins
from support.file_keychain import FILE_VARIABLE
from support.sign_ins import KEY, OTHER_KEY

NO_KEYCHAINS = (
    "keyring.backends.fail.Keyring",
    "keyring.backends.null.Keyring",
    "keyrings.alt.file.PlaintextKeyring",
    "support.odd_keychains.ForgetfulKeychain",
    "support.odd_keychains.ChainOfNone",
)
SILENT_KEYCHAINS = (
    "support.odd_keychains.LockedKeychain",
    "support.odd_keychains.BrokenKeychain",
    "support.odd_keychains.NoSuchKeychain",
)
PLAIN_TEXT_KEYCHAIN = """
from support.file_keychain import FileKeychain
class PlaintextKeyring(FileKeychain):
    pass
"""


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine with a keychain and a folder of its own."""
    return {
        **sign_ins.lead_to(tmp_path),
        "PYTHON_KEYRING_BACKEND": "support.file_keychain.FileKeychain",
        FILE_VARIABLE: str(tmp_path / "keychain.json"),
    }


def make_key(text: str = KEY) -> TokenKey:
    return TokenKey(Secret(text))


@given(plain=st.binary(max_size=300), owner=st.binary(max_size=50))
def test_what_is_encrypted_is_decrypted(plain: bytes, owner: bytes) -> None:
    """The same key gives back the same bytes, for the owner for whom they were encrypted; no two look alike."""
    encrypted = make_key().encrypt(plain, owner)
    assert make_key().decrypt(encrypted, owner) == plain
    assert make_key().encrypt(plain, owner) != encrypted


@given(owner=st.binary(max_size=50), other=st.binary(max_size=50))
def test_another_owner_gets_nothing(owner: bytes, other: bytes) -> None:
    """The bytes of one sign-in cannot stand in for those of another."""
    encrypted = make_key().encrypt(b"tokens", owner)
    if owner != other:
        with pytest.raises(NotDecryptedError, match="another sign-in"):
            make_key().decrypt(encrypted, other)


@given(key=st.binary(min_size=32, max_size=32))
def test_another_key_is_told_from_tampering(key: bytes) -> None:
    """A key that was changed says so; the id that tells it is no part of the key."""
    other = make_key(base64.urlsafe_b64encode(key).decode().rstrip("="))
    encrypted = make_key().encrypt(b"tokens", b"owner")
    if other.id != make_key().id:
        assert not other.has_encrypted(encrypted)
        with pytest.raises(NotDecryptedError, match="another key"):
            other.decrypt(encrypted, b"owner")
    assert other.id not in key


@given(data=st.data())
def test_no_changed_byte_goes_unnoticed(data: st.DataObject) -> None:
    """Format, key id, nonce, content and tag are all covered, and so is the length."""
    encrypted = bytearray(make_key().encrypt(b"tokens of a sign-in", b"owner"))
    position = data.draw(st.integers(0, len(encrypted) - 1))
    if data.draw(st.booleans()):
        encrypted[position] ^= data.draw(st.integers(1, 255))
    else:
        del encrypted[position:]
    with pytest.raises(NotDecryptedError):
        make_key().decrypt(bytes(encrypted), b"owner")


@given(encrypted=st.binary(max_size=100))
def test_any_bytes_are_refused(encrypted: bytes) -> None:
    """What was never encrypted here is refused, also behind a header that fits, without a traceback."""
    header = make_key().encrypt(b"", b"")[:HEADER_BYTES]
    for tried in (encrypted, header + encrypted):
        with pytest.raises(NotDecryptedError):
            make_key().decrypt(tried, b"owner")


def test_a_key_does_not_print_itself() -> None:
    """Neither the key nor an error of it shows the key."""
    assert KEY not in repr(make_key()) + str(make_key())


@given(
    text=st.one_of(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        st.from_regex(r"[A-Za-z0-9+/_-]{40,46}={0,2}", fullmatch=True),
    )
)
def test_a_malformed_key_is_a_setting_to_correct(text: str) -> None:
    """Whatever is no key says how to make one, and never repeats what was given."""
    assume(text.strip() and not re.fullmatch(r"[A-Za-z0-9_-]{43}=?", text.strip()))
    keys = TokenKeys(PrivateFolder(Path("never-made")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, text)
        with pytest.raises(SettingError, match=r"secrets\.token_urlsafe\(32\)") as caught:
            keys.find_key()
    assert len(text) < 40 or text not in str(caught.value)


def test_the_key_of_the_environment_comes_first(machine: dict[str, str]) -> None:
    """With a key in the environment the keychain is not even asked; a blank end of line does no harm."""
    done = sign_ins.run("show", "a", environment={**machine, KEY_VARIABLE: f"{KEY}=\n"})
    assert done.stdout == "kept a\n", done.stderr
    assert not Path(machine[FILE_VARIABLE]).exists()
    assert sign_ins.run("show", environment={**machine, KEY_VARIABLE: KEY}).stdout == "kept a\n"


def test_the_keychain_is_given_a_key_once(machine: dict[str, str]) -> None:
    """The first use makes the key, and later runs read with it what earlier ones kept."""
    assert sign_ins.run("show", "a", environment=machine).stdout == "kept a\n"
    made = json.loads(Path(machine[FILE_VARIABLE]).read_text())
    assert list(made) == ["postroom:sign-ins key"]
    done = sign_ins.run("show", "b", environment=machine)
    assert done.stdout == "kept a b\n"
    assert done.stderr == ""
    assert json.loads(Path(machine[FILE_VARIABLE]).read_text()) == made
    assert made["postroom:sign-ins key"] not in done.stdout


def test_processes_that_make_the_key_at_once_agree(machine: dict[str, str]) -> None:
    """All see a keychain without a key at the same time; one makes it, and all use that one."""
    environment = {**machine, "PYTHON_KEYRING_BACKEND": "support.odd_keychains.SlowKeychain"}
    for done in sign_ins.run_at_once([("show", name) for name in "abcd"], environment):
        assert done.returncode == 0, done.stderr
        assert "cannot be read" not in done.stderr
    assert sign_ins.run("show", environment=machine).stdout == "kept a b c d\n"


@pytest.mark.parametrize("backend", NO_KEYCHAINS)
def test_a_machine_without_a_keychain(machine: dict[str, str], tmp_path: Path, backend: str) -> None:
    """Tokens stay in memory; one warning tells the three ways; nothing is written, not even by the keychain."""
    package = tmp_path / "installed" / "keyrings" / "alt"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "file.py").write_text(PLAIN_TEXT_KEYCHAIN)
    python_path = f"{Path(sign_ins.__file__).parents[1]}{os.pathsep}{tmp_path / 'installed'}"
    environment = {**machine, "PYTHON_KEYRING_BACKEND": backend, "PYTHONPATH": python_path}
    done = sign_ins.run("show", "a", "b", environment=environment)
    assert done.stdout == "not kept a b\n", done.stderr
    assert done.stderr.count("WARNING postroom.auth") == 1
    assert WAYS in done.stderr
    assert not Path(machine[FILE_VARIABLE]).exists()
    assert not list(tmp_path.rglob("*.tokens"))
    assert sign_ins.run("show", environment=environment).stdout == "not kept\n"


def test_the_three_ways_are_told() -> None:
    """A Control Room, a key in the environment, a sign-in at each run."""
    assert "Control Room" in WAYS
    assert KEY_VARIABLE in WAYS
    assert "sign in at each run" in WAYS


@pytest.mark.parametrize("backend", SILENT_KEYCHAINS)
def test_a_keychain_that_does_not_answer(machine: dict[str, str], backend: str) -> None:
    """It is an error and not a machine without a keychain: nobody is signed in anew because of it."""
    done = sign_ins.run("show", "a", environment={**machine, "PYTHON_KEYRING_BACKEND": backend})
    assert done.returncode == 1
    assert "KeychainError: The keychain of this machine does not answer" in done.stderr
    assert KEY_VARIABLE in done.stderr.splitlines()[-1]


def test_an_entry_of_the_keychain_that_is_no_key(machine: dict[str, str]) -> None:
    """It is named and neither used nor replaced."""
    Path(machine[FILE_VARIABLE]).write_text(json.dumps({"postroom:sign-ins key": "canary-no-key"}))
    done = sign_ins.run("show", "a", environment=machine)
    assert "KeychainError: The entry “postroom:sign-ins”" in done.stderr
    assert "canary" not in done.stderr


def test_a_key_that_was_replaced_is_read_anew(machine: dict[str, str]) -> None:
    """A long-running process finds the keychain's new key as soon as a file was written with it."""
    keychain = Path(machine[FILE_VARIABLE])
    keychain.write_text(json.dumps({"postroom:sign-ins key": KEY}))
    with sign_ins.launch("reopen", environment=machine) as process:
        sign_ins.begin(process)
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "opened\n"
        keychain.write_text(json.dumps({"postroom:sign-ins key": OTHER_KEY}))
        assert "kept new" in sign_ins.run("show", "new", environment=machine).stdout
        output, errors = process.communicate("again\n", timeout=60)
    assert (output, errors) == ("new\n", "")
