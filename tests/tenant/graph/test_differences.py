"""What Microsoft's schema of Azure US GCC High lacks is lacking, line by line, or there when the service is ahead."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.receivers import run_receiver
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

from .conftest import Caller
from .test_subscriptions import asked

FACTS = Path(__file__).parents[4] / "shared" / "facts" / "graph-clouds-diff.txt"
UNKNOWN_SEGMENT = (400, "BadRequest")

needs_facts = pytest.mark.skipif(
    not FACTS.exists(),
    reason="The comparison of Microsoft's schemas is not beside this checkout (../shared/facts).",
)


def lacks_conversation_index(caller: Caller) -> bool:
    draft = caller.post("messages", {"subject": "x"})
    place = f"messages/{draft['id']}?$select=conversationIndex"
    selected = caller.request("GET", place).status_code
    assert selected == (200 if "conversationIndex" in draft else 400)
    return "conversationIndex" not in draft


def lacks_is_hidden(caller: Caller) -> bool:
    made = caller.post("mailFolders", {"displayName": "Secret", "isHidden": True})
    selected = caller.request("GET", "mailFolders/inbox?$select=isHidden").status_code
    filtered = caller.request("GET", "mailFolders?$filter=isHidden eq false").status_code
    assert selected == filtered == (200 if "isHidden" in made else 400)
    assert made.get("isHidden", True)
    shown = [folder["displayName"] for folder in caller.get("mailFolders", **{"$top": "100"})["value"]]
    assert ("Secret" in shown) == ("isHidden" not in made)
    return "isHidden" not in made


def lacks_subscription_properties(caller: Caller) -> bool:
    with run_receiver() as receiver:
        body = asked(receiver, resource=f"users/{caller.address}/messages")
        made = caller.post("/v1.0/subscriptions", body)
        given = caller.request("POST", "/v1.0/subscriptions", json=body | {"notificationUrlAppId": "x"})
    lacking = not {"notificationQueryOptions", "notificationUrlAppId"} & made.keys()
    assert given.status_code == (400 if lacking else 201)
    return lacking


def lacks_upload_sessions(caller: Caller) -> bool:
    draft = caller.post("messages", {"subject": "x"})
    item = {"AttachmentItem": {"attachmentType": "file", "name": "a", "size": 4_000_000}}
    path = f"messages/{draft['id']}/attachments/createUploadSession"
    return is_unknown(caller, path, item, 201)


def lacks_id_translation(caller: Caller) -> bool:
    draft = caller.post("messages", {"subject": "x"})
    body = {"inputIds": [draft["id"]], "sourceIdType": "restImmutableEntryId", "targetIdType": "restId"}
    return is_unknown(caller, "translateExchangeIds", body, 200)


def lacks_permanent_delete_of_messages(caller: Caller) -> bool:
    draft = caller.post("messages", {"subject": "x"})
    return is_unknown(caller, f"messages/{draft['id']}/permanentDelete", None, 204)


def lacks_permanent_delete_of_folders(caller: Caller) -> bool:
    folder = caller.post("mailFolders", {"displayName": "Old"})
    return is_unknown(caller, f"mailFolders/{folder['id']}/permanentDelete", None, 204)


def lacks_parameters_of_drafts(caller: Caller) -> bool:
    original = caller.post("messages", {"subject": "x"})
    heeded = {}
    for action in ("createReply", "createReplyAll", "createForward"):
        draft = caller.post(f"messages/{original['id']}/{action}", {"comment": "well said"})
        heeded[action] = "well said" in draft["body"]["content"]
    assert len(set(heeded.values())) == 1
    return not heeded["createReply"]


def is_unknown(caller: Caller, path: str, body: Any, usual_status: int) -> bool:
    answer = caller.request("POST", path, json=body)
    if answer.status_code == usual_status:
        return False
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == UNKNOWN_SEGMENT
    assert error["message"] == f"Resource not found for the segment '{path.rpartition('/')[2]}'."
    return True


# What each line of the comparison is shown by; None where nothing of it is emulated, or nothing can be seen of it.
SHOWN_BY: dict[str, Callable[[Caller], bool] | None] = {
    "message props": lacks_conversation_index,
    "mailFolder props": lacks_is_hidden,
    "eventMessageRequest props": None,  # there are no events
    "subscription props": lacks_subscription_properties,
    "type attachmentItem": lacks_upload_sessions,
    "type convertIdResult": lacks_id_translation,
    "changeNotification props": None,  # of a type that the cloud has more of
    "Collection(microsoft.graph.attachment) createUploadSession": lacks_upload_sessions,
    "microsoft.graph.mailFolder copy": None,  # whether a parameter may be null
    "microsoft.graph.mailFolder move": None,
    "microsoft.graph.message copy": None,
    "microsoft.graph.message move": None,
    "microsoft.graph.message forward": None,  # the order of the parameters
    "microsoft.graph.mailFolder permanentDelete": lacks_permanent_delete_of_folders,
    "microsoft.graph.message permanentDelete": lacks_permanent_delete_of_messages,
    "microsoft.graph.message createForward": lacks_parameters_of_drafts,
    "microsoft.graph.message createReply": lacks_parameters_of_drafts,
    "microsoft.graph.message createReplyAll": lacks_parameters_of_drafts,
    "microsoft.graph.user translateExchangeIds": lacks_id_translation,
}
CHECKS = list(dict.fromkeys(check for check in SHOWN_BY.values() if check is not None))


def differing_lines() -> Iterator[str]:
    """Name what differs in the schema of GCC High, from the lines of the comparison."""
    for line in FACTS.read_text().splitlines():
        if found := re.match(r"Fairfax (\w+ props) missing", line):
            yield found[1]
        elif found := re.match(r"Fairfax MISSING TYPE (\w+)", line):
            yield f"type {found[1]}"
        elif (found := re.match(r"\('([^']+)', '(\w+)'\)", line)) and not re.search(
            r"Fairfax: True same", line
        ):
            yield f"{found[1]} {found[2]}"


@needs_facts
def test_every_difference_is_known() -> None:
    """Each line of the comparison of the schemas that is about GCC High has a check here or a reason for none."""
    assert set(differing_lines()) == SHOWN_BY.keys()


@pytest.mark.parametrize("lacks", CHECKS)
def test_gcc_high_lacks_what_its_schema_lacks(
    tenant: RunningTenant, call: Callable[..., Caller], lacks: Callable[[Caller], bool]
) -> None:
    """GCC High lacks it, and Azure Global does not; nor does GCC High when the schema is taken to lag behind."""
    tenant.change_app("Invoice bot", application_permissions=["Mail.ReadWrite", "User.ReadWrite.All"])
    assert lacks(call(cloud=GCC_HIGH))
    assert not lacks(call(cloud=GLOBAL))
    answer = tenant.control.post("/schema", params={"cloud": GCC_HIGH}, json={"absent": "served"})
    assert answer.status_code == 204
    assert not lacks(call("adele", cloud=GCC_HIGH))
    tenant.reset()
    tenant.change_app("Invoice bot", application_permissions=["Mail.ReadWrite", "User.ReadWrite.All"])
    assert lacks(call(cloud=GCC_HIGH))


@pytest.mark.parametrize("body", [{}, {"absent": "maybe"}, {"absent": "served", "cloud": GLOBAL}])
def test_the_switch_takes_two_words(tenant: RunningTenant, body: dict[str, str]) -> None:
    """Anything but refused and served is refused with a sentence."""
    answer = tenant.control.post("/schema", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
