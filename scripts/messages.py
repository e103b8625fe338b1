"""Collect the words of the Control Room's pages for translation, and compile the translations.

Needs GNU gettext (Debian: apt install gettext). What is compiled is committed, so that nobody who installs Postroom
needs it.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from postroom.controlroom.words import list_words

ROOM = Path(__file__).parents[1] / "src" / "postroom" / "controlroom"
COLLECT = [
    "makemessages",
    "--locale",
    "ja",
    "--no-location",
    "--no-wrap",
    "--no-obsolete",
    "--verbosity",
    "0",
]
# It would change with every run.
CREATION_DATE = re.compile(r'^"POT-Creation-Date: .*\n', re.MULTILINE)


def collect(room: Path) -> None:
    """Bring the list of words to what the sources say; new ones have no translation yet."""
    from_below = room / "words_from_below.py"
    from_below.write_text("".join(f"_({words!r})\n" for words in list_words()), encoding="utf-8")
    try:
        subprocess.run([sys.executable, "-m", "django", *COLLECT], cwd=room, check=True)
    finally:
        from_below.unlink()
    words = room / "locale" / "ja" / "LC_MESSAGES" / "django.po"
    words.write_text(CREATION_DATE.sub("", words.read_text(encoding="utf-8")), encoding="utf-8")


def compile_all(room: Path) -> None:
    """Compile every list of words, checking the placeholders."""
    program = shutil.which("msgfmt")
    if program is None:
        sys.exit("GNU gettext is missing. Debian: apt install gettext")
    for words in sorted(room.glob("locale/**/*.po")):
        made = words.with_suffix(".mo")
        subprocess.run([program, "--check-format", "--statistics", "-o", str(made), str(words)], check=True)


if __name__ == "__main__":
    collect(ROOM)
    compile_all(ROOM)
