"""The JSON schema of bot files, from which editors complete and check them while they are written.

Made from the same definitions as the check, so that both know the same actions. The check knows more: variables,
sessions and child bots are beyond a schema.
"""

import re
from collections.abc import Mapping
from typing import Any

from postroom.actions import Action, Package, load_packages
from postroom.bots.files.building import STEP_KEYS
from postroom.bots.files.inputs import KINDS
from postroom.bots.files.settings import Field, Kind, gives_items, list_class_fields, list_fields

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAME = {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]*$"}
_REFERENCE = "#/$defs/"


def create_schema() -> dict[str, Any]:
    """The schema of bot files with the actions of all packages that are installed here (JSON Schema 2020-12)."""
    packages = load_packages()
    return {
        "$schema": DIALECT,
        "title": "Postroom bot file",
        "type": "object",
        "additionalProperties": False,
        "required": ["steps"],
        "properties": {
            "name": {"type": "string", "description": "What people call the bot."},
            "description": {"type": "string", "description": "What it is for."},
            "inputs": {
                "type": ["object", "null"],
                "description": "What the bot is given: each by its name, with a default or a type.",
                "propertyNames": NAME,
                "additionalProperties": _refer("input"),
            },
            "steps": _refer("steps"),
        },
        "$defs": _create_definitions(packages),
    }


def _refer(name: str) -> dict[str, str]:
    return {"$ref": f"{_REFERENCE}{name}"}


def _create_definitions(packages: Mapping[str, Package]) -> dict[str, Any]:
    actions = sorted(
        (action for package in packages.values() for action in package.actions), key=lambda one: one.name
    )
    return {
        "expression": {"type": "string", "pattern": r"\$\{\{", "description": "${{ expression }}"},
        "credential": _create_group(
            "credential", "A value of the Credential Vault: name/attribute.", r".+/.+"
        ),
        "variable": _create_group("variable", "The value of a variable of the bot.", None),
        "session": _create_session(),
        "input": _create_input(),
        "steps": {"type": "array", "minItems": 1, "items": _refer("step")},
        "step": _create_step(actions),
    }


def _create_group(key: str, description: str, pattern: str | None) -> dict[str, Any]:
    value: dict[str, Any] = {"type": "string", **({"pattern": pattern} if pattern else {})}
    return {
        "type": "object", "description": description, "required": [key], "additionalProperties": False,
        "properties": {key: value},
    }  # fmt: skip


def _create_session() -> dict[str, Any]:
    described = {
        "local": "A name that is known in this bot only.",
        "global": "A name that child bots know too, and all other child bots of the parent.",
        "variable": "A session variable, which can be given to child bots.",
    }
    groups = [
        {**_create_group(scope, text, None), "properties": {scope: {"type": ["string", "number"]}}}
        for scope, text in described.items()
    ]
    return {
        "description": "The name under which the session is found again: of a local, global or variable session.",
        "anyOf": [{"type": ["string", "number", "boolean"]}, *groups],
    }


def _create_input() -> dict[str, Any]:
    declared = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "type": {"enum": list(KINDS)},
            "default": {"description": "What it is where nothing is given."},
            "required": {"type": "boolean"},
            "help": {"type": "string"},
        },
    }
    return {"anyOf": [{"type": ["string", "number", "boolean", "array"]}, _refer("credential"), declared]}


def _create_step(actions: list[Action]) -> dict[str, Any]:
    text = {"type": ["string", "number", "boolean", "null"]}
    keys: dict[str, Any] = {
        "name": {**text, "description": "What people read of the step."},
        "if": {
            "description": "Do the step only if this is true.",
            "anyOf": [{"type": "boolean"}, {"type": "string", "pattern": r"^\s*\$\{\{[\s\S]*\}\}\s*$"}],
        },
        "uses": {"enum": [action.name for action in actions], "description": "The action of the step."},
        "run_bot": {"type": "string", "description": "A child bot: a file, or module:function."},
        "with": {"type": ["object", "null"], "description": "The settings of the action, or the inputs of the bot."},
        "for_each": {**NAME, "description": "The variable that is each item in turn."},
        "in": {"description": "The list to loop over.", "anyOf": [_refer("expression"), {"type": "array"}]},
        "steps": _refer("steps"),
        "result": {**NAME, "description": "The variable that keeps what the step gave."},
        "try": _refer("steps"),
        "catch": {**_refer("steps"), "description": "Done where a step of try fails; error has message, code, kind."},
        "finally": {**_refer("steps"), "description": "Done after try and catch, whether they failed or not."},
    }  # fmt: skip
    return {
        "type": "object",
        "properties": keys,
        "oneOf": [_create_shape(kind, keys) for kind in STEP_KEYS],
        "allOf": [_create_action(action) for action in actions],
    }


