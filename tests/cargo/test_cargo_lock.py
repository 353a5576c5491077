"""Cargo.lock, and packages that are not in the workspace: registry, git, patched, replaced."""

import pytest

from wasmdoctor.model.cargo import DependencyKind, Evidence, SourceKind
from wasmdoctor.model.source import SourceText
from wasmdoctor.readers.cargo import (
    CrateResolver,
    DiskFiles,
    MemoryFiles,
    PackageSources,
    Platforms,
    cfg_set,
    configured_vendor_folders,
    linked_crates,
    read_lock,
    read_workspace,
)

HOST = "x86_64-unknown-linux-gnu"
WASI = "wasm32-wasip2"
PLATFORMS = Platforms(cfg_set(WASI), cfg_set(HOST))
REGISTRY = "registry+https://example.org/index"


def package(name, rest="", version="0.1.0"):
    return f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n{rest}'


V4 = f"""\
# generated
version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = [
 "foo 0.9.1",
 "foo 1.0.2",
 "only",
]

[[package]]
name = "foo"
version = "0.9.1"
source = "{REGISTRY}"
checksum = "aa"

[[package]]
name = "foo"
version = "1.0.2"
source = "{REGISTRY}"
dependencies = ["only", "gone 1.0.0"]

[[package]]
name = "only"
version = "2.0.0"
source = "git+https://example.org/only.git?branch=a%2Fb#0123456789abcdef"
"""

V1 = f"""\
[root]
name = "app"
version = "0.1.0"
dependencies = [
 "foo 1.0.2 ({REGISTRY})",
]

[[package]]
name = "foo"
version = "1.0.2"
source = "{REGISTRY}"

[metadata]
"checksum foo 1.0.2 ({REGISTRY})" = "aa"
"""


def test_format_4():
    lock, problems = read_lock(SourceText("Cargo.lock", V4.encode()))
    assert lock.version == 4
    shape = [
        (found.name, found.version, [lock.packages[at].version for at in found.dependencies])
        for found in lock.packages
    ]
    assert shape == [
        ("app", "0.1.0", ["0.9.1", "1.0.2", "2.0.0"]),
        ("foo", "0.9.1", []),
        ("foo", "1.0.2", ["2.0.0"]),
        ("only", "2.0.0", []),
    ]
    assert str(lock.packages[2].location) == "Cargo.lock:20:8"
    (problem,) = problems
    assert "`gone 1.0.0`, which is not in Cargo.lock" in problem.message
    assert problem.location.line == 23


@pytest.mark.parametrize(
    ("text", "version"), [(V1, 1), (V4.replace("version = 4\n", "", 1), 2), (V4.replace("= 4", "= 3", 1), 3)]
)
def test_older_formats(text, version):
    lock, _ = read_lock(SourceText("Cargo.lock", text.encode()))
    assert lock.version == version
    assert lock.packages[0].name == "app"
    assert lock.packages[lock.packages[0].dependencies[-1]].version in ("1.0.2", "2.0.0")


def test_a_newer_or_broken_format():
    lock, problems = read_lock(SourceText("Cargo.lock", b"version = 9\n"))
    assert lock.packages == ()
    assert "newer" in problems[0].message
    lock, problems = read_lock(SourceText("Cargo.lock", b"version = \n"))
    assert lock is None
    assert str(problems[0].location) == "Cargo.lock:1:11"
    lock, _ = read_lock(SourceText("Cargo.lock", b"package = [1, {}, {name = 3}]\n[[root]]\n"))
    assert lock is None or all(isinstance(found.name, str) for found in lock.packages)


APP = package(
    "app",
    '[dependencies]\nfoo = "1"\nold = { package = "foo", version = "0.9", features = ["std"] }\n'
    'only = { git = "https://example.org/only", branch = "a/b" }\nnew = "3"\n',
)


