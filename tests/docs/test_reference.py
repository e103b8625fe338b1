"""The reference says what the program does: it is generated, and nobody has changed one without the other."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("reference")  # it is written once

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "docs"
PAGES = (
    *("reference/actions.md", "reference/bot-file.md", "reference/cli.md", "reference/errors.md"),
    *("reference/tenant-control.md", "reference/testing.md", "tenant-coverage.md"),
)
ADVICE = "The program and its reference differ: run `make reference`, and commit what it writes."


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder into which the reference was written, on a narrow terminal of somebody with settings."""
    folder = tmp_path_factory.mktemp("reference")
    unusual = {"COLUMNS": "30", "FORCE_COLOR": "1", "POSTROOM_CLOUD": "Azure US GCC High", "LC_ALL": "C"}
    subprocess.run(
        [sys.executable, "-m", "scripts.write_reference", str(folder)],
        check=True,
        cwd=ROOT,
        env=os.environ | unusual,
    )
    return folder


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_what_the_program_gives(written: Path, name: str) -> None:
    """Each page is, byte for byte, what is made from the program as it is now, whatever the environment."""
    assert (written / name).read_bytes() == (COMMITTED / name).read_bytes(), ADVICE


def test_no_page_is_left_over(written: Path) -> None:
    """There is no page in the folder that the program does not write."""
    found = {page.name for page in (COMMITTED / "reference").iterdir()}
    assert found == {page.name for page in (written / "reference").iterdir()}, ADVICE
