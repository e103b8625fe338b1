"""The API of people and devices: who asks, users, roles, devices, and the way in for a device."""

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status
from ninja.pagination import paginate

from postroom.controlroom.accounts import device_logins, people
from postroom.controlroom.accounts.access import api_auth, require
from postroom.controlroom.accounts.device_keys import add_device, revoke_device
from postroom.controlroom.accounts.models import Device, Role, User
from postroom.controlroom.accounts.permissions import Permission
from postroom.errors import RecordNotFoundError, SettingError
from postroom.values import Secret

router = Router(tags=["People"], auth=api_auth)


class Me(Schema):
    """Who asks."""

    username: str
    name: str
    email: str
    language: str
    roles: list[str]
    permissions: list[Permission]
    device: str | None
    """The name of the device that asks; None for a session."""


class UserAnswer(Schema):
    """A user."""

    username: str
    name: str
    email: str
    enabled: bool = Field(alias="is_active")
    roles: list[str]
    last_login: datetime | None

    @staticmethod
    def resolve_roles(user: User) -> list[str]:
        """The roles by name."""
        return sorted(role.name for role in user.groups.all())


class NewUser(Schema):
    """A user to make; without a password they get one for one time."""

    username: str = Field(max_length=150)
    name: str = Field("", max_length=150)
    email: str = Field("", max_length=254)
    roles: list[str] = []
    password: str | None = None


class CreatedUser(Schema):
    """The user that was made."""

    user: UserAnswer
    one_time_password: str | None
    """Shown this once; None where a password was given."""


class UserChange(Schema):
    """What to change of a user; what is left out stays."""

    name: str | None = Field(None, max_length=150)
    email: str | None = Field(None, max_length=254)
    enabled: bool | None = None
    roles: list[str] | None = None


class RoleAnswer(Schema):
    """A role."""

    name: str
    permissions: list[Permission]
    members: list[str]

    @staticmethod
    def resolve_permissions(role: Role) -> list[Permission]:
        """What it allows."""
        return people.get_permissions(role)

    @staticmethod
    def resolve_members(role: Role) -> list[str]:
        """Who has it."""
        return sorted(user.username for user in role.user_set.all())


class RoleSettings(Schema):
    """A role to make, or what an existing one is to allow."""

    name: str = Field(min_length=1, max_length=150)
    permissions: list[Permission]


class DeviceAnswer(Schema):
    """A device; its key is never shown again."""

    id: uuid.UUID
    name: str
    user: str = Field(alias="user.username")
    key_prefix: str
    created: datetime
    last_used: datetime | None
    last_address: str | None
    revoked: datetime | None


class DeviceName(Schema):
    """What a device is called."""

    name: str = Field(min_length=1, max_length=100)


class DeviceKey(Schema):
    """A device and its key, which is shown this once."""

    device: DeviceAnswer
    api_key: str


class StartedLogin(Schema):
    """What a device needs to be let in (RFC 8628 §3.2)."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class DeviceCode(Schema):
    """The code that the device alone knows."""

    device_code: str = Field(max_length=100)


class LoginState(Schema):
    """Whether the device is in; with its key once it is."""

    status: str
    api_key: str | None = None
    username: str | None = None


@router.get("/me", response=Me, summary="Tell who asks")
def show_me(request: HttpRequest) -> dict[str, Any]:
    """Tell who asks, and what they may do. Needs no permission."""
    user = require(request)
    device = getattr(request, "device", None)
    return {
        **{name: getattr(user, name) for name in ("username", "name", "email", "language")},
        "roles": sorted(user.groups.values_list("name", flat=True)),
        "permissions": [permission for permission in Permission if user.may(permission)],
        "device": device.name if device else None,
    }


@router.get("/users", response=list[UserAnswer], summary="List users")
@paginate
def list_users(request: HttpRequest) -> QuerySet:
    """List users by name. Needs the permission *Manage users and roles*."""
    require(request, Permission.MANAGE_USERS)
    return User.objects.prefetch_related("groups")


@router.post("/users", response={201: CreatedUser}, summary="Create a user")
def create_user(request: HttpRequest, new: NewUser) -> Status[dict[str, Any]]:
    """Create a user, who has no rights but those of the roles. Needs the permission *Manage users and roles*."""
    actor = require(request, Permission.MANAGE_USERS)
    roles = people.get_roles(new.roles)
    password = Secret(new.password) if new.password else None
    user, one_time = people.create_user(
        actor, people.NewUser(new.username, new.name, new.email, roles), password
    )
    return Status(201, {"user": user, "one_time_password": one_time.reveal() if one_time else None})


@router.patch("/users/{username}", response=UserAnswer, summary="Change a user")
@transaction.atomic
def change_user(request: HttpRequest, username: str, change: UserChange) -> User:
    """Change name, address and roles, or enable and disable. Needs the permission *Manage users and roles*."""
    actor = require(request, Permission.MANAGE_USERS)
    user = _get_user(username)
    people.change_user(
        user,
        name=user.name if change.name is None else change.name,
        email=user.email if change.email is None else change.email,
        is_active=user.is_active if change.enabled is None else change.enabled,
        roles=None if change.roles is None else people.get_roles(change.roles),
    )
    people.note_user_change(actor, user, change.model_fields_set)
    return user


@router.delete("/users/{username}", response={204: None}, summary="Delete a user")
def delete_user(request: HttpRequest, username: str) -> Status[None]:
    """Delete a user with their devices and sign-ins. Needs the permission *Manage users and roles*."""
    people.delete_user(require(request, Permission.MANAGE_USERS), _get_user(username))
    return Status(204, None)


@router.get("/roles", response=list[RoleAnswer], summary="List roles")
@paginate
def list_roles(request: HttpRequest) -> QuerySet:
    """List roles with their permissions and members. Needs the permission *Manage users and roles*."""
    require(request, Permission.MANAGE_USERS)
    return Role.objects.prefetch_related("user_set")


@router.post("/roles", response={201: RoleAnswer}, summary="Create a role")
@transaction.atomic
def create_role(request: HttpRequest, new: RoleSettings) -> Status[Role]:
    """Create a role. Needs the permission *Manage users and roles*."""
    actor = require(request, Permission.MANAGE_USERS)
    role, is_new = Role.objects.get_or_create(name=new.name)
    if not is_new:
        raise SettingError(_("There is a role “%(role)s” already.") % {"role": new.name})
    people.set_permissions(role, [permission.codename for permission in new.permissions])
    people.note_role_change(actor, role, is_new=True)
    return Status(201, role)


@router.put("/roles/{name}", response=RoleAnswer, summary="Change a role")
@transaction.atomic
def change_role(request: HttpRequest, name: str, change: RoleSettings) -> Role:
    """Change a role's name and permissions. Needs the permission *Manage users and roles*."""
    actor = require(request, Permission.MANAGE_USERS)
    (role,) = people.get_roles([name])
    people.refuse_fixed(role)
    if change.name != name and Role.objects.filter(name=change.name).exists():
        raise SettingError(_("There is a role “%(role)s” already.") % {"role": change.name})
    role.name = change.name
    role.save(update_fields=["name"])
    people.set_permissions(role, [permission.codename for permission in change.permissions])
    people.note_role_change(actor, role, is_new=False)
    return role


