"""Users of the directory."""

from collections.abc import Callable

from support.tenant import RunningTenant

from .conftest import Caller


def test_a_user_by_address_and_by_id(ap: Caller) -> None:
    """Address, in any case, and id lead to the same user."""
    user = ap.get("/v1.0/users/AP%40contoso.com")
    assert user["mail"] == user["userPrincipalName"] == "ap@contoso.com"
    assert ap.get(f"/v1.0/users('{user['id']}')")["displayName"] == "Accounts Payable"


def test_select_and_what_is_not_there(ap: Caller) -> None:
    """$select names the properties; an unknown user or property is refused."""
    assert ap.get("/v1.0/users/ap@contoso.com", **{"$select": "mail"}).keys() == {"@odata.context", "mail"}
    assert ap.refused("GET", "/v1.0/users/ap@contoso.com?$select=shoeSize") == (400, "BadRequest")
    assert ap.refused("GET", "/v1.0/users/nobody@contoso.com") == (404, "Request_ResourceNotFound")


def test_the_settings_of_the_mailbox_are_selected(
    tenant: RunningTenant, settings: Caller, call: Callable[..., Caller]
) -> None:
    """They come only with $select, whole, and with the permission that they need alone."""
    path = "/v1.0/users/ap@contoso.com"
    selected = settings.get(path, **{"$select": "displayName,mailboxSettings"})
    alone = settings.get("mailboxSettings")
    assert selected["mailboxSettings"] == {name: alone[name] for name in alone if "@" not in name}
    assert "mailboxSettings" not in settings.get(path)
    tenant.change_app("Reader bot", application_permissions=["User.Read.All"])
    refused = call(app="Reader bot").refused("GET", f"{path}?$select=mailboxSettings")
    assert refused == (403, "ErrorAccessDenied")


def test_nothing_of_a_user_is_expanded(ap: Caller) -> None:
    """A photo cannot be, which Graph says in its own words; the rest is not emulated."""
    for path in ("/v1.0/users/ap@contoso.com", "/v1.0/users"):
        assert ap.refused("GET", f"{path}?$expand=photo") == (400, "ExpandNotSupported")
        assert ap.refused("GET", f"{path}?$expand=manager")[0] == 501


EVENTUAL = {"ConsistencyLevel": "eventual"}


def names(ap: Caller, query: str, headers: dict[str, str] | None = None) -> list[str]:
    answer = ap.request("GET", f"/v1.0/users?{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return [each["displayName"] for each in answer.json()["value"]]


def test_users_are_listed_page_by_page(ap: Caller) -> None:
    """Pages lead to each other, and no user is missed."""
    page = ap.get("/v1.0/users", **{"$top": "2", "$select": "mail"})
    found = page["value"]
    while "@odata.nextLink" in page:
        page = ap.get(page["@odata.nextLink"])
        found += page["value"]
    assert {"ap@contoso.com", "board@contoso.com"} <= {each["mail"] for each in found}
    assert all(each.keys() == {"mail"} for each in found)


def test_users_are_filtered(ap: Caller) -> None:
    """Equality and beginnings are plain queries."""
    assert names(ap, "$filter=userPrincipalName eq 'AP@contoso.com'") == ["Accounts Payable"]
    assert names(ap, "$filter=startswith(displayName,'a') and accountEnabled eq true") == [
        "Accounts Payable",
        "Adele Vance",
    ]
    assert names(ap, "$filter=mail eq 'nobody@contoso.com'") == []
    assert names(ap, "$orderby=displayName desc")[0] == "Megan Bowen"


def test_advanced_queries_need_their_header(ap: Caller) -> None:
    """Counting and denying are only answered with ConsistencyLevel: eventual."""
    denied = "$count=true&$filter=not(startswith(mail,'a'))"
    assert ap.refused("GET", f"/v1.0/users?{denied}") == (400, "Request_UnsupportedQuery")
    assert "Adele Vance" not in names(ap, denied, EVENTUAL)
    assert ap.refused("GET", "/v1.0/users/$count")[0] == 400
    counted = ap.request("GET", "/v1.0/users/$count", headers=EVENTUAL).text
    listed = ap.request("GET", "/v1.0/users?$count=true", headers=EVENTUAL).json()
    assert counted == str(listed["@odata.count"])
    assert "@odata.count" not in ap.get("/v1.0/users", **{"$count": "true"})


def test_users_need_a_permission(call: Callable[..., Caller]) -> None:
    """Mail permissions do not list users."""
    assert call(app="Reader bot").refused("GET", "/v1.0/users") == (403, "Authorization_RequestDenied")
    assert call().refused("GET", "/v1.0/users?$top=1000")[0] == 400
    assert call().refused("GET", "/v1.0/users?$skip=1")[0] == 400
    assert call().refused("GET", "/v1.0/users?$filter=contains(mail,'a')")[0] == 400
