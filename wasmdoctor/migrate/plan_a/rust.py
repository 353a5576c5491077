"""The edits of Rust files: bindings and what hangs on them out, bridges in, paths led to the bridges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from wasmdoctor.migrate import rustedits
from wasmdoctor.migrate.bridge.names import module_path, package_versions
from wasmdoctor.migrate.inputs import BridgeRequest, ComponentInput, PlanInputs
from wasmdoctor.migrate.plan_a.going import NodeKey, alive_names, is_export, node_key
from wasmdoctor.migrate.plan_a.sites import RustPath, SitePlan, Sites
from wasmdoctor.migrate.rustedits import Cut, UseTree
from wasmdoctor.model.edit import Edit, Remove, Replace
from wasmdoctor.model.plan import ManualStep
from wasmdoctor.model.rust import GenerateOption
from wasmdoctor.model.source import Location, SourceText, Span
from wasmdoctor.readers.cargo.files import folder_of, join
from wasmdoctor.readers.rust.attributes import read_attribute
from wasmdoctor.readers.rust.itemgraph import ItemGraph, ItemNode, Leaf, ModuleNode
from wasmdoctor.readers.rust.tokens import IDENT, lex

BRIDGE = "wasi_bridge"
"""What a bridge module is called, when the name is free."""

UNNEEDED = "library crates are linked, and export nothing themselves"
MAX_PARENTS = 64


@dataclass(slots=True)
class _Placed:
    """Where a site's bridge goes.

    ``sibling`` when it takes the place of the bindings module, else it lies inside of it. ``name`` is the
    module's, ``module`` its path in the program's names, ``file`` its file. ``clashing`` are names at the top
    of the bindings that stay, which the bridge has too: paths through them get the bridge's name put in.
    """

    plan: SitePlan
    sibling: bool
    name: str
    module: str
    file: str
    clashing: frozenset[str] = frozenset()


@dataclass(slots=True)
class RustEdits:
    """What the Rust side of the plan comes to. ``removed`` are files that go."""

    edits: list[Edit] = field(default_factory=list)
    manual: list[ManualStep] = field(default_factory=list)
    requests: list[tuple[SitePlan, BridgeRequest]] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    obstacles: list[str] = field(default_factory=list)


def rust_edits(inputs: PlanInputs, sites: Sites) -> RustEdits:
    """The edits of all members' sources, and the bridges that they want."""
    return _Rust(inputs, sites).make()


