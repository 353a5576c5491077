"""What plans take, from what was read of one cargo workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from wasmdoctor.graph.bindings import FoundWorld
from wasmdoctor.migrate.inputs import ComponentInput, PlanInputs, Site
from wasmdoctor.model.binding import Binding, SiteKind
from wasmdoctor.model.cargo import CrateId
from wasmdoctor.model.record import replace
from wasmdoctor.model.rust import BindingsFile, GenerateCall, Generator
from wasmdoctor.model.source import Problem
from wasmdoctor.model.wit import Resolution
from wasmdoctor.pipeline.crates import Analysis, Crates
from wasmdoctor.readers.cargo import DiskFiles
from wasmdoctor.readers.cargo.files import join
from wasmdoctor.readers.rust import Program, RustCrate


class _Files:
    """The file view of plans over the one that was read with."""

    def __init__(self, files: DiskFiles) -> None:
        self._files = files

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, or None."""
        try:
            return self._files.read(path)
        except OSError:
            return None

    def entries(self, path: str) -> Mapping[str, bool]:
        """The names in a folder, and whether each is a folder."""
        try:
            return self._files.entries(path)
        except OSError:
            return {}


def plan_inputs(crates: Crates, provided: Callable[[str], bool]) -> PlanInputs:
    """Everything that a plan for one workspace needs; ``provided`` says which imports the host has.

    Members' sources are read with the code that the target leaves out, which an edit must not break.
    """
    workspace = crates.workspace
    return PlanInputs(
        crates.cargo,
        crates.target,
        tuple(_component(crates.analysis(component)) for component in crates.components),
        _Files(crates.files),
        provided,
        tuple(workspace.show(path) for path in workspace.sources.wac),
        tuple(workspace.wit),
    )


def _component(analysis: Analysis) -> ComponentInput:
    component = analysis.component
    names = dict(analysis.bindings.names)
    program = Program(
        [_whole(analysis, crate) for crate in analysis.rust],
        lambda module: names[module].has if module in names else None,
    )
    return ComponentInput(
        component.crate,
        component.package,
        component.target,
        component.graph,
        component.linked,
        program,
        analysis.crate_ids,
        analysis.start,
        analysis.bindings.bindings,
        tuple(_sites(analysis, program)),
        analysis.bindings.unseen,
        names,
        analysis.prediction,
    )


def _whole(analysis: Analysis, read: RustCrate) -> RustCrate:
    """A member's sources with the files that the target leaves out; other crates as they were read."""
    crate = analysis.component.graph.crates[analysis.crate_ids[read.name]]
    if not crate.is_member:
        return read
    return analysis.crates.read_rust(crate, read.tree.root.file, read.name, read.externs, read_excluded=True)


def _sites(analysis: Analysis, program: Program) -> Iterator[Site]:
    calls = {call.location: call for call in program.generate_calls}
    files = {file.location: file for file in program.bindings_files}
    for binding in analysis.bindings.bindings:
        if binding.kind is SiteKind.GENERATE and binding.location in calls:
            yield _of_call(analysis, binding, calls[binding.location])
        elif binding.kind is SiteKind.FILE and binding.location in files:
            yield _of_file(analysis, binding, files[binding.location])


def _of_call(analysis: Analysis, binding: Binding, call: GenerateCall) -> Site:
    use = analysis.wit_use(call)
    world = analysis.world_of(call)
    assert not isinstance(world, Problem)  # a call without a world gives no binding
    inline = call.inline is not None
    if call.generator not in (Generator.WIT_BINDGEN, Generator.CARGO_COMPONENT):
        inline = False
    return Site(
        binding.crate, binding.module, binding, call, None, world.world, use.resolution, use.paths, inline
    )


def _of_file(analysis: Analysis, binding: Binding, file: BindingsFile) -> Site:
    """A bindings file's WIT is looked for by the world's name: in the crate's own folder first."""
    folder = _folder(analysis, binding.crate)
    own: FoundWorld | None = None
    for world in analysis.worlds_of(binding.crate):
        if world.world.name == binding.world:
            own = world
    paths = (join(folder, "wit"),) if own is not None else ()
    found = own or analysis.world_named(binding.world)
    resolution = found.resolution if found else Resolution()
    site = Site(binding.crate, binding.module, binding, None, file, None, resolution, paths)
    return replace(site, world=found.world) if found else site


def _folder(analysis: Analysis, crate: CrateId) -> str:
    return analysis.component.graph.crates[crate].folder
