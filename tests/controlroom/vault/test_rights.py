"""Who may do what: each part in a locker against each right, and what people see of each other's."""

from typing import TYPE_CHECKING

import pytest

from postroom.controlroom.vault import rights
from postroom.controlroom.vault.models import Credential, Locker, LockerMember, Part
from postroom.controlroom.vault.rights import Right

if TYPE_CHECKING:
    from postroom.controlroom.accounts.models import User

pytestmark = pytest.mark.django_db
ALL = {"SEE", "CHANGE", "INVITE", "CHOOSE_OWNERS", "DELETE", "ADD", "SET_VALUES", "USE"}

# Written out, so that whoever changes the code has to say it here too.
IN_LOCKER = {
    "owner": ALL,
    "manager": {"SEE", "CHANGE", "INVITE", "ADD", "SET_VALUES"},
    "participant": {"SEE", "ADD"},
    "consumer": {"USE"},
    "administrator": {"SEE", "CHANGE", "INVITE", "CHOOSE_OWNERS", "DELETE"},
    "stranger": set[str](),
    "disabled owner": set[str](),
    "owner without permission": set[str](),
}


@pytest.fixture
def locker() -> Locker:
    """Give a locker with a credential of somebody else in it."""
    made = Locker.objects.create(name="Payables")
    Credential.objects.create(name="azure", locker=made)
    return made


def make_person(kind: str, locker: Locker) -> "User":
    """Make somebody who is this in the locker."""
    from postroom.controlroom.accounts.models import Role
    from support.people import create_user

    role = {"administrator": "", "consumer": "", "owner without permission": ""}.get(kind, "Bot creator")
    user = create_user(kind.replace(" ", "-"), role=role, is_active=kind != "disabled owner")
    if kind == "administrator":
        give_only(user, "administer_all_lockers")
    elif kind == "consumer":
        clerks = Role.objects.create(name="Clerks")
        user.groups.add(clerks)
        locker.consumers.add(clerks)
    elif kind != "stranger":
        part = next(part for part in Part.values if part in kind)
        LockerMember.objects.create(locker=locker, user=user, part=part)
    return user


def give_only(user: "User", codename: str) -> None:
    """Give somebody a role with this permission alone."""
    from django.contrib.auth.models import Permission as DjangoPermission

    from postroom.controlroom.accounts.models import Role

    role = Role.objects.create(name=f"Only {codename}")
    role.permissions.add(DjangoPermission.objects.get(codename=codename))
    user.groups.add(role)


@pytest.mark.parametrize("kind", IN_LOCKER)
def test_each_part_may_what_the_table_says(kind: str, locker: Locker) -> None:
    """Of all rights exactly those, for the locker and for the credentials of others in it."""
    user = make_person(kind, locker)
    assert {right.name for right in rights.get_locker_rights(user, locker)} == IN_LOCKER[kind]
    credential = Credential.objects.get()
    assert {right.name for right in rights.get_credential_rights(user, credential)} == IN_LOCKER[kind]
    assert rights.list_lockers(user).exists() == ("SEE" in IN_LOCKER[kind])
    assert rights.list_credentials(user).exists() == ("SEE" in IN_LOCKER[kind])
    assert rights.list_lockers_to_fill(user).exists() == ("ADD" in IN_LOCKER[kind])
    assert rights.list_usable_credentials(user).exists() == ("USE" in IN_LOCKER[kind])


def test_a_participant_does_all_with_their_own(locker: Locker) -> None:
    """What a participant put in is theirs to change, and others' is not."""
    user = make_person("participant", locker)
    own = Credential.objects.create(name="own", locker=locker, owner=user)
    assert {Right.CHANGE, Right.SET_VALUES, Right.DELETE, Right.USE} <= rights.get_credential_rights(
        user, own
    )
    assert list(rights.list_usable_credentials(user)) == [own]


def test_whoever_leaves_a_locker_leaves_their_credentials(locker: Locker) -> None:
    """Without a part in the locker, what one put into it is no longer one's own."""
    user = make_person("participant", locker)
    own = Credential.objects.create(name="own", locker=locker, owner=user)
    LockerMember.objects.filter(user=user).delete()
    assert rights.get_credential_rights(user, own) == frozenset()
    assert not rights.list_usable_credentials(user).exists()
    assert not rights.list_credentials(user).exists()


def test_a_private_credential_is_its_owners_alone(locker: Locker) -> None:
    """Nobody else sees or uses it; who administers all lockers sees it, and never uses it."""
    owner, stranger = make_person("owner", locker), make_person("stranger", locker)
    administrator = make_person("administrator", locker)
    private = Credential.objects.create(name="private", owner=owner)
    assert private in rights.list_usable_credentials(owner)
    assert private not in rights.list_credentials(stranger)
    assert private in rights.list_credentials(administrator)
    assert not rights.list_usable_credentials(administrator).exists()
    assert rights.get_credential_rights(stranger, private) == frozenset()
    assert Right.SET_VALUES not in rights.get_credential_rights(administrator, private)


def test_being_several_things_adds_up(locker: Locker) -> None:
    """A participant whose role consumes has the rights of both."""
    from postroom.controlroom.accounts.models import Role

    user = make_person("participant", locker)
    locker.consumers.add(Role.objects.get(name="Bot creator"))
    assert {right.name for right in rights.get_locker_rights(user, locker)} == {"SEE", "ADD", "USE"}
