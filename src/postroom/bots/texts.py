"""Text that is secret and stands in a bot: kept by reference, or not at all."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, get_type_hints, runtime_checkable

from postroom.errors import SettingError
from postroom.values import Secret, SecretSetting, Variable

if TYPE_CHECKING:
    from postroom.bots.definition import BotLibrary


@dataclass(frozen=True)
class BotText:
    """An insecure string of a bot file, by the bot and its place there: what is kept in place of the text itself."""

    bot: str
    place: str


@runtime_checkable
class HoldsTexts(Protocol):
    """A bot in which insecure strings stand."""

    def get_text(self, place: str) -> str:
        """The insecure string at this place. Errors: SettingError where there is none."""


def find_secret_text(data: Any) -> str | None:
    """The name of a secret setting of these settings (a dataclass) that was given as text, if there is one."""
    return next(
        (name for name in list_secret_settings(type(data)) if isinstance(getattr(data, name), str)), None
    )


@cache
def _list_of(kind: Hashable) -> tuple[str, ...]:
    hints = get_type_hints(kind) if is_dataclass(kind) else {}
    return tuple(name for name, hint in hints.items() if hint in (SecretSetting, SecretSetting | None))


def list_secret_settings(kind: type) -> tuple[str, ...]:
    """The names of the secret settings of this class; none where it is no dataclass."""
    return _list_of(kind)


def check_keeps_no_secret(settings: Mapping[str, Any]) -> None:
    """Refuse settings that would bring a secret into a journal: given as text, or by a variable that holds text.

    Errors: SettingError, which says how to give it instead.
    """
    variables = settings.get("variables") or {}
    for value in settings.values():
        for name in list_secret_settings(type(value)):
            given = getattr(value, name)
            text = variables.get(given.name) if isinstance(given, Variable) else given
            if isinstance(text, str | Secret):
                raise SettingError(
                    f"{name.replace('_', ' ').capitalize()} was given as text, which would have to be written into the "
                    f"journal of the run. Keep it with `postroom credential set azure {name}` or in the Credential "
                    f'Vault, and give Credential("azure", "{name}") here; or run the bot without a journal.'
                )


def fill_texts(settings: Mapping[str, Any], library: "BotLibrary | None") -> dict[str, Any]:
    """The settings with the text itself for each `BotText` among them. Errors: SettingError; BotNotFoundError."""
    return {name: _fill(value, library) for name, value in settings.items()}


def _fill(value: Any, library: "BotLibrary | None") -> Any:
    if isinstance(value, BotText):
        return Secret(_find_text(value, library))
    if is_dataclass(value) and not isinstance(value, type):
        held = {field.name: getattr(value, field.name) for field in fields(value)}
        texts = {name: _fill(one, library) for name, one in held.items() if isinstance(one, BotText)}
        return replace(value, **texts) if texts else value
    if isinstance(value, Mapping):
        return {name: _fill(one, library) for name, one in value.items()}
    return value


def _find_text(text: BotText, library: "BotLibrary | None") -> str:
    bot = library.get(text.bot) if library else None
    if not isinstance(bot, HoldsTexts):
        raise SettingError(f"The bot {text.bot}, in which {text.place} stands as text, is not here.")
    return bot.get_text(text.place)
