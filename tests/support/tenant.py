"""A real local tenant in a process of its own, for any test: `with start_tenant(folder) as tenant`.

It is what `postroom.testing` gives everybody; besides, the canary is told of its secrets, and every response of its
Microsoft Graph is held against Graph's own description, if that can be found.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from postroom import testing
from postroom.testing.processes import (
    COMMAND,
    NETWORK_VARIABLES,
    bare_environment,
    end,
    find_free_ports,
    launch,
    wait_until_ready,
)
from postroom.testing.running import GCC_HIGH, GLOBAL, RunningTenant, trust
from support import openapi
from support.canary import canary

__all__ = [
    "COMMAND",
    "GCC_HIGH",
    "GLOBAL",
    "NETWORK_VARIABLES",
    "RunningTenant",
    "bare_environment",
    "end",
    "find_free_ports",
    "launch",
    "start_tenant",
    "trust",
    "wait_until_ready",
]

WATCHED = str(Path(__file__).with_name("watched_tenant.py"))


@contextmanager
def start_tenant(
    data: Path, mail: Path | None = None, port: int | None = None, command: Sequence[str] | None = None
) -> Iterator[RunningTenant]:
    """Start a tenant with this data folder on free ports, and end it afterwards."""
    with testing.start_tenant(data, mail, port, command or find_command(data)) as tenant:
        canary.add_tenant(tenant.manifest)
        yield tenant


def find_command(data: Path) -> Sequence[str]:
    """Give what starts a tenant that judges its own responses and writes what is wrong into its data folder."""
    if not openapi.DESCRIPTION.exists():
        return COMMAND
    python, *_module, group, start = COMMAND
    return (python, WATCHED, str(data), group, start)
