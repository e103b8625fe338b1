"""A Control Room without a server, for tests of the vault in several processes: `python -m support.vaults` is one."""

import json
import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.canary import canary
from support.empty_database import empty_database
from support.postgresql import PostgresqlServer
from support.tenant import bare_environment

TIMEOUT_SECONDS = 200
VALUES = 60
CANARY = "canary-8Q~in-every-value"


@dataclass
class SeparateControlRoom:
    """A home and a database, and the processes that use them."""

    folder: Path
    environment: dict[str, str] = field(repr=False)
    server: PostgresqlServer | None = None

    @property
    def home(self) -> Path:
        """Where its key lies."""
        return Path(self.environment["POSTROOM_HOME"])

    def run(self, *command: str, stdin: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run Python with these arguments to its end."""
        return subprocess.run(
            [sys.executable, *command],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
            env={**self.environment, **environment},
        )

    def vault(
        self, *arguments: str, stdin: str = "", **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run `postroom vault`."""
        return self.run("-m", "postroom", "vault", *arguments, stdin=stdin, **environment)

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Start Python with these arguments."""
        return subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )

    def fill(self, count: int = VALUES) -> None:
        """Put values into the vault."""
        done = self.run("-m", "support.vaults", "fill", str(count))
        assert done.returncode == 0, done.stderr

    def dump(self) -> bytes:
        """Give all that its database holds, and all other files of its home but the keys'."""
        kept = b"".join(
            file.read_bytes()
            for file in self.home.rglob("*")
            if file.is_file() and file.name not in ("vault-key", "secret-key")
        )
        if self.server is None:
            return kept
        return kept + self.server.dump(urlsplit(self.environment["POSTROOM_DATABASE"]).path.lstrip("/"))

    def read_key(self) -> str:
        """The master key, as an administrator keeps it; the canary looks for it from now on."""
        key = (self.home / "vault-key").read_text().strip()
        canary.add([key])
        return key


def make_control_room(folder: Path, request: pytest.FixtureRequest) -> SeparateControlRoom:
    """Make one, with its tables and its key, on the database of this test run."""
    folder.mkdir()
    environment = {
        **{name: value for name, value in bare_environment().items() if not name.startswith("POSTROOM_")},
        "POSTROOM_HOME": str(folder / "home"),
        "DJANGO_SETTINGS_MODULE": "postroom.controlroom.settings",
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "PYTHONUTF8": "1",
    }
    server: PostgresqlServer | None = None
    if os.environ.get("POSTROOM_TEST_DATABASE") == "postgresql":
        server = request.getfixturevalue("postgresql")
        assert server is not None
        environment["POSTROOM_DATABASE"] = server.create_database(f"vault-{uuid.uuid4().hex[:8]}")
    made = SeparateControlRoom(folder, environment, server)
    if server is None:
        empty_database.copy_to(made.home)
    else:
        done = made.run("-m", "django", "migrate", "--verbosity", "0")
        assert done.returncode == 0, done.stderr
    return made


def fill(count: str) -> None:
    """Make a credential with attributes, of which each holds its own name."""
    from postroom.controlroom.vault import envelope, master_keys
    from postroom.controlroom.vault.models import Attribute, Credential
    from postroom.controlroom.vault.registry import identify

    master_keys.ensure_key()
    credential = Credential.objects.create(name="load")
    for number in range(int(count)):
        attribute = Attribute(credential=credential, name=f"value {number}")
        attribute.encrypted = envelope.encrypt(identify(attribute, "encrypted"), _write(attribute, 0))
        attribute.save()


def work(worker: str, workers: str, stop_file: str) -> None:
    """Write own values with a growing number and read all, until the file is there; fail where one is lost."""
    from postroom.controlroom.vault import envelope
    from postroom.controlroom.vault.models import Attribute
    from postroom.controlroom.vault.registry import identify

    keys = list(Attribute.objects.order_by("pk").values_list("pk", flat=True))
    own = set(keys[int(worker) :: int(workers)])
    written: dict[Any, int] = {}
    requests = 0
    print("ready", flush=True)
    while not Path(stop_file).exists():
        for key in keys:
            attribute = Attribute.objects.get(pk=key)
            kept = json.loads(envelope.decrypt(identify(attribute, "encrypted"), attribute.encrypted))
            assert kept["name"] == attribute.name, "the value of another record"
            if key in own:
                assert kept["number"] == written.get(key, kept["number"]), "a newer value was overwritten"
                written[key] = kept["number"] + 1
                stored = envelope.encrypt(identify(attribute, "encrypted"), _write(attribute, written[key]))
                Attribute.objects.filter(pk=key).update(encrypted=stored)
            requests += 1
            # The processors are shared with the rotation.
            time.sleep(0.005)
    print(json.dumps({"requests": requests, "writes": sum(written.values())}))


def serve() -> None:
    """Answer each line of stdin by whether a value can be encrypted and read, as a server's process does."""
    from postroom.controlroom.vault import envelope, master_keys
    from postroom.errors import PostroomError

    try:
        master_keys.ensure_key()
    except PostroomError as error:
        print(type(error).__name__, flush=True)
        return
    print("started", flush=True)
    for _line in sys.stdin:
        try:
            print(envelope.decrypt("a.B/1/c", envelope.encrypt("a.B/1/c", b"open")).decode(), flush=True)
        except PostroomError as error:
            print(type(error).__name__, flush=True)


def _write(attribute: Any, number: int) -> bytes:
    return json.dumps({"name": attribute.name, "number": number, "secret": CANARY}).encode()


if __name__ == "__main__":
    import django

    django.setup()
    {"fill": fill, "work": work, "serve": serve}[sys.argv[1]](*sys.argv[2:])
