"""What comments and docstrings say of the tenant beside Microsoft: choices, known differences, what is left out.

A choice where Microsoft's documents are silent is `[?]` and a sentence that stands alone, in a comment or at the
beginning of a line of a docstring. So is, in docstrings, what follows `Known to differ:` and `Not emulated:`. Each ends
with the comment, with an empty line or with the next of them.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

CHOICE, DIFFERENCE, LEFT_OUT = "[?]", "Known to differ:", "Not emulated:"
_SENTENCE = re.compile(r"[A-Z`$\"'].{15,}[.!]")
_MARK = re.compile(r"(?m)^\s*(?:- )?(\[\?\]|Known to differ:|Not emulated:)")


@dataclass(frozen=True)
class Remark:
    """What the code says of itself, of which kind, and where."""

    kind: str
    module: str
    line: int
    sentence: str

    @property
    def is_sentence(self) -> bool:
        """Tell whether people can read it without the code around it."""
        return bool(_SENTENCE.fullmatch(self.sentence)) and CHOICE not in self.sentence


def list_remarks(package: Path, kind: str) -> list[Remark]:
    """List the remarks of a kind in all modules below a folder, by module and line."""
    found = (remark for file in sorted(package.rglob("*.py")) for remark in read_remarks(file, package))
    return [remark for remark in found if remark.kind == kind]


def read_remarks(file: Path, package: Path) -> list[Remark]:
    """Read the remarks of one module."""
    source = file.read_text(encoding="utf-8")
    module = ".".join(file.relative_to(package).with_suffix("").parts).removesuffix(".__init__")
    said = sorted([*_read_comments(source), *_read_docstrings(source)], key=lambda each: each[0])
    return [Remark(kind, module, line, " ".join(text.split())) for line, kind, text in said]


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


def _read_comments(source: str) -> Iterator[tuple[int, str, str]]:
    """Give each choice in a comment, with the comments that go on with it on the lines below."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    comments = [token for token in tokens if token.type == tokenize.COMMENT]
    alone = {token.start[0] for token in comments if not token.line[: token.start[1]].strip()}
    for block in _join_lines(comments, alone):
        _, *choices = " ".join(token.string.lstrip("#").strip() for token in block).split(CHOICE)
        yield from ((block[0].start[0], CHOICE, choice) for choice in choices)


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


def _read_docstrings(source: str) -> Iterator[tuple[int, str, str]]:
    """Give each remark in a docstring."""
    for node in ast.walk(ast.parse(source)):
        said = node.value if isinstance(node, ast.Expr) else None
        if isinstance(said, ast.Constant) and isinstance(said.value, str):
            for paragraph in said.value.split("\n\n"):
                _, *parts = _MARK.split(paragraph)
                yield from ((said.lineno, kind, text) for kind, text in zip(*[iter(parts)] * 2, strict=True))


def _write_text(node: ast.expr) -> str:
    """Write the text of a call, with what is only known when it is called as an ellipsis."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else "…"
