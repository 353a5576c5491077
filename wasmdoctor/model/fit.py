"""Whether an export has the functions of an import, with the same types."""

from __future__ import annotations

from wasmdoctor.model.host import Mistyped
from wasmdoctor.model.types import COMPONENT_RULE, difference
from wasmdoctor.model.wasm import Extern, ExternKind


def differing(wanted: Extern, offered: Extern) -> tuple[Mistyped, ...]:
    """Functions that an export has with another type than the import, as far as both types are known.

    Rule: Component Model, Subtyping.md; names of parameters and the sort of handles count there (wasmparser
    0.262).
    """
    offers = {function.name: function for function in offered.functions}
    if wanted.kind is ExternKind.FUNC:
        offers = dict(zip([wanted.name], offered.functions, strict=False))

    def same(asked: str, there: str) -> bool:
        return _same_resource(wanted.name, asked, offered.name, there)

    found: list[Mistyped] = []
    for function in wanted.functions:
        other = offers.get(function.name)
        if other is None or function.type is None or other.type is None:
            continue
        parts = difference(function.type, other.type, COMPONENT_RULE, same)
        if parts is not None:
            found.append(Mistyped(function.name, function.signature, other.signature, parts))
    return tuple(found)


def _same_resource(wanted: str, asked: str, offered: str, there: str) -> bool:
    """Whether a resource of an import is the one that an export means, once they are joined.

    Only the interfaces' own resources are told apart: who provides the others is another question.
    """
    if asked.startswith("#") and there.startswith("#"):
        return asked == there
    interface, _, name = there.rpartition("#")
    known = interface or offered
    own, _, mine = asked.rpartition("#")
    return mine == name and (own or wanted).partition("@")[0] == known.partition("@")[0]
