"""A real local tenant in a process of its own, for any test: `with start_tenant(folder) as tenant`.

It is what `postroom.testing` gives everybody, whose secrets the canary is told of.
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


@contextmanager
def start_tenant(
    data: Path, mail: Path | None = None, port: int | None = None, command: Sequence[str] = COMMAND
) -> Iterator[RunningTenant]:
    """Start a tenant with this data folder on free ports, and end it afterwards."""
    with testing.start_tenant(data, mail, port, command) as tenant:
        canary.add_tenant(tenant.manifest)
        yield tenant
