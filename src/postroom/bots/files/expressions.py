"""`${{ … }}`: one Jinja expression over the variables of a bot, in a sandbox that reaches data and nothing else.

Three walls stand one behind the other. The syntax is held against a list of what is allowed before it is compiled;
attributes are those of data, and the few methods that are listed; and what could grow (joining, repeating, powers) is
done by functions of ours, which measure first. No filter, test or global is there but those that are listed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, cast

from jinja2 import StrictUndefined, TemplateError, UndefinedError, nodes
from jinja2.parser import Parser
from jinja2.runtime import Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from postroom.bots.files.attributes import find_attribute
from postroom.bots.files.functions import (
    FILTERS,
    OPERATORS,
    TESTS,
    TooLargeError,
    join_texts,
    measure,
    measured,
    slice_items,
    within_limits,
    write_text,
)
from postroom.bots.files.syntax import JOIN, SLICE, Rewriter, check_syntax, refuse_depth
from postroom.errors import ExpressionError, PostroomError

OPEN, CLOSE = "${{", "}}"
LONGEST_CHARACTERS = 2_000
RESERVED = frozenset({
    "and", "catch", "else", "error", "false", "for", "if", "in", "is", "loop", "not", "none", "null", "or", "self",
    "super", "true", "caller", "False", "None", "True",
})  # fmt: skip
"""What no variable is called: words of expressions, and `error`, which `catch` gives."""

_FAILURES = (
    ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TemplateError, TypeError, ValueError,
)  # fmt: skip
"""What evaluating may raise where a value is not what the expression takes it for."""


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(OPERATORS)

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, optimized=False, autoescape=False)
        self.filters = {**FILTERS, JOIN: measured(join_texts), SLICE: measured(slice_items)}
        self.tests = dict(TESTS)
        self.globals = {}

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Undefined):
            return obj
        try:
            return find_attribute(obj, attribute)
        except AttributeError as error:
            return self.undefined(str(error), obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(argument, str) or isinstance(obj, Undefined):
            return self.getattr(obj, str(argument))
        if isinstance(obj, str | list | tuple | Mapping):
            try:
                found = obj[argument]
            except (LookupError, TypeError):
                return self.undefined(f"There is no item {argument!r}.", obj, argument)
            return found
        return self.undefined(f"{_describe(obj)} has no items.", obj, argument)

    def is_safe_callable(self, obj: Any) -> bool:
        # What find_attribute gives for a method is the only thing that is called.
        return isinstance(obj, partial)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - Jinja's
        if isinstance(__obj, Undefined):
            str(__obj)  # raises what it has to say
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 - Jinja's
        for side in (left, right):
            if isinstance(side, Undefined):
                str(side)  # raises what it has to say
        return OPERATORS[operator](left, right)


_SANDBOX = _Sandbox()


@dataclass(frozen=True)
class Expression:
    """One expression: its source, the variables that it uses, and how it is evaluated."""

    source: str
    names: frozenset[str]
    _evaluate: Callable[[Mapping[str, Any]], Any] = field(repr=False, compare=False)

    def evaluate(self, variables: Mapping[str, Any]) -> Any:
        """The value of the expression, as what it is: text, a number, a list, a message.

        Errors: ExpressionError; those of data, such as PropertyNotLoadedError.
        """
        try:
            with within_limits():
                return self._evaluate(variables)
        except PostroomError:
            raise
        except UndefinedError as error:
            raise ExpressionError(self._explain_missing(variables, error)) from None
        except TooLargeError as error:
            raise ExpressionError(f"“{self.source}” {error}") from None
        except _FAILURES as error:
            raise ExpressionError(
                f"“{self.source}” cannot be evaluated: {error or type(error).__name__}."
            ) from None

    def _explain_missing(self, variables: Mapping[str, Any], error: UndefinedError) -> str:
        missing = sorted(self.names - variables.keys())
        if not missing:
            return f"“{self.source}” cannot be evaluated: {error}"
        known = ", ".join(sorted(variables)) or "none"
        return f"“{self.source}” uses {', '.join(missing)}, which has no value here. Variables that have one: {known}."


@dataclass(frozen=True)
class Text:
    """Text with expressions in it, or one expression and nothing else, which keeps its value as what it is."""

    parts: tuple[str | Expression, ...]

    @property
    def names(self) -> frozenset[str]:
        """The variables that it uses."""
        return frozenset().union(*(part.names for part in self.parts if isinstance(part, Expression)))

    def evaluate(self, variables: Mapping[str, Any]) -> Any:
        """Its value. Errors: as `Expression.evaluate`."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Expression):
            return self.parts[0].evaluate(variables)
        texts = [_write(part, variables) if isinstance(part, Expression) else part for part in self.parts]
        try:
            measure(*texts)
        except TooLargeError as error:
            raise ExpressionError(f"The text {error}") from None
        return "".join(texts)


