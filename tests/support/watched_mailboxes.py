"""Bots, schedules and triggers on mailboxes of the local tenant, for tests of what begins runs by itself."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postroom.controlroom.accounts.models import User
    from postroom.controlroom.connections.models import OAuthConnection
    from postroom.controlroom.runs.models import Bot, Trigger

MESSAGE_INPUT = {"name": "message", "kind": "text", "required": True, "default": None, "help": ""}


def create_bot(path: str = "intake.bot.yaml", *inputs: dict[str, Any]) -> "Bot":
    """Deploy a bot in the tables alone: nobody reads its text."""
    from postroom.controlroom.runs.models import Bot, BotVersion

    bot = Bot.objects.create(name=path.partition(".")[0].capitalize(), path=path)
    BotVersion.objects.create(bot=bot, number=1, text="-", sha256="-", inputs=list(inputs))
    return bot


def create_trigger(
    bot: "Bot", run_as: "User", connection: "OAuthConnection", actor: "User | None" = None, **settings: Any
) -> "Trigger":
    """Make a trigger on the Inbox of who has signed in for the connection."""
    from postroom.controlroom.runs.models import Trigger
    from postroom.controlroom.runs.triggers.records import TriggerSettings, save_trigger

    wanted = TriggerSettings(name="New mail", bot=bot, run_as=run_as, connection=connection, **settings)
    return save_trigger(Trigger(), wanted, actor or run_as)
