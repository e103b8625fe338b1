"""The few settings that the environment gives."""

import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from postroom.controlroom.configuration import Configuration, read_configuration
from postroom.errors import SettingError, TargetNotWritableError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of this test's own, and an environment that says nothing else."""
    for name in ("DATABASE", "SECRET_KEY", "URL", "TRUSTED_PROXY", "SESSION"):
        monkeypatch.delenv(f"POSTROOM_{name}", raising=False)
    monkeypatch.setenv("POSTROOM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_without_settings(home: Path) -> None:
    """SQLite in the folder, this machine's own address, nobody's headers believed."""
    found = read_configuration()
    assert found.home == home
    assert found.database == f"sqlite:///{home}/control-room.sqlite3"
    assert (found.url, found.is_local, found.is_secure) == ("http://localhost:8000", True, False)
    assert (found.trusted_proxy, found.sessions_end_with_browser) == (None, True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights.")
def test_only_its_user_reads_the_folder(home: Path) -> None:
    """Folder and key are closed to everybody else."""
    read_configuration()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "secret-key").stat().st_mode) == 0o600


def test_processes_that_start_at_once_share_a_key() -> None:
    """Whoever makes the key first, all have the same."""
    with ThreadPoolExecutor(8) as pool:
        keys = {found.secret_key for found in pool.map(lambda _: read_configuration(), range(32))}
    assert len(keys) == 1
    assert len(keys.pop()) >= 50


def test_hosts_share_a_given_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that the environment gives is used, and written nowhere."""
    monkeypatch.setenv("POSTROOM_SECRET_KEY", "given" * 10)
    assert read_configuration().secret_key == "given" * 10
    assert not (home / "secret-key").exists()


def test_secrets_do_not_print() -> None:
    """Neither the key nor a password in the database's address shows in what is printed."""
    shown = repr(
        Configuration(
            home=Path("home"),
            database="postgresql://a:hush@b/c",
            url="https://x",
            trusted_proxy=None,
            sessions_end_with_browser=True,
            bots_folder=None,
            secret_key="hush",
        )
    )
    assert "hush" not in shown


def test_https_trusts_the_proxy_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where people use HTTPS a proxy is in front, on this machine unless another is named."""
    monkeypatch.setenv("POSTROOM_URL", "https://postroom.contoso.com/")
    assert read_configuration().trusted_proxy == "127.0.0.1"
    assert read_configuration().url == "https://postroom.contoso.com"
    monkeypatch.setenv("POSTROOM_TRUSTED_PROXY", "10.0.0.5")
    assert read_configuration().trusted_proxy == "10.0.0.5"


def test_a_session_may_outlive_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """An administrator chooses between the two ends of a session."""
    monkeypatch.setenv("POSTROOM_SESSION", "12 hours")
    assert not read_configuration().sessions_end_with_browser


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POSTROOM_URL", "postroom.contoso.com"),
        ("POSTROOM_URL", "ftp://postroom.contoso.com"),
        ("POSTROOM_SESSION", "for ever"),
        ("POSTROOM_DATABASE", "mysql://root:hush@localhost/postroom"),
    ],
)
def test_what_cannot_be_used_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting is named with an example, and no password in it is repeated."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=name) as caught:
        read_configuration()
    assert "hush" not in str(caught.value)


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason and the setting are told."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("POSTROOM_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(TargetNotWritableError, match="POSTROOM_HOME"):
        read_configuration()
