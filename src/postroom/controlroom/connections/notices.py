"""Notices: sentences that people and programs are told, each once, by the ways that this Control Room has.

POSTROOM_EMAIL_URL is the mail server, as smtp://user:password@mail.contoso.com?from=postroom@contoso.com (STARTTLS,
but on the loopback) or smtps:// (TLS from the start); POSTROOM_WARNINGS_WEBHOOK is an address that takes a POST of
JSON. The log is told in any case; by one process for all.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from smtplib import SMTPException
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.mail import EmailMessage, get_connection
from django.utils.translation import gettext as _

from postroom.controlroom.connections.models import SentWarning
from postroom.errors import ControlRoomError, NetworkError, PostroomError, SettingError
from postroom.network import create_http_client, network_errors
from postroom.version import USER_AGENT

MAIL_VARIABLE = "POSTROOM_EMAIL_URL"
WEBHOOK_VARIABLE = "POSTROOM_WARNINGS_WEBHOOK"
MAIL_TIMEOUT_SECONDS = 30
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
LOG, MAIL, WEBHOOK = "log", "mail", "webhook"

logger = logging.getLogger("postroom.controlroom.connections")


@dataclass(frozen=True)
class Notice:
    """One thing to tell: `key` tells it from all others, `facts` are for programs."""

    key: str
    sentence: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Mailing:
    """Notices that go out together: under which subject and name, to whom, by which of the ways there are."""

    subject: str
    kind: str
    """What programs find them under: “warnings” or “alerts”."""
    notices: Sequence[Notice]
    people: Sequence[str] = ()
    """The addresses of those who get a mail."""
    nobody: str = ""
    """What is wrong where there is none, in a sentence."""
    ways: frozenset[str] = field(default=frozenset({LOG, MAIL, WEBHOOK}))


Way = tuple[str, Callable[[Mailing, Sequence[Notice]], None]]


def list_ways() -> list[str]:
    """The ways that this Control Room has."""
    return [name for name, _send_by in _list_ways()]


def send_notices(mailing: Mailing) -> tuple[int, bool]:
    """Send what has not been sent yet, by each way; say how many that were, and whether no way has failed.

    What cannot be sent one way is logged, and goes out at the next call.
    """
    counts = [_send(way, mailing) for way in _list_ways() if way[0] in mailing.ways]
    return sum(count for count in counts if count is not None), None not in counts


def _list_ways() -> list[Way]:
    ways: list[Way] = [(LOG, _log)]
    if os.environ.get(MAIL_VARIABLE):
        ways.append((MAIL, _mail))
    if os.environ.get(WEBHOOK_VARIABLE):
        ways.append((WEBHOOK, _post))
    return ways


def _send(way: Way, mailing: Mailing) -> int | None:
    name, send = way
    notices = [notice for notice in mailing.notices if _claim(name, notice)]
    if not notices:
        return 0
    try:
        send(mailing, notices)
    except PostroomError as error:
        logger.error("%s could not be sent by %s: %s", mailing.kind.capitalize(), name, error.message)  # noqa: TRY400 - the sentence says it
        SentWarning.objects.filter(key__in=[f"{name}/{notice.key}" for notice in notices]).delete()
        return None
    return len(notices)


def _claim(way: str, notice: Notice) -> bool:
    """Say whether nobody has sent it yet; from then on somebody has."""
    _sent, is_new = SentWarning.objects.get_or_create(key=f"{way}/{notice.key}")
    return bool(is_new)


def _log(_mailing: Mailing, notices: Sequence[Notice]) -> None:
    for notice in notices:
        logger.warning("%s", notice.sentence, extra={"fields": notice.facts})


def _mail(mailing: Mailing, notices: Sequence[Notice]) -> None:
    if not mailing.people:
        raise SettingError(mailing.nobody)
    server, sender = _read_mail_server()
    body = "\n\n".join(notice.sentence for notice in notices)
    try:
        # One for each, so that nobody reads the others' addresses.
        server.send_messages(
            [EmailMessage(mailing.subject, body, sender, [person]) for person in mailing.people]
        )
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


def _post(mailing: Mailing, notices: Sequence[Notice]) -> None:
    url = os.environ[WEBHOOK_VARIABLE]
    host = urlsplit(url).hostname
    if urlsplit(url).scheme not in ("http", "https") or not host:
        raise SettingError(f"{WEBHOOK_VARIABLE} is not an address that begins with https://.")
    with create_http_client(USER_AGENT) as http, network_errors(host):
        response = http.post(url, json={mailing.kind: [notice.facts for notice in notices]})
    if not response.is_success:
        # Its path may hold a key, and is therefore not named.
        raise NetworkError(
            f"The webhook at {host} answered HTTP {response.status_code}. Check {WEBHOOK_VARIABLE}."
        )
