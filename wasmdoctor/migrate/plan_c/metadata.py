"""The packages of a world, as cargo-component is told of them.

Rule: cargo-component 0.21.1 (``bindings.rs``, ``parse_dir``) does not read ``deps`` below a WIT folder: each
package that the world needs has an entry in ``[package.metadata.component.target.dependencies]``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from wasmdoctor.migrate.inputs import PlanInputs
from wasmdoctor.migrate.plan_a.sites import SitePlan, Sites
from wasmdoctor.migrate.plan_c.wit import CWitResult
from wasmdoctor.migrate.toml import SetKey, TomlChange, toml_edits
from wasmdoctor.model.edit import Edit
from wasmdoctor.readers.cargo.files import join

CAUSE = "cargo-component reads packages that a world imports from where this says"


def wit_dependencies(inputs: PlanInputs, sites: Sites, wit: CWitResult) -> Iterator[Edit]:
    """Entries for the packages that were put beside a world, in manifests that say where the world is."""
    changes: dict[str, dict[str, TomlChange]] = {}
    for plan in sites.plans:
        for manifest, change in _of(inputs, plan, wit.folders_of.get(id(plan), {})):
            changes.setdefault(manifest, {})["/".join(map(str, change.path))] = change
    for manifest, each in sorted(changes.items()):
        data = inputs.files.read(manifest)
        if data is not None:
            yield from toml_edits(manifest, data, list(each.values()))


def _of(inputs: PlanInputs, plan: SitePlan, folders: dict[str, str]) -> Iterator[tuple[str, SetKey]]:
    for component in inputs.components:
        crate = component.graph.crates.get(plan.crate)
        target = crate.component.target if crate is not None and crate.component is not None else None
        if crate is None or target is None:
            continue
        if join(crate.folder, target.path.value if target.path else "wit") not in plan.site.paths:
            continue
        known = {dependency.name for dependency in target.dependencies}
        for package, folder in sorted(folders.items()):
            if package not in known:
                key = ("package", "metadata", "component", "target", "dependencies", package)
                path = posixpath.relpath(folder, crate.folder)
                yield crate.manifest, SetKey(key, {"path": path}, CAUSE)
        return
