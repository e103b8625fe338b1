"""Graph's paths: which segments a URL has, whose mailbox it names, and which route it takes."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.wire import GraphRequest, GraphResponse

_KEY = re.compile(r"([A-Za-z]+)\('((?:[^']|'')*)'\)")
_NAMED_KEY = re.compile(r"(applications)\((appId='[^']*')\)", re.IGNORECASE)
_NO_IDS = frozenset({"delta"})


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: its method and path below /me or /users/{id}, what it needs, and what does it.

    The path of a message is always `messages/{message}`, however deep in folders a URL names it. A path that begins
    with a slash, such as `/subscriptions`, is the whole path below /v1.0.
    """

    method: str
    path: str
    need: Need
    handle: Callable[[GraphRequest], GraphResponse]


def split_path(path: str) -> list[str]:
    """Return the decoded segments of a path, with `messages('id')` written as two."""
    segments: list[str] = []
    for part in path.split("/"):
        text = unquote(part)
        key = _KEY.fullmatch(text)
        named_key = _NAMED_KEY.fullmatch(text)
        if key:
            segments += [key.group(1), key.group(2).replace("''", "'")]
        elif named_key:
            segments += named_key.groups()
        elif text:
            segments.append(text)
    return segments


def shorten(segments: list[str]) -> tuple[list[str], dict[str, str]]:
    """Take the way through folders out of a path to a folder or message; return it with the last folder named."""
    found: dict[str, str] = {}
    while _leads_on(segments, "childfolders"):
        segments = [segments[0], *segments[3:]]
    if _leads_on(segments, "messages"):
        found["within"] = segments[1]
        segments = segments[2:]
    return segments, found


def _leads_on(segments: list[str], name: str) -> bool:
    if len(segments) < 4 or segments[0].lower() != "mailfolders" or segments[2].lower() != name:
        return False
    return not segments[3].startswith("$") and _bare(segments[3]) not in _NO_IDS


def find_route(
    routes: Iterable[Route], method: str, segments: list[str]
) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a method and path with the ids the path names, or None."""
    for route in routes:
        if route.method == method:
            found = _match(route.path.split("/") if route.path else [], segments)
            if found is not None:
                return route, found
    return None


def _match(template: list[str], segments: list[str]) -> dict[str, str] | None:
    if len(template) != len(segments):
        return None
    found: dict[str, str] = {}
    for expected, segment in zip(template, segments, strict=True):
        if expected.startswith("{"):
            if segment.startswith("$") or _bare(segment) in _NO_IDS:
                return None
            found[expected.strip("{}")] = segment
        elif _bare(expected) != _bare(segment):
            return None
    return found


def _bare(segment: str) -> str:
    # Actions and functions may be called by their full name, such as /messages/{id}/microsoft.graph.move, and
    # functions with parentheses, such as /messages/delta().
    return segment.lower().removeprefix("microsoft.graph.").removesuffix("()")