class _Rust:
    def __init__(self, inputs: PlanInputs, sites: Sites) -> None:
        self.inputs = inputs
        self.sites = sites
        self.result = RustEdits()
        self.cuts: dict[str, list[Cut]] = {}
        self.spots: dict[str, dict[Span, tuple[bytes, str]]] = {}
        self.gone_modules: dict[tuple[str, int], str] = {}
        self.placed: list[_Placed] = []
        self.taken: set[str] = set()
        self.data: dict[str, bytes] = {}
        self.widths: dict[str, int] = {}

    def make(self) -> RustEdits:
        dying = self._dying_modules()
        self._place(dying)
        self._calls()
        self._items(dying)
        for position, component in enumerate(self.inputs.components):
            self._leaves(position, component)
        for position, component in enumerate(self.inputs.components):
            self._renames(position, component)
        self._write()
        return self.result

    # What goes

    def read(self, path: str) -> bytes:
        if path not in self.data:
            self.data[path] = self.inputs.files.read(path) or b""
        return self.data[path]

    def cut(self, path: str, span: Span, cause: str, put: bytes = b"") -> None:
        cut = Cut(span, cause, put)
        known = self.cuts.setdefault(path, [])
        if cut not in known:
            known.append(cut)

    def spot(self, path: str, span: Span, data: bytes, cause: str) -> None:
        self.spots.setdefault(path, {})[span] = (data, cause)

    def _call_keys(self) -> set[tuple[str, int]]:
        """The ``generate!`` calls that go."""
        return {
            (plan.site.call.location.path, plan.site.call.span.start)
            for plan in self.sites.plans
            if plan.site.call is not None and not plan.keep
        }

    def _is_dead(self, node: ItemNode) -> bool:
        return node_key(node) in self.sites.dead

    def _gone(self, node: ItemNode) -> bool:
        return self._is_dead(node) or (
            node.kind == "call" and (node.file, node.span.start) in self._gone_calls
        )

    def _dying_modules(self) -> dict[int, set[str]]:
        """For each component, the modules of which nothing stays."""
        self._gone_calls = self._call_keys()
        votes: dict[tuple[str, str, int], bool] = {}
        per: list[dict[str, tuple[str, str, int]]] = []
        for position, component in enumerate(self.inputs.components):
            graph = component.program.items
            dying = self._dying_in(position, graph)
            keys: dict[str, tuple[str, str, int]] = {}
            for module in graph.modules:
                item = graph.nodes[module.item] if module.item is not None else None
                if item is None:
                    continue
                key = (module.file, item.file, item.span.start)
                keys[module.name] = key
                votes[key] = votes.get(key, True) and module.name in dying
            per.append(keys)
        return {
            position: {name for name, key in keys.items() if votes[key]} for position, keys in enumerate(per)
        }

    def _dying_in(self, position: int, graph: ItemGraph) -> set[str]:
        nodes: dict[str, list[ItemNode]] = {}
        for node in graph.nodes.values():
            nodes.setdefault(node.module, []).append(node)
        files = {
            plan.modules[position]
            for plan in self.sites.plans
            if plan.site.file is not None and not plan.keep and position in plan.modules
        }
        bridged = {
            plan.modules[position] for plan in self.sites.plans if plan.bridged and position in plan.modules
        }
        children: dict[str, list[str]] = {}
        for module in graph.modules:
            children.setdefault(module.parent, []).append(module.name)
        dying: set[str] = set()
        for module in reversed(graph.modules):  # children before their parents
            if module.name in files:
                dying.add(module.name)
                continue
            mine = nodes.get(module.name, [])
            lost = [node for node in mine if self._gone(node)]
            below = children.get(module.name, [])
            if not lost and not any(name in dying for name in below):
                continue
            rest = [node for node in mine if not self._gone(node) and node.kind not in ("use", "mod")]
            if rest or any(name not in dying or name in bridged for name in below):
                continue
            if self._reexports(mine):
                continue
            dying.add(module.name)
        return dying

    def _reexports(self, nodes: Iterable[ItemNode]) -> bool:
        """Whether a ``pub use`` among nodes passes on what stays elsewhere."""
        return any(
            node.kind == "use"
            and node.visibility
            and any(leaf.items or not leaf.known for leaf in node.leaves)
            for node in nodes
        )

    # Where bridges go

    def _place(self, dying: Mapping[int, set[str]]) -> None:
        for plan in self.sites.plans:
            if not plan.bridged:
                continue
            position, module = next(iter(plan.modules.items()))
            component = self.inputs.components[position]
            nodes = {node.name: node for node in component.program.items.modules}
            own = nodes[module]
            generated = plan.site.file is not None
            sibling = generated or module in dying[position]
            holder = nodes[own.parent] if sibling and own.parent else own
            if generated and not own.parent:
                self.result.obstacles.append(
                    f"{plan.site.binding.location}: the crate's root is generated code"
                )
                continue
            name = self._free(component, holder)
            file = join(holder.folder, f"{name}.rs")
            self.taken.add(file)
            clashing = frozenset[str]()
            if not sibling and plan.keep:
                kept = (
                    plan.paths.paths[item][0] for item in plan.site.binding.imports if item not in plan.cure
                )
                clashing = frozenset(kept) & plan.tops
            self.placed.append(_Placed(plan, sibling, name, f"{holder.name}::{name}", file, clashing))

    def _free(self, component: ComponentInput, holder: ModuleNode) -> str:
        """A name that no item of the module has, and no file of its folder."""
        graph = component.program.items
        used = {node.name for node in graph.nodes.values() if node.module == holder.name}
        used |= {
            leaf.alias for node in graph.nodes.values() if node.module == holder.name for leaf in node.leaves
        }
        number = 1
        while True:
            name = BRIDGE if number == 1 else f"{BRIDGE}_{number}"
            file = join(holder.folder, f"{name}.rs")
            if name not in used and file not in self.taken and self.inputs.files.read(file) is None:
                return name
            number += 1

    def _calls(self) -> None:
        """``generate!`` calls: taken out, replaced by the bridge, or followed by it."""
        beside = {id(placed.plan): placed for placed in self.placed}
        for plan in self.sites.plans:
            call = plan.site.call
            if call is None:
                continue
            path = call.location.path
            data = self.read(path)
            placed = beside.get(id(plan))
            put = b""
            if placed is not None and not placed.sibling:
                put = self._bridge_lines(placed, rustedits.indent_of(data, call.full_span.start))
            if not plan.keep:
                cause = f"`{plan.crate.name}` no longer has bindings of its own"
                self.cut(path, call.full_span, cause, put)
                continue
            if put:
                at = call.full_span.end
                newline = rustedits.newline_of(data)
                text = b"\n\n" + put
                self.spot(
                    path,
                    Span(at, at),
                    text.replace(b"\n", newline),
                    "the bridge takes the place of custom imports",
                )
            self._options(plan)

    def _bridge_lines(self, placed: _Placed, indent: bytes) -> bytes:
        """The bridge's ``mod`` line, and the names that code goes on finding where the bindings had them."""
        tops = sorted(placed.plan.tops - placed.clashing)
        if placed.plan.exported:
            tops = sorted([*tops, "exports"])
        lead = indent.decode()
        front = "pub " if placed.clashing else ""
        lines = f"{lead}{front}mod {placed.name};"
        if tops:
            names = tops[0] if len(tops) == 1 else "{" + ", ".join(tops) + "}"
            lines += f"\n\n{lead}pub use {placed.name}::{names};"
        return lines.encode()

    def _options(self, plan: SitePlan) -> None:
        """``with`` entries of interfaces that are no longer imported: wit-bindgen refuses unused ones."""
        call = plan.site.call
        option = call.option("with") if call is not None else None
        if call is None or option is None:
            return
        path = call.location.path
        data = self.read(path)
        gone = [element for element in option.elements if self._is_cured(plan, element.key)]
        if not gone:
            return
        cause = "`with` names an interface that is no longer imported"
        if len(gone) == len(option.elements):
            self.cut(path, _with_comma(data, option.span), cause)
            return
        for element in gone:
            self.cut(path, _with_comma(data, element.span), cause)

    def _is_cured(self, plan: SitePlan, key: str) -> bool:
        base = key.split("/")
        name = "/".join(base[:2]) if len(base) > 2 else key
        return any(name == cured or name == cured.partition("@")[0] for cured in plan.cure)

    # Items and modules

    def _items(self, dying: Mapping[int, set[str]]) -> None:
        beside = {(placed.plan.modules[p], p): placed for placed in self.placed for p in placed.plan.modules}
        for position, component in enumerate(self.inputs.components):
            graph = component.program.items
            modules = {module.name: module for module in graph.modules}
            gone = dying[position]
            for node in graph.nodes.values():
                owner = graph.nodes[node.owner] if node.owner is not None else None
                if node.module in gone or not self._is_dead(node) or (owner and self._is_dead(owner)):
                    continue
                self.cut(node.file, node.full_span, UNNEEDED)
            for name in gone:
                module = modules[name]
                if module.parent in gone:
                    self._remove_files(module)
                    continue
                placed = beside.get((name, position))
                self._module(graph, module, placed if placed is not None and placed.sibling else None)
            for key, placed in beside.items():
                if key[1] == position and placed.sibling and key[0] not in gone:
                    self._after(graph, modules[key[0]], placed)

    def _remove_files(self, module: ModuleNode) -> None:
        if not module.inline:
            self.result.removed.add(module.file)

    def _module(self, graph: ItemGraph, module: ModuleNode, placed: _Placed | None) -> None:
        """A module of which nothing stays: its file, and its ``mod`` item, or the bridge's in its place."""
        self._remove_files(module)
        assert module.item is not None
        node = graph.nodes[module.item]
        cause = f"nothing of module `{module.name}` is needed any more"
        if placed is None:
            self.cut(node.file, node.full_span, cause)
            return
        cause = f"the bridge takes the place of module `{module.name}`"
        data = self.read(node.file)
        line = self._mod_line(node, placed.name, data)
        target = self._sorted_place(graph, node, placed.name, data)
        if target is None:
            self.cut(node.file, node.full_span, cause, line)
        else:
            self.cut(node.file, node.full_span, cause)
            newline = rustedits.newline_of(data)
            self.spot(node.file, Span(target, target), line.replace(b"\n", newline) + newline, cause)

    def _after(self, graph: ItemGraph, module: ModuleNode, placed: _Placed) -> None:
        """Bindings in a file that stays: the bridge's module comes after theirs."""
        assert module.item is not None
        node = graph.nodes[module.item]
        data = self.read(node.file)
        line = self._mod_line(node, placed.name, data)
        end = data.find(b"\n", node.span.end)
        end = len(data) if end < 0 else end + 1
        target = self._sorted_place(graph, node, placed.name, data, stays=True)
        newline = rustedits.newline_of(data)
        at = end if target is None else target
        self.spot(
            node.file,
            Span(at, at),
            line.replace(b"\n", newline) + newline,
            f"custom imports of `{module.name}` are called through the bridge",
        )

    def _mod_line(self, node: ItemNode, name: str, data: bytes) -> bytes:
        """The bridge's ``mod`` item, under the same conditions and with the same visibility."""
        indent = rustedits.indent_of(data, node.full_span.start).decode()
        lines = [f"{indent}{text}" for text in _conditions(data, node)]
        front = f"{node.visibility} " if node.visibility else ""
        return "\n".join([*lines, f"{indent}{front}mod {name};"]).encode()

    def _sorted_place(
        self, graph: ItemGraph, node: ItemNode, name: str, data: bytes, *, stays: bool = False
    ) -> int | None:
        """Where in a group of ``mod x;`` lines a name belongs, as rustfmt sorts them; None for right here."""
        group = [
            other
            for other in graph.nodes.values()
            if other.kind == "mod"
            and other.file == node.file
            and other.module == node.module
            and data[other.span.end - 1 : other.span.end] == b";"
        ]
        group.sort(key=lambda other: other.span.start)
        if node not in group:
            return None
        at = group.index(node)
        low = high = at
        while low > 0 and _adjacent(data, group[low - 1], group[low]):
            low -= 1
        while high + 1 < len(group) and _adjacent(data, group[high], group[high + 1]):
            high += 1
        rest = [other for other in group[low : high + 1] if stays or other is not node]
        following = next((other for other in rest if other.name > name), None)
        before = [other for other in rest if other.name < name]
        if following is not None and (not before or before[-1].span.start < following.span.start):
            if (
                not stays
                and (following.span.start > node.span.start)
                and (not before or before[-1].span.start < node.span.start)
            ):
                return None
            return data.rfind(b"\n", 0, following.full_span.start) + 1
        if following is None and before and before[-1].span.start > node.span.start:
            end = data.find(b"\n", before[-1].span.end)
            return len(data) if end < 0 else end + 1
        return None

    # `use` declarations

    def _leaves(self, position: int, component: ComponentInput) -> None:
        graph = component.program.items
        crates = {graph.nodes[key].crate for key in graph.nodes if self._gone(graph.nodes[key])} | {
            plan.modules[position].partition("::")[0] for plan in self.sites.plans if position in plan.modules
        }
        facts = _UseFacts(self, position, component)
        for node in graph.nodes.values():
            if node.kind != "use" or node.extern_crate or self._in_removed(node):
                continue
            gone = {leaf.span for leaf in node.leaves if facts.goes(node, leaf, crates)}
            if gone:
                self._without(node, gone)

    def _in_removed(self, node: ItemNode) -> bool:
        if node.file in self.result.removed:
            return True
        return any(
            cut.span.start <= node.span.start and node.span.end <= cut.span.end
            for cut in self.cuts.get(node.file, ())
        )

    def _without(self, node: ItemNode, gone: set[Span]) -> None:
        data = self.read(node.file)
        cause = "nothing uses it any more"
        tree = rustedits.use_tree(data, node.span)
        if tree is None or all(Span(leaf.start, leaf.end) in gone for leaf, _ in tree.leaves()):
            self.cut(node.file, node.full_span, cause)
            return
        left = rustedits.without(tree, lambda leaf: Span(leaf.start, leaf.end) in gone)
        if left is None:
            self.cut(node.file, node.full_span, cause)
            return
        self._retext(node, tree, left, cause)

    def _retext(self, node: ItemNode, tree: UseTree, made: UseTree, cause: str) -> None:
        data = self.read(node.file)
        indent = len(rustedits.indent_of(data, node.span.start))
        before = tree.start - node.span.start
        text = rustedits.use_text(made, indent, before, self._width(node.file))
        newline = rustedits.newline_of(data).decode()
        self.spot(node.file, Span(tree.start, tree.end), text.replace("\n", newline).encode(), cause)

    def _width(self, path: str) -> int:
        """rustfmt's ``max_width`` for a file: its configuration is looked for upwards."""
        folder = folder_of(path)
        if folder not in self.widths:
            self.widths[folder] = self._configured_width(folder)
        return self.widths[folder]

    def _configured_width(self, folder: str) -> int:
        for _ in range(MAX_PARENTS):
            for name in ("rustfmt.toml", ".rustfmt.toml"):
                data = self.inputs.files.read(join(folder, name))
                if data is not None:
                    for line in data.decode("utf-8", "replace").splitlines():
                        key, _, value = line.partition("=")
                        if key.strip() == "max_width" and value.strip().isdigit():
                            return int(value)
                    return rustedits.DEFAULT_WIDTH
            if folder in (".", "", "/"):
                break
            folder = folder_of(folder)
        return rustedits.DEFAULT_WIDTH

    # Paths

    def _renames(self, position: int, component: ComponentInput) -> None:
        """Paths through a bindings module that a bridge takes the place of."""
        targets = {
            placed.plan.modules[position]: placed
            for placed in self.placed
            if (placed.sibling or placed.clashing) and position in placed.plan.modules
        }
        if not targets:
            return
        walker = _Walker(component)
        for file in walker.files:
            if file in self.result.removed or walker.crate_of(file) is None:
                continue
            data = self.read(file)
            uses = [node for node in walker.graph.nodes.values() if node.kind == "use" and node.file == file]
            self._rename_paths(file, data, uses, walker, targets)
            for node in uses:
                if not self._in_removed(node):
                    self._rename_use(node, walker, targets)

    def _rename_paths(
        self,
        file: str,
        data: bytes,
        uses: Iterable[ItemNode],
        walker: _Walker,
        targets: Mapping[str, _Placed],
    ) -> None:
        skip = sorted([*(node.span for node in uses), *(cut.span for cut in self.cuts.get(file, ()))])
        for start, end in _between(skip, len(data)):
            for path in rustedits.paths(data, start, end):
                names = [token.text.removeprefix("r#") for token in path.names]
                scope = walker.module_at(file, path.names[0].start)
                if scope is None:
                    continue
                for at, module in walker.steps(scope, names, path.rooted):
                    placed = targets.get(module)
                    if placed is None or at + 1 >= len(names):
                        continue
                    relative = tuple(names[at + 1 :])
                    if not self._redirects(placed, relative):
                        continue
                    if placed.sibling:
                        if at >= 0 and names[at] not in ("self", "super", "crate"):
                            token = path.names[at]
                            span = Span(token.start, token.end)
                            self.spot(file, span, placed.name.encode(), _redirected(placed))
                    elif relative[0] in placed.clashing:
                        start = path.names[at + 1].start
                        text = f"{placed.name}::".encode()
                        self.spot(file, Span(start, start), text, _redirected(placed))

    def _redirects(self, placed: _Placed, relative: RustPath) -> bool:
        """Whether a path inside bindings leads to what the bridge has."""
        plan = placed.plan
        if not plan.keep:
            return True
        if is_export(relative):
            return False
        found = plan.paths.of(relative)
        if found and found <= plan.cure:
            return True
        if found & plan.cure:
            self.result.obstacles.append(
                f"{plan.site.binding.location}: the path `{'::'.join(relative)}` leads to what stays and to what goes"
            )
        return False

    def _rename_use(self, node: ItemNode, walker: _Walker, targets: Mapping[str, _Placed]) -> None:
        data = self.read(node.file)
        tree = rustedits.use_tree(data, node.span)
        scope = walker.module_at(node.file, node.span.start)
        if tree is None or scope is None:
            return
        moved: list[tuple[UseTree, UseTree]] = []
        for leaf, around in tree.leaves():
            tokens = [token for part in (*around, leaf) for token in part.names]
            names = [token.text.removeprefix("r#") for token in tokens]
            rooted = (around[0] if around else leaf).rooted
            for at, module in walker.steps(scope, names, rooted):
                placed = targets.get(module)
                if placed is None:
                    continue
                relative = tuple(name for name in names[at + 1 :] if name != "self")
                if not relative and leaf.glob and placed.clashing:
                    self.result.obstacles.append(
                        f"{node.file}: `*` brings the bindings of `{placed.plan.crate.name}`, of which a part stays"
                    )
                if relative and not self._redirects(placed, relative):
                    continue
                if not relative and placed.plan.keep:
                    continue
                if placed.sibling and at >= 0 and names[at] not in ("self", "super", "crate"):
                    moved.append((leaf, _renamed(leaf, around, at, placed.name, relative)))
                elif placed.clashing and relative and relative[0] in placed.clashing:
                    moved.append((leaf, _put_in(leaf, around, at + 1, placed.name)))
        if not moved:
            return
        self._rewrite_use(node, tree, moved, targets)

    def _rewrite_use(
        self,
        node: ItemNode,
        tree: UseTree,
        moved: list[tuple[UseTree, UseTree]],
        targets: Mapping[str, _Placed],
    ) -> None:
        """One name changed in the tree when all its leaves move, else the moving ones on lines of their own."""
        data = self.read(node.file)
        cause = "custom imports are called through the bridge"
        pending = self.spots.get(node.file, {}).get(Span(tree.start, tree.end))
        leaving = {id(leaf) for leaf, _ in moved}
        leaves = [leaf for leaf, _ in tree.leaves()]
        if pending is not None:  # leaves were taken out already: start from what is left
            source = b"use " + pending[0] + b";"
            left = rustedits.use_tree(source, Span(0, len(source)))
            assert left is not None
            kept = {tuple(_full(leaf, around)) for leaf, around in left.leaves()}
            pairs = {id(leaf): tuple(_full(leaf, around)) for leaf, around in tree.leaves()}
            moved = [(leaf, made) for leaf, made in moved if pairs[id(leaf)] in kept]
            leaves = [leaf for leaf in leaves if pairs[id(leaf)] in kept]
            leaving = {id(leaf) for leaf, _ in moved}
        dropped = {id(leaf) for leaf, _ in tree.leaves()} - {id(leaf) for leaf in leaves}
        if all(id(leaf) in leaving and len(made.texts) == len(made.names) for leaf, made in moved) and len(
            moved
        ) == len(leaves):
            shared = _shared_token(tree, moved)
            if shared is not None:
                token, name = shared
                made = rustedits.without(tree, lambda leaf: id(leaf) in dropped)
                assert made is not None
                _rename_token(made, token, name)
                if not dropped and not self._is_formatted(node, tree):
                    self.spot(node.file, Span(token, token + _length(tree, token)), name.encode(), cause)
                    return
                self._retext(node, tree, made, cause)
                return
        rest = rustedits.without(tree, lambda leaf: id(leaf) in dropped or id(leaf) in leaving)
        indent = rustedits.indent_of(data, node.span.start)
        front = data[node.span.start : tree.start].decode()
        width = self._width(node.file)
        lines = [front + rustedits.use_text(made, len(indent), len(front), width) + ";" for _, made in moved]
        newline = rustedits.newline_of(data).decode()
        if rest is None:
            text = f"\n{indent.decode()}".join(lines)[len(front) : -1]
            self.spot(node.file, Span(tree.start, tree.end), text.replace("\n", newline).encode(), cause)
            return
        self._retext(node, tree, rest, cause)
        text = "".join(f"\n{indent.decode()}{line}" for line in lines)
        self.spot(node.file, Span(node.span.end, node.span.end), text.replace("\n", newline).encode(), cause)

    def _is_formatted(self, node: ItemNode, tree: UseTree) -> bool:
        data = self.read(node.file)
        indent = len(rustedits.indent_of(data, node.span.start))
        text = rustedits.use_text(tree, indent, tree.start - node.span.start, self._width(node.file))
        return text.encode() == data[tree.start : tree.end].replace(b"\r\n", b"\n")

    # The result

    def _write(self) -> None:
        for path in sorted(self.result.removed):
            self.result.edits.append(Remove(path, "nothing of this file is needed any more"))
        for path in sorted({*self.cuts, *self.spots} - self.result.removed):
            data = self.read(path)
            made = rustedits.cut_items(path, data, self.cuts.get(path, ()))
            spans = [edit.span for edit in made]
            for span, (text, cause) in sorted(self.spots.get(path, {}).items()):
                if any(
                    cut.start < span.end and span.start < cut.end for cut in spans if span.start != span.end
                ):
                    continue
                made.append(Replace(path, span, text, cause))
            self.result.edits += made
        for placed in self.placed:
            self.result.requests.append((placed.plan, self._request(placed)))

    def _request(self, placed: _Placed) -> BridgeRequest:
        plan = placed.plan
        site = plan.site
        position = next(iter(plan.modules))
        component = self.inputs.components[position]
        assert site.world is not None
        crate = component.graph.crates[plan.crate]
        package = self.inputs.cargo.packages.get(crate.manifest)
        own = plan.modules[position]
        inside = placed.module.partition("::")[2]
        used = tuple(name for name in site.binding.imports if name in plan.used)
        return BridgeRequest(
            crate=plan.crate.name,
            module=f"crate::{inside}",
            path=placed.file,
            world=site.world,
            imports=used,
            functions={name: frozenset(plan.functions.get(name, ())) for name in used},
            types_only=tuple(_needed_types(plan)),
            exported_types=tuple(name for name in site.binding.exports if name in plan.exported),
            options=site.call.options if site.call is not None else _file_options(plan),
            with_=self._with(plan, own),
            edition=package.edition if package is not None else "2021",
        )

    def _with(self, plan: SitePlan, own: str) -> dict[str, str]:
        """The call's own ``with``, and the imports that stay in the bindings beside the bridge."""
        site = plan.site
        found = dict(site.call.with_) if site.call is not None else dict(site.file.with_ if site.file else {})
        found = {name: path for name, path in found.items() if path != "generate"}
        if plan.keep:
            versions = package_versions(site.resolution.packages)
            module = own.partition("::")[2]
            for name, item in site.binding.imports.items():
                if item.kind == "interface" and name not in plan.cure and name not in found:
                    path = "::".join(module_path(name, versions))
                    found[name] = f"crate::{module}::{path}" if module else f"crate::{path}"
        return found


