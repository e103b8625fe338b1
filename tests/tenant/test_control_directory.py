"""What an administrator changes in the portal is changed through the control endpoints, until the tenant is reset."""

import base64
from pathlib import Path
from typing import Any

import pytest

from postroom.tenant.tenancy import LocalTenant
from support.entra import Signer, ask_token
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant


def test_a_changed_app_is_changed_in_both_clouds(tenant: RunningTenant) -> None:
    """A change of an app is made wherever an app has this name, and leaves the rest of the app as it is."""
    tenant.change_app("Invoice bot", enabled=False)
    assert [ask_token(tenant, cloud=cloud).status_code for cloud in (GLOBAL, GCC_HIGH)] == [400, 400]
    tenant.change_app("Invoice bot", enabled=True)
    assert [ask_token(tenant, cloud=cloud).status_code for cloud in (GLOBAL, GCC_HIGH)] == [200, 200]


def test_an_app_can_be_changed_in_one_cloud(tenant: RunningTenant) -> None:
    """With a cloud named, the other cloud's app of this name stays as it is."""
    tenant.change_app("Invoice bot", GCC_HIGH, enabled=False)
    assert [ask_token(tenant, cloud=cloud).status_code for cloud in (GLOBAL, GCC_HIGH)] == [200, 400]


def test_application_permissions_can_be_changed(tenant: RunningTenant) -> None:
    """A token that is issued afterwards carries what the app then may do."""
    tenant.change_app("Reader bot", application_permissions=[])
    with tenant.client() as client:
        headers = {"Authorization": f"Bearer {tenant.token('Reader bot')}"}
        assert client.get("/v1.0/users/ap@contoso.com/messages", headers=headers).status_code == 403


def test_full_access_can_be_given_and_taken(tenant: RunningTenant) -> None:
    """Who is made a member of a shared mailbox reaches it at once, and no longer once taken out."""
    tenant.consent("Desktop bot", "Mail.ReadWrite.Shared")
    token = Signer(tenant, name="adele").tokens()["access_token"]
    statuses = []
    with tenant.client() as client:
        for members in ([], ["adele@contoso.com"], []):
            tenant.change_user("board@contoso.com", members=members)
            answer = client.get(
                "/v1.0/users/board@contoso.com/messages", headers={"Authorization": f"Bearer {token}"}
            )
            statuses.append(answer.status_code)
    assert statuses == [403, 200, 403]


@pytest.mark.parametrize(
    ("members", "send_as", "status"),
    [
        (["ap"], None, 202),
        (["ap"], [], 403),
        (["ap"], ["adele"], 403),
        (["ap"], ["ap"], 202),
        ([], ["ap"], 403),
    ],
)
def test_the_right_to_send_is_apart_from_full_access(
    tenant: RunningTenant, members: list[str], send_as: list[str] | None, status: int
) -> None:
    """Members may send in a shared mailbox's name unless others are named who may."""
    tenant.consent("Desktop bot", "Mail.ReadWrite.Shared", "Mail.Send.Shared")
    tenant.change_user("invoices@contoso.com", members=members, send_as=send_as)
    assert send(tenant, "/v1.0/users/invoices@contoso.com/sendMail") == status


@pytest.mark.parametrize(("send_as", "status"), [(["ap@contoso.com"], 202), ([], 403)])
def test_the_right_to_send_needs_no_full_access(
    tenant: RunningTenant, send_as: list[str], status: int
) -> None:
    """Who may send in a mailbox's name may do so from the own mailbox, without reaching the other."""
    tenant.consent("Desktop bot", "Mail.Send.Shared")
    tenant.change_user("board@contoso.com", send_as=send_as)
    assert send(tenant, "/v1.0/me/sendMail", sender="board@contoso.com") == status


@pytest.mark.parametrize("path", ["/v1.0/me/sendMail", "/v1.0/users/invoices@contoso.com/sendMail"])
@pytest.mark.parametrize(
    ("rights", "sender"),
    [
        ({"send_as": ["ap"], "send_on_behalf": []}, "invoices@contoso.com"),
        ({"send_as": [], "send_on_behalf": ["ap"]}, "ap@contoso.com"),
        ({"send_as": ["ap"], "send_on_behalf": ["ap"]}, "invoices@contoso.com"),
    ],
)
def test_who_sends_on_behalf_is_named(
    tenant: RunningTenant, path: str, rights: dict[str, list[str]], sender: str
) -> None:
    """With Send As the mailbox is from and sender; with Send on Behalf the user is the sender, in the header too."""
    tenant.consent("Desktop bot", "Mail.Send.Shared")
    tenant.change_user("invoices@contoso.com", **rights)
    assert send(tenant, path, sender="invoices@contoso.com") == 202
    received, mime = receive(tenant, "megan@contoso.com")
    assert received["from"]["emailAddress"] == {"name": "Invoices", "address": "invoices@contoso.com"}
    assert received["sender"]["emailAddress"]["address"] == sender
    assert (b"\r\nSender: " in mime) == (sender == "ap@contoso.com")
    # It is kept where it was sent through.
    kept_by = "invoices" if "invoices" in path else "ap"
    kept = {name: tenant.folders(f"{name}@contoso.com")["Sent Items"]["total"] for name in ("ap", "invoices")}
    assert kept == {"ap": 0, "invoices": 0} | {kept_by: 1}


