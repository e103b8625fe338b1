"""Begin a run by hand: from a page, the API or the command line."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from postroom.controlroom.accounts.models import User
from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.trail import record
from postroom.controlroom.runs import queueing
from postroom.controlroom.runs.input_forms import needs_session
from postroom.controlroom.runs.models import Bot, BotVersion, Run
from postroom.errors import SettingError


def get_newest(bot: Bot) -> BotVersion:
    """The version that a run begins with now. Errors: SettingError where nobody begins it any more."""
    version: BotVersion | None = bot.versions.order_by("-number").first()
    if version is None or bot.withdrawn is not None:
        raise SettingError(
            _("The bot “%(bot)s” was taken out of use. Deploy it again first.") % {"bot": bot.name}
        )
    return version


def begin_by_hand(user: User, bot: Bot, inputs: Mapping[str, Any], *, run_id: UUID | None = None) -> Run:
    """Begin a run of the bot as this person, and give it; a second time with the same id gives the same run.

    Errors: SettingError where the bot is out of use, only a parent bot can run it, or the id is another run's.
    """
    version = get_newest(bot)
    if needs_session(version.inputs):
        raise SettingError(
            _(
                "The bot “%(bot)s” works in a session that a parent bot opens, so only a parent bot can run it."
            )
            % {"bot": bot.name}
        )
    known = Run.objects.filter(pk=run_id).first() if run_id is not None else None
    if known is not None:
        return _check_same(known, user, bot)
    run = queueing.begin_run(version, inputs, user, user.get_username(), run_id=run_id)
    record(Event.RUN_BEGUN, actor=user, target=str(run.pk), bot=bot.path, version=version.number)
    return run


def _check_same(known: Run, user: User, bot: Bot) -> Run:
    if known.run_as_id != user.pk or known.bot_id != bot.pk:
        raise SettingError(_("This number is another run's. Take one that nobody has, or none."))
    return known
