"""How a person is asked to sign in.

Owns the ways there are: the browser of this machine with a receiver for its answer, a link for the browser of
another machine, a device code, and the refusal of a run that nobody attends. Depends on errors, MSAL and the
place of a sign-in; what becomes of the tokens is not its matter. It exists as a package of its own because
asking a person, unlike asking Entra ID, needs windows, terminals, sockets and patience.
"""

from postroom.auth.sign_in.browser import BrowserSignIn, can_open_browser
from postroom.auth.sign_in.device import DeviceSignIn
from postroom.auth.sign_in.link import LinkSignIn
from postroom.auth.sign_in.request import SignIn, SignInRequest
from postroom.auth.sign_in.unattended import NoSignIn

__all__ = [
    "BrowserSignIn",
    "DeviceSignIn",
    "LinkSignIn",
    "NoSignIn",
    "SignIn",
    "SignInRequest",
    "can_open_browser",
]
