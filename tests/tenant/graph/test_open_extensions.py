"""Open extensions of messages over HTTPS."""

import pytest

from support.mail import make_mail
from support.tenant import RunningTenant

from .conftest import Caller

NAME = "Com.Contoso.Referral"
ID = f"Microsoft.OutlookServices.OpenTypeExtension.{NAME}"
REFERRAL = {
    "@odata.type": "microsoft.graph.openTypeExtension",
    "extensionName": NAME,
    "companyName": "Wingtip Toys",
    "dealValue": 500050,
}


@pytest.fixture
def place(tenant: RunningTenant, ap: Caller) -> str:
    """Give the path of the extensions of a received message that has one."""
    path = f"messages/{tenant.deliver('ap@contoso.com', make_mail())}/extensions"
    ap.post(path, REFERRAL)
    return path


def test_an_extension_is_read_by_name_or_id(ap: Caller, place: str) -> None:
    """Both its name, in any case, and its id lead to an extension; it says what was written."""
    found = ap.get(f"{place}/{NAME}")
    assert found["id"] == ID
    assert found["extensionName"] == NAME
    assert found["@odata.type"] == "#microsoft.graph.openTypeExtension"
    assert (found["companyName"], found["dealValue"]) == ("Wingtip Toys", 500050)
    assert ap.get(f"{place}/{ID}") == ap.get(f"{place}('{NAME.upper()}')") == found


def test_an_extension_is_changed_and_deleted(ap: Caller, place: str) -> None:
    """A change adds to what is there; the change key of the message follows; what is deleted is gone."""
    message = place.removesuffix("/extensions")
    before = ap.get(message)["changeKey"]
    answer = ap.request("PATCH", f"{place}/{NAME}", json={"dealValue": 1, "stage": "won"})
    assert answer.status_code == 200
    assert (
        ap.get(f"{place}/{NAME}").items()
        >= {"companyName": "Wingtip Toys", "dealValue": 1, "stage": "won"}.items()
    )
    assert ap.get(message)["changeKey"] != before
    assert ap.request("DELETE", f"{place}/{NAME}").status_code == 204
    assert ap.refused("GET", f"{place}/{NAME}") == (404, "ErrorItemNotFound")


def test_extensions_come_along_and_are_looked_for(ap: Caller, place: str) -> None:
    """$expand brings the extension that it names; $filter finds the messages that have it, copies too."""
    message = place.removesuffix("/extensions")
    expand = {"$expand": f"Extensions($filter=id eq '{NAME}')"}
    (extension,) = ap.get(message, **expand)["extensions"]
    assert extension["companyName"] == "Wingtip Toys"
    ap.post(f"{message}/copy", {"destinationId": "archive"})
    listed = ap.get("messages", **{"$filter": f"Extensions/any(f:f/id eq '{NAME}')"} | expand)["value"]
    assert [found["extensions"][0]["dealValue"] for found in listed] == [500050, 500050]


def test_a_draft_may_come_with_an_extension(ap: Caller) -> None:
    """A new message brings its extensions along."""
    message = ap.post("messages", {"subject": "Annual review", "extensions": [REFERRAL]})
    assert message["extensions"][0]["companyName"] == "Wingtip Toys"
    assert ap.get(f"messages/{message['id']}/extensions/{NAME}")["dealValue"] == 500050


@pytest.mark.parametrize(
    ("method", "path", "body", "refusal"),
    [
        ("GET", "", None, (400, "ErrorInvalidRequest")),
        ("GET", "/$count", None, (400, "ErrorInvalidRequest")),
        ("POST", "", REFERRAL, (409, "nameAlreadyExists")),
        ("POST", "", {"companyName": "Nameless"}, (400, "ErrorInvalidArgument")),
        ("POST", "", REFERRAL | {"@odata.type": "microsoft.graph.message"}, (400, "RequestBodyRead")),
        ("PATCH", "/Com.Contoso.Other", {}, (404, "ErrorItemNotFound")),
        ("DELETE", "/Com.Contoso.Other", None, (404, "ErrorItemNotFound")),
    ],
)
def test_what_is_refused_of_extensions(
    ap: Caller, place: str, method: str, path: str, body: dict[str, object] | None, refusal: tuple[int, str]
) -> None:
    """Extensions are not listed, a name is taken once, and what is not there is not there."""
    assert ap.refused(method, place + path, **({"json": body} if body is not None else {})) == refusal
