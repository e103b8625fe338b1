"""The packages that are installed."""

from functools import cache
from importlib.metadata import entry_points

from postroom.actions.definition import Package

GROUP = "postroom.packages"
"""The entry point group in which a distribution names its `Package`."""


@cache  # asked at every step of a bot, while what is installed is read from files
def load_packages() -> dict[str, Package]:
    """Load every package that an installed distribution brings, by its name."""
    return {point.name: point.load() for point in entry_points(group=GROUP)}
