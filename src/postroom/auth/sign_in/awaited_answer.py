"""The one answer that a sign-in waits for, and what the browser that brought it is told in the end."""

import hmac
from collections.abc import Mapping
from threading import Event, Lock, Thread, current_thread
from time import monotonic

from postroom.auth.sign_in import pages
from postroom.auth.sign_in.pages import Page

SLICE_SECONDS = 0.5
"""How long the waiting thread sleeps at once: on Windows, Ctrl+C is not heard before it wakes up."""

DELIVERY_TIMEOUT_SECONDS = 5.0
"""How long the end waits until the browser has its page."""


class AwaitedAnswer:
    """Take the first answer with the right state, from whichever thread brings it.

    The thread that brings it is held until `settle`, so that its browser shows what really became of it.
    """

    def __init__(self, state: str) -> None:
        self._state = state.encode()
        self._lock = Lock()
        self._answer: dict[str, str] | None = None
        self._bringer: Thread | None = None
        self._arrived = Event()
        self._settled = Event()
        self._outcome = pages.render_ended()
        self.stranger_came = False
        """Whether an answer with another state, or with none, was turned away."""

    def offer(self, answer: Mapping[str, str]) -> Page:
        """Give the page for who brought this answer; where it is the one taken, once it is settled."""
        if not self._is_ours(answer):
            self.stranger_came = True
            return pages.render_stranger()
        if not self._take(answer):
            return pages.render_answered()
        self._arrived.set()
        self._settled.wait()
        return self._outcome

    def find(self, timeout_seconds: float) -> dict[str, str] | None:
        """Wait for the answer; None where none came in time."""
        deadline = monotonic() + timeout_seconds
        while not self._arrived.is_set() and (left := deadline - monotonic()) > 0:
            self._arrived.wait(min(left, SLICE_SECONDS))
        return self._answer

    def settle(self, outcome: Page) -> None:
        """Let the browser that brought the answer have this page, and wait until it has it."""
        self._outcome = outcome
        self._settled.set()
        with self._lock:
            bringer = self._bringer
        if bringer is not None:
            bringer.join(DELIVERY_TIMEOUT_SECONDS)

    def _take(self, answer: Mapping[str, str]) -> bool:
        with self._lock:
            if self._answer is not None:
                return False
            self._answer, self._bringer = dict(answer), current_thread()
            return True

    def _is_ours(self, answer: Mapping[str, str]) -> bool:
        state = answer.get("state", "").encode(errors="surrogatepass")
        return hmac.compare_digest(state, self._state) and ("code" in answer or "error" in answer)
