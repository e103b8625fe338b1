"""A value that does not print itself."""

import copy
import logging
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.values import Secret


@given(st.text(min_size=8).filter(lambda text: text not in "Secret('***')"))
def test_no_way_of_printing_shows_it(text: str) -> None:
    """Neither str, repr, format, nor a container's repr tells anything of it."""
    secret = Secret(text)
    for shown in (str(secret), repr(secret), f"{secret}", f"{secret!r:>40}", repr([secret])):
        assert text not in shown


def test_logging_does_not_show_it(caplog: pytest.LogCaptureFixture) -> None:
    """A secret that is logged by mistake stays hidden."""
    logging.getLogger("test").error("It is %s", Secret("tomato-soup"))
    assert "tomato-soup" not in caplog.text


def test_it_is_not_pickled() -> None:
    """A secret does not leave the process by pickle or copy."""
    for leave in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="pass the reference"):
            leave(Secret("x"))


def test_it_compares_and_reveals() -> None:
    """Two secrets of one text are equal, and `reveal` gives the text."""
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a").reveal() == "a"
    assert Secret("a").fingerprint() == Secret("a").fingerprint() != Secret("b").fingerprint()
    assert not Secret("")
