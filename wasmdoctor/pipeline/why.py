"""``why`` and ``graph``: where imports come from, and the whole picture."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from wasmdoctor.catalog import Catalog
from wasmdoctor.checks.linking import Verdict, judge
from wasmdoctor.discover import discover
from wasmdoctor.graph.origins import binding_steps, origin
from wasmdoctor.model.binding import Carrier, Certainty, Evidence
from wasmdoctor.model.cargo import CrateId
from wasmdoctor.model.finding import CallChain, OriginStep, Why
from wasmdoctor.model.host import HostView
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.sizes import CodeSizes
from wasmdoctor.model.source import Location
from wasmdoctor.model.wasm import WasmFile
from wasmdoctor.pipeline.binaries import read_binaries
from wasmdoctor.pipeline.calls import NO_NAMES, Calls
from wasmdoctor.pipeline.check import Reading, import_verdict
from wasmdoctor.pipeline.evidence import Proof
from wasmdoctor.pipeline.project import Maker, Project
from wasmdoctor.toolchain import Toolchain

if TYPE_CHECKING:  # the graph takes longer to load than most questions to answer
    from wasmdoctor.graph.assemble import BuiltFrom
    from wasmdoctor.graph.network import Edge, Network

MOST_CHAINS = 50
"""With ``--all``: a diamond of crates has exponentially many ways, and nobody reads more than some."""


@dataclass(frozen=True, slots=True)
class WhyOptions:
    """What a person asks of ``why``.

    ``pattern`` is an interface's full name, its name without version, or a glob; "*" for all.
    ``crate`` asks for what one crate brings instead. ``every`` wants all chains, not the shortest.
    ``calls`` wants the ways through the code of finished components; ``function`` names one function of
    the import, as it is encoded or by its end (``[method]socket.send``, ``socket.send`` or ``send``).
    ``sizes`` wants the size of each crate's code instead; with ``crate`` it comes along.
    """

    paths: tuple[str, ...]
    cwd: Path
    pattern: str = "*"
    crate: str = ""
    every: bool = False
    calls: bool = False
    function: str = ""
    sizes: bool = False
    host: str = "wasmtime"
    flags: tuple[str, ...] = ()
    target: str | None = None


@dataclass(frozen=True, slots=True)
class _Run:
    """Everything read for one question."""

    files: list[WasmFile]
    makers: dict[str, Maker]
    verdicts: dict[str, tuple[Verdict, ...]]
    host: HostView
    project: Project


@dataclass(frozen=True, slots=True)
class _Asked:
    """One component that is asked about.

    ``network`` is there when every chain is wanted, ``calls`` when those through its code are.
    """

    project: Project
    file: WasmFile
    maker: Maker | None
    network: Network | None
    calls: Calls | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """The imports (and exports) that are explained, and the sizes of code by the path of the component."""

    whys: list[Why]
    sizes: dict[str, CodeSizes]


def why(options: WhyOptions, catalog: Catalog, toolchain: Toolchain, stdin: bytes | None = None) -> Answers:
    """Every import (and, for a crate, export) that is asked for, with its chains, sorted.

    Raises what ``check`` raises.
    """
    run = _read(options, catalog, toolchain, stdin)
    answers: list[Why] = []
    sizes: dict[str, CodeSizes] = {}
    for file in run.files:
        if file.component is None:
            continue
        maker = run.makers.get(file.path)
        calls = run.project.calls(file, maker) if options.calls or options.sizes or options.crate else None
        if not options.sizes:
            answers += _answers(run, file, calls, options)
        if calls is not None and (options.sizes or options.crate):
            sizes[file.path] = calls.sizes(file.size)
    answers.sort(key=lambda answer: (answer.subject, answer.kind != "import", answer.name))
    return Answers(answers, sizes)


def _answers(run: _Run, file: WasmFile, calls: Calls | None, options: WhyOptions) -> Iterator[Why]:
    maker = run.makers.get(file.path)
    network = _network_of(file, maker) if maker and options.every else None
    asked = _Asked(run.project, file, maker, network, calls if options.calls else None)
    for verdict in run.verdicts.get(file.path, ()):
        if _matches(verdict.name, options.pattern) and _has_function(verdict, options.function):
            answer = _import(asked, verdict, options)
            if answer:
                yield answer
    if file.predicted and maker and not options.crate and not options.function:
        yield from _std(asked, maker, options.pattern)
    if options.crate and maker:
        yield from _exports(asked, maker, options)


def network(options: WhyOptions, catalog: Catalog, toolchain: Toolchain) -> Network:
    """The graph of everything below the paths, unprovided imports marked."""
    run = _read(options, catalog, toolchain, None)
    marks = {
        path: {v.name.text: "error" for v in each if v.unprovided} for path, each in run.verdicts.items()
    }
    return network_of(Reading(tuple(run.files), run.host, run.verdicts, run.project, run.makers), marks)


def network_of(reading: Reading, marks: Mapping[str, Mapping[str, str]]) -> Network:
    """The graph of what was read. ``marks`` maps a component's path to the severities of its imports' findings."""
    from wasmdoctor.graph.assemble import Part, assemble

    host, verdicts, makers = reading.host, reading.verdicts, reading.makers
    parts = [
        Part(
            path=file.path,
            kind="predicted" if file.predicted else "component" if file.component else "module",
            imports=tuple(import_verdict(v, host) for v in verdicts.get(file.path, ())),
            exports=tuple(e.name for e in file.component.exports) if file.component else (),
            source=_built_from(makers[file.path]) if file.path in makers else None,
            findings=marks.get(file.path, {}),
        )
        for file in reading.files
    ]
    project = reading.project
    return assemble(
        parts,
        host.id,
        project.declarations if project else None,
        # Where nothing is built, and nothing will be, the WIT is what there is to see.
        packages=project.wit_packages if project and not parts else (),
        provides=lambda name: host.match(ExternName.parse(name)).linked,
    )


def _read(options: WhyOptions, catalog: Catalog, toolchain: Toolchain, stdin: bytes | None) -> _Run:
    view = catalog.host(options.host, options.flags)
    found = discover(options.paths, options.cwd, stdin=stdin)
    files = read_binaries(found)
    project = Project(found, options.cwd, toolchain, options.target, catalog.std)
    makers = project.makers(files)
    for file, maker in project.predicted(list(makers.values())):
        files.append(file)
        makers[file.path] = maker
    return _Run(files, makers, judge(files, view), view, project)


def _matches(name: ExternName, pattern: str) -> bool:
    """Full name, name without version, or a glob over either."""
    return any(
        candidate == pattern or fnmatch.fnmatchcase(candidate, pattern)
        for candidate in (name.text, name.unversioned)
    )


def _has_function(verdict: Verdict, wanted: str) -> bool:
    return not wanted or any(_is_function(function.name, wanted) for function in verdict.extern.functions)


def _is_function(name: str, wanted: str) -> bool:
    """Whether a function is meant: by its full name, the name without ``[method]``, or that behind the dot."""
    own = name.rpartition("]")[2]
    return wanted in (name, own, own.rpartition(".")[2])


def _import(asked: _Asked, verdict: Verdict, options: WhyOptions) -> Why | None:
    file, maker, name = asked.file, asked.maker, verdict.name.text
    ways = asked.project.carriers(maker, file, name) if maker else []
    if options.crate:
        ways = [way for way in ways if way[0].binding.crate.name == options.crate]
        if not ways:
            return None
    chains = _chains(asked, ways)
    note = ""
    if not chains:
        chains, note = _without_carrier(asked, verdict)
    best = next((carrier.certainty.value for carrier, _ in ways), "possible")
    answer = Why(
        subject=file.path,
        name=name,
        kind="import",
        status=verdict.status.value,
        certainty=best if file.predicted else "observed",
        chains=chains,
        functions=tuple(sorted(f.name for f in verdict.extern.functions)),
        note=note,
    )
    return _with_calls(answer, asked.calls, options) if asked.calls else answer


def _with_calls(answer: Why, calls: Calls, options: WhyOptions) -> Why:
    """The answer with the ways through the component's code."""
    chains = calls.chains(
        answer.name,
        lambda function: not options.function or _is_function(function or answer.name, options.function),
        every=options.every,
        most=MOST_CHAINS,
    )
    return dataclasses.replace(
        answer,
        calls=chains,
        reached_by=calls.reached_by(answer.name),
        calls_note=_calls_note(answer, calls, chains),
    )


