"""What may go into an audit entry: short plain values, and nothing that looks like a secret."""

import re
from collections.abc import Mapping

Plain = str | int | bool | None

LONGEST_DETAIL = 500
_LARGEST = 2**63
_HIDDEN = "***"
_SECRETS = re.compile(
    r"eyJ[\w-]{10,}\.[\w-]*\.?[\w-]*"  # a signed token (RFC 7519)
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*"  # RFC 7468
    r"|\bBearer\s+\S+",  # RFC 6750
    re.DOTALL,
)
_REPLACED = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)], "\ufffd")


def clean_details(details: Mapping[str, object]) -> dict[str, Plain]:
    """Give the details as they are kept.

    Errors: TypeError for a value that is not plain, as whatever has a shape of its own may hold a secret.
    """
    return {name: _clean_detail(name, value) for name, value in details.items()}


def clean_text(text: str, longest: int = LONGEST_DETAIL) -> str:
    """Make a text fit: without what looks like a token or key, without control characters, and not too long."""
    text = _SECRETS.sub(_HIDDEN, text).translate(_REPLACED)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _clean_detail(name: str, value: object) -> Plain:
    if isinstance(value, str):
        return clean_text(str(value))
    if value is None or (isinstance(value, int) and -_LARGEST <= value < _LARGEST):
        return value
    raise TypeError(
        f"The audit detail {name} is a {type(value).__name__}: give a text, a number, a bool or None."
    )
