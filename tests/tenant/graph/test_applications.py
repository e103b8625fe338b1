"""An app that may read registrations learns when its credentials expire, and never a secret."""

from collections.abc import Callable

from support.tenant import RunningTenant

from .conftest import Caller


def reader(tenant: RunningTenant, call: Callable[..., Caller]) -> Caller:
    tenant.change_app("Invoice bot", application_permissions=["Application.Read.All"])
    return call()


def test_an_app_reads_its_own_dates(tenant: RunningTenant, call: Callable[..., Caller]) -> None:
    """By its client id an app finds its registration: dates and beginnings of secrets, dates of certificates."""
    caller, app = reader(tenant, call), tenant.app()
    selected = "$select=passwordCredentials,keyCredentials,id"
    found = caller.get(f"/v1.0/applications(appId='{app['client_id']}')?{selected}")
    assert found["@odata.context"].endswith("#applications(passwordCredentials,keyCredentials,id)/$entity")
    (secret,), (certificate,) = found["passwordCredentials"], found["keyCredentials"]
    assert app["client_secret"].startswith(secret["hint"])
    assert app["client_secret"] not in str(found)
    assert secret["secretText"] is None
    assert secret["startDateTime"] < secret["endDateTime"]
    assert (certificate["type"], certificate["key"]) == ("AsymmetricX509Cert", None)
    assert caller.get(f"/v1.0/applications/{found['id']}")["appId"] == app["client_id"]


def test_registrations_are_found_by_a_filter(tenant: RunningTenant, call: Callable[..., Caller]) -> None:
    """A list has every app of the cloud, or the one that a filter names."""
    caller = reader(tenant, call)
    names = [one["displayName"] for one in caller.get("/v1.0/applications")["value"]]
    assert names == [app["name"] for app in tenant.cloud()["apps"]]
    client_id = tenant.app("Desktop bot")["client_id"]
    (found,) = caller.get("/v1.0/applications", **{"$filter": f"appId eq '{client_id}'"})["value"]
    assert found["publicClient"]["redirectUris"] == tenant.app("Desktop bot")["redirect_uris"]
    assert caller.get("/v1.0/applications", **{"$filter": "displayName eq 'Nobody'"})["value"] == []


def test_registrations_are_not_for_everybody(
    tenant: RunningTenant, ap: Caller, call: Callable[..., Caller]
) -> None:
    """Without the permission they are refused; what is not there is not found; what is not emulated says so."""
    assert ap.refused("GET", "/v1.0/applications") == (403, "Authorization_RequestDenied")
    caller = reader(tenant, call)
    assert caller.refused("GET", "/v1.0/applications(appId='x')") == (404, "Request_ResourceNotFound")
    assert caller.refused("GET", "/v1.0/applications?$select=shoeSize")[0] == 400
    refused = caller.refused("GET", "/v1.0/applications?$filter=startswith(displayName,'I')")
    assert refused == (501, "NotImplemented")
