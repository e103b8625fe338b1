"""Where the master key lies with the server: an environment variable, or a file only its user can read."""

import base64
import binascii
import os
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from postroom.controlroom.vault.sealing import KEY_BYTES, Key
from postroom.errors import TargetNotWritableError, VaultKeyError
from postroom.values import Secret

KEY_VARIABLE = "POSTROOM_VAULT_KEY"
KEY_FILE = "vault-key"
NEXT_KEY_FILE = "vault-key.next"


def get_key_file() -> Path:
    """The file in the Control Room's folder."""
    return Path(settings.CONFIGURATION.home) / KEY_FILE


def get_next_key_file() -> Path:
    """The file of a master key that is about to take the place of the present one."""
    return Path(settings.CONFIGURATION.home) / NEXT_KEY_FILE


def is_in_environment() -> bool:
    """Say whether the environment gives the key, in place of the file."""
    return bool(os.environ.get(KEY_VARIABLE))


def list_keys() -> list[Key]:
    """The keys that lie with the server: the environment's alone, or else those of the files.

    There are two files while the master key is being changed. Errors: VaultKeyError where one is malformed.
    """
    if text := os.environ.get(KEY_VARIABLE):
        return [parse_key(Secret(text), KEY_VARIABLE)]
    files = (get_key_file(), get_next_key_file())
    return [read_key(file) for file in files if file.exists()]


def read_key(file: Path) -> Key:
    """The master key in a file. Errors: VaultKeyError; FileNotFoundError where there is none."""
    return parse_key(Secret(_read(file)), str(file))


def parse_key(text: Secret, place: str) -> Key:
    """Read a master key as `write_key` writes it. Errors: VaultKeyError, which names the place."""
    try:
        raw = base64.b64decode(text.reveal().strip() + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise VaultKeyError(
            _(
                "What %(place)s holds is not a master key: that is 43 letters, digits, “-” and “_” in one line. Take "
                "the key from where you keep it safe; nothing was changed."
            )
            % {"place": place}
        )
    return Key(raw)


def write_key(key: Key, file: Path) -> None:
    """Write a master key to a new file that only its user can read.

    Errors: TargetNotWritableError, also where there is such a file already: a key is never overwritten.
    """
    text = base64.urlsafe_b64encode(key.reveal()).rstrip(b"=")
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
    except FileExistsError as error:
        raise TargetNotWritableError(
            f"The file {file} exists, and a key may be in it. Name another file, or move that one away."
        ) from error
    except OSError as error:
        raise TargetNotWritableError(
            f"The master key cannot be written to {file} ({error.strerror}). Nothing was changed; make the folder "
            "writable, or name another file."
        ) from error


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise VaultKeyError(
            f"The master key in {file} cannot be read ({type(error).__name__}). Let the user of this process read "
            "it, or restore the file."
        ) from error