def _calls_note(answer: Why, calls: Calls, chains: tuple[CallChain, ...]) -> str:
    problems = [*calls.code.problems, *(p for module in calls.code.modules for p in module.problems)]
    if problems:
        return f"the code could not be read to its end: {problems[0].message}"
    if chains and calls.unnamed:
        return NO_NAMES
    if not chains and not answer.functions:
        return "it has no function that could be called: types only"
    return ""


def _std(asked: _Asked, maker: Maker, pattern: str) -> Iterator[Why]:
    """What std may bring to a component that is not built."""
    for name, predicted in maker.analysis.prediction.imports.items():
        if predicted.source == "std" and _matches(ExternName.parse(name), pattern):
            yield Why(
                subject=asked.file.path,
                name=name,
                kind="import",
                status="std",
                certainty=predicted.certainty.value,
                chains=((_std_step(maker),),),
            )


def _std_step(maker: Maker) -> OriginStep:
    target = maker.crates.target
    words = maker.crates.std.brought_by or f"Rust std for {target}"
    return OriginStep("std", words, Location(maker.component.crate.manifest))


def _exports(asked: _Asked, maker: Maker, options: WhyOptions) -> Iterator[Why]:
    for name, predicted in maker.analysis.prediction.exports.items():
        ways = asked.project.carriers(maker, asked.file, name, export=True)
        ways = [way for way in ways if way[0].binding.crate.name == options.crate]
        if ways and _matches(ExternName.parse(name), options.pattern):
            yield Why(
                subject=asked.file.path,
                name=name,
                kind="export",
                status="",
                certainty=predicted.certainty.value,
                chains=_chains(asked, ways, export=True),
            )


