"""The canary: secrets that the tests use must show up in no log, output, exception, repr or file.

`canary` knows the secrets of the tenants that ran; `CanaryWatch` is the pytest plugin that looks for them.
"""

import fnmatch
import json
import logging
import os
import re
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import ahocorasick
import pytest

TOKEN_PATTERN = rb"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."
"""A signed token, as Entra ID gives it: header and claims, both JSON in base64."""

LONGEST_SECRET_BYTES = 4096
CHUNK_BYTES = 1 << 20
MANIFEST = "tenant.json"
KEY_FILES = frozenset({"vault-key", "vault-key.next", "secret-key"})
"""What a Control Room keeps its keys in, readable by nobody else."""
MARKER = "writes_secrets"
WORKER_OUTPUT = "canary"
REMOVED = b"(a secret)"
_TOKEN = re.compile(TOKEN_PATTERN)


class Canary:
    """Know the secrets that were used, and find them again."""

    def __init__(self) -> None:
        self._secrets: set[bytes] = set()
        self._automaton: ahocorasick.Automaton | None = None

    def add(self, secrets: Iterable[str]) -> None:
        """Look for these from now on, also as they are written in an address."""
        for secret in secrets:
            written = {secret.encode(), quote(secret, safe="").encode()}
            if not written <= self._secrets:
                self._secrets |= written
                self._automaton = None

    def list_secrets(self) -> list[str]:
        """Give all that is looked for, so that another process can look for it too."""
        return [secret.decode() for secret in sorted(self._secrets)]

    def add_tenant(self, manifest: dict[str, Any]) -> None:
        """Look for the client secrets, passwords and private keys of this tenant from now on."""
        for cloud in manifest["clouds"].values():
            apps = cloud.get("apps", ())
            self.add(app["client_secret"] for app in apps if app.get("client_secret"))
            self.add(user["password"] for user in cloud.get("users", ()))
            for app in apps:
                if app.get("certificate"):
                    self.add(_private_key_lines(Path(app["certificate"])))

    def check(self, text: str | bytes, where: str) -> None:
        """Fail when a secret is in this text, with a sentence that says where and not which."""
        assert not self.is_in(text), f"A secret shows in {where}."

    def is_in(self, text: str | bytes) -> bool:
        """Say whether a secret is in this text."""
        encoded = _encode(text)
        return self._has_known(encoded) or bool(_TOKEN.search(encoded))

    def remove_from(self, text: str) -> str:
        """Give the text without its secrets."""
        pattern = re.compile(b"|".join([*map(re.escape, sorted(self._secrets)), TOKEN_PATTERN]))
        return pattern.sub(REMOVED, _encode(text)).decode(errors="replace")

    def find_files(self, folder: Path) -> Iterator[Path]:
        """List the files under a folder with a secret in them; of a tenant's data only its logs are read."""
        for place, folders, names in os.walk(folder):
            is_tenant = MANIFEST in names
            if is_tenant:
                folders.clear()
            for name in names if not is_tenant else fnmatch.filter(names, "*.log"):
                path = Path(place, name)
                if self.is_in(os.fsencode(name)) or (not _is_key_file(path) and self._is_in_file(path)):
                    yield path

    def _has_known(self, encoded: bytes) -> bool:
        if not self._secrets:
            return False
        if self._automaton is None:
            self._automaton = _make_automaton(self._secrets)
        return next(self._automaton.iter(_as_characters(encoded)), None) is not None

    def _is_in_file(self, path: Path) -> bool:
        if not path.is_file():
            return False
        try:
            with path.open("rb") as file:
                end = b""
                while chunk := file.read(CHUNK_BYTES):
                    if self.is_in(end + chunk):
                        return True
                    end = chunk[-LONGEST_SECRET_BYTES:]
        except (FileNotFoundError, PermissionError):  # gone meanwhile, or made unreadable by its test
            return False
        return False


canary = Canary()


