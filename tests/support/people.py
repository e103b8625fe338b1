"""The people of the Control Room's tests: one for each role that there is from the start, and one without any."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support.canary import canary

if TYPE_CHECKING:
    from postroom.controlroom.accounts.models import User

PASSWORD = "a-made-up-password-of-nobody"


@dataclass(frozen=True)
class People:
    """Users of the Control Room, by what they are."""

    administrator: "User"
    creator: "User"
    auditor: "User"
    outsider: "User"
    """Somebody with an account and no role."""


def create_people() -> People:
    """Make a user of each default role, and one without a role."""
    canary.add([PASSWORD])
    return People(
        administrator=create_user("administrator", role="Administrator"),
        creator=create_user("creator", role="Bot creator"),
        auditor=create_user("auditor", role="Auditor"),
        outsider=create_user("outsider"),
    )


def create_user(username: str, *, role: str = "", **fields: Any) -> "User":
    """Make a user with this role, or none."""
    from postroom.controlroom.accounts.models import Role, User

    user = User.objects.create_user(
        username=username, email=f"{username}@contoso.com", password=PASSWORD, **fields
    )
    if role:
        user.groups.add(Role.objects.get(name=role))
    return user
