"""Postroom: an open Control Room for Microsoft 365 Outlook automation.

What a bot needs is here: `bot` (declares a function to be one), `outlook` (connect to a mailbox and work in it),
`Credential` and `Variable` (where a setting's value comes from), `Global` (the name of a session that child bots
share), `Secret` (a value that does not print itself), `PostroomError` (the root of all errors). Each is loaded when it
is first used, so that `import postroom` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from postroom.version import __version__ as __version__

if TYPE_CHECKING:
    import postroom.outlook as outlook
    from postroom.actions.sessions import Global as Global
    from postroom.bots import bot as bot
    from postroom.errors import PostroomError as PostroomError
    from postroom.values import Credential as Credential
    from postroom.values import Secret as Secret
    from postroom.values import Variable as Variable

__all__ = ["Credential", "Global", "PostroomError", "Secret", "Variable", "bot", "outlook"]

_HOMES = {
    "Credential": "postroom.values",
    "Global": "postroom.actions.sessions",
    "PostroomError": "postroom.errors",
    "Secret": "postroom.values",
    "Variable": "postroom.values",
    "bot": "postroom.bots.definition",
}


def __getattr__(name: str) -> Any:
    if name == "outlook":
        return import_module("postroom.outlook")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'postroom' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
