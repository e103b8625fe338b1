"""What is done to the records of connections: made, changed, secrets replaced, roles invited, deleted.

Each is one transaction with its line in the audit trail.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.models import Role, User
from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.trail import record
from postroom.controlroom.connections.client_secrets import AT_MOST, NewSecret, add_secret
from postroom.controlroom.connections.models import ClientSecret, ConnectionToken, OAuthConnection
from postroom.controlroom.connections.providers import ClientAuthentication
from postroom.controlroom.connections.tokens import forget
from postroom.errors import SettingError

FIELDS = (
    *("provider", "name", "description", "grant_type", "client_authentication", "client_id", "tenant_id"),
    *("authorization_url", "token_url", "scopes"),
)
ENDS_SIGN_INS = frozenset(
    {"grant_type", "client_id", "tenant_id", "authorization_url", "token_url", "scopes"}
)
"""What a refresh token was given for: where it changes, people sign in again."""


@transaction.atomic
def create_connection(values: Mapping[str, Any], secret: NewSecret | None, actor: User) -> OAuthConnection:
    """Make a connection with its first secret. Errors: VaultLockedError."""
    connection = OAuthConnection(created_by=actor)
    for name in FIELDS:
        setattr(connection, name, values[name])
    connection.save()
    if secret is not None:
        add_secret(connection, secret)
    record(Event.CONNECTION_CREATED, actor=actor, target=connection.name, provider=connection.provider)
    return connection


@transaction.atomic
def change_connection(
    connection: OAuthConnection,
    values: Mapping[str, Any],
    secret: NewSecret | None,
    actor: User,
    *,
    corrects_secret: bool = False,
) -> frozenset[str]:
    """Change a connection, and give the names of the fields that are different now.

    Secrets of another kind, or for another token URL, are removed, and all old ones where the new one corrects them;
    so are the tokens of a client that changed.
    Errors: VaultLockedError; SettingError where there are two secrets already.
    """
    changed = frozenset(
        name for name in FIELDS if name in values and values[name] != getattr(connection, name)
    )
    for name in changed:
        setattr(connection, name, values[name])
    connection.save()
    if changed & {"client_authentication", "token_url"} or (corrects_secret and secret is not None):
        connection.secrets.all().delete()
    if changed & ENDS_SIGN_INS:
        for token in ConnectionToken.objects.filter(connection=connection).select_related("user"):
            forget(connection, token.user)
    if secret is not None:
        add_secret(connection, secret)
    elif _change_expiry(connection, values.get("secret_expires")):
        changed |= {"secret_expires"}
    if changed or secret is not None:
        fields = ", ".join([*sorted(changed), *(["secret"] if secret is not None else [])])
        record(Event.CONNECTION_CHANGED, actor=actor, target=connection.name, fields=fields)
    return changed


def _change_expiry(connection: OAuthConnection, expires: date | None) -> bool:
    """Note when the newest secret expires; a certificate says so itself."""
    newest = connection.secrets.first()
    is_secret = connection.client_authentication == ClientAuthentication.SECRET
    if newest is None or not is_secret or newest.expires == expires:
        return False
    newest.expires = expires
    newest.save(update_fields=["expires"])
    return True


@transaction.atomic
def replace_secret(connection: OAuthConnection, secret: NewSecret, actor: User) -> ClientSecret:
    """Add a secret beside the old one. Errors: SettingError where there are two; VaultLockedError."""
    added = add_secret(connection, secret)
    record(Event.CONNECTION_CHANGED, actor=actor, target=connection.name, fields="secret added")
    return added


@transaction.atomic
def remove_secret(secret: ClientSecret, actor: User) -> None:
    """Remove one of two secrets. Errors: SettingError for the only one."""
    connection = secret.connection
    if connection.secrets.count() < AT_MOST:
        raise SettingError(_("This is the only one, and the connection needs it. Add the new one first."))
    secret.delete()
    record(Event.CONNECTION_CHANGED, actor=actor, target=connection.name, fields="secret removed")


@transaction.atomic
def invite_roles(connection: OAuthConnection, roles: Collection[Role], actor: User) -> None:
    """Let the members of these roles, and nobody else, use the connection."""
    connection.roles.set(roles)
    names = ", ".join(sorted(role.name for role in roles)) or "none"
    record(Event.ROLES_INVITED, actor=actor, target=connection.name, roles=names)


@transaction.atomic
def disconnect(connection: OAuthConnection, user: User | None, actor: User) -> None:
    """Forget the tokens of this user, or the Shared ones."""
    forget(connection, user)
    record(Event.DISCONNECTED, actor=actor, target=connection.name, token=describe_token(user))


@transaction.atomic
def delete_connection(connection: OAuthConnection, actor: User) -> None:
    """Delete a connection with its secrets and tokens."""
    name = connection.name
    connection.delete()
    record(Event.CONNECTION_DELETED, actor=actor, target=name)


def describe_token(user: User | None) -> str:
    """Which token it is, for the audit trail."""
    return "Shared" if user is None else f"User-specific of {user.get_username()}"
