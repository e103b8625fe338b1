"""The way of a sign-in: out to the provider, and back once, in the browser that it left from.

Of the state (256 random bits) only a hash is kept, what must come back to the provider (PKCE verifier, nonce) is
encrypted, both are good for ten minutes and once. The answer comes back as a query: with `form_post` the provider's
page would post it across sites, where a browser leaves `SameSite=Lax` cookies out, and nobody would be signed in.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.models import User
from postroom.controlroom.connections.grants import finish_sign_in, start_sign_in
from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection, SignInAttempt
from postroom.controlroom.connections.tokens import keep
from postroom.controlroom.vault.envelope import decrypt, encrypt
from postroom.controlroom.vault.registry import identify
from postroom.errors import SignInAnswerError

LIFETIME = timedelta(minutes=10)
LINK_LIFETIME = timedelta(minutes=30)
REMEMBERED = timedelta(days=1)
"""How long what is over is kept, to tell an old answer from one that was never asked for."""


def get_callback_url() -> str:
    """Where every provider sends people back to: the redirect URL to register there."""
    return f"{settings.CONFIGURATION.url}{reverse('oauth-callback')}"


def start_attempt(
    connection: OAuthConnection, *, user: User | None, started_by: User, return_to: str
) -> SignInAttempt:
    """Begin a sign-in for the user's own token, or without a user for the Shared one."""
    _forget_old()
    return SignInAttempt(
        connection=connection,
        user=user,
        started_by=started_by,
        return_to=return_to,
        expires=timezone.now() + LIFETIME,
    )


def create_link(connection: OAuthConnection, *, user: User | None, started_by: User) -> str:
    """Make a link that somebody else opens to sign in for this token; it is good for 30 minutes and once."""
    _forget_old()
    key = secrets.token_urlsafe(32)
    SignInAttempt.objects.create(
        connection=connection,
        user=user,
        started_by=started_by,
        link_hash=hash_key(key),
        expires=timezone.now() + LINK_LIFETIME,
    )
    return f"{settings.CONFIGURATION.url}{reverse('oauth-link')}?key={key}"


def get_link(key: str, browser: str) -> SignInAttempt:
    """The sign-in that a link was made for, as long as no other browser has opened it.

    Errors: SignInAnswerError for a link that is unknown, used or too old.
    """
    attempt: SignInAttempt | None = (
        SignInAttempt.objects.select_related("connection", "user", "started_by")
        .filter(Q(browser_hash="") | Q(browser_hash=hash_key(browser)))
        .filter(link_hash=hash_key(key), used__isnull=True, expires__gt=timezone.now())
        .first()
    )
    if attempt is None:
        raise SignInAnswerError(
            _(
                "This link is not good any more: it was used, or is older than 30 minutes. Ask whoever sent it to "
                "you for a new one."
            )
        )
    return attempt


def open_link(key: str, browser: str) -> SignInAttempt:
    """The same, and from now on for this browser alone. Errors: as `get_link`."""
    link = get_link(key, browser)
    free = Q(browser_hash="") | Q(browser_hash=hash_key(browser))
    # Of two browsers at once only one changes the row; the other finds none any more.
    SignInAttempt.objects.filter(free, pk=link.pk).update(browser_hash=hash_key(browser))
    return get_link(key, browser)


def leave(attempt: SignInAttempt, browser: str) -> str:
    """Give the address of the provider's sign-in page, which leads back to this browser alone.

    Errors: SignInError, NetworkError, SettingError, VaultError.
    """
    state = secrets.token_urlsafe(32)
    url, flow = start_sign_in(attempt.connection, get_callback_url(), state, _find_hint(attempt))
    attempt.state_hash = hash_key(state)
    attempt.browser_hash = hash_key(browser)
    attempt.encrypted_flow = encrypt(identify(attempt, "encrypted_flow"), json.dumps(flow).encode())
    attempt.expires = timezone.now() + LIFETIME
    attempt.save()
    return url


def take_answer(state: str, browser: str) -> SignInAttempt:
    """The sign-in that an answer belongs to, which from now on no other answer belongs to.

    Errors: SignInAnswerError where nothing was asked in this browser, or too long ago, or it was answered already.
    """
    attempt: SignInAttempt | None = (
        SignInAttempt.objects.select_related("connection", "user", "started_by")
        .filter(state_hash=hash_key(state), browser_hash=hash_key(browser), expires__gt=timezone.now())
        .first()
    )
    # Of two answers at once only one changes the row.
    if attempt is None or not SignInAttempt.objects.filter(
        pk=attempt.pk, state_hash=attempt.state_hash
    ).update(state_hash=None):
        raise SignInAnswerError(
            _(
                "This is not the answer to a sign-in that is under way in this browser: it took longer than ten "
                "minutes, or was answered already, or began elsewhere. Start the sign-in again."
            )
        )
    return attempt


def finish(attempt: SignInAttempt, answer: Mapping[str, str]) -> str:
    """Exchange the provider's answer for tokens, keep them, and say who signed in.

    Errors: SignInError, NetworkError, VaultError.
    """
    flow: dict[str, Any] = json.loads(decrypt(identify(attempt, "encrypted_flow"), attempt.encrypted_flow))
    grant = finish_sign_in(attempt.connection, flow, answer)
    keep(attempt.connection, attempt.user, grant)
    attempt.used = timezone.now()
    attempt.encrypted_flow = attempt.link_hash = attempt.state_hash = None
    attempt.save()
    return grant.signed_in_as


def hash_key(key: str) -> str:
    """What is kept of a random key: it is too long to be guessed, so that a plain hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def _find_hint(attempt: SignInAttempt) -> str:
    """Who signed in before, so that the provider offers this account first; a link may be for somebody else."""
    if attempt.link_hash:
        return ""
    token = ConnectionToken.objects.filter(connection=attempt.connection, user=attempt.user).first()
    return token.signed_in_as if token is not None else ""


def _forget_old() -> None:
    SignInAttempt.objects.filter(expires__lt=timezone.now() - REMEMBERED).delete()
