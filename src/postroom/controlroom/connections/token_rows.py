"""The rows that tokens are kept in: found and made, read and written; the fence is here.

A row is written only over the generation that was read (`write`), but by a person's sign-in, which is newer than all.
"""

import msgspec
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.models import User
from postroom.controlroom.connections.grants_given import Grant
from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection
from postroom.controlroom.vault import envelope, registry
from postroom.errors import RecordNotFoundError

NO_FAILURE = {"needs_sign_in": False, "last_error": "", "last_error_at": None, "cool_down_until": None}
"""The columns of a row whose last refresh went well."""


class Stored(msgspec.Struct):
    """What is encrypted in a row; both are secrets."""

    access_token: str
    kept: bytes


def find_token(connection: OAuthConnection, user: User | None) -> ConnectionToken | None:
    """The row of the user's own token, or of the Shared one; None where nobody has ever signed in for it."""
    found: ConnectionToken | None = ConnectionToken.objects.filter(connection=connection, user=user).first()
    return found


def get_or_create_token(connection: OAuthConnection, user: User | None) -> ConnectionToken:
    """The same, made where there is none."""
    token = find_token(connection, user)
    if token is not None:
        return token
    try:
        with transaction.atomic():
            return ConnectionToken.objects.create(connection=connection, user=user)
    except IntegrityError:  # another process has just made it
        return ConnectionToken.objects.get(connection=connection, user=user)


def look_again(token: ConnectionToken) -> None:
    """Read the row anew. Errors: RecordNotFoundError where it is gone."""
    try:
        token.refresh_from_db()
    except ConnectionToken.DoesNotExist:
        raise RecordNotFoundError(_("The OAuth connection was deleted a moment ago.")) from None


def read(token: ConnectionToken) -> Stored:
    """Decrypt what is kept. Errors: VaultError."""
    plain = envelope.decrypt(registry.identify(token, "encrypted"), token.encrypted)
    return msgspec.msgpack.decode(plain, type=Stored)


def describe(token: ConnectionToken, grant: Grant) -> dict[str, object]:
    """The columns of a row for this grant. Errors: VaultError."""
    stored = Stored(grant.access_token.reveal(), grant.kept)
    encrypted = envelope.encrypt(registry.identify(token, "encrypted"), msgspec.msgpack.encode(stored))
    return {
        **NO_FAILURE,
        "encrypted": encrypted,
        "expires": grant.expires,
        "refreshed": timezone.now(),
        "signed_in_as": grant.signed_in_as,
        # Nobody need wait for the end of the access token to learn that a new sign-in must follow.
        "needs_sign_in": not grant.refreshable,
    }


def write(token: ConnectionToken, changed: dict[str, object]) -> bool:
    """Write over the generation that was read, and no other; says whether it was still there."""
    return bool(
        ConnectionToken.objects.filter(pk=token.pk, generation=token.generation).update(
            **changed, generation=token.generation + 1
        )
    )
