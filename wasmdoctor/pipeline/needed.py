"""Which functions of a plan's bridge or adapter the components still need, and which fall away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from wasmdoctor.model.binding import Certainty
from wasmdoctor.model.edit import ChangeKind, ChangeSet
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.plan import BridgeFunction
from wasmdoctor.model.record import replace
from wasmdoctor.pipeline.project import Maker

Key = tuple[str, str]
"""An import (a world's own function under its own name), and the function as it is encoded."""


def needed_in_bridge(
    functions: Iterable[BridgeFunction], before: Sequence[Maker], after: Sequence[Maker], changes: ChangeSet
) -> tuple[BridgeFunction, ...]:
    """The functions of bridge modules, told apart by what the edited tree's components keep (plans A and C).

    ``before`` are the components as they are, ``after`` those of the edited tree: there, nothing but the own
    exports is left to begin from, and the bridge is Rust as any other. A function is needed when code that
    is kept surely or perhaps calls it, and falls away when no component's does, before or after. None when that
    cannot be said: code that is not in the sources, or a path that a macro puts together, may call it, or no
    component has it. Bridges of several crates for one interface count as one.
    """
    paths, called, hidden = _rust_paths(before), _called(before), _hidden(before)
    unseen = _unseen(before)
    files = {change.path for change in changes.changes if change.kind is not ChangeKind.REMOVE}
    known: dict[str, list[bool | None]] = {}
    for maker in after:
        for function, kept in _kept(maker, files).items():
            known.setdefault(function, []).append(kept)

    def judged(function: BridgeFunction) -> BridgeFunction:
        key = _key(function)
        endings = tuple(f"::{'::'.join(path)}" for path in paths.get(key, ()))
        found = [kept for name, each in known.items() if name.endswith(endings) for kept in each]
        if key[1] not in called.get(_track(key[0]), ()) and not unseen:
            return replace(function, needed=False)
        if not endings or not found:
            return replace(function, needed=function.needed or None)
        needed = True if True in found else None if None in found or key in hidden else False
        return replace(function, needed=needed)

    return tuple(map(judged, functions))


def needed_in_adapter(
    functions: Iterable[BridgeFunction], consumers: Sequence[Maker]
) -> tuple[BridgeFunction, ...]:
    """The functions of an adapter, told apart by what the components that are composed with it call (plan B).

    All exports of these stay, leaked ones too, so that whatever any of them reaches is needed.
    """
    called = _called(consumers)
    unseen = _unseen(consumers) or not consumers

    def judged(function: BridgeFunction) -> BridgeFunction:
        name, encoded = _key(function)
        needed = encoded in called.get(_track(name), ())
        return replace(function, needed=needed or (None if unseen else False))

    return tuple(map(judged, functions))


def _called(makers: Iterable[Maker]) -> Mapping[tuple[str, str], set[str]]:
    """The functions that components call, surely or perhaps, by import."""
    found: dict[tuple[str, str], set[str]] = {}
    for maker in makers:
        for name, predicted in maker.analysis.prediction.imports.items():
            if predicted.certainty is not Certainty.UNUSED:
                own = () if ExternName.parse(name).kind == "interface" else (name,)
                found.setdefault(_track(name), set()).update(predicted.functions, own)
    return found


def _hidden(makers: Iterable[Maker]) -> set[Key]:
    """The functions that macros may call by a path that they put together: only its front can be read."""
    found: set[Key] = set()
    for maker in makers:
        names = maker.analysis.bindings.names
        for site in maker.analysis.program.use_sites:
            known = names.get(site.bindings)
            front = site.relative
            if known is None or site.kind != "macro" or front in known.functions:
                continue
            found |= {called for path, called in known.functions.items() if path[: len(front)] == front}
    return found


def _unseen(makers: Iterable[Maker]) -> bool:
    """Whether code that is not in the sources may be in one of the components."""
    return any(maker.analysis.prediction.unseen for maker in makers)


def _key(function: BridgeFunction) -> Key:
    return function.interface or function.function, function.function


def _track(name: str) -> tuple[str, str]:
    """What names of versions that can stand for each other have in common."""
    parsed = ExternName.parse(name)
    return parsed.unversioned, parsed.track or parsed.version or ""


def _rust_paths(makers: Iterable[Maker]) -> Mapping[Key, set[tuple[str, ...]]]:
    """Where bindings have each function, inside their module: bridges have it at the same path."""
    found: dict[Key, set[tuple[str, ...]]] = {}
    for maker in makers:
        for names in maker.analysis.bindings.names.values():
            for path, called in names.functions.items():
                found.setdefault(called, set()).add(path)
    return found


def _kept(maker: Maker, files: Collection[str]) -> Mapping[str, bool | None]:
    """Whether a component keeps each function that stands in one of the files; None for "not known"."""
    analysis = maker.analysis
    reached = analysis.reached
    not_reached = None if analysis.prediction.unseen else False
    return {
        function.id: function.id in reached.certain or function.id in reached.possible or not_reached
        for function in analysis.program.functions
        if function.location.path in files
    }
