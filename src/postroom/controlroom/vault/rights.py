"""Who may do what with lockers and credentials, as data.

A part in a locker counts for whoever may manage credentials and lockers at all; a consumer needs no more than a role.
"""

from enum import Enum, auto

from django.db.models import Q, QuerySet

from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.vault.models import Attribute, Credential, Locker, LockerMember, Part


class Right(Enum):
    """One thing to do with a locker and what is in it."""

    SEE = auto()
    CHANGE = auto()
    """Name and description; of a credential its attributes too."""
    INVITE = auto()
    """Members and consumer roles."""
    CHOOSE_OWNERS = auto()
    DELETE = auto()
    ADD = auto()
    """Put credentials of one's own in."""
    SET_VALUES = auto()
    USE = auto()
    """Have bots get the values."""


PART_RIGHTS: dict[str, frozenset[Right]] = {
    str(Part.OWNER): frozenset(Right),
    str(Part.MANAGER): frozenset({Right.SEE, Right.CHANGE, Right.INVITE, Right.ADD, Right.SET_VALUES}),
    str(Part.PARTICIPANT): frozenset({Right.SEE, Right.ADD}),
}
"""What each part in a locker allows."""

CONSUMER_RIGHTS = frozenset({Right.USE})
"""What a consumer role allows."""

ADMINISTRATOR_RIGHTS = frozenset({Right.SEE, Right.CHANGE, Right.INVITE, Right.CHOOSE_OWNERS, Right.DELETE})
"""What *Administer all lockers* allows in every locker: never the values."""

OWN_RIGHTS = frozenset({Right.SEE, Right.CHANGE, Right.DELETE, Right.SET_VALUES, Right.USE})
"""What somebody may do with a credential of their own: a private one, or one in a locker that they have a part in."""

NO_RIGHTS: frozenset[Right] = frozenset()


def get_locker_rights(user: User, locker: Locker) -> frozenset[Right]:
    """What this person may do with this locker, by all that they are in it."""
    rights = NO_RIGHTS
    if user.may(Permission.ADMINISTER_ALL_LOCKERS):
        rights |= ADMINISTRATOR_RIGHTS
    if user.may(Permission.MANAGE_MY_CREDENTIALS):
        member = LockerMember.objects.filter(locker=locker, user=user).first()
        rights |= PART_RIGHTS[member.part] if member else NO_RIGHTS
    if user.is_active and locker.consumers.filter(user=user).exists():
        rights |= CONSUMER_RIGHTS
    return rights


def get_credential_rights(user: User, credential: Credential) -> frozenset[Right]:
    """What this person may do with this credential: as its owner, and by its locker."""
    rights = NO_RIGHTS
    if _list_own_credentials(user).filter(pk=credential.pk).exists():
        rights |= OWN_RIGHTS
    if credential.locker is not None:
        rights |= get_locker_rights(user, credential.locker)
    elif user.may(Permission.ADMINISTER_ALL_LOCKERS):
        rights |= ADMINISTRATOR_RIGHTS
    return rights


def list_lockers(user: User) -> QuerySet[Locker]:
    """The lockers that this person may see."""
    if user.may(Permission.ADMINISTER_ALL_LOCKERS):
        return Locker.objects.all()
    if not user.may(Permission.MANAGE_MY_CREDENTIALS):
        return Locker.objects.none()
    return Locker.objects.filter(pk__in=LockerMember.objects.filter(user=user).values("locker"))


def list_lockers_to_fill(user: User) -> QuerySet[Locker]:
    """The lockers that this person may put credentials in."""
    if not user.may(Permission.MANAGE_MY_CREDENTIALS):
        return Locker.objects.none()
    parts = [part for part, rights in PART_RIGHTS.items() if Right.ADD in rights]
    member = LockerMember.objects.filter(user=user, part__in=parts)
    return Locker.objects.filter(pk__in=member.values("locker"))


def list_credentials(user: User) -> QuerySet[Credential]:
    """The credentials that this person may see."""
    if user.may(Permission.ADMINISTER_ALL_LOCKERS):
        return Credential.objects.all()
    if not user.may(Permission.MANAGE_MY_CREDENTIALS):
        return Credential.objects.none()
    own = _list_own_credentials(user).values("pk")
    return Credential.objects.filter(Q(pk__in=own) | Q(locker__in=list_lockers(user)))


def list_usable_credentials(user: User) -> QuerySet[Credential]:
    """The credentials whose values bots of this person get."""
    if not user.is_active:
        return Credential.objects.none()
    allowed = Q(locker__in=Locker.objects.filter(consumers__user=user))
    if user.may(Permission.MANAGE_MY_CREDENTIALS):
        parts = [part for part, rights in PART_RIGHTS.items() if Right.USE in rights]
        lockers = LockerMember.objects.filter(user=user, part__in=parts).values("locker")
        allowed |= Q(pk__in=_list_own_credentials(user).values("pk")) | Q(locker__in=lockers)
    return Credential.objects.filter(allowed)


def list_attributes_to_provide(user: User) -> QuerySet[Attribute]:
    """The attributes for which this person gives a value of their own."""
    return Attribute.objects.filter(
        kind=Attribute.Kind.USER_PROVIDED, credential__in=list_usable_credentials(user)
    ).order_by("credential__folded_name", "folded_name")


def _list_own_credentials(user: User) -> QuerySet[Credential]:
    if not user.may(Permission.MANAGE_MY_CREDENTIALS):
        return Credential.objects.none()
    # Whoever left a locker left behind what they had put into it.
    lockers = LockerMember.objects.filter(user=user).values("locker")
    return Credential.objects.filter(Q(locker=None) | Q(locker__in=lockers), owner=user)
