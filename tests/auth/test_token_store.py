"""The tokens of a sign-in between runs: encrypted, whole, and one writer at a time."""

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.auth.token_keys import KEY_VARIABLE
from postroom.auth.token_store import TokenStore, get_token_store
from postroom.clouds import AZURE_US_GCC_HIGH
from postroom.errors import SignInNeededError, TargetNotWritableError
from support import sign_ins
from support.sign_ins import (
    ACCESS_TOKEN,
    KEY,
    OTHER_KEY,
    PLACE,
    REFRESH_TOKEN,
    USERNAME,
    add_token,
    list_names,
    read_names,
)

LONGEST_LIFE_SECONDS = 0.06


@pytest.fixture(autouse=True, scope="module")
def key() -> Iterator[None]:
    """A key in the environment, so that no test depends on a keychain of the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, KEY)
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the stores of a test lie."""
    return tmp_path / "state" / "postroom" / "sign-ins"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What leads other processes to the same place and key."""
    return {**sign_ins.lead_to(tmp_path), KEY_VARIABLE: KEY}


def create_store(folder: Path) -> TokenStore:
    """Make a store as a new process has it."""
    return TokenStore(folder, PLACE, USERNAME)


def keep(store: TokenStore, *names: str) -> None:
    for name in names:
        with store.open() as tokens:
            add_token(tokens, name)


def get_file(folder: Path) -> Path:
    (found,) = folder.glob("*.tokens")
    return found


def test_the_next_run_finds_what_was_kept(folder: Path) -> None:
    """Tokens of one process are there for the next, which adds its own."""
    assert create_store(folder).kept
    keep(create_store(folder), "a")
    keep(create_store(folder), "b")
    assert read_names(create_store(folder)) == {"a", "b"}


def test_nothing_is_written_where_nothing_changed(folder: Path) -> None:
    """Opening to read leaves the file as it is, and makes none."""
    assert read_names(create_store(folder)) == set()
    assert not list(folder.glob("*.tokens"))
    keep(create_store(folder), "a")
    before = get_file(folder).read_bytes()
    assert read_names(create_store(folder)) == {"a"}
    assert get_file(folder).read_bytes() == before


def test_no_file_tells_a_token_or_whose_it_is(folder: Path, tmp_path: Path) -> None:
    """Neither content nor name of any file shows tokens, user, app or tenant."""
    keep(create_store(folder), "a", "b")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    texts = [path.name.encode() + path.read_bytes() for path in files]
    for told in (ACCESS_TOKEN, REFRESH_TOKEN, USERNAME, "adele", PLACE.client_id, PLACE.tenant_id, KEY):
        assert not any(told.encode().lower() in text.lower() for text in texts)
    assert len(files) == 2


def test_each_sign_in_has_its_own_file(folder: Path) -> None:
    """Another user, app, tenant or cloud shares nothing with this one; case makes no difference."""
    keep(create_store(folder), "a")
    others = (
        TokenStore(folder, PLACE, "alex@contoso.com"),
        TokenStore(folder, replace(PLACE, client_id="another"), USERNAME),
        TokenStore(folder, replace(PLACE, tenant_id="fabrikam.example"), USERNAME),
        TokenStore(folder, replace(PLACE, cloud=AZURE_US_GCC_HIGH), USERNAME),
    )
    assert [read_names(store) for store in others] == [set()] * 4
    assert read_names(TokenStore(folder, PLACE, USERNAME.upper())) == {"a"}


def test_a_process_has_one_store_for_a_sign_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for the same sign-in shares one store, however the name is written."""
    for name, value in sign_ins.lead_to(tmp_path).items():
        monkeypatch.setenv(name, value)
    store = get_token_store(PLACE, USERNAME)
    assert get_token_store(replace(PLACE), USERNAME.upper()) is store
    assert get_token_store(PLACE, "alex@contoso.com") is not store
    keep(store, "a")
    assert len(list(tmp_path.rglob("*.tokens"))) == 1


