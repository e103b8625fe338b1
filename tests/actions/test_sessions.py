"""Names of sessions, and what they stand for."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.actions.sessions import Sessions
from postroom.errors import SessionInUseError, SessionNotFoundError, SettingError

NAMES = st.text(min_size=1).filter(str.strip)
SPACES = st.text(alphabet=" \t\n", max_size=3)


class Door:
    """Something open: it notes when it is closed, and may refuse to be."""

    def __init__(self, name: str, closed: list[str], *, sticks: bool = False) -> None:
        self.name = name
        self.closed = closed
        self.sticks = sticks

    def disconnect(self) -> None:
        """Close it."""
        self.closed.append(self.name)
        if self.sticks:
            raise OSError(f"{self.name} sticks")


@pytest.fixture
def sessions() -> Sessions:
    """Give sessions of which none is open."""
    return Sessions()


def open_door(
    sessions: Sessions, name: str, closed: list[str] | None = None, *, sticks: bool = False
) -> Door:
    door = Door(name, [] if closed is None else closed, sticks=sticks)
    sessions.reserve(name).keep(door, f"the door {name}")
    return door


@given(NAMES, SPACES, SPACES)
def test_case_and_surrounding_spaces_make_no_difference(name: str, before: str, after: str) -> None:
    """Whoever writes a name in capitals, or with a space too many, means the same session."""
    sessions = Sessions()
    door = open_door(sessions, before + name + after)
    assert sessions.get(name).session is door
    assert sessions.get(after + name.casefold() + before).session is door
    with pytest.raises(SessionInUseError):
        sessions.reserve(name)


@pytest.mark.parametrize("name", ["", " ", "\t\n"])
def test_an_empty_name_is_refused(sessions: Sessions, name: str) -> None:
    """A name of nothing but spaces is a mistake in the settings."""
    with pytest.raises(SettingError, match="empty name"):
        sessions.reserve(name)


def test_a_name_in_use_tells_what_holds_it(sessions: Sessions) -> None:
    """The error says for what the name is taken and what to do; the session stays as it is."""
    door = open_door(sessions, "AP")
    with pytest.raises(
        SessionInUseError, match=r"“AP” is open already, for the door AP\. Disconnect it first"
    ):
        sessions.reserve("ap")
    assert sessions.get("ap").session is door


def test_a_name_is_taken_before_the_session_is_open(sessions: Sessions) -> None:
    """What is being opened holds its name already, and cannot be used yet."""
    sessions.reserve("ap")
    with pytest.raises(SessionInUseError, match="is being opened"):
        sessions.reserve("ap")
    with pytest.raises(SessionNotFoundError, match="None is open"):
        sessions.get("ap")


def test_an_unknown_name_is_told_those_that_are_open(sessions: Sessions) -> None:
    """The error lists the open sessions as their names were written."""
    open_door(sessions, " Ap ")
    open_door(sessions, "invoices")
    with pytest.raises(SessionNotFoundError, match=r"“orders” is open\. Open are: Ap, invoices\."):
        sessions.get("orders")


def test_where_none_is_open_it_says_so(sessions: Sessions) -> None:
    """The error says how a session is opened."""
    with pytest.raises(SessionNotFoundError, match=r"None is open: connect first, with session=\.\.\."):
        sessions.get("ap")


def test_a_freed_name_can_be_taken_again(sessions: Sessions) -> None:
    """Freeing it twice takes nothing from whoever has it by then."""
    first = sessions.reserve("ap")
    first.free()
    door = open_door(sessions, "ap")
    first.free()
    assert sessions.get("ap").session is door


def test_of_many_at_once_one_gets_the_name(sessions: Sessions) -> None:
    """Threads that reserve one name at the same moment do not both get it."""
    at_once = Barrier(8)

    def reserve(_: int) -> bool:
        at_once.wait()
        try:
            sessions.reserve("ap")
        except SessionInUseError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(reserve, range(8))) == 1


def test_what_is_still_open_is_closed_from_the_last_to_the_first(sessions: Sessions) -> None:
    """One that fails to close does not keep the others open, and its error is not lost."""
    closed: list[str] = []
    for name in ("first", "second", "third"):
        open_door(sessions, name, closed, sticks=name == "second")
    sessions.reserve("being opened")
    with pytest.raises(OSError, match="second sticks"):
        sessions.close_all()
    assert closed == ["third", "second", "first"]
    with pytest.raises(SessionNotFoundError, match="None is open"):
        sessions.get("first")
