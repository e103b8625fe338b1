"""Keychains that behave as real ones do on a bad day: PYTHON_KEYRING_BACKEND names one of them."""

import time

from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.errors import KeyringLocked

from support.file_keychain import FileKeychain


class LockedKeychain(KeyringBackend):
    """Somebody has to unlock it first."""

    priority = 1.0  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        """Refuse, as keyring's own backends do."""
        raise KeyringLocked("the collection is locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Refuse, as keyring's own backends do."""
        raise KeyringLocked("the collection is locked")


class BrokenKeychain(LockedKeychain):
    """Lets an error of a library below it through, which keyring knows nothing of."""

    def get_password(self, service: str, username: str) -> str | None:
        """Fail as D-Bus does."""
        raise ConnectionResetError("the bus is gone")


class ForgetfulKeychain(KeyringBackend):
    """Takes everything and keeps nothing."""

    priority = 1.0  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        """Know nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Forget it at once."""


class SlowKeychain(FileKeychain):
    """Answers late: who asks at the same time is answered the same, and acts at the same time."""

    def get_password(self, service: str, username: str) -> str | None:
        """Look, then take time to say it."""
        found = super().get_password(service, username)
        time.sleep(0.3)
        return found


class ChainOfNone(ChainerBackend):
    """A chain without any backend in it."""

    backends = ()  # type: ignore[assignment]
