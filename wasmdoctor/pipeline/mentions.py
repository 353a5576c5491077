"""Whether code names an import at all, called or not: what cannot be taken out of a world without breaking a build."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wasmdoctor.checks.last import for_last
from wasmdoctor.model.cargo import SourceKind
from wasmdoctor.model.names import ExternName

if TYPE_CHECKING:
    from wasmdoctor.graph.rustnames import RustNames
    from wasmdoctor.model.binding import Binding
    from wasmdoctor.pipeline.crates import Analysis

MOST_FILES = 5000


def mentions(analysis: Analysis, binding: Binding, name: str) -> bool:
    """Whether anything in a component's crates names an import of a binding's world.

    That is code in a function that nobody calls, a type, a ``use``, code that a cfg leaves out, or an option of the
    ``generate!`` call (``with``). True also where that cannot be seen.
    """
    names = analysis.bindings.names.get(binding.module)
    if names is None or binding.opaque or any(analysis.bindings.unseen.values()):
        return True
    module = _module(names, name)
    if module is None:
        return True
    for site in analysis.program.use_sites:
        if site.bindings == binding.module and site.relative[: len(module)] == module:
            return True
    word = module[-1].encode()
    return any(_names(text, name) for text in _options(analysis, binding)) or any(
        word in (analysis.crates.read(path) or b"") for path in _unread(analysis)
    )


@for_last
def _unread(analysis: Analysis) -> tuple[str, ...]:
    """The Rust files of the workspace's own crates that are not compiled for the target: other features may want them."""
    read = {path for path, compiled in analysis.files.items() if compiled}
    files = analysis.crates.files
    component = analysis.component
    crates = (component.crate, *(linked.crate for linked in component.linked))
    waiting = [crate.folder for crate in crates if crate.source_kind is SourceKind.PATH]
    found: list[str] = []
    while waiting and len(found) < MOST_FILES:
        folder = waiting.pop()
        try:
            entries = files.entries(folder)
        except OSError:
            continue
        for name, is_folder in entries.items():
            path = files.join(folder, name)
            if is_folder and name not in ("target", ".git"):
                waiting.append(path)
            elif name.endswith(".rs") and path not in read:
                found.append(path)
    return tuple(found)


def _module(names: RustNames, name: str) -> tuple[str, ...] | None:
    """The module of an import inside the bindings; of a function its own path."""
    paths = [path for path, (owner, _) in names.functions.items() if owner == name]
    if not paths:
        return None
    if ExternName.parse(name).kind == "plain" and len(paths[0]) == 1:
        return paths[0]
    inside = [module for module in names.modules if module and paths[0][: len(module)] == module]
    return max(inside, key=len, default=None)


def _options(analysis: Analysis, binding: Binding) -> Iterator[str]:
    """The texts in the options of a binding's ``generate!`` call, the WIT in it left out."""
    for call in analysis.program.generate_calls:
        if call.bindings != binding.module:
            continue
        for option in call.options:
            if option.name in ("inline", "path", "world"):
                continue
            yield option.value
            for element in option.elements:
                yield element.key
                yield element.value


def _names(text: str, name: str) -> bool:
    """Whether an option speaks of an import: ``ns:pkg/iface``, with or without a version."""
    base = name.partition("@")[0]
    return base in text
