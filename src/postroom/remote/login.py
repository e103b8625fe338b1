"""How this machine is let in to a Control Room, and leaves it again."""

import time
from collections.abc import Callable

import httpx2
import msgspec

from postroom.errors import (
    KeychainError,
    NetworkError,
    NotAllowedError,
    NotSignedInError,
    RecordNotFoundError,
    SignInDeniedError,
    SignInTimeoutError,
)
from postroom.remote.client import ControlRoomClient
from postroom.remote.known import KnownControlRoom, forget_control_room, keep_control_room, require_keychain
from postroom.remote.wire import ControlRoomWire
from postroom.values import Secret


class StartedLogin(msgspec.Struct, frozen=True):
    """What the person needs, to let this machine in on a page of the Control Room."""

    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int
    device_code: str

    def __repr__(self) -> str:
        return f"StartedLogin(user_code={self.user_code!r})"


class _State(msgspec.Struct):
    status: str
    api_key: str | None = None
    username: str | None = None


def log_in(url: str, device_name: str, http: httpx2.Client, tell: Callable[[StartedLogin], None]) -> str:
    """Let a person let this machine in, keep its API key in the keychain, and give the person's user name.

    `tell` gets the link and the code that the person needs; then this waits until they have answered.
    Errors: SettingError for the address; KeychainError; SignInDeniedError where the person said no;
    SignInTimeoutError; ControlRoomError; NetworkError.
    """
    require_keychain()
    wire = ControlRoomWire(url, http)
    started = wire.ask("POST", "/login", StartedLogin, body={"name": device_name})
    tell(started)
    state = _wait(wire, started)
    _keep(wire.address, Secret(state.api_key or ""), http)
    return state.username or ""


def log_out(known: KnownControlRoom, http: httpx2.Client) -> bool:
    """Revoke the key and forget it; say whether it could be revoked (or was before).

    Errors: KeychainError.
    """
    try:
        ControlRoomClient(known.url, known.api_key, http).end_key()
        is_revoked = True
    except NotSignedInError:
        is_revoked = True
    except NetworkError:
        is_revoked = False
    if not known.from_environment:
        forget_control_room(known.url)
    return is_revoked


def _keep(url: str, api_key: Secret, http: httpx2.Client) -> None:
    try:
        keep_control_room(url, api_key)
    except KeychainError:
        # A key that nobody has is not to stay good.
        ControlRoomClient(url, api_key, http).end_key()
        raise


def _wait(wire: ControlRoomWire, started: StartedLogin) -> _State:
    deadline = time.monotonic() + started.expires_in
    while time.monotonic() < deadline:
        time.sleep(started.interval)
        state = _poll(wire, started)
        if state is not None and state.api_key:
            return state
    raise _too_late()


def _poll(wire: ControlRoomWire, started: StartedLogin) -> _State | None:
    try:
        return wire.ask("POST", "/login/key", _State, body={"device_code": started.device_code})
    except NetworkError:
        return None  # It may come back before the code expires.
    except RecordNotFoundError:
        raise _too_late() from None
    except NotAllowedError as error:
        raise SignInDeniedError(error.message) from None


def _too_late() -> SignInTimeoutError:
    return SignInTimeoutError(
        "Nobody let this device in while the code was good, so nothing was kept. Run `postroom login` again, and "
        "confirm it on the page that it names."
    )
