"""Which component provides for which: pure, over what the readers say of each.

A component's import is wired to a component that exports it, whether or not the host has it as well:
someone who gives a component that exports a host's interface means it to stand in between. Versions match
exactly, else on one semver track, as ``wac plug`` (0.12) matches them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from wasmdoctor.model.composition import Composition, Double, Mismatch, Wire
from wasmdoctor.model.fit import differing
from wasmdoctor.model.host import same_track
from wasmdoctor.model.names import ExternName, version_order
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.wasm import Extern, ExternKind, WasmFile

WIRED = (ExternKind.INSTANCE, ExternKind.FUNC)
"""What can be given by one component to another through a name."""


@dataclass(frozen=True, slots=True)
class _Offer:
    """An export under one unversioned name."""

    path: str
    name: ExternName
    extern: Extern


def wire(
    files: Iterable[WasmFile],
    has: Callable[[Extern], bool],
    *,
    root: str = "",
    prefer: Sequence[str] = (),
) -> Composition:
    """Wire components to each other.

    ``has`` tells whether the host provides an import; ``root`` is the path of the component whose exports
    are wanted, by default the only one that no other needs; ``prefer`` are paths that win, the first
    first, where several provide the same. Raises ValueError for a root that is none of the components.
    """
    components = {file.path: file.component for file in files if file.component is not None}
    if root and root not in components:
        raise ValueError(root)
    offers: dict[str, list[_Offer]] = {}
    for path, component in sorted(components.items()):
        for extern in component.exports:
            if extern.kind in WIRED:
                name = ExternName.parse(extern.name)
                offers.setdefault(name.unversioned, []).append(_Offer(path, name, extern))
    wires: dict[str, list[Wire]] = {path: [] for path in components}
    doubles: dict[str, list[Double]] = {path: [] for path in components}
    mismatches: dict[str, list[Mismatch]] = {path: [] for path in components}
    needed: set[str] = set()
    for path, component in components.items():
        for extern in component.imports:
            if extern.kind not in WIRED or not extern.needs_provider:
                continue
            fitting, near = _fitting(path, extern, offers)
            # One that is not chosen is no application either.
            needed |= {offer.path for offer in fitting}
            if len({offer.path for offer in fitting}) > 1:
                fitting = _preferred(fitting, prefer) or fitting
            providers = tuple(sorted({offer.path for offer in fitting}))
            if len(providers) > 1:
                doubles[path].append(Double(path, extern.name, providers))
            elif fitting:
                wires[path].append(Wire(path, extern.name, fitting[0].path, fitting[0].extern.name))
            else:
                mismatches[path] += near
        wires[path] += _types(path, component.imports, offers, [wire.provider for wire in wires[path]])
    candidates = tuple(sorted(path for path in components if path not in needed))
    if not root and len(candidates) == 1:
        root = candidates[0]
    order, cycles = _order([root] if root else sorted(components), wires)
    inside = set(order)
    unwired = [
        (path, extern)
        for path in order
        for extern in components[path].imports
        if not any(wire.name == extern.name for wire in wires[path])
    ]
    missing = tuple(
        (path, extern)
        for path, extern in unwired
        if extern.needs_provider
        and not has(extern)
        and not any(double.name == extern.name for double in doubles[path])
    )
    return Composition(
        root=root,
        candidates=candidates,
        order=tuple(order),
        unused=tuple(sorted(set(components) - inside)),
        wires=tuple(wire for path in order for wire in wires[path]),
        imports=tuple(sorted({extern.name for _, extern in unwired})),
        host=tuple(sorted({extern.name for _, extern in unwired if has(extern)})),
        exports=components[root].exports if root else (),
        missing=missing,
        doubles=tuple(double for path in order for double in doubles[path]),
        cycles=tuple(cycles),
        mismatches=tuple(mismatch for path in order for mismatch in mismatches[path]),
    )


def _types(
    path: str, imports: Iterable[Extern], offers: dict[str, list[_Offer]], providers: Sequence[str]
) -> Iterable[Wire]:
    """The interfaces of which only types are imported, and that a provider of something else exports as well.

    Nobody needs them, and the result would go on importing what is not the host's.
    """
    for extern in imports:
        if extern.kind is ExternKind.INSTANCE and not extern.needs_provider:
            fitting, _ = _fitting(path, extern, offers)
            chosen = next((offer for offer in fitting if offer.path in providers), None)
            if chosen is not None:
                yield Wire(path, extern.name, chosen.path, chosen.extern.name)


def _fitting(
    path: str, wanted: Extern, offers: dict[str, list[_Offer]]
) -> tuple[list[_Offer], list[Mismatch]]:
    """Exports of other components that fit an import, the best version of each; and those that do not."""
    name = ExternName.parse(wanted.name)
    fitting: list[_Offer] = []
    near: list[Mismatch] = []
    for offer in offers.get(name.unversioned, ()):
        if offer.path == path or offer.extern.kind is not wanted.kind:
            continue
        if offer.name.version != name.version and not same_track(offer.name.version, name.version):
            near.append(
                Mismatch(
                    path, wanted.name, offer.path, "", name.version or "none", offer.name.version or "none"
                )
            )
            continue
        differing = tuple(_differences(path, wanted, offer))
        near += differing
        if not differing:
            fitting.append(offer)
    exact = [offer for offer in fitting if offer.name.version == name.version]
    best = exact or sorted(fitting, key=lambda offer: version_order(offer.name.version), reverse=True)
    return best, near


def _differences(path: str, wanted: Extern, offer: _Offer) -> Iterable[Mismatch]:
    """Functions and resources that are not offered, or functions of another type.

    Where the types are not known (of WIT that is planned) the signatures as text are compared.
    """
    if not (wanted.typed and offer.extern.typed):
        return
    offered = {function.name: function for function in offer.extern.functions}
    if wanted.kind is ExternKind.FUNC and offer.extern.functions:
        offered = {wanted.name: offer.extern.functions[0]}
    for function in wanted.functions:
        have = offered.get(function.name)
        if have is None:
            yield Mismatch(path, wanted.name, offer.path, function.name, function.signature, "")
        elif not (function.type and have.type) and "" != have.signature != function.signature != "":
            yield Mismatch(path, wanted.name, offer.path, function.name, function.signature, have.signature)
    for other in differing(wanted, offer.extern):
        yield Mismatch(path, wanted.name, offer.path, other.name, other.asked, other.offered)
    for resource in sorted(set(wanted.resources) - set(offer.extern.resources)):
        yield Mismatch(path, wanted.name, offer.path, resource, "resource", "")


def _preferred(fitting: list[_Offer], prefer: Sequence[str]) -> list[_Offer]:
    for path in prefer:
        chosen = [offer for offer in fitting if offer.path == path]
        if chosen:
            return chosen
    return []


def _order(roots: Sequence[str], wires: dict[str, list[Wire]]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Everything that the roots need, each behind what it needs, and the rings among them.

    Without recursion, since a chain may be long. A ring is told once, from its least path on.
    """
    order: list[str] = []
    rings: dict[tuple[str, ...], None] = {}
    state: dict[str, int] = {}
    for start in roots:
        if start in state:
            continue
        way: list[tuple[str, list[str]]] = [(start, _needs(start, wires))]
        state[start] = 1
        while way:
            path, left = way[-1]
            if not left:
                way.pop()
                state[path] = 2
                order.append(path)
                continue
            following = left.pop()
            if following not in state:
                state[following] = 1
                way.append((following, _needs(following, wires)))
            elif state[following] == 1:
                names = [step for step, _ in way]
                ring = names[names.index(following) :]
                first = ring.index(min(ring))
                rings[(*ring[first:], *ring[:first])] = None
    return order, list(rings)


def _needs(path: str, wires: dict[str, list[Wire]]) -> list[str]:
    return sorted({wire.provider for wire in wires[path]}, reverse=True)
