"""The bots of a folder: files, and functions of Python files and modules.

Nothing outside of the folder is a bot of it, whatever a reference or a link in the folder says.
"""

import ast
import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from postroom.bots.definition import Bot, Input, PythonBot
from postroom.bots.files.building import build_bot
from postroom.bots.files.performing import FileBot, read_bot
from postroom.bots.files.reading import LARGEST_FILE_CHARACTERS, FaultList, read_yaml
from postroom.errors import BotFileError, BotNotFoundError, Fault

ENDING = ".bot.yaml"
_MOST_BYTES = LARGEST_FILE_CHARACTERS * 4
_LONGEST_PATH = 500


class FolderLibrary:
    """The bots of a folder and of the folders in it.

    A reference is `intake.bot.yaml`, `tools.py:archive` or `package.module:function`. A path is looked for beside the
    bot that names it, then from the folder on.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder).resolve()
        self._read: dict[tuple[str, str], FileBot] = {}

    def get(self, reference: str, beside: str | None = None) -> Bot:
        """The bot of this reference. Errors: BotNotFoundError; BotFileError where the file has faults."""
        path, _, function = reference.partition(":")
        if function and not path.endswith(".py"):
            return _get_function(_import_module(path, reference), function, reference)
        found, place = self._find_file(path, beside, reference)
        if function:
            return _get_function(_load_file(found, place, reference), function, f"{place}:{function}")
        return self._read_file(found, place)

    def find_child(self, reference: str, beside: str) -> tuple[str, Mapping[str, Input] | None]:
        """The full reference of a bot and its inputs; of Python nothing is run, so its inputs are as they are written.

        Errors: BotNotFoundError; BotFileError.
        """
        path, _, function = reference.partition(":")
        if function and not path.endswith(".py"):
            if not _has_module(path):
                raise BotNotFoundError(f"The bot “{reference}” is not here: there is no module {path}.")
            return reference, None
        found, place = self._find_file(path, beside, reference)
        if function:
            _check_function(_read_text(found, place), function, reference)
            return f"{place}:{function}", None
        faults = FaultList(place)
        content = build_bot(read_yaml(_read_text(found, place), faults), place, faults)
        if faults.faults:
            raise BotFileError(f"The bot file {place} has faults.", faults.sort())
        return place, content.inputs

    def list_references(self) -> list[str]:
        """The bot files of the folder, by their references."""
        files = (file for file in sorted(self.folder.rglob(f"*{ENDING}")) if file.is_file())
        places = (file.relative_to(self.folder).as_posix() for file in files)
        return [place for place in places if not self._has_link(place)]

    def _read_file(self, file: Path, place: str) -> FileBot:
        text = _read_text(file, place)
        key = (place, sha256(text.encode()).hexdigest())
        if key not in self._read:
            self._read[key] = read_bot(text, place, self)
        return self._read[key]

    def _find_file(self, path: str, beside: str | None, reference: str) -> tuple[Path, str]:
        _check_path(path, reference)
        for place in _list_places(path, beside):
            file = self.folder / place
            try:
                if file.is_file():
                    if self._has_link(place):
                        raise BotNotFoundError(
                            f"The bot “{reference}” is a link, or lies behind one. Copy it instead."
                        )
                    return file, place
            except (OSError, ValueError):
                continue
        raise BotNotFoundError(
            f"There is no bot “{reference}” in the folder of bots. Look at the name and the folder."
        )

    def _has_link(self, place: str) -> bool:
        file = self.folder
        for part in PurePosixPath(place).parts:
            file = file / part
            if file.is_symlink() or file.is_junction() if hasattr(file, "is_junction") else file.is_symlink():
                return True
        return not file.resolve().is_relative_to(self.folder)


def _check_path(path: str, reference: str) -> None:
    parts = path.split("/")
    if not path.endswith(".py" if ":" in reference else ENDING) or reference.endswith(":"):
        raise BotNotFoundError(
            f"“{reference[:100]}” is no bot: a bot file ends in {ENDING}, a Python bot is file.py:function."
        )
    is_outside = ".." in parts or path.startswith("/") or "\\" in path or ":" in path or "\x00" in path
    if is_outside or len(path) > _LONGEST_PATH:
        raise BotNotFoundError(
            f"The bot “{reference[:100]}” is outside of the folder of bots. Write its path within."
        )


def _list_places(path: str, beside: str | None) -> Iterator[str]:
    own = PurePosixPath(path).as_posix()
    if beside is not None:
        file = beside.partition(":")[0]
        parent = PurePosixPath(file).parent
        if (
            file.endswith((ENDING, ".py"))
            and parent.parts
            and ".." not in parent.parts
            and not parent.is_absolute()
        ):
            yield (parent / own).as_posix()
    yield own


def _read_text(file: Path, place: str) -> str:
    try:
        content = file.read_bytes() if file.stat().st_size <= _MOST_BYTES else b" " * _MOST_BYTES
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        fault = Fault(place, line, "The file is not UTF-8 text.", "Save it as UTF-8.")
        raise BotFileError(f"The bot file {place} is not UTF-8 text.", [fault]) from None
    except OSError as error:
        raise BotNotFoundError(f"The bot {place} cannot be read ({type(error).__name__}).") from None


def _import_module(name: str, reference: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise BotNotFoundError(
            f"“{reference[:100]}” is no bot: it is neither a bot file nor package.module:function."
        )
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise BotNotFoundError(
            f"The bot “{reference}” cannot be imported: {error}. Install its package."
        ) from None


def _has_module(name: str) -> bool:
    top = name.partition(".")[0]
    return all(part.isidentifier() for part in name.split(".")) and importlib.util.find_spec(top) is not None


def _load_file(file: Path, place: str, reference: str) -> ModuleType:
    """Load a file as a module; a second time, the one that is loaded, unless the file has changed."""
    name = f"postroom_bots_{sha256(file.read_bytes() + str(file).encode()).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None  # it ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        line = _find_line(error, file)
        fault = Fault(
            place, line, f"The file cannot be loaded: {type(error).__name__}: {error}.", "Correct it."
        )
        raise BotFileError(f"The bot “{reference}” cannot be loaded.", [fault]) from error
    return module


def _find_line(error: Exception, file: Path) -> int:
    line = error.lineno or 1 if isinstance(error, SyntaxError) else 1
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _get_function(module: ModuleType, function: str, reference: str) -> Bot:
    found: Any = getattr(module, function, None) if function.isidentifier() else None
    if not isinstance(found, PythonBot):
        raise BotNotFoundError(
            f"There is no bot “{reference}”: write the name of a function with @bot after the :."
        )
    # So that the same bot is found again from here, by whoever goes on with the run.
    found.reference = reference
    return found


def _check_function(text: str, function: str, reference: str) -> None:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = error.lineno or 1 if isinstance(error, SyntaxError) else 1
        fault = Fault(reference.partition(":")[0], line, "This is not Python.", "Correct it.")
        raise BotFileError(f"The bot “{reference}” cannot be loaded.", [fault]) from None
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    if function not in functions:
        raise BotNotFoundError(f"There is no bot “{reference}”: the file has no function {function}.")