class CanaryWatch:
    """Fail the test that lets a secret out, and take the secret from its report.

    A test that has to write secrets to files of its own names them: `@pytest.mark.writes_secrets("*.pem")`.
    """

    def __init__(self) -> None:
        self._noted: list[str] = []
        self._refused: set[tuple[str, str]] = set()
        self._written_on_purpose: set[Path] = set()
        self._found_at_end: list[Path] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Listen to all log records, and to all errors that tests expect."""
        config.addinivalue_line("markers", f"{MARKER}(*names): files with secrets that a test makes itself")
        # Everything is logged for the canary's sake; what pytest shows of it stays as it is without.
        config.option.log_level = config.option.log_level or config.getini("log_level") or "WARNING"
        root = logging.getLogger()
        root.setLevel(logging.DEBUG)
        handler = _CanaryHandler(self._noted)
        root.addHandler(handler)
        config.add_cleanup(lambda: root.removeHandler(handler))
        config.add_cleanup(_watch_expected_errors(self._noted))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Search what the test logged, raised, printed and wrote."""
        report = yield
        places = [*self._take_noted(), *_search_report(report)]
        if report.when == "teardown":
            places += self._search_files(item, report)
        return self._refuse(report, places)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Learn, also from other workers, which files hold secrets on purpose."""
        self._written_on_purpose |= {
            Path(str(path)) for name, path in report.user_properties if name == MARKER
        }

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Learn from a worker that has ended what it looked for."""
        canary.add(getattr(node, "workeroutput", {}).get(WORKER_OUTPUT, ()))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Search all files of all tests, once, for the secrets of all tenants."""
        if hasattr(session.config, "workerinput"):
            session.config.workeroutput[WORKER_OUTPUT] = canary.list_secrets()  # type: ignore[attr-defined]
            return
        base: Path = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        for path in base.rglob(MANIFEST):
            manifest = json.loads(path.read_text())
            if "control" in manifest:  # and not the tenant's own record, which has the same name
                canary.add_tenant(manifest)
        self._found_at_end = [
            path for path in canary.find_files(base) if path not in self._written_on_purpose
        ]
        if self._found_at_end:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which files held secrets at the end."""
        for path in self._found_at_end:
            terminalreporter.write_line(canary.remove_from(f"A secret is in the file {path}."), red=True)

    def _take_noted(self) -> list[str]:
        noted = self._noted.copy()
        del self._noted[: len(noted)]
        return noted

    def _search_files(self, item: pytest.Item, report: pytest.TestReport) -> list[str]:
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        if folder is None:
            return []
        names = [str(name) for marker in item.iter_markers(MARKER) for name in marker.args]
        allowed = {path for name in names for path in folder.rglob(name)}
        report.user_properties.extend((MARKER, str(path)) for path in allowed)
        found = [path.relative_to(folder) for path in canary.find_files(folder) if path not in allowed]
        return [f"the file {path}" for path in found]

    def _refuse(self, report: pytest.TestReport, places: list[str]) -> pytest.TestReport:
        if not places:
            return report
        new = {place for place in places if (report.nodeid, place) not in self._refused}
        self._refused |= {(report.nodeid, place) for place in new}
        report.sections = [(name, canary.remove_from(text)) for name, text in report.sections]
        if new or canary.is_in(report.longreprtext):
            sentences = [f"A secret shows in {canary.remove_from(place)}." for place in sorted(new)]
            report.longrepr = "\n".join([*sentences, canary.remove_from(report.longreprtext)])
            report.outcome = "failed"
        return report


class _CanaryHandler(logging.Handler):
    """Notes each log record with a secret in it, of whatever level, by the logger's name."""

    def __init__(self, noted: list[str]) -> None:
        super().__init__(logging.NOTSET)
        self._noted = noted

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record) + repr(record.args)
        except Exception:  # noqa: BLE001 - a record that cannot be formatted is its own handler's matter
            return
        if canary.is_in(text):
            self._noted.append(f"a log record of {record.name}")


def _watch_expected_errors(noted: list[str]) -> Callable[[], None]:
    """Search what `pytest.raises` catches too, as it never gets into a report; gives how to end it."""
    fill = pytest.ExceptionInfo.fill_unfilled

    def fill_and_search(info: "pytest.ExceptionInfo[Any]", caught: Any) -> None:
        fill(info, caught)
        error = info.value
        if canary.is_in("".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))):
            noted.append(f"an expected {type(error).__name__}")

    def stop() -> None:
        pytest.ExceptionInfo.fill_unfilled = fill  # type: ignore[method-assign]

    pytest.ExceptionInfo.fill_unfilled = fill_and_search  # type: ignore[method-assign, assignment]
    return stop


def _search_report(report: pytest.TestReport) -> Iterator[str]:
    if canary.is_in(report.longreprtext):
        yield "the error and its traceback"
    for name, text in report.sections:
        if canary.is_in(text):
            yield name


def _private_key_lines(pem: Path) -> Iterator[str]:
    """Give of each private key the second line: the first is the same in many, the last may be short."""
    pattern = r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+\S+\s+(\S+)"
    yield from re.findall(pattern, pem.read_text()) if pem.exists() else ()


def _is_key_file(path: Path) -> bool:
    return path.name in KEY_FILES and path.is_file() and path.stat().st_mode & 0o077 == 0


def _make_automaton(secrets: Iterable[bytes]) -> ahocorasick.Automaton:
    """Make what finds thousands of secrets while a text is gone through once."""
    automaton = ahocorasick.Automaton()
    for secret in secrets:
        automaton.add_word(_as_characters(secret), secret)
    automaton.make_automaton()
    return automaton


def _as_characters(content: bytes) -> str:
    """Give each byte as a character of its own, for the automaton knows only these."""
    return content.decode("latin-1")


def _encode(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
