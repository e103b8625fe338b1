"""The pages of users, roles and everybody's devices."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from postroom.controlroom.accounts.device_keys import add_device
from postroom.controlroom.accounts.models import Device, Role, User
from postroom.controlroom.accounts.people import get_permissions
from postroom.controlroom.audit.models import AuditEntry
from support.people import People

SHOWN_ONCE = re.compile(r'id="shown-once"[^>]*>([^<]+)<')


@pytest.fixture
def admin(people: People, client_as: Callable[..., Client]) -> Client:
    """Open a client as the administrator."""
    return client_as(people.administrator)


def get_role_id(name: str) -> int:
    """The key of a role."""
    return int(Role.objects.get(name=name).pk)


def test_a_user_is_made_with_a_one_time_password(admin: Client) -> None:
    """The password is shown once, kept by no cache, and leads to the page that asks for another one."""
    fields = {
        "username": "nestor",
        "name": "Nestor Wilke",
        "email": "",
        "groups": [get_role_id("Bot creator")],
    }
    answer = admin.post("/accounts/user/add/", fields)
    assert "no-store" in answer["Cache-Control"]
    found = SHOWN_ONCE.search(answer.content.decode())
    assert found
    user = User.objects.get(username="nestor")
    assert [role.name for role in user.groups.all()] == ["Bot creator"]
    theirs = Client()
    assert theirs.post("/login/", {"username": "nestor", "password": found[1]}).status_code == 302
    assert theirs.get("/")["Location"] == "/me/password/"
    assert theirs.get("/api/me").status_code == 403


def test_a_one_time_password_is_changed_first(admin: Client) -> None:
    """After the change, all pages open."""
    answer = admin.post("/accounts/user/add/", {"username": "nestor"})
    found = SHOWN_ONCE.search(answer.content.decode())
    assert found
    theirs = Client()
    theirs.post("/login/", {"username": "nestor", "password": found[1]})
    new = "another-made-up-password"
    theirs.post("/me/password/", {"old_password": found[1], "new_password1": new, "new_password2": new})
    assert theirs.get("/").status_code == 200


def test_a_weak_password_is_told_beside_the_field(admin: Client) -> None:
    """The form stays, with what is wrong, and no user is made."""
    answer = admin.post("/accounts/user/add/", {"username": "nestor", "password": "12345678"})
    assert answer.status_code == 200
    assert "too common" in answer.content.decode()
    assert not User.objects.filter(username="nestor").exists()


def test_a_user_is_changed(admin: Client, people: People) -> None:
    """Roles and state are saved, and what changed is audited."""
    fields = {
        "username": "creator",
        "name": "C",
        "email": "c@contoso.com",
        "groups": [get_role_id("Auditor")],
    }
    admin.post(f"/accounts/user/{people.creator.pk}/change/", fields)
    user = User.objects.get(pk=people.creator.pk)
    assert (user.name, user.is_active, [role.name for role in user.groups.all()]) == ("C", False, ["Auditor"])
    entry = AuditEntry.objects.get(event="USER_CHANGED")
    assert entry.details["roles"] == "Auditor"
    assert entry.details["enabled"] is False


def test_the_last_administrator_is_kept_by_the_page(admin: Client, people: People) -> None:
    """The page says why, and nothing of what was entered is saved."""
    path = f"/accounts/user/{people.administrator.pk}/change/"
    answer = admin.post(
        path, {"username": "administrator", "name": "Changed", "is_active": "on"}, follow=True
    )
    assert "Nobody would be left" in answer.content.decode()
    assert User.objects.get(pk=people.administrator.pk).name == ""
    answer = admin.post(f"/accounts/user/{people.administrator.pk}/delete/", {"post": "yes"}, follow=True)
    assert "Nobody would be left" in answer.content.decode()
    assert User.objects.filter(pk=people.administrator.pk).exists()


def test_a_user_is_deleted(admin: Client, people: People) -> None:
    """Whoever is deleted is gone, with their devices; the audit trail keeps the name."""
    add_device(people.creator, "LAPTOP")
    admin.post(f"/accounts/user/{people.creator.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(username="creator").exists()
    assert not Device.objects.exists()
    assert AuditEntry.objects.get(event="USER_DELETED").target == "creator"


def test_an_administrator_gives_a_new_password(admin: Client, people: People) -> None:
    """A new one-time password is shown once; asking for the page alone changes nothing."""
    path = f"/accounts/user/{people.creator.pk}/password/"
    before = User.objects.get(pk=people.creator.pk).password
    admin.get(path)
    assert User.objects.get(pk=people.creator.pk).password == before
    found = SHOWN_ONCE.search(admin.post(path, {"password": ""}).content.decode())
    assert found
    assert User.objects.get(pk=people.creator.pk).check_password(found[1])


def test_a_password_of_another_needs_the_permission(people: People, client_as: Callable[..., Client]) -> None:
    """Who may not manage users gives nobody a password."""
    answer = client_as(people.creator).post(
        f"/accounts/user/{people.administrator.pk}/password/", {"password": ""}
    )
    assert answer.status_code == 403


def test_a_role_is_made_and_changed(admin: Client, people: People) -> None:
    """A role has permissions by boxes, and members."""
    fields = {"name": "Clerks", "allowed": ["run_bots"], "members": [people.outsider.pk]}
    admin.post("/accounts/role/add/", fields)
    role = Role.objects.get(name="Clerks")
    assert [permission.value for permission in get_permissions(role)] == ["Run bots"]
    assert list(role.user_set.all()) == [people.outsider]
    admin.post(f"/accounts/role/{role.pk}/change/", {"name": "Clerks", "allowed": ["view_connections"]})
    assert [permission.value for permission in get_permissions(role)] == ["View connections"]
    assert not role.user_set.exists()
    assert AuditEntry.objects.get(event="ROLE_CREATED").details["members"] == "outsider"
    assert AuditEntry.objects.filter(event="ROLE_CHANGED").exists()


def test_the_administrators_role_keeps_its_permissions(admin: Client, people: People) -> None:
    """Its name and permissions are fixed; its members are not, but for the last."""
    path = f"/accounts/role/{get_role_id('Administrator')}/change/"
    admin.post(
        path, {"name": "Nobody", "allowed": [], "members": [people.administrator.pk, people.auditor.pk]}
    )
    role = Role.objects.get(name="Administrator")
    assert len(get_permissions(role)) == 11
    assert people.auditor in role.user_set.all()
    answer = admin.post(path, {"name": "Administrator", "members": []}, follow=True)
    assert "Nobody would be left" in answer.content.decode()
    assert role.user_set.count() == 2
    assert admin.post(path.replace("change", "delete"), {"post": "yes"}).status_code == 403


def test_an_administrator_revokes_a_device_of_another(admin: Client, people: People) -> None:
    """The list of everybody's devices ends each of them, by a form."""
    device, _key = add_device(people.creator, "LAPTOP")
    admin.post("/accounts/device/", {"action": "revoke", "_selected_action": [str(device.pk)]})
    assert Device.objects.get().revoked is not None
    entry = AuditEntry.objects.get(event="DEVICE_REVOKED")
    assert (entry.actor, entry.details["user"]) == ("administrator", "creator")
    assert admin.get(f"/accounts/device/{device.pk}/change/").status_code == 200
    assert admin.get("/accounts/device/add/").status_code == 403
