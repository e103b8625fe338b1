"""Warnings ahead of what ends: in the log, by mail to whoever manages connections, and to a webhook.

POSTROOM_EMAIL_URL is the mail server, as smtp://user:password@mail.contoso.com?from=postroom@contoso.com (STARTTLS,
but on the loopback) or smtps:// (TLS from the start); POSTROOM_WARNINGS_WEBHOOK is an address that takes a POST of
JSON. Each is said 30, 14, 7, 3 and 1 days ahead, on the day and once when it is over; by one process for all.
"""

import logging
import os
from collections.abc import Callable, Sequence
from smtplib import SMTPException
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.mail import EmailMessage, get_connection
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.connections.deadlines import Deadline, list_warnings
from postroom.controlroom.connections.models import OAuthConnection, SentWarning
from postroom.errors import ControlRoomError, NetworkError, PostroomError, SettingError
from postroom.network import create_http_client, network_errors
from postroom.outlook.control_room import USER_AGENT

DAYS_AHEAD = (0, 1, 3, 7, 14, 30)
OVER = -1
MAIL_VARIABLE = "POSTROOM_EMAIL_URL"
WEBHOOK_VARIABLE = "POSTROOM_WARNINGS_WEBHOOK"
MAIL_TIMEOUT_SECONDS = 30
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

logger = logging.getLogger("postroom.controlroom.connections")

Way = tuple[str, Callable[[Sequence[Deadline]], None]]


def send_warnings() -> int:
    """Send the warnings that have not been sent yet, by each way there is, and say how many that were.

    What cannot be sent one way is logged, and tried again at the next call. Meant to be called once a day or more.
    """
    warnings = list_warnings(OAuthConnection.objects.all())
    return sum(_send(way, [warning for warning in warnings if _claim(way, warning)]) for way in _list_ways())


def _list_ways() -> list[Way]:
    ways: list[Way] = [("log", _log)]
    if os.environ.get(MAIL_VARIABLE):
        ways.append(("mail", _mail))
    if os.environ.get(WEBHOOK_VARIABLE):
        ways.append(("webhook", _post))
    return ways


def _send(way: Way, warnings: Sequence[Deadline]) -> int:
    name, send = way
    if not warnings:
        return 0
    try:
        send(warnings)
    except PostroomError as error:
        logger.error("Warnings could not be sent by %s: %s", name, error.message)  # noqa: TRY400 - the sentence says it
        SentWarning.objects.filter(key__in=[_name(name, warning) for warning in warnings]).delete()
        return 0
    return len(warnings)


def _claim(way: Way, warning: Deadline) -> bool:
    """Say whether nobody has sent it yet; from then on somebody has."""
    _sent, is_new = SentWarning.objects.get_or_create(key=_name(way[0], warning))
    return bool(is_new)


def _name(way: str, warning: Deadline) -> str:
    step = next((days for days in DAYS_AHEAD if 0 <= warning.days <= days), OVER)
    return f"{way}/{warning.ending.value}/{warning.record_id}/{warning.expires}/{step}"


def _log(warnings: Sequence[Deadline]) -> None:
    for warning in warnings:
        logger.warning("%s", warning.sentence, extra={"fields": _describe(warning)})


def _mail(warnings: Sequence[Deadline]) -> None:
    people = [
        user.email for user in User.objects.exclude(email="") if user.may(Permission.MANAGE_CONNECTIONS)
    ]
    if not people:
        raise SettingError(
            "Nobody who may manage connections has an e-mail address. Enter one under My settings."
        )
    server, sender = _read_mail_server()
    subject = _("Postroom: something that connections need ends soon")
    body = "\n\n".join(warning.sentence for warning in warnings)
    try:
        # One for each, so that nobody reads the others' addresses.
        server.send_messages([EmailMessage(subject, body, sender, [person]) for person in people])
    except (OSError, SMTPException) as error:
        raise ControlRoomError(
            _("The mail server did not take the mail (%(kind)s). Check %(variable)s.")
            % {"kind": type(error).__name__, "variable": MAIL_VARIABLE}
        ) from error


def _read_mail_server() -> tuple[Any, str]:
    parts = urlsplit(os.environ[MAIL_VARIABLE])
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or port == -1:
        raise SettingError(
            f"{MAIL_VARIABLE} is not the address of a mail server. Write it like "
            "smtp://user:password@mail.contoso.com?from=postroom@contoso.com."
        )
    is_tls = parts.scheme == "smtps"
    server = get_connection(
        "django.core.mail.backends.smtp.EmailBackend",
        host=parts.hostname,
        port=port or (465 if is_tls else 587),
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_ssl=is_tls,
        use_tls=not is_tls and parts.hostname not in LOOPBACK,
        timeout=MAIL_TIMEOUT_SECONDS,
    )
    return server, parse_qs(parts.query).get("from", [f"postroom@{parts.hostname}"])[0]


def _post(warnings: Sequence[Deadline]) -> None:
    url = os.environ[WEBHOOK_VARIABLE]
    host = urlsplit(url).hostname
    if urlsplit(url).scheme not in ("http", "https") or not host:
        raise SettingError(f"{WEBHOOK_VARIABLE} is not an address that begins with https://.")
    with create_http_client(USER_AGENT) as http, network_errors(host):
        response = http.post(url, json={"warnings": [_describe(warning) for warning in warnings]})
    if not response.is_success:
        # Its path may hold a key, and is therefore not named.
        raise NetworkError(
            f"The webhook at {host} answered HTTP {response.status_code}. Check {WEBHOOK_VARIABLE}."
        )


def _describe(warning: Deadline) -> dict[str, Any]:
    return {
        "connection": warning.connection.name,
        "what": warning.ending.value,
        "user": warning.whose,
        "expires": warning.expires.isoformat(),
        "days": warning.days,
        "message": warning.sentence,
    }
