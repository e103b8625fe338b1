"""What an app may learn of its own registration: when its client secret expires.

Source: Microsoft Graph, Get application; passwordCredential resource type.
"""

from datetime import datetime

import msgspec

from postroom.errors import GraphError, NetworkError
from postroom.graph.refusals import Asked
from postroom.outlook.authentication import ClientCredentials
from postroom.outlook.doctor.case import Case
from postroom.outlook.doctor.questions import ask_graph

READERS = frozenset({"Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"})


class _PasswordCredential(msgspec.Struct, frozen=True, rename="camel"):
    end_date_time: datetime | None = None
    hint: str | None = None


class _Application(msgspec.Struct, frozen=True, rename="camel"):
    password_credentials: tuple[_PasswordCredential, ...] = ()


def find_secret_expiry(case: Case) -> datetime | None:
    """When the client secret in use expires; None where the app may not know, or Graph does not say."""
    secret = case.mode.client_secret if isinstance(case.mode, ClientCredentials) else None
    if secret is None or not case.granted & READERS:
        return None
    beginning = case.resolver.get_secret("Client secret", secret).reveal()[:3]
    path = f"/applications(appId='{case.place.client_id}')?$select=passwordCredentials"
    asked = Asked("GET", path, case.resolved.address, "Application.Read.All", repeatable=True)
    try:
        application = msgspec.json.decode(ask_graph(case, asked, path), type=_Application)
    except (GraphError, NetworkError, msgspec.MsgspecError):
        return None  # a kindness, on which nothing depends
    # The hint is how a secret begins, so two may share one: the later date is then the one to go by.
    dates = [one.end_date_time for one in application.password_credentials if one.hint == beginning]
    return max((date for date in dates if date), default=None)