def _needed_types(plan: SitePlan) -> Iterator[str]:
    """Custom interfaces of the world that the bridged ones take types from, and are not bridged themselves."""
    site = plan.site
    assert site.world is not None
    interfaces = {
        interface.name: interface
        for package in site.resolution.packages.values()
        for interface in package.interfaces.values()
    }
    waiting = [*plan.used, *plan.exported]
    seen = set(waiting)
    for name in waiting:  # grows on the way
        item = site.world.imports.get(name) or site.world.exports.get(name)
        interface = item.interface if item is not None and item.interface else interfaces.get(name)
        for needed in interface.depends if interface is not None else ():
            if needed not in seen:
                seen.add(needed)
                waiting.append(needed)
    for name in site.world.imports:
        if name in seen and name in plan.cure and name not in plan.used:
            yield name


def _file_options(plan: SitePlan) -> tuple[GenerateOption, ...]:
    return ()


def _redirected(placed: _Placed) -> str:
    return f"custom imports of `{placed.plan.crate.name}` are called through the bridge"


def _conditions(data: bytes, node: ItemNode) -> Iterator[str]:
    """The ``cfg`` attributes before an item, as written."""
    tokens = lex(data, node.full_span.start, node.span.start)
    at = 0
    while at < len(tokens):
        if tokens[at].text == "#":
            depth, end = 0, at + 1
            while end < len(tokens):
                depth += (tokens[end].text == "[") - (tokens[end].text == "]")
                if depth == 0:
                    break
                end += 1
            span = Span(tokens[at].start, tokens[min(end, len(tokens) - 1)].end)
            if read_attribute(data, span.start, span.end).name == "cfg":
                yield data[span.start : span.end].decode("utf-8", "replace")
            at = end
        at += 1


