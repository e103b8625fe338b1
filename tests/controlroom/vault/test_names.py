"""Names: one that differs only in case, or in how its letters are composed, is the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.controlroom.vault.models import Locker
from postroom.controlroom.vault.names import fold_name


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(name: str) -> None:
    """The folded form of a name is its own folded form."""
    assert fold_name(fold_name(name)) == fold_name(name)


@given(st.text(max_size=40), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_composition_does_not_matter(name: str, form: "unicodedata._NormalizationForm") -> None:
    """However a keyboard composes its letters, it is the same name."""
    assert fold_name(unicodedata.normalize(form, name)) == fold_name(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Azure", "AZURE"),
        ("Straße", "STRASSE"),
        ("Ärger", "a\u0308rger"),
        ("ＡＺＵＲＥ", "azure"),
        ("ΣΊΣΥΦΟΣ", "Σίσυφος"),
    ],
    ids=["latin", "sharp s", "composed", "full width", "final sigma"],
)
def test_the_same_name(one: str, other: str) -> None:
    """These are one name each."""
    assert fold_name(one) == fold_name(other)


@pytest.mark.django_db
def test_the_database_keeps_names_apart() -> None:
    """Also where nobody looked before, the database refuses a second one of the same name."""
    from django.db import IntegrityError

    Locker.objects.create(name="Größe")
    with pytest.raises(IntegrityError):
        Locker.objects.create(name="GRÖSSE")
