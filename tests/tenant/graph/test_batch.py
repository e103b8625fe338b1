"""$batch over HTTPS."""

import base64
from typing import Any

import pytest

from support.mail import make_mail
from support.tenant import RunningTenant

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
    """A part runs after what it depends on, wherever it stands, and fails with it."""
    answers = batch(
        ap,
        part("3", dependsOn=["2"]),
        part("2", f"{ME}/messages/nonsense", dependsOn=["1"]),
        part("1"),
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
        [{"id": "1"}],
        [part("1", "https://contoso.example/")],
        [part("1", dependsOn=[{}])],
    ],
)
def test_batches_that_are_refused(ap: Caller, requests: Any) -> None:
    """A batch that is malformed is refused as a whole."""
    assert ap.refused("POST", "/v1.0/$batch", json={"requests": requests})[0] == 400


def test_a_batch_holds_no_batch(ap: Caller) -> None:
    """A batch inside a batch is refused as a part; so is a body without a type."""
    answers = batch(
        ap, part("1", "/$batch", "POST"), part("2", f"{ME}/mailFolders", "POST", body={"displayName": "x"})
    )
    assert [answers[name]["status"] for name in "12"] == [400, 400]
