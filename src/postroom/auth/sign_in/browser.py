"""Sign-in in the browser of this machine."""

import os
import secrets
import sys
from collections.abc import Callable, Mapping
from threading import Thread
from typing import TYPE_CHECKING, Any

from postroom.auth.sign_in.authorization_code import redeem_answer, start_flow
from postroom.auth.sign_in.request import SignInRequest
from postroom.auth.sign_in.terminal import tell_person
from postroom.errors import SignInNeededError

if TYPE_CHECKING:
    import msal

STATE_BYTES = 32
_DISPLAY_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME")
"""Each of them tells of something to see; the last of Windows around a Linux (containers there do not have it)."""


class BrowserSignIn:
    """Open the browser, and receive its answer at the redirect URL, which must be this machine's own."""

    def __init__(self, redirect_url: str, timeout_seconds: float = 300) -> None:
        self._redirect_url = redirect_url
        self._timeout_seconds = timeout_seconds

    def sign_in(
        self,
        application: "msal.PublicClientApplication",
        request: SignInRequest,
        accept: Callable[[Mapping[str, Any]], None],
    ) -> Mapping[str, Any]:
        """Let the person sign in, and give MSAL's result with the tokens; the browser shows how it ended.

        Errors: SignInNeededError where no browser can open; SettingError, PortInUseError where nothing can
        listen at the redirect URL; SignInTimeoutError; SignInAnswerError; what `accept` raises; NetworkError.
        """
        from postroom.auth.sign_in.loopback import LoopbackReceiver  # noqa: PLC0415 - runs that ask nobody need none

        _check_display(request.username)
        state = secrets.token_urlsafe(STATE_BYTES)
        with LoopbackReceiver(self._redirect_url, state, request.username) as receiver:
            flow = start_flow(application, request, receiver.redirect_uri, "form_post", state)
            tell_person(
                f"Sign in as {request.username} in the browser window that opens. If none opens, open this link:\n"
                f"{flow['auth_uri']}"
            )
            _open_browser(flow["auth_uri"])
            result = redeem_answer(application, flow, receiver.wait(self._timeout_seconds))
            accept(result)
        return result


def can_open_browser() -> bool:
    """Say whether a person at this machine could see a browser: there is a display, or $BROWSER names one."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in _DISPLAY_VARIABLES)


def _check_display(username: str) -> None:
    if can_open_browser():
        return
    raise SignInNeededError(
        f"{username} must sign in, and this machine has no display to open a browser on. Sign in without a "
        "browser here (`postroom connect --no-browser`), by device code, or once at a desk; or let a Control "
        "Room manage the connection."
    )


def _open_browser(link: str) -> None:
    """Open the link beside the wait: what $BROWSER names may not come back before the person is done."""
    Thread(target=_try_browser, args=(link,), name="browser", daemon=True).start()


def _try_browser(link: str) -> None:
    import webbrowser  # noqa: PLC0415 - as above

    try:
        is_open = webbrowser.open(link)
    except (webbrowser.Error, OSError):
        is_open = False
    if not is_open:
        tell_person("No browser could be opened: open the link above yourself, on this machine.")
