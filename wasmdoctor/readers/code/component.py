"""A component's code: its core modules, and who of one calls whom of another.

The modules that the encoder adds are told by what they do. A shim's functions each hand their call to a
fixed slot of a table; fixups fill a table that they import and have no code; an adapter takes the memory
of a module that calls it (wit-component 0.262, ``encoding.rs``). Calls are led through shims to what the
fixups put into the slot.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from wasmdoctor.model.artifact import CoreTarget, ModuleRole
from wasmdoctor.model.calls import (
    ANY_SIGNATURE,
    ANY_TABLE,
    ComponentCode,
    FunctionId,
    ImportedFunction,
    Root,
    RootKind,
)
from wasmdoctor.model.record import dataclass, field, replace
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.readers.artifacts.core_imports import core_target
from wasmdoctor.readers.code.instructions import Sum
from wasmdoctor.readers.code.module import NO_FUNCTION, CoreCode, read_module
from wasmdoctor.readers.code.values import (
    CoreItem,
    CoreValue,
    Dropped,
    Exports,
    ImportedFunc,
    ImportedType,
    Lifted,
    Lowered,
    ModuleInstance,
    OwnResource,
    Value,
)
from wasmdoctor.readers.code.wiring import MAX_DEPTH, Wiring
from wasmdoctor.readers.wasm.cursor import Malformed, Unsupported
from wasmdoctor.readers.wasm.preamble import PREAMBLE_SIZE, WasmKind, preamble
from wasmdoctor.readers.wasm.sections import sections
from wasmdoctor.readers.wasm.source import ByteSource, Window

MAX_MODULES = 1000
MAX_HOPS = 1000
"""How often a function may be handed on from import to export before that counts as a circle."""

TableId = tuple[int, int]
"""A table of an instance: the instance's number, and the table's index in its module."""
Imported = tuple[str, str]
"""A function of an import: the import's name, and the function's or ""."""


def read_code(source: ByteSource, path: str, imports: Collection[str] | None = None) -> ComponentCode:
    """Read who calls whom in ``source``, a component or a core module; ``path`` is for messages.

    For a core module its exports are the roots, and its imports have the names that they would have in
    the component made of it; ``imports`` are the imports of that component, if they are known. What is
    neither gives an empty result. Raises OSError when the source does.
    """
    kind = preamble(source.read(0, PREAMBLE_SIZE))
    if kind is WasmKind.MODULE:
        return _module_code(read_module(source, path, 0), imports)
    if kind is not WasmKind.COMPONENT:
        problem = Problem(Location(path), "this is neither a component nor a core module", "")
        return ComponentCode((), (), (), problems=(problem,))
    offsets: list[tuple[int, ByteSource]] = []
    problems: list[Problem] = []
    _find_modules(source, 0, 0, path, offsets, problems)
    modules = [read_module(window, path, offset) for offset, window in offsets]
    numbers = {offset: number for number, (offset, _) in enumerate(offsets)}
    wiring = Wiring(dict(enumerate(modules)), numbers)
    wiring.run(source)
    problems += [_problem(path, error) for error in wiring.problems]
    return _Linker(modules, wiring, problems).result()


def _find_modules(
    source: ByteSource,
    base: int,
    depth: int,
    path: str,
    found: list[tuple[int, ByteSource]],
    problems: list[Problem],
) -> None:
    """All core modules: those of the component itself first, then those of the components in it."""
    nested: list[tuple[int, ByteSource]] = []
    try:
        for section in sections(source):
            if section.id not in (1, 4):
                continue
            if len(found) + len(nested) >= MAX_MODULES:
                raise Unsupported(f"more than {MAX_MODULES} modules and nested components", section.offset)
            window: ByteSource = Window(source, section.offset, section.size)
            (found if section.id == 1 else nested).append((base + section.offset, window))
    except Malformed as error:
        error.offset += base
        problems.append(_problem(path, error))
    if nested and depth >= MAX_DEPTH:
        problems.append(
            _problem(path, Unsupported(f"components are nested deeper than {MAX_DEPTH} levels", base))
        )
        return
    for offset, window in nested:
        _find_modules(window, offset, depth + 1, path, found, problems)


def _problem(path: str, error: Malformed) -> Problem:
    help_ = (
        "who calls what is not complete there"
        if isinstance(error, Unsupported)
        else "build it again, or copy it again if it was cut off"
    )
    message = f"the wiring of a component cannot be read in full: {error} (at byte 0x{error.offset:x})"
    return Problem(Location(path), message, help_)


@dataclass(slots=True)
class _Ends:
    """Where a core function leads to in the end: functions of modules, and functions of imports.

    ``certain`` is False when it rests on a table with more than one candidate.
    """

    functions: dict[FunctionId, None] = field(default_factory=dict)
    imported: dict[Imported, None] = field(default_factory=dict)
    certain: bool = True


def _imports(module: CoreCode, kind: str) -> list[int]:
    """Which of a module's imports are of a kind, in the order of their index space."""
    return [number for number, item in enumerate(module.imports) if item.kind == kind]


