"""Subscriptions: receivers prove themselves, are told of changes in time, and are told again if they were away."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from postroom.tenant.notifications.subscriptions import Subscription
from postroom.tenant.tenancy import LocalTenant
from support.entra import GUID, Signer
from support.receivers import Receiver, run_receiver
from support.tenant import GCC_HIGH, RunningTenant

from .conftest import Caller

ADDRESS = "ap@contoso.com"
MAIL = b"From: x@fabrikam.example\r\nTo: ap@contoso.com\r\nSubject: News\r\n\r\nHello"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run a receiver."""
    with run_receiver() as running:
        yield running


def in_minutes(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")


def asked(receiver: Receiver, **properties: Any) -> dict[str, Any]:
    usual = {
        "changeType": "created",
        "notificationUrl": receiver.url,
        "resource": f"users/{ADDRESS}/mailFolders('inbox')/messages",
        "expirationDateTime": in_minutes(60),
        "clientState": "a state",
    }
    return {name: value for name, value in (usual | properties).items() if value is not ...}


def subscribe(caller: Caller, receiver: Receiver, **properties: Any) -> dict[str, Any]:
    made: dict[str, Any] = caller.post("/v1.0/subscriptions", asked(receiver, **properties))
    return made


def test_a_receiver_hears_of_new_mail(tenant: RunningTenant, ap: Caller, receiver: Receiver) -> None:
    """The receiver gets a token to answer with, and then a notification of a message that is delivered."""
    made = subscribe(ap, receiver)
    assert re.fullmatch(GUID, made["id"])
    assert made["@odata.context"].endswith("/v1.0/$metadata#subscriptions/$entity")
    assert (made["applicationId"], made["clientState"]) == (tenant.app()["client_id"], "a state")
    assert receiver.tokens[0].startswith("Validation: ")
    immutable_id = tenant.deliver(ADDRESS, MAIL)
    (told,) = receiver.wait_for(1)
    message = ap.get(f"messages/{immutable_id}")
    owner = ap.get("/v1.0/users/ap@contoso.com")["id"]
    assert told == {
        "subscriptionId": made["id"],
        "subscriptionExpirationDateTime": made["expirationDateTime"],
        "changeType": "created",
        "resource": f"Users/{owner}/Messages/{immutable_id}",
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Message",
            "@odata.id": f"Users/{owner}/Messages/{immutable_id}",
            "@odata.etag": message["@odata.etag"],
            "id": immutable_id,
        },
        "clientState": "a state",
        "tenantId": tenant.cloud()["tenant_id"],
    }


def test_ids_are_of_the_kind_that_was_asked_for(
    tenant: RunningTenant, ap: Caller, receiver: Receiver
) -> None:
    """Without the preference for immutable ids, the notification carries the other id, which reads the message."""
    body = asked(receiver)
    assert ap.request("POST", "/v1.0/subscriptions", {"Prefer": "x=y"}, json=body).status_code == 201
    immutable_id = tenant.deliver(ADDRESS, MAIL)
    (told,) = receiver.wait_for(1)
    assert told["resourceData"]["id"] != immutable_id
    assert ap.get(f"/v1.0/{told['resource']}")["id"] == immutable_id


def test_each_kind_of_change_is_told(tenant: RunningTenant, ap: Caller, receiver: Receiver) -> None:
    """Of a folder: what comes, changes and goes; nothing of other folders, other mailboxes and other kinds."""
    subscribe(ap, receiver, changeType="created, updated,deleted")
    subscribe(ap, receiver, changeType="deleted", resource="/users/adele@contoso.com/messages")
    message_id = tenant.deliver(ADDRESS, MAIL)
    ap.post("messages", {"subject": "A draft, in another folder"})
    ap.request("PATCH", f"messages/{message_id}", json={"isRead": True})
    ap.post(f"messages/{message_id}/move", {"destinationId": "archive"})
    tenant.deliver("adele@contoso.com", MAIL)
    told = receiver.wait_for(3)
    assert [one["changeType"] for one in told] == ["created", "updated", "deleted"]
    assert {one["resourceData"]["id"] for one in told} == {message_id}


