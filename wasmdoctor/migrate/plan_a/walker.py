"""Paths of Rust code, followed through the modules that are declared."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.migrate.inputs import ComponentInput
from wasmdoctor.readers.rust.itemgraph import ModuleNode


class Walker:
    """Follows paths through declared modules, as far as no ``use`` is in between."""

    def __init__(self, component: ComponentInput) -> None:
        self.graph = component.program.items
        self.modules = {module.name: module for module in self.graph.modules}
        self.externs = {crate.name: crate.externs for crate in component.program.crates}
        self.files: dict[str, list[ModuleNode]] = {}
        for module in self.graph.modules:
            self.files.setdefault(module.file, []).append(module)
        self.members = {
            name for name, crate in component.crate_ids.items() if component.graph.crates[crate].is_member
        }

    def crate_of(self, file: str) -> str | None:
        """The member crate that a file belongs to."""
        crate = self.files[file][0].crate
        return crate if crate in self.members else None

    def module_at(self, file: str, offset: int) -> str | None:
        """The module that a place in a file belongs to: the innermost inline one."""
        best: ModuleNode | None = None
        size = -1
        for module in self.files.get(file, ()):
            item = self.graph.nodes[module.item] if module.item is not None and module.inline else None
            if item is None:
                if best is None and not module.inline:
                    best = module
                continue
            length = item.span.end - item.span.start
            inside = item.file == file and item.span.start <= offset < item.span.end
            if inside and (size < 0 or length < size):
                best, size = module, length
        return best.name if best is not None else None

    def steps(self, scope: str, names: list[str], rooted: bool) -> Iterator[tuple[int, str]]:
        """The modules that a path goes through, each with the position of the name that leads there.

        -1 is the position of the module around, for a path that begins with none of its modules.
        """
        at, current = 0, ""
        first = names[0] if names else ""
        if rooted:
            current = self._extern(scope, first)
        elif first == "crate":
            current = scope.partition("::")[0]
            yield 0, current
        elif first in ("self", "super"):
            current = scope
            while at < len(names) and names[at] in ("self", "super"):
                if names[at] == "super":
                    current = self.modules[current].parent if current in self.modules else ""
                at += 1
            at -= 1
            yield at, current
        elif f"{scope}::{first}" in self.modules:
            current = f"{scope}::{first}"
            yield 0, current
        else:
            current = self._extern(scope, first)
            if not current:
                yield -1, scope
        if not current:
            return
        for position in range(at + 1, len(names)):
            current = f"{current}::{names[position]}"
            if current not in self.modules:
                return
            yield position, current

    def from_root(self, scope: str, names: list[str], rooted: bool) -> list[str]:
        """A path in a module as it is written anywhere in its crate: from the root, or from another crate.

        A name that only a ``use`` brings is taken for that of a crate.
        """
        if rooted or names[0] == "crate":
            return names
        module, at = scope, 0
        while at < len(names) and names[at] in ("self", "super"):
            if names[at] == "super":
                module = self.modules[module].parent if module in self.modules else ""
            at += 1
        if not at and f"{scope}::{names[0]}" not in self.modules:
            return names
        return ["crate", *module.split("::")[1:], *names[at:]]

    def _extern(self, scope: str, name: str) -> str:
        found = self.externs.get(scope.partition("::")[0], {}).get(name, "")
        return found if found in self.modules else ""
