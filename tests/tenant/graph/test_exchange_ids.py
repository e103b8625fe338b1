"""Ids of Exchange in other formats."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from support.tenant import GCC_HIGH, RunningTenant

from .conftest import Caller

FORMATS = ("entryId", "ewsId", "immutableEntryId", "restId", "restImmutableEntryId")
MIME = b"From: adele@contoso.com\r\nSubject: Hello\r\n\r\nHello\r\n"


def translate(caller: Caller, ids: list[str], source: str, target: str) -> list[dict[str, Any]]:
    body = {"inputIds": ids, "sourceIdType": source, "targetIdType": target}
    found: list[dict[str, Any]] = caller.post("translateExchangeIds", body, status=200)["value"]
    return found


@pytest.fixture
def rest_id(tenant: RunningTenant, ap: Caller) -> str:
    """Give the id of a message that changes when the message moves."""
    tenant.deliver("ap@contoso.com", MIME)
    listed = ap.request("GET", "messages", headers={"Prefer": "x"}).json()
    return str(listed["value"][0]["id"])


def test_every_format_leads_to_every_other(ap: Caller, rest_id: str) -> None:
    """The formats differ, and there is a way back from each to each."""
    written = {name: translate(ap, [rest_id], "restId", name)[0]["targetId"] for name in FORMATS}
    assert len({written[name] for name in FORMATS if name != "ewsId"}) == len(FORMATS) - 1
    for source, target in permutations(FORMATS, 2):
        assert translate(ap, [written[source]], source, target)[0]["targetId"] == written[target]
    immutable = ap.get("messages")["value"][0]["id"]
    assert written["restImmutableEntryId"] == immutable


def test_the_id_of_web_services_is_standard_base64(ap: Caller) -> None:
    """Only the two characters that a URL has trouble with differ."""
    folder = ap.get("mailFolders/inbox")["id"]
    (found,) = translate(ap, [folder], "restId", "ewsId")
    assert found["sourceId"] == folder
    assert found["targetId"] == folder.replace("-", "+").replace("_", "/")


def test_what_cannot_be_translated(ap: Caller, rest_id: str) -> None:
    """Each id has its own error, and the others are translated."""
    moved = ap.get("messages")["value"][0]["id"]
    ap.post(f"messages/{moved}/move", {"destinationId": "archive"})
    gone, odd = translate(ap, [rest_id, "nonsense"], "restId", "restImmutableEntryId")
    assert gone["errorDetails"]["code"] == "ErrorItemNotFound"
    assert odd["errorDetails"]["code"] == "ErrorInvalidIdMalformed"
    (entry,) = translate(ap, ["nonsense"], "entryId", "restId")
    assert "targetId" not in entry


def test_what_is_no_request(ap: Caller) -> None:
    """At most 1,000 ids, of known formats."""
    for body in (
        {"inputIds": ["x"], "sourceIdType": "restId"},
        {"inputIds": ["x"], "sourceIdType": "restId", "targetIdType": "hexId"},
        {"inputIds": ["x"] * 1001, "sourceIdType": "restId", "targetIdType": "ewsId"},
    ):
        assert ap.refused("POST", "translateExchangeIds", json=body)[0] == 400


def test_gcc_high_has_none(call: Callable[..., Caller]) -> None:
    """The action is not there."""
    body = {"inputIds": ["x"], "sourceIdType": "restId", "targetIdType": "ewsId"}
    refused = call(cloud=GCC_HIGH).refused("POST", "translateExchangeIds", json=body)
    assert refused == (400, "BadRequest")
