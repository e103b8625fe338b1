"""The scopes a client asks for: delegated permissions of Microsoft Graph, and what OpenID Connect adds."""

from dataclasses import dataclass

from postroom.tenant.consents import OPENID_SCOPES
from postroom.tenant.directory import App
from postroom.tenant.entra.refusals import refusal
from postroom.tenant.hosts import GRAPH_APP_ID
from postroom.tenant.state import CloudState

DEFAULT = ".default"
# The delegated permissions of Graph that have to do with mail and its users, and whether an administrator must consent.
GRAPH_SCOPES: dict[str, bool] = {
    "AgentIdUser.ReadWrite.All": True,
    "AgentIdUser.ReadWrite.IdentityParentedBy": True,
    "Application.Read.All": True,
    "Calendars.ReadWrite": False,
    "Mail.Read": False,
    "Mail.Read.Shared": False,
    "Mail.ReadBasic": False,
    "Mail.ReadBasic.Shared": False,
    "Mail.ReadWrite": False,
    "Mail.ReadWrite.Shared": False,
    "Mail.Send": False,
    "Mail.Send.Shared": False,
    "MailTips.ReadBasic.Shared": False,
    "MailboxSettings.Read": False,
    "MailboxSettings.ReadWrite": False,
    "Tasks.Read": False,
    "Tasks.ReadWrite": False,
    "User.Read": False,
    "User.Read.All": True,
    "User.ReadBasic.All": False,
    "User.ReadWrite": False,
    "User.ReadWrite.All": True,
}
_CANONICAL = {name.lower(): name for name in (*GRAPH_SCOPES, *OPENID_SCOPES)}


@dataclass(frozen=True)
class AskedScopes:
    """Tell what a client asks for."""

    resource: frozenset[str] = frozenset()
    """Delegated permissions of Graph by their short names, those that `.default` stands for included."""
    openid: frozenset[str] = frozenset()
    """Those of openid, profile, email and offline_access."""
    default: bool = False
    """Whether `.default` was asked for."""
    prefix: str = ""
    """What the client writes before the names of Graph's permissions, for the answer to write it too."""


def read_scopes(text: str, cloud: CloudState, app: App) -> AskedScopes:
    """Read the scope parameter of a request of this app, or refuse (900144, 70011, 700022, 500011)."""
    parts = [_split(scope) for scope in text.split()]
    if not parts:
        raise refusal(900144, parameter="scope")
    resources = {resource for resource, name in parts if resource}
    graph = _graph_names(cloud)
    if len({"graph" if resource in graph else resource for resource in resources}) > 1:
        raise refusal(700022)
    for resource in resources - graph:
        raise refusal(500011, resource=resource, tenant=cloud.directory.tenant_name)
    prefix = next((resource + "/" for resource in resources), "")
    return _sort([name for _, name in parts], text, app, prefix)


def needs_admin(scope: str) -> bool:
    """Tell whether only an administrator can consent to this scope."""
    return GRAPH_SCOPES.get(scope, False)


def _sort(names: list[str], text: str, app: App, prefix: str) -> AskedScopes:
    known = {_CANONICAL.get(name.lower(), name) for name in names if name.lower() != DEFAULT}
    for unknown in known - GRAPH_SCOPES.keys() - OPENID_SCOPES:
        raise refusal(70011, scope=unknown)
    resource, openid = frozenset(known - OPENID_SCOPES), frozenset(known & OPENID_SCOPES)
    default = any(name.lower() == DEFAULT for name in names)
    if default and resource:
        # [?] A scope cannot name `.default` and other permissions at once (70011; Microsoft's text is longer).
        raise refusal(70011, scope=text)
    if default:
        resource = app.delegated_permissions - OPENID_SCOPES
    return AskedScopes(resource, openid, default, prefix)


def _split(scope: str) -> tuple[str, str]:
    """Part a scope into the resource it names (or "") and its own name."""
    resource, slash, name = scope.rpartition("/")
    return (resource.rstrip("/"), name) if slash else ("", scope)


def _graph_names(cloud: CloudState) -> set[str]:
    return {cloud.hosts.graph_url, GRAPH_APP_ID}
