"""The command line as a person has it: in a shell that is led to the tenant, and most often a process of its own."""

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from typing import Protocol
from unittest.mock import patch

from postroom.cli import main
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


def run_here(
    *arguments: str, stdin: str, environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Run `postroom` in this environment as `run` does, but in this process: where that it is one says nothing."""
    command = ["postroom", *arguments]
    whole = {**bare_environment(), **environment}
    out, err, given = (io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8") for text in ("", "", stdin))
    with (
        patch.dict(os.environ, whole, clear=True),
        patch.object(sys, "argv", command),
        patch.object(sys, "stdin", given),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    printed, said = (_read(stream) for stream in (out, err))
    return subprocess.CompletedProcess(command, int(code or 0), printed, said)


def _read(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()
