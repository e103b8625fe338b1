"""How a machine comes by its API key: it shows a code, its user lets it in on a page, it fetches the key.

The manner is that of the device authorization grant (RFC 8628): the machine keeps a long device code to itself and
polls with it; the user sees a short user code in both places and so knows which machine it is.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.device_keys import add_device
from postroom.controlroom.accounts.models import Device, DeviceLogin, User
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.trail import record
from postroom.controlroom.requests import get_origin
from postroom.errors import NotAllowedError, RecordNotFoundError
from postroom.values import Secret

GOOD_FOR_SECONDS = 600
POLL_SECONDS = 2
MOST_OPEN = 20
"""How many machines of one address may wait at once: nobody has signed in yet, so somebody might ask without end."""

# No vowels, so that no word comes about, and nothing that looks alike (RFC 8628 §6.1).
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


@dataclass(frozen=True)
class StartedLogin:
    """What the machine gets: its own code, and the one that it shows."""

    device_code: Secret
    user_code: str


def start(device_name: str) -> StartedLogin:
    """Let a machine ask to be let in. Errors: NotAllowedError where too many ask at once."""
    now = timezone.now()
    DeviceLogin.objects.filter(expires__lte=now).delete()
    address = get_origin().address or None
    if DeviceLogin.objects.filter(address=address).count() >= MOST_OPEN:
        raise NotAllowedError(
            _("Too many devices ask to be let in from your address at the moment. Try again in ten minutes.")
        )
    device_code = Secret(secrets.token_urlsafe(32))
    login = DeviceLogin.objects.create(
        device_code_hash=device_code.fingerprint(),
        user_code=_make_user_code(),
        device_name=device_name.strip()[:100] or _("Unnamed device"),
        address=address,
        expires=now + timedelta(seconds=GOOD_FOR_SECONDS),
    )
    return StartedLogin(device_code, login.user_code)


def find_by_user_code(user_code: str) -> DeviceLogin | None:
    """The machine that shows this code and waits; None where none does."""
    letters = "".join(letter for letter in user_code.upper() if letter in _LETTERS)
    login = DeviceLogin.objects.filter(
        user_code=f"{letters[:4]}-{letters[4:]}", user=None, refused=False
    ).first()
    return None if login is None or login.has_expired() else login


def answer(login: DeviceLogin, user: User, *, allow: bool) -> bool:
    """Let the machine in as this user, or send it away; say whether it still waited."""
    waiting = DeviceLogin.objects.filter(pk=login.pk, user=None, refused=False, expires__gt=timezone.now())
    answered = bool(waiting.update(user=user, refused=not allow))
    if answered and not allow:
        record(Event.DEVICE_ADDED, actor=user, target=login.device_name, outcome=Outcome.REFUSED)
    return answered


@transaction.atomic
def collect(device_code: str) -> tuple[Device, Secret] | None:
    """Give the machine its key, once, after its user has let it in; None while nobody has answered.

    Errors: RecordNotFoundError where it has expired or the key was fetched; NotAllowedError where it was sent away.
    """
    fingerprint = hashlib.sha256(device_code.encode()).hexdigest()
    login = DeviceLogin.objects.select_for_update().filter(device_code_hash=fingerprint).first()
    if login is None or login.has_expired():
        raise RecordNotFoundError(_("This sign-in has expired. Start it again with `postroom login`."))
    if login.refused:
        raise NotAllowedError(_("The sign-in of this device was declined in the Control Room."))
    if login.user is None:
        return None
    login.delete()
    return add_device(login.user, login.device_name)


def _make_user_code() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _letter in range(8))
    return f"{letters[:4]}-{letters[4:]}"