def test_without_sources_the_lock_gives_the_edges():
    files = MemoryFiles({"Cargo.toml": APP, "src/lib.rs": "", "Cargo.lock": V4})
    workspace = read_workspace(files, ".")
    graph = CrateResolver(workspace, files).compiled(PLATFORMS)
    root = graph.roots[0]
    edges = {edge.extern_name: edge for edge in graph.dependencies_of(root)}
    assert {name: edge.dependency.version for name, edge in edges.items()} == {
        "foo": "1.0.2",
        "old": "0.9.1",
        "only": "2.0.0",
        "new": "",
    }
    assert all(edge.evidence is Evidence.MANIFEST for edge in edges.values())
    assert graph.crates[edges["only"].dependency].source_kind is SourceKind.GIT
    assert graph.crates[edges["old"].dependency].features == {"std", "default"}
    (locked,) = graph.dependencies_of(edges["foo"].dependency)
    assert (locked.kind, locked.evidence, str(locked.location)) == (
        DependencyKind.UNKNOWN,
        Evidence.LOCK,
        "Cargo.lock:20:8",
    )
    assert [problem.message for problem in graph.problems] == [
        "Cargo.lock does not say which version of `new` is used"
    ]
    linked = {str(found.crate.id): found.certain for found in linked_crates(graph, root)}
    assert linked == {"foo 1.0.2": True, "foo 0.9.1": True, "only 2.0.0": True, "new": True}
    assert not any(crate.known for crate in graph.crates.values() if crate.id != root)


def test_a_crate_that_only_the_lock_leads_to_is_not_certain():
    files = MemoryFiles(
        {"Cargo.toml": package("app", '[dependencies]\nfoo = "1"\n'), "src/lib.rs": "", "Cargo.lock": V4}
    )
    graph = CrateResolver(read_workspace(files, "."), files).compiled(PLATFORMS)
    linked = {found.crate.name: found.certain for found in linked_crates(graph, graph.roots[0])}
    assert linked == {"foo": True, "only": False}


def compare_all(oracle, compare, sources):
    """Metadata and unit graph, both equal; gives the unit graph."""
    files = sources.files
    workspace = read_workspace(files, ".")
    assert workspace.problems == ()
    resolver = CrateResolver(workspace, files, sources)
    theirs = compare.metadata_nodes(oracle.metadata("--filter-platform", WASI))
    assert compare.our_nodes(resolver.as_metadata(PLATFORMS)) == theirs
    graph = resolver.compiled(PLATFORMS)
    assert compare.our_units(graph) == oracle.units("--target", WASI)
    assert graph.problems == ()
    assert all(crate.known for crate in graph.crates.values())
    return graph


VENDORED = {
    ".cargo/config.toml": '[source.crates-io]\nreplace-with = "v"\n[source.v]\ndirectory = "third/party"\n',
    "third/party/foo/Cargo.toml": package(
        "foo",
        '[dependencies]\nonly = { version = "2", optional = true }\n[features]\ndefault = ["only"]\n'
        "[target.'cfg(unix)'.dependencies]\nlate = \"1\"\n",
        "1.0.2",
    ),
    "third/party/foo-0.9.1/Cargo.toml": package("foo", "[features]\nstd = []\n", "0.9.1"),
    "third/party/only/Cargo.toml": package("only", "", "2.0.0+meta"),
    "third/party/late/Cargo.toml": package("late", "", "1.0.0"),
}
for folder in ("foo", "foo-0.9.1", "only", "late"):
    VENDORED[f"third/party/{folder}/src/lib.rs"] = ""
    VENDORED[f"third/party/{folder}/.cargo-checksum.json"] = '{"files":{}}'


def test_vendored_sources_resolve_fully(tree, compare):
    oracle = tree(
        {
            **VENDORED,
            "Cargo.toml": package(
                "app",
                '[dependencies]\nfoo = "1"\nold = { package = "foo", version = "0.9", features = ["std"] }\n',
            ),
            "src/lib.rs": "",
        }
    )
    oracle.lock()
    files = DiskFiles(oracle.folder)
    vendor = configured_vendor_folders(files, ".")
    assert vendor == ("third/party",)
    graph = compare_all(oracle, compare, PackageSources(files, vendor=vendor))
    (only,) = graph.named("only")
    assert only.manifest == "third/party/only/Cargo.toml"
    assert str(only.location) == "third/party/only/Cargo.toml:2:8"
    assert not graph.named("late")


