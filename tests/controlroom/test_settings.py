"""The settings of the Control Room, and the ground that its tests stand on."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.people import People
from support.postgresql import PostgresqlServer

if TYPE_CHECKING:
    from django.test import Client


@pytest.mark.django_db
def test_the_database_is_the_one_asked_for() -> None:
    """SQLite, unless the run asks for PostgreSQL."""
    from django.db import connection

    wanted = os.environ.get("POSTROOM_TEST_DATABASE", "sqlite")
    assert connection.vendor == wanted


def test_home_is_in_a_temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing of the tests comes to the folder of whoever runs them."""
    from postroom.controlroom.settings import CONFIGURATION

    assert Path(tmp_path_factory.getbasetemp()) in CONFIGURATION.home.parents


def test_people_have_what_their_roles_allow(people: People) -> None:
    """The administrator may do all, the outsider nothing."""
    from postroom.controlroom.accounts.permissions import Permission

    assert all(people.administrator.may(permission) for permission in Permission)
    assert not any(people.outsider.may(permission) for permission in Permission)
    assert people.auditor.may(Permission.VIEW_AUDIT_LOG)
    assert not people.creator.may(Permission.VIEW_AUDIT_LOG)


def test_health_answers_everybody(client_as: "Callable[..., Client]", db: None) -> None:
    """Who watches the server needs no account."""
    answer = client_as(None).get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_postgresql_gives_databases(postgresql: PostgresqlServer) -> None:
    """A server process of a test can have a database of its own, and its dump shows what is in it."""
    import psycopg

    address = postgresql.create_database("invoices")
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE inbox AS SELECT 'Invoice 4711' AS subject")
    assert b"Invoice 4711" in postgresql.dump("invoices")
