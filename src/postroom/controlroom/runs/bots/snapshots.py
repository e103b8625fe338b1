"""The folder of bots as it is at a commit, so that what runs does not change while somebody works in the folder.

Of a checkout of git the files of the commit are taken, and not those that somebody has changed since: what is deployed
can be found again by its commit. A folder without git is taken as it is, under a name made from its content.
"""

import hashlib
import io
import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from postroom.controlroom.settings import CONFIGURATION
from postroom.errors import BotNotFoundError, SettingError

GIT_SECONDS = 60
BOT_FILE, PYTHON_FILE = ".bot.yaml", ".py"


@dataclass(frozen=True)
class Snapshot:
    """The files of one commit."""

    folder: Path
    commit: str
    """Git's id of it; without git, `files-` and the hash of the files."""

    def list_files(self) -> list[str]:
        """The bot files and Python files, as paths from the folder with “/”."""
        found = (path for path in self.folder.rglob("*") if path.name.endswith((BOT_FILE, PYTHON_FILE)))
        kept = (path for path in found if path.is_file() and not path.is_symlink())
        return sorted(path.relative_to(self.folder).as_posix() for path in kept)

    def hash_python(self) -> str:
        """The hash of all Python files: what a Python bot does may stand in any of them."""
        files = [file for file in self.list_files() if file.endswith(PYTHON_FILE)]
        return _hash_files(self.folder, files)

    def read(self, file: str) -> str:
        """The text of one. Errors: SettingError where it is no text."""
        try:
            return (self.folder / file).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise SettingError(_("The file %(file)s is not text in UTF-8.") % {"file": file}) from None


def get_bots_folder() -> Path:
    """The folder of bots. Errors: SettingError where nobody has named one, or it is gone."""
    folder = CONFIGURATION.bots_folder
    if folder is None or not folder.is_dir():
        raise SettingError(
            _(
                "There is no folder of bots. Name it when you start the Control Room: `postroom serve --bots FOLDER`, "
                "or in POSTROOM_BOTS_FOLDER."
            )
        )
    return folder


def take_snapshot() -> Snapshot:
    """The folder of bots as it is now. Errors: SettingError."""
    folder = get_bots_folder()
    commit = _find_commit(folder)
    return get_snapshot(commit) if commit else _copy(folder)


def get_snapshot(commit: str) -> Snapshot:
    """The folder of bots at an earlier commit, from this machine's folder of bots.

    Errors: BotNotFoundError where this machine has neither a snapshot nor the commit.
    """
    kept = _get_place(commit)
    if not kept.is_dir():
        try:
            _extract(get_bots_folder(), commit, kept)
        except (SettingError, subprocess.SubprocessError, OSError) as error:
            raise BotNotFoundError(
                f"The folder of bots on this machine does not have the commit {commit[:12]}. Name the folder in "
                "POSTROOM_BOTS_FOLDER, bring its checkout up to date (git fetch), and try again."
            ) from error
    return Snapshot(kept, commit)


def _get_place(commit: str) -> Path:
    return CONFIGURATION.home / "bots" / commit


def _find_commit(folder: Path) -> str:
    if shutil.which("git") is None:
        return ""
    try:
        return _ask_git(folder, "rev-parse", "--verify", "HEAD^{commit}").decode().strip()
    except subprocess.CalledProcessError:
        return ""


def _extract(folder: Path, commit: str, kept: Path) -> None:
    if not commit.isalnum():
        raise SettingError(f"“{commit}” is no commit.")
    content = _ask_git(folder, "archive", "--format=zip", commit)
    made = _make_folder()
    # Links of the commit come out as plain files, so that nothing outside of the folder is in it.
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(made)
    _settle(made, kept)


def _copy(folder: Path) -> Snapshot:
    made = _make_folder()
    shutil.copytree(
        folder, made, symlinks=True, ignore=shutil.ignore_patterns(".*", "__pycache__"), dirs_exist_ok=True
    )
    commit = f"files-{_hash_files(made, Snapshot(made, '').list_files())[:40]}"
    _settle(made, _get_place(commit))
    return Snapshot(_get_place(commit), commit)


def _hash_files(folder: Path, files: list[str]) -> str:
    content = hashlib.sha256()
    for file in files:
        text = (folder / file).read_bytes()
        content.update(f"{file}\n{len(text)}\n".encode() + text)
    return content.hexdigest()


def _make_folder() -> Path:
    parent = CONFIGURATION.home / "bots"
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=parent, prefix="."))


def _settle(made: Path, kept: Path) -> None:
    # Of two processes that make the same snapshot one is first, and both have the same.
    try:
        made.rename(kept)
    except OSError:
        shutil.rmtree(made)


def _ask_git(folder: Path, *arguments: str) -> bytes:
    program = shutil.which("git") or "git"
    command = [program, "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, check=True, timeout=GIT_SECONDS).stdout  # noqa: S603
