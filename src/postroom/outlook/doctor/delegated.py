"""The legs of a connection that acts for a person: the app, where the browser comes back to, the kept sign-in."""

import shlex

from postroom.auth.sign_in.listeners import open_listeners
from postroom.auth.sign_in.redirect_url import LoopbackUrl, check_redirect_url
from postroom.auth.token_store import WAYS, get_token_store
from postroom.clouds import AZURE_GLOBAL
from postroom.errors import (
    ClientRefusedError,
    ConsentMissingError,
    FileError,
    PortInUseError,
    PostroomError,
    SettingError,
    SignInError,
    SignInNeededError,
)
from postroom.folders import get_state_folder
from postroom.outlook.authentication import AuthorizationCode
from postroom.outlook.doctor.administration import (
    AUTHENTICATION,
    get_app_page,
    write_user_enabling,
)
from postroom.outlook.doctor.case import Case
from postroom.outlook.doctor.legs import Leg
from postroom.outlook.doctor.report import Remedy
from postroom.outlook.doctor.sign_in import prescribe_client
from postroom.outlook.doctor.sign_in_page import find_refusal

REDIRECT_REFUSALS = frozenset({50011, 900971, 500113})
"""The redirect URL is not one of the app's; the app has none."""

ANY_REDIRECT_URL = "http://localhost"
USER_DISABLED = 50057


def _check_app(case: Case) -> str:
    refusal = find_refusal(case, _get_redirect_url(case))
    if refusal and refusal.aadsts not in REDIRECT_REFUSALS:
        raise refusal
    return f"The tenant has the app {case.place.client_id}, and it is switched on."


def _get_redirect_url(case: Case) -> str:
    """The redirect URL; in a mode that has none, any: what Entra ID says of it is then not looked at."""
    if not isinstance(case.mode, AuthorizationCode):
        return ANY_REDIRECT_URL
    return case.resolver.get_text("Redirect URL", case.mode.redirect_url)


def _check_redirect(case: Case) -> str:
    redirect_url = _get_redirect_url(case)
    check_redirect_url(redirect_url)
    comes_back_here = isinstance(case.mode, AuthorizationCode) and case.mode.browser
    if comes_back_here:
        for listener in open_listeners(LoopbackUrl.parse(redirect_url)):
            listener.close()
    refusal = find_refusal(case, redirect_url)
    if refusal:
        raise refusal
    return f"{redirect_url} is registered with the app{', and its port is free' if comes_back_here else ''}."


def _prescribe_redirect(case: Case, error: PostroomError) -> Remedy:
    if isinstance(error, PortInUseError):
        return Remedy(
            "Sign in with another port in the redirect URL, such as:",
            command="--redirect-url http://localhost:9998/Callback",
        )
    if isinstance(error, SettingError):
        return Remedy(
            "Enter one of the app's redirect URLs that leads to this machine; they are listed here:",
            get_app_page(case.place, AUTHENTICATION),
        )
    return Remedy(
        "An owner of the app adds it here (Add a platform → Mobile and desktop applications → Custom redirect URIs):",
        get_app_page(case.place, AUTHENTICATION),
    )


def _check_kept_sign_in(case: Case) -> str:
    username = case.resolved.identity.username
    if not get_token_store(case.place, username).kept:
        raise SignInNeededError(
            "This machine has no keychain, so that no sign-in is kept on it: each run would have to ask "
            f"{username} for a new one."
        )
    if isinstance(case.token, PostroomError) and not isinstance(case.token, ConsentMissingError):
        raise case.token
    return f"{username} has signed in here, and that could be renewed just now."


def _prescribe_kept_sign_in(case: Case, error: PostroomError) -> Remedy:
    username = case.resolved.identity.username
    if isinstance(error, FileError):
        return Remedy(f"Let this account write into the folder {get_state_folder()}.")
    if isinstance(error, SettingError) or not get_token_store(case.place, username).kept:
        return Remedy(WAYS)
    if isinstance(error, ClientRefusedError):
        page = get_app_page(case.place, AUTHENTICATION)
        return Remedy("An owner of the app sets Allow public client flows to Yes here:", page)
    if isinstance(error, SignInError) and error.aadsts == USER_DISABLED:
        command = write_user_enabling(case.place.cloud, username)
        return Remedy("An administrator enables the account in PowerShell:", command=command)
    return Remedy("Sign in once, with the options that this connection has:", command=write_connect(case))


def write_connect(case: Case) -> str:
    """The line that lets the person of this connection sign in anew."""
    mode, resolved = case.mode, case.resolved
    name = "authorization-code" if isinstance(mode, AuthorizationCode) else "device-code"
    options = ["postroom", "connect", "--mode", name, "--username", resolved.identity.username]
    if resolved.cloud is not AZURE_GLOBAL:
        options += ["--cloud", resolved.cloud.name]
    if case.mailbox is not None:
        options += ["--mailbox", resolved.address]
    if isinstance(mode, AuthorizationCode) and not mode.browser:
        options += ["--no-browser"]
    return shlex.join(options)


APP = Leg("client", "App", _check_app, prescribe_client)
REDIRECT = Leg("redirect", "Redirect URL", _check_redirect, _prescribe_redirect)
KEPT_SIGN_IN = Leg("kept-sign-in", "Kept sign-in", _check_kept_sign_in, _prescribe_kept_sign_in)
