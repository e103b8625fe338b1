"""The sign-in round trip of the Control Room's pages, without a browser: out, the provider's pages, and back."""

import html
import re
from typing import TYPE_CHECKING, Any

from support.sign_in import sign_in
from support.tenant import GLOBAL, RunningTenant

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

    from postroom.controlroom.connections.models import OAuthConnection

LEADS_ON = re.compile(r'<meta http-equiv="refresh" content="0; url=([^"]+)">')
CALLBACK = "/oauth/callback"


def register_callback(tenant: RunningTenant, app: str = "Portal bot") -> None:
    """Let an app of the tenant come back to the Control Room."""
    from postroom.controlroom.connections.sign_ins import get_callback_url

    tenant.change_app(app, redirect_uris=[get_callback_url()])


def read_departure(response: "HttpResponse") -> str:
    """Give the address that a page leads on to."""
    assert response.status_code == 200, response.status_code
    found = LEADS_ON.search(response.content.decode())
    assert found, "The page leads nowhere."
    return html.unescape(found[1])


def go_to_provider(client: "Client", connection: "OAuthConnection", whose: str = "mine", **form: str) -> str:
    """Press Login or Sign in, and give the provider's address."""
    return read_departure(client.post(f"/oauth/start/{connection.pk}/{whose}", form))


def sign_in_by_pages(
    client: "Client",
    connection: "OAuthConnection",
    tenant: RunningTenant,
    username: str = "ap@contoso.com",
    whose: str = "mine",
    **form: str,
) -> "HttpResponse":
    """Sign in from the row of a connection, and give the answer to coming back."""
    answer = sign_in(tenant, go_to_provider(client, connection, whose, **form), username)
    return client.get(CALLBACK, answer)


def fill_client(
    tenant: RunningTenant, app: str = "Portal bot", cloud: str = GLOBAL, **fields: Any
) -> dict[str, str]:
    """What somebody types on the second screen for an app of the tenant."""
    registered = tenant.app(app, cloud)
    return {
        "grant_type": "authorization_code_pkce",
        "client_authentication": "client_secret",
        "client_id": registered["client_id"],
        "tenant_id": tenant.cloud(cloud)["tenant_id"],
        "client_secret": registered["client_secret"],
        "scopes": "Mail.ReadWrite, Mail.Send",
        **fields,
    }