def _chains(
    asked: _Asked, ways: list[tuple[Carrier, Proof]], *, export: bool = False
) -> tuple[tuple[OriginStep, ...], ...]:
    """The best chain, or with a network every way through the crates to every binding that counts."""
    used = [way for way in ways if way[0].certainty is not Certainty.UNUSED] or ways
    if asked.maker is None or not used:
        return ()
    root = asked.maker.component.crate
    first = _component_step(asked.file)
    found: list[tuple[OriginStep, ...]] = []
    for carrier, proof in used if asked.network is not None else used[:1]:
        if asked.network is None or carrier.linked is None:
            steps = origin(root, carrier, export=export, evidence=proof.evidence, artifact=proof.artifact)
            found.append((*first, *steps))
            continue
        items = carrier.binding.exports if export else carrier.binding.imports
        rest = binding_steps(carrier.binding, items.get(carrier.name), proof.evidence, proof.artifact)
        for way in _ways(asked.network, root.id, carrier.binding.crate):
            found.append((*first, *_crates_on(way, asked.network), *rest))
    return tuple(found)


def _ways(network: Network, root: CrateId, target: CrateId) -> Iterator[tuple[Edge, ...]]:
    """The ways from one crate to another over dependencies."""
    from wasmdoctor.graph.assemble import crate_node
    from wasmdoctor.graph.network import EdgeKind

    depends = EdgeKind.DEPENDS
    return network.chains(
        crate_node(root), crate_node(target), lambda edge: edge.kind is depends, most=MOST_CHAINS
    )


def _crates_on(way: tuple[Edge, ...], network: Network) -> Iterator[OriginStep]:
    """The crates of a way: each at the line that leads on, the last at its name."""
    for edge in way:
        yield OriginStep("crate", edge.source.key.partition(" ")[0], edge.location or Location(""), edge.note)
    last = way[-1].target
    place = network.facts(last).location or Location("")
    yield OriginStep("crate", last.key.partition(" ")[0], place)


def _component_step(file: WasmFile) -> tuple[OriginStep, ...]:
    if file.predicted:
        return ()
    name = file.path.rpartition("/")[2]
    return (OriginStep("component", name, Location(file.path), Evidence.COMPONENT.value),)


def _without_carrier(asked: _Asked, verdict: Verdict) -> tuple[tuple[tuple[OriginStep, ...], ...], str]:
    """What can be said of an import that no binding in the sources explains."""
    first = _component_step(asked.file)
    if verdict.name.namespace == "wasi" and asked.maker is not None:
        step = _std_step(asked.maker)
        return ((*first, step),), "no crate binds it: std or the adapter brings it"
    # The component's own names say which crate it was, sources or not.
    seen = asked.project.callers(asked.file).crates.get(verdict.name.text, {})
    place = Location(asked.file.path)
    chains = tuple(
        (
            *first,
            OriginStep("crate", crate, place, Evidence.COMPONENT.value),
            OriginStep("function", path, place, Evidence.COMPONENT.value, crate=crate),
        )
        for crate, path in sorted(seen.items())
    )
    if chains:
        return chains, "the name section of its core module says so; no sources were found that build it"
    if asked.maker is None:
        return (first,) if first else (), "no sources were found that build this component"
    return (
        first,
    ) if first else (), "no binding in the sources explains it: is the component older than they are?"


def _network_of(file: WasmFile, maker: Maker) -> Network:
    from wasmdoctor.graph.assemble import Part, assemble

    return assemble([Part(file.path, "component", source=_built_from(maker))], "")


def _built_from(maker: Maker) -> BuiltFrom:
    from wasmdoctor.graph.assemble import BuiltFrom

    analysis, component = maker.analysis, maker.component
    return BuiltFrom(
        component.crate, component.graph, component.linked, analysis.bindings, analysis.prediction
    )
