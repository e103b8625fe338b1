"""Who may use a connection: members of a role that was invited to it, and whoever manages connections."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.connections.models import OAuthConnection
from postroom.errors import RecordNotFoundError


def may_use(user: User, connection: OAuthConnection) -> bool:
    """Say whether the user may use the connection: get its tokens, sign in for their own."""
    if not user.is_active:
        return False
    return user.may(Permission.MANAGE_CONNECTIONS) or connection.roles.filter(user=user).exists()


def list_usable(user: User) -> "QuerySet[Any]":
    """The connections that the user may use, by name."""
    if user.may(Permission.MANAGE_CONNECTIONS):
        return OAuthConnection.objects.all()
    return (
        OAuthConnection.objects.filter(roles__user=user).distinct()
        if user.is_active
        else OAuthConnection.objects.none()
    )


def get_usable(user: User, name: str) -> OAuthConnection:
    """The connection of this name (case does not matter).

    Errors: RecordNotFoundError where there is none, or the user may not use it: whoever is not invited does not
    learn which connections there are.
    """
    # PostgreSQL takes no NUL in a text, and no name has one.
    wanted = name.strip().replace("\0", "")
    found: OAuthConnection | None = list_usable(user).filter(name__iexact=wanted).first()
    if found is None:
        raise RecordNotFoundError(
            _(
                "There is no OAuth connection “%(name)s”, or none of your roles is invited to it. "
                "Ask an administrator to invite a role of yours."
            )
            % {"name": name}
        )
    return found
