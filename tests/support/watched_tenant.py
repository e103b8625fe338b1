"""The local tenant, with every response of its Microsoft Graph judged on the way out.

`python watched_tenant.py FOLDER tenant start ...` is `postroom tenant start ...`; what is not as Graph's OpenAPI
description says is written to FOLDER as it is found, and at the end how much was judged.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    # Python puts the folder of a script first, whose modules have names that others use too.
    sys.path[0] = str(Path(__file__).parents[1])

from support.openapi import Answer, Finding, Judge, write_findings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FINDINGS = "openapi-findings.jsonl"
COUNTS = "openapi-counts.json"
VERSION = b"/v1.0"
PASSED = "watched_tenant.passed"
JUDGED_TYPES = ("application/json", "text/plain")


class Watch:
    """Note what responses have wrong, each kind of wrong once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: set[Finding] = set()
        self._judge: Judge | None = None

    @property
    def judge(self) -> Judge:
        """The judge; only who is asked about mail pays for reading the description."""
        if self._judge is None:
            self._judge = Judge.load()
        return self._judge

    def see(self, answer: Answer, asked: bytes) -> None:
        """Judge a response, and what is in it if it answers a batch."""
        found = list(self.judge.judge(answer))
        if answer.path.lower().rstrip("/") == "/$batch" and answer.status == 200:
            found += self.judge.judge_batch(asked, answer.body)
        new = set(found) - self._known
        self._known |= new
        if new:
            with (self._folder / FINDINGS).open("a") as file:
                file.write(write_findings(sorted(new)))

    def close(self) -> None:
        """Write how many responses were judged, and how many nothing is described of."""
        if self._judge is not None:
            counts = {"judged": self._judge.judged, "outside": self._judge.outside}
            (self._folder / COUNTS).write_text(json.dumps(counts))


def read_counts(file: Path) -> dict[str, Counter[str]]:
    """Read what `Watch.close` wrote."""
    return {name: Counter(counted) for name, counted in json.loads(file.read_text()).items()}


class WatchResponses:
    """Show each response of Microsoft Graph to the watch once it has been sent.

    What a fault makes up, or spoils, is a test's own. So the watch stands twice: within the faults, and around all for
    what is answered before it gets to them.
    """

    def __init__(self, app: "ASGIApp", watch: Watch, *, is_around_all: bool = False) -> None:
        self._app = app
        self._watch = watch
        self._is_around_all = is_around_all

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        path = scope.get("raw_path", b"")
        if scope["type"] != "http" or not path.startswith(VERSION + b"/"):
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(receive, send, keeps_request=path.lower().rstrip(b"/") == VERSION + b"/$batch")
        try:
            await self._app(scope, exchange.receive, exchange.send)
        finally:
            if exchange.is_complete and not (self._is_around_all and scope.get(PASSED)):
                answer = exchange.read(scope["method"], path.removeprefix(VERSION).decode("ascii", "replace"))
                self._watch.see(answer, bytes(exchange.asked))


class NotePassing:
    """Note of a request that it got as far as this."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        scope[PASSED] = True
        await self._app(scope, receive, send)


class _Exchange:
    """One request and its response, as far as they have to be looked into."""

    def __init__(self, receive: "Receive", send: "Send", *, keeps_request: bool) -> None:
        self._receive = receive
        self._send = send
        self._keeps_request = keeps_request
        self.asked = bytearray()
        self.is_complete = False
        self._status = 0
        self._content_type: str | None = None
        self._body = bytearray()

    async def receive(self) -> "Message":
        message = await self._receive()
        if self._keeps_request:
            self.asked += message.get("body", b"")
        return message

    async def send(self, message: "Message") -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = {name.lower(): value for name, value in message["headers"]}
            self._content_type = headers[b"content-type"].decode() if b"content-type" in headers else None
        else:
            if self._is_read():
                self._body += message.get("body", b"")
            self.is_complete = not message.get("more_body", False)
        await self._send(message)

    def _is_read(self) -> bool:
        return self._content_type is None or self._content_type.startswith(JUDGED_TYPES)

    def read(self, method: str, path: str) -> Answer:
        return Answer(method, path, self._status, self._content_type, bytes(self._body))


def watch_clouds(watch: Watch) -> None:
    """Let every cloud that is served from now on be watched."""
    from postroom.tenant import application, server

    make: Callable[..., Any] = application.cloud_app
    inject: Callable[..., Any] = application.InjectFaults
    # No seam of the tenant's own is needed for this: both names are looked up when a cloud is made.
    vars(application)["InjectFaults"] = lambda app, *rest: NotePassing(
        inject(WatchResponses(app, watch), *rest)
    )
    vars(server)["cloud_app"] = lambda *made: WatchResponses(make(*made), watch, is_around_all=True)


def main() -> None:
    """Serve as the command line does, watched."""
    from postroom.cli import main as run

    watch = Watch(Path(sys.argv.pop(1)))
    watch_clouds(watch)
    try:
        run()
    finally:
        watch.close()


if __name__ == "__main__":
    main()
