"""Who administers the tenant: whoever may consent for everybody."""

from postroom.tenant.directory import User

ADMINISTRATORS = frozenset({"adele"})
"""The parts before the @ of the administrators' usernames; a new tenant has one, Adele Vance."""


def is_administrator(user: User) -> bool:
    """Tell whether this user may consent for everybody."""
    return user.username.partition("@")[0] in ADMINISTRATORS
