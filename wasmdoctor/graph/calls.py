"""From a component's exports to its imports, function by function: what is reached, and on which path.

Plain walks over the columns of ``ComponentCode``; a module may have a million functions, so functions are
numbers here, and nothing is kept for each of them but a few bytes. A call is certain when the code names
the called function, and possible when it goes through a table or a reference: then every function that is
there with the call's signature counts (core specification, ``call_indirect`` and ``call_ref``).
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from wasmdoctor.model.calls import ComponentCode, FunctionId, ImportedFunction, Root, RootKind
from wasmdoctor.model.finding import ReachedBy
from wasmdoctor.model.record import dataclass

NONE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class CallStep:
    """A function on a path; ``possible`` says that only a table or a reference leads to it."""

    at: FunctionId
    possible: bool = False


@dataclass(frozen=True, slots=True)
class CallPath:
    """A way from a root to an imported function: the root's own function first, the core import last."""

    root: Root
    target: ImportedFunction
    steps: tuple[CallStep, ...]

    @property
    def possible(self) -> bool:
        """Whether it rests on a call through a table."""
        return any(step.possible for step in self.steps)


class CallGraph:
    """The calls inside one component. What a question needs is computed when it is first asked."""

    def __init__(self, code: ComponentCode) -> None:
        self.code = code
        self._bases = [0]
        for module in code.modules:
            self._bases.append(self._bases[-1] + module.count)
        self._functions = self._bases[-1]

    # -- numbers

    def _number(self, at: FunctionId) -> int:
        """The number of a function; NONE for one that is not there (a broken or hostile component)."""
        module, function = at
        if 0 <= module < len(self.code.modules) and 0 <= function < self.code.modules[module].count:
            return self._bases[module] + function
        return NONE

    def _numbers(self, ids: Iterable[FunctionId]) -> list[int]:
        return [number for number in map(self._number, ids) if number != NONE]

    def _id(self, number: int) -> FunctionId:
        module = bisect_right(self._bases, number) - 1
        return module, number - self._bases[module]

    # -- edges

    @cached_property
    def _certain(self) -> _Edges:
        """Direct calls, and imports of a module that another module answers."""
        edges = _Edges(self._functions)
        for module, base in zip(self.code.modules, self._bases, strict=False):
            edges.add_rows(base + len(module.imports), module.calls, base, module.count)
        for source, targets in self.code.links.items():
            edges.add(self._number(source), self._numbers(targets))
        return edges

    @cached_property
    def _possible(self) -> _Edges:
        """Calls through tables and references. Each table and signature is a node of its own behind the functions.

        So the edges are as many as callers and entries together, not as their product.
        """
        groups: dict[tuple[int, int, str], int] = {}
        calls: list[tuple[int, list[int]]] = []
        for index, (module, base) in enumerate(zip(self.code.modules, self._bases, strict=False)):
            first = base + len(module.imports)
            for caller, found in module.table_calls.items():
                keys = dict.fromkeys((index, call.table, call.signature) for call in found)
                numbers = [groups.setdefault(key, self._functions + len(groups)) for key in keys]
                if 0 <= caller < len(module.sizes):
                    calls.append((first + caller, numbers))
            for caller, taken in module.references.items():
                if 0 <= caller < len(module.sizes):
                    calls.append((first + caller, self._numbers((index, function) for function in taken)))
        edges = _Edges(self._functions + len(groups))
        for number, called in calls:
            edges.add(number, called)
        for (index, table, signature), number in groups.items():
            members = self.code.tables.get((index, table), {}).get(signature, ())
            edges.add(number, self._numbers(members))
        for source, targets in self.code.links_possible.items():
            edges.add(self._number(source), self._numbers(targets))
        return edges

    # -- questions

    def reached(self, roots: Iterable[Root], *, possible: bool = False) -> Reached:
        """The functions that runs from these roots come to: surely, or with ``possible`` through tables too."""
        start = self._numbers(root.at for root in roots)
        steps = [self._certain.successors]
        if possible:
            steps.append(self._possible.successors)
        seen = bytearray(self._possible.nodes if possible else self._functions)
        waiting: list[int] = []
        for number in start:
            if not seen[number]:
                seen[number] = 1
                waiting.append(number)
        while waiting:
            number = waiting.pop()
            for successors in steps:
                for other in successors(number):
                    if not seen[other]:
                        seen[other] = 1
                        waiting.append(other)
        return Reached(seen, self._number)

    def paths(
        self, targets: Iterable[ImportedFunction], roots: Iterable[Root] | None = None
    ) -> Iterator[CallPath]:
        """For each root that reaches one of ``targets`` the path with the fewest table calls, then the shortest.

        In the order of the roots; by default of all roots of the component.
        """
        owners = {number: target for target in targets for number in self._numbers(target.at)}
        if not owners:
            return
        way = self._toward(list(owners))
        for root in self.code.roots if roots is None else roots:
            steps = self._follow(self._number(root.at), way)
            if steps:
                yield CallPath(root, owners[self._number(steps[-1].at)], steps)

    def paths_by_caller(
        self, target: ImportedFunction, roots: Sequence[Root] | None = None, *, most: int
    ) -> Iterator[CallPath]:
        """As ``paths``, but one for every function that calls the import itself; at most ``most``."""
        found = 0
        starts = self.code.roots if roots is None else roots
        reached = self.reached(starts, possible=True)
        for number in self._numbers(target.at):
            certain = dict.fromkeys(self._certain.predecessors(number), False)
            callers = dict.fromkeys(self._possible.predecessors(number), True) | certain
            for caller, possible in sorted(callers.items()):
                if not reached.has(caller):
                    continue  # each of the others has a path, so that ``most`` bounds the work too
                way = self._toward([caller])
                for root in starts:
                    steps = self._follow(self._number(root.at), way)
                    if not steps:
                        continue
                    yield CallPath(root, target, (*steps, CallStep(self._id(number), possible)))
                    found += 1
                    if found >= most:
                        return

    def _toward(self, targets: list[int]) -> _Way:
        """The next function from every function that reaches a target; breadth first, tables last."""
        way = _Way(array("I", [NONE]) * self._possible.nodes, bytearray(self._possible.nodes))
        for number in targets:
            way.next[number] = number
        level = self._closed(targets, way)
        while True:
            fresh: list[int] = []
            for number in level:
                for caller in self._possible.predecessors(number):
                    if way.next[caller] == NONE:
                        way.next[caller] = number
                        way.possible[caller] = 1
                        fresh.append(caller)
            if not fresh:
                return way
            level = self._closed(fresh, way)

    def _closed(self, level: list[int], way: _Way) -> list[int]:
        """``level`` and everything that surely calls into it, in the order of distance."""
        for number in level:  # grows on the way
            if number < self._functions:
                for caller in self._certain.predecessors(number):
                    if way.next[caller] == NONE:
                        way.next[caller] = number
                        level.append(caller)
        return level

    def _follow(self, number: int, way: _Way) -> tuple[CallStep, ...]:
        """The path from a function along a way; empty when it leads nowhere."""
        if number == NONE or way.next[number] == NONE:
            return ()
        steps = [CallStep(self._id(number))]
        possible = False
        while way.next[number] != number:
            possible = possible or bool(way.possible[number])
            number = way.next[number]
            if number < self._functions:  # what stands for a table is no function
                steps.append(CallStep(self._id(number), possible))
                possible = False
        return tuple(steps)