def test_patches_and_the_patched_crates_dependencies(tree, compare):
    oracle = tree(
        {
            **VENDORED,
            "Cargo.toml": package("app", '[dependencies]\nfoo = "1"\nmid = { path = "mid" }\n')
            + '[patch.crates-io]\nonly = { path = "mine/only" }\n',
            "src/lib.rs": "",
            "mid/Cargo.toml": package("mid", '[dependencies]\nonly = "2"\n'),
            "mid/src/lib.rs": "",
            "mine/only/Cargo.toml": package(
                "only", '[dependencies]\nhelper = { path = "helper" }\n', "2.5.0"
            ),
            "mine/only/src/lib.rs": "",
            "mine/only/helper/Cargo.toml": package("helper"),
            "mine/only/helper/src/lib.rs": "",
        }
    )
    oracle.lock()
    files = DiskFiles(oracle.folder)
    graph = compare_all(oracle, compare, PackageSources(files, vendor=["third/party"]))
    (only,) = graph.named("only")
    assert (only.version, only.manifest, only.source_kind) == (
        "2.5.0",
        "mine/only/Cargo.toml",
        SourceKind.PATH,
    )
    assert graph.named("helper")


def test_replace(tree, compare):
    oracle = tree(
        {
            **VENDORED,
            "Cargo.toml": package("app", '[dependencies]\nfoo = "1"\n')
            + '[replace]\n"only:2.0.0+meta" = { path = "mine" }\n',
            "src/lib.rs": "",
            "mine/Cargo.toml": package("only", "", "2.0.0+meta"),
            "mine/src/lib.rs": "",
        }
    )
    oracle.lock()
    files = DiskFiles(oracle.folder)
    graph = compare_all(oracle, compare, PackageSources(files, vendor=["third/party"]))
    assert [crate.manifest for crate in graph.named("only")] == ["mine/Cargo.toml"]


def test_git_sources_in_cargos_home():
    """The layout is what ``cargo fetch`` of cargo 1.95 leaves for a git dependency."""
    checkout = "/home/git/checkouts/things-0b671c15666d1019"
    source = "git+https://example.org/things.git?branch=main#dfe46179eb3dfd3f6ea44922753786f1683ba6e7"
    files = MemoryFiles(
        {
            "Cargo.toml": package(
                "app", '[dependencies]\none = { git = "https://example.org/things", branch = "main" }\n'
            ),
            "src/lib.rs": "",
            "Cargo.lock": 'version = 4\n[[package]]\nname = "app"\nversion = "0.1.0"\ndependencies = ["one"]\n'
            f'[[package]]\nname = "one"\nversion = "3.1.0"\nsource = "{source}"\ndependencies = ["two"]\n'
            f'[[package]]\nname = "two"\nversion = "0.1.0"\nsource = "{source}"\n',
            f"{checkout}/dfe4617/Cargo.toml": '[workspace]\nmembers = ["*"]\n'
            '[workspace.package]\nversion = "3.1.0"\n',
            f"{checkout}/dfe4617/one/Cargo.toml": '[package]\nname = "one"\nversion.workspace = true\n'
            '[dependencies]\ntwo = { path = "../two", features = ["x"] }\n',
            f"{checkout}/dfe4617/one/src/lib.rs": "",
            f"{checkout}/dfe4617/two/Cargo.toml": package("two", "[features]\nx = []\n"),
            f"{checkout}/dfe4617/two/src/lib.rs": "",
            f"{checkout}/aaaaaaa/two/Cargo.toml": package("two", "[features]\nwrong = []\n"),
        }
    )
    sources = PackageSources(files, home="/home")
    graph = CrateResolver(read_workspace(files, "."), files, sources).compiled(PLATFORMS)
    (two,) = graph.named("two")
    assert (two.features, two.source_kind) == ({"x"}, SourceKind.GIT)
    assert two.manifest == f"{checkout}/dfe4617/two/Cargo.toml"
    assert graph.problems == ()


def test_members_that_the_lock_does_not_know(tree):
    files = MemoryFiles(
        {
            "Cargo.toml": package(
                "app", '[workspace]\n[dependencies]\nnew = { path = "new" }\nfoo = "1"\n', "0.7.0"
            ),
            "src/lib.rs": "",
            "new/Cargo.toml": package("new", '[dependencies]\nold = { package = "foo", version = "0.9" }\n'),
            "new/src/lib.rs": "",
            "Cargo.lock": V4,
        }
    )
    graph = CrateResolver(read_workspace(files, "."), files).compiled(PLATFORMS)
    assert sorted(str(crate) for crate in graph.crates) == [
        "app 0.7.0",
        "foo 0.9.1",
        "foo 1.0.2",
        "new 0.1.0",
        "only 2.0.0",
    ]
    assert graph.problems == ()
