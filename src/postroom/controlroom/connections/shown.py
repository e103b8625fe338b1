"""How connections and their tokens are shown: chips, days that are left, who used what when."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.connections.deadlines import SOON_DAYS, find_sign_in_deadline
from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection
from postroom.controlroom.connections.status import Status, get_status
from postroom.controlroom.site import site

CHIPS = {
    Status.ACTIVE.value: "success",
    Status.EXPIRES_SOON.value: "warning",
    Status.EXPIRED.value: "danger",
    Status.NOT_CONNECTED.value: "default",
    Status.NEEDS_SIGN_IN.value: "danger",
}
"""The colour of each status, as Unfold names them."""

_NOTICE = "connection_notice"


@dataclass(frozen=True)
class ShownToken:
    """The row of a token: `token` is None where nobody has ever signed in."""

    connection: OAuthConnection
    user: User | None
    token: ConnectionToken | None
    notice: str = ""
    """What went wrong at the sign-in that has just come back."""

    @property
    def status(self) -> Status:
        """How it stands."""
        return get_status(self.token) if self.token is not None else Status.NOT_CONNECTED

    @property
    def chip(self) -> str:
        """The colour of its status."""
        return CHIPS[self.status.value]

    @property
    def is_connected(self) -> bool:
        """Whether there is something to disconnect."""
        return self.token is not None and self.token.encrypted is not None

    @property
    def days_left(self) -> str:
        """How long the sign-in lasts if nothing refreshes it."""
        deadline = find_sign_in_deadline(self.token) if self.token is not None else None
        return describe_days(deadline.expires) if deadline is not None else ""


def get_context(request: HttpRequest, title: str, **shown: Any) -> dict[str, Any]:
    """What every page of connections shows, and these values."""
    return {**site.each_context(request), "title": title, "may_manage": may_manage(request), **shown}


def may_manage(request: HttpRequest) -> bool:
    """Say whether the person of this request may change connections."""
    return bool(request.user.is_authenticated and request.user.may(Permission.MANAGE_CONNECTIONS))


def show_token(request: HttpRequest, connection: OAuthConnection, user: User | None) -> ShownToken:
    """The row of the Shared token, or of a user's own."""
    # Without a query of its own where the tokens were fetched with the connections.
    wanted = user.pk if user is not None else None
    token = next((one for one in connection.tokens.all() if one.user_id == wanted), None)
    if token is not None:
        token.connection = connection
    return ShownToken(connection, user, token, take_notice(request, connection, user))


def leave_notice(request: HttpRequest, connection: OAuthConnection, user: User | None, message: str) -> None:
    """Leave word of what went wrong, for the row that the person came from."""
    request.session[_NOTICE] = {"row": _name_row(connection, user), "message": message}


def take_notice(request: HttpRequest, connection: OAuthConnection, user: User | None) -> str:
    """What was left for this row, once."""
    notice = request.session.get(_NOTICE)
    if not notice or notice["row"] != _name_row(connection, user):
        return ""
    del request.session[_NOTICE]
    return str(notice["message"])


def describe_days(expires: date | None) -> str:
    """How many days are left until a date, in words."""
    if expires is None:
        return _("expiry unknown")
    days = (expires - timezone.now().date()).days
    if days < 0:
        return _("expired on %(date)s") % {"date": expires.isoformat()}
    if days == 0:
        return _("expires today")
    return ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}


def choose_days_chip(expires: date | None) -> str:
    """The colour of the days that are left."""
    if expires is None:
        return "default"
    days = (expires - timezone.now().date()).days
    if days < 0:
        return "danger"
    return "warning" if days <= SOON_DAYS else "success"


def _name_row(connection: OAuthConnection, user: User | None) -> str:
    return f"{connection.pk}/{user.pk if user is not None else 'shared'}"