def test_mime_sent_on_behalf_names_who_sent_it(tenant: RunningTenant) -> None:
    """MIME that is from another mailbox gets a header that names the sender."""
    tenant.consent("Desktop bot", "Mail.Send.Shared")
    tenant.change_user("board@contoso.com", send_on_behalf=["ap"])
    raw = b"From: Board <board@contoso.com>\r\nTo: megan@contoso.com\r\nSubject: Paid\r\n\r\nHello"
    token = Signer(tenant).tokens()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/plain"}
    with tenant.client() as client:
        answer = client.post("/v1.0/me/sendMail", content=base64.b64encode(raw), headers=headers)
    assert answer.status_code == 202, answer.text
    received, mime = receive(tenant, "megan@contoso.com")
    assert mime.count(b"Sender: Accounts Payable <ap@contoso.com>\r\n") == 1
    assert received["sender"]["emailAddress"]["address"] == "ap@contoso.com"
    assert received["from"]["emailAddress"]["address"] == "board@contoso.com"


def test_an_app_can_be_limited_to_mailboxes(tenant: RunningTenant) -> None:
    """An access policy keeps an app on its own out of other mailboxes, but neither users nor the directory."""
    tenant.consent("Desktop bot", "Mail.Read")
    for app in ("Invoice bot", "Desktop bot"):
        tenant.change_app(app, mailboxes=["invoices"])
    tokens = {"app": tenant.token(), "user": Signer(tenant).tokens()["access_token"]}

    def get(path: str, who: str = "app") -> tuple[int, dict[str, str]]:
        with tenant.client() as client:
            answer = client.get(f"/v1.0/{path}", headers={"Authorization": f"Bearer {tokens[who]}"})
        return answer.status_code, answer.json().get("error", {})

    assert get("users/invoices@contoso.com/messages")[0] == 200
    status, error = get("users/ap@contoso.com/messages")
    assert (status, error["code"], error["message"]) == (
        403, "ErrorAccessDenied", "Access to OData is disabled.",
    )  # fmt: skip
    assert get("users/ap@contoso.com")[0] == 200
    assert get("me/messages", "user")[0] == 200
    tenant.change_app("Invoice bot", mailboxes=None)
    assert get("users/ap@contoso.com/messages")[0] == 200


def send(tenant: RunningTenant, path: str, sender: str | None = None) -> int:
    """Send a message as ap@contoso.com, and give the status."""
    message = {"subject": "Paid", "toRecipients": [{"emailAddress": {"address": "megan@contoso.com"}}]}
    if sender:
        message["from"] = {"emailAddress": {"address": sender}}
    token = Signer(tenant).tokens()["access_token"]
    with tenant.client() as client:
        headers = {"Authorization": f"Bearer {token}"}
        return client.post(path, json={"message": message}, headers=headers).status_code


def receive(tenant: RunningTenant, address: str) -> tuple[dict[str, Any], bytes]:
    """Give the one message of a mailbox, and its MIME."""
    headers = {"Authorization": f"Bearer {tenant.token()}"}
    path = f"/v1.0/users/{address}/messages"
    with tenant.client() as client:
        (received,) = client.get(path, headers=headers).json()["value"]
        return received, client.get(f"{path}/{received['id']}/$value", headers=headers).content


def test_consents_are_listed(tenant: RunningTenant) -> None:
    """A consent of an administrator has no user; a user's is in the user's cloud only."""
    tenant.consent("Desktop bot", "Mail.Read", user="adele@contoso.us")
    tenant.consent("Portal bot", "Mail.Send", "Mail.Read")
    common = {"app": "Portal bot", "user": None, "scopes": ["Mail.Read", "Mail.Send"]}
    assert tenant.consents() == [
        {"cloud": GLOBAL, **common},
        {"cloud": GCC_HIGH, "app": "Desktop bot", "user": "adele@contoso.us", "scopes": ["Mail.Read"]},
        {"cloud": GCC_HIGH, **common},
    ]


