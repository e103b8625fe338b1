"""What may be repeated, and how long to wait before."""

import pytest

from postroom.errors import GraphError, OutcomeUnknownError
from postroom.graph import retries
from postroom.graph.retries import Failure, FailureKind, Patience, do_once


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note how long is waited instead of waiting."""
    noted: list[float] = []
    monkeypatch.setattr(retries.time, "sleep", noted.append)
    return noted


def test_retry_after_is_obeyed_to_the_fraction(waits: list[float]) -> None:
    """The service's own number of seconds is what is waited, for any verb where it turned the request away."""
    patience = Patience(repeatable=False)
    patience.wait_after(Failure(FailureKind.REFUSED, GraphError("busy"), 2.128))
    assert waits == [2.128]


def test_without_retry_after_the_waits_grow(waits: list[float]) -> None:
    """With no number given, each wait is longer than the one before."""
    patience = Patience(repeatable=True)
    for _ in range(4):
        patience.wait_after(Failure(FailureKind.UNCLEAR, GraphError("busy")))
    assert waits == sorted(waits)
    with pytest.raises(GraphError, match="busy"):
        patience.wait_after(Failure(FailureKind.UNCLEAR, GraphError("busy")))


def test_what_is_unclear_is_not_repeated_blindly(waits: list[float]) -> None:
    """A request that may have been done is not sent again where that does harm."""
    with pytest.raises(OutcomeUnknownError):
        Patience(repeatable=False).wait_after(Failure(FailureKind.UNCLEAR, OutcomeUnknownError("?")))
    assert waits == []


def test_a_wait_that_is_too_long_is_not_begun(waits: list[float]) -> None:
    """Where the service wants more patience than we have, its refusal is given at once."""
    with pytest.raises(GraphError, match="busy"):
        Patience(repeatable=True).wait_after(Failure(FailureKind.REFUSED, GraphError("busy"), 3600))
    assert waits == []


class Work:
    """Work whose answers get lost so many times, done or not."""

    def __init__(self, lost: int, *, done_though_lost: bool) -> None:
        self.times_done = 0
        self._lost = lost
        self._done_though_lost = done_though_lost

    def do(self) -> str:
        self._lost -= 1
        if self._lost < 0 or self._done_though_lost:
            self.times_done += 1
        if self._lost >= 0:
            raise OutcomeUnknownError("lost")
        return "done"

    def look(self) -> str | None:
        return "found" if self.times_done else None


@pytest.mark.parametrize(
    ("lost", "done_though_lost"), [(0, False), (1, True), (3, True), (1, False), (4, False)]
)
def test_work_is_done_once(waits: list[float], lost: int, done_though_lost: bool) -> None:
    """Whether the lost attempt was carried out or not, the work is done exactly once."""
    work = Work(lost, done_though_lost=done_though_lost)
    assert do_once(work.do, work.look) in ("done", "found")
    assert work.times_done == 1


def test_an_earlier_attempt_is_looked_for_first() -> None:
    """Where an earlier attempt may have done it, the look comes before the work."""
    work = Work(0, done_though_lost=False)
    work.times_done = 1
    assert do_once(work.do, work.look, unclear=True) == "found"
    assert work.times_done == 1


def test_work_that_stays_unclear_is_told(waits: list[float]) -> None:
    """After the last attempt the error says that nobody knows."""
    work = Work(100, done_though_lost=False)
    with pytest.raises(OutcomeUnknownError):
        do_once(work.do, work.look)