class _Linker:
    """Follows every import of every module instance to where it leads."""

    def __init__(self, modules: list[CoreCode], wiring: Wiring, problems: list[Problem]) -> None:
        self.modules = modules
        self.wiring = wiring
        self.problems = problems
        self.instances = wiring.instances
        self.number = {id(instance): number for number, instance in enumerate(self.instances)}
        self.imported: dict[Imported, dict[FunctionId, None]] = {}
        self.links: dict[FunctionId, dict[FunctionId, None]] = {}
        self.possible: dict[FunctionId, dict[FunctionId, None]] = {}
        # What is in each table: at a known slot, and anywhere.
        self.slots: dict[TableId, dict[int, list[CoreValue]]] = {}
        self.loose: dict[TableId, list[CoreValue]] = {}
        self.open: set[TableId] = set()
        self.roles = [ModuleRole.SHIM if m.trampolines else ModuleRole.MAIN for m in modules]
        self.function_imports = [_imports(module, "func") for module in modules]
        self.table_imports = [_imports(module, "table") for module in modules]
        self.global_imports = [_imports(module, "global") for module in modules]

    def result(self) -> ComponentCode:
        self._fill_tables()
        for instance in self.instances:
            self._link(instance)
        roots = tuple(self._roots())
        tables = self._tables()
        self._name_roles()
        codes = tuple(
            replace(module.code, role=role) if role is not ModuleRole.MAIN else module.code
            for module, role in zip(self.modules, self.roles, strict=True)
        )
        return ComponentCode(
            modules=codes,
            roots=roots,
            imports=tuple(
                ImportedFunction(name, function, tuple(at)) for (name, function), at in self.imported.items()
            ),
            links={key: tuple(value) for key, value in self.links.items()},
            links_possible={key: tuple(value) for key, value in self.possible.items()},
            tables=tables,
            problems=(*self.problems, *(problem for code in codes for problem in code.problems)),
        )

    # Tables

    def _table(self, instance: ModuleInstance, index: int) -> TableId:
        """The table that an index of an instance's module means, wherever it is defined."""
        for _ in range(MAX_HOPS):
            imports = self.table_imports[instance.module]
            if index >= len(imports):
                break
            given = instance.given(imports[index])
            if not isinstance(given, CoreItem) or given.kind != "table":
                break
            instance, index = given.instance, given.index
        return self.number[id(instance)], index

    def _value(self, instance: ModuleInstance, value: Sum) -> int | None:
        """The number that a sum of constants comes to, with what the instance's globals are given."""
        total = value.number
        left = MAX_HOPS
        queue = [(instance, index) for index in value.globals]
        while queue:
            instance, index = queue.pop()
            left -= 1
            imports = self.global_imports[instance.module]
            if index < len(imports):
                given = instance.given(imports[index])
                if not isinstance(given, CoreItem) or given.kind != "global":
                    return None
                queue.append((given.instance, given.index))
                continue
            found = instance.code.globals.get(index)
            if found is None or left < 0:
                return None
            total += found.number
            queue += [(instance, inner) for inner in found.globals]
        return total

    def _fill_tables(self) -> None:
        for instance in self.instances:
            for segment in instance.code.segments:
                table = self._table(instance, segment.table)
                start = None if segment.offset is None else self._value(instance, segment.offset)
                for place, function in enumerate(segment.functions):
                    if function == NO_FUNCTION:
                        continue
                    item = CoreItem("func", instance, function)
                    if start is None:
                        self.loose.setdefault(table, []).append(item)
                    else:
                        slots = self.slots.setdefault(table, {})
                        slots.setdefault(start + place, []).append(item)
            self.open.update(self._table(instance, table) for table in instance.code.open_tables)
        copies = {
            (self._table(instance, to), self._table(instance, from_))
            for instance in self.instances
            for to, from_ in instance.code.copied
        }
        self._copy(copies)

    def _copy(self, copies: set[tuple[TableId, TableId]]) -> None:
        """What ``table.copy`` may bring from one table to another, through others too."""
        sources: dict[TableId, set[TableId]] = {}
        for to, from_ in copies:
            sources.setdefault(to, set()).add(from_)
        before = {table: [*self._contents(table)] for pair in copies for table in pair}
        for to in sources:
            seen: set[TableId] = set()
            queue = [to]
            while queue:
                for from_ in sources.get(queue.pop(), ()):
                    if from_ not in seen:
                        seen.add(from_)
                        queue.append(from_)
            for from_ in seen:
                self.loose.setdefault(to, []).extend(before[from_])
                if from_ in self.open:
                    self.open.add(to)

    def _contents(self, table: TableId) -> Iterator[CoreValue]:
        for values in self.slots.get(table, {}).values():
            yield from values
        yield from self.loose.get(table, ())

    # Functions

    def ends(self, value: CoreValue) -> _Ends:
        """Where a core function leads to, through imports, shims and other components."""
        ends = _Ends()
        queue: list[CoreValue] = [value]
        seen: set[tuple[int, int]] = set()
        while queue:
            value = queue.pop()
            match value:
                case CoreItem("func", instance, index):
                    if (id(instance), index) in seen:
                        continue
                    seen.add((id(instance), index))
                    imports = self.function_imports[instance.module]
                    if index < len(imports):
                        queue.append(instance.given(imports[index]))
                    elif index in instance.code.trampolines:
                        queue += self._through(instance, index, ends)
                    else:
                        ends.functions[instance.module, index] = None
                case Lowered(ImportedFunc(name, function)):
                    ends.imported[name, function] = None
                case Lowered(Lifted(core, callback)):
                    queue += (core, callback)
                case Dropped(ImportedType(name, type_)):
                    ends.imported[name, f"[resource-drop]{type_}"] = None
                case Dropped(OwnResource(destructor)):
                    queue.append(destructor)
                case _:
                    pass
        return ends

    def _through(self, shim: ModuleInstance, index: int, ends: _Ends) -> list[CoreValue]:
        """What stands in the slot to which a shim's function hands its call."""
        number, slot = shim.code.trampolines[index]
        table = self._table(shim, number)
        found = self.slots.get(table, {}).get(slot, [])
        found = found + self.loose.get(table, [])
        if table in self.open:
            found += self._any()
        if len(found) != 1:
            ends.certain = False
        return found

    def _link(self, instance: ModuleInstance) -> None:
        code = instance.code.code
        for index, number in enumerate(self.function_imports[instance.module]):
            ends = self.ends(instance.given(number))
            at = (instance.module, index)
            if ends.functions:
                into = self.links if ends.certain else self.possible
                into.setdefault(at, {}).update(ends.functions)
            if len(code.sizes):  # a module without code calls nobody: it only hands on
                for imported in ends.imported:
                    self.imported.setdefault(imported, {})[at] = None

    # Roots

    def _roots(self) -> Iterator[Root]:
        for name, (sort, value) in self.wiring.exports.items():
            yield from self._exported(name, "", sort, value)
        for start in self.wiring.starts:
            yield from self._root(RootKind.START, "", "", start)
        for instance in self.instances:
            index = instance.code.code.start
            if index is None:
                continue
            # A start function that is imported belongs to a module whose constructors run that way.
            imported = index < len(instance.code.code.imports)
            kind = RootKind.CONSTRUCTOR if imported else RootKind.START
            yield from self._root(kind, "", "", CoreItem("func", instance, index))

    def _exported(self, name: str, function: str, sort: str, value: Value) -> Iterator[Root]:
        match value:
            case Lifted(core, callback):
                yield from self._root(RootKind.EXPORT, name, function, core)
                yield from self._root(RootKind.EXPORT, name, function, callback)
            case Exports(items):
                prefix = f"{function}/" if function else ""
                for item, (sort_, inner) in items.items():
                    yield from self._exported(name, prefix + item, sort_, inner)
            case OwnResource(destructor) if function:
                yield from self._root(RootKind.EXPORT, name, f"[dtor]{function}", destructor)
            case _:
                pass

    def _root(self, kind: RootKind, name: str, function: str, value: CoreValue) -> Iterator[Root]:
        for at in self.ends(value).functions:
            yield Root(kind, name, function, at)

    # Calls through tables

    def _tables(self) -> dict[TableId, dict[str, tuple[FunctionId, ...]]]:
        """For each table that somebody calls through: the functions in it, by signature."""
        wanted: dict[tuple[int, int], set[str]] = {}
        for number, module in enumerate(self.modules):
            if self.roles[number] is ModuleRole.SHIM:
                continue
            for calls in module.code.table_calls.values():
                for call in calls:
                    wanted.setdefault((number, call.table), set()).add(call.signature)
        by_module: dict[int, list[ModuleInstance]] = {}
        for instance in self.instances:
            by_module.setdefault(instance.module, []).append(instance)
        cache: dict[TableId, dict[str, tuple[FunctionId, ...]]] = {}
        result: dict[tuple[int, int], dict[str, tuple[FunctionId, ...]]] = {}
        for (number, index), signatures in wanted.items():
            found: dict[str, dict[FunctionId, None]] = {}
            if index == ANY_TABLE:
                parts = [self._by_signature((-1, -1), self._any, cache)]
            else:
                tables = dict.fromkeys(self._table(one, index) for one in by_module.get(number, ()))
                parts = [self._by_signature(table, lambda t=table: self._all(t), cache) for table in tables]  # type: ignore[misc]
            for part in parts:
                for signature in signatures & part.keys():
                    found.setdefault(signature, {}).update(dict.fromkeys(part[signature]))
            if ANY_SIGNATURE in signatures:
                everything = range(self.modules[number].code.count)
                found[ANY_SIGNATURE] = {(number, function): None for function in everything}
            result[number, index] = {signature: tuple(functions) for signature, functions in found.items()}
        return result

    def _all(self, table: TableId) -> Iterable[CoreValue]:
        yield from self._contents(table)
        if table in self.open:
            yield from self._any()

    def _any(self) -> Iterator[CoreValue]:
        """All functions whose reference is taken anywhere."""
        for instance in self.instances:
            for function in sorted(instance.code.references):
                yield CoreItem("func", instance, function)

    def _by_signature(
        self,
        table: TableId,
        values: Callable[[], Iterable[CoreValue]],
        cache: dict[TableId, dict[str, tuple[FunctionId, ...]]],
    ) -> dict[str, tuple[FunctionId, ...]]:
        if table not in cache:
            found: dict[str, dict[FunctionId, None]] = {}
            for value in values():
                if not isinstance(value, CoreItem):
                    continue
                at = (value.instance.module, value.index)
                code = value.instance.code.code
                # A broken module may have more bodies than types of functions.
                if value.index >= min(code.count, len(code.signatures)):
                    continue
                bucket = found.setdefault(code.signatures[value.index], {})
                if value.index >= len(code.imports) and not value.instance.code.trampolines:
                    bucket[at] = None
                    continue
                ends = self.ends(value)
                bucket.update(ends.functions)
                if not ends.functions:
                    bucket[at] = None  # an import of the component, or one that nobody gave anything
                for imported in ends.imported:
                    bucket[at] = None
                    self.imported.setdefault(imported, {})[at] = None
            cache[table] = {signature: tuple(functions) for signature, functions in found.items()}
        return cache[table]

    # Roles

    def _name_roles(self) -> None:
        for instance in self.instances:
            code = instance.code
            if self.roles[instance.module] is not ModuleRole.MAIN:
                continue
            if not len(code.code.sizes) and code.segments and self.table_imports[instance.module]:
                self.roles[instance.module] = ModuleRole.FIXUPS
        called_by: dict[int, set[int]] = {}
        for links in (self.links, self.possible):
            for (caller, _), targets in links.items():
                for called, _ in targets:
                    called_by.setdefault(called, set()).add(caller)
        for instance in self.instances:
            if self.roles[instance.module] is ModuleRole.MAIN:
                owner = self._memory_owner(instance)
                others = {owner} - {None, instance.module}
                if others and others <= called_by.get(instance.module, set()):
                    self.roles[instance.module] = ModuleRole.ADAPTER

    def _memory_owner(self, instance: ModuleInstance) -> int | None:
        """The module whose memory an instance imports."""
        for number, item in enumerate(instance.code.imports):
            if item.kind == "memory":
                given = instance.given(number)
                if isinstance(given, CoreItem):
                    return given.instance.module
        return None