def _adjacent(data: bytes, one: ItemNode, other: ItemNode) -> bool:
    """Whether nothing but one line end stands between two items."""
    between = data[one.span.end : other.full_span.start]
    return not between.strip() and between.count(b"\n") == 1


def _with_comma(data: bytes, span: Span) -> Span:
    end = span.end
    while data[end : end + 1] in (b" ", b"\t", b"\r", b"\n"):
        end += 1
    return Span(span.start, end + 1) if data[end : end + 1] == b"," else span


def _between(spans: Iterable[Span], length: int) -> Iterator[tuple[int, int]]:
    at = 0
    for span in spans:
        if span.start > at:
            yield at, span.start
        at = max(at, span.end)
    if at < length:
        yield at, length


def _full(leaf: UseTree, around: Iterable[UseTree]) -> list[str]:
    names = [name for part in (*around, leaf) for name in part.texts]
    return [*names, "*" if leaf.glob else "", leaf.alias]


def _renamed(leaf: UseTree, around: tuple[UseTree, ...], at: int, name: str, relative: RustPath) -> UseTree:
    """A leaf's whole path as a tree of its own, with one name changed."""
    made = UseTree([token for part in (*around, leaf) for token in part.names], False, leaf.start, leaf.end)
    made.rooted = (around[0] if around else leaf).rooted
    made.texts = [token.text for token in made.names]
    old = made.texts[at]
    made.texts[at] = name
    made.alias, made.glob = leaf.alias, leaf.glob
    if not relative and not leaf.alias and not leaf.glob:
        made.alias = old  # the code goes on naming it as before
    return made


