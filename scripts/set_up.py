"""Make `.venv` hold what `requirements.lock` names and the project itself; do nothing when it already does.

`make setup` runs this with the machine's own Python, so it imports nothing but the standard library.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "set-up.stamp"
INPUTS = ("requirements.lock", "pyproject.toml")


def main() -> int:
    """Set the environment up if it is missing, broken, moved or older than the lock file."""
    wanted = f"{ROOT}\n{digest_inputs()}\n"
    found = STAMP.read_text() if STAMP.is_file() else ""
    if found == wanted and PYTHON.exists():
        return 0
    print("Setting up .venv (a minute or two the first time) ...", flush=True)
    # A virtual environment records where it stands, so a moved one is made anew.
    moved = bool(found) and not found.startswith(f"{ROOT}\n")
    if moved or not runs():
        run(sys.executable, "-m", "venv", "--clear", str(VENV))
    STAMP.unlink(missing_ok=True)
    install()
    STAMP.write_text(wanted)
    print("Setting up .venv: done.", flush=True)
    return 0


def digest_inputs() -> str:
    """Return one digest of the files that decide what is installed."""
    digest = hashlib.sha256()
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def runs() -> bool:
    """Tell whether the environment's Python starts, is new enough and has pip."""
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([PYTHON, "-c", check], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install() -> None:
    """Install the locked packages by their hashes, then the project, editable and without dependencies."""
    pip = (str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check")
    run(*pip, "--require-hashes", "--requirement", "requirements.lock")
    run(*pip, "--no-deps", "--no-build-isolation", "--editable", ".")


def run(*command: str) -> None:
    """Run a command in the project's folder, and end this program with its exit code if it fails."""
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code:
        print("Setting up .venv failed; the lines above say why. Then run the same again.", file=sys.stderr)
        sys.exit(code)


if __name__ == "__main__":
    sys.exit(main())
