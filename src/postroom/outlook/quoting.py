"""The body of an answer: the new text above what Graph quoted."""

import html
import re

from postroom.graph.models import Message


def write_above(draft: Message, body: str, body_format: str) -> dict[str, str]:
    """The body of an answer: the new text, and below it what the draft quotes."""
    if draft.body_format == "text" and body_format == "text":
        return {"contentType": "text", "content": f"{body}\n\n{draft.body}"}
    new = body if body_format == "html" else _write_html(body)
    quoted = draft.body if draft.body_format == "html" else _write_html(draft.body)
    start = re.search(r"<body[^>]*>", quoted, re.IGNORECASE)
    at = start.end() if start else 0
    return {"contentType": "html", "content": f"{quoted[:at]}<div>{new}</div><br>{quoted[at:]}"}


def _write_html(text: str) -> str:
    return html.escape(text).replace("\r\n", "\n").replace("\n", "<br>")
