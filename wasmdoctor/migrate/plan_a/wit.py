"""The WIT side of plan A: custom imports leave the worlds that are still built, and what nobody reads goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from wasmdoctor.migrate import witedits
from wasmdoctor.migrate.inputs import PlanInputs, Site
from wasmdoctor.migrate.plan_a.sites import SitePlan, Sites
from wasmdoctor.migrate.plan_a.witdeps import unused_dependencies
from wasmdoctor.migrate.rustedits import Cut
from wasmdoctor.model.edit import Edit, Remove, Replace
from wasmdoctor.model.plan import ManualStep
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location, SourceText, Span
from wasmdoctor.model.wit import Step, StepKind, World, WorldItem
from wasmdoctor.readers.cargo.files import folder_of, is_below, join
from wasmdoctor.readers.rust.tokens import IDENT, STRING, lex, string_value
from wasmdoctor.readers.wit import parse
from wasmdoctor.readers.wit.tree import IncludeItem, Item, Tree, UseItem

UNIMPORTED = "the world no longer imports what no host provides"
UNEXPORTED = "the crate is linked, and exports nothing itself"
UNREAD = "nothing reads this WIT any more"
MAX_FILES = 20_000


@dataclass(slots=True)
class WitResult:
    """The edits; ``removed`` are files that go, ``folders`` the WIT roots that are gone."""

    edits: list[Edit] = field(default_factory=list)
    manual: list[ManualStep] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    obstacles: list[str] = field(default_factory=list)


def wit_edits(inputs: PlanInputs, sites: Sites, *, keep_wit: bool) -> WitResult:
    """The edits of WIT files and of WIT inside of macro calls."""
    return WorldEdits(inputs, sites, keep_wit).make()


def _with_included(site: Site) -> Iterator[World]:
    """A site's world, and those that it includes, each once: several may name the same import."""
    worlds = {
        world.name: world
        for package in site.resolution.packages.values()
        for world in package.worlds.values()
    }
    waiting = [site.world] if site.world is not None else []
    seen: set[str] = set()
    while waiting:
        world = waiting.pop()
        if world.name not in seen:
            seen.add(world.name)
            yield world
            waiting += [worlds[name] for name in world.includes if name in worlds]


@dataclass(slots=True)
class EditedText:
    """One WIT text: a file, or a literal in a Rust file that begins at ``offset``."""

    path: str
    data: bytes
    tree: Tree
    offset: int = 0
    cuts: list[Cut] = field(default_factory=list)


