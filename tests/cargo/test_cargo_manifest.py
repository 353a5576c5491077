"""What a manifest says, and that every location is the right line and column."""

import pytest

from wasmdoctor.model.cargo import DependencyKind, SourceKind
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.readers.cargo import MemoryFiles, read_workspace

MANIFEST = """\
[package]
name = "scheduling-app" # ä
version = "1.2.3"
edition = "2021"
description = "日本" # wide characters before nothing that counts
metadata.other = 1

[lib]
name = "app_lib"
crate-type = [
  "cdylib",
  "rlib",
]

[package.metadata.component]
package = "team:app"
adapter = "adapters/p1.wasm"

[package.metadata.component.target]
path = "wit"
world = "app"

[package.metadata.component.target.dependencies]
"team:core" = { path = "../core/wit" } # one
"wasi:http" = "0.2.3"
"team:pkg" = { package = "reg:pkg", version = "1.0.0" }

[package.metadata.component.dependencies]
"team:impl" = { path = "../impl.wasm" }

[package.metadata.component.bindings]
derives = ["Clone"]
with = { "wasi:io/streams" = "crate::io" }

[dependencies]
serde = { version = "1", default-features = false, features = ["derive"], optional = true }
"core-lib" = { path = "../core" }
renamed = { git = "https://example.org/x.git", tag = "v1", package = "real-name" }
dotted.path = "../dotted"
dotted.optional = true

[dependencies.long]
version = "0.3"
registry = "mine"

[target.'cfg(target_os = "wasi")'.dependencies]
wasi-only = "0.1"

[target.x86_64-unknown-linux-gnu.build-dependencies]
gen = "2"

[dev-dependencies]
check = "3"

[features]
default = ["std"]
std = ["dep:serde", "dotted?/x"]
"""


@pytest.fixture(scope="module")
def workspace():
    files = MemoryFiles(
        {
            "app/Cargo.toml": MANIFEST,
            "app/src/lib.rs": "",
            "core/Cargo.toml": '[package]\nname = "core-lib"',
            "core/src/lib.rs": "",
            "dotted/Cargo.toml": '[package]\nname = "dotted"',
            "dotted/src/lib.rs": "",
        }
    )
    return read_workspace(files, "app")


@pytest.fixture(scope="module")
def package(workspace):
    return workspace.packages["app/Cargo.toml"]


def text_at(location, length):
    line = MANIFEST.split("\n")[location.line - 1]
    return line[location.column - 1 : location.column - 1 + length]


def test_nothing_is_wrong(workspace):
    assert workspace.problems == ()
    assert (workspace.declared, workspace.virtual, workspace.resolver) == (False, False, "2")


def test_the_package(package):
    assert (package.name.value, package.version, package.edition) == ("scheduling-app", "1.2.3", "2021")
    assert package.name.location == Location("app/Cargo.toml", 2, 8)
    assert (package.lib.name, package.lib.path) == ("app_lib", "app/src/lib.rs")
    assert package.lib.crate_types == ("cdylib", "rlib")
    assert text_at(package.lib.location, 10) == "crate-type"


def test_component_metadata(package):
    component = package.component
    assert text_at(component.location, 9) == "component"
    assert component.package.value == "team:app"
    assert text_at(component.package.location, 10) == '"team:app"'
    assert text_at(component.adapter.location, 8) == '"adapter'
    assert (component.target.path.value, component.target.world.value) == ("wit", "app")
    assert text_at(component.target.world.location, 5) == '"app"'
    assert component.target.world.location.line == 21
    core, http, other = component.target.dependencies
    assert (core.name, core.path.value, core.version) == ("team:core", "../core/wit", None)
    assert text_at(core.location, 11) == '"team:core"'
    assert (http.name, http.version.value, http.path) == ("wasi:http", "0.2.3", None)
    assert (other.package.value, other.version.value) == ("reg:pkg", "1.0.0")
    assert [dependency.name for dependency in component.dependencies] == ["team:impl"]
    assert [(setting.key, setting.value) for setting in component.bindings] == [
        ("derives", ["Clone"]),
        ("with", {"wasi:io/streams": "crate::io"}),
    ]


@pytest.mark.parametrize(
    ("name", "kind", "source", "word"),
    [
        ("serde", DependencyKind.NORMAL, SourceKind.REGISTRY, "serde"),
        ("core-lib", DependencyKind.NORMAL, SourceKind.PATH, '"core-lib"'),
        ("renamed", DependencyKind.NORMAL, SourceKind.GIT, "renamed"),
        ("dotted", DependencyKind.NORMAL, SourceKind.PATH, "dotted.path"),
        ("long", DependencyKind.NORMAL, SourceKind.REGISTRY, "long]"),
        ("wasi-only", DependencyKind.NORMAL, SourceKind.REGISTRY, "wasi-only"),
        ("gen", DependencyKind.BUILD, SourceKind.REGISTRY, "gen"),
        ("check", DependencyKind.DEV, SourceKind.REGISTRY, "check"),
    ],
)
def test_dependencies(package, name, kind, source, word):
    found = next(dependency for dependency in package.dependencies if dependency.name == name)
    assert (found.kind, found.source_kind) == (kind, source)
    assert text_at(found.location, len(word)) == word


