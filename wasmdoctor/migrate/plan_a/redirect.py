"""Paths that lead into bindings, led to the bridges that take their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from wasmdoctor.migrate import rustedits
from wasmdoctor.migrate.inputs import ComponentInput
from wasmdoctor.migrate.plan_a.going import is_export
from wasmdoctor.migrate.plan_a.sites import RustPath
from wasmdoctor.migrate.plan_a.walker import Walker
from wasmdoctor.migrate.plan_a.work import Placed, Work
from wasmdoctor.migrate.rustedits import UseTree
from wasmdoctor.model.source import Span
from wasmdoctor.readers.rust.itemgraph import ItemNode


class Redirects:
    """Changes paths in code and in ``use`` declarations."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.rewritten: set[tuple[str, Span]] = set()

    def make(self, position: int, component: ComponentInput) -> None:
        """Paths through a bindings module that a bridge takes the place of."""
        targets = {
            placed.plan.modules[position]: placed
            for placed in self.work.placed
            if (placed.sibling or placed.clashing) and position in placed.plan.modules
        }
        if not targets:
            return
        walker = Walker(component)
        for file in walker.files:
            if file in self.work.result.removed or walker.crate_of(file) is None:
                continue
            data = self.work.read(file)
            uses = [node for node in walker.graph.nodes.values() if node.kind == "use" and node.file == file]
            self._rename_paths(file, data, uses, walker, targets)
            for node in uses:
                if not self.work.in_removed(node):
                    self._rename_use(node, walker, targets)

    def _rename_paths(
        self,
        file: str,
        data: bytes,
        uses: Iterable[ItemNode],
        walker: Walker,
        targets: Mapping[str, Placed],
    ) -> None:
        skip = sorted([*(node.span for node in uses), *(cut.span for cut in self.work.cuts.get(file, ()))])
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
                            self.work.spot(file, span, placed.name.encode(), _redirected(placed))
                    elif relative[0] in placed.clashing:
                        start = path.names[at + 1].start
                        text = f"{placed.name}::".encode()
                        self.work.spot(file, Span(start, start), text, _redirected(placed))

    def _redirects(self, placed: Placed, relative: RustPath) -> bool:
        """Whether a path inside bindings leads to what the bridge has."""
        plan = placed.plan
        if not plan.keep and relative[:1] == ("export",):
            self.work.result.obstacles.append(
                f"{plan.site.binding.location}: code that stays calls `export!` of these bindings (a macro, perhaps): "
                f"other crates export through `{plan.crate.name}`"
            )
            return False
        if not plan.keep:
            return True
        if is_export(relative):
            return False
        found = plan.paths.of(relative)
        if found and found <= plan.cure:
            return True
        if found & plan.cure:
            self.work.result.obstacles.append(
                f"{plan.site.binding.location}: the path `{'::'.join(relative)}` leads to what stays and to what goes"
            )
        return False

    def _rename_use(self, node: ItemNode, walker: Walker, targets: Mapping[str, Placed]) -> None:
        data = self.work.read(node.file)
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
                    self.work.result.obstacles.append(
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
        if moved and (node.file, node.span) not in self.rewritten:
            self.rewritten.add((node.file, node.span))
            self._rewrite_use(node, tree, moved)

    def _rewrite_use(
        self,
        node: ItemNode,
        tree: UseTree,
        moved: list[tuple[UseTree, UseTree]],
    ) -> None:
        """One name changed in the tree when all its leaves move, else the moving ones on lines of their own."""
        data = self.work.read(node.file)
        cause = "custom imports are called through the bridge"
        pending = self.work.spots.get(node.file, {}).get(Span(tree.start, tree.end))
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
                if not dropped and not self.work.is_formatted(node, tree):
                    self.work.spot(node.file, Span(token, token + _length(tree, token)), name.encode(), cause)
                    return
                self.work.retext(node, tree, made, cause)
                return
        for _, made in moved:
            if made.texts[-1] == "self":  # `a::{self}` is `a`, on a line of its own
                made.texts.pop()
        rest = rustedits.without(tree, lambda leaf: id(leaf) in dropped or id(leaf) in leaving)
        indent = rustedits.indent_of(data, node.span.start)
        front = data[node.span.start : tree.start].decode()
        width = self.work.width(node.file)
        lines = [front + rustedits.use_text(made, len(indent), len(front), width) + ";" for _, made in moved]
        newline = rustedits.newline_of(data).decode()
        if rest is None:
            text = f"\n{indent.decode()}".join(lines)[len(front) : -1]
            self.work.spot(node.file, Span(tree.start, tree.end), text.replace("\n", newline).encode(), cause)
            return
        self.work.retext(node, tree, rest, cause)
        text = "".join(f"\n{indent.decode()}{line}" for line in lines)
        self.work.spot(
            node.file, Span(node.span.end, node.span.end), text.replace("\n", newline).encode(), cause
        )


def _redirected(placed: Placed) -> str:
    return f"custom imports of `{placed.plan.crate.name}` are called through the bridge"


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
