"""A keychain in a file, for keyring to use where a machine has none: PYTHON_KEYRING_BACKEND names it."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

FILE_VARIABLE = "FILE_KEYCHAIN"


class FileKeychain(KeyringBackend):
    """Keep passwords in the JSON file that the environment names."""

    priority = 1.0  # type: ignore[assignment]  # keyring computes its own from a class property

    def get_password(self, service: str, username: str) -> str | None:
        """Give the password of an entry."""
        return self._read().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep the password of an entry."""
        new = self._file.with_suffix(f".{os.getpid()}")  # replaced whole, as others may be reading
        new.write_text(json.dumps({**self._read(), f"{service} {username}": password}))
        new.replace(self._file)

    def delete_password(self, service: str, username: str) -> None:
        """Remove an entry."""
        entry = f"{service} {username}"
        left = self._read()
        if entry not in left:
            raise PasswordDeleteError
        del left[entry]
        self._file.write_text(json.dumps(left))

    @property
    def _file(self) -> Path:
        return Path(os.environ[FILE_VARIABLE])

    def _read(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self._file.read_text()) if self._file.exists() else {}
        return found
