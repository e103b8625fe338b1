"""A desk: somebody in front of a machine, who signs in when a browser opens there.

`$BROWSER` is this module as a program: it walks the tenant's pages as the person would, and brings the answer to
the redirect URL, as a browser would.
"""

import json
import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from support.sign_in import Person, open_browser, walk
from support.tenant import RunningTenant

SETTINGS = "DESK"
"""The variable that names the desk's folder."""

KEY = "D" * 42 + "A"
PAGES_TIMEOUT_SECONDS = 30
OTHERS_ANSWER = {"state": "another-state", "code": "another-code"}


@dataclass(frozen=True)
class Desk:
    """What the person at this desk does is written in its folder, and so is what happened there."""

    folder: Path
    tenant: RunningTenant

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a program at this desk; its sign-ins are kept in the desk's folder."""
        tests = Path(__file__).resolve().parents[1]
        return {
            **self.tenant.environment,
            "BROWSER": f"{shlex.quote(sys.executable)} -m support.desk %s",
            "PYTHONPATH": str(tests),
            "HOME": str(self.folder / "home"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "POSTROOM_TOKEN_KEY": KEY,
            SETTINGS: str(self.folder),
        }

    def seat(self, username: str | None, **behaviour: Any) -> None:
        """Let this person sit here: `accept=False` declines, `answers=2` answers twice, None does nothing.

        `stranger_first=True` lets an answer of another sign-in come in before.
        """
        settings = {"username": username, "data": str(self.tenant.data), **behaviour}
        (self.folder / "person.json").write_text(json.dumps(settings))

    def read_pages(self, count: int = 1) -> list[str]:
        """Wait until the browser has shown so many pages, one for each answer, and give them in order."""
        deadline = time.monotonic() + PAGES_TIMEOUT_SECONDS
        while len(pages := self._list_pages()) < count:
            assert time.monotonic() < deadline, f"Of {count} pages the browser showed {len(pages)}."
            time.sleep(0.01)
        return pages

    @property
    def links(self) -> int:
        """How often a browser was opened."""
        file = self.folder / "links"
        return len(file.read_text()) if file.exists() else 0

    def note_page(self, answer: httpx2.Response) -> None:
        """Note a page that the browser ended at."""
        with (self.folder / "pages.json").open("a") as file:
            file.write(json.dumps(answer.text) + "\n")

    def _list_pages(self) -> list[str]:
        file = self.folder / "pages.json"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def note_link(self) -> None:
        """Note that a browser was opened."""
        with (self.folder / "links").open("a") as file:
            file.write("|")


def create_desk(folder: Path, tenant: RunningTenant) -> Desk:
    """Make a desk at which nobody has signed in yet, with the owner of the first mailbox in front of it."""
    folder.mkdir()
    desk = Desk(folder, tenant)
    desk.seat("ap@contoso.com")
    return desk


@contextmanager
def _reach_tenant(data: Path) -> Iterator[RunningTenant]:
    tenant = RunningTenant.reach(data, 0, None)  # type: ignore[arg-type]  # it is another process's child
    with tenant.control:
        yield tenant


def _sit_down(desk: Desk, link: str, settings: dict[str, Any]) -> None:
    desk.note_link()
    if settings["username"] is None:
        return
    with open_browser(desk.tenant) as client:
        # Somebody else goes back and picks another account than the one that the link suggests.
        start = httpx2.URL(link).copy_remove_param("login_hint")
        person = Person(desk.tenant, client).visit(str(start))
        fields = walk(
            person, settings["username"], settings.get("password"), accept=settings.get("accept", True)
        )
    # The receiver speaks plain HTTP on this machine; no proxy stands in between.
    with httpx2.Client(trust_env=False, timeout=30) as browser:
        if settings.get("stranger_first"):
            desk.note_page(browser.post(person.target, data=OTHERS_ANSWER))
        for _ in range(settings.get("answers", 1)):
            desk.note_page(browser.post(person.target, data=fields))


def main() -> None:
    """Do what the person at the desk does when a browser opens this link."""
    folder = Path(os.environ[SETTINGS])
    settings = json.loads((folder / "person.json").read_text())
    with _reach_tenant(Path(settings["data"])) as tenant:
        _sit_down(Desk(folder, tenant), sys.argv[1], settings)


if __name__ == "__main__":
    main()
