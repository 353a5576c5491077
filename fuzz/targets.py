"""What is fuzzed: for each reader a function from bytes to what was seen, its seeds and the words of its format.

A target raises whatever the reader raises (always a bug) and asserts what must hold whatever the input is. What
it gives are features: an input that shows a new one is kept and mutated further. Messages of problems with their
numbers and names taken out, and sizes of results in powers of two, are cheap features that tell paths apart.
"""

from __future__ import annotations

import atexit
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fuzz import seeds
from fuzz.seeds import files_of, tree

Run = Callable[[bytes], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Target:
    """One reader. ``most`` is the longest input in bytes."""

    name: str
    run: Run
    seeds: Callable[[], list[bytes]]
    tokens: Sequence[bytes] = ()
    most: int = 60_000


_VARIABLE = re.compile(r"`[^`]*`|\"[^\"]*\"|'[^']*'|[0-9][0-9a-fx.]*|\b[A-Za-z0-9_]*[:/@][^ ]*")


def said(problems: Iterable[Any]) -> Iterator[str]:
    """Features of problems, after a look at whether each says where and what."""
    for problem in problems:
        assert problem.location.path, problem
        assert problem.message, problem
        assert len(problem.message) + len(problem.help) < 20_000, "a message that nobody can read"
        yield "said " + _VARIABLE.sub("_", problem.message)[:80]


def size(name: str, things: Any) -> str:
    """How many there are, in powers of two."""
    return f"{name} {len(things).bit_length()}"


# -- binaries


@cache
def repeats() -> Any:
    """What was read of all components so far."""
    from wasmdoctor.readers.wasm.repeats import Repeats

    return Repeats()


def wasm(data: bytes) -> Iterator[str]:
    """The reader of headers: components, core modules, worlds in sections, and calls by name."""
    from wasmdoctor.readers.artifacts import module_worlds, read_calls
    from wasmdoctor.readers.wasm import BytesSource, WasmKind, preamble, read_component, read_core_module

    source = BytesSource(data)
    kind = preamble(data[:8])
    yield f"kind {kind}"
    if kind is WasmKind.COMPONENT:
        component = read_component(source, "x.wasm")
        # What was read of other components must not change what is read of this one.
        again = read_component(source, "x.wasm", repeats())
        assert repr(again) == repr(component), "sections that were read before change what is read"
        yield from said(component.problems)
        yield size("imports", component.imports)
        yield size("exports", component.exports)
        for extern in (*component.imports, *component.exports):
            yield f"extern {extern.kind}"
    elif kind is WasmKind.MODULE:
        module = read_core_module(source, "x.wasm")
        yield from said(module.problems)
        yield size("core imports", module.imports)
        found = module_worlds(source, "x.wasm")
        yield from said(found.problems)
        yield size("worlds", found.worlds)
    for calls in read_calls(source, "x.wasm"):
        yield from said(calls.problems)
        yield size("calls", calls.calls)


def code(data: bytes) -> Iterator[str]:
    """The reader of instructions and wiring."""
    from wasmdoctor.readers.code import read_code
    from wasmdoctor.readers.wasm import BytesSource

    found = read_code(BytesSource(data), "x.wasm")
    yield from said(found.problems)
    yield size("modules", found.modules)
    for at, module in enumerate(found.modules):
        yield size("functions", range(module.count))
        for index in range(min(module.count, 50)):
            for callees in found.callees((at, index)):
                yield size("callees", callees)


def archive(data: bytes) -> Iterator[str]:
    """ar archives and the worlds in their members."""
    from wasmdoctor.readers.artifacts import library_worlds, read_archive
    from wasmdoctor.readers.wasm import BytesSource

    source = BytesSource(data)
    found = read_archive(source, "x.rlib")
    yield from said(found.problems)
    yield size("members", found.members)
    for member in found.members:
        assert member.external or 0 <= member.offset <= member.offset + member.size <= len(data), member
    worlds = library_worlds(source, "x.rlib", lambda name: BytesSource(data[:64]))
    yield from said(worlds.problems)
    yield size("worlds", worlds.worlds)


def world(data: bytes) -> Iterator[str]:
    """The payload of a ``component-type`` section."""
    from wasmdoctor.model.artifact import SectionPlace
    from wasmdoctor.readers.artifacts import decode_worlds

    name = "component-type:wit-bindgen:0.48.1:seed:app@0.3.1:app:encoded world"
    found = decode_worlds(data, SectionPlace("x.wasm"), name)
    yield from said(found.problems)
    yield size("worlds", found.worlds)
    for one in found.worlds:
        yield size("imports", one.imports)


def dwarf(data: bytes) -> Iterator[str]:
    """Debug information: two bytes of length, then that much of each section."""
    from wasmdoctor.readers.dwarf import SECTIONS, lines

    parts, at = {}, 0
    for name in SECTIONS:
        length = int.from_bytes(data[at : at + 2], "little")
        parts[name] = data[at + 2 : at + 2 + length]
        at += 2 + length
    found = lines(parts, dict.fromkeys(range(0, 256, 16), 16), "x.wasm")
    yield from said(found.problems)
    yield size("places", [place for place in found.places.values() if place])


# -- texts


def wit(data: bytes) -> Iterator[str]:
    """WIT: the tree prints as it was, and resolution ends with an answer or a problem."""
    from wasmdoctor.model.source import SourceText
    from wasmdoctor.readers.wit import Features, MemoryFiles, load_wit, parse, print_tree, resolve_wit

    files = files_of(data, "wit/world.wit")
    for path, text in files.items():
        parsed = parse(SourceText(path, text))
        assert print_tree(parsed) == text, "the tree lost a byte"
    for features in (Features(), Features(frozenset(), True)):
        found = resolve_wit(load_wit(MemoryFiles(files), ["wit"]), features)
        yield from said(found.problems)
        yield size("packages", found.packages)
        for package in found.packages.values():
            for made in package.worlds.values():
                yield size("imports", made.imports)


def cargo(data: bytes) -> Iterator[str]:
    """A workspace: manifests, configuration, lock file, and the crate graph."""
    from wasmdoctor.model.source import Problem
    from wasmdoctor.readers.cargo import (
        CrateResolver,
        MemoryFiles,
        Platforms,
        cfg_set,
        configured_vendor_folders,
        find_workspace_root,
        linked_crates,
        read_workspace,
        read_workspaces,
    )  # fmt: skip

    files = MemoryFiles(files_of(data, "Cargo.toml"))
    wasm, native = cfg_set("wasm32-wasip2"), cfg_set("x86_64-unknown-linux-gnu")
    assert wasm is not None
    assert native is not None
    platforms = Platforms(wasm, native)
    configured_vendor_folders(files, "a")
    for start in (".", "a", "b/Cargo.toml"):
        find_workspace_root(files, start)
        workspace = read_workspace(files, start)
        if isinstance(workspace, Problem):
            yield from said([workspace])
            continue
        yield from said(workspace.problems)
        yield size("members", workspace.members)
        resolver = CrateResolver(workspace, files)
        for graph in (resolver.compiled(platforms), resolver.as_metadata(platforms)):
            yield from said(graph.problems)
            yield size("crates", graph.crates)
            for root in graph.roots[:8]:
                yield size("linked", list(linked_crates(graph, root)))
    read_workspaces(files, [path for path in files.files if path.endswith("Cargo.toml")])


def toml(data: bytes) -> Iterator[str]:
    """TOML, which agrees with the standard library where both read it."""
    import tomllib

    from wasmdoctor.model.source import Problem, SourceText
    from wasmdoctor.readers.cargo.toml import parse, plain

    found = parse(SourceText("x.toml", data))
    if isinstance(found, Problem):
        yield from said([found])
        return
    ours = plain(found)
    yield size("keys", found)
    try:
        theirs = tomllib.loads(data.decode())
    except (ValueError, RecursionError):
        yield "the standard library refuses it"
        return
    assert _comparable(ours).keys() == _comparable(theirs).keys(), "other keys than tomllib reads"


def _comparable(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def lock(data: bytes) -> Iterator[str]:
    """Cargo.lock."""
    from wasmdoctor.model.source import SourceText
    from wasmdoctor.readers.cargo import read_lock

    found, problems = read_lock(SourceText("Cargo.lock", data))
    yield from said(problems)
    yield size("packages", found.packages if found else ())


def expressions(data: bytes) -> Iterator[str]:
    """cfg expressions, requirements, versions and names of interfaces: one a line."""
    from wasmdoctor.model.names import ExternName, Version
    from wasmdoctor.readers.cargo import CfgError, cfg_set, parse_platform, platform_holds
    from wasmdoctor.readers.cargo.version import parse_requirement, parse_version

    facts = cfg_set("wasm32-wasip2")
    assert facts is not None
    for line in data.decode("utf-8", "replace").split("\n")[:50]:
        try:
            yield f"holds {platform_holds(parse_platform(line), facts)}"
        except CfgError as error:
            yield "cfg " + _VARIABLE.sub("_", str(error))[:60]
        requirement, version = parse_requirement(line), parse_version(line)
        if requirement and version:
            yield f"matches {requirement.matches(version)}"
        semver = Version.parse(line)
        if semver:
            assert Version.parse(str(semver)) == semver
            yield "version"
        name = ExternName.parse(line)
        yield f"name {bool(name.interface)} {bool(name.version)}"
        assert str(name) or not line


def rust(data: bytes) -> Iterator[str]:
    """Rust sources: modules, bindings, uses and calls."""
    from wasmdoctor.readers.rust import WASM32, Program, read_bindings, read_crate

    files = files_of(data, "src/lib.rs")
    root = "src/lib.rs" if "src/lib.rs" in files else next(iter(files), "src/lib.rs")
    crate = read_crate(root, files.get, WASM32, name="app", externs={"wit_bindgen": "wit-bindgen"})
    program = Program([crate])
    yield from said(program.problems)
    for name in ("generate_calls", "bindings_files", "extern_imports", "exported_symbols", "export_calls",
                 "guest_impls", "functions", "use_sites", "method_candidates"):  # fmt: skip
        yield size(name, getattr(program, name))
    reached = program.reachable([function.id for function in program.functions])
    yield size("reached", reached.certain)
    for text in files.values():
        read_bindings(text, "x.rs")


def wac(data: bytes) -> Iterator[str]:
    """Compositions."""
    from wasmdoctor.model.source import SourceText
    from wasmdoctor.readers.wac import read_wac

    found = read_wac(SourceText("x.wac", data))
    yield from said(found.problems)
    yield size("statements", found.statements)


def depinfo(data: bytes) -> Iterator[str]:
    """Dependency files."""
    from wasmdoctor.readers.artifacts import read_dep_info

    found = read_dep_info(data, "x.d")
    yield from said(found.problems)
    yield size("rules", found.rules)


def target(data: bytes) -> Iterator[str]:
    """A target folder: artifacts and cargo's fingerprints."""
    from wasmdoctor.readers.artifacts import MemoryTarget, linked_units, read_target

    files = {path: (text, 1) for path, text in files_of(data, "target/CACHEDIR.TAG").items()}
    try:
        profiles = read_target(MemoryTarget(files), "target")
    except OSError:  # there is no such folder, as it says
        return
    for profile in profiles:
        yield from said(profile.problems)
        yield size("rlibs", profile.rlibs)
        yield size("outputs", (*profile.modules, *profile.outputs))
        yield size("units", profile.units)
        for key in list(profile.units)[:4]:
            yield size("linked", list(linked_units(profile.units, key)))


def symbols(data: bytes) -> Iterator[str]:
    """Names of functions, one a line."""
    from wasmdoctor.readers.symbols import crates_in, read_symbol

    for line in data.decode("utf-8", "replace").split("\n")[:50]:
        symbol = read_symbol(line)
        yield f"language {symbol.language}"
        yield size("crates", crates_in([symbol]))


def journal(data: bytes) -> Iterator[str]:
    """The record of a transaction, which may have come with somebody else's repository."""
    from wasmdoctor.transaction.journal import decode, encode

    try:
        record = decode(data)
    except ValueError as error:
        yield "refused " + _VARIABLE.sub("_", str(error))[:60]
        return
    for item in record.items:
        assert not item.path.startswith("/"), item
        assert ".." not in item.path.split("/"), item
    encode(record)
    yield "taken"


def config(data: bytes) -> Iterator[str]:
    """Configuration in each of its places, a baseline, and comments that suppress."""
    from wasmdoctor.model.source import Problem
    from wasmdoctor.readers.baseline import read_baseline
    from wasmdoctor.readers.config import read_config
    from wasmdoctor.readers.suppressions import read_suppressions

    for path in ("wasmdoctor.toml", "Cargo.toml"):
        found = read_config(data, path)
        if found is not None:
            yield from said(found.problems)
            yield size("values", found.values)
    baseline = read_baseline(data, "baseline.json")
    if isinstance(baseline, Problem) and data.startswith(b"{"):
        yield from said([baseline])
    for path in ("x.wit", "x.rs", "Cargo.toml"):
        yield size("comments", list(read_suppressions(data, path)))


# -- what earlier runs, and other machines, left behind


@cache
def scratch() -> Path:
    """A folder for what can be read from a folder only; it goes with the process."""
    folder = TemporaryDirectory(prefix="wasmdoctor-fuzz-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


_OWN_CODES = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b\n]*\x1b\\")
"""The sequences that reports write to a terminal: colours, and both ends of a link."""


def entries(data: bytes) -> Iterator[str]:
    """An entry of the cache: as it lies there, with its checksum put right, and what it says was looked at.

    One that is not whole is not there. One that somebody made with care may lie about what was found, but it
    commands no terminal.
    """
    from wasmdoctor.cache.answers import decode
    from wasmdoctor.cache.observed import LISTED, LSTAT, STAT, Observed
    from wasmdoctor.cache.runs import recalled
    from wasmdoctor.cache.store import Store

    store, key, cwd = Store(str(scratch() / "cache")), "0" * 64, str(scratch())
    assert store.put(key, data)
    assert store.get(key) == data
    Path(store.folder, key).write_bytes(data)
    whole = store.get(key)
    assert whole is None or data.endswith(whole) is (len(data) > len(whole)), "an entry that is not whole"
    assert whole is not None or recalled(store, key, cwd) is None
    payload = data if whole is None else whole
    try:
        answer, inputs = decode(payload)
    except ValueError as error:
        yield "refused " + _VARIABLE.sub("_", str(error))[:60]
    else:
        assert answer.code in (0, 1)
        plain = _OWN_CODES.sub("", answer.text)
        assert not [char for char in plain if char in "\x1b\x7f\r\b\u202e\u2066" or "\x80" <= char < "\xa0"]
        assert all(kind in (STAT, LSTAT, LISTED) and path.startswith("/") for kind, path in inputs)
        yield size("inputs", inputs)
        yield f"holds {Observed(cwd).same(inputs)}"
    store.put(key, payload)
    yield f"recalled {recalled(store, key, cwd) is not None}"
    yield from observed(payload, cwd)


def observed(data: bytes, folder: str) -> Iterator[str]:
    """What was looked at below a folder: names of any bytes, one a line. Nothing changes, so all is the same."""
    from wasmdoctor.cache.observed import LISTED, LSTAT, STAT, Observed

    seen = Observed(folder)
    for number, line in enumerate(data.split(b"\n")[:20]):
        inside = os.fsdecode(line.replace(b"..", b""))
        seen.see((STAT, LSTAT, LISTED)[number % 3], f"{folder}/{inside}")
    assert seen.same(seen.inputs), "nothing has changed since it was looked at"
    yield size("seen", [signature for signature in seen.inputs.values() if signature])


@cache
def _rules() -> Any:
    from wasmdoctor.catalog import Catalog

    return Catalog()


def shares(data: bytes) -> Iterator[str]:
    """The report of a share of a run, judged and printed as ``merge`` does; as it is, and mended."""
    yield from _share(data)
    yield from _share(_share_of(list(_nodes(data))))


def _nodes(data: bytes) -> Iterator[Any]:
    """The nodes of a table of facts with one on each line. What is none is left out, references that lead nowhere lead back."""
    known = 0
    for line in data.split(b"\n"):
        try:
            node = json.loads(line.strip(b",\r "))
        except (ValueError, RecursionError):
            continue
        if isinstance(node, list) and node and isinstance(node[0], str):
            yield [
                [part[0] % known]
                if known and isinstance(part, list) and part and type(part[0]) is int
                else part
                for part in node
            ]
            known += 1


def _share_of(nodes: list[Any]) -> bytes:
    """The part of a share's report that ``merge`` reads, with each node of its facts on a line."""
    from wasmdoctor import __version__

    head = json.dumps({"index": 1, "count": 1, "hosts": ["wasmtime@46"], "flags": []})[1:-1]
    facts = ",\n".join(map(json.dumps, nodes))
    return f'{{"tool": {{"version": "{__version__}"}}, "shard": {{{head}, "facts": [\n{facts}\n]}}}}'.encode()


def _share(data: bytes) -> Iterator[str]:
    from wasmdoctor.model.host import HostError
    from wasmdoctor.pipeline.check import CheckOptions
    from wasmdoctor.pipeline.places import repository
    from wasmdoctor.pipeline.shard import MergeError, merge, read_shards
    from wasmdoctor.reporters import json as as_json
    from wasmdoctor.reporters import sarif, text
    from wasmdoctor.reporters.console import Style
    from wasmdoctor.toolchain import Toolchain

    path = scratch() / "share.json"
    path.write_bytes(data)
    try:
        found = read_shards([path])
        report = merge(found, CheckOptions((), scratch()), _rules(), Toolchain())
    except (MergeError, HostError) as error:
        yield "refused " + _VARIABLE.sub("_", str(error).replace(str(path), "_"))[:80]
        return
    yield size("files", found[0].observed.files)
    for finding in report.findings:
        yield f"found {finding.code}"
    as_json.render(report)
    sarif.render(report, _rules().lints, repository(report, scratch()))
    text.render(report, Style(), verbose=True)


# -- seeds and words


def _entry_seeds() -> list[bytes]:
    from wasmdoctor.cache.answers import Answer, encode
    from wasmdoctor.cache.observed import LISTED, LSTAT, STAT, Observed
    from wasmdoctor.model.digest import digest

    seen = Observed("/")
    seen.inputs = {
        (STAT, "/"): (1, 2, 0o040000),
        (LSTAT, "/nothing here"): (),
        (STAT, "/nothing/x.wasm"): (),
        (LISTED, "/"): (1, 2, 0o040000, 0, 0, 0, 12345),
    }
    linked = "\x1b[1;31merror\x1b[0m \x1b]8;id=1;file:///a\x1b\\a.wasm\x1b]8;;\x1b\\\n"
    made = [encode(Answer(text, code), seen) or b"" for text, code in (("fine\n", 0), (linked, 1))]
    del seen.inputs[STAT, "/"], seen.inputs[LISTED, "/"]  # what is left holds anywhere
    made += [encode(Answer("fine\n", 0), seen) or b""]
    return [*made, *(digest(data).encode() + b"\n" + data for data in made)]


def _share_seeds() -> list[bytes]:
    """The share that a run makes of the binaries to start from."""
    from wasmdoctor.model.shard import Observed
    from wasmdoctor.model.types import FunctionType, ValueType
    from wasmdoctor.model.wasm import Component, Extern, ExternKind, Function, WasmFile
    from wasmdoctor.pipeline.check import CheckOptions, check
    from wasmdoctor.readers.facts import encoded
    from wasmdoctor.toolchain import Toolchain

    def side(result: ValueType) -> tuple[Extern, ...]:
        function = Function("f", "func()", FunctionType((("x", result),), result))
        return (Extern("seed:a/b@1.0.0", ExternKind.INSTANCE, (function,)),)

    word = ValueType("string")
    kinds = (
        ValueType("record", (word, word), ("a", "b"), "r"), ValueType("variant", (word, None), ("a", "b")),
        ValueType("result", (word, None)), ValueType("own", name="x", resource="seed:a/b#x"), ValueType("enum", (), ("a",)),
    )  # fmt: skip
    asker, offerer = (
        ValueType("tuple", kinds),
        ValueType("tuple", (*kinds[:4], ValueType("enum", (), ("b",)))),
    )
    files = (WasmFile("a.wasm", 9, component=Component(side(asker))),
             WasmFile("b.wasm", 9, component=Component((), side(offerer))))  # fmt: skip
    made = [_share_of(encoded(Observed(files, invalid={"a.wasm": "no"}, skipped={"other": ("c",)})))]
    for number, data in enumerate((*_binaries(), b"\0asm\x0d\0\1\0\7\xff")):
        folder = scratch() / f"share-{number}"
        folder.mkdir(exist_ok=True)
        (folder / "x.wasm").write_bytes(data)
        got: list[Any] = []
        check(CheckOptions(("x.wasm",), folder, shard=(1, 1)), _rules(), Toolchain(), observed=got.append)
        made.append(_share_of(encoded(got[0])))
    return made


def _journal_seeds() -> list[bytes]:
    from wasmdoctor.transaction.journal import Record, encode

    return [
        encode(Record(id="1", label="l", created="c", undoes="", items=(), made=(("a/b", None),), dropped=()))
    ]


def _dwarf_seeds() -> list[bytes]:
    from wasmdoctor.readers.dwarf import SECTIONS

    return [
        b"".join(
            len(part).to_bytes(2, "little") + part for part in (made.get(name, b"") for name in SECTIONS)
        )
        for made in (seeds.debug_sections(4), seeds.debug_sections(5))
    ]


def _binaries() -> list[bytes]:
    return [*seeds.texts(), *seeds.embedded()]


def _worlds() -> list[bytes]:
    from wasmdoctor.readers.artifacts.libraries import world_sections
    from wasmdoctor.readers.wasm import BytesSource

    found = []
    for data in seeds.embedded()[:3]:
        found += [data[c.offset : c.offset + c.size] for c in world_sections(BytesSource(data))]
    return [*found, seeds.embedded()[4]]


def _archives() -> list[bytes]:
    module = seeds.embedded()[2]
    bitcode = b"BC\xc0\xde" + b"x" * 40 + module[8:]
    return [
        seeds.archive(
            {"lib.rmeta": b"r", "app-0123456789abcdef.app.rcgu.o": module, "b.o": seeds.texts()[1]}
        ),
        seeds.archive({"bitcode.o": bitcode}).replace(b"!<arch>", b"!<arch>"),
        b"!<thin>\n" + seeds.archive({"a.o": b"", "a-very-long-name-of-a-member.o": b""})[8:],
        b"!<arch>\n"
        + f"{'#1/20':<16}{0:<12}{0:<6}{0:<6}{644:<8}{26:<10}`\n".encode()
        + b"name.o".ljust(20, b"\0")
        + b"\0asm\1\0",
    ]


def _configs() -> list[bytes]:
    settings = b'hosts = ["wasmtime@46:serve", "spin"]\nfail-on = "warning"\nexclude = ["a/**"]\n'
    tables = (
        b'[host-flags]\nwasmtime = ["http"]\n[severity]\nlibrary-is-component = "error"\n'
        b'[per-path-ignores]\n"vendor/**" = ["WD2"]\n[[allow]]\ninterface = "acme:store/*"\n'
        b'provided-by = "our host"\n[[allow]]\nrules = ["WD106"]\ncomponent = "w"\nreason = "r"\nexpires = 2037-03-31\n'
    )
    comment = b"// wasmdoctor: allow(WD101) because\nworld w {}\n"
    baseline = b'{"schema": 1, "tool": "wasmdoctor", "findings": [{"code": "WD101", "fingerprint": "ab", "count": 1}]}'
    return [settings + tables, b"[workspace.metadata.wasmdoctor]\n" + settings, comment, baseline]


def _wits() -> list[bytes]:
    deps = tree({"wit/world.wit": b"package a:b; world w { import c:d/e; include c:d/v; }",
                 "wit/deps/c/x.wit": b"package c:d; interface e { use f.{t}; } world v { import e; }",
                 "wit/deps/c/y.wit": b"interface f { type t = u8; }"})  # fmt: skip
    return [seeds.WIT, deps, *seeds.fixtures(".wit")]


WIT_WORDS = (
    b"package a:b;", b"interface i {", b"world w {", b"use ", b"include w", b"with { a as b }", b"list<", b"tuple<",
    b"result<", b"option<", b"func(", b"async ", b"->", b"resource r", b"borrow<", b"own<", b"record r {", b"variant v {",
    b"@since(version = 1.0.0)", b"@unstable(feature = f)", b"@deprecated(version = 1.0.0)", b"/*", b"*/", b"//", b"{", b"}", b";",
    b"%", b"@1.0.0-rc.1+b", b"static", b"constructor(", b"future<", b"stream", b"map<string, u8>", b"import ", b"export ", b"type t = ",
)  # fmt: skip
RUST_WORDS = (
    b"wit_bindgen::generate!({", b"});", b"mod a {", b"use crate::a::*;", b"pub use ", b"self::", b"super::", b"fn f() {",
    b"impl ", b" for ", b"#[cfg(", b"#[path = \"x.rs\"]", b"include!(", b"extern \"C\" {", b"match x {", b"r#\"", b"\"#", b"/*",
    b"*/", b"macro_rules! m {", b"export!(", b"::<", b">", b"{", b"}", b"(", b")", b"path: \"../../..\"", b"inline: r#\"", b"with: {",
)  # fmt: skip
TOML_WORDS = (
    b"[", b"]", b"[[", b"]]", b"{", b"}", b"=", b"\"\"\"", b"'''", b"#", b".", b"a.b.c.d", b"true", b"workspace = true", b"path = \"..\"",
    b"[dependencies]\n", b"[workspace]\n", b"members = [\"**/*\"]\n", b"[package]\n", b"[features]\n", b"dep:", b"cfg(", b"any(", b"\\u",
    b"inf", b"1979-05-27", b"0x", b"1_0", seeds.SEPARATOR + b"b/Cargo.toml\n", b"[patch.crates-io]\n", b"[target.'", b"']",
)  # fmt: skip
WASM_WORDS = (
    b"\0asm\1\0\0\0", b"\0asm\x0d\0\1\0", b"\x60\0\0", b"\x40", b"\x41", b"\x42", b"\x72", b"\x71", b"\x70", b"\x6f", b"\x6e",
    b"\x6d", b"\x6b", b"\x6a", b"\x69", b"\x68", b"\x3f\x7f\0", b"\x00\x41\x00", b"\4name", b"\x09producers", b"component-type", b"\x0b",
    b"\x02\x40", b"\x0e", b"\xfc", b"\xfd", b"\x10", b"\x11", b"@1.0.0", b"[method]a.b", b"a:b/c", b"\x4e", b"\x5f", b"\x50", b"\x5e",
)  # fmt: skip
WAC_WORDS = (
    b"package a:b", b"targets ", b"let x = ", b"new ", b"...", b"import ", b"export ", b" as ", b"with", b"{", b"}", b"[\"a\"]", b";",
    b"interface i {", b"func(", b"/*", b"*/", b"//", b"\"", b"@1.0.0", b"record", b"(", b")", b".",
)  # fmt: skip
SHARE_WORDS = (
    b"[0]", b"[1]", b"[2]", b"null", b"true", b"\"\"", b"\"func\"", b"[\"tuple\"]", b"[\"tuple\", [0]]", b"[\"tuple\", [0], [0]],\n",
    b"[\"map\", \"a\", [0]],\n", b"[\"map\"],\n", b"[\"enum\", \"ExternKind\", \"type\"],\n", b"[\"record\", \"ValueType\", \"record\", [0], [0], \"\", \"\", null],\n",
    b"[\"record\", \"Location\", \"x\", 1, 1, null],\n", b"\\u001b", b"\\u202e", b"\\n", b"\"wasi:cli/run@0.2.0\"", b"instance", b"list", b"own", b"99999999999",
)  # fmt: skip

TARGETS = {
    one.name: one
    for one in (
        Target("wasm", wasm, _binaries, WASM_WORDS, 40_000),
        Target("code", code, _binaries, WASM_WORDS, 40_000),
        Target("archive", archive, _archives, (b"/", b"//", b"/0", b"#1/20", b"`\n", b"!<thin>\n", b"9999999999"), 40_000),
        Target("world", world, _worlds, WASM_WORDS, 40_000),
        Target("dwarf", dwarf, _dwarf_seeds, (b"\1\0", b"\0\0\0\0", b"\x02\0", b"\5\0"), 20_000),
        Target("wit", wit, _wits, (*WIT_WORDS, seeds.SEPARATOR + b"wit/deps/x.wit\n"), 40_000),
        Target("cargo", cargo, lambda: [tree(seeds.CARGO), *seeds.crates()], TOML_WORDS, 40_000),
        Target("toml", toml, lambda: [*seeds.TOML, *seeds.fixtures(".toml")], TOML_WORDS),
        Target("lock", lock, lambda: [seeds.CARGO["Cargo.lock"], *seeds.fixtures(".lock")], TOML_WORDS),
        Target("expressions", expressions, lambda: [
            b'cfg(all(unix, not(target_arch = "wasm32"), any(feature = "x", windows)))\n>=1.2, <2\n^1\n~0.2.3\n*\n1.2.3-rc.1+b',
            b"wasi:cli/run@0.2.6\n[method]a.b\nlocked-dep=<a:b@1.0.0>,integrity=<sha256-x>\nurl=<https://e>\nimplements",
        ], (b"cfg(", b"all(", b"not(", b"any(", b",", b")", b"=", b"\"", b">=", b"*", b"-rc.1", b"+", b"@", b"/", b":", b"<", b">")),
        Target("rust", rust, lambda: [tree(seeds.RUST), *seeds.crates()], RUST_WORDS, 20_000),
        Target("wac", wac, lambda: [seeds.WAC, *seeds.fixtures(".wac")], WAC_WORDS),
        Target("depinfo", depinfo, lambda: list(seeds.DEPINFO), (b":", b"\\", b"\\ ", b"# env-dep:", b"\n\n", b"\t")),
        Target("target", target, lambda: [tree(seeds.TARGET)], (b"[", b"]", b"{", b"}", b"null", b"\"deps\"", b"\"features\"", b"\"[\"",
               seeds.SEPARATOR + b"target/debug/.fingerprint/a-0123456789abcdef/lib-a.json\n")),
        Target("symbols", symbols, lambda: [b"\n".join(seeds.SYMBOLS)], (b"_ZN", b"_R", b"17h", b"E", b"$LT$", b"$u7b$", b"..", b"::",
               b"NtC", b"Iv", b"S_", b"B0_", b"St3__1", b"~lib/", b"<", b">", b"impl ", b" as ", b"dyn "), 10_000),
        Target("config", config, _configs, (*TOML_WORDS, b"wasmdoctor: allow(WD101) because x", b"[rules]\n", b"[[suppress]]\n", b"**/*"), 20_000),
        Target("entries", entries, _entry_seeds, (b"s  /", b"l  /", b"d 1,2,3 /", b"wasmdoctor answer 1\n", b"\x1b[", b"m", b"\x1b]8;", b"\x1b\\",
               b"0\n", b"1\n", b"-1", b",", b" ", b"/"), 60_000),
        Target("shares", shares, _share_seeds, SHARE_WORDS, 40_000),
        Target("journal", journal, _journal_seeds, (b"[", b"]", b"{", b"}", b"null", b"1", b"\"..\"", b"\"/etc\"", b"\"path\"")),
    )
}  # fmt: skip


@cache
def available() -> dict[str, Target]:
    """All targets."""
    return TARGETS
