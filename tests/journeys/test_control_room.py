"""The Control Room as people have it: from the first start to a bot that works by a connection, in a real browser."""

import re
import secrets
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

import pytest

from support.access_table import PAGES
from support.canary import canary
from support.control_room import RunningControlRoom, bare_of_rooms
from support.mail import make_mail
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant
from support.visits import Visit

CONNECTION = "Outlook365-Production"
ROLE = "Invoice clerks"
BOT = """
from postroom import outlook

with outlook.connect(
    cloud="{cloud}",
    authentication=outlook.ControlRoomManaged(connection="{connection}", token="{token}", username="{username}"),
) as mailbox:
    for message in mailbox.messages("Inbox", status="unread"):
        print(message.subject)
"""
BOT_TIMEOUT_SECONDS = 60

METHOD_NOT_ALLOWED = 405


def run_bot(room: RunningControlRoom, key: str, **described: str) -> "subprocess.CompletedProcess[str]":
    """Run a bot on a device that has this API key."""
    return subprocess.run(
        [sys.executable, "-c", BOT.format(connection=CONNECTION, **described)],
        env=bare_of_rooms()
        | room.tenant_environment
        | {
            "POSTROOM_CONTROL_ROOM_URL": room.address,
            "POSTROOM_CONTROL_ROOM_KEY": key,
            "PYTHONUTF8": "1",
        },
        capture_output=True,
        text=True,
        timeout=BOT_TIMEOUT_SECONDS,
        check=False,
    )


def get_key(visitor: Visit, device: str) -> str:
    """Add a device on the page, and copy its key, which is shown once."""
    visitor.open("/me/devices/")
    visitor.page.fill("[name=name]", device)
    visitor.page.press("[name=name]", "Enter")
    found = visitor.page.get_by_text(re.compile(r"^prk_")).first
    key = found.input_value() if found.evaluate("e => 'value' in e") else found.inner_text()
    canary.add([key.strip()])
    return key.strip()


def start_first_time(visitor: Visit) -> None:
    """Sign in with the password that the Control Room printed, which has to be changed first."""
    visitor.page.goto(visitor.room.address)
    visitor.look("sign-in")
    visitor.sign_in("admin", visitor.room.admin_password)
    visitor.look("first password")
    new = secrets.token_urlsafe(16)
    canary.add([new])
    visitor.page.fill("[name=old_password]", visitor.room.admin_password)
    visitor.page.fill("[name=new_password1]", new)
    visitor.page.fill("[name=new_password2]", new)
    visitor.page.press("[name=new_password2]", "Enter")
    visitor.page.wait_for_url(lambda url: "password" not in url)
    visitor.open("/")
    visitor.look("first overview")


def create_role(visitor: Visit) -> None:
    """Make the role that will be invited; its members may have devices and run bots."""
    visitor.open("/accounts/role/add/")
    visitor.page.fill("[name=name]", ROLE)
    for codename in ("view_connections", "manage_devices", "run_bots"):
        visitor.page.check(f"[name=allowed][value={codename}]")
    visitor.look("new role")
    visitor.page.press("[name=name]", "Enter")
    visitor.page.wait_for_url("**/accounts/role/")


def create_user(visitor: Visit, username: str, role: str) -> str:
    """Make a user of this role, and give the password that is to be handed over."""
    visitor.open("/accounts/user/add/")
    visitor.page.fill("[name=username]", username)
    visitor.page.get_by_label(role).check()
    visitor.look(f"new user {username}")
    password = secrets.token_urlsafe(16)
    canary.add([password])
    visitor.page.fill("[name=password]", password)
    visitor.page.press("[name=username]", "Enter")
    visitor.page.wait_for_url("**/accounts/user/")
    return password


def create_connection(visitor: Visit, cloud: str, username: str) -> None:
    """Fill in the four screens: provider, client, test and sign-in, roles."""
    app, page = visitor.tenant.app("Control Room", cloud), visitor.page
    visitor.open("/connections/oauthconnection/")
    visitor.look("no connections")
    visitor.open("/connections/new/?new")
    page.check(f"[name=provider][value={'entra-global' if cloud == GLOBAL else 'entra-gcc-high'}]")
    page.fill("[name=name]", CONNECTION)
    page.fill("[name=description]", "Invoices of all subsidiaries")
    visitor.look("wizard provider")
    page.press("[name=name]", "Enter")
    page.wait_for_url("**/client/")
    page.fill("[name=client_id]", app["client_id"])
    page.fill("[name=tenant_id]", visitor.tenant.cloud(cloud)["tenant_id"])
    page.fill("[name=client_secret]", app["client_secret"])
    visitor.look("wizard client")
    page.press("[name=client_id]", "Enter")
    page.wait_for_url("**/test/?new")
    visitor.look("wizard test")
    page.locator("form[action$='/shared'] button[type=submit]").click()
    visitor.sign_in_at_microsoft(username, "at Microsoft")
    page.wait_for_url("**/roles/?new")
    page.get_by_label(ROLE).check()
    visitor.look("wizard roles")
    page.locator("form:has([name=roles]) button[type=submit]").first.click()
    page.wait_for_url(re.compile(r"/connections/[0-9a-f-]+/$"))
    visitor.look("connection")


