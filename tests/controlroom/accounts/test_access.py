"""Who asks, and whether they may."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from postroom.controlroom.accounts.device_keys import add_device, find_device, revoke_device
from postroom.controlroom.accounts.models import Device, User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.audit.models import AuditEntry
from support.people import People

Open = Callable[..., Client]


@pytest.fixture
def key(people: People) -> str:
    """Give the API key of a device of the bot creator."""
    return add_device(people.creator, "LAPTOP-042")[1].reveal()


def bearer(key: str) -> Client:
    """Ask with this key, and without a session."""
    return Client(headers={"Authorization": f"Bearer {key}"})


def get_refusals() -> list[tuple[str, str]]:
    """Actor and target of each refusal."""
    entries = AuditEntry.objects.filter(event="ACCESS_REFUSED", outcome="refused")
    return list(entries.values_list("actor", "target"))


@pytest.mark.parametrize(
    "path", ["/me/", "/me/password/", "/me/devices/", "/accounts/user/", "/accounts/role/"]
)
@pytest.mark.django_db
def test_a_stranger_is_led_to_the_sign_in(client: Client, path: str) -> None:
    """Pages ask who somebody is, and bring them back."""
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={path}")


@pytest.mark.parametrize(
    "path", ["/me/devices/", "/accounts/user/", "/accounts/role/add/", "/accounts/device/"]
)
def test_a_page_that_no_role_allows_is_refused_and_audited(
    people: People, client_as: Open, path: str
) -> None:
    """Who may not gets a page that says so, and the audit trail an entry."""
    answer = client_as(people.outsider).get(path)
    assert answer.status_code == 403
    assert get_refusals() == [("outsider", f"GET {path}")]


def test_an_endpoint_that_no_role_allows_is_refused_and_audited(people: People, client_as: Open) -> None:
    """The API says which permission is missing, in its one shape of errors."""
    answer = client_as(people.auditor).get("/api/users")
    assert answer.status_code == 403
    error = answer.json()["error"]
    assert error["type"] == "NotAllowedError"
    assert "Manage users and roles" in error["message"]
    assert get_refusals() == [("auditor", "GET /api/users")]


@pytest.mark.django_db
def test_the_api_does_not_know_a_stranger(client: Client) -> None:
    """Without key and session: 401, also where a form would miss its token."""
    for answer in (client.get("/api/me"), Client(enforce_csrf_checks=True).post("/api/devices")):
        assert answer.status_code == 401
        assert answer.json()["error"]["type"] == "NotSignedInError"


def test_a_key_is_its_user(people: People, key: str) -> None:
    """A device may do what its user's roles allow, and is named."""
    me = bearer(key).get("/api/me").json()
    assert (me["username"], me["device"], me["roles"]) == ("creator", "LAPTOP-042", ["Bot creator"])
    assert "Run bots" in me["permissions"]
    assert bearer(key).get("/api/users").status_code == 403


def test_a_key_needs_no_token_against_forgery(people: People, key: str) -> None:
    """Other sites cannot send a key along, so a device posts without such a token."""
    device = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {key}"})
    assert device.post("/api/devices", {"name": "two"}, "application/json").status_code == 201


def test_a_session_needs_a_token_against_forgery(people: People, client_as: Open) -> None:
    """A request that another site makes the browser send is refused, and nothing is done."""
    forged = client_as(people.creator, enforce_csrf_checks=True)
    answer = forged.post("/api/devices", json.dumps({"name": "evil"}), "application/json")
    assert answer.status_code == 403
    assert not Device.objects.exists()


@pytest.mark.parametrize("way", ["revoked", "user disabled"])
def test_a_key_that_is_no_good_any_more(people: People, key: str, way: str) -> None:
    """A revoked key, and the key of a disabled user, are refused with 401; the refusal is audited."""
    device = Device.objects.get()
    if way == "revoked":
        revoke_device(people.creator, device)
    else:
        User.objects.filter(pk=people.creator.pk).update(is_active=False)
    answer = bearer(key).get("/api/me")
    assert answer.status_code == 401
    assert "postroom login" in answer.json()["error"]["message"]
    bearer(key).get("/api/me")
    assert get_refusals() == [("creator", "GET /api/me")]  # once a minute


@pytest.mark.parametrize("change", ["another end", "another prefix", "cut", "empty", "no key", "odd letters"])
def test_a_wrong_key_is_refused(people: People, key: str, change: str) -> None:
    """What is not the whole key is none, whatever of it is right."""
    wrong = {
        "another end": key[:-1] + ("A" if key[-1] != "A" else "B"),
        "another prefix": "prk_0000000000" + key[14:],
        "cut": key[:20],
        "empty": "",
        "no key": "Bearer",
        "odd letters": "prk_ü_\x00",
    }[change]
    assert find_device(wrong) is None
    assert Client().get("/api/me", headers={"Authorization": f"Bearer {wrong}"}).status_code == 401


def test_a_key_is_not_kept(people: People, key: str) -> None:
    """The database has a hash of the key and its beginning, and no more."""
    device = Device.objects.get()
    assert key.startswith(device.key_prefix)
    assert key not in str(Device.objects.values().get())
    assert len(device.key_hash) == 64


def test_the_last_use_is_kept_once_a_minute(people: People, key: str) -> None:
    """When and from where a device asked last, without a write for each request."""
    asks = Client(headers={"Authorization": f"Bearer {key}"}, REMOTE_ADDR="192.0.2.7")
    asks.get("/api/me")
    first = Device.objects.get()
    assert first.last_address == "192.0.2.7"
    asks.get("/api/me")
    assert Device.objects.get().last_used == first.last_used
    Device.objects.update(last_used=timezone.now() - timedelta(minutes=2))
    asks.get("/api/me")
    assert Device.objects.get().last_used >= first.last_used


def test_a_user_without_a_role_may_nothing(people: People) -> None:
    """Deny by default: an account alone allows nothing."""
    assert not any(people.outsider.may(permission) for permission in Permission)
    assert all(people.administrator.may(permission) for permission in Permission)


def test_nothing_but_roles_gives_a_permission(people: People) -> None:
    """A user has no flag of Django's that stands above the roles."""
    assert not people.administrator.is_superuser
    assert {field.name for field in User._meta.get_fields()}.isdisjoint(
        {"is_superuser", "is_staff", "user_permissions"}
    )


def test_one_shape_of_errors(people: People, client_as: Open) -> None:
    """Whatever the API refuses, it says in one shape."""
    asks = client_as(people.administrator)
    answers = {
        401: Client().get("/api/me"),
        403: client_as(people.outsider).get("/api/users"),
        404: asks.delete("/api/users/nobody-of-that-name"),
        400: asks.post("/api/users", {"name": "x"}, "application/json"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert set(answer.json()["error"]) == {"type", "message", "code", "aadsts", "request_id"}
    assert asks.get("/api/there-is-no-such-thing").json()["error"]
