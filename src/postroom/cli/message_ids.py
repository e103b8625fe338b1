"""Message ids as a command is given them: typed, or piped from another command."""

import sys
from collections.abc import Iterable
from typing import Any

import msgspec

from postroom.errors import SettingError

STDIN = "-"


def read_message_ids(arguments: Iterable[str]) -> list[str]:
    """The ids among the arguments, with those from stdin in the place of `-`.

    Errors: SettingError where stdin is neither ids nor the JSON that `mail list` prints.
    """
    ids: list[str] = []
    for argument in arguments:
        ids += parse_message_ids(sys.stdin.read()) if argument == STDIN else [argument]
    return ids


def parse_message_ids(text: str) -> list[str]:
    """The ids in a text: JSON as `mail list` or `mail show` prints it, or the first column of each line."""
    if text.lstrip().startswith(("[", "{")):
        return _parse_json(text)
    return [line.split("\t")[0].strip() for line in text.splitlines() if line.strip()]


def _parse_json(text: str) -> list[str]:
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise _refuse() from error
    return [_get_id(item) for item in (found if isinstance(found, list) else [found])]


def _get_id(item: Any) -> str:
    message_id = item.get("id") if isinstance(item, dict) else item
    if not isinstance(message_id, str):
        raise _refuse()
    return message_id


def _refuse() -> SettingError:
    return SettingError(
        "What came on stdin are no message ids. Pipe in one id a line, or what "
        "`postroom mail list --output json` prints."
    )
