"""The pages that the browser ends on: what became of the sign-in, in one sentence or two.

Each is whole in itself: no script, nothing from elsewhere, and a content security policy that allows its one
style sheet alone.
"""

import base64
import hashlib
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from string import Template

from postroom.errors import PostroomError

_STYLE = """
:root {
  color-scheme: light dark;
  --ground: #f3f5f9; --card: #ffffff; --line: #dfe4ec; --ink: #172033; --soft: #566178;
  --good: #17794b; --good-ground: #e2f4ea; --bad: #b3261e; --bad-ground: #fbe7e5;
  --note: #8a5a00; --note-ground: #fdf1d8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f141d; --card: #18202d; --line: #2a3547; --ink: #eef2f9; --soft: #a5b0c4;
    --good: #6fd6a0; --good-ground: #15382a; --bad: #ff9d94; --bad-ground: #44201d;
    --note: #f2c46d; --note-ground: #3d2f12;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; padding: 24px 16px;
  display: flex; flex-direction: column; align-items: center; justify-content: center;
  background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main {
  width: 100%; max-width: 480px; padding: 40px 36px 32px;
  background: var(--card); border: 1px solid var(--line); border-radius: 16px;
  box-shadow: 0 1px 2px rgb(15 20 29 / 6%), 0 12px 32px rgb(15 20 29 / 8%);
}
svg { display: block; width: 56px; height: 56px; padding: 13px; border-radius: 50%; margin-bottom: 24px; }
path { fill: none; stroke: currentColor; stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round; }
.good svg { color: var(--good); background: var(--good-ground); }
.bad svg { color: var(--bad); background: var(--bad-ground); }
.note svg { color: var(--note); background: var(--note-ground); }
h1 { margin: 0 0 12px; font-size: 26px; line-height: 1.25; letter-spacing: -0.01em; text-wrap: balance; }
p { margin: 0 0 12px; overflow-wrap: anywhere; }
p:last-child { margin-bottom: 0; }
.soft { color: var(--soft); }
.reference {
  margin: 18px 0; padding: 10px 12px; border: 1px solid var(--line); border-radius: 8px; color: var(--soft);
  font: 13px/1.5 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace;
}
footer { margin-top: 20px; color: var(--soft); font-size: 14px; letter-spacing: 0.02em; }
@media (max-width: 420px) { main { padding: 28px 22px 24px; border-radius: 12px; } h1 { font-size: 23px; } }
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

SECURITY_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title · Postroom</title>
<style>$style</style>
</head>
<body>
<main class="$mood">
<svg viewBox="0 0 24 24" aria-hidden="true"><path d="$sign"/></svg>
<h1>$title</h1>
$paragraphs
</main>
<footer>Postroom</footer>
</body>
</html>
""")

_SIGNS = {
    "good": "M4.5 12.5l5 5 10-11",
    "bad": "M6 6l12 12M18 6L6 18",
    "note": "M12 5v9M12 18.6v.2",
}


@dataclass(frozen=True)
class Page:
    """A page and the HTTP status that it is sent with."""

    status: HTTPStatus
    html: str


def render_connected(username: str) -> Page:
    """The sign-in did what it was for."""
    return _render(
        HTTPStatus.OK,
        "good",
        "You are connected",
        _paragraph(f"Postroom is signed in as {username}, and the bot goes on by itself."),
        _paragraph("You can close this window.", "soft"),
    )


def render_failed(error: PostroomError) -> Page:
    """The sign-in failed, for this reason."""
    reference = " · ".join(_list_references(error))
    return _render(
        HTTPStatus.BAD_REQUEST,
        "bad",
        "The sign-in did not succeed",
        _paragraph(error.message),
        _paragraph(reference, "reference") if reference else "",
        _paragraph("The bot has been told the same. You can close this window.", "soft"),
    )


def render_ended() -> Page:
    """The program that waited for the sign-in ended before it could finish it."""
    return _render(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "bad",
        "The sign-in did not succeed",
        _paragraph("The bot ended before the sign-in was finished. Start it again, and sign in once more."),
        _paragraph("You can close this window.", "soft"),
    )


def render_stranger() -> Page:
    """An answer came that belongs to another attempt."""
    return render_note(
        HTTPStatus.BAD_REQUEST,
        "This is not the sign-in we wait for",
        "This answer belongs to another sign-in and was not used: finish the sign-in in the window that opened "
        "last.",
    )


def render_answered() -> Page:
    """An answer came once more."""
    return render_note(
        HTTPStatus.CONFLICT,
        "This sign-in is answered already",
        "The answer came a second time and changed nothing: the first one counts.",
    )


def render_note(status: HTTPStatus, title: str, sentence: str) -> Page:
    """Something that is neither success nor failure of the sign-in."""
    return _render(status, "note", title, _paragraph(sentence))


def _render(status: HTTPStatus, mood: str, title: str, *paragraphs: str) -> Page:
    html = _PAGE.substitute(
        title=escape(title),
        style=_STYLE,
        mood=mood,
        sign=_SIGNS[mood],
        paragraphs="\n".join(paragraph for paragraph in paragraphs if paragraph),
    )
    return Page(status, html)


def _paragraph(text: str, kind: str = "") -> str:
    attribute = f' class="{kind}"' if kind else ""
    return f"<p{attribute}>{escape(text)}</p>"


def _list_references(error: PostroomError) -> list[str]:
    code = f"AADSTS{error.aadsts}" if error.aadsts else error.code
    return [part for part in (code, f"request id {error.request_id}" if error.request_id else None) if part]