def test_a_filter_makes_messages_come_and_go(tenant: RunningTenant, ap: Caller, receiver: Receiver) -> None:
    """With a filter, a message that comes to satisfy it is created, and one that ceases to is deleted."""
    tenant.deliver(ADDRESS, MAIL)
    (old,) = ap.get("messages")["value"]
    resource = f"users/{ADDRESS}/messages?$filter=isRead eq false"
    subscribe(ap, receiver, changeType="created,updated,deleted", resource=resource)
    for change in ({"isRead": True}, {"importance": "high"}, {"isRead": False}, {"importance": "low"}):
        assert ap.request("PATCH", f"messages/{old['id']}", json=change).status_code == 200
    told = receiver.wait_for(3)
    assert [one["changeType"] for one in told] == ["deleted", "created", "updated"]


def test_many_changes_come_together(tenant: RunningTenant, ap: Caller, receiver: Receiver) -> None:
    """Every change is told once, however many there are, also to two subscriptions of one receiver."""
    ids = {subscribe(ap, receiver)["id"], subscribe(ap, receiver)["id"]}
    delivered = {tenant.deliver(ADDRESS, MAIL) for _ in range(5)}
    told = receiver.wait_for(10)
    heard = {(one["subscriptionId"], one["resourceData"]["id"]) for one in told}
    assert heard == {(one, message) for one in ids for message in delivered}
    assert len(told) == 10


def test_a_receiver_that_fails_is_told_again(tenant: RunningTenant, ap: Caller, receiver: Receiver) -> None:
    """What is not answered 2xx comes again, for four hours of the tenant's clock; then it is dropped."""
    subscribe(ap, receiver, expirationDateTime=in_minutes(600))
    receiver.statuses = [500, 404]
    tenant.deliver(ADDRESS, MAIL)
    assert receiver.wait_for_attempts(1) >= 1
    tenant.advance_clock(60)
    assert receiver.wait_for_attempts(2) >= 2
    tenant.advance_clock(60)
    assert len(receiver.wait_for(1)) == 1
    receiver.statuses = [503] * 100
    tenant.deliver(ADDRESS, MAIL)
    assert receiver.wait_for_attempts(4) >= 4
    tenant.advance_clock(4 * 3600 + 1)
    receiver.statuses = []
    last = tenant.deliver(ADDRESS, MAIL)
    assert receiver.wait_for(2)[-1]["resourceData"]["id"] == last
    assert len(receiver.taken()) == 2


def test_a_subscription_ends_by_the_tenants_clock(
    tenant: RunningTenant, call: Callable[..., Caller], receiver: Receiver
) -> None:
    """An expired subscription is gone, and nothing is told any more; one that was renewed goes on."""
    ap = call()
    gone, kept = subscribe(ap, receiver), subscribe(ap, receiver)
    assert gone["expirationDateTime"] < in_minutes(70)
    place = f"/v1.0/subscriptions/{kept['id']}"
    answer = ap.request("PATCH", place, json={"expirationDateTime": in_minutes(300)})
    assert answer.status_code == 200
    assert answer.json()["expirationDateTime"] > kept["expirationDateTime"]
    tenant.advance_clock(2 * 3600)
    ap = call()  # with a token of the new time
    assert [one["id"] for one in ap.get("/v1.0/subscriptions")["value"]] == [kept["id"]]
    assert ap.refused("GET", f"/v1.0/subscriptions/{gone['id']}") == (404, "ResourceNotFound")
    tenant.deliver(ADDRESS, MAIL)
    assert [one["subscriptionId"] for one in receiver.wait_for(1)] == [kept["id"]]


def test_a_subscription_can_be_ended(tenant: RunningTenant, ap: Caller, receiver: Receiver) -> None:
    """DELETE answers 204 and forgets it; a reset forgets all."""
    first, second = subscribe(ap, receiver), subscribe(ap, receiver)
    assert ap.request("POST", f"/v1.0/subscriptions/{first['id']}/reauthorize").status_code == 204
    assert ap.request("DELETE", f"/v1.0/subscriptions/{first['id']}").status_code == 204
    assert ap.refused("DELETE", f"/v1.0/subscriptions/{first['id']}") == (404, "ResourceNotFound")
    assert ap.refused("POST", f"/v1.0/subscriptions/{first['id']}/reauthorize")[0] == 404
    assert [one["id"] for one in tenant.control.get("/subscriptions").json()] == [second["id"]]
    tenant.reset()
    assert tenant.control.get("/subscriptions").json() == []


