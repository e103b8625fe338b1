"""The first page: what there is to do next, and how things stand, as far as the person may see it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from postroom.controlroom.accounts.models import Role, User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.models import AuditEntry
from postroom.controlroom.connections.deadlines import list_warnings
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.connections.providers import GrantType
from postroom.controlroom.connections.status import Status, get_status
from postroom.controlroom.connections.use import list_usable
from postroom.controlroom.runs.alerts.telling import list_alerts
from postroom.controlroom.runs.figures.pages import describe_overview
from postroom.controlroom.runs.models import ACTIVE, Bot, RunStatus
from postroom.controlroom.runs.rights import SEE_RUNS, list_runs
from postroom.controlroom.vault.rights import list_attributes_to_provide, list_lockers

RECENT_ENTRIES = 8
LATELY = timedelta(days=1)
CONNECTIONS, ADD_CONNECTION, MY_CONNECTIONS = "connections", "connection-new", "my-connections"
LOCKERS = "admin:vault_locker_changelist"
ATTENTION = frozenset({Status.EXPIRED, Status.EXPIRES_SOON, Status.NEEDS_SIGN_IN})


@dataclass(frozen=True)
class Step:
    """One thing to do, before bots can work."""

    title: str
    explanation: str
    is_done: bool
    link: str
    """Empty where another step must come first."""


@dataclass(frozen=True)
class Card:
    """How one thing stands: how many there are, and what of them needs somebody."""

    title: str
    icon: str
    number: int
    remark: str
    link: str
    needs_attention: bool = False


def get_overview(user: User) -> dict[str, Any]:
    """What the first page shows to this user."""
    connections = _list_connections(user)
    steps = list(_list_steps(user, connections))
    next_step = next((step for step in steps if not step.is_done), None)
    return {
        # Once all is done, nobody needs to be told how to begin.
        "steps": steps if next_step else [],
        "next_step": next_step,
        "cards": list(_list_cards(user, connections)),
        "warnings": list_warnings(connections),
        "alerts": list_alerts(user),
        **describe_overview(user),
        "entries": _list_entries(user),
    }


def _list_connections(user: User) -> list[OAuthConnection]:
    if not (user.may(Permission.VIEW_CONNECTIONS) or user.may(Permission.MANAGE_CONNECTIONS)):
        return []
    return list(list_usable(user).prefetch_related("tokens", "secrets", "roles"))


def _list_steps(user: User, connections: list[OAuthConnection]) -> Iterator[Step]:
    if user.may(Permission.MANAGE_CONNECTIONS):
        yield from _list_connection_steps(connections)
    if user.may(Permission.MANAGE_USERS):
        yield Step(
            _("Let people in"),
            _("Give each person an account, and a role that allows what they do."),
            User.objects.filter(is_active=True).count() > 1,
            reverse("admin:accounts_user_changelist"),
        )
    if user.may(Permission.MANAGE_BOTS):
        yield Step(
            _("Deploy a bot"),
            _("A bot is a file that says what to do in a mailbox. People then run it from here."),
            Bot.objects.exists(),
            reverse("bot-deploy"),
        )
    if user.may(Permission.RUN_BOTS) and user.may(Permission.MANAGE_DEVICES):
        yield Step(
            _("Connect the computer that your bots run on"),
            _("Run “postroom login” there with the address of this Control Room."),
            user.devices.filter(revoked=None).exists(),
            reverse("my-devices"),
        )


def _list_connection_steps(connections: list[OAuthConnection]) -> Iterator[Step]:
    yield Step(
        _("Add an OAuth connection"),
        _(
            "It says which app in Microsoft Entra your bots use. You need its client ID and a secret or certificate."
        ),
        bool(connections),
        reverse(ADD_CONNECTION),
    )
    list_page = reverse(CONNECTIONS) if connections else ""
    yield Step(
        _("Test it, and save login credentials"),
        _("Sign in once as the mailbox that unattended bots share. Client credentials need no sign-in."),
        any(map(_can_give_tokens, connections)),
        list_page,
    )
    yield Step(
        _("Invite roles"),
        _("Only members of an invited role can use a connection."),
        any(connection.roles.all() for connection in connections),
        list_page,
    )


def _can_give_tokens(connection: OAuthConnection) -> bool:
    return connection.grant_type == GrantType.CLIENT_CREDENTIALS or any(
        token.encrypted is not None for token in connection.tokens.all()
    )


def _list_cards(user: User, connections: list[OAuthConnection]) -> Iterator[Card]:
    if any(map(user.may, SEE_RUNS)):
        yield _describe_runs(user)
    if user.may(Permission.VIEW_CONNECTIONS) or user.may(Permission.MANAGE_CONNECTIONS):
        yield _describe_connections(connections)
    if connections and user.may(Permission.RUN_BOTS):
        yield _describe_my_connections(user, connections)
    if user.may(Permission.MANAGE_MY_CREDENTIALS) or user.may(Permission.ADMINISTER_ALL_LOCKERS):
        yield _describe_lockers(user)
    if user.may(Permission.MANAGE_DEVICES):
        yield _describe_devices(user)
    if user.may(Permission.MANAGE_USERS):
        yield _describe_people()


def _describe_runs(user: User) -> Card:
    active = list_runs(user).filter(status__in=ACTIVE, parent=None).count()
    lately = list_runs(user).filter(finished__gte=timezone.now() - LATELY, parent=None)
    failed = lately.filter(status__in=(RunStatus.FAILED, RunStatus.TIMED_OUT)).count()
    remark = (
        ngettext("%(n)d failed since yesterday", "%(n)d failed since yesterday", failed) % {"n": failed}
        if failed
        else _("Running, queued or paused")
    )
    return Card(_("Runs"), "play_circle", active, remark, reverse("runs"), failed > 0)


def _describe_connections(connections: list[OAuthConnection]) -> Card:
    statuses = list(map(get_status, connections))
    waiting = sum(status in ATTENTION for status in statuses)
    active = statuses.count(Status.ACTIVE)
    remark = (
        ngettext("%(n)d needs attention", "%(n)d need attention", waiting) % {"n": waiting}
        if waiting
        else (_("%(n)d active") % {"n": active} if connections else _("None yet"))
    )
    return Card(_("OAuth connections"), "link", len(connections), remark, reverse(CONNECTIONS), waiting > 0)


def _describe_my_connections(user: User, connections: list[OAuthConnection]) -> Card:
    own = [
        token for connection in connections for token in connection.tokens.all() if token.user_id == user.pk
    ]
    waiting = sum(get_status(token) in ATTENTION for token in own)
    remark = (
        ngettext("%(n)d needs you to sign in again", "%(n)d need you to sign in again", waiting)
        % {"n": waiting}
        if waiting
        else _("Connections with a token of your own")
    )
    signed_in = sum(token.encrypted is not None for token in own)
    return Card(_("My sign-ins"), "key", signed_in, remark, reverse(MY_CONNECTIONS), waiting > 0)


def _describe_lockers(user: User) -> Card:
    missing = list_attributes_to_provide(user).count()
    remark = (
        ngettext("%(n)d value is yours to give", "%(n)d values are yours to give", missing) % {"n": missing}
        if missing
        else _("Credentials for bots, encrypted")
    )
    return Card(
        _("Lockers"),
        "lock",
        list_lockers(user).count(),
        remark,
        reverse(LOCKERS),
        missing > 0,
    )


def _describe_devices(user: User) -> Card:
    active = user.devices.filter(revoked=None).count()
    remark = _("Computers with a key of yours") if active else _("Connect one with “postroom login”")
    return Card(_("My devices"), "laptop_mac", active, remark, reverse("my-devices"))


def _describe_people() -> Card:
    counted = User.objects.filter(is_active=True)
    roleless = counted.filter(Q(groups=None)).count()
    remark = (
        ngettext("%(n)d has no role yet", "%(n)d have no role yet", roleless) % {"n": roleless}
        if roleless
        else ngettext("%(n)d role", "%(n)d roles", Role.objects.count()) % {"n": Role.objects.count()}
    )
    return Card(
        _("People"), "group", counted.count(), remark, reverse("admin:accounts_user_changelist"), roleless > 0
    )


def _list_entries(user: User) -> list[dict[str, Any]]:
    if not user.may(Permission.VIEW_AUDIT_LOG):
        return []
    return [
        {
            "time": entry.time,
            "event": Event(entry.event).label,
            "target": entry.target,
            "actor": entry.name_actor(),
            "went_wrong": "" if entry.outcome == Outcome.DONE else Outcome(entry.outcome).label,
        }
        for entry in AuditEntry.objects.all()[:RECENT_ENTRIES]
    ]
