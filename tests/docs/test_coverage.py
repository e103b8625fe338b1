"""The page of what the local tenant does says what is so."""

import re
import textwrap
from pathlib import Path

import pytest
import yaml
from documents import ROOT
from scripts.choices import CHOICE, DIFFERENCE, LEFT_OUT, list_remarks, read_remarks
from scripts.write_controls import find_body, read_field_docs
from starlette.routing import Route

from postroom.tenant import coverage
from postroom.tenant.control.routes import ROUTES as CONTROLS
from postroom.tenant.entra.routes import entra_routes
from postroom.tenant.entra.token import GRANTS
from postroom.tenant.graph.dispatch import ROOT_ROUTES, ROUTES
from postroom.tenant.graph.paths import find_route, shorten, split_path
from support.tenant import RunningTenant

PACKAGE = ROOT / "src" / "postroom" / "tenant"
DESCRIPTION = ROOT.parent / "shared" / "graph" / "mail-openapi.yaml"
METHODS = ("get", "post", "patch", "put", "delete")
REQUESTS_LEFT_OUT = {
    request: left_out.status for left_out in coverage.LEFT_OUT for request in left_out.requests
}


def list_operations() -> list[str]:
    """List the operations that Microsoft describes, one of /me for both ways to name a mailbox."""
    described = yaml.load(DESCRIPTION.read_text(encoding="utf-8"), yaml.CSafeLoader)["paths"]
    found = {
        f"{method.upper()} {re.sub('^/users/{[^}]*}', '/me', path)}"
        for path, operations in described.items()
        for method in METHODS
        if method in operations
    }
    return sorted(found)


def is_emulated(operation: str) -> bool:
    """Tell whether a route takes an operation."""
    method, _, path = operation.partition(" ")
    segments = split_path(re.sub(r"\{[^}]*\}", "Windows", path))
    rest, _ = shorten(segments[1:])
    return bool(find_route(ROOT_ROUTES, method, ["", *segments]) or find_route(ROUTES, method, rest))


def test_every_choice_is_a_sentence() -> None:
    """Who reads the page has no code beside it: a choice begins with a capital letter and ends with a full stop."""
    too_short = [choice for choice in list_remarks(PACKAGE, CHOICE) if not choice.is_sentence]
    assert not too_short, "\n".join(f"{each.module}, line {each.line}: {each.sentence}" for each in too_short)


@pytest.mark.parametrize(("request_line", "status"), REQUESTS_LEFT_OUT.items())
def test_what_is_left_out_is_refused(tenant: RunningTenant, request_line: str, status: int) -> None:
    """A request for what the page says is not emulated is told so; one answered with 501 is named in the answer."""
    method, _, path = request_line.partition(" ")
    path = path if path.startswith("/beta") else f"/v1.0{path}"
    address = tenant.cloud()["users"][0]["username"]
    path = re.sub(r"\{[^}]*\}", "x", path).replace("/me", f"/users/{address}", 1)
    with tenant.client() as client:
        answer = client.request(method, path, headers={"Authorization": f"Bearer {tenant.token()}"})
    assert answer.status_code == status, answer.text
    assert status != 501 or f"{method} {path}" in answer.json()["error"]["message"]


def test_notes_are_of_what_is_there() -> None:
    """No note is kept of an operation, a path of Entra ID or a grant that is not there any more."""
    assert coverage.NOTES.keys() <= {(route.method, route.path) for route in (*ROUTES, *ROOT_ROUTES)}
    assert coverage.ENTRA_NOTES.keys() <= {route.path for route in entra_routes() if isinstance(route, Route)}
    assert coverage.GRANT_NOTES.keys() == GRANTS.keys()


@pytest.mark.skipif(
    not DESCRIPTION.exists(), reason="Graph's OpenAPI description is not beside this checkout."
)
def test_every_operation_of_mail_is_emulated_or_left_out_by_name() -> None:
    """Of what Microsoft describes for mail nothing is missing without the page saying so."""
    missing = {operation for operation in list_operations() if not is_emulated(operation)}
    assert missing <= set(REQUESTS_LEFT_OUT)


def test_every_field_of_a_control_request_is_explained() -> None:
    """The page of control endpoints has a sentence for each field."""
    bodies = {body for route in CONTROLS if (body := find_body(route.endpoint))}
    assert bodies
    for body in bodies:
        assert read_field_docs(body).keys() >= set(body.__struct_fields__), body.__name__


def test_remarks_are_read_from_comments_and_docstrings(tmp_path: Path) -> None:
    """A remark goes on over the lines of its comment or paragraph, and ends with the next one."""
    module = tmp_path / "module.py"
    module.write_text(
        textwrap.dedent('''
            """A module.

            [?] The first choice goes
            on here. Then it ends.
            [?] The second choice is short.
            Known to differ: it is quicker.
            Not emulated: calendars
            and contacts.

            This is none.
            """
            # It is known. [?] The third choice stands
            # in a comment.
            number = 1  # [?] text
            # An ordinary comment.
        ''')
    )
    found = read_remarks(module, tmp_path)
    assert [(remark.kind, remark.sentence) for remark in found] == [
        (CHOICE, "The first choice goes on here. Then it ends."),
        (CHOICE, "The second choice is short."),
        (DIFFERENCE, "it is quicker."),
        (LEFT_OUT, "calendars and contacts."),
        (CHOICE, "The third choice stands in a comment."),
        (CHOICE, "text"),
    ]
    assert [remark.is_sentence for remark in found if remark.kind == CHOICE] == [True, True, True, False]