def test_the_receiver_can_be_changed(tenant: RunningTenant, ap: Caller, receiver: Receiver) -> None:
    """Another notification URL has to prove itself too, and gets what comes from then on."""
    made = subscribe(ap, receiver)
    place = f"/v1.0/subscriptions/{made['id']}"
    with run_receiver() as other:
        other.validation = lambda _: (200, "text/plain", "something else")
        assert ap.refused("PATCH", place, json={"notificationUrl": other.url}) == (400, "ValidationError")
        other.validation = lambda token: (200, "text/plain; charset=utf-8", token)
        assert ap.request("PATCH", place, json={"notificationUrl": other.url}).status_code == 200
        tenant.deliver(ADDRESS, MAIL)
        assert len(other.wait_for(1)) == 1
    assert receiver.taken() == []


@pytest.mark.parametrize("event", ["reauthorizationRequired", "missed", "subscriptionRemoved"])
def test_lifecycle_notifications(tenant: RunningTenant, ap: Caller, receiver: Receiver, event: str) -> None:
    """The control endpoint sends each lifecycle notification to its own URL; a removed subscription is gone."""
    with run_receiver() as lifecycle:
        made = subscribe(ap, receiver, lifecycleNotificationUrl=lifecycle.url)
        assert len(lifecycle.tokens) == 1
        answer = tenant.control.post(f"/subscriptions/{made['id']}/lifecycle", json={"event": event})
        assert answer.status_code == 204
        assert lifecycle.wait_for(1) == [
            {
                "subscriptionId": made["id"],
                "subscriptionExpirationDateTime": made["expirationDateTime"],
                "clientState": "a state",
                "tenantId": tenant.cloud()["tenant_id"],
                "lifecycleEvent": event,
            }
        ]
    left = tenant.control.get("/subscriptions").json()
    assert bool(left) == (event != "subscriptionRemoved")
    assert tenant.control.post("/subscriptions/x/lifecycle", json={"event": event}).status_code == 404


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (lambda token: (200, "text/plain", token.replace(" ", "+")), "Response must exactly match"),
        (lambda token: (200, "text/html", token), "Response must exactly match"),
        (lambda token: (202, "text/plain", token), "HTTP status code is 'Accepted'"),
        (lambda token: (404, "text/plain", token), "HTTP status code is 'NotFound'"),
    ],
)
def test_a_receiver_must_prove_itself(
    ap: Caller, receiver: Receiver, answer: Callable[[str], tuple[int, str, str]], part: str
) -> None:
    """A token must come back decoded, as plain text, with 200; otherwise there is no subscription."""
    receiver.validation = answer
    refused = ap.request("POST", "/v1.0/subscriptions", json=asked(receiver))
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert error["code"] == "ValidationError"
    assert part in error["message"]
    assert ap.get("/v1.0/subscriptions")["value"] == []


@pytest.mark.parametrize(
    ("properties", "refusal"),
    [
        ({"notificationUrl": "http://fabrikam.example/hook"}, (400, "ValidationError")),
        ({"notificationUrl": "https://[bad"}, (400, "ValidationError")),
        ({"notificationUrl": "http://localhost:1/nobody"}, (400, "ValidationError")),
        ({"notificationUrl": ...}, (400, "ValidationError")),
        ({"resource": ...}, (400, "ValidationError")),
        ({"expirationDateTime": ...}, (400, "ValidationError")),
        ({"expirationDateTime": "tomorrow"}, (400, "InvalidRequest")),
        ({"expirationDateTime": in_minutes(-5)}, (400, "ValidationError")),
        ({"expirationDateTime": in_minutes(20_000)}, (400, "ValidationError")),
        ({"changeType": "created,read"}, (400, "ValidationError")),
        ({"clientState": "x" * 129}, (400, "ValidationError")),
        ({"latestSupportedTlsVersion": "v9"}, (400, "ValidationError")),
        ({"shoeSize": 1}, (400, "InvalidRequest")),
        ({"resource": "me/messages"}, (400, "BadRequest")),
        ({"resource": f"users/{ADDRESS}/messages?$top=1"}, (400, "ValidationError")),
        ({"resource": f"users/{ADDRESS}/messages?$filter=subject eq"}, (400, "BadRequest")),
        ({"resource": f"users/{ADDRESS}/mailFolders/nowhere/messages"}, (404, "ErrorItemNotFound")),
        ({"resource": "users/nobody@contoso.com/messages"}, (404, "ErrorInvalidUser")),
        ({"resource": f"users/{ADDRESS}/events"}, (501, "NotImplemented")),
        ({"resource": "groups"}, (501, "NotImplemented")),
        ({"includeResourceData": True}, (501, "NotImplemented")),
    ],
)
def test_what_cannot_be_subscribed_to(
    ap: Caller, receiver: Receiver, properties: dict[str, Any], refusal: tuple[int, str]
) -> None:
    """A subscription that Graph would not make is not made, and its receiver is not called."""
    answer = ap.refused("POST", "/v1.0/subscriptions", json=asked(receiver, **properties))
    assert answer == refusal
    assert receiver.tokens == []


