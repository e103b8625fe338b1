"""The Control Room in tests: Django with a home and a database of this run's own, people, and servers.

POSTROOM_TEST_DATABASE=postgresql runs these tests on PostgreSQL. Django is set up when pytest first comes to this
folder, with all that it keeps in pytest's temporary folder, so that other tests neither pay for it nor notice.
"""

import logging
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.canary import canary
from support.control_room import RunningControlRoom
from support.people import People, create_people
from support.postgresql import MISSING, PostgresqlServer, find_programs, share_postgresql
from support.secrets_seen import watch_secrets

if TYPE_CHECKING:
    from django.test import Client

    from postroom.controlroom.accounts.models import User

FOLDER = Path(__file__).parent
SETTINGS_MODULE = "postroom.controlroom.settings"
WANTED_DATABASE = os.environ.get("POSTROOM_TEST_DATABASE", "sqlite")
ON_POSTGRESQL = WANTED_DATABASE == "postgresql" and find_programs() is not None
SERVER = pytest.StashKey[PostgresqlServer]()
# What the tests are told; everything else of the name is of a Control Room that this machine may have.
OF_TESTS = ("POSTROOM_TEST_DATABASE", "POSTROOM_REQUIRE_ALL")
ONLY_ON_POSTGRESQL = "only_on_postgresql"
ON_CHOSEN_DATABASE = {"db", "transactional_db", "live_server", "start_room", "separate"}
"""The fixtures that are on whichever database these tests run on."""


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Set Django up, before any test of this folder is imported."""
    from django.conf import settings

    config.addinivalue_line("markers", f"{ONLY_ON_POSTGRESQL}: a test that says nothing about SQLite")
    if settings.configured:
        raise pytest.UsageError("Unset DJANGO_SETTINGS_MODULE: the tests set Django up for themselves.")
    folder: Path = config._tmp_path_factory.mktemp("control-room")  # type: ignore[attr-defined]
    for name in [name for name in os.environ if name.startswith("POSTROOM_") and name not in OF_TESTS]:
        del os.environ[name]
    os.environ["POSTROOM_HOME"] = str(folder / "home")
    if ON_POSTGRESQL and not _only_hands_out_tests(config):
        os.environ["POSTROOM_DATABASE"] = _join_postgresql(config).get_address("postroom")
    _set_up_django(config)
    # For the canary everything is logged, and here that is each variable that a template asks for in vain, with a
    # traceback: it would take half of the time that pages take.
    logging.getLogger("django.template").setLevel(logging.INFO)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what says nothing about the database of this run: that is no skip, as the other run has it."""
    says_nothing = _is_elsewhere if WANTED_DATABASE == "postgresql" else _is_of_postgresql
    left_out = [item for item in items if item.path.is_relative_to(FOLDER) and says_nothing(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _is_of_postgresql(item: pytest.Item) -> bool:
    return item.get_closest_marker(ONLY_ON_POSTGRESQL) is not None


def _is_elsewhere(item: pytest.Item) -> bool:
    """Whether a test needs no database, or one that is the same in both runs."""
    uses = {*getattr(item, "fixturenames", ())}
    return not item.get_closest_marker("django_db") and uses.isdisjoint(ON_CHOSEN_DATABASE)


def _join_postgresql(config: pytest.Config) -> PostgresqlServer:
    base: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    stack = ExitStack()
    config.add_cleanup(stack.close)
    shared = base.parent if hasattr(config, "workerinput") else base
    config.stash[SERVER] = server = stack.enter_context(share_postgresql(shared))
    return server


def _set_up_django(config: pytest.Config) -> None:
    from pytest_django.plugin import _setup_django

    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS_MODULE
    try:
        from django.conf import settings

        if settings.STATIC_ROOT:  # WhiteNoise warns where it is not
            Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
        _setup_django(config)
    finally:
        del os.environ["DJANGO_SETTINGS_MODULE"]  # programs that tests start choose for themselves


def _only_hands_out_tests(config: pytest.Config) -> bool:
    return not hasattr(config, "workerinput") and bool(getattr(config.option, "numprocesses", None))


@pytest.fixture(scope="session", autouse=True)
def wanted_database() -> None:
    """Skip where the database that is asked for is not on this machine."""
    if WANTED_DATABASE == "postgresql" and not ON_POSTGRESQL:
        pytest.skip(MISSING)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Keep SQLite's database in a file, as a Control Room does, so that threads and the canary can read it."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(settings.CONFIGURATION.home / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Let tests empty the audit trail, which the database refuses to everybody else."""
    from django.db import connection

    from postroom.controlroom.audit import triggers

    with django_db_blocker.unblock():
        triggers.remove(connection)


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """Let no test find what an earlier one left beside the database, nor the language it spoke last."""
    from django.utils import translation

    from postroom.controlroom.settings import CONFIGURATION
    from postroom.controlroom.vault.memory import memory

    memory.forget()
    translation.deactivate_all()
    for name in ("audit-anchor.json", "vault-key.next"):
        (CONFIGURATION.home / name).unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def secrets_are_watched(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the canary look for whatever the Control Room treats as a secret in this test, also in what it committed."""
    with watch_secrets():
        yield
    marker = request.node.get_closest_marker("django_db")
    if (marker and marker.kwargs.get("transaction")) or "transactional_db" in request.fixturenames:
        canary.check(_dump(request.config), "the database")


def _dump(config: pytest.Config) -> bytes:
    from django.db import connection

    database = connection.settings_dict["NAME"]
    if ON_POSTGRESQL:
        return config.stash[SERVER].dump(database)
    # By another process: one that closes a file of SQLite's gives up the locks that its open connections hold on it,
    # and the database is damaged when a worker comes or goes meanwhile (sqlite.org/howtocorrupt.html, 2.2).
    files = Path(database).parent.glob(f"{Path(database).name}*")
    return subprocess.run(["cat", *files], stdout=subprocess.PIPE, check=True).stdout


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Hash passwords quickly: what slows an attacker down would slow every test down."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def people(db: None) -> People:
    """Give a user of each default role, and one without a role."""
    return create_people()


@pytest.fixture
def client_as() -> "Callable[..., Client]":
    """Open a client in which this person is signed in, or nobody: `client_as(person, enforce_csrf_checks=True)`.

    A secret in any answer but those that are there to give one fails the test.
    """
    from support.watched_client import WatchedClient

    def open_client(person: "User | None" = None, **settings: Any) -> "Client":
        client = WatchedClient(**settings)
        if person is not None:
            client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return open_client


@pytest.fixture
def client(client_as: "Callable[..., Client]") -> "Client":
    """Give a client in which nobody is signed in; secrets in its answers are found too."""
    return client_as()


@pytest.fixture
def start_room(
    request: pytest.FixtureRequest, start_room: "Callable[..., AbstractContextManager[RunningControlRoom]]"
) -> "Callable[..., AbstractContextManager[RunningControlRoom]]":
    """Start Control Rooms on the database that these tests run on."""
    if not ON_POSTGRESQL:
        return start_room
    server = request.getfixturevalue("postgresql")

    def start(**settings: Any) -> "AbstractContextManager[RunningControlRoom]":
        database = server.create_database(f"room_{uuid.uuid4().hex}")
        return start_room(**{"server": server, "database": database, **settings})

    return start


@pytest.fixture(scope="session")
def postgresql(pytestconfig: pytest.Config) -> PostgresqlServer:
    """Give the PostgreSQL server of this test run, whichever database the tests run on."""
    if find_programs() is None:
        pytest.skip(MISSING)
    return pytestconfig.stash.get(SERVER, None) or _join_postgresql(pytestconfig)
