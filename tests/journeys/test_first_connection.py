"""A person connects a mailbox: the browser opens, they sign in on real pages, and the bot goes on by itself."""

import os
import queue
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from support.chromium import keep_screenshot, open_context
from support.desk import Desk
from support.mail import make_mail
from support.sign_in import free_url, password_of
from support.tenant import GCC_HIGH, GLOBAL

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BOT = """
from postroom import outlook

with outlook.connect(
    cloud="{cloud}",
    authentication=outlook.AuthorizationCode(
        client_id="{client_id}",
        tenant_id="{tenant_id}",
        redirect_url="{redirect_url}",
        username="{username}",
    ),
) as mailbox:
    for message in mailbox.messages("Inbox", status="unread"):
        print(message.subject)
"""
LINK_TIMEOUT_SECONDS = 30


@contextmanager
def run_bot(desk: Desk, cloud: str, username: str, redirect_url: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the bot as a person would, at a desk whose browser is the test's own."""
    app, described = desk.tenant.app("Desktop bot", cloud), desk.tenant.cloud(cloud)
    script = BOT.format(
        cloud=cloud,
        client_id=app["client_id"],
        tenant_id=described["tenant_id"],
        redirect_url=redirect_url,
        username=username,
    )
    program = subprocess.Popen(
        [sys.executable, "-c", script],
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield program
    finally:
        program.kill()
        program.communicate()


@pytest.fixture
def redirect_url() -> str:
    """Give a redirect URL of the app, the same for a whole test."""
    return free_url()


def read_link(program: "subprocess.Popen[str]") -> str:
    """Wait for the link that the bot prints in case no browser opens."""
    lines: queue.Queue[str] = queue.Queue()
    assert program.stderr is not None
    Thread(target=lambda: [lines.put(line) for line in program.stderr or ()], daemon=True).start()
    while True:
        words = lines.get(timeout=LINK_TIMEOUT_SECONDS).split()
        if found := [word for word in words if word.startswith("https://")]:
            return found[0]


def sign_in(page: "Page", password: str, name: str) -> None:
    """Type the password and accept, with a picture of each page."""
    page.locator("#i0118").wait_for()
    keep_screenshot(page, f"{name} password")
    page.fill("#i0118", password)
    page.click("#idSIButton9")
    page.get_by_role("button", name="Accept").wait_for()
    keep_screenshot(page, f"{name} consent")
    page.get_by_role("button", name="Accept").click()


@pytest.mark.parametrize(
    ("cloud", "username"),
    [(GLOBAL, "ap@contoso.com"), (GCC_HIGH, "ap@contoso.us")],
    ids=["global", "gcc-high"],
)
def test_a_person_signs_in_and_the_bot_goes_on(
    browser: "Browser", desk: Desk, cloud: str, username: str, redirect_url: str
) -> None:
    """After the consent page comes the page that says the connection is there; nobody has to close it."""
    desk.seat(None)
    desk.tenant.deliver(username, make_mail("Invoice 4711", to=username))
    name = f"sign-in {cloud}"
    with (
        run_bot(desk, cloud, username, redirect_url) as program,
        open_context(browser, desk.tenant.manifest) as context,
    ):
        page = context.new_page()
        page.goto(read_link(program))
        sign_in(page, password_of(desk.tenant, username), name)
        page.get_by_text("You are connected").wait_for()
        keep_screenshot(page, f"{name} connected")
        assert page.url == redirect_url
        printed = program.stdout.read() if program.stdout else ""
        assert (printed, program.wait(30)) == ("Invoice 4711\n", 0)
    with run_bot(desk, cloud, username, redirect_url) as again:
        printed, said = again.communicate(timeout=30)
    assert (printed, said, again.returncode) == ("Invoice 4711\n", "", 0)


def test_who_cancels_reads_so_in_the_browser(browser: "Browser", desk: Desk, redirect_url: str) -> None:
    """Cancel on the consent page ends the bot with a sentence, which the browser shows too."""
    desk.seat(None)
    with (
        run_bot(desk, GLOBAL, "ap@contoso.com", redirect_url) as program,
        open_context(
            browser, desk.tenant.manifest, color_scheme="dark", viewport={"width": 390, "height": 720}
        ) as context,
    ):
        page = context.new_page()
        page.goto(read_link(program))
        page.fill("#i0118", "not the password")
        page.click("#idSIButton9")
        page.get_by_role("alert").wait_for()
        keep_screenshot(page, "sign-in wrong password")
        page.fill("#i0118", password_of(desk.tenant, "ap@contoso.com"))
        page.click("#idSIButton9")
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("declined").first.wait_for()
        keep_screenshot(page, "sign-in declined")
        assert program.wait(30) == 1
