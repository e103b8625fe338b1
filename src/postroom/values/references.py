"""The references that a setting takes in place of a value."""

import re
from dataclasses import dataclass

from postroom.errors import SettingError
from postroom.values.secret import Secret


@dataclass(frozen=True)
class Credential:
    """Take the value from a credential: its name, and the attribute of it that is meant."""

    name: str
    attribute: str

    def __str__(self) -> str:
        return f"{self.name}/{self.attribute}"


@dataclass(frozen=True)
class Variable:
    """Take the value from a variable of the bot."""

    name: str

    def __str__(self) -> str:
        return self.name


Setting = str | Credential | Variable
"""What a setting of Connect takes: an insecure string, a credential or a variable."""

SecretSetting = Secret | Setting
"""The same for a setting that is secret."""

_REFERENCE = re.compile(r"(?P<kind>credential|variable):(?P<place>.+)", re.IGNORECASE | re.DOTALL)


def parse_reference(text: str) -> Setting:
    """Read `credential:NAME/ATTRIBUTE`, `variable:NAME`, or anything else as an insecure string.

    Errors: SettingError where a credential lacks its attribute.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return text
    place = match["place"].strip()
    if match["kind"].lower() == "variable":
        return Variable(place)
    name, _, attribute = place.rpartition("/")
    if not name or not attribute:
        raise SettingError(
            f"“{text}” does not say which attribute of the credential is meant. "
            "Write it as credential:NAME/ATTRIBUTE, for example credential:azure/client_id."
        )
    return Credential(name, attribute)