@dataclass(frozen=True, slots=True)
class _Way:
    """For each number the next one on the way to a target (NONE for no way), and whether by a table."""

    next: array[int]
    possible: bytearray


@dataclass(frozen=True, slots=True)
class Reached:
    """The functions that some roots reach: a set of ``FunctionId``."""

    _seen: bytearray
    _number: Callable[[FunctionId], int]

    def __contains__(self, at: object) -> bool:
        match at:
            case (int() as module, int() as function):
                number = self._number((module, function))
                return number != NONE and bool(self._seen[number])
        return False

    def has(self, number: int) -> bool:
        """Whether what has this number in the graph is reached."""
        return bool(self._seen[number])

    def any(self, ids: Iterable[FunctionId]) -> bool:
        """Whether one of these is reached."""
        return any(at in self for at in ids)


class _Edges:
    """Edges between numbers, read in both directions. Rows are not copied; the way back is two arrays."""

    def __init__(self, nodes: int) -> None:
        self.nodes = nodes
        self._blocks: list[tuple[int, Sequence[Sequence[int]], int, int]] = []
        self._starts: list[int] = []
        self._extra: dict[int, list[int]] = {}

    def add_rows(self, first: int, rows: Sequence[Sequence[int]], base: int, count: int) -> None:
        """Edges from ``first`` on, a row for each; targets count from ``base``, and are below ``count``."""
        self._starts.append(first)
        self._blocks.append((first, rows, base, count))

    def add(self, source: int, targets: Iterable[int]) -> None:
        """Edges from one number, besides those of its row."""
        if source != NONE:
            self._extra.setdefault(source, []).extend(targets)

    def successors(self, number: int) -> list[int]:
        """Where the edges of a number lead; what no module has is left out."""
        found = list(self._extra.get(number, ()))
        block = bisect_right(self._starts, number) - 1
        if block >= 0:
            first, rows, base, count = self._blocks[block]
            if number - first < len(rows):
                found += [base + target for target in rows[number - first] if target < count]
        return found

    @cached_property
    def _back(self) -> tuple[array[int], array[int]]:
        """Where the sources of each number begin in the list of all, and that list (counting sort)."""
        begins = array("I", bytes(4 * (self.nodes + 1)))
        for _, rows, base, count in self._blocks:
            for row in rows:
                for target in row:
                    if target < count:
                        begins[base + target] += 1
        for targets in self._extra.values():
            for target in targets:
                begins[target] += 1
        total = 0
        for number, size in enumerate(begins):
            total += size
            begins[number] = total  # the end: filling moves it back to the beginning
        sources = array("I", bytes(4 * total))
        for first, rows, base, count in self._blocks:
            for source, row in enumerate(rows, first):
                for target in row:
                    if target < count:
                        begins[base + target] -= 1
                        sources[begins[base + target]] = source
        for source, targets in self._extra.items():
            for target in targets:
                begins[target] -= 1
                sources[begins[target]] = source
        return begins, sources

    def predecessors(self, number: int) -> array[int]:
        """From where edges lead to a number."""
        begins, sources = self._back
        return sources[begins[number] : begins[number + 1]]


