"""`make demo` tells what happens and leaves nothing behind; its script keeps to one cloud."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.tenant import GCC_HIGH, GLOBAL, bare_environment, start_tenant

ROOT = Path(__file__).resolve().parents[2]
DEMO = [sys.executable, str(ROOT / "examples" / "demo.py")]


def run_demo(folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the demo, piped, with this folder for its temporary files."""
    environment = bare_environment() | {"TMPDIR": str(folder)} | variables
    return subprocess.run(
        DEMO, capture_output=True, text=True, timeout=90, check=False, env=environment, cwd=folder
    )


def test_it_shows_what_happened_in_both_clouds_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """A newcomer sees every invoice, what is now where, that no cloud saw the other's, and what to do next.

    Piped to a file it reads as on a terminal: plain lines of 80 characters at most, nothing cut off or drawn twice.
    """
    astray = {"HTTPS_PROXY": "http://localhost:9", "SSL_CERT_FILE": "/nowhere", "POSTROOM_CLOUD": "Nowhere"}
    shown = run_demo(tmp_path, COLUMNS="200", **astray)
    assert shown.returncode == 0, shown.stderr
    assert shown.stderr == ""
    assert list(tmp_path.iterdir()) == []
    check_story(shown.stdout)
    check_plain(shown.stdout)


def check_story(text: str) -> None:
    """Look: all is told of both clouds."""
    assert text.count("saved, answered, moved") == 12
    for domain in ("contoso.com", "contoso.us"):
        assert re.search(rf"ap@{domain}  Inbox +9 +3\n", text)
        assert re.search(rf"ap@{domain}  Inbox/Processed +- +6\n", text)
        assert re.search(rf"adele@{domain}  Inbox +0 +3\n", text)
    assert text.count("scan (2).pdf") == text.count("\nbank-details.csv") == 2
    assert re.search(rf"\d+ requests went to {GLOBAL}, none to {GCC_HIGH}\.", text)
    assert re.search(rf"\d+ requests went to {GCC_HIGH}, none to {GLOBAL}\.", text)
    assert "python examples/invoices.py\n" in text[text.index("on a real tenant") :]


def check_plain(text: str) -> None:
    """Look: no control codes, no line that is too long, none that came twice."""
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)
    told = [line for line in lines if line.endswith("moved")]
    assert len(told) == len(set(told))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process.")
def test_it_cleans_up_when_it_is_interrupted(tmp_path: Path) -> None:
    """Ctrl+C in the middle of the work ends the tenant and removes its files."""
    environment = bare_environment() | {"TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        DEMO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if line.startswith("Connected to"):
                break
        demo.send_signal(signal.SIGINT)
        # The pipe ends when the last process that holds it has: the script and the tenant too.
        _, errors = demo.communicate(timeout=30)
    assert demo.returncode == 130
    assert "interrupted" in errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(
    not hasattr(os, "geteuid"), reason="Windows chooses temporary folders by other variables."
)
def test_a_failure_is_one_sentence_and_a_code(tmp_path: Path) -> None:
    """What goes wrong is said without a traceback, and the exit code tells."""
    (tmp_path / "sub").mkdir()
    # Python imports this module first of all, in every process of the demo.
    broken = "import sys\nif 'tenant' in sys.orig_argv:\n    sys.exit('It rains.')\n"
    (tmp_path / "usercustomize.py").write_text(broken)
    (tmp_path / "sitecustomize.py").write_text(broken)
    shown = run_demo(tmp_path / "sub", PYTHONPATH=str(tmp_path))
    assert shown.returncode == 1
    assert "Traceback" not in shown.stderr
    assert shown.stderr.startswith("The demo failed: The local tenant did not start.")
    assert list((tmp_path / "sub").iterdir()) == []


@pytest.mark.proof  # the demo says so itself, and fails where it is not so
def test_the_script_asks_nothing_of_the_other_cloud(tmp_path: Path) -> None:
    """The same script runs in both clouds, and each run's requests all go to its own cloud."""
    mail = tmp_path / "mail"
    subprocess.run([sys.executable, ROOT / "examples" / "demo_mail.py", mail], check=True)
    with start_tenant(tmp_path / "data", mail) as tenant:
        from postroom.tenant.environment import app_environment

        for cloud in (GLOBAL, GCC_HIGH):
            tenant.clear_requests()
            credential = app_environment(tenant.manifest, "Invoice bot", cloud)
            subprocess.run(
                [sys.executable, ROOT / "examples" / "invoices.py", tmp_path / cloud],
                env=bare_environment() | tenant.environment | credential,
                check=True,
                timeout=60,
            )
            assert {request["cloud"] for request in tenant.requests()} == {cloud}
            assert len(list((tmp_path / cloud).iterdir())) == 9
