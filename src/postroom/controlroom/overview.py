"""The first page: what there is to do next, and how things stand, as far as the person may see it."""

from typing import Any


def get_overview(user: Any) -> dict[str, Any]:
    """What the first page shows to this user."""
    return {}
