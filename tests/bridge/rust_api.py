"""The public API of Rust modules as plain data, to compare two of them item by item.

An item is its path (``ns::pkg::iface::Type::method``) and what callers see of it, as text without white space.
What wit-bindgen marks as hidden, and its ``exports``, macros, traits and runtime, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import tree_sitter_rust
from tree_sitter import Language, Node, Parser

LANGUAGE = Language(tree_sitter_rust.language())

Read = Callable[[str], bytes]
"""A file's bytes by its path."""


@dataclass
class Api:
    """Items by path. ``traits`` are those that are derived or implemented for a type."""

    items: dict[str, str] = field(default_factory=dict)
    traits: dict[str, set[str]] = field(default_factory=dict)

    def put(self, module: tuple[str, ...], name: str, text: str) -> None:
        """An item of a module; `super::` in its text is followed, because there are several ways to one place."""
        self.items["::".join((*module, name))] = re.sub(
            r"((?:super::)+)", lambda found: _up(module, found[1].count("super")), text
        )

    def shape(self) -> dict[str, str]:
        """Everything as text by path."""
        shape = dict(self.items)
        for path, traits in self.traits.items():
            shape[f"{path}: traits"] = ", ".join(sorted(traits))
        return shape


def _up(module: tuple[str, ...], levels: int) -> str:
    return "".join(f"{name}::" for name in ("", *module[: len(module) - levels]))


def rust_api(read: Read, path: str, *, exports: bool = False) -> Api:
    """The API of the module in a file, with those of the modules below it (``mod x;`` is looked up)."""
    api = Api()
    folder = path.removesuffix(".rs")
    _module(api, read, _parse(read(path)), folder, (), exports=exports)
    return api


def _parse(data: bytes) -> Node:
    # wit-bindgen's function bodies have Rust that the grammar does not know (`&raw mut x`): the items around
    # them are read all the same.
    # So is a type written as an expression is.
    return Parser(LANGUAGE).parse(data.replace(b"Vec::<", b"Vec<")).root_node


def _text(node: Node | None) -> str:
    return node.text.decode() if node is not None and node.text is not None else ""


def normal(text: str) -> str:
    """Rust text without white space, and without the differences that mean nothing."""
    text = re.sub(r"//[^\n]*", "", text)
    text = "".join(re.sub(r"(\w)\s+(?=\w)", r"\1 ", text).split("\n"))
    text = re.sub(r"\s*([^\w\s])\s*", r"\1", text).strip()
    text = text.replace("::<", "<").replace("_rt::", "")
    for name in (
        "::core::option::Option",
        "::core::result::Result",
        "::std::vec::Vec",
        "::std::string::String",
    ):
        text = text.replace(name, name.rpartition("::")[2])
    text = re.sub(r"<('\w+),>", r"<\1>", text)
    text = text.replace(",>", ">")
    return _tuples(text)


def _tuples(text: str) -> str:
    """Without the comma at the end of ``(A,B,)``; that of ``(A,)`` makes it a tuple, and stays."""
    made: list[str] = []
    commas: list[int] = []
    for index, char in enumerate(text):
        if char in "(<[":
            commas.append(0)
        elif char == "," and commas:
            commas[-1] += 1
        elif char in ")]" or (char == ">" and text[index - 1] != "-"):
            count = commas.pop() if commas else 0
            if char == ")" and made[-1] == "," and count > 1:
                made.pop()
        made.append(char)
    return "".join(made)


def _module(api: Api, read: Read, node: Node, folder: str, path: tuple[str, ...], *, exports: bool) -> None:
    attributes: list[str] = []
    for child in node.named_children:
        if child.type == "attribute_item":
            attributes.append(normal(_text(child)))
            continue
        if child.type in ("line_comment", "block_comment"):
            continue
        if not any("doc(hidden)" in attribute for attribute in attributes):
            _item(api, read, child, folder, path, attributes, exports=exports)
        attributes = []


