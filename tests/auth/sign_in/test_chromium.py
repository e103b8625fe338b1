"""The receiver and its pages in a browser as a person has it, on the tenant's real pages."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msal
import pytest

from postroom.auth.sign_in import BrowserSignIn, SignInRequest
from postroom.errors import SignInDeniedError
from sign_in.browsers import TIMEOUT_SECONDS, USERNAME, read_link, read_query
from support.chromium import keep_screenshot
from support.sign_in import password_of
from support.tenant import RunningTenant

if TYPE_CHECKING:
    from playwright.sync_api import Page

Accept = Callable[[Mapping[str, Any]], None]


@pytest.fixture
def page(page: "Page") -> Iterator["Page"]:
    """A page of a fresh profile, which must not complain of anything but our refusals."""
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    yield page
    assert not [text for text in complaints if "Failed to load resource" not in text]


def press(page: "Page", name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def go_to_consent(page: "Page", link: str, tenant: RunningTenant) -> None:
    """Sign in on the tenant's pages, up to the question for consent."""
    page.goto(link)
    page.locator("#i0118").fill(password_of(tenant, USERNAME))
    page.locator("#idSIButton9").click()
    page.get_by_text("Permissions requested").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_browser_ends_connected(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    opened_links: Path,
    tenant: RunningTenant,
    page: "Page",
    scheme: Any,
    width: int,
) -> None:
    """The person signs in, consents, and reads that the connection is there; the code is in no address."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 720})
    with ThreadPoolExecutor() as pool:
        signing = pool.submit(
            BrowserSignIn("http://localhost", TIMEOUT_SECONDS).sign_in, application, asked, accept
        )
        go_to_consent(page, read_link(opened_links), tenant)
        press(page, "Accept")
        page.get_by_role("heading", name="You are connected").wait_for()
        assert signing.result(TIMEOUT_SECONDS)["access_token"]
    assert USERNAME in page.locator("main").inner_text()
    assert page.url == read_query(opened_links.read_text())["redirect_uri"] + "/"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keep_screenshot(page, f"connected {scheme} {width}")


def test_the_browser_ends_with_the_reason(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    opened_links: Path,
    tenant: RunningTenant,
    page: "Page",
) -> None:
    """Who declines reads so in the same window."""
    with ThreadPoolExecutor() as pool:
        signing = pool.submit(
            BrowserSignIn("http://localhost", TIMEOUT_SECONDS).sign_in, application, asked, accept
        )
        go_to_consent(page, read_link(opened_links), tenant)
        press(page, "Cancel")
        page.get_by_role("heading", name="The sign-in did not succeed").wait_for()
        with pytest.raises(SignInDeniedError):
            signing.result(TIMEOUT_SECONDS)
    keep_screenshot(page, "not connected")
