"""$batch over HTTPS."""

import base64
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from support.mail import make_mail
from support.tenant import GCC_HIGH, RunningTenant

from .conftest import Caller

ME = "/users/ap@contoso.com"


def part(name: str, url: str = f"{ME}/messages", method: str = "GET", **more: Any) -> dict[str, Any]:
    return {"id": name, "method": method, "url": url, **more}


def batch(ap: Caller, *parts: dict[str, Any]) -> dict[str, Any]:
    answer = ap.request("POST", "/v1.0/$batch", json={"requests": list(parts)})
    assert answer.status_code == 200, answer.text
    return {response["id"]: response for response in answer.json()["responses"]}


def test_each_part_has_its_own_answer(tenant: RunningTenant, ap: Caller) -> None:
    """Statuses, bodies and preferences are each part's own."""
    message_id = tenant.deliver("ap@contoso.com", make_mail())
    answers = batch(
        ap,
        part("1", f"{ME}/messages?$select=subject", headers={"Prefer": 'IdType="ImmutableId"'}),
        part("2", f"{ME}/messages?$select=subject"),
        part("3", f"{ME}/messages/AAMkAD-nothing-of-the-kind="),
        part("4", f"{ME}/messages/{message_id}/$value"),
        part(
            "5",
            f"{ME}/mailFolders",
            "POST",
            body={"displayName": "x"},
            headers={"Content-Type": "application/json"},
        ),
        part("6", "/me"),
    )
    assert {name: answer["status"] for name, answer in answers.items()} == {
        "1": 200, "2": 200, "3": 404, "4": 200, "5": 201, "6": 400,
    }  # fmt: skip
    assert answers["1"]["body"]["value"][0]["id"] == message_id
    assert answers["2"]["body"]["value"][0]["id"] != message_id
    assert answers["3"]["body"]["error"]["code"] == "ErrorItemNotFound"
    assert (
        base64.b64decode(answers["4"]["body"]) == ap.request("GET", f"messages/{message_id}/$value").content
    )


def test_dependent_parts_wait_and_fail_together(ap: Caller) -> None:
    """A part runs after what it depends on, and fails with it."""
    answers = batch(
        ap,
        part("1"),
        part("2", f"{ME}/messages/nonsense", dependsOn=["1"]),
        part("3", dependsOn=["2"]),
    )
    assert [answers[name]["status"] for name in "123"] == [200, 400, 424]
    assert answers["3"]["headers"]["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "requests",
    [
        [],
        "x",
        [part(str(number)) for number in range(21)],
        [part("1"), part("1")],
        [part("1", dependsOn=["2"])],
        [part("1", dependsOn=["2"]), part("2", dependsOn=["1"])],
        [part("1", dependsOn=["1"])],
        [part("2", dependsOn=["1"]), part("1")],
        [part("1"), part("2"), part("3", dependsOn=["1"])],
        [part("1"), part("2", dependsOn=["1"]), part("3")],
        [{"id": "1"}],
        [part("1", dependsOn=[{}])],
        [part("1", method="TRACE")],
        [part("1") | {"id": 1}],
    ],
)
def test_batches_that_are_refused(ap: Caller, requests: Any) -> None:
    """A batch that is malformed is refused as a whole."""
    assert ap.refused("POST", "/v1.0/$batch", json={"requests": requests})[0] == 400


@pytest.mark.parametrize("start", ["https://graph.microsoft.com/v1.0", "/v1.0", "v1.0", "/beta"])
def test_addresses_are_relative_to_the_version(ap: Caller, start: str) -> None:
    """A part whose address names the host or the version is refused, for what it begins with is no segment."""
    answers = batch(ap, part("1", f"{start}{ME}/messages"), part("2"))
    assert [answers[name]["status"] for name in "12"] == [400, 200]
    segment = start.strip("/").partition("/")[0]
    assert answers["1"]["body"]["error"]["message"] == f"Resource not found for the segment '{segment}'."


def test_all_may_wait_for_the_same(ap: Caller) -> None:
    """Parts that wait for the first are not each other's."""
    answers = batch(ap, part("1"), part("2", dependsOn=["1"]), part("3", dependsOn=["1"]))
    assert {answer["status"] for answer in answers.values()} == {200}


def test_a_batch_holds_no_batch(ap: Caller) -> None:
    """A batch inside a batch is refused as a part; so is a body without a type."""
    answers = batch(
        ap, part("1", "/$batch", "POST"), part("2", f"{ME}/mailFolders", "POST", body={"displayName": "x"})
    )
    assert [answers[name]["status"] for name in "12"] == [400, 400]


def test_ids_differ_by_more_than_case(ap: Caller) -> None:
    """The ids of a batch are compared without regard to case, also where dependsOn names them."""
    assert ap.refused("POST", "/v1.0/$batch", json={"requests": [part("a"), part("A")]})[0] == 400
    answers = batch(ap, part("A"), part("B", dependsOn=["a"]))
    assert [answers[name]["status"] for name in "AB"] == [200, 200]


def test_a_part_is_throttled_for_itself(tenant: RunningTenant, ap: Caller) -> None:
    """Beyond a limit a part is 429 with its own Retry-After; each part counts, and the batch does not."""
    assert tenant.control.post("/limits", json={"requests": 3}).status_code == 200
    answers = batch(ap, *(part(str(number)) for number in range(5)))
    statuses = sorted(answer["status"] for answer in answers.values())
    assert statuses == [200, 200, 200, 429, 429]
    refused = next(answer for answer in answers.values() if answer["status"] == 429)
    assert int(refused["headers"]["Retry-After"]) > 0
    assert refused["body"]["error"]["code"] == "TooManyRequests"


