"""How Entra ID writes moments into its texts."""

from datetime import UTC, datetime


def write_precisely(moment: datetime) -> str:
    """Write a moment as .NET does, with seven digits of a second."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0Z"


def write_second(unix_seconds: int) -> str:
    """Write a Unix second in the same way."""
    return write_precisely(datetime.fromtimestamp(unix_seconds, UTC))
