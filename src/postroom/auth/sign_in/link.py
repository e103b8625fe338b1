"""Sign-in with a link: the person opens it in any browser, and pastes the address at which it ended."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from postroom.auth.sign_in.authorization_code import redeem_answer, start_flow
from postroom.auth.sign_in.redirect_url import check_redirect_url, is_same_address
from postroom.auth.sign_in.request import SignInRequest
from postroom.auth.sign_in.terminal import read_line, tell_person
from postroom.errors import SignInAnswerError, SignInNeededError

if TYPE_CHECKING:
    import msal

ATTEMPTS = 4
AROUND_A_PASTE = " \t\r\n\"'<>`“”"
"""What may come along when an address is copied."""


class LinkSignIn:
    """Print a link on stderr and take the final address from stdin; any redirect URL of the app will do."""

    def __init__(self, redirect_url: str) -> None:
        self._redirect_url = redirect_url

    def sign_in(
        self,
        application: "msal.PublicClientApplication",
        request: SignInRequest,
        accept: Callable[[Mapping[str, Any]], None],
    ) -> Mapping[str, Any]:
        """Let the person sign in, and give MSAL's result with the tokens.

        Errors: SettingError where the redirect URL is no address; SignInAnswerError where what was pasted is
        not the answer; SignInNeededError where nothing was; what `accept` raises; NetworkError.
        """
        check_redirect_url(self._redirect_url)
        flow = start_flow(application, request, self._redirect_url, "query")
        tell_person(
            f"Sign in as {request.username}: open this link in a browser on any device.\n\n{flow['auth_uri']}\n\n"
            f"The browser ends at an address that begins with {self._redirect_url}, and may show an error or "
            "nothing there: that is as it should be. Copy that whole address, paste it here, and press Enter."
        )
        result = redeem_answer(application, flow, self._ask_answer(flow, request.username))
        accept(result)
        return result

    def _ask_answer(self, flow: Mapping[str, Any], username: str) -> dict[str, str]:
        mistake = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                tell_person(f"{mistake} Paste the final address once more:")
            pasted = _read_paste(username)
            mistake = find_mistake(pasted, self._redirect_url, flow["auth_uri"])
            if not mistake:
                return _read_fields(pasted)
        raise SignInAnswerError(
            f"{mistake} After {ATTEMPTS} attempts the sign-in as {username} was given up. Start it again: there "
            "will be a new link."
        )


def _read_paste(username: str) -> str:
    try:
        return read_line().strip(AROUND_A_PASTE)
    except EOFError:
        raise SignInNeededError(
            f"{username} must sign in, and the input ended before an address was pasted. Run this where somebody "
            "can paste it, or sign in by device code."
        ) from None


def find_mistake(pasted: str, redirect_url: str, link: str) -> str:
    """What is wrong with this text, as a sentence; empty where it is an answer."""
    if not pasted:
        return "Nothing was pasted."
    if is_same_address(pasted, link):
        return "That is the link to sign in with, not the address at which the browser ended."
    if not is_same_address(pasted, redirect_url):
        return f"That does not begin with {redirect_url}."
    fields = _read_fields(pasted)
    if not fields.get("state") or not (fields.get("code") or fields.get("error")):
        return "That address is not whole: the answer after the “?” is missing or cut off."
    return ""


def _read_fields(pasted: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(pasted).query, keep_blank_values=True))