def test_a_short_subscription_lasts_45_minutes(ap: Caller, receiver: Receiver) -> None:
    """Less than 45 minutes are made 45."""
    made = subscribe(ap, receiver, expirationDateTime=in_minutes(1))
    assert made["expirationDateTime"] > in_minutes(40)


def test_a_user_subscribes_to_the_own_mailbox_only(tenant: RunningTenant, receiver: Receiver) -> None:
    """Delegated permissions are for the own mailbox, also where others are shared; each user sees their own."""
    tenant.consent("Desktop bot", "Mail.ReadWrite", "Mail.ReadWrite.Shared")
    with tenant.client() as client:
        ap, adele = (
            Caller(client, Signer(tenant, name=name).tokens()["access_token"], f"{name}@contoso.com")
            for name in ("ap", "adele")
        )
        made = subscribe(ap, receiver, resource="me/mailFolders/inbox/messages")
        shared = asked(receiver, resource="users/invoices@contoso.com/messages")
        assert ap.refused("POST", "/v1.0/subscriptions", json=shared) == (403, "ErrorAccessDenied")
        assert len(ap.get("/v1.0/subscriptions")["value"]) == 1
        assert adele.get("/v1.0/subscriptions")["value"] == []
        assert adele.refused("GET", f"/v1.0/subscriptions/{made['id']}")[0] == 404
        tenant.deliver(ADDRESS, MAIL)
        assert len(receiver.wait_for(1)) == 1


def test_apps_need_a_permission_to_read(
    tenant: RunningTenant, call: Callable[..., Caller], receiver: Receiver
) -> None:
    """An app without permission, or kept out of a mailbox by a policy, cannot subscribe; nor is another's seen."""
    made = subscribe(call(app="Reader bot"), receiver)
    body = asked(receiver)
    refused = call(app="Unconsented bot").refused("POST", "/v1.0/subscriptions", json=body)
    assert refused == (403, "ErrorAccessDenied")
    assert call().refused("GET", f"/v1.0/subscriptions/{made['id']}") == (404, "ResourceNotFound")
    tenant.change_app("Reader bot", mailboxes=["adele"])
    assert call(app="Reader bot").refused("POST", "/v1.0/subscriptions", json=body)[0] == 403


def test_gcc_high_lacks_two_properties(
    tenant: RunningTenant, call: Callable[..., Caller], receiver: Receiver
) -> None:
    """notificationUrlAppId and notificationQueryOptions are neither shown nor taken, unless the service has them."""
    caller = call(cloud=GCC_HIGH)
    resource = "users/ap@contoso.us/messages"
    made = subscribe(caller, receiver, resource=resource)
    assert not made.keys() & {"notificationUrlAppId", "notificationQueryOptions"}
    body = asked(receiver, resource=resource, notificationUrlAppId="an id")
    assert caller.refused("POST", "/v1.0/subscriptions", json=body) == (400, "InvalidRequest")
    assert tenant.control.post("/schema", json={"absent": "served"}).status_code == 204
    assert caller.post("/v1.0/subscriptions", body)["notificationUrlAppId"] == "an id"


def test_subscriptions_outlive_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    """After a restart a subscription is there, and what nobody has taken yet is delivered."""
    first = LocalTenant.open(tmp_path, 8443, None)
    cloud = first.clouds[0]
    user = cloud.directory.find_user(ADDRESS)
    assert user is not None
    subscription = Subscription(
        "an id", user.id, "app", "app", "x", ("created",), receiver.url, "2999-01-01T00:00:00.000000Z"
    )
    receiver.statuses = [500]
    cloud.subscriptions.add(subscription, cloud.mail.get_mailbox(ADDRESS)["key"], None, None)
    before = cloud.mail.ingest(ADDRESS, "Inbox", MAIL)
    assert receiver.wait_for_attempts(1) == 1
    first.close()
    second = LocalTenant.open(tmp_path, 8443, None)
    after = second.clouds[0].mail.ingest(ADDRESS, "Inbox", MAIL)
    assert len(receiver.wait_for(2)) == 2
    assert second.clouds[0].subscriptions.find("an id") == subscription
    second.close()
    assert before != after
