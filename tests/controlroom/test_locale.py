"""The pages' languages: every word of ours is there in Japanese, and people get the language that they chose."""

import gettext
import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import postroom
from support.people import People

ROOM = Path(postroom.__file__).parent / "controlroom"
ROOT = Path(__file__).parents[2]
NO_GETTEXT = pytest.mark.skipif(
    shutil.which("msgfmt") is None or shutil.which("xgettext") is None,
    reason="There is no GNU gettext on this machine (Debian: apt install gettext).",
)
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
# Names and words that Japanese writes as they are.
UNCHANGED = {
    "Bot",
    "Bots",
    "Control Room",
    "Credential Vault",
    "English",
    "Microsoft Entra (Azure Global)",
    "Microsoft Entra (Azure US GCC High)",
    "The Control Room",
    "The bot",
    "bot",
    "bots",
}


def read_catalog(compiled: Path) -> dict[Any, str]:
    """What a compiled list of words says, without its head."""
    with compiled.open("rb") as file:
        catalog: dict[Any, str] = dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
    catalog.pop("", None)
    return catalog


@NO_GETTEXT
def test_every_word_of_ours_is_translated(tmp_path: Path) -> None:
    """Words in the sources and words with a Japanese translation are the same; their placeholders are too.

    Where this fails: run `scripts/messages.py`, translate what is new in `locale/ja`, and run it again.
    """
    room = tmp_path / "controlroom"
    shutil.copytree(ROOM, room, ignore=shutil.ignore_patterns("static", "__pycache__"))
    runpy.run_path(str(ROOT / "scripts" / "messages.py"))["collect"](room)
    words = room / "locale" / "ja" / "LC_MESSAGES" / "django.po"
    made = tmp_path / "fresh.mo"
    checked = subprocess.run(
        ["msgfmt", "--check-format", "--statistics", "-o", str(made), str(words)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert re.fullmatch(r"\d+ translated messages\.\n", checked.stderr), checked.stderr + _name_missing(words)
    assert read_catalog(made).keys() == read_catalog(ROOM / "locale/ja/LC_MESSAGES/django.mo").keys()


def _name_missing(words: Path) -> str:
    listed = subprocess.run(
        ["msgattrib", "--untranslated", "--no-wrap", str(words)], capture_output=True, text=True, check=True
    )
    fuzzy = subprocess.run(
        ["msgattrib", "--only-fuzzy", "--no-wrap", str(words)], capture_output=True, text=True, check=True
    )
    return listed.stdout + fuzzy.stdout


@NO_GETTEXT
@pytest.mark.parametrize("folder", ["locale", "locale/unfold"])
def test_what_is_compiled_is_what_is_written(folder: str, tmp_path: Path) -> None:
    """The compiled list of words, which is what runs, says what the written one says."""
    words = ROOM / folder / "ja" / "LC_MESSAGES" / "django.po"
    subprocess.run(["msgfmt", "-o", str(tmp_path / "made.mo"), str(words)], check=True)
    assert read_catalog(tmp_path / "made.mo") == read_catalog(words.with_suffix(".mo"))


@pytest.mark.parametrize("folder", ["locale", "locale/unfold"])
def test_translations_are_japanese(folder: str) -> None:
    """What is given as Japanese has Japanese letters, but for names."""
    catalog = read_catalog(ROOM / folder / "ja" / "LC_MESSAGES" / "django.mo")
    words = {key if isinstance(key, str) else key[0]: said for key, said in catalog.items()}
    only_filled_in = re.compile(r"(%(\(\w+\))?s)*")
    plain = {word for word, said in words.items() if not JAPANESE.search(said)}
    assert {word for word in plain - UNCHANGED if not only_filled_in.fullmatch(words[word])} == set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wanted", "shown"),
    [("ja", "ja"), ("ja-JP,ja;q=0.9,en;q=0.8", "ja"), ("en-US,en", "en"), ("fr", "en"), ("", "en")],
)
def test_the_browser_chooses_the_language(wanted: str, shown: str, client: Any) -> None:
    """Before anybody signs in, the page is in the browser's language, and in English where we have none."""
    response = client.get("/login/", headers={"Accept-Language": wanted})
    assert response["Content-Language"] == shown
    assert (JAPANESE.search(_get_text(response)) is not None) == (shown == "ja")


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/", "/audit/auditentry/"])
def test_the_user_chooses_the_language(page: str, people: People, client_as: Any) -> None:
    """What somebody chose for themselves counts more than what their browser says."""
    people.auditor.language = "ja"
    people.auditor.save()
    client = client_as(people.auditor)
    japanese = client.get(page, headers={"Accept-Language": "en"})
    people.auditor.language = "en"
    people.auditor.save()
    english = client.get(page, headers={"Accept-Language": "ja"})
    assert "監査ログ" in _get_text(japanese)
    assert "Audit log" in _get_text(english)
    assert JAPANESE.search(_get_text(english)) is None


def _get_text(response: Any) -> str:
    """The page without the switch for the language, which names each language in its own."""
    text: str = response.content.decode()
    return text.replace("日本語", "")
