"""A composition written down for the tools that make it: a .wac document, a wasm-tools compose configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping

from wasmdoctor.model.composition import Composition
from wasmdoctor.model.wac import identifier, label


def instance_names(composition: Composition) -> dict[str, str]:
    """A kebab-case name for each component that gets in, by its path; each name once."""
    names: dict[str, str] = {}
    for path in composition.order:
        stem = path.rpartition("/")[2].removesuffix(".wasm")
        base = label(stem) or "component"
        name, number = base, 2
        while name in names.values():
            name, number = f"{base}-v{number}", number + 1
        names[path] = name
    return names


def document(composition: Composition, names: Mapping[str, str], package: str = "composed:app") -> str:
    """The .wac text (wac 0.12, LANGUAGE.md). What nobody provides stays an import, by the final `...`."""
    lines = [f"package {package};", ""]
    for path in composition.order:
        wires = [wire for wire in composition.wires if wire.consumer == path]
        lines.append(f"// {path}")
        if not wires:
            lines += [f"let {identifier(names[path])} = new local:{names[path]} {{ ... }};", ""]
            continue
        lines.append(f"let {identifier(names[path])} = new local:{names[path]} {{")
        lines += [f'    "{w.name}": {identifier(names[w.provider])}["{w.export}"],' for w in wires]
        lines += ["    ...", "};", ""]
    lines.append(f"export {identifier(names[composition.root])}...;")
    return "\n".join(lines) + "\n"


def configuration(composition: Composition, names: Mapping[str, str], files: Mapping[str, str]) -> str:
    """The configuration of ``wasm-tools compose`` (1.262, wasm-compose 0.262), as YAML that is JSON as well.

    ``files`` maps a component's path to the path that the tool shall open; the root is its argument.
    """
    instance = {path: "root" if path == composition.root else f"i-{name}" for path, name in names.items()}
    instances: dict[str, dict[str, object]] = {}
    for path in composition.order:
        arguments = {
            wire.name: {"instance": instance[wire.provider], "export": wire.export}
            for wire in composition.wires
            if wire.consumer == path
        }
        entry: dict[str, object] = {"arguments": arguments}
        if path != composition.root:
            entry["dependency"] = f"d-{names[path]}"
        instances[instance[path]] = entry
    dependencies = {
        f"d-{names[path]}": {"path": files[path]} for path in composition.order if path != composition.root
    }
    return json.dumps({"dependencies": dependencies, "instantiations": instances}, indent=2)