def _item(
    api: Api,
    read: Read,
    node: Node,
    folder: str,
    path: tuple[str, ...],
    attributes: list[str],
    *,
    exports: bool,
) -> None:
    name = _text(node.child_by_field_name("name"))
    full = "::".join((*path, name))
    public = any(child.type == "visibility_modifier" for child in node.children)
    match node.type:
        case "mod_item" if public and (path or exports or name != "exports"):
            body = node.child_by_field_name("body")
            inner = f"{folder}/{name}"
            _module(api, read, body or _parse(read(f"{inner}.rs")), inner, (*path, name), exports=exports)
        case "struct_item" if public:
            fields = [_member(child) for child in _children(node, "field_declaration") if _is_public(child)]
            api.put(path, name, f"struct{_generics(node)}{{{','.join(fields)}}}")
            _derived(api, full, attributes)
        case "enum_item":
            cases = [_case(child) for child in _children(node, "enum_variant")]
            api.put(path, name, f"enum{_generics(node)}{{{','.join(cases)}}}")
            _derived(api, full, attributes)
        case "type_item" if public:
            api.put(path, name, f"type{_generics(node)}={normal(_text(node.child_by_field_name('type')))}")
        case "function_item" if public:
            api.put(path, name, _function(node))
        case "impl_item":
            _impl(api, node, path)
        case "macro_invocation" if _text(node.child_by_field_name("macro")).endswith("flags"):
            _flags(api, node, path)
        case "expression_statement":
            for child in node.named_children:
                _item(api, read, child, folder, path, attributes, exports=exports)
        case _:
            pass


def _children(node: Node, type_: str) -> Iterator[Node]:
    body = node.child_by_field_name("body")
    return (child for child in (body.named_children if body else ()) if child.type == type_)


def _is_public(node: Node) -> bool:
    return any(child.type == "visibility_modifier" for child in node.children)


def _generics(node: Node) -> str:
    return normal(_text(node.child_by_field_name("type_parameters")))


def _member(node: Node) -> str:
    return f"{_text(node.child_by_field_name('name'))}:{normal(_text(node.child_by_field_name('type')))}"


def _case(node: Node) -> str:
    return _text(node.child_by_field_name("name")) + normal(_text(node.child_by_field_name("body")))


def _derived(api: Api, path: str, attributes: list[str]) -> None:
    traits = api.traits.setdefault(path, set())
    for attribute in attributes:
        found = re.fullmatch(r"#\[derive\((.*)\)\]", attribute)
        if found:
            traits.update(name for name in found[1].split(",") if name)


def _function(node: Node) -> str:
    params = []
    for child in node.child_by_field_name("parameters").named_children:  # type: ignore[union-attr]
        if child.type == "self_parameter":
            params.append(normal(_text(child)))
        elif child.type == "parameter":
            name = _text(child.child_by_field_name("pattern")).removeprefix("_")
            params.append(f"{name}:{normal(_text(child.child_by_field_name('type')))}")
    result = normal(_text(node.child_by_field_name("return_type"))).removesuffix("where Self:Sized")
    front = (
        "async " if any("async" in _text(child) for child in _children_of(node, "function_modifiers")) else ""
    )
    return f"{front}fn({','.join(params)})->{result or '()'}"


def _children_of(node: Node, type_: str) -> Iterator[Node]:
    return (child for child in node.named_children if child.type == type_)


def _impl(api: Api, node: Node, path: tuple[str, ...]) -> None:
    type_ = re.sub(r"<.*", "", normal(_text(node.child_by_field_name("type"))))
    trait = normal(_text(node.child_by_field_name("trait")))
    full = "::".join((*path, type_))
    if trait:
        name = trait.rpartition("::")[2]
        if name not in ("WasmResource", "CustomDrop"):
            api.traits.setdefault(full, set()).add(name)
        return
    attributes: list[str] = []
    body = node.child_by_field_name("body")
    for child in body.named_children if body else ():
        if child.type == "attribute_item":
            attributes.append(normal(_text(child)))
            continue
        if child.type in ("line_comment", "block_comment"):
            continue
        hidden = any("doc(hidden)" in attribute for attribute in attributes)
        if child.type == "function_item" and _is_public(child) and not hidden:
            api.put(path, f"{type_}::{_text(child.child_by_field_name('name'))}", _function(child))
        attributes = []


def _flags(api: Api, node: Node, path: tuple[str, ...]) -> None:
    text = re.sub(r"//[^\n]*", "", _text(node))
    found = re.search(r"pub struct (\w+)\s*:\s*(u\d+)\s*\{(.*)\}\s*\}", text, re.DOTALL)
    assert found, text
    api.put(path, found[1], f"flags {found[2]}{{{normal(found[3])}}}")
