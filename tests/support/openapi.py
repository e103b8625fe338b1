"""Graph's OpenAPI description as a judge: what in a response is not as Microsoft describes it.

It is read from `../shared/graph`, which is not part of this checkout.
"""

import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self
from urllib.parse import unquote

import jsonschema_rs
import yaml

from support.openapi_schemas import Schema, close_schemas, convert

DESCRIPTION = Path(__file__).parents[3] / "shared" / "graph" / "mail-openapi.yaml"
MISSING = "Graph's OpenAPI description is not beside this checkout (../shared/graph)."

_Operation = tuple[str, list[str], Schema]  # its path as described, the segments to match, and its responses
_KEY = re.compile(r"([A-Za-z]+)\('((?:[^']|'')*)'\)")
_ARGUMENTS = re.compile(r"\([^()]*=[^()]*\)$")
_NO_IDS = ("delta", "$count")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One way in which responses to an operation are not as described; the values themselves are left out."""

    operation: str
    status: int
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.operation} -> {self.status}: {self.where or 'the response'} {self.what}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response and what it answers; `path` is what follows /v1.0, as it came."""

    method: str
    path: str
    status: int
    content_type: str | None
    body: bytes


class Judge:
    """Hold responses against the description; each kind of response is looked up once, every response is judged."""

    def __init__(self, description: Schema) -> None:
        self.judged: Counter[str] = Counter()
        self.outside: Counter[str] = Counter()
        self._components = description["components"]
        self._definitions = close_schemas(self._components["schemas"])
        self._operations = _index_operations(description["paths"])
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}

    @classmethod
    def load(cls) -> Self:
        """Read the description."""
        return cls(read_description())

    def judge(self, answer: Answer) -> Iterator[Finding]:
        """Give everything in a response that is not as described; nothing where nothing is described."""
        found = self._find_operation(answer.method, answer.path)
        if found is None:
            self.outside[f"{answer.method} {shorten(answer.path)}"] += 1
            return
        name, responses = found
        self.judged[f"{name} -> {answer.status}"] += 1
        for where, what in self._compare(answer, responses):
            yield Finding(name, answer.status, where, what)

    def judge_batch(self, request: bytes, response: bytes) -> Iterator[Finding]:
        """Judge each answer in the answer to `$batch` as a response of its own."""
        asked = {part["id"]: part for part in json.loads(request)["requests"]}
        for part in json.loads(response)["responses"]:
            headers = {name.lower(): value for name, value in part.get("headers", {}).items()}
            one, body = asked[part["id"]], part.get("body")
            path = "/" + one["url"].partition("?")[0].lstrip("/").removeprefix("v1.0/")
            kind = headers.get("content-type")
            is_json = (kind or "").startswith("application/json")
            content = b"" if body is None else json.dumps(body).encode() if is_json else str(body).encode()
            yield from self.judge(Answer(one["method"].upper(), path, part["status"], kind, content))

    def find_described(self, method: str, path: str) -> str | None:
        """Give the operation that a request means, as the description has it, or None."""
        found = self._find_operation(method, path)
        return found and found[0]

    def _find_operation(self, method: str, path: str) -> tuple[str, Schema] | None:
        segments = split(path)
        for path_described, template, responses in self._operations.get((method, len(segments)), ()):
            if all(theirs in ("{}", ours) for theirs, ours in zip(template, segments, strict=True)):
                return f"{method} {path_described}", responses
        return None

    def _compare(self, answer: Answer, responses: Schema) -> Iterator[tuple[str, str]]:
        described = _find_response(responses, answer.status)
        if described is None:
            yield "", "has a status that is not described"
            return
        if "$ref" in described:
            described = self._components["responses"][described["$ref"].rpartition("/")[2]]
        contents = described.get("content", {})
        if not contents:
            if answer.body:
                yield "", "has a body where none is described"
            return
        kind = (answer.content_type or "").partition(";")[0].strip().lower()
        if kind not in contents and "application/octet-stream" not in contents:
            yield "", f"is {kind or 'without a type'} and not {' or '.join(contents)}"
        elif kind == "application/json":
            yield from self._validate(contents[kind].get("schema"), answer.body)
        elif kind == "text/plain" and kind in contents and not answer.body.decode("utf-8-sig").isdecimal():
            yield "", "is not a number"

    def _validate(self, schema: Schema | None, body: bytes) -> Iterator[tuple[str, str]]:
        try:
            content = json.loads(body)
        except ValueError:
            yield "", "is not JSON"
            return
        if schema is not None:
            for error in self._validator(schema).iter_errors(content):
                yield from _describe(error)

    def _validator(self, schema: Schema) -> jsonschema_rs.Draft202012Validator:
        key = json.dumps(schema)
        if key not in self._validators:
            whole = {**convert(schema), "$defs": self._definitions}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole)
        return self._validators[key]