def _put_in(leaf: UseTree, around: tuple[UseTree, ...], at: int, name: str) -> UseTree:
    """A leaf's whole path as a tree of its own, with one name more."""
    made = UseTree([token for part in (*around, leaf) for token in part.names], False, leaf.start, leaf.end)
    made.rooted = (around[0] if around else leaf).rooted
    made.texts = [token.text for token in made.names]
    made.texts.insert(at, name)
    if made.texts[-1] == "self":
        made.texts.pop()
    made.alias, made.glob = leaf.alias, leaf.glob
    return made


def _shared_token(tree: UseTree, moved: list[tuple[UseTree, UseTree]]) -> tuple[int, str] | None:
    """The one token that differs between the leaves and what they become, when it is the same for all."""
    found: set[tuple[int, str]] = set()
    for _, made in moved:
        if made.alias and any(token.text == made.alias for token in made.names):
            return None
        found.update(
            (token.start, text)
            for token, text in zip(made.names, made.texts, strict=True)
            if token.text != text
        )
    return next(iter(found)) if len(found) == 1 else None


def _rename_token(tree: UseTree, start: int, name: str) -> None:
    stack = [tree]
    while stack:
        part = stack.pop()
        for index, token in enumerate(part.names):
            if token.start == start:
                part.texts[index] = name
        stack.extend(part.children or ())


