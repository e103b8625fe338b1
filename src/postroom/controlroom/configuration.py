"""Where the Control Room keeps its things, and the few settings that the environment gives.

POSTROOM_HOME is the folder of database and keys, POSTROOM_DATABASE the address of a PostgreSQL database,
POSTROOM_SECRET_KEY what signs sessions and audit entries where several hosts serve one Control Room,
POSTROOM_OLD_SECRET_KEYS the keys that it replaced, POSTROOM_URL the address under which people reach it,
POSTROOM_TRUSTED_PROXY the address of the reverse proxy in front of it, POSTROOM_SESSION whether a sign-in ends with the
browser or only after twelve hours, POSTROOM_BOTS_FOLDER a folder of bots, most often a checkout of git, and
POSTROOM_KEEP_RUNS_DAYS how long runs are kept after their end.
"""

import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from postroom.errors import SettingError, TargetNotWritableError
from postroom.folders import get_state_folder

DEFAULT_URL = "http://localhost:8000"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
DATABASE_SCHEMES = frozenset({"postgresql", "postgres", "sqlite"})
KEEP_RUNS_DAYS = 90
SESSION_ENDS = {"browser": True, "12 hours": False}


@dataclass(frozen=True)
class Configuration:
    """The settings of one Control Room."""

    home: Path
    database: str = field(repr=False)
    url: str
    trusted_proxy: str | None
    """Whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    sessions_end_with_browser: bool
    bots_folder: Path | None
    """Where bots are deployed from besides by hand; None where nobody has named one."""
    secret_key: str = field(repr=False)
    old_secret_keys: tuple[str, ...] = field(default=(), repr=False)
    """What the secret key replaced: with them sessions go on, and old audit entries can be proved."""
    keep_runs_days: int = KEEP_RUNS_DAYS
    """How long runs and their journals are kept after their end."""

    @property
    def is_secure(self) -> bool:
        """Whether people reach it over HTTPS."""
        return urlsplit(self.url).scheme == "https"

    @property
    def host(self) -> str:
        """The host name under which people reach it."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_local(self) -> bool:
        """Whether only people at this machine reach it, so that nothing of it goes over a network."""
        return self.host in LOOPBACK


def read_configuration() -> Configuration:
    """Read the settings of this machine; what is made at the first start is kept in the folder.

    Errors: SettingError where a setting cannot be used; TargetNotWritableError where the folder cannot be made.
    """
    home = get_home()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise TargetNotWritableError(
            f"The Control Room cannot make its folder: {error}. Name another one in POSTROOM_HOME."
        ) from error
    url = _read_url()
    return Configuration(
        home=home,
        database=_read_database(home),
        url=url,
        trusted_proxy=_find_trusted_proxy(url),
        sessions_end_with_browser=_read_session_end(),
        bots_folder=_find_bots_folder(),
        keep_runs_days=_read_days("POSTROOM_KEEP_RUNS_DAYS", KEEP_RUNS_DAYS),
        secret_key=os.environ.get("POSTROOM_SECRET_KEY") or _keep_secret_key(home / "secret-key"),
        old_secret_keys=tuple(os.environ.get("POSTROOM_OLD_SECRET_KEYS", "").split()),
    )


def get_home() -> Path:
    """The folder of this Control Room: what POSTROOM_HOME names, else one of the user's own account."""
    return Path(os.environ.get("POSTROOM_HOME") or get_state_folder() / "control-room").absolute()


def _find_trusted_proxy(url: str) -> str | None:
    # We serve no HTTPS ourselves: where people use it, something in front does, and most often on the same machine.
    default = "127.0.0.1" if url.startswith("https:") else None
    return os.environ.get("POSTROOM_TRUSTED_PROXY") or default


def _find_bots_folder() -> Path | None:
    given = os.environ.get("POSTROOM_BOTS_FOLDER")
    if not given:
        return None
    folder = Path(given).absolute()
    if not folder.is_dir():
        raise SettingError(
            f"POSTROOM_BOTS_FOLDER names {folder}, which is no folder. Name the one that your bots are in, or leave it "
            "out."
        )
    return folder


def _read_days(name: str, default: int) -> int:
    given = os.environ.get(name) or str(default)
    if not given.isdecimal() or not 0 < int(given) < 100_000:
        raise SettingError(f"{name} “{given}” is not a number of days. Write a whole one, such as {default}.")
    return int(given)


def _read_session_end() -> bool:
    given = os.environ.get("POSTROOM_SESSION", "browser")
    if given not in SESSION_ENDS:
        raise SettingError(
            f"POSTROOM_SESSION “{given}” is not known. Write “browser”, so that a sign-in ends when the browser is "
            "closed, or “12 hours”."
        )
    return SESSION_ENDS[given]


def _read_database(home: Path) -> str:
    address = os.environ.get("POSTROOM_DATABASE") or f"sqlite:///{home / 'control-room.sqlite3'}"
    if urlsplit(address).scheme not in DATABASE_SCHEMES:
        # Without what was given: a password may be in it.
        raise SettingError(
            "POSTROOM_DATABASE is not the address of a PostgreSQL database. Write it like "
            "postgresql://user:password@host:5432/postroom, or leave it out for SQLite."
        )
    return address


def _read_url() -> str:
    url = os.environ.get("POSTROOM_URL", DEFAULT_URL).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingError(
            f"POSTROOM_URL “{url}” is not the address of a Control Room. Write it like https://postroom.contoso.com."
        )
    return url


def _keep_secret_key(file: Path) -> str:
    """Read the key, made at the first start; of two processes that start at once one makes it and both read it."""
    if not file.exists():
        with tempfile.NamedTemporaryFile("w", dir=file.parent) as made:  # readable by its owner alone
            made.write(secrets.token_urlsafe(50))
            made.flush()
            with suppress(FileExistsError):
                os.link(made.name, file)  # whole, or not at all
    return file.read_text()
