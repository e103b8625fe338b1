"""The browser that tests drive is led to the tenant, and to nobody else."""

import http.server
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from support.tenant import RunningTenant

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DISCOVERY = "https://login.microsoftonline.{domain}/{realm}/v2.0/.well-known/openid-configuration"


class Greeting(http.server.BaseHTTPRequestHandler):
    """Answer every request with a page."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>Received</title><p>You can close this window.")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def loopback() -> Iterator[str]:
    """Give the address of a server on this machine, as a program has one that waits for a sign-in."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Greeting) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://localhost:{server.server_port}/Callback"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("cloud", "domain"), [("Azure Global", "com"), ("Azure US GCC High", "us")])
def test_it_reaches_both_clouds_under_microsofts_names(
    page: "Page", tenant: RunningTenant, cloud: str, domain: str
) -> None:
    """What a page loads from Microsoft comes from the tenant."""
    answer = page.goto(DISCOVERY.format(domain=domain, realm=tenant.cloud(cloud)["tenant_id"]))
    assert answer is not None
    assert answer.status == 200
    assert tenant.cloud(cloud)["tenant_id"] in answer.json()["issuer"]
    assert {entry["cloud"] for entry in tenant.requests()} == {cloud}


def test_it_reaches_nobody_else(page: "Page") -> None:
    """A page that asks for another host gets nothing."""
    from playwright.sync_api import Error

    with pytest.raises(Error, match="ERR_TUNNEL_CONNECTION_FAILED"):
        page.goto("https://www.contoso.com/")


def test_it_reaches_this_machine_past_the_proxy(page: "Page", loopback: str) -> None:
    """The redirect to a program on this machine arrives."""
    page.goto(f"{loopback}?state=1")
    assert page.title() == "Received"


def test_a_picture_of_a_page_is_kept(page: "Page", loopback: str) -> None:
    """It is a file that a person can look at, named after what it shows."""
    from support.chromium import keep_screenshot

    page.goto(loopback)
    path = keep_screenshot(page, "The browser: a page of its own")
    assert path.name == "the-browser-a-page-of-its-own.png"
    assert path.read_bytes().startswith(b"\x89PNG")


def test_each_page_has_a_profile_of_its_own(page: "Page", browser: "Browser", loopback: str) -> None:
    """What one test's person was remembered by, the next one's is not."""
    page.goto(loopback)
    page.context.add_cookies([{"name": "signed_in", "value": "yes", "url": loopback}])
    with browser.new_context() as other:
        assert other.cookies() == []
