"""Many requests in one (`$batch`).

Graph runs up to four parts of a batch at once, which is all that Outlook takes of an app: so one batch is
under way at a time. Source: Combine multiple HTTP requests using JSON batching.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from postroom.errors import NoAnswerError, OutcomeUnknownError, PostroomError, UnexpectedAnswerError
from postroom.graph.client import GraphClient, Request
from postroom.graph.refusals import create_graph_error, create_unclear_error

LARGEST_BATCH = 20


class _Part(msgspec.Struct):
    id: str
    status: int
    headers: dict[str, str] = {}
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Answers(msgspec.Struct):
    responses: list[_Part]


def send_in_batches(client: GraphClient, requests: Sequence[Request]) -> Iterator[PostroomError | None]:
    """Send the requests, and give for each in its order the error it met, or None where it is done.

    A part that was turned away (429) or whose outcome is unclear is not sent again: its error says so, and
    the caller repeats it alone.
    """
    for start in range(0, len(requests), LARGEST_BATCH):
        yield from _send_batch(client, requests[start : start + LARGEST_BATCH])


def _send_batch(client: GraphClient, requests: Sequence[Request]) -> list[PostroomError | None]:
    parts = [_write_part(client, str(number), request) for number, request in enumerate(requests)]
    try:
        answer = client.send_batch({"requests": parts})
    except (NoAnswerError, OutcomeUnknownError) as error:
        return [_unclear(client, request, str(error)) for request in requests]
    answers = {part.id: part for part in _read(answer).responses}
    return [_read_part(client, request, answers.get(str(number))) for number, request in enumerate(requests)]


def _write_part(client: GraphClient, number: str, request: Request) -> dict[str, Any]:
    headers = {"Prefer": request.preferences}
    part = {"id": number, "method": request.method, "url": f"{client.mailbox_path}{request.path}"}
    if request.body is None:
        return part | {"headers": headers}
    return part | {"headers": headers | {"Content-Type": "application/json"}, "body": request.body}


def _read(answer: bytes) -> _Answers:
    try:
        return msgspec.json.decode(answer, type=_Answers)
    except msgspec.MsgspecError as error:
        raise UnexpectedAnswerError(
            f"Microsoft Graph answered a batch with something that it does not document ({error}). Look in the "
            "mailbox what was done before you repeat it."
        ) from error


def _read_part(client: GraphClient, request: Request, part: _Part | None) -> PostroomError | None:
    if part is None:
        return _unclear(client, request, "no answer in the batch")
    if part.status < 400:
        return None
    request_id = next((text for name, text in part.headers.items() if name.lower() == "request-id"), None)
    return create_graph_error(client.describe(request), part.status, bytes(part.body), request_id)


def _unclear(client: GraphClient, request: Request, cause: str) -> PostroomError:
    return create_unclear_error(client.describe(request), cause, None, None)
