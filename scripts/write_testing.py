"""The page of `postroom.testing`, made from its fixtures and from what a running tenant has for a test."""

import inspect
from collections.abc import Iterator
from types import FunctionType

from scripts.pages import summarize, write_table
from scripts.write_controls import read_field_docs

from postroom.testing import (
    LocalTenantError,
    RunningTenant,
    TenantAttachment,
    TenantMailbox,
    TenantMessage,
    plugin,
    start_tenant,
)

FIXTURE = type(plugin.local_tenant)


def write_testing() -> Iterator[str]:
    """Write the page of the fixtures, the tenant and its mailboxes."""
    yield from ("# Fixtures and classes for tests", "")
    yield (
        "`pip install 'postroom[testing]'` gives pytest these fixtures; nothing is to be set up. "
        "[Test your bot without a mailbox](../how-to/test-your-bot.md) shows their use."
    )
    yield from ("", "## Fixtures", "")
    yield from write_table(("fixture", "what it gives"), _list_fixtures())
    yield from (
        "",
        "## RunningTenant",
        "",
        "What `local_tenant` is. Times are in seconds unless a name says otherwise.",
        "",
    )
    yield from write_table(("member", "what it does"), _list_members(RunningTenant))
    for kind in (TenantMailbox, TenantMessage, TenantAttachment):
        yield from ("", f"## {kind.__name__}", "", summarize(kind), "")
        yield from write_table(("member", "what it is"), [*_list_fields(kind), *_list_members(kind)])
    yield from ("", "## Without pytest", "", f"`{_sign('start_tenant', start_tenant)}`")
    for paragraph in (inspect.getdoc(start_tenant) or "").split("\n\n"):
        yield from ("", paragraph.replace("\n", " "))
    yield from ("", f"`{LocalTenantError.__name__}`: {summarize(LocalTenantError)}")


def _list_fixtures() -> Iterator[tuple[str, str]]:
    for name, value in vars(plugin).items():
        if isinstance(value, FIXTURE):
            yield f"`{name}`", (inspect.getdoc(value) or "").replace("\n\n", " ").replace("\n", " ")


def _list_fields(kind: type) -> Iterator[tuple[str, str]]:
    for name, said in read_field_docs(kind).items():
        yield f"`{name}`", said


def _list_members(kind: type) -> Iterator[tuple[str, str]]:
    """List the public methods and properties of a class, its own before those that it inherits."""
    for owner in kind.__mro__[:-1]:
        for name, value in vars(owner).items():
            if name.startswith("_") or name == "reach":
                continue
            if isinstance(value, property):
                yield f"`{name}`", summarize(value)
            elif isinstance(value, FunctionType):
                yield f"`{_sign(name, value)}`", summarize(value)


def _sign(name: str, function: FunctionType) -> str:
    """Write how a function is called, with its defaults and without its types."""
    given = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name != "self"
    ]
    return f"{name}{inspect.Signature(given)}"