def test_four_parts_are_under_way_at_a_time(tenant: RunningTenant, ap: Caller) -> None:
    """Twenty parts are no more than four requests at once; where fewer are let in, parts are refused."""
    answers = batch(ap, *(part(str(number)) for number in range(20)))
    assert {answer["status"] for answer in answers.values()} == {200}
    assert tenant.control.post("/limits", json={"concurrency": 1}).status_code == 200
    answers = batch(ap, *(part(str(number)) for number in range(4)))
    refused = [answer for answer in answers.values() if answer["status"] == 429]
    assert {answer["body"]["error"]["code"] for answer in refused} == {"ApplicationThrottled"}


def test_what_a_part_sends_counts(tenant: RunningTenant, ap: Caller) -> None:
    """The body of a part counts as sent to its mailbox."""
    assert tenant.control.post("/limits", json={"upload_bytes": 100}).status_code == 200
    json_type = {"Content-Type": "application/json"}
    body = {"subject": "x" * 80}
    parts = [
        part(name, f"{ME}/messages", "POST", body=body, headers=json_type, dependsOn=needs)
        for name, needs in (("1", []), ("2", ["1"]))
    ]
    answers = batch(ap, *parts)
    assert [answers[name]["status"] for name in "12"] == [201, 429]


@pytest.mark.parametrize("path", ["/v1.0/users/*/mailFolders", "/v1.0/users/ap@contoso.com/mailfolders"])
def test_a_fault_strikes_a_part_by_its_own_path(tenant: RunningTenant, ap: Caller, path: str) -> None:
    """A fault for a path meets the part that has it, and what depends on it; the others are answered."""
    tenant.add_fault(path=path, status=429, retry_after=7, count=1)
    answers = batch(
        ap, part("1"), part("2", f"{ME}/mailFolders", dependsOn=["1"]), part("3", dependsOn=["2"])
    )
    assert [answers[name]["status"] for name in "123"] == [200, 429, 424]
    assert answers["2"]["headers"]["Retry-After"] == "7"
    assert answers["2"]["body"]["error"]["code"] == "TooManyRequests"


def test_a_fault_for_the_batch_strikes_all_of_it(tenant: RunningTenant, ap: Caller) -> None:
    """The batch has a path of its own."""
    tenant.add_fault(path="/v1.0/$batch", status=503, count=1)
    assert ap.refused("POST", "/v1.0/$batch", json={"requests": [part("1")]})[0] == 503
    assert batch(ap, part("1"))["1"]["status"] == 200


def test_a_lost_part_loses_the_batch_after_its_work(tenant: RunningTenant, ap: Caller) -> None:
    """Where the answer of a part gets lost, so does that of the batch, which has been done."""
    tenant.add_fault(path="*/mailFolders", drop_response=True, count=1)
    write = {"body": {"displayName": "done"}, "headers": {"Content-Type": "application/json"}}
    parts = [part("1", f"{ME}/mailFolders", "POST", **write), part("2")]
    with pytest.raises(httpx2.RemoteProtocolError):
        ap.request("POST", "/v1.0/$batch", json={"requests": parts})
    names = [folder["displayName"] for folder in ap.get("mailFolders", **{"$top": "100"})["value"]]
    assert "done" in names


def test_a_part_may_answer_something_else(tenant: RunningTenant, ap: Caller) -> None:
    """Content that a fault makes up takes the place of a part's own: HTML in Base64."""
    tenant.add_fault(path="*/mailFolders", content="<html>", count=1)
    answer = batch(ap, part("1", f"{ME}/mailFolders"))["1"]
    assert (answer["status"], base64.b64decode(answer["body"])) == (200, b"<html>")


def test_the_log_has_the_parts_with_the_batch(tenant: RunningTenant, ap: Caller) -> None:
    """One entry for the batch, with each part's method, path, status and mailbox, and no query."""
    tenant.clear_requests()
    batch(ap, part("1", f"{ME}/messages?$search=secret"), part("2", f"{ME}/messages/nonsense"))
    (entry,) = tenant.requests()
    assert (entry["method"], entry["path"], entry["status"]) == ("POST", "/v1.0/$batch", 200)
    path = "/v1.0/users/ap@contoso.com/messages"
    parts = sorted(entry["parts"], key=lambda one: str(one["path"]))
    assert parts == [
        {"method": "GET", "path": path, "status": 200, "mailbox": "ap@contoso.com"},
        {"method": "GET", "path": f"{path}/nonsense", "status": 400, "mailbox": "ap@contoso.com"},
    ]


def test_atomicity_is_not_emulated(ap: Caller) -> None:
    """Microsoft Graph documents no atomicityGroup, so that none is pretended."""
    requests = [part("1", atomicityGroup="g")]
    assert ap.refused("POST", "/v1.0/$batch", json={"requests": requests})[0] == 501


def test_a_batch_in_the_government_cloud(tenant: RunningTenant, call: Callable[..., Caller]) -> None:
    """Both clouds take batches."""
    caller = call(cloud=GCC_HIGH)
    assert batch(caller, part("1", "/users/ap@contoso.us/messages"))["1"]["status"] == 200
