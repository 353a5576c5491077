"""The WIT side of plan C: custom imports and their definitions go, and standard imports come in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from wasmdoctor.migrate import rustedits, witedits
from wasmdoctor.migrate.inputs import PlanInputs
from wasmdoctor.migrate.plan_a.sites import SitePlan, Sites
from wasmdoctor.migrate.plan_a.wit import WitResult, _Text, _Wit
from wasmdoctor.migrate.plan_c.options import can_declare
from wasmdoctor.migrate.plan_c.standard import Declared, StandardWit, declare
from wasmdoctor.migrate.rustedits import Cut
from wasmdoctor.model.edit import Create
from wasmdoctor.model.plan import ManualStep
from wasmdoctor.model.source import SourceText, Span
from wasmdoctor.readers.cargo.files import is_below, join
from wasmdoctor.readers.wit import parse
from wasmdoctor.readers.wit.tree import (
    ExternItem,
    IncludeItem,
    InterfaceItem,
    Item,
    PackageItem,
    TopUseItem,
    Tree,
    UseItem,
    WorldItem,
)

DECLARED = "the world imports what its code calls now"
COPIED = "the WIT of a standard package that the world imports"
UNUSED = "nothing imports or exports this interface any more"


@dataclass(slots=True)
class CWitResult(WitResult):
    """The edits, and of each site plan whose world imports standard interfaces now: which, and the folders of
    their packages (by package without version)."""

    declared: dict[int, Declared] = field(default_factory=dict)
    folders_of: dict[int, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offer:
    """What worlds can import instead.

    ``needed`` are for each site plan (by ``id``) the standard interfaces, without version, that its code calls
    after the plan; ``sources`` is where their WIT can be copied from; ``links`` says whether the host
    links an import, by its full name.
    """

    needed: Mapping[int, Sequence[str]]
    sources: Sequence[StandardWit]
    links: Callable[[str], bool]


def wit_edits(inputs: PlanInputs, sites: Sites, offer: Offer, *, keep_wit: bool) -> CWitResult:
    """The edits of WIT files and of WIT inside of macro calls."""
    return _StandardWorlds(inputs, sites, offer, keep_wit).edits()


class _StandardWorlds(_Wit):
    def __init__(self, inputs: PlanInputs, sites: Sites, offer: Offer, keep_wit: bool) -> None:
        super().__init__(inputs, sites, keep_wit)
        self.offer = offer
        self.result: CWitResult = CWitResult()

    def edits(self) -> CWitResult:
        """All edits."""
        kept = [plan for plan in self.sites.plans if plan.keep]
        for plan in kept:
            self._world(plan)
        self._cut_renames()
        for plan in kept:
            self._declare(plan)
        if not self.keep_wit:
            self._definitions()
        self._unread(kept)
        for text in self.texts.values():
            if text.path not in self.result.removed:
                self.result.edits += witedits.wit_edits(text.path, text.data, text.cuts, text.offset)
        if not self.keep_wit:
            self._unnamed(kept)
        return self.result

    # Standard imports

    def _declare(self, plan: SitePlan) -> None:
        """The world's imports of standard interfaces, and the packages that it lacks for them."""
        site = plan.site
        wanted = sorted(set(self.offer.needed.get(id(plan), ())))
        if site.world is None or not wanted:
            return
        found = declare(wanted, site.resolution, site.world.imports, self.offer.sources, self.offer.links)
        if isinstance(found, str):
            self._undeclared(plan, wanted, found)
            return
        call = site.call
        if call is None:
            self._undeclared(plan, wanted, "its bindings are a file that would have to be written again")
            return
        if not can_declare(self.inputs.files.read(call.location.path) or b"", call):
            self._undeclared(plan, wanted, "the options of `generate!` are not written in braces")
            return
        folder = self._folder(plan) if found.files else ""
        if folder is None:
            why = "its WIT is no folder that packages could be put into"
            self._undeclared(plan, wanted, why)
            return
        text = self._text(site, site.world.location.path)
        world = self._world_item(text, site.world.short) if text is not None else None
        if text is None or world is None:
            self._undeclared(plan, wanted, "its WIT cannot be edited where it stands")
            return
        self._import(text, world, [name for name in found.names if name not in site.world.imports])
        places: dict[str, str] = {}
        for package, files in found.files.items():
            place = self._place(folder, package)
            places[package.partition("@")[0]] = place
            for name, data in files.items():
                cause = f"{COPIED} (from {found.origin})"
                self.result.edits.append(Create(join(place, name), data, cause))
        self.result.declared[id(plan)] = found
        self.result.folders_of[id(plan)] = places

    def _undeclared(self, plan: SitePlan, wanted: Sequence[str], why: str) -> None:
        assert plan.site.world is not None
        names = ", ".join(f"`{name}`" for name in wanted)
        self.result.manual.append(
            ManualStep(
                plan.site.world.location,
                f"the world does not name {names}, which its code imports now ({why}): nothing is amiss, since the "
                "crate `wasip2` declares them in a section of its own, but add them when the world is to say so",
            )
        )

    def _folder(self, plan: SitePlan) -> str | None:
        """The folder below which ``deps`` of a site's WIT are read."""
        for path in plan.site.paths:
            entries = self.inputs.files.entries(path)
            if is_below(path, self.inputs.root) and any(name.endswith(".wit") for name in entries):
                return path
        return None

    def _place(self, folder: str, package: str) -> str:
        """A new folder in ``deps``: named as the package, without its namespace when that is free."""
        base, _, version = package.partition("@")
        namespace, _, name = base.partition(":")
        deps = join(folder, "deps")
        taken = self.inputs.files.entries(deps)
        for choice in (name, f"{namespace}-{name}", f"{namespace}-{name}-{version}"):
            if choice not in taken and f"{choice}.wit" not in taken:
                return join(deps, choice)
        return join(deps, f"{namespace}-{name}-{version}-standard")

    def _world_item(self, text: _Text, name: str) -> WorldItem | None:
        return next((world for world in witedits.worlds(text.tree) if world.name.text == name), None)

    def _import(self, text: _Text, world: WorldItem, names: Sequence[str]) -> None:
        """Import lines where the first custom import was, else behind the other imports, else first."""
        lines = [f"import {name};" for name in names]
        if not lines:
            return
        inside = [cut for cut in text.cuts if world.start < cut.span.start and cut.span.end < world.end]
        if inside:
            first = min(inside, key=lambda cut: cut.span)
            item = next(item for item in world.items if item.start >= first.span.start)
            put = self._lines(text, item.start, lines)
            text.cuts[text.cuts.index(first)] = replace(first, put=put)
            return
        imports = [
            item for item in world.items if isinstance(item, ExternItem) and item.direction == "import"
        ]
        if imports:
            last = imports[-1]
            put = text.data[last.start : last.end] + b"\n" + self._lines(text, last.start, lines)
            put = rustedits.indent_of(text.data, last.start) + put
            text.cuts.append(Cut(Span(last.start, last.end), DECLARED, put))
            return
        opening = text.data.find(b"{", world.name.end) + 1
        indent = rustedits.indent_of(text.data, world.start) + b"    "
        body = b"\n".join(indent + line.encode() for line in lines)
        text.cuts.append(Cut(Span(opening, opening), DECLARED, b"\n" + body + b"\n"))

    def _lines(self, text: _Text, at: int, lines: Sequence[str]) -> bytes:
        indent = rustedits.indent_of(text.data, at)
        return b"\n".join(indent + line.encode() for line in lines)

    # Definitions that nothing uses

    def _definitions(self) -> None:
        """Interfaces that were imported, and that nothing in the workspace's WIT names any more."""
        candidates = [place for place in self._candidates() if place is not None]
        trees = list(self._all_trees())
        going = {(package, item.name.text): (text, item) for package, text, item in candidates}
        while True:
            named = self._named(trees, going)
            kept = [key for key in going if key in named]
            if not kept:
                break
            for key in kept:
                del going[key]
        for text, item in going.values():
            text.cuts.append(witedits.item_cut(text.tree, item, UNUSED))

    def _candidates(self) -> Iterator[tuple[str, _Text, InterfaceItem] | None]:
        """The definitions of cured imports, in the files that worlds with less are in."""
        seen: set[str] = set()
        for plan in self.sites.plans:
            if not plan.keep or plan.site.world is None:
                continue
            for name in sorted(plan.cure - seen):
                item = plan.site.world.imports.get(name)
                interface = item.interface if item is not None else None
                if interface is None or "/" not in name:
                    continue
                seen.add(name)
                path = interface.location.path
                if "deps" in path.split("/")[:-1] or not is_below(path, self.inputs.root):
                    continue
                text = self._text(plan.site, path)
                if text is None:
                    continue
                package = name.partition("/")[0]
                for definition in text.tree.items:
                    if isinstance(definition, InterfaceItem) and definition.name.text == interface.short:
                        yield package, text, definition

    def _all_trees(self) -> Iterator[tuple[str, Tree, _Text | None]]:
        """All WIT of the workspace, with the package that it is in (without version)."""
        paths: set[str] = set()
        for root in (*self.inputs.wit_roots, *(p for plan in self.sites.plans for p in plan.site.paths)):
            paths |= {path for path in self._files(root) if path.endswith(".wit")}
        packages = {
            location.path: package.name.partition("@")[0]
            for plan in self.sites.plans
            for package in plan.site.resolution.packages.values()
            for thing in (*package.interfaces.values(), *package.worlds.values())
            for location in (thing.location,)
        }
        for path in sorted(paths):
            text = self.texts.get((path, 0))
            tree = (
                text.tree
                if text is not None
                else parse(SourceText(path, self.inputs.files.read(path) or b""))
            )
            own = tree.header.name.text.partition("@")[0] if tree.header is not None else ""
            yield own or packages.get(path, ""), tree, text
        for key, text in self.texts.items():
            if key[1]:
                header = text.tree.header
                yield header.name.text.partition("@")[0] if header is not None else "", text.tree, text
        for component in self.inputs.components:
            for call in component.program.generate_calls:
                if call.inline is not None:
                    tree = parse(SourceText(call.location.path, call.inline.encode()))
                    if not any(text.tree.source.data == tree.source.data for text in self.texts.values()):
                        header = tree.header
                        yield header.name.text.partition("@")[0] if header is not None else "", tree, None

    def _named(
        self,
        trees: Iterable[tuple[str, Tree, _Text | None]],
        going: Mapping[tuple[str, str], tuple[_Text, InterfaceItem]],
    ) -> set[tuple[str, str]]:
        """The candidates that something names which stays. A file whose package is not known may be in any."""
        gone = [(text.tree, item) for text, item in going.values()]
        found: set[tuple[str, str]] = set()
        for package, tree, text in trees:
            cuts = [cut.span for cut in text.cuts] if text is not None else []
            for item in _walk(tree.items):
                path = getattr(item, "path", None)
                if path is None or any(cut.start <= item.start and item.end <= cut.end for cut in cuts):
                    continue
                if any(tree is other and one.start <= item.start < one.end for other, one in gone):
                    continue
                named = path.package_name.partition("@")[0] or package
                for key in going:
                    if key[1] == path.name.text and (not named or key[0].partition("@")[0] == named):
                        found.add(key)
        return found


def _walk(items: Iterable[Item]) -> Iterator[Item]:
    """All items that may name an interface."""
    waiting = list(items)
    while waiting:
        item = waiting.pop()
        if isinstance(item, UseItem | IncludeItem | TopUseItem | ExternItem):
            yield item
        if isinstance(item, InterfaceItem | WorldItem | PackageItem):
            waiting += item.items
        elif isinstance(item, ExternItem) and item.items is not None:
            waiting += item.items
