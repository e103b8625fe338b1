"""Where the Control Room keeps its things, and the few settings that the environment gives.

POSTROOM_HOME is the folder of database and keys, POSTROOM_DATABASE the address of a PostgreSQL database,
POSTROOM_SECRET_KEY what signs sessions where several hosts serve one Control Room, POSTROOM_URL the address under
which people reach it.
"""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from postroom.errors import SettingError
from postroom.folders import get_state_folder

DEFAULT_URL = "http://localhost:8000"


@dataclass(frozen=True)
class Configuration:
    """The settings of one Control Room."""

    home: Path
    database: str
    url: str
    secret_key: str = field(repr=False)

    @property
    def is_secure(self) -> bool:
        """Whether people reach it over HTTPS."""
        return urlsplit(self.url).scheme == "https"

    @property
    def host(self) -> str:
        """The host name under which people reach it."""
        return urlsplit(self.url).hostname or ""


def read_configuration() -> Configuration:
    """Read the settings of this machine; what is made at the first start is kept in the folder.

    Errors: SettingError where the address is none.
    """
    home = Path(os.environ.get("POSTROOM_HOME") or get_state_folder() / "control-room")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Configuration(
        home=home,
        database=os.environ.get("POSTROOM_DATABASE") or f"sqlite:///{home / 'control-room.sqlite3'}",
        url=_read_url(),
        secret_key=os.environ.get("POSTROOM_SECRET_KEY") or _keep_secret_key(home / "secret-key"),
    )


def _read_url() -> str:
    url = os.environ.get("POSTROOM_URL", DEFAULT_URL).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingError(
            f"POSTROOM_URL “{url}” is not the address of a Control Room. Write it like https://postroom.contoso.com."
        )
    return url


def _keep_secret_key(file: Path) -> str:
    try:
        # Exclusively, so that of two processes that start at once one makes it and both read it.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text()
    with os.fdopen(descriptor, "w") as stream:
        stream.write(secrets.token_urlsafe(50))
    return file.read_text()