JOURNEYS = pytest.mark.parametrize(
    ("cloud", "domain", "locale"),
    [
        pytest.param(GLOBAL, "com", "en-US", id="global-english"),
        pytest.param(GCC_HIGH, "us", "ja-JP", id="gcc-high-japanese", marks=pytest.mark.proof),
    ],
)


@JOURNEYS
def test_from_the_first_start_to_a_bot(
    start_room: Callable[..., AbstractContextManager[RunningControlRoom]],
    visit: "Callable[..., AbstractContextManager[Visit]]",
    tenant: RunningTenant,
    cloud: str,
    domain: str,
    locale: str,
) -> None:
    """An administrator connects a mailbox, one user a mailbox of their own; who is not invited is refused."""
    for name in ("ap", "adele"):
        address = f"{name}@contoso.{domain}"
        tenant.deliver(address, make_mail(f"Invoice of {name}", to=address))
    with start_room(admin_password=None) as room, visit(room, f"{locale} admin", locale=locale) as admin:
        start_first_time(admin)
        create_role(admin)
        clerk_password = create_user(admin, "clerk", ROLE)
        stranger_password = create_user(admin, "stranger", "Bot creator")
        create_connection(admin, cloud, f"ap@contoso.{domain}")
        key = get_key(admin, "Server")
        ran = run_bot(room, key, cloud=cloud, token="shared", username=f"ap@contoso.{domain}")
        assert (ran.stdout, ran.stderr, ran.returncode) == ("Invoice of ap\n", "", 0)
        work_as_oneself(visit, room, clerk_password, cloud, f"adele@contoso.{domain}", locale)
        be_refused(visit, room, stranger_password, cloud, f"ap@contoso.{domain}", locale)
        admin.open("/audit/auditentry/?outcome=refused")
        admin.look("audit refused")
        assert admin.page.get_by_text("stranger").first.is_visible()
        admin.open("/")
        admin.look("overview")
        admin.open("/connections/oauthconnection/")
        admin.look("connections")
        admin.page.get_by_role("link", name=CONNECTION).first.click()
        admin.look("connection used")


def work_as_oneself(
    visit: "Callable[..., AbstractContextManager[Visit]]",
    room: RunningControlRoom,
    password: str,
    cloud: str,
    username: str,
    locale: str,
) -> None:
    """A member of the invited role logs in to the connection, and their bot reads their own mailbox."""
    with visit(room, f"{locale} clerk", locale=locale, color_scheme="dark") as clerk:
        clerk.sign_in("clerk", password)
        clerk.open("/me/connections/")
        clerk.look("my connections")
        clerk.page.locator("form[action$='/mine'] button[type=submit]").click()
        clerk.sign_in_at_microsoft(username)
        assert urlsplit(clerk.page.url).path == "/me/connections/"
        clerk.page.get_by_text(username).first.wait_for()
        clerk.look("my connections active")
        key = get_key(clerk, "Laptop")
        ran = run_bot(room, key, cloud=cloud, token="user-specific", username=username)
        assert (ran.stdout, ran.stderr, ran.returncode) == ("Invoice of adele\n", "", 0)


def be_refused(
    visit: "Callable[..., AbstractContextManager[Visit]]",
    room: RunningControlRoom,
    password: str,
    cloud: str,
    username: str,
    locale: str,
) -> None:
    """Somebody of another role neither sees the connection nor gets a token of it."""
    narrow = {"width": 390, "height": 780}
    with visit(room, f"{locale} stranger", locale=locale, viewport=narrow) as stranger:
        stranger.sign_in("stranger", password)
        stranger.open("/me/connections/")
        stranger.look("no connections of mine")
        key = get_key(stranger, "Laptop")
        ran = run_bot(room, key, cloud=cloud, token="shared", username=username)
        assert ran.returncode == 1
        assert CONNECTION in ran.stderr


def test_no_page_asks_another_host(
    start_room: Callable[..., AbstractContextManager[RunningControlRoom]],
    visit: "Callable[..., AbstractContextManager[Visit]]",
) -> None:
    """Whatever page is opened, all that the browser loads for it comes from the Control Room."""
    # Exports are files to download.
    paths = {row.path for row in PAGES.values() if "{" not in row.path}
    paths = {path for path in paths if "/export/" not in path} - {"/logout/", "/language/"}
    with start_room() as room, visit(room, "walk") as walker:
        walker.sign_in("admin", room.admin_password)
        for path in sorted(paths):
            if walker.page.request.get(f"{room.address}{path}").status == METHOD_NOT_ALLOWED:
                continue  # what only takes a form has no page
            walker.page.goto(f"{room.address}{path}")
