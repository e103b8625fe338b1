"""The API of people: the same rules as the pages."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from postroom.controlroom.accounts.device_keys import add_device
from postroom.controlroom.accounts.models import Device, Role, User
from postroom.controlroom.audit.models import AuditEntry
from support.people import People

JSON = "application/json"


@pytest.fixture
def admin(people: People, client_as: Callable[..., Client]) -> Client:
    """Open a client as the administrator."""
    return client_as(people.administrator)


def test_users_are_listed(admin: Client) -> None:
    """Everybody with their roles, page by page."""
    page = admin.get("/api/users", {"limit": 2}).json()
    assert page["count"] == 4
    assert [user["username"] for user in page["items"]] == ["administrator", "auditor"]
    assert page["items"][1]["roles"] == ["Auditor"]
    assert "password" not in str(page)


def test_a_user_is_created_changed_and_deleted(admin: Client) -> None:
    """The way of a user, each step audited."""
    made = admin.post("/api/users", {"username": "nestor", "roles": ["Auditor"]}, JSON)
    assert made.status_code == 201
    assert User.objects.get(username="nestor").check_password(made.json()["one_time_password"])
    changed = admin.patch("/api/users/nestor", {"enabled": False, "roles": ["Bot creator"]}, JSON).json()
    assert (changed["enabled"], changed["roles"]) == (False, ["Bot creator"])
    assert admin.delete("/api/users/nestor").status_code == 204
    events = list(AuditEntry.objects.order_by("sequence").values_list("event", flat=True))
    assert events[-3:] == ["USER_CREATED", "USER_CHANGED", "USER_DELETED"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("patch", "/api/users/administrator", {"enabled": False}),
        ("patch", "/api/users/administrator", {"roles": []}),
        ("delete", "/api/users/administrator", None),
        ("delete", "/api/roles/Administrator", None),
        ("put", "/api/roles/Administrator", {"name": "Administrator", "permissions": []}),
    ],
    ids=["disable", "demote", "delete", "delete role", "empty role"],
)
def test_the_last_administrator_remains(
    admin: Client, people: People, method: str, path: str, body: dict[str, Any] | None
) -> None:
    """Nothing is changed that would leave nobody to manage users."""
    answer = getattr(admin, method)(path, body, content_type=JSON)
    assert answer.status_code == 400
    administrator = User.objects.get(pk=people.administrator.pk)
    assert administrator.is_active
    assert [role.name for role in administrator.groups.all()] == ["Administrator"]


def test_a_role_is_created_changed_and_deleted(admin: Client) -> None:
    """The way of a role, with permissions in words."""
    made = admin.post("/api/roles", {"name": "Clerks", "permissions": ["Run bots"]}, JSON)
    assert made.status_code == 201
    assert admin.post("/api/roles", {"name": "Clerks", "permissions": []}, JSON).status_code == 400
    changed = admin.put(
        "/api/roles/Clerks", {"name": "Desk", "permissions": ["View connections"]}, JSON
    ).json()
    assert changed == {"name": "Desk", "permissions": ["View connections"], "members": []}
    assert admin.put("/api/roles/Desk", {"name": "Auditor", "permissions": []}, JSON).status_code == 400
    assert admin.put("/api/roles/Desk", {"name": "Desk", "permissions": ["Fly"]}, JSON).status_code == 400
    assert admin.delete("/api/roles/Desk").status_code == 204
    assert not Role.objects.filter(name="Desk").exists()


def test_roles_are_listed_with_members(admin: Client) -> None:
    """Each role with what it allows and who has it."""
    roles = {role["name"]: role for role in admin.get("/api/roles").json()["items"]}
    assert roles["Auditor"]["members"] == ["auditor"]
    assert len(roles["Administrator"]["permissions"]) == 11


def test_devices(admin: Client, people: People) -> None:
    """Own devices, those of everybody, and their end; a key is in no list."""
    _device, key = add_device(people.creator, "LAPTOP")
    made = admin.post("/api/devices", {"name": "mine"}, JSON).json()
    assert [device["name"] for device in admin.get("/api/devices").json()["items"]] == ["mine"]
    listed = admin.get("/api/devices", {"everybody": "true"})
    assert {device["user"] for device in listed.json()["items"]} == {"administrator", "creator"}
    for shown in (key.reveal(), made["api_key"]):
        assert shown not in listed.content.decode()
    theirs = Device.objects.get(user=people.creator)
    assert admin.delete(f"/api/devices/{theirs.pk}").status_code == 204
    assert Device.objects.get(pk=theirs.pk).revoked is not None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/users"),
        ("post", "/api/users"),
        ("patch", "/api/users/auditor"),
        ("delete", "/api/users/auditor"),
        ("get", "/api/roles"),
        ("post", "/api/roles"),
        ("put", "/api/roles/Auditor"),
        ("delete", "/api/roles/Auditor"),
    ],
)
def test_people_need_the_permission(
    people: People, client_as: Callable[..., Client], method: str, path: str
) -> None:
    """Who may not manage users and roles can do nothing of it by the API."""
    body = {"username": "x", "name": "x", "permissions": []}
    answer = getattr(client_as(people.creator), method)(path, body, content_type=JSON)
    assert answer.status_code == 403


def test_who_asks(people: People, client_as: Callable[..., Client]) -> None:
    """A session has no device."""
    me = client_as(people.auditor).get("/api/me").json()
    assert (me["username"], me["device"]) == ("auditor", None)
    assert me["permissions"] == ["View connections", "View audit log", "View runs"]
