"""The two clouds as the network knows them: Microsoft's host names and the names of the tenant's own files for each."""

from dataclasses import dataclass

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"


@dataclass(frozen=True)
class CloudHosts:
    """Name everything about one cloud that never changes."""

    name: str
    key: str
    domain: str
    login: str
    graph: str
    upload: str
    region_scope: str
    region_sub_scope: str | None

    @property
    def names(self) -> tuple[str, str, str]:
        """List the host names of this cloud that the tenant answers for."""
        return (self.login, self.graph, self.upload)

    @property
    def graph_url(self) -> str:
        """Give the address that is also the audience of this cloud's access tokens."""
        return f"https://{self.graph}"


AZURE_GLOBAL = CloudHosts(
    name="Azure Global",
    key="global",
    domain="contoso.com",
    login="login.microsoftonline.com",
    graph="graph.microsoft.com",
    upload="outlook.office.com",
    region_scope="NA",
    region_sub_scope=None,
)
AZURE_US_GCC_HIGH = CloudHosts(
    name="Azure US GCC High",
    key="gcc-high",
    domain="contoso.us",
    login="login.microsoftonline.us",
    graph="graph.microsoft.us",
    upload="outlook.office365.us",
    region_scope="USGov",
    region_sub_scope="DODCON",
)
CLOUDS = (AZURE_GLOBAL, AZURE_US_GCC_HIGH)
