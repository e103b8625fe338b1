"""What of a connection ends some day: secrets, certificates, and sign-ins that nobody uses."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum

from django.utils import timezone
from django.utils.translation import gettext as _

from postroom.controlroom.connections.models import ClientSecret, ConnectionToken, OAuthConnection
from postroom.controlroom.connections.providers import ClientAuthentication
from postroom.controlroom.connections.status import get_sign_in_end

SOON_DAYS = 30


class Ending(Enum):
    """What ends."""

    SECRET = "secret"  # noqa: S105 - the name of a thing
    CERTIFICATE = "certificate"
    SIGN_IN = "sign-in"


@dataclass(frozen=True)
class Deadline:
    """One thing of a connection that ends on a day; `whose` is the token's user, empty for the Shared one."""

    connection: OAuthConnection
    ending: Ending
    record_id: str
    expires: date
    whose: str = ""

    @property
    def days(self) -> int:
        """How many days are left; less than none where it is over."""
        return (self.expires - timezone.now().date()).days

    @property
    def is_soon(self) -> bool:
        """Whether somebody should do something about it."""
        return self.days <= SOON_DAYS

    @property
    def sentence(self) -> str:
        """What ends when, and what to do."""
        words = {"what": self._name_it(), "connection": self.connection.name, "days": max(self.days, 0)}
        words["date"] = f"{self.expires:%Y-%m-%d}"
        if self.days < 0:
            told = _("%(what)s of “%(connection)s” expired on %(date)s.")
        elif self.days == 0:
            told = _("%(what)s of “%(connection)s” expires today.")
        elif self.days == 1:
            told = _("%(what)s of “%(connection)s” expires tomorrow, on %(date)s.")
        else:
            told = _("%(what)s of “%(connection)s” expires in %(days)d days, on %(date)s.")
        return f"{told % words} {self._advise()}"

    def _name_it(self) -> str:
        match self.ending:
            case Ending.SECRET:
                return _("The client secret")
            case Ending.CERTIFICATE:
                return _("The certificate")
        return _("The sign-in of %(user)s") % {"user": self.whose} if self.whose else _("The Shared sign-in")

    def _advise(self) -> str:
        if self.ending is Ending.SIGN_IN:
            return _("Sign in again.")
        return _("Make a new one at the provider, and add it to the connection before the old one ends.")


def list_deadlines(connections: Iterable[OAuthConnection]) -> list[Deadline]:
    """All deadlines of these connections, the nearest first."""
    wanted = list(connections)
    secrets = ClientSecret.objects.filter(connection__in=wanted).select_related("connection")
    tokens = ConnectionToken.objects.filter(connection__in=wanted, encrypted__isnull=False)
    found = [_end_secret(secret) for secret in _list_last(secrets)]
    found += filter(None, map(find_sign_in_deadline, tokens.select_related("connection", "user")))
    return sorted(found, key=lambda deadline: deadline.expires)


def list_warnings(connections: Iterable[OAuthConnection]) -> list[Deadline]:
    """Those that are near, or over."""
    return [deadline for deadline in list_deadlines(connections) if deadline.is_soon]


def find_sign_in_deadline(token: ConnectionToken) -> Deadline | None:
    """When a sign-in ends if nothing refreshes it; None where nobody knows, or none is kept."""
    ends = get_sign_in_end(token)
    if ends is None:
        return None
    whose = token.user.get_username() if token.user is not None else ""
    return Deadline(token.connection, Ending.SIGN_IN, str(token.pk), ends.date(), whose)


def _list_last(secrets: Iterable[ClientSecret]) -> list[ClientSecret]:
    """Of each connection's secrets the one that lasts longest; none where nobody knows how long one lasts."""
    of_connections: dict[object, list[ClientSecret]] = {}
    for secret in secrets:
        of_connections.setdefault(secret.connection_id, []).append(secret)
    return [
        max(own, key=lambda secret: secret.expires)
        for own in of_connections.values()
        if all(secret.expires is not None for secret in own)
    ]


def _end_secret(secret: ClientSecret) -> Deadline:
    is_certificate = secret.connection.client_authentication == ClientAuthentication.CERTIFICATE
    ending = Ending.CERTIFICATE if is_certificate else Ending.SECRET
    return Deadline(secret.connection, ending, str(secret.pk), secret.expires)
