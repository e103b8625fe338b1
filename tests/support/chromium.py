"""A browser as a person has it, led to the tenant; and pictures of its pages for people to look at."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

SCREENSHOTS = Path(__file__).resolve().parents[2] / ".artefacts" / "screenshots"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
LOCAL = "localhost,127.0.0.1,[::1]"
# A browser that speaks to nobody by itself: what it asks for is what the pages ask for.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-features=AutofillServerCommunication,CertificateTransparencyComponentUpdater,MediaRouter,OptimizationHints",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
)


def find_chromium() -> str:
    """Find the browser of this machine, or skip the test that needs it."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        pytest.skip("There is no Chromium on this machine, so nobody can sign in on a page.")
    return found


@contextmanager
def launch_browser() -> Iterator[Browser]:
    """Launch Chromium without a window, and close it afterwards."""
    program = find_chromium()
    # Chromium refuses to run its sandbox as root, as whom CI works.
    sandbox = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*QUIET, *sandbox])
        with browser:
            yield browser


def open_context(browser: Browser, manifest: dict[str, Any], **settings: Any) -> BrowserContext:
    """Open a fresh profile that reaches this tenant under Microsoft's host names; nobody is signed in."""
    # Chromium takes no file of authorities; a trust database in a home of its own would need certutil and would
    # prove nothing here, as tests of the proxy and of clients verify the same certificates.
    return browser.new_context(
        proxy={"server": manifest["proxy"], "bypass": LOCAL}, ignore_https_errors=True, **settings
    )


def keep_screenshot(page: Page, name: str) -> Path:
    """Keep a picture of the whole page under `.artefacts/screenshots`, and give its path."""
    path = SCREENSHOTS / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.png"
    page.screenshot(path=path, full_page=True)
    return path