class WorldEdits:
    """Custom imports out of the worlds that stay, and WIT that nobody reads any more."""

    def __init__(self, inputs: PlanInputs, sites: Sites, keep_wit: bool) -> None:
        self.inputs = inputs
        self.sites = sites
        self.keep_wit = keep_wit
        self.result = WitResult()
        self.texts: dict[tuple[str, int], EditedText] = {}
        self.inline: dict[tuple[str, int], int] = {}
        self.named: dict[str, str] = {}
        self.unrenamed: dict[tuple[str, int, int], tuple[EditedText, IncludeItem, set[str]]] = {}

    def make(self) -> WitResult:
        """All edits."""
        kept = [plan for plan in self.sites.plans if plan.keep]
        for plan in kept:
            self._world(plan)
        self._cut_renames()
        self.more(kept)
        self._unread(kept)
        for text in self.texts.values():
            if text.path not in self.result.removed:
                self.result.edits += witedits.wit_edits(text.path, text.data, text.cuts, text.offset)
        if not self.keep_wit:
            self._unnamed(kept)
        return self.result

    def more(self, kept: Sequence[SitePlan]) -> None:
        """What else a plan wants of the worlds that stay, before the cuts are made."""

    def _unnamed(self, kept: Iterable[SitePlan]) -> None:
        """Packages in ``deps`` of worlds that are still built, which only lost imports named."""
        inline = [text.tree for text in self.texts.values() if text.offset]
        for folder in sorted({path for plan in kept for path in plan.site.paths}):
            if is_below(folder, self.inputs.root) and not any(
                self._reads_inline(plan, folder) for plan in kept
            ):
                edits = unused_dependencies(folder, self.inputs.files, self._after, inline)
                self.result.edits += edits
                self.result.removed |= {edit.path for edit in edits if isinstance(edit, Remove)}

    def _reads_inline(self, plan: SitePlan, folder: str) -> bool:
        """Whether WIT inside of a macro call is read together with a folder, and is not known here."""
        return plan.site.inline and folder in plan.site.paths and self._inline(plan.site) is None

    def _after(self, path: str) -> bytes | None:
        """A WIT file's bytes when its lines are cut."""
        text = self.texts.get((path, 0))
        data = self.inputs.files.read(path)
        if text is None or data is None:
            return data
        return text.data if not text.cuts else _applied(data, witedits.wit_edits(path, data, text.cuts))

    # Worlds

    def _world(self, plan: SitePlan) -> None:
        """The lines that bring custom imports into a world, and for a library its exports."""
        site = plan.site
        if site.world is None:
            return
        lines: dict[Location, tuple[Step, set[str]]] = {}
        for world in _with_included(site):
            for name in sorted(plan.cure & world.imports.keys()):
                item = world.imports[name]
                step = self._line(item.origin.steps)
                if world is site.world:
                    self._unrename(plan, name, item)
                if step is not None:
                    lines.setdefault(step.location, (step, set()))[1].add(name)
        for step, names in lines.values():
            self._cut_line(site, step, names, UNIMPORTED)
        if plan.library:
            exports: dict[Location, Step] = {}
            for item in site.world.exports.values():
                step = self._line(item.origin.steps)
                self._unrename(plan, item.name, item)
                if step is not None:
                    exports[step.location] = step
            for step in exports.values():
                self._cut_line(site, step, set(), UNEXPORTED)

    def _line(self, steps: tuple[Step, ...]) -> Step | None:
        """The line that names an import: in the world, or in a world that is included.

        None when another import or export brings it by its types: it goes with them, or stays.
        """
        rest = list(steps)
        while rest and rest[0].kind is StepKind.INCLUDE:
            rest.pop(0)
        first = rest[0] if rest else None
        if first is None or (len(rest) > 1 and first.kind in (StepKind.IMPORT, StepKind.EXPORT)):
            return None
        return first

    def _cut_line(self, site: Site, step: Step, names: set[str], cause: str) -> None:
        text = self._text(site, step.location.path)
        if text is None:
            self.result.obstacles.append(
                f"{step.location}: this WIT cannot be edited where it stands: it is not a file of this workspace, or a string with escapes"
            )
            return
        item = self._item_at(text, step.location)
        if item is not None:
            self._cut_item(text, item, names, cause)

    def _item_at(self, text: EditedText, location: Location) -> Item | None:
        """The line of a world that a step stands on: the last one that begins at or before it."""
        wanted = (self._line_number(text, location), location.column)
        for world in witedits.worlds(text.tree):
            for item in world.items:
                start, end = text.tree.location(item), text.tree.source.location(item.end)
                if (start.line, start.column) <= wanted < (end.line, end.column):
                    return item
        return None

    def _unrename(self, plan: SitePlan, name: str, item: WorldItem) -> None:
        """``include ... with { a as b }`` must not rename what is no longer there."""
        steps = item.origin.steps
        label = item.name
        for step in steps:
            if step.kind is not StepKind.INCLUDE:
                return
            text = self._text(plan.site, step.location.path)
            line = self._item_at(text, step.location) if text is not None else None
            if text is None or not isinstance(line, IncludeItem):
                return
            for rename in line.renames:
                if rename.alias is not None and rename.alias.text == label:
                    self.unrenamed.setdefault((text.path, text.offset, line.start), (text, line, set()))[
                        2
                    ].add(rename.name.text)
                    label = rename.name.text
                    break

    def _cut_renames(self) -> None:
        for text, line, names in self.unrenamed.values():
            gone = [rename for rename in line.renames if rename.name.text in names]
            if len(gone) < len(line.renames):
                text.cuts += witedits.name_cut(text.data, line.renames, gone, UNIMPORTED)
            else:
                text.cuts.append(Cut(Span(line.path.end, line.end), UNIMPORTED, b";"))

    def _cut_item(self, text: EditedText, item: Item, names: set[str], cause: str) -> None:
        if isinstance(item, UseItem):
            gone = [name for name in item.names if name.local.text in names]
            if len(gone) < len(item.names):
                text.cuts += witedits.name_cut(text.data, item.names, gone, cause)
                return
        cut = witedits.item_cut(text.tree, item, cause)
        if cut not in text.cuts:
            text.cuts.append(cut)

    def _text(self, site: Site, path: str) -> EditedText | None:
        """The text that a location of a site's WIT is in."""
        call = site.call
        if call is not None and site.inline and path == call.location.path:
            return self._inline(site)
        key = (path, 0)
        if key not in self.texts:
            data = self.inputs.files.read(path)
            if data is None or not path.endswith(".wit") or not is_below(path, self.inputs.root):
                return None
            self.texts[key] = EditedText(path, data, parse(SourceText(path, data)))
        return self.texts[key]

    def _inline(self, site: Site) -> EditedText | None:
        """WIT in a string literal: its bytes are the file's own when nothing in it is escaped."""
        call = site.call
        option = call.option("inline") if call is not None else None
        if call is None or option is None:
            return None
        path = call.location.path
        data = self.inputs.files.read(path) or b""
        literal = data[option.value_span.start : option.value_span.end]
        opening = literal.find(b'"') + 1
        closing = literal.rfind(b'"')
        inner = literal[opening:closing]
        raw = literal.startswith(b"r")
        if not opening or (not raw and b"\\" in inner) or inner.decode("utf-8", "replace") != option.value:
            return None
        start = option.value_span.start + opening
        key = (path, start)
        if key not in self.texts:
            self.texts[key] = EditedText(path, inner, parse(SourceText(path, inner)), start)
            self.inline[key] = SourceText(path, data).location(start).line - 1
        return self.texts[key]

    def _line_number(self, text: EditedText, location: Location) -> int:
        """A location's line in its text: locations in inline WIT count the Rust file's lines."""
        return location.line - self.inline.get((text.path, text.offset), 0)

    # What nobody reads

    def _unread(self, kept: Iterable[SitePlan]) -> None:
        """Folders and files of WIT that only bindings read which are gone."""
        gone = {path for plan in self.sites.plans if not plan.keep for path in self._paths(plan)}
        read = {path for plan in kept for path in plan.site.paths}
        read |= set(self._read_elsewhere())
        self._tell_readers()
        if self.keep_wit:
            return
        for path in sorted(gone):
            if not is_below(path, self.inputs.root) or path == self.inputs.root:
                continue
            if any(is_below(other, path) or is_below(path, other) for other in read):
                continue
            files = list(self._files(path))
            if not any(file.endswith(".wit") for file in files):
                continue
            self.result.folders.add(path)
            lock = join(folder_of(path), "wkg.lock")
            files += [lock] if self.inputs.files.read(lock) is not None else []
            for file in files:
                if _is_wit_file(file):
                    self.result.removed.add(file)
                    self.result.edits.append(Remove(file, UNREAD))

    def _tell_readers(self) -> None:
        """Code that is not changed, and reads WIT that is: a host's bindings, say."""
        changed = [text.path for text in self.texts.values() if text.cuts and not text.offset]
        files = {
            file
            for named, file in self.named.items()
            if any(is_below(path, named) and named != self.inputs.root for path in changed)
        }
        self.result.manual += [
            ManualStep(Location(file), "it names WIT that loses imports here: see whether it still compiles")
            for file in sorted(files)
        ]

    def _paths(self, plan: SitePlan) -> Iterator[str]:
        yield from plan.site.paths
        for component in self.inputs.components:
            crate = component.graph.crates.get(plan.crate)
            target = crate.component.target if crate is not None and crate.component else None
            if crate is not None and plan.crate in self.sites.converted and target is not None:
                yield join(crate.folder, target.path.value if target.path else "wit")

    def _files(self, path: str) -> Iterator[str]:
        if self.inputs.files.read(path) is not None:
            yield path
            return
        waiting = [path]
        seen = 0
        while waiting and seen < MAX_FILES:
            folder = waiting.pop()
            for name, is_folder in sorted(self.inputs.files.entries(folder).items()):
                seen += 1
                if is_folder:
                    waiting.append(join(folder, name))
                else:
                    yield join(folder, name)

    def _read_elsewhere(self) -> Iterator[str]:
        """WIT that calls read which do not change, compiled or not, and that any other Rust file names."""
        gone = {
            (plan.site.call.location.path, plan.site.call.span.start)
            for plan in self.sites.plans
            if plan.site.call is not None and not plan.keep
        }
        known: set[str] = set()
        for component in self.inputs.components:
            for crate in component.program.crates:
                known |= {file.path for file in crate.tree.files}
            for call in component.program.generate_calls:
                if (call.location.path, call.span.start) in gone or call.inside:
                    continue
                crate_id = component.crate_ids.get(call.crate)
                folder = component.graph.crates[crate_id].folder if crate_id else "."
                paths = call.paths or (("wit",) if call.inline is None else ())
                yield from (join(folder, path) for path in paths)
        for path in self.inputs.cargo.packages:
            for file, named in self._named_in(folder_of(path), known):
                self.named.setdefault(named, file)
                yield named
        for path, package in self.inputs.cargo.packages.items():
            yield from self._metadata(path, package.folder)

    def _metadata(self, manifest: str, folder: str) -> Iterator[str]:
        """What the metadata of components that stay components reads."""
        package = self.inputs.cargo.packages[manifest]
        converted = any(
            component.graph.crates[crate].manifest == manifest
            for component in self.inputs.components
            for crate in self.sites.converted
            if crate in component.graph.crates
        )
        metadata = package.component
        if metadata is None or converted:
            return
        target = metadata.target
        yield join(folder, target.path.value if target is not None and target.path else "wit")
        for dependency in (*metadata.dependencies, *(target.dependencies if target else ())):
            if dependency.path is not None:
                yield join(folder, dependency.path.value)

    def _named_in(self, folder: str, known: set[str]) -> Iterator[tuple[str, str]]:
        """Paths that string literals of other Rust files may mean, as seen from the package, with the file."""
        waiting = [folder]
        seen = 0
        while waiting and seen < MAX_FILES:
            current = waiting.pop()
            for name, is_folder in self.inputs.files.entries(current).items():
                path = join(current, name)
                seen += 1
                if is_folder:
                    if name not in ("target", "node_modules") and not name.startswith("."):
                        waiting.append(path)
                elif name.endswith(".rs") and path not in known:
                    for named in _paths_in(self.inputs.files.read(path) or b"", folder):
                        yield path, named


def _paths_in(data: bytes, folder: str) -> Iterator[str]:
    if b"generate" not in data and b"bindgen" not in data and b"wit" not in data:
        return
    tokens = lex(data, 0, len(data))
    for token in tokens:
        if token.kind == STRING:
            value = string_value(token.text)
            if value and "\n" not in value and len(value) < 256:
                yield join(folder, value)
        elif token.kind == IDENT and token.text in ("generate", "bindgen"):
            yield join(folder, "wit")


def _is_wit_file(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.endswith((".wit", ".wasm", ".wat")) or name in (
        "deps.toml",
        "deps.lock",
        "wkg.lock",
        "wkg.toml",
    )


def _applied(data: bytes, edits: Iterable[Replace]) -> bytes:
    pieces: list[bytes] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        pieces += (data[at : edit.span.start], edit.data)
        at = edit.span.end
    return b"".join((*pieces, data[at:]))
