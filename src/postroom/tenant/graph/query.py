"""The query options of a listing, and the pages it is answered in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from postroom.tenant.graph import odata
from postroom.tenant.graph.expansions import Expansion, parse_expand
from postroom.tenant.graph.filters import Fields, FilterCompiler, check_efficient, order_sql
from postroom.tenant.graph.refusals import bad_request
from postroom.tenant.graph.wire import GraphRequest, GraphResponse, applied_preferences
from postroom.tenant.mail.database import Condition, Page

# [?] A page has ten entries, which Microsoft states for messages; it is taken for all other lists too.
DEFAULT_TOP = 10
HIGHEST_TOP = 1000
_KNOWN = frozenset(
    {
        "$select",
        "$filter",
        "$orderby",
        "$search",
        "$top",
        "$skip",
        "$count",
        "$expand",
        "$skiptoken",
        "$format",
    }
)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a request for a list wants: which rows, in which order, how many, and whether they be counted."""

    condition: Condition
    page: Page
    counted: bool


def read_listing(request: GraphRequest, type_name: str, fields: Fields, default_order: str) -> Listing:
    """Read $filter, $orderby, $top, $skip and $count, or raise Graph's 400."""
    check_options(request)
    tree = odata.parse_filter(request.query["$filter"]) if request.query.get("$filter") else None
    order = odata.parse_order(request.query["$orderby"]) if request.query.get("$orderby") else []
    condition = FilterCompiler(type_name, fields).compile(tree) if tree is not None else Condition()
    sql = order_sql(order, fields, type_name)
    check_efficient(tree, order)
    # Rows that compare equal keep the default order, so that paging neither repeats nor loses one.
    page = Page(f"{sql}, {default_order}" if sql else default_order, read_skip(request), read_top(request))
    return Listing(condition, page, read_flag(request, "$count"))


def check_options(request: GraphRequest) -> None:
    """Refuse query options that OData does not know."""
    for name in request.query:
        if name.startswith("$") and name not in _KNOWN:
            raise bad_request(f"The query parameter '{name}' is not supported.")


def read_top(request: GraphRequest) -> int:
    """Return the size of a page: $top, else the preferred page size, else 10."""
    text = request.query.get("$top") or request.preference("odata.maxpagesize")
    if text is None:
        return DEFAULT_TOP
    top = _whole_number("$top", text)
    if not 1 <= top <= HIGHEST_TOP:
        # [?] The text for a `$top` beyond its limits is from memory.
        raise bad_request(
            f"Invalid value '{text}' for $top query option found. The $top query option requires a value between "
            f"1 and {HIGHEST_TOP}."
        )
    return top


def read_skip(request: GraphRequest) -> int:
    """Return how many rows to pass over."""
    return _whole_number("$skip", request.query.get("$skip") or "0")


def read_flag(request: GraphRequest, name: str) -> bool:
    """Return the value of an option that is true or false."""
    text = request.query.get(name.lower(), "false").lower()
    if text not in ("true", "false"):
        raise bad_request(f"Invalid value '{text}' for {name} query option found.")
    return text == "true"


def _whole_number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise bad_request(
            f"Invalid value '{text}' for {name} query option found. The {name} query option requires a non-negative "
            "integer value."
        )
    return int(text)


def read_select(request: GraphRequest) -> list[str] | None:
    """Return the names that $select gives, or None where it is not given."""
    text = request.query.get("$select")
    names = [name.strip() for name in (text or "").split(",")]
    return [name for name in names if name] or None


def read_expansions(request: GraphRequest) -> list[Expansion]:
    """Return the navigation properties that $expand names, each with its own options."""
    text = request.query.get("$expand", "").strip()
    return parse_expand(text) if text else []


def page_response(
    request: GraphRequest,
    context: str,
    rows: Sequence[Any],
    *,
    page: Page,
    total: int | None,
    more: bool,
    following: Mapping[str, str] | None = None,
) -> GraphResponse:
    """Answer with one page of a collection; the next one is named by $skip, as Outlook does, or by `following`."""
    content: dict[str, Any] = {"@odata.context": f"{metadata_url(request)}#{context}"}
    if total is not None:
        content["@odata.count"] = total
    content["value"] = rows
    if more:
        content["@odata.nextLink"] = next_link(request, following or {"$skip": str(page.skip + page.top)})
    return GraphResponse.of_json(content, headers=applied_preferences(request, paged=True))


def next_link(request: GraphRequest, following: Mapping[str, str]) -> str:
    """Return the address of the next page: this one's, with other options to say where it begins."""
    kept = {name: value for name, value in request.query.items() if name not in ("$skip", "$skiptoken")}
    options = urlencode(kept | dict(following), safe="$,", quote_via=quote)
    return f"{request.base_url}/v1.0{request.path}?{options}"


def metadata_url(request: GraphRequest) -> str:
    """Return the address that every @odata.context begins with."""
    return f"{request.base_url}/v1.0/$metadata"


def user_context(request: GraphRequest) -> str:
    """Return how a context names the mailbox, such as users('adele%40contoso.com')."""
    named = request.parameters.get("user") or request.user.id
    return f"users('{quote(named, safe='')}')"


def selected_context(names: list[str] | None) -> str:
    """Return the part of a context that says what was selected."""
    return f"({','.join(names)})" if names else ""