def read_description() -> Schema:
    """Read the description, from YAML only once on this machine."""
    seen = DESCRIPTION.stat()
    name = f"graph-openapi-{os.getuid()}-{seen.st_mtime_ns}-{seen.st_size}.json"
    cached = Path(tempfile.gettempdir(), name)
    if not cached.exists():
        read = yaml.load(DESCRIPTION.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        written = Path(tempfile.mkstemp(dir=cached.parent)[1])
        written.write_text(json.dumps(read))
        written.replace(cached)
    described: Schema = json.loads(cached.read_bytes())
    return described


def write_findings(findings: list[Finding]) -> str:
    """Write findings as lines of JSON."""
    return "".join(json.dumps(asdict(finding)) + "\n" for finding in findings)


def read_findings(text: str) -> set[Finding]:
    """Read what `write_findings` wrote."""
    return {Finding(**json.loads(line)) for line in text.splitlines()}


def split(path: str) -> list[str]:
    """Give a path's segments as the description names them: /me for every user, one folder for a way through many."""
    segments: list[str] = []
    for part in path.strip("/").split("/"):
        text = unquote(part).removesuffix("()")
        key = _KEY.fullmatch(text)
        name = _ARGUMENTS.sub("(=)", text).lower().removeprefix("microsoft.graph.")
        segments += [key[1].lower(), key[2]] if key else [name]
    if segments[0] == "users" and len(segments) > 1:
        segments[:2] = ["me"]
    while len(segments) > 4 and segments[1] == "mailfolders" and segments[3] == "childfolders":
        if segments[4] in _NO_IDS:
            break
        segments[2:5] = [segments[4]]
    return segments


def shorten(path: str) -> str:
    """Write a path with its ids left out: what looks like one is long, or has a digit in it."""
    return "/" + "/".join(
        "{}" if len(part) > 25 or re.search(r"\d|@", part) else part for part in split(path)
    )


def _index_operations(paths: Schema) -> dict[tuple[str, int], list[_Operation]]:
    """Sort operations by method and length, those with fewest open places first."""
    found: dict[tuple[str, int], list[_Operation]] = {}
    for path, item in paths.items():
        template = ["{}" if part.startswith("{") else part for part in split(path)]
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                listed = found.setdefault((method.upper(), len(template)), [])
                if all(template != known for _, known, _ in listed):
                    listed.append((path, template, operation["responses"]))
    for listed in found.values():
        listed.sort(key=lambda entry: entry[1].count("{}"))
    return found


def _find_response(responses: Schema, status: int) -> Schema | None:
    for name in (str(status), f"{status // 100}XX"):
        if name in responses:
            return dict(responses[name])
    # `default` describes errors; a redirection or a stray success is none.
    return dict(responses["default"]) if status >= 400 and "default" in responses else None


def _describe(error: jsonschema_rs.ValidationError) -> Iterator[tuple[str, str]]:
    """Say where and what, without the value that is there."""
    where = ".".join("[]" if isinstance(part, int) else part for part in error.instance_path)
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        for name in kind.unexpected:
            yield where, f"has {name}, which the type does not have"
    elif isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        yield where, f"lacks {kind.property}"
    else:
        is_null = error.instance is None
        yield (
            where,
            f"is {'null' if is_null else 'a ' + type(error.instance).__name__} that fails {kind.name}",
        )
