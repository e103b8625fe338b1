"""The canary bites: a test that lets a secret out anywhere fails, and its report does not repeat the secret."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.canary import Canary, canary
from support.tenant import RunningTenant

pytest_plugins = ["pytester"]

SECRET = "made-up/secret~of nobody"
PREAMBLE = """
import base64, json, logging, pytest
from pathlib import Path
from support.canary import canary

SECRET = "made-up/secret~of" + " nobody"
TOKEN = ".".join(base64.urlsafe_b64encode(json.dumps({"k": "v" * 21}).encode()).decode() for _ in "123")
canary.add([SECRET])
"""
CONFTEST = """
from support.canary import CanaryWatch

def pytest_configure(config):
    config.pluginmanager.register(CanaryWatch())
"""


@pytest.fixture
def watched(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.Pytester]:
    """Run tests of their own under a canary of their own."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    pytester.makeconftest(CONFTEST)
    yield pytester
    shutil.rmtree(pytester.path / "base")  # or the canary that watches these tests finds what they wrote


def run(watched: pytest.Pytester, tests: str, *arguments: str) -> pytest.RunResult:
    """Run these tests, and see that the secret is not in what is shown."""
    watched.makepyfile(PREAMBLE + tests)
    result = watched.runpytest_subprocess("-p", "no:cacheprovider", "--basetemp", "base", *arguments)
    assert SECRET not in result.stdout.str() + result.stderr.str()
    canary.check(result.stdout.str() + result.stderr.str(), "the output of the tests that were run")
    return result


LEAKS = {
    "print(SECRET)": "Captured stdout call",
    "print(TOKEN)": "Captured stdout call",
    "import sys; print(SECRET, file=sys.stderr)": "Captured stderr call",
    "logging.getLogger('a.library').debug('with %s', SECRET)": "a log record of a.library",
    "logging.getLogger('a.library').warning('with %r', {'secret': SECRET})": "a log record of a.library",
    "raise ValueError(SECRET)": "the error and its traceback",
    "\n    with pytest.raises(ValueError): raise ValueError(SECRET)": "an expected ValueError",
    "(tmp_path / 'settings.ini').write_text(SECRET)": "the file settings.ini",
    "(tmp_path / 'deep').mkdir(); (tmp_path / 'deep' / 'log').write_bytes(b'x' * 2000000 + TOKEN.encode())": (
        "the file deep/log"
    ),
    "print('made-up%2Fsecret~of%20nobody')": "Captured stdout call",
}


def test_each_leak_fails_its_test(watched: pytest.Pytester) -> None:
    """Output, log, error, expected error and file with a secret or token: each fails, and says where it was."""
    tests = "\n".join(f"def test_{number}(tmp_path): {leak}" for number, leak in enumerate(LEAKS))
    result = run(watched, tests, "-rN")
    outcomes = result.parseoutcomes()
    files = sum(place.startswith("the file") for place in LEAKS.values())
    assert (outcomes["failed"], outcomes["errors"]) == (len(LEAKS) - files, files)
    for place in LEAKS.values():
        assert f"A secret shows in {place}." in result.stdout.str()


def test_what_keeps_its_secrets_passes(watched: pytest.Pytester) -> None:
    """Using secrets is no fault, nor is a file that the test says it makes."""
    tests = """
def test_quiet(tmp_path):
    print("all is well")
    logging.getLogger().warning("nothing to see")
    assert len(SECRET) + len(TOKEN)

@pytest.mark.writes_secrets("*.pem")
def test_writes_on_purpose(tmp_path):
    (tmp_path / "app.pem").write_text(SECRET)
"""
    result = run(watched, tests, "--strict-markers")
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.parametrize("workers", ["0", "1"])
def test_files_outside_a_tests_own_folder_fail_the_run(watched: pytest.Pytester, workers: str) -> None:
    """A file with a token anywhere under the base folder fails the run at its end, with and without workers."""
    tests = """
def test_elsewhere(tmp_path_factory):
    (tmp_path_factory.mktemp("shared") / "cache.bin").write_text(TOKEN)
"""
    result = run(watched, tests, "-n", workers)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["A secret is in the file *cache.bin."])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_the_secrets_of_a_running_tenant_are_watched(tenant: RunningTenant) -> None:
    """Client secrets, passwords, keys and tokens of a tenant are known from its start."""
    app = tenant.app()
    assert canary.is_in(f"...{app['client_secret']}...")
    assert canary.is_in(tenant.cloud()["users"][0]["password"])
    assert canary.is_in(Path(app["certificate"]).read_bytes())
    assert canary.is_in(f"Bearer {tenant.token()}")
    assert not canary.is_in(app["client_id"])
    assert app["client_secret"] not in repr(tenant)


def test_a_check_names_the_place_and_not_the_secret() -> None:
    """The sentence of a failed check can be shown."""
    watching = Canary()
    watching.add([SECRET])
    watching.check("nothing", "the output")
    with pytest.raises(AssertionError) as caught:
        watching.check(f"secret={SECRET}", "the output of the command")
    assert "A secret shows in the output of the command." in str(caught.value)
