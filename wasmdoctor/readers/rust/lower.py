"""One pass over a syntax tree: items, and in their bodies paths, calls, method calls and macro calls.

The walk keeps its own stack, so that deep nesting costs memory and never the interpreter's stack.
Node names are those of tree-sitter-rust 0.24.
"""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node, Tree

from wasmdoctor.model.record import dataclass, field, replace
from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import SourceText, Span
from wasmdoctor.readers.rust.attributes import Attribute, is_test, read_attribute
from wasmdoctor.readers.rust.branches import Ranges, conditional_ranges
from wasmdoctor.readers.rust.items import (
    CALL,
    TYPE,
    VALUE,
    Body,
    Condition,
    Contents,
    FnItem,
    ForeignItem,
    ImplItem,
    Item,
    MacroCall,
    MacroItem,
    Mention,
    MethodCall,
    ModItem,
    Path,
    TraitItem,
    TypeExpr,
    TypeItem,
    UseItem,
    UseLeaf,
    ValueExpr,
    ValueItem,
)
from wasmdoctor.readers.rust.parse import KNOWN_GAPS, Parsed, decodable, parse_range, parse_tree
from wasmdoctor.readers.rust.tokens import OPEN, Token, closing, lex

MAX_SEGMENTS = 64
"""Paths of more segments are not followed."""

MAX_EXPRESSION = 12
"""How many steps of a method chain are followed to learn its receiver's type."""

MAX_TYPE_NODES = 64
"""How many nodes of one written type are looked at."""

MAX_EXPANSIONS = 4
"""How deep macro calls inside macro calls are read as the items that they may pass on."""


@dataclass(slots=True)
class _Context:
    """Where what is found goes: the list of items, the body, and the conditions around."""

    items: list[Item]
    body: Body
    condition: Condition | None = None
    inner: list[Attribute] = field(default_factory=list)
    module: bool = False
    expansions: int = 0


_Task = tuple[Node, str, _Context, tuple[Attribute, ...], int]
_Handler = Callable[["_Lowering", Node, _Context, tuple[Attribute, ...], int], None]


def lower(parsed: Parsed, *, whole: bool = False) -> Contents:
    """Everything that the reader needs of one parsed file.

    Unless ``whole`` is wanted at once, plain function bodies, and the conditions of control flow, are read from the
    file's bytes once more when somebody asks for them: of most files of most libraries nobody does.
    """
    source = parsed.source
    context = _Context([], Body(), module=True)
    if parsed.tree is None:
        return Contents(context.items, context.body, problems=parsed.problems)
    work = _Lowering(source, put_off=not whole and decodable(source.data) is source.data)
    work.children(parsed.tree.root_node, context)
    work.run()
    return Contents(
        context.items,
        context.body,
        tuple(context.inner),
        parsed.problems,
        _conditional(source, parsed.tree if whole else None),
    )


def _conditional(source: SourceText, tree: Tree | None) -> Ranges:
    """The parts of a file that stand under a condition; without its tree they are found when they are asked for."""
    if tree is None:
        return Ranges(lambda: conditional_ranges(parse_tree(source.data), source.data))
    found = conditional_ranges(tree, source.data)
    return Ranges(lambda: found)


def _function_body(source: SourceText, span: Span) -> Body:
    """The body of the function that stands at ``span`` of a file in UTF-8, with all that it mentions."""
    tree = parse_range(source.data, span.start, span.end, checked=True)
    node = next(iter(tree.root_node.named_children), None) if tree is not None else None
    if node is None or node.type != "function_item" or Span(node.start_byte, node.end_byte) != span:
        node = _function_at(parse_tree(source.data).root_node, span)
    context = _Context([], Body())
    work = _Lowering(source, put_off=False)
    if node is not None:
        work.function(node, context, (), span.start)
        work.run()
    return context.items[0].body if context.items else Body()


def _function_at(root: Node, span: Span) -> Node | None:
    """The function that stands at a span of a file."""
    node = root.descendant_for_byte_range(span.start, span.end)
    while node is not None and (node.type != "function_item" or Span(node.start_byte, node.end_byte) != span):
        node = node.parent
    return node


def _first(node: Node) -> Node | None:
    """The first named child, or None."""
    return next(iter(node.named_children), None)