def _create_shape(kind: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    """What a step has that is of this kind; no other key is there."""
    required = [kind, *{"in": ["for_each", "steps"]}.get(kind, [])]
    shape: dict[str, Any] = {
        "required": required,
        "propertyNames": {"enum": [key for key in keys if key in ("name", "if", *STEP_KEYS[kind])]},
    }
    if kind == "uses":
        shape["dependentRequired"] = {"for_each": ["steps"], "steps": ["for_each"]}
    if kind == "try":
        shape["anyOf"] = [{"required": ["catch"]}, {"required": ["finally"]}]
    return shape


def _create_action(action: Action) -> dict[str, Any]:
    fields = list_fields(action)
    settings: dict[str, Any] = {name: _create_field(one) for name, one in fields.items()}
    several = {
        name.removesuffix("s"): name for name, one in fields.items() if name[-1] == "s" and one.kind.items
    }
    settings |= {one: settings[name] for one, name in several.items() if one not in fields}
    settings["session"] = _refer("session") if action.opens else _create_session_use()
    required = [name for name, one in fields.items() if one.required and name not in several.values()]
    alternatives = [
        {"anyOf": [{"required": [one]}, {"required": [name]}]}
        for one, name in several.items()
        if fields[name].required
    ]
    given: dict[str, Any] = {
        "description": action.summary,
        "type": "object",
        "additionalProperties": False,
        "properties": settings,
        "required": [*required, *([] if action.opens else ["session"])],
    }
    if alternatives:
        given["allOf"] = alternatives
    then: dict[str, Any] = {"properties": {"with": given}}
    if given["required"] or alternatives:
        then["required"] = ["with"]
    if not gives_items(action):
        then["properties"]["for_each"] = False
    return {"if": {"properties": {"uses": {"const": action.name}}, "required": ["uses"]}, "then": then}


def _create_session_use() -> dict[str, Any]:
    return {
        "description": "The name of the session to work in, or a session variable.",
        "anyOf": [{"type": ["string", "number", "boolean"]}, _refer("variable")],
    }


def _create_field(one: Field) -> dict[str, Any]:
    described: dict[str, Any] = {"title": one.title}
    if one.help:
        described["description"] = one.help
    if one.example:
        described["examples"] = [one.example]
    if isinstance(one.default, str | int | float) and one.default != "":
        described["default"] = one.default
    return described | _create_kind(one.kind)


def _create_kind(kind: Kind) -> dict[str, Any]:
    if kind.anything:
        return {}
    return {"anyOf": [*_list_literals(kind), _refer("expression"), _refer("credential"), _refer("variable")]}


def _list_literals(kind: Kind) -> list[dict[str, Any]]:
    names = {
        "text": "string",
        "boolean": "boolean",
        "whole": "integer",
        "number": "number",
        "nothing": "null",
    }
    types = [name for flag, name in names.items() if getattr(kind, flag)]
    literals: list[dict[str, Any]] = [{"enum": list(kind.choices)}] if kind.choices else []
    if kind.choices:
        # In a file, case makes no difference; an editor completes what stands in the list.
        pattern = "|".join(map(_ignore_case, kind.choices))
        literals.append({"type": "string", "pattern": f"^({pattern})$"})
    if kind.text and "number" not in types:
        types.append("number")
    literals += [{"type": types}] if types else []
    literals += [{"type": "array", "items": _create_kind(kind.items)}] if kind.items else []
    literals += [{"type": "object"}] if kind.named else []
    return literals + [_create_class(name, made) for name, made in kind.classes.items()]


def _ignore_case(text: str) -> str:
    return "".join(f"[{one.lower()}{one.upper()}]" if one.isalpha() else re.escape(one) for one in text)


def _create_class(name: str, made: type) -> dict[str, Any]:
    fields = list_class_fields(made)
    return {
        "type": "object",
        "title": name,
        "additionalProperties": False,
        "required": ["mode", *(one.name for one in fields.values() if one.required)],
        "properties": {"mode": {"const": name}, **{one.name: _create_field(one) for one in fields.values()}},
    }
