"""Every operation is documented, and nothing is documented that is not there."""

import re
from pathlib import Path

from postroom.tenant.graph.dispatch import ROUTES

COVERAGE = Path(__file__).parents[3] / "docs" / "tenant-coverage.md"


def test_the_coverage_page_lists_what_is_there() -> None:
    """The table of the coverage page and the table of routes name the same operations."""
    documented = set()
    for line in COVERAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 5 and re.fullmatch(r"[A-Z, ]+", cells[1]):
            paths = re.findall(r"`([^`]+)`", cells[2])
            documented |= {(method, path) for method in cells[1].split(", ") for path in paths}
    documented -= {("GET", "/me"), ("GET", "/users/{id}"), ("POST", "/$batch")}
    assert documented == {(route.method, route.path) for route in ROUTES if route.path}
