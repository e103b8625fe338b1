"""The Control Room as a device sees it: access tokens and credentials over its API.

Owns the client of the API and the API key that `postroom login` keeps in the keychain. Depends on values, network and
errors; exists so that a bot on somebody's desk uses connections and credentials that it never holds.
"""

from postroom.remote.client import ControlRoomClient, RemoteConnection, RemoteToken, Whoami
from postroom.remote.credentials import ControlRoomCredentials, list_credential_sources
from postroom.remote.known import KnownControlRoom, find_control_room, get_control_room

__all__ = [
    "ControlRoomClient",
    "ControlRoomCredentials",
    "KnownControlRoom",
    "RemoteConnection",
    "RemoteToken",
    "Whoami",
    "find_control_room",
    "get_control_room",
    "list_credential_sources",
]
