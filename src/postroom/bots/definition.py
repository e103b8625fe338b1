"""What a bot is, and the bots that are Python functions."""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, TypeVar, get_type_hints

from postroom.actions.running import find_run
from postroom.errors import SettingError

if TYPE_CHECKING:
    from postroom.bots.run import Run

P = ParamSpec("P")
R = TypeVar("R")
REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True)
class Input:
    """What a bot is given under one name: its type in Python, and its default (`REQUIRED` where it has none)."""

    name: str
    type: Any = str
    default: Any = REQUIRED
    help: str = ""

    @property
    def is_required(self) -> bool:
        """Whether it must be given."""
        return self.default is REQUIRED


class Bot(Protocol):
    """A bot: what it is called, where it is found again, what it is given, and what it does.

    `reference` finds it in a library, on whichever machine; `version` tells it from what it was at another time.
    """

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def reference(self) -> str:
        """What finds it again: `intake.bot.yaml`, or `package.module:function`."""

    @property
    def inputs(self) -> Mapping[str, Input]:
        """What it is given, by name."""

    def perform(self, run: "Run", inputs: Mapping[str, Any]) -> Any:
        """Do what it does, as this run, with all of its inputs."""

    def read_inputs(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All inputs as their types have them, from what a form or a command line gives as text.

        Errors: SettingError.
        """


class BotLibrary(Protocol):
    """Where bots are found."""

    def get(self, reference: str, beside: str | None = None) -> Bot:
        """The bot of this reference; a path is taken from the folder of the bot `beside`.

        Errors: BotNotFoundError; BotFileError where what is found is no bot.
        """


class PythonBot(Generic[P, R]):
    """A function that is a bot: called like any function, and inside a bot that runs it is a child bot."""

    def __init__(self, function: Callable[P, R], name: str) -> None:
        _check_runs_in_order(function)
        self.function = function
        self.name = name
        self.reference = f"{function.__module__}:{function.__qualname__}"
        functools.update_wrapper(self, function)

    @functools.cached_property
    def inputs(self) -> Mapping[str, Input]:
        """What it is given, by the names of its parameters."""
        hints = get_type_hints(self.function)
        return {
            parameter.name: Input(parameter.name, hints.get(parameter.name, Any), parameter.default)
            for parameter in inspect.signature(self.function).parameters.values()
        }

    def perform(self, run: "Run", inputs: Mapping[str, Any]) -> Any:  # noqa: ARG002 - it asks for its run itself
        """Call the function."""
        return self.function(**inputs)  # type: ignore[call-arg]

    def read_inputs(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All inputs as the function's annotations have them; what is text is read by pydantic, as text or as JSON.

        A plain call checks nothing, as of any function. Errors: SettingError.
        """
        read = {name: self._read_input(name, value) for name, value in given.items() if name in self.inputs}
        return fill_inputs(self, {**given, **read})

    def _read_input(self, name: str, value: Any) -> Any:
        from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError  # noqa: PLC0415 - optional

        kind = self.inputs[name].type
        if not isinstance(value, str) or kind in (str, Any):
            return value
        try:
            adapter = TypeAdapter(kind)
        except PydanticSchemaGenerationError:
            raise SettingError(
                f"The input {name} of the bot “{self.name}” is a {getattr(kind, '__name__', kind)}, which only another "
                "bot can give."
            ) from None
        try:
            return adapter.validate_python(value)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
        try:
            return adapter.validate_json(value)
        except ValidationError:
            raise SettingError(
                f"The input {name} of the bot “{self.name}” cannot be read: {reason}."
            ) from None

    def __call__(self, *args: P.args, **inputs: P.kwargs) -> R:
        """Run it: as a child bot inside a bot that runs, else by itself and without a journal."""
        from postroom.bots.run import Run, run_alone  # noqa: PLC0415 - a run knows bots, and this is one

        given = inspect.signature(self.function).bind(*args, **inputs).arguments
        run = find_run()
        if isinstance(run, Run):
            return run.run_bot(self, given)  # type: ignore[no-any-return]
        return run_alone(self, given)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"<bot {self.name}>"


def _check_runs_in_order(function: Callable[..., Any]) -> None:
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise TypeError(
            f"{function.__qualname__} cannot be a bot: write it as a plain function, without async or yield."
        )
    if any(parameter.kind in several for parameter in inspect.signature(function).parameters.values()):
        raise TypeError(
            f"{function.__qualname__} cannot be a bot: name each of its inputs, without * and **."
        )


def bot(function: Callable[P, R]) -> PythonBot[P, R]:
    """Declare a function to be a bot; its annotated parameters are its inputs.

    Called outside of any run it is the function that it was. Errors: TypeError where it cannot be a bot.
    """
    return PythonBot(function, function.__name__.replace("_", " ").capitalize())


def fill_inputs(chosen: Bot, given: Mapping[str, Any]) -> dict[str, Any]:
    """All inputs of a bot: what was given, and the defaults of what was not.

    Errors: SettingError, which names what is missing and what the bot does not take.
    """
    unknown = sorted(given.keys() - chosen.inputs.keys())
    missing = [name for name, one in chosen.inputs.items() if one.is_required and name not in given]
    if unknown:
        known = ", ".join(chosen.inputs) or "none"
        raise SettingError(f"The bot “{chosen.name}” takes no {', '.join(unknown)}. Its inputs are: {known}.")
    if missing:
        raise SettingError(
            f"The bot “{chosen.name}” needs {', '.join(missing)}, which was not given. Give it."
        )
    return {name: given.get(name, one.default) for name, one in chosen.inputs.items()}
