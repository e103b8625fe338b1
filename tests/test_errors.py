"""The error tree and its one table."""

import inspect
import pickle
import re

import pytest

from postroom import errors
from postroom.errors import (
    OUTCOMES,
    ClientRefusedError,
    FolderNotFoundError,
    ItemFailure,
    ItemsError,
    PostroomError,
    get_outcome,
)

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, PostroomError)]


def test_the_table_is_total() -> None:
    """Every error class has a row of its own, and the table has no others."""
    assert set(OUTCOMES) == set(CLASSES)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_row_can_be_used(kind: type[PostroomError]) -> None:
    """A row has an HTTP status, an exit code a shell can tell apart from success and usage, and a sentence."""
    outcome = OUTCOMES[kind]
    assert 200 <= outcome.http_status < 600
    assert outcome.exit_code == 1 or 3 <= outcome.exit_code <= 63
    assert outcome.form_message.endswith(".")


def test_the_docstring_draws_the_tree() -> None:
    """The tree in the module's docstring names every class, each below its parent."""
    parents: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if match := re.search(r"^ {4}([│ ├└─]*)(\w+Error)\b", line):
            depth = len(match[1]) // 4
            parents[depth:] = [match[2]]
            kind = getattr(errors, match[2])
            if depth:
                assert kind.__base__.__name__ == parents[depth - 1]
    drawn = set(re.findall(r"\w+Error\b", errors.__doc__ or ""))
    assert drawn == {kind.__name__ for kind in CLASSES}


def test_a_message_carries_its_references() -> None:
    """The text ends with the service's code and request id, which support asks for."""
    error = FolderNotFoundError("It is not there.", status=404, code="ErrorItemNotFound", request_id="r-1")
    assert str(error) == "It is not there. [ErrorItemNotFound, request id r-1]"
    assert error.message == "It is not there."


def test_the_aadsts_number_stands_for_the_oauth_code() -> None:
    """An Entra ID number is more telling than `invalid_client`, so it is shown in its place."""
    assert str(ClientRefusedError("No.", code="invalid_client", aadsts=7000215)) == "No. [AADSTS7000215]"


def test_errors_travel_between_processes() -> None:
    """An error that is pickled comes back with all it carried."""
    error = FolderNotFoundError("Gone.", status=404, code="ErrorItemNotFound", request_id="r-1")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.message, copy.status, copy.request_id) == (
        FolderNotFoundError,
        "Gone.",
        404,
        "r-1",
    )


def test_items_error_names_each_item() -> None:
    """When some of many fail, each is named with its own error."""
    error = ItemsError("1 of 2 failed.", [ItemFailure("attachment “a.pdf”", PostroomError("Gone."))])
    assert "attachment “a.pdf”: Gone." in str(error)
    assert get_outcome(error).exit_code == 11
