"""Tests that are marked as one group run one after another, on one worker of pytest-xdist."""

import re

import pytest

pytest_plugins = ["pytester"]

GROUPED = """
import pytest

@pytest.mark.xdist_group("one after another")
@pytest.mark.parametrize("number", range(8))
def test_it(number):
    pass
"""


def test_a_group_stays_on_one_worker(pytester: pytest.Pytester) -> None:
    """Versions of pytest and pytest-xdist that do not fit part a group, and say nothing."""
    pytester.makepyfile(GROUPED)
    done = pytester.runpytest_subprocess("-v", "-n", "2", "--dist", "loadgroup")
    done.assert_outcomes(passed=8)
    assert len(set(re.findall(r"^\[(gw\d)\]", done.stdout.str(), re.MULTILINE))) == 1
