"""The page of what the local tenant does, made from its routes, its refusals, its choices and `tenant/coverage.py`."""

import inspect
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from scripts.choices import CHOICE, DIFFERENCE, LEFT_OUT, Remark, list_refusals, list_remarks
from scripts.pages import write_table
from starlette.routing import Route as HttpRoute

from postroom import tenant
from postroom.tenant import coverage
from postroom.tenant.entra import routes as entra_routes
from postroom.tenant.entra.token import GRANTS
from postroom.tenant.graph import dispatch
from postroom.tenant.graph.differences import ABSENT
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.user_info import user_info_routes

PACKAGE = Path(tenant.__file__).parent
# What these refuse is a path or a method as a whole.
WHOLE_PATHS = frozenset({"dispatch", "routes"})
TEMPLATE = Path(__file__).with_name("tenant-coverage.md")
ENTRA = ("entra", "consents")
_PLACE = re.compile(r"\{(\w+)\}")
# A handler's docstring begins with the method and the path that it answers.
_FIRST_WORDS = re.compile(r"(GET|POST|PATCH|PUT|DELETE) [^:;.]*[:;.]")


def write_coverage() -> Iterator[str]:
    """Write the page: the template, with what the program knows in its places."""
    choices = list_remarks(PACKAGE, CHOICE)
    places = {
        "operations": _write_operations(),
        "permissions": write_table(
            ("needs", "what for", "application", "own", "shared"), map(_describe_need, Need)
        ),
        "absent": _write_absent(),
        "left_out": _write_left_out(),
        "refusals": _write_refusals(),
        "left_out_within": _write_remarks(list_remarks(PACKAGE, LEFT_OUT)),
        "differences": _write_remarks(list_remarks(PACKAGE, DIFFERENCE)),
        "graph_choices": _write_remarks(choice for choice in choices if not _is_entra(choice)),
        "entra_endpoints": write_table(("method", "path", "what it does"), _list_endpoints()),
        "grants": write_table(("grant", "clients", "notes"), _list_grants()),
        "entra_choices": _write_remarks(choice for choice in choices if _is_entra(choice)),
    }
    for line in TEMPLATE.read_text(encoding="utf-8").splitlines():
        place = _PLACE.fullmatch(line)
        yield from places.pop(place[1]) if place else (line,)
    assert not places, f"The template has no place for {', '.join(places)}."


def _write_operations() -> Iterator[str]:
    for number, area in enumerate(dispatch._AREAS):
        yield from (*[""] * bool(number), f"#### {_name(area.__name__)}", "")
        yield from write_table(("method", "path", "needs", "what it does"), map(_describe_route, area.ROUTES))


def _write_absent() -> Iterator[str]:
    for cloud, names in ABSENT.items():
        yield f"- {cloud}: {', '.join(f'`{name}`' for name in sorted(names))}"


def _write_left_out() -> Iterator[str]:
    for left_out in coverage.LEFT_OUT:
        requests = ", ".join(f"`{request}`" for request in left_out.requests)
        yield f"- {left_out.area}, such as {requests}"


def _write_refusals() -> Iterator[str]:
    for module, texts in list_refusals(PACKAGE).items():
        if module not in WHOLE_PATHS:
            yield f"- {_name(module)}: {', '.join(f'`{text}`' for text in texts)}"


def _is_entra(choice: Remark) -> bool:
    return choice.module.startswith(ENTRA)


def _describe_route(route: Route) -> tuple[str, ...]:
    note = coverage.NOTES.get((route.method, route.path), "")
    said = " ".join(filter(None, (_describe(route.handle), note, _describe_absence(route))))
    path = f"`{route.path}`" if route.path else "`/me`, `/users/{id}`"
    return (route.method, path, _name_need(route.need), said)


def _describe_absence(route: Route) -> str:
    """Say which clouds lack an operation, by the last word of its path and what it is done to."""
    *_, owner, name = ("", *re.sub(r"s?/\{[^}]*\}", "", route.path).split("/"))
    clouds = [cloud for cloud, names in ABSENT.items() if {name, f"{owner}.{name}"} & names]
    return f"Not in {' and '.join(clouds)}." if clouds else ""


def _describe(handler: object) -> str:
    """Give what a handler's docstring says after the method and the path that it begins with."""
    summary = (inspect.getdoc(handler) or "").split("\n\n")[0].replace("\n", " ")
    said = _FIRST_WORDS.sub("", summary, count=1).strip()
    return said[:1].upper() + said[1:]


def _name_need(need: Need) -> str:
    return need.name.lower().replace("_", " ")


def _describe_need(need: Need) -> tuple[str, ...]:
    found = need.value
    kinds = (found.application, found.own | found.shared, found.shared)
    return (
        _name_need(need),
        found.description,
        *(", ".join(f"`{name}`" for name in sorted(kind)) for kind in kinds),
    )


def _list_endpoints() -> Iterator[tuple[str, ...]]:
    for route in (*entra_routes.entra_routes(), *user_info_routes()):
        if isinstance(route, HttpRoute) and route.endpoint is not entra_routes.refuse_not_emulated:
            note = coverage.ENTRA_NOTES.get(route.path, "")
            said = f"{_describe(route.endpoint)} {note}".strip()
            yield _list_methods(route), f"`{route.path}`", said


def _list_methods(route: HttpRoute) -> str:
    """List the methods of an endpoint; one that takes all of them does so to refuse all but POST as Entra ID does."""
    methods = (route.methods or set()) - {"HEAD"}
    return "POST" if methods == set(entra_routes.METHODS) else ", ".join(sorted(methods - {"OPTIONS"}))


def _list_grants() -> Iterator[tuple[str, ...]]:
    for grant in GRANTS:
        yield (f"`{grant}`", *coverage.GRANT_NOTES[grant])


def _write_remarks(remarks: Iterable[Remark]) -> Iterator[str]:
    for module, made in groupby(remarks, key=lambda remark: remark.module):
        sentences = list(dict.fromkeys(remark.sentence[:1].upper() + remark.sentence[1:] for remark in made))
        yield f"- {_name(module)} (`{module.replace('.', '/')}.py`)"
        yield from (f"  - {sentence}" for sentence in sentences)


def _name(module: str) -> str:
    """Give the name of a module as a heading has it."""
    words = module.rpartition(".")[2].replace("_", " ")
    return words[:1].upper() + words[1:]
