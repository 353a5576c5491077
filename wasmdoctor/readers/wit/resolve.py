"""WIT trees to packages: names to what they stand for, and what is wrong with that.

This follows wit-parser 0.262 (ast/resolve.rs, resolve/mod.rs) so closely that it accepts and rejects the
same packages: names within one package first, in an order where everything used comes before its user,
then other packages, then feature gates. Unlike it, a problem does not end the run: what cannot be found
is reported once and treated as anything at all from there on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.wit import (
    Resolution,
)
from wasmdoctor.readers.wit.context import Run
from wasmdoctor.readers.wit.entities import (
    Part,
    Unit,
)
from wasmdoctor.readers.wit.features import NO_FEATURES, Features
from wasmdoctor.readers.wit.load import Group, WitSources
from wasmdoctor.readers.wit.order import mentions
from wasmdoctor.readers.wit.package import Package
from wasmdoctor.readers.wit.tree import (
    Item,
    PackageItem,
    Tree,
)


def resolve_wit(sources: WitSources, features: Features = NO_FEATURES) -> Resolution:
    """What the sources mean: packages with their interfaces, and worlds flattened.

    All problems are in the result: those of reading and syntax too. Nothing is raised. Items behind a
    feature that is not in ``features`` are left out, as ``wasm-tools component wit`` does.
    """
    run = Run(features)
    linker = _Linker(run)
    main: list[Unit] = []
    for root in sources.roots:
        main += linker.add(root.main, root.deps)
    if sources.inline:
        main = linker.add(sources.inline, ())
    records = {name: unit.record for name, unit in run.units.items() if unit.record}
    problems = list(sources.problems)
    for tree in linker.trees:
        problems += tree
    problems += run.problems
    return Resolution(
        tuple(unit.record for unit in main if unit.record), records, tuple(dict.fromkeys(problems))
    )


@dataclass(slots=True)
class _Linker:
    """All packages known so far."""

    run: Run
    trees: list[tuple[Problem, ...]] = field(default_factory=list)

    def add(self, main: Group, deps: Sequence[Group]) -> list[Unit]:
        """Add a package with its dependencies, in an order that follows from what they use."""
        found: dict[str, Unit] = {}
        first: list[Unit] = []
        for group in (main, *deps):
            for tree in group.trees:
                if not group.decoded:
                    self.trees.append(tree.problems)
            nested, own = self._units(group)
            if group is main:
                first += own
            for unit in (*nested, *own):
                self._enter(unit, found)
        self.run.known.update(dict.fromkeys(found))
        for unit in self._ordered(found):
            self.run.units[unit.name] = unit
            Package(self.run, unit).resolve()
        return [self.run.units.get(unit.name, unit) for unit in first]

    def _enter(self, unit: Unit, found: dict[str, Unit]) -> None:
        other = found.get(unit.name) or self.run.units.get(unit.name)
        if other is None:
            found[unit.name] = unit
            return
        if other.decoded and unit.decoded and other.record is None:
            # Encoded packages carry the parts of other packages that they use: these are put together.
            other.parts += unit.parts
            return
        if other.location == unit.location:
            return  # the same file, read again for a second path
        where = ", ".join(sorted(str(place) for place in other.locations))
        self.run.problems.append(
            Problem(
                unit.location,
                f"package `{unit.name}` is defined twice, here and at {where}",
                "keep one of the two",
            )
        )

    def _units(self, group: Group) -> tuple[list[Unit], list[Unit]]:
        """The packages nested in the files of a group, and the group's own (none without a header)."""
        nested: list[Unit] = []
        parts: list[Part] = []
        headers: list[tuple[Part, str, str, Location]] = []
        broken = any(tree.problems for tree in group.trees)
        documented = 0
        for tree in group.trees:
            items: list[Item] = []
            for item in tree.items:
                if isinstance(item, PackageItem):
                    nested.append(self._nested(item, tree, group, broken=broken))
                else:
                    items.append(item)
            part = Part(tree, tuple(items), group.decoded)
            parts.append(part)
            if tree.header:
                name = tree.header.name
                version = name.version.text if name.version else ""
                place = part.location(name.start)
                headers.append((part, name.text, version, place))
                if len(group.trees) > 1:
                    documented += any(piece.comment for piece in tree.trivia(tree.header.first))
                if name.text != headers[0][1]:
                    self._problem(
                        place,
                        f"this file says it belongs to package `{name.text}`, another file of the folder "
                        f"says `{headers[0][1]}`",
                        "all files of a folder are one package: move one, or correct the line",
                    )
                elif documented > 1:
                    documented = 1
                    self._problem(
                        place,
                        f"more than one `package` line of `{name.text}` has a comment before it",
                        "document the package in one file only",
                    )
        if not headers:
            if not broken:
                self._problem(
                    Location(group.path),
                    "no WIT file here has a `package` line",
                    "start one with `package namespace:name;`",
                )
            return nested, []
        _, name_text, version, place = headers[0]
        unit = Unit(name_text, version, place, parts, group.decoded, broken)
        unit.locations = [header[3] for header in headers]
        return nested, [unit]

    def _nested(self, item: PackageItem, tree: Tree, group: Group, *, broken: bool) -> Unit:
        items: list[Item] = []
        part = Part(tree, (), group.decoded)
        for inner in item.items:
            if isinstance(inner, PackageItem):
                self._problem(
                    part.location(inner.name.start),
                    f"package `{inner.name.text}` is nested in another nested package",
                    "nested packages must stand at the top level of the file",
                )
            else:
                items.append(inner)
        part.items = tuple(items)
        version = item.name.version.text if item.name.version else ""
        place = part.location(item.name.start)
        return Unit(item.name.text, version, place, [part], group.decoded, broken, [place])

    def _problem(self, location: Location, message: str, help: str) -> None:
        self.run.problems.append(Problem(location, message, help))

    def _circle(self, name: str, dep: str, location: Location) -> None:
        if dep == name:
            message = f"package `{name}` names itself"
            self._problem(location, message, "its own interfaces and worlds go by their short names")
        else:
            message = f"package `{name}` needs `{dep}`, which depends on it in turn"
            self._problem(
                location, message, "packages cannot form a circle: move what both need into a third"
            )

    def _ordered(self, units: dict[str, Unit]) -> Iterator[Unit]:
        """Packages behind those they depend on. A dependency that closes a circle is reported."""
        edges = {name: list(_package_deps(unit)) for name, unit in units.items()}
        state: dict[str, int] = {}  # 1 while its dependencies are visited, 2 when it is done
        for start in sorted(units):
            stack: list[tuple[str, Iterator[tuple[str, Location]]]] = []
            if start not in state:
                state[start] = 1
                stack.append((start, iter(edges[start])))
            while stack:
                name, rest = stack[-1]
                for dep, location in rest:
                    if state.get(dep) == 1:
                        self._circle(name, dep, location)
                        self.run.cut.add((name, dep))
                    elif dep in units and dep not in state:
                        state[dep] = 1
                        stack.append((dep, iter(edges[dep])))
                        break
                else:
                    state[name] = 2
                    stack.pop()
                    yield units[name]


def _package_deps(unit: Unit) -> Iterator[tuple[str, Location]]:
    """The packages that a package names, each once, with the place of its first mention."""
    seen: set[str] = set()
    for part in unit.parts:
        for mention in mentions(part):
            name = mention.path.package_name
            if name and name not in seen:
                seen.add(name)
                yield name, part.location(mention.path.start)
