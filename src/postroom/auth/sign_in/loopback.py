"""The receiver: listens at the redirect URL for the one answer of the browser.

It is open before the browser is, takes the first answer with the right state, and tells the browser the outcome
when its `with` block ends: connected where the block came through, else why not. Source: RFC 8252 §7.3 and
§8.3; RFC 6749 §4.1.2; OAuth 2.0 Form Post Response Mode.
"""

import selectors
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from threading import Thread
from types import TracebackType
from typing import Self

from postroom.auth.sign_in import pages
from postroom.auth.sign_in.awaited_answer import AwaitedAnswer
from postroom.auth.sign_in.doors import Door
from postroom.auth.sign_in.listeners import open_listeners
from postroom.auth.sign_in.pages import Page
from postroom.auth.sign_in.redirect_url import LoopbackUrl
from postroom.errors import PostroomError, SignInTimeoutError


class LoopbackReceiver:
    """Listen at a redirect URL of this machine, for as long as a `with` block lasts.

    Errors: SettingError where nothing can listen there; PortInUseError on entering the block.
    """

    def __init__(self, redirect_url: str, state: str, username: str) -> None:
        self._url = LoopbackUrl.parse(redirect_url)
        self._username = username
        self._awaited = AwaitedAnswer(state)
        self._opened = ExitStack()
        self._port = 0

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            listeners = [opened.enter_context(listener) for listener in open_listeners(self._url)]
            self._port = listeners[0].getsockname()[1]
            doors = [opened.enter_context(Door(listener, self)) for listener in listeners]
            stopped, stop = socket.socketpair()
            thread = Thread(target=_serve, args=(doors, stopped), name="sign-in receiver", daemon=True)
            thread.start()
            opened.callback(thread.join)
            opened.callback(stop.close)
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._opened:
            self._awaited.settle(self._describe(error))

    @property
    def redirect_uri(self) -> str:
        """The redirect URL with the port that is listened on."""
        return self._url.at_port(self._port)

    def wait(self, timeout_seconds: float) -> Mapping[str, str]:
        """Wait for the answer, and give its fields: `state`, and `code` or `error` with what belongs to it.

        Errors: SignInTimeoutError.
        """
        answer = self._awaited.find(timeout_seconds)
        if answer is not None:
            return answer
        stranger = (
            " An answer that belongs to another sign-in came meanwhile and was not used: use only the window "
            "that opened last."
            if self._awaited.stranger_came
            else ""
        )
        raise SignInTimeoutError(
            f"Nobody finished the sign-in as {self._username} within {round(timeout_seconds)} seconds, so nothing "
            f"was connected.{stranger} Run it again, and sign in in the browser window that opens."
        )

    def offer(self, answer: Mapping[str, str]) -> Page:
        """Take an answer that a browser brought; gives the page for it, once there is something to say."""
        return self._awaited.offer(answer)

    def is_at(self, host: str, path: str) -> bool:
        """Say whether a request with this Host header, for this path, is one for the redirect URL."""
        return host.casefold() in self._url.get_hosts(self._port) and self._url.has_path(path)

    def _describe(self, error: BaseException | None) -> Page:
        if error is None:
            return pages.render_connected(self._username)
        return pages.render_failed(error) if isinstance(error, PostroomError) else pages.render_ended()


def _serve(doors: list[Door], stopped: socket.socket) -> None:
    """Let callers in at all doors, until the other end of `stopped` is closed."""
    with stopped, selectors.DefaultSelector() as selector:
        selector.register(stopped, selectors.EVENT_READ)
        for door in doors:
            selector.register(door, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if stopped in ready:
                return
            for door in doors:
                if door in ready:
                    door.handle_request()
