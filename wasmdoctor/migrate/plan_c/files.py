"""Bindings that stand in a file: a tool writes them, and nothing here edits what it wrote.

What nothing calls of them is not imported: the encoder leaves it out (wit-component 0.241).
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator

from wasmdoctor.migrate.inputs import PlanInputs
from wasmdoctor.migrate.plan_a.sites import SitePlan
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.plan import ManualStep
from wasmdoctor.model.rust import BindingsFile, Generator
from wasmdoctor.readers.cargo.files import folder_of

FLAGS = {
    "runtime_path": "--runtime-path",
    "bitflags_path": "--bitflags-path",
    "default-bindings-module": "--default-bindings-module",
    "export-macro-name": "--export-macro-name",
    "type_section_suffix": "--type-section-suffix",
    "std_feature": "--std-feature",
    "raw_strings": "--raw-strings",
    "pub-export-macro": "--pub-export-macro",
    "disable-run-ctors-once-workaround": "--disable-run-ctors-once-workaround",
}
"""The command's flags for the options in a header (wit-bindgen 0.48.1, crates/rust)."""


def outdated(inputs: PlanInputs, plan: SitePlan) -> ManualStep:
    """What to do about a file that still binds custom imports: nothing, or write it again."""
    file = plan.site.file
    assert file is not None
    names = ", ".join(f"`{name}`" for name in sorted(plan.cure))
    return ManualStep(
        plan.site.binding.location,
        f"this generated file still binds {names}: nothing calls that, so the component does not import it. "
        f"To have it without, write it again: {_command(inputs, plan, file)}",
    )


def _command(inputs: PlanInputs, plan: SitePlan, file: BindingsFile) -> str:
    if file.generator is Generator.CARGO_COMPONENT or _is_cargo_component(inputs, plan):
        return "`cargo component build` does that"
    folder = folder_of(file.path)
    world = ExternName.parse(plan.site.binding.world).interface or plan.site.binding.world
    short = plan.site.world.short if plan.site.world is not None else world
    flags, others = [], []
    for option in file.options:
        name, _, value = option.partition(":")
        if name.strip() in FLAGS:
            flags += [FLAGS[name.strip()], *_values(value)]
        else:
            others.append(option)
    wit = plan.site.paths[0] if plan.site.paths else "wit"
    words = ["wit-bindgen", "rust", wit, "--world", short, "--out-dir", folder, *flags]
    made = posixpath.join(folder, f"{short.replace('-', '_')}.rs")
    text = f"`{shlex.join(words)} && {shlex.join(['mv', made, file.path])}` (version {file.version or 'as before'})"
    return f"{text}, with these options as well: {'; '.join(others)}" if others else text


def _is_cargo_component(inputs: PlanInputs, plan: SitePlan) -> bool:
    """Whether a crate's bindings are those of cargo-component: its run-time part is that tool's."""
    return any(
        dependency.package == "wit-bindgen-rt"
        for component in inputs.components
        if (crate := component.graph.crates.get(plan.crate)) is not None
        if (package := inputs.cargo.packages.get(crate.manifest)) is not None and crate.component is not None
        for dependency in package.dependencies
    )


def _values(value: str) -> Iterator[str]:
    text = value.strip()
    if text:
        yield text[1:-1] if text[:1] == text[-1:] == '"' else text
