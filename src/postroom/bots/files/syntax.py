"""The syntax of expressions: which of Jinja's a bot may use, held against the tree before it is compiled."""

import math
from collections.abc import Iterable
from difflib import get_close_matches

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from postroom.bots.files.functions import FILTERS, TESTS
from postroom.errors import ExpressionError

DEEPEST = 40
JOIN, SLICE = "~", ":"
"""The filters that `Rewriter` lets `~` and slices go through; no expression names them."""

_OF_JINJA = frozenset({"self", "super", "loop", "caller"})
_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Add, nodes.And, nodes.Call, nodes.Compare, nodes.Concat, nodes.CondExpr, nodes.Const, nodes.Dict, nodes.Div,
    nodes.Filter, nodes.FloorDiv, nodes.Getattr, nodes.Getitem, nodes.Keyword, nodes.List, nodes.Mod, nodes.Mul,
    nodes.Name, nodes.Neg, nodes.Not, nodes.Operand, nodes.Or, nodes.Pair, nodes.Pos, nodes.Slice, nodes.Sub,
    nodes.Test, nodes.Tuple,
)  # fmt: skip
_NAMES: dict[type[nodes.Node], str] = {
    nodes.Pow: "powers (**)",
    nodes.TemplateData: "text",
    nodes.NSRef: "namespaces",
}


def check_syntax(node: nodes.Node, source: str, depth: int = 0) -> None:
    """Refuse what an expression of a bot has no use for. Errors: ExpressionError."""
    if depth > DEEPEST:
        raise refuse_depth(source)
    if not isinstance(node, _ALLOWED):
        name = _NAMES.get(type(node), type(node).__name__)
        raise ExpressionError(f"“{source}”: expressions have no {name}.")
    if (fault := _find_fault(node)) is not None:
        raise ExpressionError(f"“{source}”: {fault}")
    for child in node.iter_child_nodes():
        check_syntax(child, source, depth + 1)


def _find_fault(node: nodes.Node) -> str | None:
    match node:
        case nodes.Const() if isinstance(node.value, float) and not math.isfinite(node.value):
            return "there is a number that is too large."
        case nodes.Name() if node.name in _OF_JINJA or node.name.startswith("_"):
            return f"“{node.name}” is no variable of a bot."
        case nodes.Getattr() if node.attr.startswith("_"):
            return "names that begin with _ are not for bots."
        case nodes.Call() if not isinstance(node.node, nodes.Getattr):
            return "nothing is called but a method of a value. Use a filter, or a Python bot."
        case nodes.Filter() if node.node is None:
            return "a filter stands after a value."
    if isinstance(node, nodes.Call | nodes.Filter | nodes.Test):
        return _find_fault_of_call(node)
    return None


def _find_fault_of_call(node: "nodes.Call | nodes.Filter | nodes.Test") -> str | None:
    if node.dyn_args or node.dyn_kwargs:
        return "expressions have no * and ** arguments."
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        return f"there is no filter “{node.name}”.{suggest(node.name, FILTERS)}"
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        return f"there is no test “{node.name}”.{suggest(node.name, TESTS)}"
    return None


class Rewriter(NodeTransformer):
    """Lets `~` and slices go through filters of ours, which measure: Jinja does them past its sandbox."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja's way of naming
        parts = nodes.List([self.visit(part) for part in node.nodes], lineno=1)
        return nodes.Filter(parts, JOIN, [], [], None, None, lineno=1)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        bounds = [part or nodes.Const(None) for part in (node.arg.start, node.arg.stop, node.arg.step)]
        return nodes.Filter(node.node, SLICE, bounds, [], None, None, lineno=1)


def suggest(name: str, known: Iterable[str]) -> str:
    """“ Did you mean …?”, or the few that there are, or nothing; with a space before it."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if not near:
        near = [one for one in names if one.casefold() == name.casefold()]
    if near:
        return f" Did you mean “{near[0]}”?"
    return f" There are: {', '.join(names)}." if names else ""


def refuse_depth(source: str) -> ExpressionError:
    """Say that an expression is nested too deeply."""
    return ExpressionError(f"“{source[:60]}…” is nested too deeply. Make it simpler, or use a Python bot.")