def test_what_a_dependency_says(package):
    by_name = {dependency.name: dependency for dependency in package.dependencies}
    serde = by_name["serde"]
    assert (serde.requirement, serde.default_features, serde.features, serde.optional) == (
        "1",
        False,
        ("derive",),
        True,
    )
    assert by_name["core-lib"].path == "core"
    renamed = by_name["renamed"]
    assert (renamed.package, renamed.rename, renamed.reference) == ("real-name", "renamed", ("tag", "v1"))
    assert (by_name["dotted"].path, by_name["dotted"].optional) == ("dotted", True)
    assert (by_name["long"].requirement, by_name["long"].registry) == ("0.3", "mine")
    assert by_name["wasi-only"].cfg == 'cfg(target_os = "wasi")'
    assert by_name["gen"].cfg == "x86_64-unknown-linux-gnu"


def test_features(package):
    assert [(feature.name, [value.value for value in feature.values]) for feature in package.features] == [
        ("default", ["std"]),
        ("std", ["dep:serde", "dotted?/x"]),
    ]
    assert text_at(package.features[1].location, 3) == "std"
    assert text_at(package.features[1].values[1].location, 11) == '"dotted?/x"'


@pytest.mark.parametrize(
    ("text", "package", "world", "version"),
    [
        ('target = "wasi:cli/command@0.2.0"', "wasi:cli", "command", "0.2.0"),
        ('target = { package = "wasi:http", version = "0.2", world = "proxy" }', "wasi:http", "proxy", "0.2"),
        ('target = "wasi:cli"', "wasi:cli", None, None),
    ],
)
def test_a_registry_world_as_target(text, package, world, version):
    files = MemoryFiles(
        {"Cargo.toml": f'[package]\nname = "x"\n[package.metadata.component]\n{text}\n', "src/lib.rs": ""}
    )
    target = read_workspace(files, ".").packages["Cargo.toml"].component.target
    texts = [found and found.value for found in (target.package, target.world, target.version)]
    assert texts == [package, world, version]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("[package]\nname = 3\n", 2, 8, "`name` is not a string"),
        ('[package]\nversion = "1.0.0"\n', 1, 1, "no name"),
        ('[package]\nname = "x"\n[dependencies]\na = true\n', 4, 5, "neither a version nor a table"),
        ('[package]\nname = "x"\n[dependencies]\na = {}\n', 4, 1, "no path, git address or version"),
        ('[package]\nname = "x"\n[dependencies]\na = "one"\n', 4, 5, "no version requirement"),
        (
            '[package]\nname = "x"\n[dependencies]\na = { workspace = true }\n',
            4,
            1,
            "workspace does not define it",
        ),
        ('[package]\nname = "x"\nversion.workspace = true\n', 3, 1, "workspace does not define it"),
        ('[package]\nname = "x"\n[dependencies]\na = { path = "../none" }\n', 4, 1, "no package at ../none"),
        ('[package]\nname = "x"\n[target.\'cfg(not(a b))\'.dependencies]\na = "1"\n', 3, 9, "expected `)`"),
        ('[package]\nname = "x"\n[lib]\ncrate-type = "cdylib"\n', 4, 14, "not an array of strings"),
        ('[package]\nname = "x"\nmetadata.component = 1\n', 3, 22, "not a table"),
        ('[package]\nname = "x"\n[[bin]]\nname = "b"\n', 3, 1, "no file for bin `b`"),
        ('[workspace]\nmembers = ["gone", "x["]\n', 2, 12, "member without a manifest"),
        ('[workspace]\nmembers = ["gone", "x["]\n', 2, 20, "`[` without `]`"),
        ('[workspace]\nmembers = ["none/*"]\n', 2, 12, "matches no folder"),
        ("[badges]\n", 1, 1, "neither `[package]` nor `[workspace]`"),
    ],
)
def test_a_problem_has_its_place(text, line, column, words):
    workspace = read_workspace(MemoryFiles({"Cargo.toml": text, "src/lib.rs": ""}), ".")
    found = [problem for problem in workspace.problems if words in problem.message]
    assert [(problem.location.line, problem.location.column) for problem in found] == [(line, column)]


def test_broken_toml_does_not_hide_the_rest():
    files = MemoryFiles(
        {
            "Cargo.toml": '[workspace]\nmembers = ["a", "b"]\n',
            "a/Cargo.toml": '[package]\nname = "a\n',
            "b/Cargo.toml": '[package]\nname = "b"\n[dependencies]\na = { path = "../a" }\n',
            "b/src/lib.rs": "",
        }
    )
    workspace = read_workspace(files, ".")
    assert workspace.members == ("b/Cargo.toml",)
    assert [str(problem.location) for problem in workspace.problems] == ["a/Cargo.toml:2:8"]


def test_a_broken_root_is_a_problem():
    problem = read_workspace(MemoryFiles({"Cargo.toml": "[workspace\n"}), ".")
    assert isinstance(problem, Problem)
    assert str(problem.location) == "Cargo.toml:1:11"
