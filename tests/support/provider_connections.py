"""OAuth connections of the Control Room to the local tenant, and people who sign in for them."""

from typing import TYPE_CHECKING

from support.sign_in import sign_in
from support.tenant import GLOBAL, RunningTenant

if TYPE_CHECKING:
    from postroom.controlroom.connections.grants_given import Grant
    from postroom.controlroom.connections.models import OAuthConnection

CALLBACK = "https://portal.contoso.com/callback"
PERMISSIONS = ("Mail.ReadWrite", "Mail.Send")


def create_connection(
    tenant: RunningTenant,
    *,
    name: str = "Outlook365-Production",
    cloud: str = GLOBAL,
    app: str = "Portal bot",
    grant_type: str = "authorization_code",
    client_authentication: str = "client_secret",
    with_secret: bool = True,
) -> "OAuthConnection":
    """Make a connection to an app of the tenant, with its client secret unless it is to have none."""
    from postroom.clouds import get_cloud
    from postroom.controlroom.connections.models import OAuthConnection
    from postroom.controlroom.connections.providers import Provider

    registered, chosen = tenant.app(app, cloud), get_cloud(cloud)
    connection = OAuthConnection.objects.create(
        name=name,
        provider=Provider.ENTRA_GLOBAL if cloud == GLOBAL else Provider.ENTRA_GCC_HIGH,
        grant_type=grant_type,
        client_authentication=client_authentication,
        client_id=registered["client_id"],
        tenant_id=tenant.cloud(cloud)["tenant_id"],
        scopes=" ".join(map(chosen.delegated_scope, PERMISSIONS))
        if grant_type != "client_credentials"
        else chosen.scope,
    )
    if with_secret and client_authentication == "client_secret":
        add_secret(connection, registered["client_secret"])
    return connection


def add_secret(connection: "OAuthConnection", text: str) -> None:
    """Give a connection a client secret or certificate."""
    from postroom.controlroom.connections import client_secrets
    from postroom.values import Secret

    client_secrets.add_secret(connection, client_secrets.NewSecret(Secret(text)))


def sign_in_for(
    connection: "OAuthConnection",
    tenant: RunningTenant,
    username: str = "ap@contoso.com",
    redirect_uri: str = CALLBACK,
) -> "Grant":
    """Let a person sign in at the tenant's pages, and give what the connection gets of it."""
    from postroom.controlroom.connections import grants

    url, flow = grants.start_sign_in(connection, redirect_uri, "the-state", username)
    return grants.finish_sign_in(connection, flow, sign_in(tenant, url, username))


def count_token_requests(tenant: RunningTenant) -> int:
    """Count the requests to the token endpoint."""
    return sum(1 for request in tenant.requests() if request["path"].endswith("/oauth2/v2.0/token"))
