"""Discovery leads a client to the right cloud, and says what Microsoft says of tenants that are not there."""

from uuid import uuid4

import pytest

from support.entra import assert_refused
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

CONFIGURATION = "/v2.0/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("cloud", "scopes", "graph"),
    [
        (GLOBAL, {"tenant_region_scope": "NA"}, "graph.microsoft.com"),
        (
            GCC_HIGH,
            {"tenant_region_scope": "USGov", "tenant_region_sub_scope": "DODCON"},
            "graph.microsoft.us",
        ),
    ],
)
def test_a_tenant_describes_itself(
    tenant: RunningTenant, cloud: str, scopes: dict[str, str], graph: str
) -> None:
    """The configuration names the endpoints under the address it was asked at, and the region of the tenant."""
    described = tenant.cloud(cloud)
    with tenant.client(cloud) as client:
        configuration = client.get(f"/{described['domain']}{CONFIGURATION}").json()
    base = f"{described['login']}/{described['tenant_id']}"
    assert configuration["token_endpoint"] == f"{base}/oauth2/v2.0/token"
    assert configuration["issuer"] == f"{base}/v2.0"
    assert configuration["msgraph_host"] == graph
    assert {name: configuration[name] for name in configuration if name.startswith("tenant_region")} == scopes


def test_under_the_real_name_the_endpoints_have_it_too(tenant: RunningTenant) -> None:
    """A client that came by Microsoft's host name is led on under that name."""
    with tenant.client() as client:
        path = f"/{tenant.cloud()['tenant_id']}{CONFIGURATION}"
        configuration = client.get(path, headers={"Host": "login.microsoftonline.com"}).json()
    assert configuration["authorization_endpoint"].startswith("https://login.microsoftonline.com/")


def test_a_tenant_of_the_other_cloud_is_described_with_that_clouds_endpoints(tenant: RunningTenant) -> None:
    """The configuration is how a client can find out that a tenant lives in the other cloud."""
    there = tenant.cloud(GCC_HIGH)
    with tenant.client(GLOBAL) as client:
        local = client.get(f"/{there['tenant_id']}{CONFIGURATION}").json()
        real = client.get(
            f"/{there['tenant_id']}{CONFIGURATION}", headers={"Host": "login.microsoftonline.com"}
        ).json()
    assert local["token_endpoint"].startswith(f"{there['login']}/")
    assert real["token_endpoint"].startswith("https://login.microsoftonline.us/")
    assert real["tenant_region_sub_scope"] == "DODCON"


@pytest.mark.parametrize("realm", ["common", "organizations", "consumers"])
def test_realms_without_a_tenant(tenant: RunningTenant, realm: str) -> None:
    """The shared realms have an issuer that names no tenant, or the consumers' one."""
    with tenant.client() as client:
        configuration = client.get(f"/{realm}{CONFIGURATION}").json()
    assert f"/{realm}/oauth2/v2.0/token" in configuration["token_endpoint"]
    expected = "9188040d-6c67-4c5b-b112-36a304b66dad" if realm == "consumers" else "{tenantid}"
    assert f"/{expected}/v2.0" in configuration["issuer"]


def test_an_unknown_tenant(tenant: RunningTenant) -> None:
    """Discovery calls the same refusal invalid_tenant."""
    unknown = str(uuid4())
    with tenant.client() as client:
        answer = client.get(f"/{unknown}{CONFIGURATION}")
    assert_refused(answer, 400, "invalid_tenant", 90002, f"Tenant '{unknown}' not found.")


@pytest.mark.parametrize(
    "host", ["login.microsoftonline.com", "login.windows.net", "login.microsoftonline.us"]
)
def test_a_known_instance(tenant: RunningTenant, host: str) -> None:
    """Microsoft's login hosts are confirmed, with the aliases of all."""
    endpoint = f"https://{host}/contoso.com/oauth2/v2.0/authorize"
    with tenant.client() as client:
        answer = client.get(
            "/common/discovery/instance", params={"authorization_endpoint": endpoint, "api-version": "1.1"}
        ).json()
    assert answer["tenant_discovery_endpoint"] == f"https://{host}/contoso.com{CONFIGURATION}"
    assert any("login.microsoftonline.us" in entry["aliases"] for entry in answer["metadata"])


@pytest.mark.parametrize(
    "endpoint", ["https://login.fabrikam.com/x/oauth2/v2.0/authorize", "", "nonsense", "https://["]
)
def test_an_unknown_instance(tenant: RunningTenant, endpoint: str) -> None:
    """A host that is not Microsoft's is no instance."""
    with tenant.client() as client:
        answer = client.get("/common/discovery/instance", params={"authorization_endpoint": endpoint})
    assert_refused(answer, 400, "invalid_instance", 50049, "Unknown or invalid instance.")


@pytest.mark.parametrize(
    ("cloud", "instance"), [(GLOBAL, "microsoftonline.com"), (GCC_HIGH, "microsoftonline.us")]
)
def test_where_a_user_signs_in(tenant: RunningTenant, cloud: str, instance: str) -> None:
    """Users of the tenant's domain, whoever they are, sign in at Entra ID; of others it knows nothing."""
    domain = tenant.cloud(cloud)["domain"]
    same = {
        "ver": "1.0",
        "cloud_instance_name": instance,
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    }
    with tenant.client(cloud) as client:
        for name in (f"ap@{domain}", f"nobody@{domain.upper()}"):
            known = client.get(f"/common/userrealm/{name}?api-version=1.0").json()
            assert known == same | {"account_type": "Managed", "domain_name": domain}
        unknown = client.get("/common/userrealm/ap@fabrikam.com?api-version=1.0").json()
    assert unknown == same | {"account_type": "Unknown"}
