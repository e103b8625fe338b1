"""The sidebar, and the pages that it leads to, in a browser as people have it."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.navigation import GROUPS, get_navigation
from support.control_room import ADMINISTRATOR, RunningControlRoom, start_control_room
from support.people import People

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGES = [page for group in GROUPS for page in group.pages]
NARROW, WIDE, HEIGHT = 390, 1280, 860
THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def control_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningControlRoom]:
    """Start a Control Room for all tests here."""
    with start_control_room(tmp_path_factory.mktemp("pages")) as running:
        yield running


def list_links(user: Any) -> set[str]:
    """List the addresses that the sidebar offers to somebody."""
    request = RequestFactory().get("/")
    request.user = user
    return {item["link"] for group in get_navigation(request) for item in group["items"]}


def test_it_offers_what_may_be_opened(people: People, client_as: Callable[..., Client]) -> None:
    """Whatever the sidebar shows to somebody opens for them, and an administrator is offered all of it."""
    for person in (people.administrator, people.creator, people.auditor, people.outsider):
        client = client_as(person)
        assert {client.get(link, follow=True).status_code for link in list_links(person)} == {200}
    assert list_links(people.administrator) == {reverse(page.url_name) for page in PAGES}


def test_it_does_not_offer_what_is_refused(people: People, client_as: Callable[..., Client]) -> None:
    """What somebody is not offered is refused to them."""
    hidden = {reverse(page.url_name) for page in PAGES} - list_links(people.outsider)
    assert {client_as(people.outsider).get(link, follow=True).status_code for link in hidden} == {403}


def test_one_place_at_a_time_is_marked(people: People) -> None:
    """The page that is open is marked, and no other."""
    for page in PAGES:
        request = RequestFactory().get(reverse(page.url_name))
        request.user = people.administrator
        items = [item for group in get_navigation(request) for item in group["items"]]
        assert [item["link"] for item in items if item["active"]] == [request.path]


def test_every_permission_leads_somewhere() -> None:
    """There is no permission that shows no page in the sidebar."""
    assert {permission for page in PAGES for permission in page.permissions} == set(Permission)


def test_pages_fit_and_load_nothing_from_elsewhere(
    browser: "Browser", control_room: RunningControlRoom
) -> None:
    """No page asks another host for anything, has an error in its console, or is wider than the screen."""
    with browser.new_context(base_url=control_room.address) as context:
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on(
            "request", lambda asked: wrong.append(asked.url) if is_foreign(asked.url, control_room) else None
        )
        sign_in(page, control_room)
        for entry in PAGES:
            # What scripts lay out once, at the start, is laid out where there is least room for it.
            page.set_viewport_size({"width": NARROW, "height": HEIGHT})
            page.goto(reverse(entry.url_name), wait_until="networkidle")
            for width, theme in product((NARROW, WIDE), THEMES):
                page.set_viewport_size({"width": width, "height": HEIGHT})
                switch_theme(page, theme)
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    wrong.append(f"{entry.url_name} is too wide for {width} in {theme}")
        assert wrong == []


def test_the_keyboard_is_enough(browser: "Browser", control_room: RunningControlRoom) -> None:
    """Who uses no mouse signs in and reaches the first step, and sees where they are."""
    with browser.new_context(base_url=control_room.address) as context:
        page = context.new_page()
        page.goto("/login/")
        page.locator("input[name=username]").focus()
        page.keyboard.type(ADMINISTRATOR)
        page.keyboard.press("Tab")
        page.keyboard.type(control_room.admin_password)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="What to do next").wait_for()
        step = page.get_by_role("link", name="Do it now")
        for _ in range(60):
            if step.evaluate("element => element === document.activeElement"):
                break
            page.keyboard.press("Tab")
        assert step.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
        page.get_by_role("button", name=ADMINISTRATOR).focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Log out").wait_for()


def sign_in(page: "Page", control_room: RunningControlRoom) -> None:
    """Sign in as the administrator, by the page."""
    page.goto("/login/")
    page.fill("input[name=username]", ADMINISTRATOR)
    page.fill("input[name=password]", control_room.admin_password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    page.get_by_role("heading", name="Overview").wait_for()


def switch_theme(page: "Page", theme: str) -> None:
    """Press the keys that switch to the other theme: to the light one from that of the system."""
    page.keyboard.press("Control+e")
    page.locator(f"html.{theme}").wait_for(state="attached")


def is_foreign(url: str, control_room: RunningControlRoom) -> bool:
    """Say whether this is an address of somebody else."""
    return not url.startswith((control_room.address, "data:"))
