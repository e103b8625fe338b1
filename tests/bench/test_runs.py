"""The clients of the bench do the same work on the same server."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.runs import Track
from bench.scenarios import SCENARIOS, Contender, Home, Scenario
from bench.server import running_server

CASES = [(scenario, contender) for scenario in SCENARIOS for contender in scenario.contenders]
NAMES = [f"{scenario.name}-{contender.name}" for scenario, contender in CASES]


@pytest.fixture(scope="module")
def track(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Track]:
    """A running server, and python-o365 from the environment of the tests."""
    folder = tmp_path_factory.mktemp("bench")
    pythons = dict.fromkeys(Home, Path(sys.executable))
    with running_server(folder, core=None) as server:
        yield Track(server, pythons, folder)


@pytest.mark.parametrize(("scenario", "contender"), CASES, ids=NAMES)
def test_every_client_does_the_whole_task(track: Track, scenario: Scenario, contender: Contender) -> None:
    """Each client sees every message and saves every attachment of a tiny mailbox, or its run is an error."""
    measurement = track.run(scenario.shrink(), contender)
    assert measurement.seconds > 0
    assert measurement.peak_bytes > 0


def test_a_run_that_fails_is_an_error(track: Track) -> None:
    """A client that does not work gives no number."""
    broken = Contender("broken", "import no_such_package")
    with pytest.raises(RuntimeError, match="broken failed"):
        track.run(SCENARIOS[0], broken)
