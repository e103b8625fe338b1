"""As whom schedules and triggers run bots: whose connections and credentials those use, and who may choose that."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.runs.input_forms import needs_session
from postroom.controlroom.runs.models import BotVersion, Schedule, Trigger
from postroom.errors import NotAllowedError, RecordNotFoundError, SettingError


def list_owners(actor: User) -> "QuerySet[Any]":
    """Whom this person may have bots run as: themselves, and everybody for whoever manages users."""
    if actor.may(Permission.MANAGE_USERS):
        return User.objects.filter(is_active=True).order_by("username")
    return User.objects.filter(pk=actor.pk)


def check_owner(owner: User | None, actor: User | None = None) -> None:
    """Refuse somebody as whom bots cannot run, or whom this person may not choose.

    Errors: SettingError; NotAllowedError.
    """
    if owner is None or not owner.is_active or not owner.may(Permission.RUN_BOTS):
        name = owner.get_username() if owner is not None else _("whoever it ran as")
        raise SettingError(
            _("%(name)s may not run bots (any more). Choose somebody else under “Runs as”.") % {"name": name}
        )
    if actor is not None and not list_owners(actor).filter(pk=owner.pk).exists():
        raise NotAllowedError(
            _("You can have bots run as yourself alone. Whoever manages users can choose others.")
        )


def refuse_sessions(version: BotVersion) -> None:
    """Refuse a bot that only a parent bot can run. Errors: SettingError."""
    if needs_session(version.inputs):
        raise SettingError(
            _("The bot “%(bot)s” works in a session that a parent bot opens, so nothing else can run it.")
            % {"bot": version.bot.name}
        )


def find_owner(user: User, name: str) -> User:
    """The user of this name, or whoever asks where it is empty. Errors: RecordNotFoundError."""
    if not name:
        return user
    found: User | None = User.objects.filter(username=name.replace("\0", "")).first()
    if found is None:
        raise RecordNotFoundError(_("There is no user “%(name)s”.") % {"name": name})
    return found


def describe_whose(record: Schedule | Trigger) -> dict[str, str]:
    """Which bot it runs, and as whom, for the API."""
    return {"bot": record.bot.path, "run_as": record.run_as.get_username() if record.run_as else ""}
