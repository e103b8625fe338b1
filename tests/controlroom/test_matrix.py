"""Every page and every endpoint, opened by everybody: allowed exactly where the table says."""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from controlroom.runs.conftest import INTAKE
from support.access_table import ALL_PERMISSIONS, APPS, BY_KEY, ENDPOINTS, PAGES, PEOPLE, Row
from support.people import People, create_user
from support.watched_mailboxes import create_trigger

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

METHOD_NOT_ALLOWED = 405
Open = Callable[[str], "Client"]


def list_routes(resolver: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """List the addresses of a URL resolver and what is below it, each with its name."""
    from django.urls import URLResolver

    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from list_routes(pattern, route)
        else:
            yield route, pattern.name or ""


def list_endpoints() -> set[str]:
    """List the methods and paths of the API."""
    from postroom.controlroom.api import api

    return {
        f"{method} {prefix.rstrip('/')}{path}"
        for prefix, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    }


def list_pages() -> set[str]:
    """List the addresses that are no endpoint of the API, and no list of an app's models."""
    from django.urls import get_resolver

    endpoints = {name for route, name in list_routes(get_resolver()) if route.startswith("api/")}
    endpoints -= {"openapi-json", "openapi-view", "api-root", ""}
    return {
        route
        for route, name in list_routes(get_resolver())
        if name != "app_list" and not (route.startswith("api/") and name in endpoints)
    }


def test_every_page_is_in_the_table() -> None:
    """A page that no row names is one that nobody has thought about."""
    assert list_pages() == PAGES.keys()


def test_every_endpoint_is_in_the_table() -> None:
    """An endpoint that no row names is one that nobody has thought about."""
    assert list_endpoints() == ENDPOINTS.keys()


def test_every_app_is_in_the_table() -> None:
    """The page that lists an app's models exists for the apps that the table names."""
    from postroom.controlroom.site import site

    assert {model._meta.app_label for model in site._registry} == APPS.keys()


def test_every_permission_is_in_the_table() -> None:
    """A new permission needs its place in the table."""
    from postroom.controlroom.accounts.permissions import FIRST_ROLES, Permission

    assert {permission.value for permission in Permission} == ALL_PERMISSIONS
    roles = {name.casefold().split()[-1]: frozenset(allowed) for name, allowed in FIRST_ROLES.items()}
    assert {name: PEOPLE[name] & ALL_PERMISSIONS for name in roles} == roles


@pytest.fixture
def things(people: People) -> dict[str, Any]:
    """Make one of each thing that the addresses name; gives their keys, and the API keys of two devices."""
    from postroom.controlroom.accounts.device_keys import add_device, revoke_device
    from postroom.controlroom.accounts.models import Role
    from postroom.controlroom.audit.models import AuditEntry
    from postroom.controlroom.connections.models import OAuthConnection

    newcomer, clerk, runner = create_user("newcomer"), create_user("clerk"), create_user("runner")
    clerks, runners = Role.objects.create(name="Clerks"), Role.objects.create(name="Runners")
    clerk.groups.add(clerks)
    runner.groups.add(runners)
    runners.permissions.add(*find_permissions("run_bots"))
    connection = OAuthConnection.objects.create(
        name="Payables",
        provider="custom",
        grant_type="authorization_code_pkce",
        client_authentication="none",
        client_id="invoice-bot",
        authorization_url="https://localhost:1/authorize",
        token_url="https://localhost:1/token",
    )
    colleague, payers = create_user("colleague", role="Bot creator"), Role.objects.create(name="Payers")
    colleague.groups.add(payers)
    connection.roles.add(clerks, payers)
    locker, credential = create_locker(people, consumers=(clerks, runners))
    device, _ = add_device(newcomer, "Laptop")
    _, key = add_device(people.creator, "Desk")
    revoked, revoked_key = add_device(people.creator, "Old desk")
    revoke_device(people.creator, revoked)
    run = create_run(people)
    return {
        "mailbox_limit": create_mailbox_limit(people).pk,
        "bot": run.bot_id,
        "run": run.pk,
        "schedule": create_schedule(people, run.bot).pk,
        "trigger": create_trigger(run.bot, people.administrator, connection).pk,
        "user": newcomer.pk,
        "role": Role.objects.create(name="Drivers").pk,
        "device": device.pk,
        "connection": connection.pk,
        "locker": locker.pk,
        "credential": credential.pk,
        "entry": AuditEntry.objects.values_list("pk", flat=True)[0],
        "key": key,
        "revoked key": revoked_key,
        "people": {
            **vars(people),
            "clerk": clerk,
            "runner": runner,
            "colleague": colleague,
        },
    }


def create_schedule(people: People, bot: Any) -> Any:
    """Have a bot run each day as its creator."""
    from postroom.controlroom.runs.models import Schedule
    from postroom.controlroom.runs.schedules.records import ScheduleSettings, save_schedule

    return save_schedule(
        Schedule(), ScheduleSettings("Daily", bot, {}, people.creator, "0 8 * * *"), people.creator
    )


def create_mailbox_limit(people: People) -> Any:
    """Say how many runs may work in a mailbox at once."""
    from postroom.controlroom.runs.mailbox_limits import set_mailbox_limit

    return set_mailbox_limit(people.administrator, "ap@contoso.com", 2)


def find_permissions(*codenames: str) -> Any:
    """Find permissions of ours as Django keeps them."""
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(content_type__app_label="accounts", codename__in=codenames)


def create_run(people: People) -> Any:
    """Deploy a bot, and put a run of the creator's into the queue."""
    from postroom.controlroom.runs.bots.deploying import deploy_file
    from postroom.controlroom.runs.queueing import begin_run

    version = deploy_file(None, "intake.bot.yaml", INTAKE)
    return begin_run(version, {}, people.creator, "creator")


def create_locker(people: People, consumers: Any) -> tuple[Any, Any]:
    """Make a locker of the creator's, with one credential in it that has a value."""
    from postroom.controlroom.vault.credentials import save_value
    from postroom.controlroom.vault.models import Attribute, Credential, Locker, LockerMember, Part
    from postroom.values import Secret

    locker = Locker.objects.create(name="Payables")
    locker.consumers.set(consumers)
    LockerMember.objects.create(locker=locker, user=people.creator, part=Part.OWNER)
    credential = Credential.objects.create(name="azure", locker=locker, owner=people.creator)
    Attribute.objects.create(name="client_id", credential=credential)
    save_value(people.creator, "azure", "client_id", Secret("a value of nobody"))
    return locker, credential


@pytest.fixture
def open_as(things: dict[str, Any], client_as: "Callable[..., Client]") -> Open:
    """Open a client as anybody of the table."""

    def open_client(person: str) -> "Client":
        if person in BY_KEY:
            return client_as(None, headers={"Authorization": f"Bearer {things[person].reveal()}"})
        return client_as(things["people"].get(person))

    return open_client


def ask_everybody(ask: "Callable[[str], HttpResponse]") -> "Iterator[tuple[str, HttpResponse]]":
    """Let everybody ask, each finding things as they were."""
    from django.db import transaction

    for person in PEOPLE:
        with transaction.atomic():
            answer = ask(person)
            transaction.set_rollback(True)
        yield person, answer


def is_refused_page(answer: "HttpResponse", row: Row) -> bool:
    """Say whether a page was refused: by the way to the sign-in page, or by a page that says so."""
    place = answer["Location"] if answer.status_code == 302 else ""
    # Lists lead back to the first page, with a message, where there is no such record for somebody.
    is_missing = row.hidden and (answer.status_code == 404 or place == "/")
    return place.startswith("/login/?next=") or is_missing or answer.status_code == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("route", PAGES)
def test_page(open_as: Open, things: dict[str, Any], route: str, method: str) -> None:
    """A page is there for those whom the table names; others are brought to the sign-in page, or refused."""
    row = PAGES[route]
    path = row.path.format_map(things)
    found = {}
    for person, answer in ask_everybody(
        lambda person: (
            open_as(person).generic(method, path, row.body or b"")
            if method == "GET"
            else open_as(person).post(path, row.body)
        )
    ):
        if answer.status_code != METHOD_NOT_ALLOWED:
            found[person] = not is_refused_page(answer, row)
    who = row.who if method == "GET" or row.who_sends is None else row.who_sends
    marks = {person: PEOPLE["anonymous" if person in BY_KEY else person] for person in PEOPLE}
    assert found == {person: bool(marks[person] & who) for person in found}


@pytest.mark.parametrize("app", APPS)
def test_list_of_an_app(open_as: Open, app: str) -> None:
    """The page that lists an app's models is there for those who may see any of them."""
    row = Row(APPS[app], f"/{app}/", hidden=404)
    found = {
        person: not is_refused_page(answer, row)
        for person, answer in ask_everybody(lambda person: open_as(person).get(row.path))
    }
    marks = {person: PEOPLE["anonymous" if person in BY_KEY else person] for person in PEOPLE}
    assert found == {person: bool(marks[person] & row.who) for person in PEOPLE}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_endpoint(open_as: Open, things: dict[str, Any], endpoint: str) -> None:
    """An endpoint answers those whom the table names; others get 401 while nobody knows them, else 403 or 404."""
    row = ENDPOINTS[endpoint]
    path = f"/api{row.path}".format_map(things)
    found = dict(
        ask_everybody(
            lambda person: open_as(person).generic(
                endpoint.split()[0], path, json.dumps(row.body), content_type="application/json"
            )
        )
    )
    refusals = {401, 403} | ({row.hidden} if row.hidden else set())
    statuses = {person: answer.status_code for person, answer in found.items()}
    assert {person for person in PEOPLE if statuses[person] not in refusals} == {
        person for person, marks in PEOPLE.items() if marks & row.who
    }
    strangers = {statuses[person] for person in PEOPLE if not PEOPLE[person] & (row.who | {"signed in"})}
    assert strangers <= {401}
    assert max(statuses.values()) < 500
