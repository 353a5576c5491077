"""Errors: the runtime's ``Kind`` as the error type of an interface."""

from __future__ import annotations

from collections.abc import Mapping

from wasmdoctor.migrate.bridge.names import camel, identifier, snake
from wasmdoctor.migrate.bridge.roles import (
    KIND,
    Roles,
    Rust,
    Shape,
    arm,
    indent,
    record_of,
    split,
    union,
    without,
)
from wasmdoctor.migrate.bridge.types import PRIMITIVES
from wasmdoctor.model.record import replace
from wasmdoctor.model.wit import Member


def error_maker(roles: Roles, shape: Shape | None) -> Rust | None:
    """A function that makes the error type of a ``Kind``: its path or a closure; None when it cannot be made."""
    if shape is None:
        return Rust("|_| ()", runtime=("error",))
    made = error_value(roles, shape, "kind")
    if made is None:
        return None
    if shape.definition is None:
        return replace(made, code=f"|kind: {KIND}| {made.code}", runtime=("error",))
    name = f"{snake(shape.type.name)}_of"
    body = indent(made.code.split("\n"))
    text = f"fn {name}(kind: {KIND}) -> {roles.path(shape)} {{\n{body}\n}}"
    return Rust(name, runtime=("error",), helpers=union(made.helpers, (text,)))


def error_value(roles: Roles, shape: Shape, kind: str) -> Rust | None:
    """The error for the ``Kind`` in the variable ``kind``."""
    match shape.kind:
        case "string":
            return Rust(f"{kind}.text().to_owned()")
        case "u8":
            return Rust(f"{kind}.errno()")
        case "u16" | "u32" | "u64" | "s16" | "s32" | "s64":
            return Rust(f"{PRIMITIVES[shape.kind]}::from({kind}.errno())")
        case "enum" | "variant":
            return _error_cases(roles, shape, kind)
        case "record":
            return roles.bounded(lambda: _error_record(roles, shape, kind))
    return None


def _error_cases(roles: Roles, shape: Shape, kind: str) -> Rust | None:
    """A ``match`` that gives each ``Kind`` the case with a name for it.

    None when no case says that something else went wrong: that will happen too.
    """
    made = {member.name: _error_case(roles, shape, member, kind) for member in shape.members}
    usable = {name: code for name, code in made.items() if code is not None}
    named = {"-".join(split(name)): name for name in usable}
    named |= {without(split(name), shape.names): name for name in usable}
    chosen = {reason: _case_for(roles, reason, named) for reason in roles.words.errors}
    rest = chosen["Other"]
    known = {reason: name for reason, name in chosen.items() if name and reason != "Other"}
    if rest is None:
        return None
    for reason, others in roles.words.instead.items():
        for other in others:
            if reason not in known and chosen.get(other):
                known[reason] = chosen[other] or ""
    by_case: dict[str, list[str]] = {}
    for reason, name in known.items():
        if name != rest:
            by_case.setdefault(name, []).append(f"{KIND}::{reason}")
    lines = [arm(reasons, usable[name]) for name, reasons in by_case.items()]
    if not lines:
        return Rust(usable[rest])
    code = f"match {kind} {{\n{indent([*lines, f'_ => {usable[rest]},'])}\n}}"
    return Rust(code)


def _error_case(roles: Roles, shape: Shape, member: Member, kind: str) -> str | None:
    """A case with a payload that a ``Kind`` can fill, or without one."""
    case = f"{roles.type_path(shape)}::{camel(member.name)}"
    if member.type is None:
        return case
    payload = roles.shape(shape.scope, member.type)
    if payload.kind == "option":
        return f"{case}(None)"
    made = error_value(roles, payload, kind) if payload.definition is None else None
    return f"{case}({made.code})" if made else None


def _case_for(roles: Roles, reason: str, named: Mapping[str, str]) -> str | None:
    """The case that has one of the names of a reason, the best name first."""
    return next((named[name] for name in roles.words.errors[reason] if name in named), None)


def _error_record(roles: Roles, shape: Shape, kind: str) -> Rust | None:
    """A record with a code, a text, or both; what else it has must be optional."""
    made: list[tuple[str, Rust | None]] = []
    for member in shape.members:
        assert member.type is not None
        part = roles.shape(shape.scope, member.type)
        value = Rust("None") if part.kind == "option" else Rust("false") if part.kind == "bool" else None
        made.append((identifier(member.name), value or error_value(roles, part, kind)))
    if all(roles.shape(shape.scope, m.type).kind in ("option", "bool") for m in shape.members if m.type):
        return None
    return record_of(roles.type_path(shape), made)
