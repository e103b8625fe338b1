"""Users of the directory."""

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