def _is_self(parameter: Node) -> bool:
    """Whether a parameter is ``self``, with or without a type."""
    if parameter.type != "parameter":
        return parameter.type == "self_parameter"
    pattern = parameter.child_by_field_name("pattern")
    return pattern is not None and pattern.type == "self"


class _Lowering:
    """The walk's state: the file's bytes and the nodes still to visit."""

    def __init__(self, source: SourceText, *, put_off: bool) -> None:
        self.source = source
        self.data = source.data
        self.put_off = put_off
        self.stack: list[_Task] = []
        self.matched: dict[int, ValueExpr | None] = {}

    def run(self) -> None:
        stack, handlers, quiet = self.stack, _HANDLERS, _QUIET
        while stack:
            node, kind, context, attributes, start = stack.pop()
            handler = handlers.get(kind)
            if handler is not None:
                handler(self, node, context, attributes, start)
            elif kind not in quiet:
                self.children(node, context)

    def text(self, node: Node) -> str:
        """A node's text; raw identifiers lose their ``r#``."""
        text = self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")
        return text[2:] if text[:2] == "r#" else text

    def push(self, node: Node | None, context: _Context) -> None:
        if node is not None:
            kind = node.type
            if kind in _SIMPLE:
                self.name(kind, node, context)
            elif kind not in _QUIET:
                self.stack.append((node, kind, context, (), node.start_byte))

    def name(self, kind: str, node: Node, context: _Context) -> None:
        """Note a path of one name."""
        start, end = node.start_byte, node.end_byte
        name = self.data[start:end].decode("utf-8", "replace")
        if name[:2] == "r#":
            name = name[2:]
        mentioned = VALUE if kind == "identifier" else TYPE
        context.body.mentions.append(Mention(mentioned, (name,), start, end, context.condition))

    def children(self, node: Node, context: _Context) -> None:
        """Visit the named children in order; attributes go with what they stand before."""
        tasks: list[_Task] = []
        pending: list[Attribute] = []
        first = -1
        quiet = _QUIET
        for child in node.named_children:
            kind = child.type
            if kind in _SIMPLE and not pending:
                self.name(kind, child, context)
            elif kind in quiet:
                if first < 0 and kind.endswith("comment") and self._documents(child):
                    first = child.start_byte
            elif kind == "attribute_item":
                pending.append(read_attribute(self.data, child.start_byte, child.end_byte))
                if first < 0:
                    first = child.start_byte
            elif kind == "ERROR" and self.data[child.start_byte : child.end_byte] in KNOWN_GAPS:
                continue  # what stands before it belongs to what stands after it
            elif kind == "inner_attribute_item":
                context.inner.append(read_attribute(self.data, child.start_byte, child.end_byte))
            else:
                start = first if first >= 0 else child.start_byte
                if pending:
                    tasks.append((child, kind, self._under(context, pending), tuple(pending), start))
                    pending = []
                else:
                    tasks.append((child, kind, context, (), start))
                first = -1
        tasks.reverse()
        self.stack.extend(tasks)

    def _documents(self, comment: Node) -> bool:
        text = self.data[comment.start_byte : comment.start_byte + 4]
        return (text[:3] == b"///" and text != b"////") or (text[:3] == b"/**" and text[:4] != b"/**/")

    def _under(self, context: _Context, attributes: list[Attribute]) -> _Context:
        deciding = tuple(a for a in attributes if a.name in ("cfg", "cfg_attr") or is_test(a))
        if not deciding:
            return context
        condition = Condition(context.condition, deciding)
        return replace(context, condition=condition)

    def own(self, node: Node, context: _Context) -> _Context:
        """The context under the attributes that stand inside a node (match arms, field values)."""
        first = _first(node)
        if first is None or first.type != "attribute_item":
            return context
        found = [child for child in node.named_children if child.type == "attribute_item"]
        return self._under(
            context, [read_attribute(self.data, child.start_byte, child.end_byte) for child in found]
        )

    # Paths and types

    def path(self, node: Node, context: _Context) -> Path | None:
        """The names of a path node. What stands in its generic arguments is visited as well."""
        names: list[str] = []
        at: Node | None = node
        while at is not None and len(names) <= MAX_SEGMENTS:
            kind = at.type
            if kind in ("scoped_identifier", "scoped_type_identifier"):
                name = at.child_by_field_name("name")
                if name is None:
                    return None
                names.append(self.text(name))
                following = at.child_by_field_name("path")
                if following is None:  # `::a`
                    names.append("")
                at = following
            elif kind in ("generic_type", "generic_type_with_turbofish", "generic_function"):
                self.push(at.child_by_field_name("type_arguments"), context)
                at = at.child_by_field_name("type") or at.child_by_field_name("function")
            elif kind == "bracketed_type":
                inner = _first(at)
                if inner is None:
                    return None
                if inner.type == "qualified_type":
                    self.push(inner.child_by_field_name("type"), context)
                    trait = inner.child_by_field_name("alias")
                    at = trait
                else:
                    at = inner
            elif kind in _NAME_NODES:
                names.append(self.text(at))
                at = None
            else:
                self.push(at, context)
                return None
        if at is not None:
            return None
        names.reverse()
        return tuple(names)

    def mention(self, kind: str, node: Node, context: _Context) -> None:
        names = (self.text(node),) if node.type in _SIMPLE else self.path(node, context)
        if names:
            context.body.mentions.append(
                Mention(kind, names, node.start_byte, node.end_byte, context.condition)
            )

    def type_expr(
        self, node: Node | None, budget: list[int] | None = None, depth: int = 0
    ) -> TypeExpr | None:
        """A written type, or None; types that nest deeper than eight levels lose what is inside."""
        budget = budget if budget is not None else [MAX_TYPE_NODES]
        while node is not None and node.type in ("reference_type", "pointer_type", "parenthesized_type"):
            node = node.child_by_field_name("type") or _first(node)
        budget[0] -= 1
        if node is None or budget[0] < 0 or depth > 8:
            return None
        kind = node.type
        if kind in _NAME_NODES or kind in ("scoped_type_identifier", "scoped_identifier"):
            head = self._plain_path(node)
            return TypeExpr(head) if head else None
        if kind == "generic_type":
            named = node.child_by_field_name("type")
            arguments = node.child_by_field_name("type_arguments")
            args = self._type_args(arguments, budget, depth)
            return TypeExpr(self._plain_path(named) if named is not None else None, args)
        if kind in ("dynamic_type", "abstract_type"):
            inner = self.type_expr(node.child_by_field_name("trait"), budget, depth + 1)
            return TypeExpr(inner.head if inner else None, inner.args if inner else (), True)
        return TypeExpr(None, self._type_args(node, budget, depth))

    def _type_args(self, node: Node | None, budget: list[int], depth: int) -> tuple[TypeExpr, ...]:
        if node is None:
            return ()
        found = (self.type_expr(child, budget, depth + 1) for child in node.named_children[:16])
        return tuple(expr for expr in found if expr is not None)

    def _plain_path(self, node: Node) -> Path | None:
        """The names of a path whose generic arguments do not matter."""
        if node.type in _NAME_NODES:
            return (self.text(node),)
        depth = len(self.stack)
        names = self.path(node, _NOWHERE)
        del self.stack[depth:]
        return names

    # Items

    def base(self, node: Node, context: _Context, attributes: tuple[Attribute, ...], start: int) -> _Base:
        name = node.child_by_field_name("name")
        visibility = ""
        for child in node.named_children[:2]:
            if child.type == "visibility_modifier":
                visibility = self.text(child)
        return (
            self.text(name) if name is not None else "",
            Span(node.start_byte, node.end_byte),
            Span(start, node.end_byte),
            attributes,
            context.condition,
            visibility,
        )

    def function(self, node: Node, context: _Context, attributes: tuple[Attribute, ...], start: int) -> None:
        body = Body()
        item = FnItem(*self.base(node, context, attributes, start), body)
        name = node.child_by_field_name("name")
        if name is not None:
            item.name_span = Span(name.start_byte, name.end_byte)
        inner = _Context(body.items, body)
        depth = len(self.stack)
        self._generics(node, inner)
        result = node.child_by_field_name("return_type")
        item.result = self.type_expr(result)
        block = node.child_by_field_name("body")
        parameters = node.child_by_field_name("parameters")
        context.items.append(item)
        if self.put_off and not context.expansions and self._is_plain(node, name, block):
            del self.stack[depth:]
            source, span = self.source, item.span
            body.put_off(lambda: _function_body(source, span))
            item.has_self = parameters is not None and any(
                _is_self(child) for child in parameters.named_children
            )
            return
        self.push(block, inner)
        self.push(result, inner)
        if parameters is not None:
            item.has_self = self._parameters(parameters, inner)

    def _is_plain(self, node: Node, name: Node | None, block: Node | None) -> bool:
        """Whether there are surely no items and no macro calls in a function, and it reads the same by itself."""
        if name is None or block is None or node.has_error:
            return False
        start, end = block.start_byte, block.end_byte
        return not _ITEM_OR_MACRO.search(self.data, start, end) and not _ODD_SIGNATURE.search(
            self.data, name.end_byte, start
        )

    def _generics(self, node: Node, context: _Context) -> None:
        """Names of type parameters with the paths of their bounds; the bounds are visited too."""
        for child in node.named_children:
            if child.type == "where_clause":
                self.push(child, context)
            elif child.type == "type_parameters":
                self.push(child, context)
                for parameter in child.named_children:
                    name = parameter.child_by_field_name("name") or _first(parameter)
                    bounds = parameter.child_by_field_name("bounds")
                    if name is not None and name.type in ("type_identifier", "identifier"):
                        paths = [] if bounds is None else [self._plain_path(b) for b in bounds.named_children]
                        context.body.generics[self.text(name)] = [path for path in paths if path]

    def _parameters(self, node: Node, context: _Context) -> bool:
        has_self = False
        for child in node.named_children:
            has_self = has_self or _is_self(child)
            if child.type == "parameter":
                pattern = child.child_by_field_name("pattern")
                self._bind(pattern, child.child_by_field_name("type"), None, context)
        return has_self

    def _bind(self, pattern: Node | None, type_: Node | None, value: Node | None, context: _Context) -> None:
        """A pattern with its declared type and its initial value: binders, and what their types are."""
        source: ValueExpr | None = None
        if type_ is not None:
            self.push(type_, context)
            expr = self.type_expr(type_)
            if expr is not None and expr.head != ("_",):
                source = ValueExpr("type", type=expr)
        if source is None:
            source = self.value(value)
        if pattern is not None:
            self.pattern(pattern, source, context)

    def pattern(self, root: Node, source: ValueExpr | None, context: _Context) -> None:
        """Names that a pattern binds, and the paths that it mentions."""
        body = context.body
        stack: list[tuple[Node, ValueExpr | None]] = [(root, source)]
        while stack:
            node, value = stack.pop()
            kind = node.type
            if kind in ("identifier", "shorthand_field_identifier"):
                name = self.text(node)
                if name[:1].isupper():
                    body.mentions.append(
                        Mention(VALUE, (name,), node.start_byte, node.end_byte, context.condition)
                    )
                else:
                    body.binders.add(name)
                    body.locals.setdefault(name, []).append(value or _UNKNOWN)
            elif kind in ("scoped_identifier", "scoped_type_identifier", "type_identifier"):
                self.mention(VALUE, node, context)
            elif kind == "tuple_struct_pattern":
                named = node.child_by_field_name("type")
                inner = value
                if named is not None:
                    self.mention(VALUE, named, context)
                    unwraps = named.type == "identifier" and self.text(named) in ("Some", "Ok")
                    inner = value and ValueExpr("try" if unwraps else "part", base=value)
                stack.extend((child, inner) for child in node.named_children if child != named)
            elif kind in _TRANSPARENT_PATTERNS:
                stack.extend((child, value) for child in node.named_children)
            elif kind == "macro_invocation" or kind.endswith("_literal"):
                self.push(node, context)
            elif kind == "match_pattern":
                condition = node.child_by_field_name("condition")
                stack.extend((child, value) for child in node.named_children if child != condition)
                self.push(condition, context)
            else:
                inner = value and ValueExpr("part", base=value)
                names = node.child_by_field_name("type") or node.child_by_field_name("name")
                if names is not None and names.type != "field_identifier":
                    if kind == "struct_pattern":
                        self.mention(VALUE, names, context)
                        stack.extend((child, inner) for child in node.named_children if child != names)
                        continue
                    stack.append((names, inner))
                stack.extend((child, inner) for child in node.named_children if child != names)

    # Values, as far as a receiver's type may follow from them

    def field_name(self, node: Node) -> str:
        name = node.child_by_field_name("field")
        return self.text(name) if name is not None else ""

    def value(self, node: Node | None) -> ValueExpr | None:
        steps: list[tuple[str, Node | None]] = []
        start: ValueExpr | None = None
        while node is not None:
            if len(steps) > MAX_EXPRESSION:
                return None
            kind = node.type
            if kind in ("identifier", "self"):
                start = ValueExpr("name", self.text(node))
                break
            if kind == "field_expression":
                steps.append(("field", node))
                node = node.child_by_field_name("value")
            elif kind == "call_expression":
                function = node.child_by_field_name("function")
                if function is not None and function.type == "generic_function":
                    function = function.child_by_field_name("function")
                if function is None:
                    return None
                if function.type == "field_expression":
                    steps.append(("method", function))
                    node = function.child_by_field_name("value")
                elif function.type in ("identifier", "scoped_identifier"):
                    path = self._plain_path(function)
                    if path in (("Some",), ("Ok",), ("Box", "new"), ("Rc", "new"), ("Arc", "new")):
                        arguments = node.child_by_field_name("arguments")
                        steps.append(("wrap", None))
                        node = _first(arguments) if arguments is not None else None
                        continue
                    start = ValueExpr("call", path=path) if path else None
                    break
                else:
                    return None
            elif kind == "try_expression":
                steps.append(("try", None))
                node = _first(node)
            elif kind == "index_expression":
                steps.append(("part", None))
                node = _first(node)
            elif kind in ("type_cast_expression", "struct_expression"):
                expr = self.type_expr(node.child_by_field_name("type") or node.child_by_field_name("name"))
                start = ValueExpr("type", type=expr) if expr else None
                break
            elif kind == "reference_expression":
                node = node.child_by_field_name("value")
            elif kind in ("await_expression", "parenthesized_expression", "unary_expression"):
                node = _first(node)
            else:
                return None
        for step, named in reversed(steps):
            if start is None:
                return None
            if step != "wrap":
                name = self.field_name(named) if named is not None else ""
                start = ValueExpr(step, name, base=start)
        return start