def _write(expression: Expression, variables: Mapping[str, Any]) -> str:
    value = expression.evaluate(variables)
    try:
        return write_text(value)
    except TooLargeError as error:
        raise ExpressionError(f"“{expression.source}” {error}") from None
    except TypeError as error:
        raise ExpressionError(f"“{expression.source}” {error}") from None


def has_expression(text: str) -> bool:
    """Whether there is an expression in a text."""
    return OPEN in text


@lru_cache(maxsize=4096)
def parse_text(text: str) -> Text:
    """Read a text with its expressions. Errors: ExpressionError."""
    return Text(tuple(_split(text)))


def _split(text: str) -> Iterator[str | Expression]:
    at = 0
    while (start := text.find(OPEN, at)) >= 0:
        if start > at:
            yield text[at:start]
        end = _find_end(text, start + len(OPEN))
        yield parse_expression(text[start + len(OPEN) : end].strip())
        at = end + len(CLOSE)
    if at < len(text):
        yield text[at:]


def _find_end(text: str, start: int) -> int:
    """Where an expression ends: at the first }} outside of quotes and of its own braces."""
    quote, depth, at = "", 0, start
    while at < len(text):
        letter = text[at]
        if quote:
            at += letter == "\\"
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "{":
            depth += 1
        elif letter == "}" and depth:
            depth -= 1
        elif text.startswith(CLOSE, at):
            return at
        at += 1
    raise ExpressionError("An expression that begins with ${{ does not end: }} is missing.")


@lru_cache(maxsize=4096)
def parse_expression(source: str) -> Expression:
    """Read one expression, without its braces. Errors: ExpressionError, which says what is not allowed."""
    if not source:
        raise ExpressionError("The expression is empty. Name a variable between ${{ and }}.")
    if len(source) > LONGEST_CHARACTERS:
        raise ExpressionError(
            f"The expression is longer than {LONGEST_CHARACTERS} characters. Use a Python bot."
        )
    try:
        tree = _parse(source)
        names = frozenset(node.name for node in tree.find_all(nodes.Name))
        if isinstance(tree, nodes.Name):
            names |= {tree.name}
        return Expression(source, names, _compile(tree))
    except (RecursionError, MemoryError):
        raise refuse_depth(source) from None
    except (TemplateError, SyntaxError, ValueError, OverflowError) as error:
        raise ExpressionError(f"“{source}” is not an expression: {_clean(error)}") from None


def _parse(source: str) -> nodes.Expr:
    parser = Parser(_SANDBOX, source, state="variable")
    tree = parser.parse_expression()
    if not parser.stream.eos:
        raise ExpressionError(
            f"“{source}” is more than one expression, from “{parser.stream.current.value}” on."
        )
    check_syntax(tree, source)
    return cast("nodes.Expr", Rewriter().visit(tree))


def _compile(tree: nodes.Expr) -> Callable[[Mapping[str, Any]], Any]:
    """As Jinja's `compile_expression` does it, which keeps values as what they are."""
    assigned = nodes.Assign(nodes.Name("result", "store"), tree, lineno=1)
    template = _SANDBOX.from_string(nodes.Template([assigned], lineno=1))

    def evaluate(variables: Mapping[str, Any]) -> Any:
        context = template.new_context(dict(variables))
        for _ in template.root_render_func(context):
            pass
        return _finish(context.vars["result"])

    return evaluate


def _finish(value: Any) -> Any:
    if isinstance(value, Undefined):
        str(value)  # raises what it has to say
    if isinstance(value, partial):
        raise TypeError(f"{value.func.__name__} is called with ()")
    if isinstance(value, list | tuple | Mapping):
        measure(value)
    return value


def _clean(error: Exception) -> str:
    text = str(getattr(error, "message", None) or error or type(error).__name__).split("\n")[0]
    return text if text.endswith(".") else f"{text}."


def _describe(value: Any) -> str:
    return f"A value of the kind {type(value).__name__}"
