"""What comments and docstrings mark as a choice where Microsoft's documents are silent, and what the code leaves out.

A choice is `[?]` and a sentence that stands alone, at the beginning of a comment or of a line of a docstring; it ends
with the comment, with an empty line or with the next `[?]`.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MARK = "[?]"
_SENTENCE = re.compile(r"[A-Z`$\"'].{15,}[.!]")


@dataclass(frozen=True)
class Choice:
    """One choice, and where it is made."""

    module: str
    line: int
    sentence: str

    @property
    def is_sentence(self) -> bool:
        """Tell whether people can read it without the code around it."""
        return bool(_SENTENCE.fullmatch(self.sentence)) and MARK not in self.sentence


def list_choices(package: Path) -> list[Choice]:
    """List the choices of all modules below a folder, by module and line."""
    return [choice for file in sorted(package.rglob("*.py")) for choice in read_choices(file, package)]


def read_choices(file: Path, package: Path) -> Iterator[Choice]:
    """Read the choices of one module."""
    source = file.read_text(encoding="utf-8")
    module = ".".join(file.relative_to(package).with_suffix("").parts).removesuffix(".__init__")
    for line, text in sorted([*_read_comments(source), *_read_docstrings(source)]):
        yield from _split(module, line, text)


def list_refusals(package: Path) -> dict[str, list[str]]:
    """List by module what the code answers with 501, as its calls of `not_emulated` name it."""
    found: dict[str, list[str]] = {}
    for file in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "not_emulated"
            ):
                text = _write_text(node.args[0])
                if text not in found.setdefault(file.stem, []):
                    found[file.stem].append(text)
    return found


def _split(module: str, line: int, text: str) -> Iterator[Choice]:
    """Split a comment or a paragraph at its marks; what comes before the first is none of it."""
    for part in text.split(MARK)[1:]:
        yield Choice(module, line, " ".join(part.split()))


def _read_comments(source: str) -> Iterator[tuple[int, str]]:
    """Give each comment that has the mark, with those that go on with it on the lines below."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    comments = [token for token in tokens if token.type == tokenize.COMMENT]
    alone = {token.start[0] for token in comments if not token.line[: token.start[1]].strip()}
    for block in _join_lines(comments, alone):
        text = " ".join(token.string.lstrip("#").strip() for token in block)
        if MARK in text:
            yield block[0].start[0], text


def _join_lines(comments: Iterable[tokenize.TokenInfo], alone: set[int]) -> list[list[tokenize.TokenInfo]]:
    """Join comments that stand alone on lines that follow each other."""
    blocks: list[list[tokenize.TokenInfo]] = []
    for token in comments:
        line = token.start[0]
        if line in alone and blocks and blocks[-1][-1].start[0] == line - 1 and line - 1 in alone:
            blocks[-1].append(token)
        else:
            blocks.append([token])
    return blocks


def _read_docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Give each paragraph of a docstring that has the mark at the beginning of one of its lines."""
    for node in ast.walk(ast.parse(source)):
        said = getattr(node, "value", None) if isinstance(node, ast.Expr) else None
        if isinstance(said, ast.Constant) and isinstance(said.value, str):
            for paragraph in said.value.split("\n\n"):
                _, mark, rest = re.sub(r"(?m)^\s*(?:- )?\[\?\]", f"\n{MARK}", paragraph).partition(
                    f"\n{MARK}"
                )
                if mark:
                    yield said.lineno, mark + rest


def _write_text(node: ast.expr) -> str:
    """Write the text of a call, with what is only known when it is called as an ellipsis."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else "…"
