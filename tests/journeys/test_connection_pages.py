"""The pages of connections in a real browser: by keyboard, what hides and what copies, and a link for somebody else."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright", reason="Playwright is not installed, so no browser can be driven.")
from playwright.sync_api import expect

from support.chromium import open_context
from support.control_room import RunningControlRoom, start_control_room
from support.sign_in import password_of
from support.tenant import RunningTenant

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

OWNER = "adele@contoso.com"

pytestmark = pytest.mark.xdist_group("connection pages")


@pytest.fixture(scope="module")
def room(
    running_tenant: RunningTenant, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningControlRoom]:
    """Start a Control Room for all tests of this module, each of which makes connections of its own."""
    with start_control_room(tmp_path_factory.mktemp("pages") / "control room", running_tenant) as running:
        yield running


@pytest.fixture(scope="module")
def signed_in(
    browser: "Browser", room: RunningControlRoom, running_tenant: RunningTenant
) -> "Iterator[BrowserContext]":
    """Sign the administrator in."""
    rights = ["clipboard-read", "clipboard-write"]
    with open_context(browser, running_tenant.manifest, permissions=rights) as context:
        page = context.new_page()
        page.goto(f"{room.address}/login/")
        page.fill("[name=username]", "admin")
        page.fill("[name=password]", room.admin_password)
        page.press("[name=password]", "Enter")
        page.wait_for_url(f"{room.address}/")
        yield context


@pytest.fixture
def administrator(signed_in: "BrowserContext", tenant: RunningTenant) -> "Iterator[Page]":
    """Give a new page of the administrator's browser."""
    with signed_in.new_page() as page:
        yield page


def begin(page: "Page", room: RunningControlRoom, name: str, provider: str = "entra-global") -> None:
    """Fill in the first screen by keyboard alone."""
    page.goto(f"{room.address}/connections/new/?new")
    page.focus(f"[name=provider][value={provider}]")
    page.keyboard.press("Space")
    page.focus("[name=name]")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.wait_for_url("**/client/")


def type_client(page: "Page", tenant: RunningTenant, app_name: str = "Control Room") -> None:
    """Fill in the second screen and save; Enter saves, and does not go back."""
    app = tenant.app(app_name)
    page.fill("[name=client_id]", app["client_id"])
    page.fill("[name=tenant_id]", tenant.cloud()["tenant_id"])
    page.fill("[name=client_secret]", app["client_secret"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/test/?new")


def test_the_callback_url_is_copied(administrator: "Page", room: RunningControlRoom) -> None:
    """One press puts it where it can be pasted from, and says so."""
    administrator.goto(f"{room.address}/connections/new/?new")
    administrator.get_by_role("button", name="Copy").click()
    administrator.get_by_role("status").get_by_text("Copied").wait_for()
    assert administrator.evaluate("navigator.clipboard.readText()") == room.callback_url


def test_fields_follow_what_is_chosen(
    administrator: "Page", room: RunningControlRoom, tenant: RunningTenant
) -> None:
    """What does not matter for a choice is not shown; the provider's URLs follow the tenant."""
    begin(administrator, room, "Fields")
    administrator.check("[name=client_authentication][value=private_key_jwt]")
    expect(administrator.locator("[name=certificate]")).to_be_visible()
    expect(administrator.locator("[name=client_secret]")).to_be_hidden()
    administrator.check("[name=client_authentication][value=none]")
    expect(administrator.locator("[name=certificate]")).to_be_hidden()
    administrator.fill("[name=tenant_id]", "contoso.com")
    url = "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token"
    expect(administrator.get_by_text(url)).to_be_visible()
    administrator.check("[name=grant_type][value=client_credentials]")
    expect(administrator.locator("[name=scopes]")).to_be_hidden()
    begin(administrator, room, "Fields", "custom")
    expect(administrator.locator("[name=tenant_id]")).to_have_count(0)
    expect(administrator.locator("[name=token_url]")).to_be_visible()


def test_an_app_that_acts_as_itself_needs_no_sign_in(
    administrator: "Page", room: RunningControlRoom, tenant: RunningTenant
) -> None:
    """With client credentials the third screen leads straight on to the roles, and the connection is Active."""
    begin(administrator, room, "Outlook365-App")
    administrator.check("[name=grant_type][value=client_credentials]")
    type_client(administrator, tenant, "Invoice bot")
    expect(administrator.get_by_text("Save login credentials")).to_have_count(0)
    administrator.get_by_role("link", name="Next").click()
    administrator.get_by_role("button", name="Finish").click()
    expect(administrator.get_by_text("Active").first).to_be_visible()


def test_the_owner_of_a_mailbox_signs_in_by_a_link(
    administrator: "Page", browser: "Browser", room: RunningControlRoom, tenant: RunningTenant
) -> None:
    """The link works in another browser without an account, through the provider's pages and back, once."""
    begin(administrator, room, "Outlook365-Link")
    type_client(administrator, tenant)
    connection = administrator.url.removesuffix("test/?new")
    administrator.goto(f"{connection}link/")
    administrator.get_by_role("button", name="Make the link").click()
    link = administrator.locator(".copyable code").inner_text()
    with open_context(browser, tenant.manifest) as context:
        owner = context.new_page()
        owner.goto(link)
        expect(owner.get_by_role("heading", name="admin asks you to sign in")).to_be_visible()
        owner.get_by_role("button").click()
        owner.fill("#i0116", OWNER)
        owner.click("#idSIButton9")
        owner.fill("#i0118", password_of(tenant, OWNER))
        owner.click("#idSIButton9")
        owner.get_by_role("button", name="Accept").click()
        owner.get_by_text(f"You are signed in as {OWNER}").wait_for()
        owner.goto(link)
        owner.get_by_text("This link is not good any more").wait_for()
    administrator.goto(connection)
    expect(administrator.get_by_text(OWNER)).to_be_visible()
