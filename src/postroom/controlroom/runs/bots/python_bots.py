"""Python bots of the folder of bots: found without running anything of them, and loaded by workers alone.

Each commit has its own modules, and so do the modules beside a bot that it imports: a run goes on with those that it
began with, though another run in the same worker has newer ones.
"""

import ast
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from postroom.bots import PythonBot
from postroom.controlroom.runs.bots.descriptions import find_kind, make_plain
from postroom.errors import BotNotFoundError

PREFIX = "postroom_deployed_"
SUFFIX = ".py"
_lock = Lock()
Function = ast.FunctionDef


def find_functions(text: str) -> Iterator[Function]:
    """The functions of a file that are bots: those with `@bot`. Errors: SyntaxError."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and any(map(_is_bot, node.decorator_list)):
            yield node


def describe_inputs(function: Function) -> list[dict[str, Any]]:
    """What such a function is given, as `BotVersion.inputs` has it."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    positional = len(function.args.posonlyargs) + len(function.args.args)
    defaults: list[ast.expr | None] = [None] * (positional - len(function.args.defaults))
    defaults += [*function.args.defaults, *function.args.kw_defaults]
    return [_describe(argument, default) for argument, default in zip(arguments, defaults, strict=True)]


def get_description(function: Function) -> str:
    """What its docstring says."""
    return ast.get_docstring(function) or ""


def load_bot(folder: Path, commit: str, path: str) -> PythonBot[..., Any]:
    """Load `intake.py:take_in` from a folder. Errors: BotNotFoundError."""
    file, _separator, function = path.partition(":")
    name = name_module(commit, file)
    with _lock:
        module = sys.modules.get(name) or _import(name, folder, folder / file)
    found = getattr(module, function, None)
    if not isinstance(found, PythonBot):
        raise BotNotFoundError(
            f"The file {file} has no bot “{function}”. Deploy it anew from the folder of bots."
        )
    return found


def name_module(commit: str, file: str) -> str:
    """What the module of a file at a commit is called, and begins the reference of its bots with."""
    return f"{PREFIX}{commit}.{file.removesuffix(SUFFIX).replace('/', '.')}"


def read_reference(reference: str) -> tuple[str, str] | None:
    """The commit and path that such a reference names; None where it is another."""
    if not reference.startswith(PREFIX):
        return None
    module, _separator, function = reference.removeprefix(PREFIX).partition(":")
    commit, _dot, dotted = module.partition(".")
    return commit, f"{dotted.replace('.', '/')}{SUFFIX}:{function}"


def _import(name: str, folder: Path, file: Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise BotNotFoundError(f"The folder of bots has no file {file.name} any more. Deploy the bot anew.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(folder))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise BotNotFoundError(
            f"The file {file.name} cannot be loaded as Python ({type(error).__name__}: {error}). Mend it in the folder "
            "of bots, and refresh."
        ) from error
    finally:
        sys.path.remove(str(folder))
        _forget_modules_beside(folder, name)
    return module


def _forget_modules_beside(folder: Path, kept: str) -> None:
    """Let the next commit import its own; who has imported these keeps them."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name != kept and not name.startswith(PREFIX) and file and Path(file).is_relative_to(folder):
            del sys.modules[name]


def _is_bot(decorator: ast.expr) -> bool:
    match decorator:
        case ast.Name(id="bot"):
            return True
        case ast.Attribute(attr="bot"):
            return True
    return False


def _describe(argument: ast.arg, default: ast.expr | None) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": argument.arg,
        "kind": find_kind(ast.unparse(argument.annotation) if argument.annotation else "str").value,
        "required": default is None,
        "default": None,
        "help": "",
    }
    # What only Python can work out is worked out when the bot is called.
    with suppress(ValueError):
        described["default"] = make_plain(ast.literal_eval(default)) if default is not None else None
    return described
