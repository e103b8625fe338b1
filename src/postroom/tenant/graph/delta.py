"""Delta: rounds of pages whose state the client carries in sealed tokens, for messages and for folders.

[?] A delta token that is garbled, or of another mailbox or folder, is answered 410 SyncStateInvalid, as clients met it.
[?] Query options beside a delta token are ignored, for those of the first request are in the token.
[?] The reason of `@removed` is always "deleted", as in Microsoft's examples for mail, whether an item moved or is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from postroom.tenant.entra.sealing import SealError
from postroom.tenant.graph.query import metadata_url
from postroom.tenant.graph.refusals import GraphRefusalError, bad_request
from postroom.tenant.graph.wire import GraphRequest, GraphResponse, applied_preferences
from postroom.tenant.mail.changes import Mark
from postroom.tenant.mail.database import Row
from postroom.tenant.mail.rounds import Span

_KIND = "delta token"


@dataclass(frozen=True, slots=True)
class Round:
    """One round: what it is about, the options of its first request, where it begins and ends, how far it is.

    `since` is None in the first round, which tells everything that is there.
    """

    scope: str
    options: dict[str, str]
    epoch: str
    since: int | None
    until: int
    position: tuple[Any, ...] = ()

    @property
    def span(self) -> Span:
        """What the next page of a later round is about."""
        since = self.since or 0
        return Span(since, self.until, self.position[0] if self.position else since)


def read_round(request: GraphRequest, scope: str, resource: str, supported: frozenset[str]) -> Round:
    """Return the round that a request begins or goes on with; `resource` is its name in refusals."""
    text = request.query.get("$skiptoken") or request.query.get("$deltatoken")
    scope = f"{request.mailbox['guid']} {scope}"
    mark = request.cloud.mail.changes.mark()
    if text is None:
        _check_options(request, resource, supported)
        options = {name: value for name, value in request.query.items() if name in supported}
        return Round(scope, options, mark.epoch, None, mark.number)
    known = _open(request, text)
    if known.scope != scope:
        raise _gone(request, {}, "SyncStateInvalid", "The sync state is invalid.")
    _check_memory(request, known)
    request.query = dict(known.options)
    if known.position:
        return known
    return replace(known, epoch=mark.epoch, since=known.until, until=mark.number)


def _open(request: GraphRequest, text: str) -> Round:
    try:
        content = request.cloud.sealer.open(_KIND, text)
    except SealError:
        raise _gone(request, {}, "SyncStateInvalid", "The sync state is invalid.") from None
    return Round(**content | {"position": tuple(content["position"])})


def _check_memory(request: GraphRequest, known: Round) -> None:
    changes = request.cloud.mail.changes
    begin = known.until if known.since is None else known.since
    marks = (Mark(known.epoch, begin), Mark(known.epoch, known.until))
    if not all(changes.remembers(request.mailbox, mark) for mark in marks):
        last = changes.mark().number
        raise _gone(
            request,
            known.options,
            "SyncStateNotFound",
            f"The sync state generation is not found; generation={begin};[highest={last}][{last}].",
        )


def _gone(request: GraphRequest, options: dict[str, str], code: str, message: str) -> GraphRefusalError:
    query = f"?{urlencode(options, safe='$,', quote_via=quote)}" if options else ""
    return GraphRefusalError(410, code, message, {"Location": f"{_address(request)}{query}"})


def _check_options(request: GraphRequest, resource: str, supported: frozenset[str]) -> None:
    refused = [name for name in request.query if name.startswith("$") and name not in supported]
    if refused:
        raise unsupported_options(resource, refused)


def unsupported_options(resource: str, names: Sequence[str]) -> GraphRefusalError:
    """Refuse query options that delta does not take."""
    return bad_request(
        f"The following parameters are not supported with change tracking over the '{resource}' resource: "
        f"'{', '.join(names)}'.",
        "ErrorInvalidUrlQuery",
    )


def delta_response(
    request: GraphRequest, round_: Round, type_name: str, rows: Sequence[Any], position: tuple[Any, ...]
) -> GraphResponse:
    """Answer with one page of a round; a `position` says that more follows from there."""
    content: dict[str, Any] = {"@odata.context": f"{metadata_url(request)}#Collection({type_name})"}
    following = replace(round_, position=position)
    sealed = quote(request.cloud.sealer.seal(_KIND, _content_of(following)), safe="")
    link = ("@odata.nextLink", "$skiptoken") if position else ("@odata.deltaLink", "$deltatoken")
    content[link[0]] = f"{_address(request)}?{link[1]}={sealed}"
    content["value"] = rows
    return GraphResponse.of_json(content, headers=applied_preferences(request))


def _content_of(round_: Round) -> dict[str, Any]:
    return {
        "scope": round_.scope,
        "options": round_.options,
        "epoch": round_.epoch,
        "since": round_.since,
        "until": round_.until,
        "position": list(round_.position),
    }


def _address(request: GraphRequest) -> str:
    return f"{request.base_url}/v1.0{request.path}"


def removed(type_name: str, item_id: str) -> dict[str, Any]:
    """Write what is no longer there."""
    return {"@odata.type": f"#microsoft.graph.{type_name}", "id": item_id, "@removed": {"reason": "deleted"}}


def merge_page(
    present: Sequence[Row], gone: Sequence[Row], top: int
) -> tuple[list[tuple[Row, bool]], tuple[Any, ...]]:
    """Return the first rows of both, in the order of history, each with whether it is there; and where more follows."""
    merged = [(row["changed"], row, True) for row in present] + [(row["number"], row, False) for row in gone]
    merged.sort(key=lambda entry: int(entry[0]))
    shown = merged[:top]
    more = len(merged) > top
    return [(row, there) for _, row, there in shown], (shown[-1][0],) if more else ()
