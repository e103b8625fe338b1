"""The end of a person's sign-in on this machine."""

from collections.abc import Mapping, Sequence
from typing import Any

from postroom.auth.delegated import DelegatedTokens
from postroom.clouds import get_cloud
from postroom.errors import SettingError
from postroom.network import create_http_client
from postroom.outlook.authentication import Authentication, ControlRoomManaged
from postroom.outlook.control_room import create_resolver
from postroom.values import CredentialSource
from postroom.version import USER_AGENT


def sign_out(
    *,
    cloud: str = "Azure Global",
    authentication: Authentication,
    variables: Mapping[str, Any] | None = None,
    credentials: Sequence[CredentialSource] | None = None,
) -> str:
    """Forget the sign-in that was kept on this machine for this person and app, and give the person's username.

    The next connection asks for a new sign-in. Nothing changes at Microsoft: what other machines keep stays
    good until the person or an administrator revokes it there. Where nothing was kept, nothing happens.

    Errors: SettingError, also for a mode in which nobody signs in; TargetNotWritableError.
    """
    if isinstance(authentication, ControlRoomManaged):
        raise SettingError(
            "The Control Room keeps this sign-in, and this machine does not. Disconnect there: My settings → OAuth "
            "connections."
        )
    with create_http_client(USER_AGENT) as http:
        identity = authentication.identify(
            get_cloud(cloud), create_resolver(credentials, variables), http, ()
        )
    if not isinstance(identity.tokens, DelegatedTokens):
        raise SettingError(
            "With Client Credentials the app signs in as itself, and no sign-in of a person is kept. Choose the "
            "mode in which the person signed in."
        )
    identity.tokens.forget()
    return identity.username