# -- what is needed


def reached_functions(graph: CallGraph, leaked: Collection[str] = ()) -> dict[tuple[str, str], ReachedBy]:
    """How each imported function is reached, by the import's name and the function's.

    ``leaked`` are the names of exports that are not the component's own. Start functions and constructors
    run whatever is called, so what they reach counts as the own exports' do. What the own exports may reach
    through a table only is ``table``, even when a leaked export surely reaches it.
    """
    own = [root for root in graph.code.roots if root.kind is not RootKind.EXPORT or root.name not in leaked]
    surely, perhaps = graph.reached(own), graph.reached(own, possible=True)
    other = [root for root in graph.code.roots if root.kind is RootKind.EXPORT and root.name in leaked]
    by_leaked = graph.reached(other, possible=True) if other else None
    found: dict[tuple[str, str], ReachedBy] = {}
    for imported in graph.code.imports:
        if surely.any(imported.at):
            by = ReachedBy.OWN_EXPORTS
        elif perhaps.any(imported.at):
            by = ReachedBy.TABLE
        elif by_leaked is not None and by_leaked.any(imported.at):
            by = ReachedBy.LEAKED_EXPORTS
        else:
            by = ReachedBy.NOTHING
        known = found.get((imported.name, imported.function))
        found[imported.name, imported.function] = by if known is None else strongest((known, by))
    return found


def strongest(found: Iterable[ReachedBy]) -> ReachedBy:
    """The one that asks for most; ``UNKNOWN`` for none."""
    return min(found, key=list(ReachedBy).index, default=ReachedBy.UNKNOWN)


def reached_imports(functions: Mapping[tuple[str, str], ReachedBy]) -> dict[str, ReachedBy]:
    """How each import is reached, from what ``reached_functions`` says of its functions."""
    found: dict[str, ReachedBy] = {}
    for (name, _), by in functions.items():
        found[name] = strongest((found[name], by)) if name in found else by
    return found


def needed(code: ComponentCode, own_exports: Collection[str], interface: str) -> dict[str, bool]:
    """For each imported function of ``interface``, whether the component still needs it without leaked exports.

    ``own_exports`` are the names of the exports that stay. True also for what they may reach through a table;
    False for what only other exports reach, or nothing: that falls away. Keys are the functions as encoded
    (``[method]tcp-socket.connect``), ``[resource-drop]name`` among them.
    """
    exports = {root.name for root in code.roots if root.kind is RootKind.EXPORT}
    found = reached_functions(CallGraph(code), exports - set(own_exports))
    return {
        function: by in (ReachedBy.OWN_EXPORTS, ReachedBy.TABLE)
        for (name, function), by in found.items()
        if name == interface
    }
