"""Which other crates a crate's code names. rustc links a dependency only when some path leads to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from wasmdoctor.readers.rust.cfg import both
from wasmdoctor.readers.rust.scopes import CrateCode, Resolver, Target
from wasmdoctor.readers.rust.uses import UnitReferences


def named_crates(
    code: CrateCode,
    resolver: Resolver,
    units: Iterable[UnitReferences],
    wanted: Collection[str] | None = None,
) -> dict[str, bool]:
    """The crates that a crate's compiled code names, and whether that is sure. ``units`` are all of its code.

    Names are those of the program's crates; a crate without sources is named as its dependents name it.
    Code in functions that nobody calls counts: rustc resolves all names before it drops anything.
    With ``wanted`` the answer holds for those crates only, and no more is read than they need.
    """
    found: dict[str, bool] = {}

    def note(targets: tuple[Target, ...], state: bool | None) -> None:
        if state is False:
            return
        others = {_crate_of(target) for target in targets}
        # Which item of a crate is meant may be open, and the crate certain all the same.
        sure = state is True and len(others) == 1
        for other in others:
            if other and other != code.name:
                found[other] = found.get(other, False) or sure

    for use, _ in code.imports:
        note(resolver.resolve(use.scope, use.path), use.state)
        if use.path:
            # `use dependency;` resolves to the crate's root, `use dependency::Nothing` to nothing at all.
            note(resolver.resolve(use.scope, use.path[:1]), use.state)
    if wanted is not None and all(found.get(name) for name in wanted):
        return found
    for references in units:
        unit = references.unit
        for reference in references.references:
            note(reference.targets, reference.state)
        for call in references.macros:
            if len(call.path) > 1:
                state = both(
                    unit.state, unit.scope.crate.tree.conditions.of(call.condition, unit.source.data)
                )
                note(resolver.resolve(unit.scope, call.path[:1]), state)
        if wanted is not None and all(found.get(name) for name in wanted):
            break
    return found


def _crate_of(target: Target) -> str:
    if target.kind in ("module", "bindings") and target.scope is not None:
        return target.scope.crate.name
    if target.definition is not None:
        return target.definition.scope.crate.name
    return target.path[0] if target.kind == "external" and target.path else ""
