"""The pages work in a real browser: by keyboard, without complaint, and on to wherever the application leads."""

import http.server
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from support.authorization import authorize_uri, user_at
from support.sign_in import password_of
from support.tenant import RunningTenant

if TYPE_CHECKING:
    from playwright.sync_api import Page

AP = user_at("ap")


class Application(http.server.BaseHTTPRequestHandler):
    """An application that sends whoever comes back with an answer on to another host."""

    def do_GET(self) -> None:
        """Send on, or say that this is the end."""
        if "?" in self.path:
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/end")  # type: ignore[attr-defined]
        else:
            self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        """Take the answer, and send on."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(303)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/end")  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature is Python's
        """Say nothing."""


@pytest.fixture
def application() -> Iterator[int]:
    """Serve the application, and give its port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Application) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_the_keyboard_is_enough(tenant: RunningTenant, page: "Page", application: int, mode: str) -> None:
    """Account, password and consent need no mouse; the answer arrives, and the application leads where it wants."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(authorize_uri(tenant, redirect_uri=f"http://localhost:{application}", response_mode=mode))
    # The browser gives a field the focus when it first draws the page, which may be after the page has loaded.
    page.wait_for_selector("#i0116:focus")
    page.keyboard.type(AP)
    page.keyboard.press("Enter")
    page.wait_for_selector("#i0118:focus")
    page.keyboard.type(password_of(tenant, AP))
    page.keyboard.press("Enter")
    page.wait_for_selector("#consentHeader")
    page.focus("#idSIButton9")
    page.keyboard.press("Enter")
    page.wait_for_url(f"http://127.0.0.1:{application}/end")
    assert complaints == []


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_the_screen(
    tenant: RunningTenant, page: "Page", width: int, scheme: str
) -> None:
    """On a telephone as on a desk, in light as in dark, nobody has to scroll sideways."""
    page.set_viewport_size({"width": width, "height": 700})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for address in (
        authorize_uri(tenant),
        authorize_uri(tenant, login_hint=AP),
        authorize_uri(tenant, login_hint=f"{'very' * 20}@contoso.com"),
        authorize_uri(tenant, redirect_uri=f"https://fabrikam.example/{'long' * 60}"),
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
