"""The WIT side of plan C: custom imports and their definitions go, and standard imports come in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from wasmdoctor.migrate import rustedits, witedits
from wasmdoctor.migrate.inputs import PlanInputs
from wasmdoctor.migrate.plan_a.sites import SitePlan, Sites
from wasmdoctor.migrate.plan_a.wit import EditedText, WitResult, WorldEdits
from wasmdoctor.migrate.plan_c.definitions import Definition, WitText, package_of, unnamed
from wasmdoctor.migrate.plan_c.options import can_declare
from wasmdoctor.migrate.plan_c.standard import Declared, StandardWit, declare
from wasmdoctor.migrate.rustedits import Cut
from wasmdoctor.model.edit import Create
from wasmdoctor.model.plan import ManualStep
from wasmdoctor.model.record import dataclass, field, replace
from wasmdoctor.model.source import Location, SourceText, Span
from wasmdoctor.readers.cargo.files import is_below, join
from wasmdoctor.readers.wit import parse
from wasmdoctor.readers.wit.tree import ExternItem, InterfaceItem, WorldItem

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
    edits = _StandardWorlds(inputs, sites, offer, keep_wit)
    edits.make()
    return edits.result


class _StandardWorlds(WorldEdits):
    def __init__(self, inputs: PlanInputs, sites: Sites, offer: Offer, keep_wit: bool) -> None:
        super().__init__(inputs, sites, keep_wit)
        self.offer = offer
        self.result: CWitResult = CWitResult()

    def more(self, kept: Sequence[SitePlan]) -> None:
        """Imports of standard interfaces, and definitions that nothing names any more."""
        for plan in kept:
            self._declare(plan)
        if not self.keep_wit:
            self._definitions()

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
        lists = join(folder, "deps.toml") if found.files else ""
        if lists and self.inputs.files.read(lists) is not None:
            names = ", ".join(f"`{package}`" for package in found.files)
            message = f"`deps` has {names} now, which this list does not name: wit-deps removes what it does not know"
            self.result.manual.append(ManualStep(Location(lists), message))
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

    def _world_item(self, text: EditedText, name: str) -> WorldItem | None:
        return next((world for world in witedits.worlds(text.tree) if world.name.text == name), None)

    def _import(self, text: EditedText, world: WorldItem, names: Sequence[str]) -> None:
        """Import lines where the first custom import was, else behind the other imports, else first."""
        lines = [f"import {name};" for name in names]
        if not lines:
            return
        whole = [
            (cut, item)
            for cut in text.cuts
            for item in world.items
            if cut.span.start <= item.start and item.end <= cut.span.end
        ]
        if whole:
            first, item = min(whole, key=lambda found: found[0].span)
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

    def _lines(self, text: EditedText, at: int, lines: Sequence[str]) -> bytes:
        indent = rustedits.indent_of(text.data, at)
        return b"\n".join(indent + line.encode() for line in lines)

    # Definitions that nothing uses

    def _definitions(self) -> None:
        """Interfaces that were imported, and that nothing in the workspace's WIT names any more."""
        candidates = list(self._candidates())
        texts = {id(text.tree): text for text in self.texts.values()}
        for one in unnamed(candidates, list(self._all_wit())):
            texts[id(one.tree)].cuts.append(witedits.item_cut(one.tree, one.item, UNUSED))

    def _candidates(self) -> Iterator[Definition]:
        """The definitions of cured imports, where they are the workspace's own and no copy of a dependency."""
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
                copied = "deps" in path.split("/")[:-1] or not is_below(path, self.inputs.root)
                text = None if copied else self._text(plan.site, path)
                for definition in text.tree.items if text is not None else ():
                    if isinstance(definition, InterfaceItem) and definition.name.text == interface.short:
                        assert text is not None
                        yield Definition(name.partition("/")[0], text.tree, definition)

    def _all_wit(self) -> Iterator[WitText]:
        """All WIT of the workspace, in files and in macro calls."""
        roots = [*self.inputs.wit_roots, *(path for plan in self.sites.plans for path in plan.site.paths)]
        packages = self._packages()
        for path in sorted({path for root in roots for path in self._files(root) if path.endswith(".wit")}):
            text = self.texts.get((path, 0))
            if text is not None:
                yield self._known(text, packages.get(path, ""))
            else:
                tree = parse(SourceText(path, self.inputs.files.read(path) or b""))
                yield WitText(package_of(tree) or packages.get(path, ""), tree)
        inline = [text for (_, offset), text in self.texts.items() if offset]
        yield from (self._known(text, "") for text in inline)
        known = {text.data for text in inline}
        for component in self.inputs.components:
            for call in component.program.generate_calls:
                data = (call.inline or "").encode()
                if data and data not in known:
                    known.add(data)
                    tree = parse(SourceText(call.location.path, data))
                    yield WitText(package_of(tree), tree)

    def _known(self, text: EditedText, package: str) -> WitText:
        return WitText(package_of(text.tree) or package, text.tree, [cut.span for cut in text.cuts])

    def _packages(self) -> dict[str, str]:
        """The package of each file: only one file of a package has to say its name."""
        found: dict[str, str] = {}
        for plan in self.sites.plans:
            for package in plan.site.resolution.packages.values():
                name = package.name.partition("@")[0]
                found |= {interface.location.path: name for interface in package.interfaces.values()}
                found |= {world.location.path: name for world in package.worlds.values()}
        return found
