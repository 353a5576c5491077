"""The calls inside finished components: read when asked for, and told in words of the JSON contract."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from wasmdoctor.discover import Binary, display_path
from wasmdoctor.graph.calls import CallGraph, CallPath, CallStep, reached_functions, strongest
from wasmdoctor.model.artifact import ModuleRole
from wasmdoctor.model.calls import ComponentCode, FunctionId, ImportedFunction, ModuleCode, RootKind
from wasmdoctor.model.finding import CallChain, OriginStep, ReachedBy
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Location
from wasmdoctor.pipeline.binaries import opened
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.wasm.cursor import Malformed
from wasmdoctor.readers.wasm.sections import sections
from wasmdoctor.readers.wasm.source import Window

if TYPE_CHECKING:  # `check` asks what is reached, and for no names and sizes
    from wasmdoctor.model.cargo import CrateId
    from wasmdoctor.model.sizes import CodeSizes
    from wasmdoctor.model.symbol import Symbol
    from wasmdoctor.readers.symbols import Owner

MOST_STEPS = 200
"""Of a longer way the first and last functions are told: nobody reads more, and a hostile one has a million."""

MOST_FOLDERS = 12
"""Of a path from another machine so many last parts are looked for."""

LINES = ".debug_line"
"""The custom section without which there are no source lines (DWARF 5)."""

DATA_SECTION = 11
"""Core specification, "Modules" in "Binary Format"."""

DROP = "[resource-drop]"

NO_NAMES = (
    "functions without names are told by their numbers: the component was stripped. Build it again with names "
    '(in Cargo.toml `[profile.release]` with `strip = "debuginfo"`, or `debug = 1` for files and lines too; '
    "`wasm-tools strip` without `-a` keeps them)"
)


class Calls:
    """Who calls whom in one finished component.

    ``leaked`` are the names of exports that are not the component's own, None when that is not known;
    ``known`` the packages that crate names may stand for, ``folders`` where the sources of packages are.
    """

    def __init__(
        self,
        path: str,
        binary: Binary,
        cwd: Path,
        leaked: Collection[str] | None = None,
        known: Mapping[str, Sequence[CrateId]] | None = None,
        folders: Mapping[CrateId, str] | None = None,
    ) -> None:
        self.path = path
        self.leaked = leaked
        self._binary = binary
        self._cwd = cwd
        self._known = known or {}
        self._folders = folders or {}

    @cached_property
    def code(self) -> ComponentCode:
        """The component's code; without modules when the file cannot be read any more."""
        try:
            with opened(self._binary) as source:
                return read_code(source, self.path)
        except OSError:
            return ComponentCode((), (), ())

    @cached_property
    def graph(self) -> CallGraph:
        """Its calls."""
        return CallGraph(self.code)

    @cached_property
    def functions(self) -> dict[tuple[str, str], ReachedBy]:
        """How each imported function is reached, by the names of import and function."""
        return reached_functions(self.graph, self.leaked or ())

    def reached_by(self, name: str) -> ReachedBy:
        """How an import is reached."""
        return reached_import(self.functions, name, self.code)

    def chains(
        self, name: str, wanted: Callable[[str], bool], *, every: bool, most: int
    ) -> tuple[CallChain, ...]:
        """The ways to an import: of each export that reaches it the shortest, or with ``every`` all.

        ``wanted`` says of a function's name whether it is asked for, ``most`` how many ways there may be.
        Those of own exports come first, ones that rest on a table behind others. All ways are those from each
        exported function to each imported one, one for every function that calls it.
        """
        targets = [each for each in self.code.imports if each.name == name and wanted(each.function)]
        paths = self._all(targets, most) if every else self._shortest(targets)
        ordered = sorted(paths, key=self._order)[:most]
        found = [_Cut.of(path) for path in ordered]
        places = self._places({step.at for each in found for step in each.steps})
        return tuple(self._chain(each, places) for each in found)

    def _order(self, path: CallPath) -> tuple[bool, bool, bool]:
        root = path.root
        exported = root.kind is RootKind.EXPORT
        return exported and root.name in (self.leaked or ()), path.possible, not exported

    def _all(self, targets: Iterable[ImportedFunction], most: int) -> Iterator[CallPath]:
        ways = (path for target in targets for path in self.graph.paths_by_caller(target, most=most))
        return islice(ways, most)

    def _shortest(self, targets: Sequence[ImportedFunction]) -> Iterator[CallPath]:
        """One path for each export, constructor and start function: sure before possible, then the shortest.

        A resource is dropped only where there is one: what makes it says more, so drops count only
        when a root reaches nothing else.
        """
        best: dict[tuple[RootKind, str], CallPath] = {}
        for group in (
            [each for each in targets if not each.function.startswith(DROP)],
            [each for each in targets if each.function.startswith(DROP)],
        ):
            found: dict[tuple[RootKind, str], CallPath] = {}
            for path in self.graph.paths(group):
                key = (path.root.kind, path.root.name)
                if key not in found or _length(path) < _length(found[key]):
                    found[key] = path
            for key, path in found.items():
                best.setdefault(key, path)
        yield from best.values()

    def sizes(self, size: int) -> CodeSizes:
        """The code of each crate, ``size`` being that of the file; what only leaked exports reach is apart."""
        from wasmdoctor.graph.sizes import sizes_by_crate

        own = leaked = None
        if self.leaked is not None:
            exported = [root for root in self.code.roots if root.kind is RootKind.EXPORT]
            others = [root for root in exported if root.name in self.leaked]
            mine = [root for root in self.code.roots if root not in others]
            own = self.graph.reached(mine, possible=True)
            leaked = self.graph.reached(others, possible=True)
        known = self._known or None
        data = self._data()
        return sizes_by_crate(
            self.code, known=known, own=own, leaked=leaked or frozenset(), data=data, size=size
        )

    def _data(self) -> dict[int, int]:
        """The size of each module's data section."""
        found: dict[int, int] = {}
        with suppress(OSError), opened(self._binary) as source:
            for number, module in enumerate(self.code.modules):
                with suppress(Malformed):
                    inside = sections(Window(source, module.offset, module.size))
                    found[number] = sum(section.size for section in inside if section.id == DATA_SECTION)
        return found

    @property
    def unnamed(self) -> bool:
        """Whether functions of the component have no names."""
        return any(not module.names for module in self.code.modules if module.role is ModuleRole.MAIN)

    # -- words

    def _chain(self, cut: _Cut, places: Mapping[FunctionId, Location]) -> CallChain:
        root, target = cut.path.root, cut.path.target
        leaked = None if self.leaked is None else root.kind is RootKind.EXPORT and root.name in self.leaked
        return CallChain(
            kind=root.kind.value,
            export=root.name,
            function=root.function,
            leaked=leaked,
            imported=target.function or target.name,
            steps=tuple(self._step(step, places.get(step.at)) for step in cut.steps),
            omitted=cut.omitted,
        )

    def _step(self, step: CallStep, place: Location | None) -> OriginStep:
        symbol = self.symbol(step.at)
        return OriginStep(
            "function",
            symbol.path or self._without_name(step.at),
            place or Location(self.path),
            "component",
            "" if place is None else self.path,
            self._owner(symbol),
            step.possible,
        )

    def symbol(self, at: FunctionId) -> Symbol:
        """The name of a function, taken apart."""
        from wasmdoctor.readers.symbols import read_symbol

        module, function = at
        return read_symbol(self.code.modules[module].names.get(function, ""))

    def _without_name(self, at: FunctionId) -> str:
        """A function that the name section does not name: by its import or export, else by its number."""
        number, function = at
        module = self.code.modules[number]
        if function < len(module.imports):
            imported = module.imports[function]
            return f"{imported.module}#{imported.field}"
        exported = self._exports(number).get(function)
        if exported is not None:
            return exported
        return (
            f"function {function}"
            if len(self._mains) <= 1 and number in self._mains
            else (f"function {function} of module {number}")
        )

    @cached_property
    def _mains(self) -> frozenset[int]:
        modules = enumerate(self.code.modules)
        return frozenset(number for number, module in modules if module.role is ModuleRole.MAIN)

    def _exports(self, number: int) -> Mapping[int, str]:
        if number not in self._exported:
            exports = self.code.modules[number].exports
            self._exported[number] = {
                function: name for name, function in sorted(exports.items(), reverse=True)
            }
        return self._exported[number]

    @cached_property
    def _exported(self) -> dict[int, Mapping[int, str]]:
        return {}

    def _owner(self, symbol: Symbol) -> str:
        """The package of a Rust function where there is one without doubt, else the crate as the name has it."""
        if symbol.language.value != "rust" or not symbol.package:
            return ""
        package = self._package(symbol)
        return package.name if package else symbol.package

    def _package(self, symbol: Symbol) -> CrateId | None:
        """The package that a function's name points to, if there is no doubt."""
        from wasmdoctor.readers.symbols import packages_of

        crate = (symbol.package, symbol.package_id)
        if crate not in self._owners:
            self._owners |= packages_of([crate], self._known)
        return self._owners[crate].package

    @cached_property
    def _owners(self) -> dict[tuple[str, str], Owner]:
        return {}

    def _places(self, functions: Iterable[FunctionId]) -> dict[FunctionId, Location]:
        """The source lines of functions, where debug information has them and the file is there."""
        by_module: dict[int, list[int]] = {}
        for number, function in functions:
            defined = function - len(self.code.modules[number].imports)
            if defined >= 0:
                by_module.setdefault(number, []).append(defined)
        found: dict[FunctionId, Location] = {}
        for number, wanted in by_module.items():
            module = self.code.modules[number]
            if any(section.name == LINES for section in module.customs):
                sizes = {module.offsets[defined]: module.sizes[defined] for defined in wanted}
                places = self._lines(module, sizes)
                for defined in wanted:
                    at = (number, defined + len(module.imports))
                    place = places.get(module.offsets[defined])
                    if place is not None and (shown := self._shown(place, at)) is not None:
                        found[at] = shown
        return found

    def _lines(self, module: ModuleCode, sizes: Mapping[int, int]) -> Mapping[int, Location | None]:
        # Loading what reads debug information takes longer than most answers without it.
        from wasmdoctor.readers.dwarf import SECTIONS, lines

        wanted = [section for section in module.customs if section.name in SECTIONS]
        try:
            with opened(self._binary) as source:
                sections = {section.name: source.read(section.offset, section.size) for section in wanted}
        except OSError:
            return {}
        return lines(sections, sizes, self.path).places

    def _shown(self, place: Location, at: FunctionId) -> Location | None:
        """A place as it is shown; None when the file is not there (any more, or on this machine).

        A component that was built elsewhere has that machine's paths: then the end of one that is in the
        folder of the function's package counts.
        """
        real = self._cwd / place.path
        if not real.is_file():
            package = self._package(self.symbol(at))
            folder = self._folders.get(package) if package else None
            parts = place.path.split("/")[-MOST_FOLDERS:]
            ends = (self._cwd / folder / "/".join(parts[i:]) for i in range(len(parts))) if folder else ()
            found = next((path for path in ends if path.is_file()), None)
            if found is None:
                return None
            real = found
        return Location(display_path(real, self._cwd), place.line, place.column)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A path with at most ``MOST_STEPS`` of its steps, and how many were left out in the middle."""

    path: CallPath
    steps: tuple[CallStep, ...]
    omitted: int

    @classmethod
    def of(cls, path: CallPath) -> _Cut:
        steps = path.steps
        if len(steps) <= MOST_STEPS:
            return cls(path, steps, 0)
        half = MOST_STEPS // 2
        return cls(path, (*steps[:half], *steps[-half:]), len(steps) - 2 * half)


def _length(path: CallPath) -> tuple[int, int]:
    return sum(step.possible for step in path.steps), len(path.steps)


def reached_import(
    functions: Mapping[tuple[str, str], ReachedBy], name: str, code: ComponentCode
) -> ReachedBy:
    """How an import is reached; unknown when the code does not say (it could not be read to its end)."""
    found = [by for (owner, _), by in functions.items() if owner == name]
    by = strongest(found) if found else ReachedBy.UNKNOWN
    broken = code.problems or any(module.problems for module in code.modules)
    return ReachedBy.UNKNOWN if by is ReachedBy.NOTHING and broken else by
