"""Programs for Node.js that tests run, beside the libraries that npm fetches for them as their lock file has them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

ARTEFACTS = Path(__file__).resolve().parents[2] / ".artefacts"
FETCH_TIMEOUT_SECONDS = 110
COPIED = "copied.txt"


def install(source: Path, name: str) -> Path:
    """Give a folder of this name with what lies in `source` and its libraries; they are fetched where that has changed.

    Nothing in it is touched while it is in use: other workers of the test run have the same folder. Where it cannot be
    had, the test is skipped.
    """
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"There is no {program} on this machine, so {name} cannot run.")
    folder = ARTEFACTS / name
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in source.iterdir() if path.suffix in (".json", ".mjs"))
    content = "\n".join(path.read_text(encoding="utf-8") for path in files)
    with FileLock(folder / "lock"):
        copied = folder / COPIED
        if not copied.exists() or copied.read_text(encoding="utf-8") != content:
            for path in files:
                shutil.copy(path, folder)
            _fetch_libraries(folder)
            copied.write_text(content, encoding="utf-8")
    return folder


def _fetch_libraries(folder: Path) -> None:
    ended = subprocess.run(
        [shutil.which("npm") or "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=FETCH_TIMEOUT_SECONDS,
        check=False,
    )
    if ended.returncode:
        pytest.skip(f"npm could not fetch the libraries of {folder.name}: {ended.stderr.strip()}")
