"""The terminal that a person is asked at."""

import os
import subprocess
import sys
import time

import pytest

from postroom.auth.sign_in.terminal import tell_person
from sign_in.browsers import TIMEOUT_SECONDS

READING = """
import sys
from postroom.auth.sign_in.terminal import read_line
print("ready", flush=True)
print(len(read_line()), flush=True)
"""
LONG = 6000
"""More than a terminal on Linux (4,096) or macOS (1,024) takes in one line by itself."""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals.")
def test_a_line_of_a_terminal_may_be_long() -> None:
    """An address with an authorization code in it is longer than terminals take without line editing."""
    keyboard, terminal = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", READING],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm"},
        start_new_session=True,
    ) as process:
        os.close(terminal)
        shown = read_until(keyboard, b"ready")
        time.sleep(0.5)
        os.write(keyboard, b"a" * LONG + b"\n")
        shown += read_until(keyboard, str(LONG).encode())
        assert process.wait(TIMEOUT_SECONDS) == 0
    os.close(keyboard)


def read_until(keyboard: int, words: bytes) -> bytes:
    shown = b""
    while words not in shown:
        shown += os.read(keyboard, 65536)
    return shown


def test_sentences_leave_stdout_to_the_results(capsys: pytest.CaptureFixture[str]) -> None:
    """What is said to the person goes to stderr."""
    tell_person("Sign in.")
    assert capsys.readouterr() == ("", "Sign in.\n")


def test_a_program_without_a_terminal_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs without a window on Windows have no stderr at all."""
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(sys, "stdout", None)
    tell_person("Sign in.")