def test_files_of_two_sign_ins_cannot_be_swapped(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file that was put in the place of another gives no tokens, and a warning says so."""
    mine, other = create_store(folder), TokenStore(folder, PLACE, "alex@contoso.com")
    keep(mine, "mine")
    path = get_file(folder)
    keep(other, "other")
    (taken,) = set(folder.glob("*.tokens")) - {path}
    path.write_bytes(taken.read_bytes())
    assert read_names(create_store(folder)) == set()
    assert "is the file of another sign-in" in caplog.text


def test_another_key_reads_nothing_and_destroys_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One warning says that a new sign-in is needed; the file stays until there are new tokens."""
    keep(create_store(folder), "a")
    before = get_file(folder).read_bytes()
    with monkeypatch.context() as patch:
        patch.setenv(KEY_VARIABLE, OTHER_KEY)
        store = create_store(folder)
        assert read_names(store) == set()
        with store.open() as tokens:
            add_token(tokens, "of the wrong user")
            for kind in ("AccessToken", "RefreshToken"):
                for entry in list(tokens.search(kind)):
                    (tokens.remove_at if kind == "AccessToken" else tokens.remove_rt)(entry)
        assert get_file(folder).read_bytes() == before
    assert caplog.text.count("encrypted with another key. A new sign-in is needed") == 1
    assert read_names(create_store(folder)) == {"a"}
    monkeypatch.setenv(KEY_VARIABLE, OTHER_KEY)
    keep(create_store(folder), "b")
    assert read_names(create_store(folder)) == {"b"}


@given(data=st.data())
def test_a_damaged_file_gives_neither_tokens_nor_a_traceback(data: st.DataObject) -> None:
    """Whatever bytes are changed, cut off or put in its place: nothing is kept, and a new sign-in is."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        keep(create_store(folder), "a")
        path = get_file(folder)
        path.write_bytes(data.draw(damage(path.read_bytes())))
        store = create_store(folder)
        assert read_names(store) == set()
        keep(store, "b")
        assert read_names(create_store(folder)) == {"b"}


def damage(content: bytes) -> st.SearchStrategy[bytes]:
    positions = st.integers(0, len(content) - 1)
    flipped = st.builds(
        lambda at, mask: content[:at] + bytes([content[at] ^ mask]) + content[at + 1 :],
        positions,
        st.integers(1, 255),
    )
    truncated = positions.map(lambda at: content[:at])
    extended = st.binary(min_size=1, max_size=40).map(lambda more: content + more)
    return st.one_of(flipped, truncated, extended, st.binary(max_size=200))


@pytest.mark.parametrize("ends_with", [SignInNeededError("Nobody is here."), KeyboardInterrupt()])
def test_what_changed_before_an_error_is_kept(folder: Path, ends_with: BaseException) -> None:
    """A refresh token that was renewed is not lost because something failed afterwards."""
    with pytest.raises(type(ends_with)), create_store(folder).open() as tokens:
        add_token(tokens, "renewed")
        raise ends_with
    assert read_names(create_store(folder)) == {"renewed"}


def test_forgetting_takes_no_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file goes, also where its key is gone; where there is none, nothing happens."""
    keep(create_store(folder), "a")
    with monkeypatch.context() as patch:
        patch.setenv(KEY_VARIABLE, "no key at all")
        create_store(folder).forget()
        create_store(folder).forget()
    assert not list(folder.glob("*.tokens"))
    assert read_names(create_store(folder)) == set()


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    """It is an error before anybody signs in, and not after."""
    (tmp_path / "file").touch()
    with (
        pytest.raises(TargetNotWritableError, match="where sign-ins are kept"),
        create_store(tmp_path / "file").open(),
    ):
        raise AssertionError("never opened")


def test_threads_take_turns(folder: Path) -> None:
    """Of threads that open at once none loses what another kept, with one store or with one each."""
    shared = create_store(folder)
    stores = [shared, shared, create_store(folder), create_store(folder)]
    threads = [
        threading.Thread(target=keep, args=(store, *(f"{number}.{turn}" for turn in range(5))))
        for number, store in enumerate(stores)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_names(shared)) == 20


def test_processes_lose_nothing(folder: Path, environment: dict[str, str]) -> None:
    """Eight processes add tokens at once; all are there."""
    add_at_once(8, 15, environment)
    assert read_names(create_store(folder)) == {
        f"{number}.{turn}" for number in range(8) for turn in range(15)
    }


def add_at_once(processes: int, turns: int, environment: dict[str, str]) -> None:
    commands = [("add", str(number), str(turns)) for number in range(processes)]
    for done in sign_ins.run_at_once(commands, environment):
        assert done.returncode == 0, done.stderr
        assert "cannot be read" not in done.stderr


def test_who_waits_is_told_why(folder: Path, environment: dict[str, str]) -> None:
    """A process that waits for another's sign-in says so, and goes on when that one is killed."""
    with sign_ins.launch("hold", "600", environment=environment) as holder:
        sign_ins.begin(holder)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with sign_ins.launch("show", "a", environment=environment) as waiting:
            sign_ins.begin(waiting)
            assert waiting.stderr is not None
            assert "Another program is signing in" in waiting.stderr.readline()
            holder.kill()
            assert waiting.communicate(timeout=60)[0] == "kept a\n"


def test_a_killed_process_leaves_the_old_or_the_new(
    folder: Path, environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Killed at any moment of its writing, a process leaves a file that can be read, with all it had kept."""
    for _ in range(8):
        kill_while_writing(folder, environment)
    assert "cannot be read" not in caplog.text


@pytest.mark.proof
@pytest.mark.timeout(1800)
def test_two_hundred_kills(
    folder: Path, environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """The same over and over: no kill costs a token that was kept."""
    remains = sum(kill_while_writing(folder, environment) for _ in range(200))
    assert "cannot be read" not in caplog.text
    assert remains, "No process was killed in the middle of its writing."


@pytest.mark.proof
@pytest.mark.timeout(1800)
def test_many_processes_lose_nothing(folder: Path, environment: dict[str, str]) -> None:
    """Sixteen processes with fifty tokens each."""
    add_at_once(16, 50, environment)
    assert len(read_names(create_store(folder))) == 800


def kill_while_writing(folder: Path, environment: dict[str, str]) -> bool:
    """Kill a process that writes for ever; say whether it left something half-written beside the file."""
    create_store(folder).forget()
    with sign_ins.launch("add-for-ever", environment=environment) as process:
        sign_ins.begin(process)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(random.uniform(0, LONGEST_LIFE_SECONDS))
        process.kill()
        last_kept = int(([*process.stdout.read().splitlines()] or ["0"])[-1])
    left = bool(list(folder.glob("*.new")))
    with create_store(folder).open() as tokens:
        newest = max(int(name.partition("-")[2]) for name in list_names(tokens))
        add_token(tokens, "after")
    assert newest in (last_kept, last_kept + 1)
    assert "after" in read_names(create_store(folder))
    assert not list(folder.glob("*.new"))
    return left
