"""The first page says what to do next and how things stand, to each as far as they may see it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from postroom.controlroom.accounts.models import Role, User
from postroom.controlroom.connections.models import ClientSecret, ConnectionToken, OAuthConnection
from postroom.controlroom.connections.providers import ClientAuthentication, GrantType, Provider
from postroom.controlroom.overview import get_overview
from postroom.controlroom.runs.models import Bot, BotVersion, Run
from support.people import People

MOST_QUERIES = 24


def add_connection(name: str, *roles: str, **fields: Any) -> OAuthConnection:
    """Make a connection that members of these roles may use."""
    made: OAuthConnection = OAuthConnection.objects.create(
        name=name,
        **{
            "provider": Provider.ENTRA_GLOBAL,
            "grant_type": GrantType.AUTHORIZATION_CODE,
            "client_authentication": ClientAuthentication.SECRET,
            "client_id": "an-app",
            **fields,
        },
    )
    made.roles.set(Role.objects.filter(name__in=roles))
    return made


def get_card(user: User, title: str) -> Any:
    """Find a card of the user's first page."""
    return next(card for card in get_overview(user)["cards"] if card.title == title)


def test_it_begins_with_a_connection(people: People, client_as: Callable[..., Client]) -> None:
    """An administrator of an empty Control Room is led to the first connection."""
    overview = get_overview(people.administrator)
    assert overview["next_step"].title == "Add an OAuth connection"
    page = client_as(people.administrator).get("/").content.decode()
    assert "What to do next" in page
    assert f'href="{overview["next_step"].link}"' in page


def test_what_is_done_is_not_asked_for_again(people: People) -> None:
    """The step after the connection is its sign-in, and after that the roles."""
    connection = add_connection("Outlook365-Production")
    assert get_overview(people.administrator)["next_step"].title == "Test it, and save login credentials"
    ConnectionToken.objects.create(connection=connection, encrypted=b"kept", refreshed=timezone.now())
    assert get_overview(people.administrator)["next_step"].title == "Invite roles"
    connection.roles.add(Role.objects.get(name="Bot creator"))
    assert get_overview(people.administrator)["next_step"].title == "Deploy a bot"
    Bot.objects.create(name="Intake", path="intake.bot.yaml")
    people.administrator.devices.create(name="desk", key_prefix="prk_1")
    assert get_overview(people.administrator)["steps"] == []


def test_who_has_no_role_is_told_whom_to_ask(people: People, client_as: Callable[..., Client]) -> None:
    """An empty page would say nothing; this one says where roles come from."""
    page = client_as(people.outsider).get("/").content.decode()
    assert "You have no role yet" in page
    assert "Ask an administrator" in page


def test_nobody_sees_what_their_roles_do_not_show(people: People) -> None:
    """Cards, entries and steps follow permissions; connections follow invitations."""
    add_connection("Invited", "Bot creator")
    add_connection("Not invited")
    assert get_card(people.creator, "OAuth connections").number == 1
    assert get_card(people.administrator, "OAuth connections").number == 2
    assert get_overview(people.creator)["entries"] == []
    assert "People" not in {card.title for card in get_overview(people.creator)["cards"]}
    assert not get_overview(people.outsider)["cards"]


def test_what_needs_somebody_is_said(people: People) -> None:
    """A sign-in that ended, and a secret that ends soon, show on the first page."""
    lost = add_connection("Lost")
    ConnectionToken.objects.create(connection=lost, needs_sign_in=True)
    ending = add_connection("Ending", grant_type=GrantType.CLIENT_CREDENTIALS)
    ClientSecret.objects.create(
        connection=ending, encrypted=b"kept", expires=timezone.now().date() + timedelta(days=3)
    )
    card = get_card(people.administrator, "OAuth connections")
    assert card.needs_attention
    assert "need" in card.remark
    assert any("Ending" in warning.sentence for warning in get_overview(people.administrator)["warnings"])


def test_many_connections_cost_no_more_queries(
    people: People, client_as: Callable[..., Client], django_assert_max_num_queries: Callable[..., Any]
) -> None:
    """The page asks the database no more often for thirty connections than for one."""
    for number in range(30):
        connection = add_connection(f"Connection {number}", "Bot creator")
        ConnectionToken.objects.create(connection=connection, encrypted=b"kept", refreshed=timezone.now())
    client = client_as(people.administrator)
    client.get("/")
    with django_assert_max_num_queries(MOST_QUERIES):
        client.get("/")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_language_is_the_users_own(
    language: str, people: People, client_as: Callable[..., Client]
) -> None:
    """What a user chose counts more than what the browser asks for, and is kept with the account."""
    client = client_as(people.auditor)
    client.post("/language/", {"language": language, "next": "/"})
    people.auditor.refresh_from_db()
    assert people.auditor.language == language
    page = client.get("/", headers={"Accept-Language": "en" if language == "ja" else "ja"})
    assert f'<html lang="{language}"' in page.content.decode()


def test_a_browser_chooses_for_strangers(db: None) -> None:
    """The sign-in page is in the browser's language, until another is chosen there."""
    client = Client()
    assert '<html lang="ja"' in client.get("/login/", headers={"Accept-Language": "ja"}).content.decode()
    client.post("/language/", {"language": "en", "next": "/login/"})
    assert '<html lang="en"' in client.get("/login/", headers={"Accept-Language": "ja"}).content.decode()


def test_the_language_switch_leads_nowhere_else(db: None) -> None:
    """A link to another site in the form is not followed."""
    answer = Client().post("/language/", {"language": "ja", "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_runs_that_failed_need_attention(people: People) -> None:
    """The card counts what is not over, and says what has failed since yesterday; to each of what they may see."""
    bot = Bot.objects.create(name="Intake", path="intake.bot.yaml")
    version = BotVersion.objects.create(bot=bot, number=1, text="")
    shared: dict[str, Any] = {"bot": bot, "version": version, "run_as": people.creator, "begun_by": "creator"}
    Run.objects.create(**shared)
    assert (get_card(people.auditor, "Runs").number, get_card(people.auditor, "Runs").needs_attention) == (
        1,
        False,
    )
    Run.objects.create(**shared, status="failed", finished=timezone.now())
    Run.objects.create(**shared, status="failed", finished=timezone.now() - timedelta(days=2))
    card = get_card(people.auditor, "Runs")
    assert (card.number, card.remark, card.needs_attention) == (1, "1 failed since yesterday", True)
    assert not any(card.title == "Runs" for card in get_overview(people.outsider)["cards"])
