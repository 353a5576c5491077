"""A .wac document that composes one application with what provides for it (wac 0.12, LANGUAGE.md)."""

from __future__ import annotations

from collections.abc import Sequence

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.wac import identifier


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a composition: its name as WIT has them, the imports that others provide, and whose."""

    name: str
    imports: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()


def document(instances: Sequence[Instance], about: Sequence[str]) -> str:
    """The text. ``instances`` stand behind those they need, the application last; ``about`` are lines for the top.

    An instance gets each export of another one that it imports. Which of them a build keeps depends on its
    profile, so they are spread rather than listed. Everything else stays an import.
    """
    lines = [f"// {line}".rstrip() for line in about]
    lines += ["", f"package composed:{identifier(instances[-1].name)};", ""]
    for one in instances:
        name = identifier(one.name)
        if not one.providers:
            lines += [f"let {name} = new local:{name} {{ ... }};", ""]
            continue
        lines += ["// What these provide of its imports:", *(f"//   {used}" for used in one.imports)]
        lines.append(f"let {name} = new local:{name} {{")
        lines += [f"    ...{identifier(provider)}," for provider in one.providers]
        lines += ["    ...", "};", ""]
    lines += [f"export {identifier(instances[-1].name)}...;", ""]
    return "\n".join(lines)
