"""The command line as a person has it: a process of its own, in a shell that is led to the tenant."""

import subprocess
import sys
from collections.abc import Mapping
from typing import Protocol

from support.tenant import bare_environment

TIMEOUT_SECONDS = 60


class Postroom(Protocol):
    """Run `postroom` with these arguments, as this app of the tenant; `environment` adds to the shell's."""

    def __call__(
        self,
        *arguments: str,
        app: str = ...,
        cloud: str = ...,
        stdin: str = ...,
        environment: Mapping[str, str] = ...,
    ) -> "subprocess.CompletedProcess[str]":
        """Give what it printed, and its exit code."""


def run(*arguments: str, stdin: str, environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run `postroom` in this environment."""
    return subprocess.run(
        [sys.executable, "-m", "postroom", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT_SECONDS,
        check=False,
        env={**bare_environment(), "PYTHONUTF8": "1", **environment},
    )