_UNKNOWN = ValueExpr("unknown")
_NOWHERE = _Context([], Body())
_Base = tuple[str, Span, Span, tuple[Attribute, ...], Condition | None, str]

_NAME_NODES = frozenset(
    {
        "identifier",
        "type_identifier",
        "primitive_type",
        "crate",
        "self",
        "super",
        "metavariable",
        "field_identifier",
        "shorthand_field_identifier",
    }
)
_SIMPLE = frozenset({"identifier", "type_identifier"})
_TRANSPARENT_PATTERNS = frozenset(
    {"mut_pattern", "ref_pattern", "reference_pattern", "or_pattern", "captured_pattern"}
)
_QUIET = frozenset(
    {
        "line_comment",
        "block_comment",
        "mutable_specifier",
        "lifetime",
        "field_identifier",
        "integer_literal",
        "float_literal",
        "string_literal",
        "raw_string_literal",
        "char_literal",
        "boolean_literal",
        "visibility_modifier",
        "primitive_type",
        "crate",
        "super",
        "self",
        "metavariable",
        "extern_modifier",
        "label",
        "shorthand_field_identifier",
        "empty_statement",
        "remaining_field_pattern",
        "token_tree",
        "loop_label",
    }
)


def _module(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    body = Body()
    item = ModItem(*work.base(node, context, attributes, at), body)
    block = node.child_by_field_name("body")
    if block is not None:
        item.items = []
        inner = _Context(item.items, body, module=True)
        work.children(block, inner)
        item.inner = tuple(inner.inner)
    context.items.append(item)


def _use(work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int) -> None:
    item = UseItem(*work.base(node, context, attributes, at), Body())
    argument = node.child_by_field_name("argument")
    stack: list[tuple[Node, Path]] = [(argument, ())] if argument is not None else []
    while stack:
        part, prefix = stack.pop()
        kind = part.type
        span = Span(part.start_byte, part.end_byte)
        if len(prefix) > MAX_SEGMENTS:
            continue
        if kind == "use_list":
            stack.extend((child, prefix) for child in reversed(part.named_children))
        elif kind == "scoped_use_list":
            path = part.child_by_field_name("path")
            names = work.path(path, context) if path is not None else ("",)
            inner = part.child_by_field_name("list")
            if names is not None and inner is not None:
                stack.append((inner, prefix + names))
        elif kind == "use_wildcard":
            path = _first(part)
            names = work.path(path, context) if path is not None else ()
            if path is None and part.children[0].type == "::":
                names = ("",)
            if names is not None:
                item.leaves.append(UseLeaf(prefix + names, "", True, span))
        elif kind == "use_as_clause":
            path, alias = part.child_by_field_name("path"), part.child_by_field_name("alias")
            names = work.path(path, context) if path is not None else None
            if names and alias is not None:
                item.leaves.append(UseLeaf(_no_self(prefix + names), work.text(alias), False, span))
            elif names:  # `as _`: the trait is in scope, the name is not
                item.leaves.append(UseLeaf(_no_self(prefix + names), "_", False, span))
        elif kind.endswith("comment"):
            continue
        else:
            names = work.path(part, context)
            if names:
                full = _no_self(prefix + names)
                item.leaves.append(UseLeaf(full, full[-1] if full else "", False, span))
    context.items.append(item)


def _no_self(path: Path) -> Path:
    """``a::b::{self}`` names ``a::b``."""
    return path[:-1] if len(path) > 1 and path[-1] == "self" else path


def _extern_crate(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    item = UseItem(*work.base(node, context, attributes, at), Body(), extern_crate=True)
    alias = node.child_by_field_name("alias")
    name = work.text(alias) if alias is not None else item.name
    path = ("crate",) if item.name == "self" else ("", item.name)
    item.leaves.append(UseLeaf(path, name, False, item.span))
    context.items.append(item)


def _value_item(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    body = Body()
    item = ValueItem(*work.base(node, context, attributes, at), body)
    inner = _Context(body.items, body)
    type_, value = node.child_by_field_name("type"), node.child_by_field_name("value")
    item.type = work.type_expr(type_)
    if value is not None:
        item.value_span = Span(value.start_byte, value.end_byte)
    work.push(value, inner)
    work.push(type_, inner)
    context.items.append(item)


def _type_item(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    body = Body()
    item = TypeItem(*work.base(node, context, attributes, at), body, kind=node.type.removesuffix("_item"))
    inner = _Context(body.items, body)
    work._generics(node, inner)
    members = node.child_by_field_name("body")
    if node.type in ("type_item", "associated_type"):
        item.kind = "alias"
        target = node.child_by_field_name("type")
        item.alias = work.type_expr(target)
        work.push(target, inner)
        work.push(node.child_by_field_name("bounds"), inner)
    elif members is not None:
        _members(work, members, item)
        work.push(members, inner)
    context.items.append(item)


def _members(work: _Lowering, members: Node, item: TypeItem) -> None:
    """Fields by name (``0`` and so on for tuples) and variants by name."""
    position = 0
    ordered = members.type == "ordered_field_declaration_list"
    for child in members.named_children:
        kind = child.type
        if kind == "enum_variant":
            name = child.child_by_field_name("name")
            if name is not None:
                item.variants.add(work.text(name))
        elif kind == "field_declaration":
            name = child.child_by_field_name("name")
            expr = work.type_expr(child.child_by_field_name("type"))
            if name is not None and expr is not None:
                item.fields[work.text(name)] = expr
        elif ordered and kind not in _QUIET - {"primitive_type"} and kind != "attribute_item":
            expr = work.type_expr(child)
            if expr is not None:
                item.fields[str(position)] = expr
            position += 1


def _trait(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    body = Body()
    item = TraitItem(*work.base(node, context, attributes, at), body)
    inner = _Context(item.items, body)
    work._generics(node, inner)
    work.push(node.child_by_field_name("body"), inner)
    work.push(node.child_by_field_name("bounds"), inner)
    context.items.append(item)


def _impl(work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int) -> None:
    body = Body()
    item = ImplItem(*work.base(node, context, attributes, at), body)
    inner = _Context(item.items, body)
    work._generics(node, inner)
    trait, type_ = node.child_by_field_name("trait"), node.child_by_field_name("type")
    work.push(node.child_by_field_name("body"), inner)
    if trait is not None:
        item.trait = work._plain_path(trait)
        item.trait_span = Span(trait.start_byte, trait.end_byte)
        work.push(trait, inner)
    if type_ is not None:
        item.type = work.type_expr(type_)
        item.type_text = work.text(type_)
        work.push(type_, inner)
    context.items.append(item)


def _foreign(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    body = Body()
    item = ForeignItem(*work.base(node, context, attributes, at), body)
    work.push(node.child_by_field_name("body"), _Context(item.items, body))
    context.items.append(item)


def _macro_definition(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    base = work.base(node, context, attributes, at)
    name = node.child_by_field_name("name")
    start = name.end_byte if name is not None else node.start_byte
    context.items.append(MacroItem(*base, Body(), start, node.end_byte))


def _macro_call(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    named = node.child_by_field_name("macro")
    tokens = node.named_child(node.named_child_count - 1)
    path = work.path(named, context) if named is not None else None
    if not path or tokens is None or tokens.type != "token_tree":
        return
    first, last = tokens.start_byte + 1, max(tokens.start_byte + 1, tokens.end_byte - 1)
    if path[-1] not in _BINDINGS_MACROS and context.expansions < MAX_EXPANSIONS:
        braces = work.data[tokens.start_byte : first] == b"{"
        if (path[-1] == "cfg_if" and _cfg_if(work, first, last, context)) or (
            braces and context.module and _pass_on(work, first, last, context)
        ):
            last = first
    call = MacroCall(
        path, node.start_byte, node.end_byte, first, last, attributes, context.condition, context.module
    )
    context.body.macros.append(call)


def _pass_on(work: _Lowering, start: int, end: int, context: _Context) -> bool:
    """Items in braces after an unknown macro's name: most such macros only put a ``cfg`` before them.

    They count as possibly compiled. False when they do not read as items.
    """
    tree = parse_range(work.data, start, end) if _ITEM_WORDS.search(work.data, start, end) else None
    if tree is None or any(child.type not in _ITEM_NODES for child in tree.root_node.named_children):
        return False
    condition = Condition(context.condition, (), unknown=True)
    inner = replace(context, condition=condition, inner=[], expansions=context.expansions + 1)
    work.children(tree.root_node, inner)
    return True


def _cfg_if(work: _Lowering, start: int, end: int, context: _Context) -> bool:
    """The branches of ``cfg_if!`` (crate cfg-if 1.0), each under its condition; False when malformed."""
    tokens = lex(work.data, start, end)
    branches: list[tuple[Tree, Condition]] = []
    earlier: tuple[Attribute, ...] = ()
    at = 0
    while at < len(tokens):
        own: tuple[Attribute, ...] = ()
        if tokens[at].text == "if" and at + 2 < len(tokens) and tokens[at + 1].text == "#":
            stop = closing(tokens, at + 2)
            if stop == len(tokens):
                return False
            own = (read_attribute(work.data, tokens[at + 1].start, tokens[stop].end),)
            at = stop + 1
        block = _block(tokens, at)
        tree = None if block is None else parse_range(work.data, tokens[at].start, tokens[block].end)
        if block is None or tree is None:
            return False
        branches.append((tree, Condition(context.condition, own, earlier)))
        earlier += own
        at = block + 1
        if at < len(tokens):
            if tokens[at].text != "else":
                return False
            at += 1
    for tree, condition in reversed(branches):
        inner = replace(context, condition=condition, inner=[], expansions=context.expansions + 1)
        work.children(tree.root_node, inner)
    return bool(branches)


def _block(tokens: list[Token], at: int) -> int | None:
    """The index of the brace that closes the block opened at ``at``, or None."""
    if at >= len(tokens) or tokens[at].kind != OPEN or tokens[at].text != "{":
        return None
    stop = closing(tokens, at)
    return stop if stop < len(tokens) else None


def _statement(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    """An expression statement; a macro call in it keeps the attributes."""
    child = _first(node)
    if child is not None and child.type == "macro_invocation":
        _macro_call(work, child, context, attributes, at)
    else:
        work.children(node, context)


def _call(work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int) -> None:
    work.push(node.child_by_field_name("arguments"), context)
    function = node.child_by_field_name("function")
    if function is not None and function.type == "generic_function":
        work.push(function.child_by_field_name("type_arguments"), context)
        function = function.child_by_field_name("function")
    if function is None:
        return
    if function.type in ("identifier", "scoped_identifier"):
        work.mention(CALL, function, context)
    elif function.type == "field_expression":
        name, value = function.child_by_field_name("field"), function.child_by_field_name("value")
        if name is not None and name.type == "field_identifier":
            context.body.methods.append(
                MethodCall(
                    work.text(name), work.value(value), name.start_byte, name.end_byte, context.condition
                )
            )
        work.push(value, context)
    else:
        work.push(function, context)


def _let(work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int) -> None:
    value = node.child_by_field_name("value")
    work.push(node.child_by_field_name("alternative"), context)
    work.push(value, context)
    work._bind(node.child_by_field_name("pattern"), node.child_by_field_name("type"), value, context)


def _for(work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int) -> None:
    value = node.child_by_field_name("value")
    work.push(node.child_by_field_name("body"), context)
    work.push(value, context)
    pattern = node.child_by_field_name("pattern")
    source = work.value(value)
    if pattern is not None:
        work.pattern(pattern, source and ValueExpr("part", base=source), context)


def _match(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    value = node.child_by_field_name("value")
    work.push(node.child_by_field_name("body"), context)
    work.push(value, context)
    body = node.child_by_field_name("body")
    source = work.value(value)
    if source is not None and body is not None:
        for arm in body.named_children:
            work.matched[arm.id] = source


def _match_arm(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    context = work.own(node, context)
    work.push(node.child_by_field_name("value"), context)
    pattern = node.child_by_field_name("pattern")
    if pattern is not None:
        work.pattern(pattern, work.matched.pop(node.id, None), context)


def _closure_parameters(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    for child in node.named_children:
        if child.type == "parameter":
            work._bind(child.child_by_field_name("pattern"), child.child_by_field_name("type"), None, context)
        elif child.type not in _QUIET:
            work.pattern(child, None, context)


def _value_path(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    work.mention(VALUE, node, context)


def _type_path(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    work.mention(TYPE, node, context)


def _field(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    work.push(node.child_by_field_name("value"), context)


def _field_value(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    context = work.own(node, context)
    work.push(node.child_by_field_name("value"), context)


def _enum_variant(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    work.push(node.child_by_field_name("body"), context)
    work.push(node.child_by_field_name("value"), context)


def _type_parameter(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    work.push(node.child_by_field_name("bounds"), context)
    work.push(node.child_by_field_name("default_type"), context)


def _type_binding(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    work.push(node.child_by_field_name("type"), context)


def _method_function(
    work: _Lowering, node: Node, context: _Context, attributes: tuple[Attribute, ...], at: int
) -> None:
    work.function(node, context, attributes, at)


_BINDINGS_MACROS = frozenset({"generate", "bindgen", "include"})
_ITEM_WORDS = regex(rb"\b(?:mod|use|fn|impl|static|const|struct|enum|trait|extern)\b")
# What a body holds that is put off neither is nor has in it; "!" stands in every macro call.
_ITEM_OR_MACRO = regex(
    rb"!(?!=)|\b(?:mod|use|fn|impl|static|const|struct|enum|union|trait|type|extern|macro_rules)\b"
)
_ODD_SIGNATURE = regex(rb"[!{]")
_ITEM_NODES = frozenset(
    {
        "line_comment",
        "block_comment",
        "attribute_item",
        "mod_item",
        "use_declaration",
        "extern_crate_declaration",
        "function_item",
        "const_item",
        "static_item",
        "struct_item",
        "enum_item",
        "union_item",
        "type_item",
        "trait_item",
        "impl_item",
        "foreign_mod_item",
        "macro_definition",
        "macro_invocation",
        "expression_statement",
        "empty_statement",
    }
)

_HANDLERS: dict[str, _Handler] = {
    "mod_item": _module,
    "use_declaration": _use,
    "extern_crate_declaration": _extern_crate,
    "function_item": _method_function,
    "function_signature_item": _method_function,
    "const_item": _value_item,
    "static_item": _value_item,
    "struct_item": _type_item,
    "enum_item": _type_item,
    "union_item": _type_item,
    "type_item": _type_item,
    "associated_type": _type_item,
    "trait_item": _trait,
    "impl_item": _impl,
    "foreign_mod_item": _foreign,
    "macro_definition": _macro_definition,
    "macro_invocation": _macro_call,
    "expression_statement": _statement,
    "call_expression": _call,
    "let_declaration": _let,
    "let_condition": _let,
    "for_expression": _for,
    "match_expression": _match,
    "match_arm": _match_arm,
    "closure_parameters": _closure_parameters,
    "identifier": _value_path,
    "scoped_identifier": _value_path,
    "type_identifier": _type_path,
    "scoped_type_identifier": _type_path,
    "generic_type": _type_path,
    "bracketed_type": _type_path,
    "field_expression": _field,
    "field_initializer": _field_value,
    "enum_variant": _enum_variant,
    "type_parameter": _type_parameter,
    "type_binding": _type_binding,
}
