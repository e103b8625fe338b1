"""Postroom: an open Control Room for Microsoft 365 Outlook automation.

What a bot needs is here: `outlook` (connect to a mailbox and work in it), `Credential` and `Variable` (where
a setting's value comes from), `Secret` (a value that does not print itself), `PostroomError` (the root of all
errors). Each is loaded when it is first used, so that `import postroom` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import postroom.outlook as outlook
    from postroom.errors import PostroomError as PostroomError
    from postroom.values import Credential as Credential
    from postroom.values import Secret as Secret
    from postroom.values import Variable as Variable

__version__ = "0.1.0"
__all__ = ["Credential", "PostroomError", "Secret", "Variable", "outlook"]

_HOMES = {
    "Credential": "postroom.values",
    "PostroomError": "postroom.errors",
    "Secret": "postroom.values",
    "Variable": "postroom.values",
}


def __getattr__(name: str) -> Any:
    if name == "outlook":
        return import_module("postroom.outlook")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'postroom' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