@router.delete("/roles/{name}", response={204: None}, summary="Delete a role")
def delete_role(request: HttpRequest, name: str) -> Status[None]:
    """Delete a role, which takes it from everybody. Needs the permission *Manage users and roles*."""
    actor = require(request, Permission.MANAGE_USERS)
    (role,) = people.get_roles([name])
    people.delete_role(actor, role)
    return Status(204, None)


@router.get("/devices", response=list[DeviceAnswer], summary="List devices")
@paginate
def list_devices(request: HttpRequest, *, everybody: bool = False) -> QuerySet:
    """List one's own devices; those of everybody with the permission *Manage users and roles*.

    Needs the permission *Manage my devices* otherwise.
    """
    user = require(request, Permission.MANAGE_USERS if everybody else Permission.MANAGE_DEVICES)
    devices = Device.objects.select_related("user")
    return devices if everybody else devices.filter(user=user)


@router.post("/devices", response={201: DeviceKey}, summary="Add a device")
def create_device(request: HttpRequest, new: DeviceName) -> Status[dict[str, Any]]:
    """Add a device of one's own, and show its key once. Needs the permission *Manage my devices*."""
    device, key = add_device(require(request, Permission.MANAGE_DEVICES), new.name)
    return Status(201, {"device": device, "api_key": key.reveal()})


@router.delete("/devices/{device_id}", response={204: None}, summary="Revoke a device")
def end_device(request: HttpRequest, device_id: uuid.UUID) -> Status[None]:
    """Revoke a device of one's own, or with the permission *Manage users and roles* anybody's.

    A device may always revoke itself.
    """
    user = require(request)
    device = Device.objects.select_related("user").filter(pk=device_id).first()
    if device is None or (device.user != user and not user.may(Permission.MANAGE_USERS)):
        raise RecordNotFoundError(_("There is no such device of yours."))
    if device != getattr(request, "device", None):
        require(request, Permission.MANAGE_DEVICES, Permission.MANAGE_USERS)
    revoke_device(user, device)
    return Status(204, None)


@router.post("/logout", response={204: None}, summary="Revoke the key that is used")
def end_this_device(request: HttpRequest) -> Status[None]:
    """Revoke the key of the device that asks. Needs no permission."""
    user = require(request)
    device = getattr(request, "device", None)
    if device is None:
        raise SettingError(_("This is for devices: a person signs out on a page."))
    revoke_device(user, device)
    return Status(204, None)


@router.post("/login", auth=None, response=StartedLogin, summary="Ask for a device to be let in")
def start_login(request: HttpRequest, device: DeviceName) -> dict[str, Any]:
    """Begin to let a device in: its user opens the address and confirms the code. Needs no sign-in."""
    started = device_logins.start(device.name)
    address = request.build_absolute_uri(reverse("let-device-in"))
    return {
        "device_code": started.device_code.reveal(),
        "user_code": started.user_code,
        "verification_uri": address,
        "verification_uri_complete": f"{address}?code={started.user_code}",
        "expires_in": device_logins.GOOD_FOR_SECONDS,
        "interval": device_logins.POLL_SECONDS,
    }


@router.post(
    "/login/key", auth=None, response=LoginState, summary="Fetch the key of a device that was let in"
)
def collect_key(request: HttpRequest, code: DeviceCode) -> dict[str, Any]:  # noqa: ARG001 - the API gives it
    """Give the key, once, when the user has let the device in; until then the status is *pending*."""
    collected = device_logins.collect(code.device_code)
    if collected is None:
        return {"status": "pending"}
    device, key = collected
    return {"status": "allowed", "api_key": key.reveal(), "username": device.user.username}


def _get_user(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise RecordNotFoundError(_("There is no user “%(user)s”.") % {"user": username})
    return user
