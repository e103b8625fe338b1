"""What can be done to users and roles, for pages, API and command line alike: the rules, and the audit trail.

There is one rule that no permission lifts: somebody who may manage users always remains.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as DjangoPermission
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError, QuerySet
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.models import Role, User
from postroom.controlroom.accounts.permissions import ADMINISTRATOR, Permission
from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.trail import record
from postroom.errors import RecordNotFoundError, SettingError
from postroom.values import Secret

Actor = User | str | None

# Without what is easily taken for something else.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_ONE_TIME_GROUPS = 4


@dataclass(frozen=True)
class NewUser:
    """Who is to get an account."""

    username: str
    name: str = ""
    email: str = ""
    roles: tuple[Role, ...] = ()


@transaction.atomic
def create_user(actor: Actor, new: NewUser, password: Secret | None = None) -> tuple[User, Secret | None]:
    """Make a user. Without a password they get one for one time, which is given back and shown once.

    Errors: SettingError where the name is taken or no name, or the password too weak.
    """
    user = User(username=User.normalize_username(new.username), name=new.name, email=new.email)
    one_time = None if password else make_one_time_password()
    _set_password(user, password or one_time, is_one_time=one_time is not None)
    _save(user)
    user.groups.set(new.roles)
    record(Event.USER_CREATED, actor=actor, target=user.username, roles=_name_all(new.roles))
    return user, one_time


@transaction.atomic
def create_administrator(username: str, password: Secret, *, must_change: bool = False) -> User:
    """Make a user who may do everything: the first of a new Control Room.

    `must_change` says that somebody else knows the password. Errors: SettingError where the name is taken or no
    name, or the password too weak.
    """
    role, _created = Role.objects.get_or_create(name=ADMINISTRATOR)
    user, _one_time = create_user(None, NewUser(username, roles=(role,)), password)
    if must_change:
        user.must_change_password = True
        user.save(update_fields=["must_change_password"])
    return user


def change_user(user: User, *, name: str, email: str, is_active: bool, roles: Iterable[Role] | None) -> None:
    """Change a user, in a transaction that ends with `note_user_change`. Errors: SettingError for a wrong address."""
    user.name, user.email, user.is_active = name, email, is_active
    _save(user)
    if roles is not None:
        user.groups.set(roles)


def note_user_change(actor: Actor, user: User, changed: Iterable[str]) -> None:
    """Check what was changed of a user in this transaction, and write it down.

    Errors: SettingError where nobody would be left to manage users; the transaction must not be committed then.
    """
    require_an_administrator()
    record(
        Event.USER_CHANGED,
        actor=actor,
        target=user.username,
        changed=", ".join(changed),
        enabled=user.is_active,
        roles=_name_all(user.groups.all()),
    )


@transaction.atomic
def give_password(actor: Actor, user: User, password: Secret | None = None) -> Secret | None:
    """Give a user another password, which ends their sessions; without one, one for one time that is given back.

    Errors: SettingError where the password is too weak.
    """
    one_time = None if password else make_one_time_password()
    _set_password(user, password or one_time, is_one_time=one_time is not None)
    user.save(update_fields=["password", "must_change_password"])
    record(Event.PASSWORD_CHANGED, actor=actor, target=user.username, one_time=one_time is not None)
    return one_time


@transaction.atomic
def delete_user(actor: Actor, user: User) -> None:
    """Delete a user with their devices and sign-ins. Errors: SettingError for the last administrator."""
    username = user.username
    try:
        user.delete()
    except ProtectedError:
        raise SettingError(
            _(
                "“%(user)s” still owns something that others use. Give it to somebody else first, or disable the user."
            )
            % {"user": username}
        ) from None
    require_an_administrator()
    record(Event.USER_DELETED, actor=actor, target=username)


def note_role_change(actor: Actor, role: Role, *, is_new: bool) -> None:
    """Check what was made or changed of a role in this transaction, and write it down.

    Errors: SettingError where nobody would be left to manage users; the transaction must not be committed then.
    """
    require_an_administrator()
    record(
        Event.ROLE_CREATED if is_new else Event.ROLE_CHANGED,
        actor=actor,
        target=role.name,
        permissions=", ".join(get_permissions(role)),
        members=", ".join(role.user_set.values_list("username", flat=True)),
    )


@transaction.atomic
def delete_role(actor: Actor, role: Role) -> None:
    """Delete a role, which takes it from everybody. Errors: SettingError for the role of the administrators."""
    refuse_fixed(role)
    name = role.name
    role.delete()
    require_an_administrator()
    record(Event.ROLE_DELETED, actor=actor, target=name)


def refuse_fixed(role: Role) -> None:
    """Refuse to change the role that always has every permission. Errors: SettingError."""
    if role.is_fixed:
        raise SettingError(
            _("The role “%(role)s” always has every permission: make another role instead.")
            % {"role": role.name}
        )


def set_permissions(role: Group, codenames: Iterable[str]) -> None:
    """Let the role allow these permissions and no others."""
    role.permissions.set(
        DjangoPermission.objects.filter(content_type__app_label="accounts", codename__in=list(codenames))
    )


def get_permissions(role: Group) -> list[Permission]:
    """What the role allows, in the order of the permission table."""
    codenames = set(
        role.permissions.filter(content_type__app_label="accounts").values_list("codename", flat=True)
    )
    return [permission for permission in Permission if permission.codename in codenames]


def get_roles(names: Iterable[str]) -> tuple[Role, ...]:
    """The roles of these names. Errors: RecordNotFoundError for one that is not there."""
    return tuple(_get_role(name) for name in names)


def find_administrators() -> QuerySet:
    """Everybody who may manage users."""
    return User.objects.filter(
        is_active=True,
        groups__permissions__content_type__app_label="accounts",
        groups__permissions__codename=Permission.MANAGE_USERS.codename,
    ).distinct()


def require_an_administrator() -> None:
    """Refuse to end a transaction that leaves nobody to manage users. Errors: SettingError."""
    # Two that take the rights from each other at the same time wait here for one another.
    list(Group.objects.select_for_update().order_by("pk").values_list("pk"))
    if not find_administrators().exists():
        raise SettingError(
            _(
                "Nobody would be left who may manage users, so nothing was changed. Give “Manage users and roles” to "
                "somebody else first."
            )
        )


def make_one_time_password() -> Secret:
    """Make a password that is easy to read out, and to be changed at the first sign-in (79 bits)."""
    groups = ("".join(secrets.choice(_LETTERS) for _letter in range(4)) for _group in range(_ONE_TIME_GROUPS))
    return Secret("-".join(groups))


def _set_password(user: User, password: Secret | None, *, is_one_time: bool) -> None:
    assert password is not None
    try:
        validate_password(password.reveal(), user)
    except ValidationError as error:
        raise SettingError(" ".join(error.messages)) from None
    user.set_password(password.reveal())
    user.must_change_password = is_one_time


def _save(user: User) -> None:
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        raise SettingError(" ".join(error.messages)) from None
    user.save()


def _get_role(name: str) -> Role:
    role = Role.objects.filter(name=name).first()
    if role is None:
        raise RecordNotFoundError(_("There is no role “%(role)s”.") % {"role": name})
    return role


def _name_all(roles: Iterable[Group]) -> str:
    return ", ".join(sorted(role.name for role in roles))
