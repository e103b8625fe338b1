"""Where an administrator works, and with which lines: the portal's pages, and PowerShell for each cloud.

Source: Microsoft Graph PowerShell (New-MgServicePrincipalAppRoleAssignment, Update-MgServicePrincipal,
New-MgOauth2PermissionGrant); Exchange Online PowerShell (Test-ApplicationAccessPolicy, Get-EXOMailbox).
"""

from collections.abc import Iterable
from urllib.parse import quote

from postroom.auth.refusals import SignInPlace
from postroom.clouds import AZURE_GLOBAL, Cloud

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
"""The Application ID of Microsoft Graph in every tenant."""

API_PERMISSIONS = "CallAnAPI"
CREDENTIALS = "Credentials"
AUTHENTICATION = "Authentication"


def get_app_page(place: SignInPlace, page: str) -> str:
    """The address of a page of the app's registration in the portal."""
    blade = f"#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/{page}"
    return f"https://{place.cloud.portal_host}/{blade}/appId/{quote(place.client_id, safe='')}"


def get_apps_page(cloud: Cloud) -> str:
    """The address of the list of app registrations in the portal."""
    return f"https://{cloud.portal_host}/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade"


def get_tenant_page(cloud: Cloud) -> str:
    """The address of the overview of the tenant in the portal, which shows the Tenant ID."""
    return f"https://{cloud.portal_host}/#view/Microsoft_AAD_IAM/ActiveDirectoryMenuBlade/~/Overview"


def write_role_assignments(place: SignInPlace, permissions: Iterable[str]) -> str:
    """The lines that grant application permissions of Microsoft Graph with admin consent."""
    listed = ", ".join(quote_text(permission) for permission in permissions)
    chosen = f"$_.Value -in {listed} -and $_.AllowedMemberTypes -contains 'Application'"
    grant = (
        "New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $app.Id -PrincipalId $app.Id "
        "-ResourceId $graph.Id -AppRoleId $_.Id"
    )
    return "\n".join(
        (
            _connect_graph(place.cloud, "AppRoleAssignment.ReadWrite.All", "Application.Read.All"),
            f"$app = Get-MgServicePrincipal -Filter \"appId eq '{place.client_id}'\"",
            f"$graph = Get-MgServicePrincipal -Filter \"appId eq '{GRAPH_APP_ID}'\"",
            f"$graph.AppRoles | Where-Object {{ {chosen} }} | ForEach-Object {{ {grant} }}",
        )
    )


def write_enabling(place: SignInPlace) -> str:
    """The lines that switch an app on."""
    return "\n".join(
        (
            _connect_graph(place.cloud, "Application.ReadWrite.All"),
            f"$app = Get-MgServicePrincipal -Filter \"appId eq '{place.client_id}'\"",
            "Update-MgServicePrincipal -ServicePrincipalId $app.Id -AccountEnabled:$true",
        )
    )


def write_user_enabling(cloud: Cloud, username: str) -> str:
    """The lines that enable a user's account."""
    connect = _connect_graph(cloud, "User.EnableDisableAccount.All", "User.Read.All")
    return f"{connect}\nUpdate-MgUser -UserId {quote_text(username)} -AccountEnabled:$true"


def write_exchange(cloud: Cloud, line: str) -> str:
    """A line of Exchange Online PowerShell, after the one that connects to the cloud."""
    environment = "" if cloud is AZURE_GLOBAL else f" -ExchangeEnvironmentName {cloud.exchange_environment}"
    return f"Connect-ExchangeOnline{environment}\n{line}"


def quote_text(text: str) -> str:
    """The text as PowerShell takes it word for word."""
    return "'" + text.replace("'", "''") + "'"


def _connect_graph(cloud: Cloud, *scopes: str) -> str:
    environment = "" if cloud is AZURE_GLOBAL else f" -Environment {cloud.graph_environment}"
    return f"Connect-MgGraph{environment} -Scopes {', '.join(map(quote_text, scopes))}"