def _length(tree: UseTree, start: int) -> int:
    stack = [tree]
    while stack:
        part = stack.pop()
        for token in part.names:
            if token.start == start:
                return token.end - token.start
        stack.extend(part.children or ())
    return 0


class _Walker:
    """Follows paths through declared modules, as far as no ``use`` is in between."""

    def __init__(self, component: ComponentInput) -> None:
        self.graph = component.program.items
        self.modules = {module.name: module for module in self.graph.modules}
        self.externs = {crate.name: crate.externs for crate in component.program.crates}
        self.files: dict[str, list[ModuleNode]] = {}
        for module in self.graph.modules:
            self.files.setdefault(module.file, []).append(module)
        self.members = {
            name for name, crate in component.crate_ids.items() if component.graph.crates[crate].is_member
        }

    def crate_of(self, file: str) -> str | None:
        """The member crate that a file belongs to."""
        crate = self.files[file][0].crate
        return crate if crate in self.members else None

    def module_at(self, file: str, offset: int) -> str | None:
        """The module that a place in a file belongs to: the innermost inline one."""
        best: ModuleNode | None = None
        size = -1
        for module in self.files.get(file, ()):
            item = self.graph.nodes[module.item] if module.item is not None and module.inline else None
            if item is None:
                if best is None and not module.inline:
                    best = module
                continue
            length = item.span.end - item.span.start
            inside = item.file == file and item.span.start <= offset < item.span.end
            if inside and (size < 0 or length < size):
                best, size = module, length
        return best.name if best is not None else None

    def steps(self, scope: str, names: list[str], rooted: bool) -> Iterator[tuple[int, str]]:
        """The modules that a path goes through, each with the position of the name that leads there.

        -1 is the position of the module around, for a path that begins with none of its modules.
        """
        at, current = 0, ""
        first = names[0] if names else ""
        if rooted:
            current = self._extern(scope, first)
        elif first == "crate":
            current = scope.partition("::")[0]
            yield 0, current
        elif first in ("self", "super"):
            current = scope
            while at < len(names) and names[at] in ("self", "super"):
                if names[at] == "super":
                    current = self.modules[current].parent if current in self.modules else ""
                at += 1
            at -= 1
            yield at, current
        elif f"{scope}::{first}" in self.modules:
            current = f"{scope}::{first}"
            yield 0, current
        else:
            current = self._extern(scope, first)
            if not current:
                yield -1, scope
        if not current:
            return
        for position in range(at + 1, len(names)):
            current = f"{current}::{names[position]}"
            if current not in self.modules:
                return
            yield position, current

    def _extern(self, scope: str, name: str) -> str:
        found = self.externs.get(scope.partition("::")[0], {}).get(name, "")
        return found if found in self.modules else ""


