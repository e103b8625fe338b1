"""Somebody at a browser, who looks at pages of the Control Room and at those of the sign-in at Microsoft."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from support.canary import canary
from support.chromium import keep_screenshot
from support.control_room import RunningControlRoom
from support.sign_in import password_of
from support.tenant import RunningTenant

if TYPE_CHECKING:
    from playwright.sync_api import Page

ONLY_OWN = re.compile(r"https?://(localhost|127\.0\.0\.1)(:\d+)?/|data:|blob:|about:")


@dataclass
class Visit:
    """Somebody at a browser, who looks at pages of the Control Room and at those of the sign-in at Microsoft."""

    page: "Page"
    room: RunningControlRoom
    tenant: RunningTenant
    name: str
    pictures: int = 0
    strangers: list[str] = field(default_factory=list)
    """Other hosts that a page of the Control Room asked for something."""

    refused: list[str] = field(default_factory=list)
    """What the browser refused to load or run by the policy of the pages."""

    def __post_init__(self) -> None:
        """Note every request that a page makes, and what the browser says of it."""
        self.page.on("request", self._note)
        self.page.on("console", self._read_console)

    def _read_console(self, message: Any) -> None:
        if "Content Security Policy" in message.text or "Refused to" in message.text:
            self.refused.append(message.text)

    def _note(self, request: Any) -> None:
        own = self.page.url.startswith((self.room.address, "about:"))
        is_navigation = request.is_navigation_request() and request.frame == self.page.main_frame
        if own and not is_navigation and not ONLY_OWN.match(request.url):
            self.strangers.append(request.url)

    def open(self, path: str) -> None:
        """Open a page of the Control Room."""
        answer = self.page.goto(f"{self.room.address}{path}")
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"

    def look(self, title: str) -> None:
        """Keep a picture of the page, and let the canary read it."""
        self.pictures += 1
        keep_screenshot(self.page, f"control room {self.name} {self.pictures:02} {title}")
        canary.check(self.page.content(), f"the page {title}")

    def sign_in(self, username: str, password: str) -> None:
        """Sign in to the Control Room."""
        self.page.goto(f"{self.room.address}/login/")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", password)
        self.page.press("[name=password]", "Enter")
        self.page.wait_for_url(lambda url: "/login/" not in url)

    def sign_in_at_microsoft(self, username: str, picture: str = "") -> None:
        """Sign in on the provider's pages, where the browser was led, and come back."""
        self.page.locator("#i0118, #i0116").first.wait_for()
        if self.page.locator("#i0116").is_visible():
            self.page.fill("#i0116", username)
            self.page.click("#idSIButton9")
        self.page.fill("#i0118", password_of(self.tenant, username))
        if picture:
            keep_screenshot(self.page, f"control room {self.name} {picture}")
        self.page.click("#idSIButton9")
        self.page.get_by_role("button", name="Accept").click()
        self.page.wait_for_url(f"{self.room.address}/**")
