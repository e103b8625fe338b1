"""The documents as a reader has them: their pages, and the blocks of code and links in each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Block:
    """A block of code on a page; `line` is where it begins."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def list_pages() -> list[str]:
    """List the pages, by their paths in the project."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted(page.relative_to(ROOT).as_posix() for page in found)


def list_blocks(language: str) -> list[Block]:
    """List the blocks of a language on all pages."""
    return [block for page in list_pages() for block in _read_blocks(page) if block.language == language]


def iterate_links(page: str) -> Iterator[str]:
    """Give where the links of a page lead, as they are written."""
    for token in _parse(page):
        for child in token.children or ():
            href = child.attrGet("href")
            if href is not None:
                yield str(href)


def list_anchors(page: str) -> set[str]:
    """List the anchors that the headings of a page have on GitHub."""
    tokens = _parse(page)
    titles = [text.content for mark, text in pairwise(tokens) if mark.type == "heading_open"]
    anchors: set[str] = set()
    for slug in map(_slug, titles):
        again = sum(1 for known in anchors if re.fullmatch(rf"{re.escape(slug)}(-\d+)?", known))
        anchors.add(f"{slug}-{again}" if again else slug)
    return anchors


def _read_blocks(page: str) -> Iterator[Block]:
    for token in _parse(page):
        if token.type == "fence" and token.map:
            yield Block(page, token.map[0] + 1, token.info.strip(), token.content)


@lru_cache
def _parse(page: str) -> list[Token]:
    return MarkdownIt().parse((ROOT / page).read_text(encoding="utf-8"))


def _slug(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
