"""Users and roles by their rules."""

from collections.abc import Callable

import pytest
from django.core.management import call_command

from postroom.controlroom.accounts import people as rules
from postroom.controlroom.accounts.models import Role, User
from postroom.controlroom.accounts.permissions import EXPLANATIONS, Permission
from postroom.controlroom.audit.models import AuditEntry
from postroom.errors import RecordNotFoundError, SettingError
from postroom.values import Secret
from support.people import People

GOOD = Secret("a-password-that-is-long-enough")


@pytest.mark.django_db
def test_the_roles_of_a_new_control_room() -> None:
    """There are three roles from the start, with the permissions that the documentation names."""
    assert {role.name: rules.get_permissions(role) for role in Role.objects.all()} == {
        "Administrator": list(Permission),
        "Bot creator": [
            Permission.VIEW_CONNECTIONS,
            Permission.MANAGE_MY_CREDENTIALS,
            Permission.MANAGE_DEVICES,
            Permission.VIEW_RUNS,
            Permission.RUN_BOTS,
            Permission.MANAGE_BOTS,
            Permission.MANAGE_SCHEDULES,
        ],
        "Auditor": [Permission.VIEW_CONNECTIONS, Permission.VIEW_AUDIT_LOG, Permission.VIEW_RUNS],
    }


@pytest.mark.django_db
def test_a_later_migration_gives_the_administrators_what_is_new() -> None:
    """A deleted role does not come back; the administrators get every permission again."""
    Role.objects.get(name="Auditor").delete()
    Role.objects.get(name="Administrator").permissions.clear()
    call_command("migrate", verbosity=0)
    assert not Role.objects.filter(name="Auditor").exists()
    assert len(rules.get_permissions(Role.objects.get(name="Administrator"))) == len(Permission)


def test_every_permission_is_explained() -> None:
    """The page of a role says of each permission what it allows."""
    assert set(EXPLANATIONS) == set(Permission)


def test_a_new_user_has_a_password_for_one_time(people: People) -> None:
    """The one-time password is good, must be changed, and is not in the audit trail."""
    user, one_time = rules.create_user(people.administrator, rules.NewUser("nestor"))
    assert one_time is not None
    assert user.check_password(one_time.reveal())
    assert user.must_change_password
    assert not any(user.may(permission) for permission in Permission)
    entry = AuditEntry.objects.get(event="USER_CREATED")
    assert (entry.actor, entry.target) == ("administrator", "nestor")
    assert one_time.reveal() not in str(entry.details)


def test_a_given_password_is_good_at_once(people: People) -> None:
    """Whoever gives a password needs no one-time password."""
    user, one_time = rules.create_user(people.administrator, rules.NewUser("nestor"), GOOD)
    assert one_time is None
    assert not user.must_change_password


@pytest.mark.parametrize("weak", ["short", "password1", "nestor.w", "12345678"])
def test_a_weak_password_is_refused(people: People, weak: str) -> None:
    """Short, common and own names are refused, and no user is made."""
    with pytest.raises(SettingError):
        rules.create_user(people.administrator, rules.NewUser("nestor.w"), Secret(weak))
    assert not User.objects.filter(username="nestor.w").exists()


@pytest.mark.parametrize("name", ["administrator", "with space", "", "x" * 151])
def test_a_name_that_cannot_be(people: People, name: str) -> None:
    """A taken name, and what is no name, are refused."""
    with pytest.raises(SettingError):
        rules.create_user(people.administrator, rules.NewUser(name), GOOD)


@pytest.mark.django_db
def test_the_first_administrator_may_everything() -> None:
    """`create_administrator` makes a user with the role that has every permission."""
    user = rules.create_administrator("admin", GOOD)
    assert all(user.may(permission) for permission in Permission)


@pytest.mark.django_db
def test_a_lost_administrators_role_is_made_again() -> None:
    """After everything was deleted, an administrator can still be made."""
    Role.objects.all().delete()
    rules.create_administrator("admin", GOOD)
    assert Role.objects.get().name == "Administrator"


def disable(user: User) -> None:
    """Disable a user."""
    rules.change_user(user, name="", email="", is_active=False, roles=None)
    rules.note_user_change(user, user, ["is_active"])


def demote(user: User) -> None:
    """Take all roles from a user."""
    rules.change_user(user, name="", email="", is_active=True, roles=[])
    rules.note_user_change(user, user, ["groups"])


def delete(user: User) -> None:
    """Delete a user."""
    rules.delete_user(user, user)


LOSSES = pytest.mark.parametrize("lose", [disable, demote, delete])


@LOSSES
def test_the_last_administrator_remains(people: People, lose: Callable[[User], None]) -> None:
    """The last one who may manage users can be neither disabled nor demoted nor deleted."""
    with pytest.raises(SettingError, match="Nobody would be left"):
        lose(people.administrator)


@LOSSES
def test_another_administrator_makes_it_possible(people: People, lose: Callable[[User], None]) -> None:
    """As soon as somebody else may manage users, the first may go."""
    people.auditor.groups.add(Role.objects.get(name="Administrator"))
    lose(people.administrator)
    assert set(rules.find_administrators()) == {people.auditor}


def test_a_disabled_administrator_does_not_count(people: People) -> None:
    """Somebody who cannot sign in cannot manage users."""
    people.auditor.groups.add(Role.objects.get(name="Administrator"))
    User.objects.filter(pk=people.auditor.pk).update(is_active=False)
    with pytest.raises(SettingError, match="Nobody would be left"):
        demote(people.administrator)


def test_the_administrators_role_is_fixed(people: People) -> None:
    """The role that has everything cannot be deleted."""
    with pytest.raises(SettingError, match="always has every permission"):
        rules.delete_role(people.administrator, Role.objects.get(name="Administrator"))


def test_a_deleted_role_is_taken_from_everybody(people: People) -> None:
    """What only that role gave is gone."""
    rules.delete_role(people.administrator, Role.objects.get(name="Bot creator"))
    assert not User.objects.get(pk=people.creator.pk).may(Permission.RUN_BOTS)
    assert AuditEntry.objects.get(event="ROLE_DELETED").target == "Bot creator"


def test_roles_by_name(people: People) -> None:
    """A name that no role has is an error."""
    assert [role.name for role in rules.get_roles(["Auditor"])] == ["Auditor"]
    with pytest.raises(RecordNotFoundError, match="Clerks"):
        rules.get_roles(["Clerks"])


def test_a_new_password_ends_what_the_old_one_began(people: People, client_as: Callable[..., object]) -> None:
    """Sessions of the user end when an administrator gives another password."""
    inside = client_as(people.creator)
    rules.give_password(people.administrator, people.creator, GOOD)
    assert inside.get("/").status_code == 302  # type: ignore[attr-defined]
