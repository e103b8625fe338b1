"""The Azure clouds: one value decides login host, Graph host and scope.

Owns every Microsoft host name that Postroom uses; no other module names one. Depends on errors alone.
"""

from dataclasses import dataclass
from urllib.parse import quote

from postroom.errors import SettingError


@dataclass(frozen=True)
class Cloud:
    """One Azure cloud: where to sign in, where Graph is, where its administrators work.

    Tokens, tenants and app registrations of one cloud mean nothing to the other. GCC (without High) is
    part of Azure Global. Source: Microsoft Entra authentication and national clouds.
    """

    name: str
    login_host: str
    graph_host: str
    portal_host: str
    graph_environment: str
    """What `Connect-MgGraph -Environment` calls the cloud."""
    exchange_environment: str
    """What `Connect-ExchangeOnline -ExchangeEnvironmentName` calls the cloud."""

    @property
    def graph_url(self) -> str:
        """The base of every Graph address, with version and without a slash at the end."""
        return f"https://{self.graph_host}/v1.0"

    @property
    def scope(self) -> str:
        """The scope that stands for all application permissions which the app was granted."""
        return f"https://{self.graph_host}/.default"

    def delegated_scope(self, permission: str) -> str:
        """The scope that asks for this delegated permission of Microsoft Graph."""
        return f"https://{self.graph_host}/{permission}"

    def admin_consent_url(self, tenant_id: str, client_id: str) -> str:
        """Where an administrator consents to an app for everybody in the tenant."""
        return f"{self.authority(tenant_id)}/adminconsent?client_id={quote(client_id)}"

    def authority(self, tenant_id: str) -> str:
        """Where the tenant (GUID or domain) signs in."""
        return f"https://{self.login_host}/{tenant_id}"


AZURE_GLOBAL = Cloud(
    name="Azure Global",
    login_host="login.microsoftonline.com",
    graph_host="graph.microsoft.com",
    portal_host="portal.azure.com",
    graph_environment="Global",
    exchange_environment="O365Default",
)
AZURE_US_GCC_HIGH = Cloud(
    name="Azure US GCC High",
    login_host="login.microsoftonline.us",
    graph_host="graph.microsoft.us",
    portal_host="portal.azure.us",
    graph_environment="USGov",
    exchange_environment="O365USGovGCCHigh",
)
CLOUDS = (AZURE_GLOBAL, AZURE_US_GCC_HIGH)


def get_cloud(name: str) -> Cloud:
    """Give the cloud of this name (case does not matter).

    Errors: SettingError for any other name.
    """
    for cloud in CLOUDS:
        if cloud.name.casefold() == name.strip().casefold():
            return cloud
    known = " or ".join(f"“{cloud.name}”" for cloud in CLOUDS)
    raise SettingError(
        f"There is no Azure cloud “{name}”. Choose {known} (GCC without High belongs to Azure Global)."
    )
