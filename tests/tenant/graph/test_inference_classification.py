"""The focused inbox."""

from support.tenant import RunningTenant

from .conftest import Caller

PATH = "inferenceClassification/overrides"
MIME = b"From: Randi <Randi@Adatum.example>\r\nTo: ap@contoso.com\r\nSubject: News\r\n\r\nHello\r\n"
OTHER = {"classifyAs": "other", "senderEmailAddress": {"name": "Randi", "address": "randi@adatum.example"}}


def test_an_override_decides_what_comes_in(tenant: RunningTenant, ap: Caller) -> None:
    """Mail is focused, but for senders whose override says otherwise."""
    tenant.deliver("ap@contoso.com", MIME)
    ap.post(PATH, OTHER)
    tenant.deliver("ap@contoso.com", MIME)
    listed = ap.get(
        "messages", **{"$select": "inferenceClassification", "$orderby": "inferenceClassification"}
    )
    assert [each["inferenceClassification"] for each in listed["value"]] == ["focused", "other"]


def test_one_override_a_sender(ap: Caller) -> None:
    """A second override for a sender takes the place of the first, and keeps its id."""
    first = ap.post(PATH, OTHER)
    second = ap.post(PATH, OTHER | {"classifyAs": "focused"})
    assert second["id"] == first["id"]
    assert [each["classifyAs"] for each in ap.get(PATH)["value"]] == ["focused"]
    assert ap.request("GET", f"{PATH}/$count").text == "1"


def test_an_override_is_changed_and_deleted(ap: Caller) -> None:
    """PATCH changes the class and not the sender; DELETE answers 204."""
    path = f"{PATH}/{ap.post(PATH, OTHER)['id']}"
    assert ap.request("PATCH", path, json={"classifyAs": "Focused"}).json()["classifyAs"] == "focused"
    other = {"name": "x", "address": "x@adatum.example"}
    assert ap.refused("PATCH", path, json={"senderEmailAddress": other})[0] == 400
    assert ap.request("DELETE", path).status_code == 204
    assert ap.refused("GET", path) == (404, "ErrorItemNotFound")


def test_what_is_no_override(ap: Caller) -> None:
    """Class and address are needed."""
    assert ap.refused("POST", PATH, json={"classifyAs": "other"})[0] == 400
    assert ap.refused("POST", PATH, json=OTHER | {"classifyAs": "spam"})[0] == 400
    assert ap.refused("POST", PATH, json=OTHER | {"senderEmailAddress": {"address": "nobody"}})[0] == 400
    assert ap.get("inferenceClassification")["id"]