def test_consents_are_taken_away_from_one_or_all(tenant: RunningTenant) -> None:
    """A user's consent can be taken away alone; without a user all consents to the app go, and no other's."""
    for user in ("adele@contoso.com", "megan@contoso.com", None):
        tenant.consent("Desktop bot", "Mail.Read", user=user)
    tenant.consent("Portal bot", "Mail.Read", user="ap@contoso.com")
    tenant.withdraw_consent("Desktop bot", "adele@contoso.com")
    assert {entry["user"] for entry in tenant.consents()} == {"megan@contoso.com", "ap@contoso.com", None}
    tenant.withdraw_consent("Desktop bot")
    assert [(entry["app"], entry["user"]) for entry in tenant.consents()] == [
        ("Portal bot", "ap@contoso.com")
    ]


def test_reset_undoes_all_of_it(tenant: RunningTenant) -> None:
    """After a reset users, apps, policies and consents are as they were seeded, and nobody's tokens are revoked."""
    tenant.change_app("Invoice bot", enabled=False)
    tenant.change_user("ap@contoso.com", enabled=False, blocked=True, mfa_required=True)
    tenant.change_policies(user_consent=False)
    tenant.consent("Desktop bot", "Mail.Read")
    tenant.revoke(user="ap@contoso.com")
    tenant.reset()
    assert tenant.consents() == []
    assert ask_token(tenant).status_code == 200
    assert Signer(tenant).tokens()["token_type"] == "Bearer"


def test_changes_outlive_a_restart(tmp_path: Path) -> None:
    """Changes, policies, consents and revocations are kept, and can be undone after a restart as well."""
    first = LocalTenant.open(tmp_path, 8443, None)
    cloud = first.clouds[0]
    app, user = cloud.directory.find_app_named("Desktop bot"), cloud.directory.find_user("ap@contoso.com")
    assert app is not None
    assert user is not None
    cloud.consents.grant(app, user, {"Mail.Read"})
    cloud.directory.change_app(app, redirect_uris=())
    cloud.revoke_user(user)
    sealed = cloud.sealer.seal("a kind", {"a": 1})
    first.close()

    second = LocalTenant.open(tmp_path, 8443, None)
    cloud = second.clouds[0]
    changed = cloud.directory.find_user(user.id)
    assert changed is not None
    assert changed.tokens_valid_from > 0
    assert cloud.directory.find_app_named("Desktop bot") != app
    assert cloud.consents.find_granted(app, user) == {"Mail.Read"}
    assert cloud.sealer.open("a kind", sealed) == {"a": 1}
    second.reset()
    assert cloud.directory.find_app_named("Desktop bot") == app
    assert cloud.directory.find_user(user.id) == user
    second.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "part"),
    [
        ("POST", "/revoke", {"app": "Nobody"}, 400, "No app is named 'Nobody'"),
        ("POST", "/revoke", {"user": "nobody@contoso.com"}, 400, "No user has the address"),
        ("POST", "/revoke", {}, 400, "one of the two"),
        ("POST", "/revoke", {"app": "Desktop bot", "user": "ap@contoso.com"}, 400, "one of the two"),
        ("PATCH", "/users/nobody@contoso.com", {"enabled": True}, 404, "No user has the address"),
        ("PATCH", "/users/ap@contoso.com", {"name": "AP"}, 400, "unknown field `name`"),
        (
            "PATCH",
            "/users/ap@contoso.com",
            {"sign_in_frequency_seconds": -1},
            400,
            "sign_in_frequency_seconds",
        ),
        ("PATCH", "/apps/Nobody", {"enabled": True}, 404, "No app is named 'Nobody'"),
        ("PATCH", "/apps/Desktop bot?cloud=Azure", {"enabled": True}, 400, "No cloud is named 'Azure'"),
        ("PATCH", "/policies", {}, 400, "user_consent"),
        ("POST", "/consents", {"app": "Desktop bot", "scopes": []}, 400, "scopes"),
        (
            "POST",
            "/consents",
            {"app": "Desktop bot", "user": "x@contoso.com", "scopes": ["User.Read"]},
            400,
            "No user",
        ),
        (
            "POST",
            "/consents",
            {"app": "Desktop bot", "scopes": ["Mail.All"]},
            400,
            "no delegated permission 'Mail.All'",
        ),
        ("PATCH", "/apps/Desktop bot", {"delegated_permissions": ["x"]}, 400, "no delegated permission 'x'"),
        ("DELETE", "/consents", {"app": "Nobody"}, 400, "No app is named 'Nobody'"),
    ],
)
def test_bad_input_is_answered_with_a_sentence(
    tenant: RunningTenant, method: str, path: str, body: object, status: int, part: str
) -> None:
    """What cannot be used is answered with why."""
    answer = tenant.control.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    assert part in answer.json()["error"]