# A core module that is not in a component

_REALLOC = frozenset(
    {"cabi_realloc", "canonical_abi_realloc", "cabi_import_realloc", "cabi_export_realloc", "cm32p2_realloc"}
)
_CONSTRUCTORS = frozenset({"_initialize", "__wasm_call_ctors", "cm32p2_initialize"})


def _module_code(module: CoreCode, names: Collection[str] | None) -> ComponentCode:
    code = module.code
    imported: dict[Imported, list[FunctionId]] = {}
    for index, item in enumerate(code.imports):
        target, name, function = core_target(item.module, item.field, names)
        if target is CoreTarget.IMPORT:
            key = (name, "" if name == function else function)
        elif target is CoreTarget.BUILT_IN:
            continue
        else:
            key = (item.module, item.field)
        imported.setdefault(key, []).append((0, index))
    roots = [*(_module_root(name, index) for name, index in code.exports.items())]
    if code.start is not None:
        roots.append(Root(RootKind.START, "", "", (0, code.start)))
    instance = ModuleInstance(0, module, {})
    linked = _Linker([module], Wiring({0: module}, {}, [instance]), []).result()
    return ComponentCode(
        modules=(code,),
        roots=tuple(root for root in roots if root is not None),
        imports=tuple(
            ImportedFunction(name, function, tuple(at)) for (name, function), at in imported.items()
        ),
        tables=linked.tables,
        problems=code.problems,
    )


def _module_root(name: str, index: int) -> Root | None:
    """The root that an export of a core module is; None for one that the canonical ABI calls on the side.

    Names as wit-component 0.262 has them (``validation.rs``, both manglings).
    """
    if (
        name in _REALLOC
        or name.startswith("cabi_post_")
        or (name.startswith("cm32p2") and name.endswith("_post"))
    ):
        return None
    if name in _CONSTRUCTORS:
        return Root(RootKind.CONSTRUCTOR, "", "", (0, index))
    for prefix in ("[callback]", "[async-lift-stackful]", "[async-lift]"):
        name = name.removeprefix(prefix)
    if name.startswith("cm32p2|"):
        interface, _, function = name.removeprefix("cm32p2|").partition("|")
    else:
        interface, _, function = name.rpartition("#")
    return Root(RootKind.EXPORT, interface or function, function if interface else "", (0, index))
