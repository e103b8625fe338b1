"""A PostgreSQL server of the tests' own, from Debian's package: one for all workers of a test run, reached by a socket.

It runs as the user `postgres` where the tests run as root, because the server refuses root. The first worker that
needs it starts it, and the last one that leaves stops it.
"""

import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

OWNER = "postgres"
STOP_TIMEOUT_SECONDS = 30.0
COMMAND_TIMEOUT_SECONDS = 60
MISSING = "There is no PostgreSQL server on this machine (Debian: apt install postgresql)."
# What is lost when the machine stops is lost with the tests; every worker and server process takes connections.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "listen_addresses": "",
}


@dataclass(frozen=True)
class PostgresqlServer:
    """A running server: the folder of its socket, and what can be done with it."""

    folder: Path

    def get_address(self, database: str) -> str:
        """Give the address of a database, as POSTROOM_DATABASE takes it."""
        return f"postgresql://{OWNER}@/{database}?host={self.folder}"

    def create_database(self, name: str) -> str:
        """Make an empty database, and give its address."""
        self._run("psql", "--dbname", "postgres", "--command", f'CREATE DATABASE "{name}"')
        return self.get_address(name)

    def dump(self, database: str) -> bytes:
        """Give all that a database holds, as `pg_dump` writes it."""
        return self._run("pg_dump", "--inserts", database)

    def _run(self, program: str, *arguments: str) -> bytes:
        found = _get_programs() / program
        command = [str(found), "--host", str(self.folder), "--username", OWNER, *arguments]
        ended = subprocess.run(command, capture_output=True, timeout=COMMAND_TIMEOUT_SECONDS, check=False)
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout


def find_programs() -> Path | None:
    """Find the newest server's folder of programs: Debian keeps them out of the path."""
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(installed, key=lambda program: int(program.parts[-3]), default=None)
    on_path = shutil.which("initdb")
    return newest.parent if newest else Path(on_path).resolve().parent if on_path else None


@contextmanager
def share_postgresql(shared: Path) -> Iterator[PostgresqlServer]:
    """Give the server of this test run, whose workers all name the same folder."""
    with FileLock(shared / "postgresql.lock"):
        server = _find_running(shared) or _start(shared)
        _note_users(shared, _read_users(shared) | {os.getpid()})
    try:
        yield server
    finally:
        with FileLock(shared / "postgresql.lock"):
            others = {pid for pid in _read_users(shared) if pid != os.getpid() and _is_alive(pid)}
            _note_users(shared, others)
            if not others:
                _stop(server)


def _find_running(shared: Path) -> PostgresqlServer | None:
    note = shared / "postgresql.folder"
    server = PostgresqlServer(Path(note.read_text())) if note.exists() else None
    return server if server and (server.folder / "data" / "postmaster.pid").exists() else None


def _start(shared: Path) -> PostgresqlServer:
    # Neither below pytest's own folder, which root closes to others, nor deep: the path of a socket is short.
    folder = Path(tempfile.mkdtemp(prefix="postroom-postgresql-"))
    if _as_owner():
        shutil.chown(folder, OWNER, OWNER)
    data = folder / "data"
    options = " ".join(f"-c {name}='{value}'" for name, value in SETTINGS.items())
    _run_as_owner(
        "initdb", "--pgdata", data, "--username", OWNER, "--auth", "trust", "--encoding", "UTF8", "--no-sync"
    )
    _run_as_owner(
        "pg_ctl", "start", "--wait", "-D", data, "-l", folder / "log", "-o", f"{options} -k '{folder}'"
    )
    (shared / "postgresql.folder").write_text(str(folder))
    return PostgresqlServer(folder)


def _stop(server: PostgresqlServer) -> None:
    pid = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)  # at once: nothing is kept
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    while _is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    shutil.rmtree(server.folder, ignore_errors=True)


def _run_as_owner(program: str, *arguments: str | Path) -> None:
    # The server outlives this and must not hold our pipes open, or whoever waits for their end waits forever.
    with tempfile.TemporaryFile() as output:
        ended = subprocess.run(
            [_get_programs() / program, *arguments],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            timeout=COMMAND_TIMEOUT_SECONDS,
            check=False,
            **_as_owner(),
        )
        output.seek(0)
        assert ended.returncode == 0, output.read().decode()


def _as_owner() -> dict[str, str | list[str] | dict[str, str]]:
    if os.geteuid() != 0:
        return {}
    home = pwd.getpwnam(OWNER).pw_dir
    environment = {"HOME": home, "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    return {"user": OWNER, "group": OWNER, "extra_groups": [], "env": environment}


def _get_programs() -> Path:
    found = find_programs()
    assert found is not None, MISSING
    return found


def _read_users(shared: Path) -> set[int]:
    note = shared / "postgresql.users"
    return set(json.loads(note.read_text())) if note.exists() else set()


def _note_users(shared: Path, pids: set[int]) -> None:
    (shared / "postgresql.users").write_text(json.dumps(sorted(pids)))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