class _UseFacts:
    """Whether names that ``use`` declarations bring are still needed."""

    def __init__(self, rust: _Rust, position: int, component: ComponentInput) -> None:
        self.rust = rust
        self.position = position
        self.graph = component.program.items
        self.plans = {plan.modules[position]: plan for plan in rust.sites.plans if position in plan.modules}
        self.names: dict[str, set[str]] = {}
        self.below: dict[str, list[ModuleNode]] = {}
        for module in self.graph.modules:
            self.below.setdefault(module.name, []).append(module)

    def goes(self, node: ItemNode, leaf: Leaf, crates: set[str]) -> bool:
        """Whether a name must go, or has lost its last user."""
        if leaf.bindings:
            return all(self._lost(ref.bindings, ref.relative, leaf.glob) for ref in leaf.bindings)
        if leaf.modules and all(name in self._dying for name in leaf.modules):
            return True
        if leaf.items and all(self.rust._gone(self.graph.nodes[key]) for key in leaf.items):
            return True
        if node.crate not in crates or node.visibility or leaf.glob or leaf.alias == "_":
            return False
        if leaf.path and leaf.path[-1] in ("generate",) and self._was_generator(node, leaf):
            return leaf.alias not in self._alive_in(node)
        return self._mentioned_by_dead(node, leaf) and self._unused(node, leaf)

    @property
    def _dying(self) -> set[str]:
        return {
            module.name
            for module in self.graph.modules
            if module.item is not None and self.rust._in_removed(self.graph.nodes[module.item])
        }

    def _lost(self, bindings: str, relative: RustPath, glob: bool) -> bool:
        """Whether what a leaf names in bindings is there no longer, under this path or the bridge's."""
        plan = self.plans.get(bindings)
        if plan is None:
            return False
        if not relative:
            return not plan.keep and not plan.bridged
        if is_export(relative):
            if not plan.library:
                return False
            return not (relative[0] == "exports" and plan.exported and self._keeps(plan, relative))
        found = plan.paths.of(relative)
        if found & plan.used or found - plan.cure:
            return False
        return bool(found)

    def _keeps(self, plan: SitePlan, relative: RustPath) -> bool:
        from wasmdoctor.migrate.plan_a.sites import exports_at

        return bool(exports_at(plan, relative) & plan.exported)

    def _was_generator(self, node: ItemNode, leaf: Leaf) -> bool:
        return any(
            plan.site.call is not None and plan.site.call.location.path == node.file and not plan.keep
            for plan in self.plans.values()
        )

    def _mentioned_by_dead(self, node: ItemNode, leaf: Leaf) -> bool:
        return any(
            leaf.alias in self.graph.uses[other.id].segments
            for other in self.graph.nodes.values()
            if other.module == node.module and self.rust._gone(other)
        )

    def _unused(self, node: ItemNode, leaf: Leaf) -> bool:
        if leaf.alias in self._alive_in(node):
            return False
        return not self._may_be_trait(node, leaf)

    def _may_be_trait(self, node: ItemNode, leaf: Leaf) -> bool:
        """A trait is used by method calls that do not name it: a name that may be one stays with them."""
        if not leaf.alias[:1].isupper():
            return False
        if leaf.items:
            if all(self.graph.nodes[key].kind != "trait" for key in leaf.items):
                return False
        elif any(
            leaf.alias in self.graph.uses[other.id].types
            for other in self.graph.nodes.values()
            if other.module == node.module and self.rust._gone(other)
        ):
            return False
        return any(
            self.graph.uses[other.id].methods
            for other in self.graph.nodes.values()
            if (other.module == node.module or other.module.startswith(f"{node.module}::"))
            and not self.rust._gone(other)
        )

    def _alive_in(self, node: ItemNode) -> set[str]:
        """All names in code that stays and may see a module's private ``use``."""
        if node.module in self.names:
            return self.names[node.module]
        found: set[str] = set()
        files: dict[str, list[tuple[int, int]]] = {}
        for other in self.graph.nodes.values():
            if other.module != node.module and not other.module.startswith(f"{node.module}::"):
                continue
            spans = files.setdefault(other.file, [])
            if self.rust._gone(other) or (other.kind == "use" and other.module == node.module):
                spans.append((other.full_span.start, other.full_span.end))
        for module in self.graph.modules:
            if module.name == node.module or module.name.startswith(f"{node.module}::"):
                files.setdefault(module.file, [])
        for file, spans in files.items():
            if file not in self.rust.result.removed:
                cut = [(cut.span.start, cut.span.end) for cut in self.rust.cuts.get(file, ())]
                found |= alive_names(self.rust.read(file), [*spans, *cut])
        self.names[node.module] = found
        return found


def location_of(source: SourceText, span: Span) -> Location:
    """Where a span starts."""
    return source.location(span.start)


def idents(data: bytes) -> set[str]:
    """All identifiers of a file."""
    return {token.text.removeprefix("r#") for token in lex(data, 0, len(data)) if token.kind == IDENT}


def keys(nodes: Iterable[ItemNode]) -> set[NodeKey]:
    """The keys of nodes."""
    return {node_key(node) for node in nodes}
