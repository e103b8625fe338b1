"""A real Control Room in a process of its own: `with start_control_room(folder) as control_room`."""

import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import httpx2

from support.canary import KEY_FILES, canary
from support.empty_database import NAME as DATABASE_FILE
from support.empty_database import empty_database
from support.postgresql import PostgresqlServer
from support.tenant import RunningTenant, bare_environment, end, find_free_ports

COMMAND = (sys.executable, "-m", "postroom", "serve")
LAST_LINE = "End it with Ctrl+C."
ADMINISTRATOR = "admin"
TOKEN_FIELD = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class RunningControlRoom:
    """Reach a running Control Room: its address, who administers it, its log, what it keeps."""

    home: Path
    address: str
    admin_password: str = field(repr=False)
    process: "subprocess.Popen[str]"
    log_file: Path
    database: str | None = None
    """The address of its PostgreSQL database; None where it keeps SQLite's in its home."""
    server: PostgresqlServer | None = None
    tenant_environment: Mapping[str, str] = field(default_factory=dict)
    """The variables that lead it to the tenant, and lead bots there too."""

    @property
    def callback_url(self) -> str:
        """Where a provider brings people back to."""
        return f"{self.address}/oauth/callback"

    @property
    def log(self) -> str:
        """What it has logged so far: a JSON object a line."""
        return self.log_file.read_text()

    @contextmanager
    def signed_in(
        self, username: str = ADMINISTRATOR, password: str | None = None
    ) -> Iterator[httpx2.Client]:
        """Open a client in which this person is signed in, by the page that people use."""
        with httpx2.Client(base_url=self.address, trust_env=False, timeout=30) as client:
            answer = post_form(
                client, "/login/", {"username": username, "password": password or self.admin_password}
            )
            assert answer.is_redirect, f"{username} could not sign in: {answer.status_code}"
            yield client

    def dump(self) -> bytes:
        """Give all that its database holds, as bytes."""
        if self.server is not None and self.database is not None:
            return self.server.dump(urlsplit(self.database).path.lstrip("/"))
        return b"".join(file.read_bytes() for file in sorted(self.home.glob(f"{DATABASE_FILE}*")))


def post_form(client: httpx2.Client, path: str, fields: Mapping[str, Any]) -> httpx2.Response:
    """Fill in the form of a page and send it, as a browser does."""
    page = client.get(path)
    found = TOKEN_FIELD.search(page.text)
    assert found, f"{path} has no form: {page.status_code}"
    # Browsers tell where a form comes from.
    return client.post(
        path, data={"csrfmiddlewaretoken": found[1], **fields}, headers={"Referer": str(page.url)}
    )


@contextmanager
def start_control_room(
    folder: Path,
    tenant: RunningTenant | None = None,
    *,
    port: int | None = None,
    admin_password: str | None = "",
    server: PostgresqlServer | None = None,
    database: str | None = None,
    environment: Mapping[str, str] | None = None,
    arguments: tuple[str, ...] = (),
    worker: bool = False,
) -> Iterator[RunningControlRoom]:
    """Start a Control Room with its home in this folder, led to the tenant, and end it afterwards.

    A new home gets an empty database that is migrated already; all else of a first start is left to the program. It has
    a worker of its own only where that is asked for. The administrator has this password: one that is made here where
    it is empty; the one that the Control Room makes and prints where it is None. At the end the canary reads its log
    and its database.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = port or find_free_ports(1)
    password = secrets.token_urlsafe(16) if admin_password == "" else admin_password
    steered = {
        "POSTROOM_HOME": str(folder / "home"),
        "PYTHONUTF8": "1",
        **({"POSTROOM_ADMIN_PASSWORD": password} if password else {}),
        **({"POSTROOM_DATABASE": database} if database else {}),
        **(tenant.environment if tenant else {}),
        **(environment or {}),
    }
    if "POSTROOM_DATABASE" not in steered and not (folder / "home" / DATABASE_FILE).exists():
        empty_database.copy_to(folder / "home")
    log_file = folder / f"control-room-{port}.log"
    with log_file.open("a") as log:
        process = subprocess.Popen(
            [*COMMAND, "--port", str(port), "--worker" if worker else "--no-worker", *arguments],
            env=bare_of_rooms() | steered,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            encoding="utf-8",
        )
    try:
        told = _read_until_ready(process, log_file)
        password = password or told.get(ADMINISTRATOR, "")
        running = RunningControlRoom(
            folder / "home",
            f"http://localhost:{port}",
            password,
            process,
            log_file,
            database,
            server,
            tenant.environment if tenant else {},
        )
        _watch(running)
        yield running
        _search(running)
    finally:
        end(process)
        if process.stdout:
            process.stdout.close()


def bare_of_rooms() -> dict[str, str]:
    """Give this process's environment without what steers network clients, or names a Control Room."""
    return {name: value for name, value in bare_environment().items() if not name.startswith("POSTROOM_")}


def _read_until_ready(process: "subprocess.Popen[str]", log_file: Path) -> dict[str, str]:
    assert process.stdout is not None
    told: dict[str, str] = {}
    for line in process.stdout:
        name, _, value = line.strip().partition(" ")
        told[name] = value.strip()
        if line.strip() == LAST_LINE:
            # Nobody reads on, and a full pipe would hold the server up.
            Thread(target=_drain, args=(process,), daemon=True).start()
            return told
    raise AssertionError(f"The Control Room did not start: {canary.remove_from(log_file.read_text())}")


def _drain(process: "subprocess.Popen[str]") -> None:
    try:
        for _ in process.stdout or ():
            pass
    except ValueError:
        return  # closed at the end


def _watch(running: RunningControlRoom) -> None:
    keys = [running.home / name for name in KEY_FILES]
    canary.add([running.admin_password, *(key.read_text().strip() for key in keys if key.exists())])


def _search(running: RunningControlRoom) -> None:
    canary.check(running.log, "the log of the Control Room")
    canary.check(running.dump(), "the database of the Control Room")
