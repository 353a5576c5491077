"""Features and sides against the unit graph of ``cargo build``, one rule at a time."""

import pytest

from wasmdoctor.readers.cargo import (
    CrateResolver,
    DiskFiles,
    FeatureSelection,
    MemoryFiles,
    Platforms,
    built_targets,
    cfg_set,
    linked_crates,
    read_workspace,
)

HOST = "x86_64-unknown-linux-gnu"
WASI = "wasm32-wasip1"
PLATFORMS = Platforms(cfg_set(WASI), cfg_set(HOST))


def package(name, rest="", edition="2021"):
    return f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "{edition}"\n{rest}'


def workspace_of(resolver="2", **manifests):
    """A workspace with one folder for each name; a value is the rest of the manifest."""
    files = {"Cargo.toml": f'[workspace]\nmembers = ["*"]\nexclude = ["target"]\nresolver = "{resolver}"\n'}
    for name, rest in manifests.items():
        files[f"{name}/Cargo.toml"] = package(name, rest)
        files[f"{name}/src/lib.rs"] = ""
        if "build-dependencies" in rest:
            files[f"{name}/build.rs"] = "fn main() {}"
    return files


def compiled(oracle, compare, *arguments, packages=None, features=None, include_dev=False):
    """Our graph, after it was found equal to cargo's."""
    files = DiskFiles(oracle.folder)
    workspace = read_workspace(files, ".")
    assert workspace.problems == ()
    graph = CrateResolver(workspace, files).compiled(
        PLATFORMS, packages=packages, features=features, include_dev=include_dev
    )
    chosen = [part for name in packages for part in ("-p", name)] if packages else ["--workspace"]
    features, edges = oracle.units("--target", WASI, *chosen, *arguments)
    assert compare.our_units(graph) == (features, edges)
    assert graph.problems == ()
    return graph


def enabled(graph, name):
    (crate,) = graph.named(name)
    sides = (crate.features, crate.host_features)
    return tuple(None if side is None else sorted(side) for side in sides)


OPTIONAL = {
    "x": '[dependencies]\na = { path = "../a", optional = true }\nb = { path = "../b", optional = true }\n'
    '[features]\ndefault = []\nhidden = ["dep:a"]\nstrong = ["b/f"]\nweak = ["b?/f"]\n',
    "a": "",
    "b": "[features]\nf = []\n",
}


@pytest.mark.parametrize(
    ("asked", "x", "used"),
    [
        ((), ["default"], set()),
        (("hidden",), ["default", "hidden"], {"a"}),
        (("b",), ["b", "default"], {"b"}),
        (("weak",), ["default", "weak"], set()),
        (("weak", "b"), ["b", "default", "weak"], {"b"}),
        (("strong",), ["b", "default", "strong"], {"b"}),
        (("b/f",), ["b", "default"], {"b"}),
        (("x/hidden",), ["default", "hidden"], {"a"}),
    ],
)
def test_optional_dependencies(tree, compare, asked, x, used):
    oracle = tree(workspace_of(**OPTIONAL))
    selection = FeatureSelection(asked)
    arguments = ["--features", ",".join(asked)] if asked else []
    graph = compiled(oracle, compare, *arguments, packages=["x"], features=selection)
    assert enabled(graph, "x")[0] == x
    assert {crate.name for crate in graph.crates.values()} == {"x", *used}
    if "b" in used:
        assert enabled(graph, "b")[0] == ([] if asked == ("b",) else ["f"])


def test_all_and_no_default_features(tree, compare):
    oracle = tree(workspace_of(**OPTIONAL))
    graph = compiled(
        oracle, compare, "--all-features", packages=["x"], features=FeatureSelection(all_features=True)
    )
    assert enabled(graph, "x")[0] == ["b", "default", "hidden", "strong", "weak"]
    selection = FeatureSelection(default_features=False)
    graph = compiled(oracle, compare, "--no-default-features", packages=["x"], features=selection)
    assert enabled(graph, "x")[0] == []


SHARED = "[features]\nplain = []\nbuild = []\nmacro = []\ndev = []\nunix = []\n"
SIDES = {
    "app": '[dependencies]\nshared = { path = "../shared", features = ["plain"] }\npm = { path = "../pm" }\n'
    '[build-dependencies]\nshared = { path = "../shared", features = ["build"] }\n'
    '[dev-dependencies]\nshared = { path = "../shared", features = ["dev"] }\n'
    '[target.\'cfg(unix)\'.dependencies]\nshared = { path = "../shared", features = ["unix"] }\n',
    "pm": '[lib]\nproc-macro = true\n[dependencies]\nshared = { path = "../shared", features = ["macro"] }\n',
    "shared": SHARED,
}


@pytest.mark.parametrize(
    ("resolver", "target", "host"),
    [
        ("1", ["build", "dev", "macro", "plain", "unix"], ["build", "dev", "macro", "plain", "unix"]),
        ("2", ["plain"], ["build", "macro"]),
        ("3", ["plain"], ["build", "macro"]),
    ],
)
def test_resolvers_keep_sides_kinds_and_platforms_apart(tree, compare, resolver, target, host):
    graph = compiled(tree(workspace_of(resolver, **SIDES)), compare, packages=["app"])
    assert enabled(graph, "shared") == (target, host)


def test_tests_unify_dev_dependencies(tree, compare):
    graph = compiled(tree(workspace_of(**SIDES)), compare, "--tests", packages=["app"], include_dev=True)
    assert enabled(graph, "shared")[0] == ["dev", "plain"]


def test_features_depend_on_what_is_selected(tree, compare):
    oracle = tree(
        workspace_of(
            a='[dependencies]\nc = { path = "../c", features = ["x"] }\n',
            b='[dependencies]\nc = { path = "../c", features = ["y"] }\n',
            c="[features]\nx = []\ny = []\n",
        )
    )
    assert enabled(compiled(oracle, compare, packages=["a"]), "c")[0] == ["x"]
    assert enabled(compiled(oracle, compare, packages=["a", "b"]), "c")[0] == ["x", "y"]
    assert enabled(compiled(oracle, compare), "c")[0] == ["x", "y"]


def test_what_is_linked_into_a_component(tree, compare):
    files = workspace_of(
        app='[lib]\ncrate-type = ["cdylib"]\n[dependencies]\nleft = { path = "../left" }\n'
        'right-side = { path = "../right", package = "right" }\npm = { path = "../pm" }\n'
        'comp = { path = "../comp" }\n[build-dependencies]\ngen = { path = "../gen" }\n'
        '[dev-dependencies]\ndev = { path = "../dev" }\n'
        "[target.'cfg(unix)'.dependencies]\nonly_unix = { path = \"../only_unix\" }\n",
        left='[dependencies]\nbase = { path = "../base" }\n',
        right='[lib]\ncrate-type = ["cdylib", "rlib"]\n[dependencies]\nbase = { path = "../base" }\n',
        base="",
        pm='[lib]\nproc-macro = true\n[dependencies]\ninner = { path = "../inner" }\n',
        inner="",
        comp='[lib]\ncrate-type = ["cdylib"]\n[dependencies]\nbehind = { path = "../behind" }\n',
        behind="",
        gen="",
        dev="",
        only_unix="",
    )
    graph = compiled(tree(files), compare, packages=["app"])
    (app,) = graph.named("app")
    linked = linked_crates(graph, app.id)
    assert [(found.crate.name, found.certain) for found in linked] == [
        ("left", True),
        ("right", True),
        ("base", True),
    ]
    chain = linked[2].chain
    assert [str(edge.location) for edge in chain] == ["app/Cargo.toml:8:1", "left/Cargo.toml:6:1"]
    right = linked[1].chain[0]
    assert (right.extern_name, right.rename, right.dependency.name) == ("right_side", "right-side", "right")
    assert linked[1].crate.crate_types == ("cdylib", "rlib")


def test_required_features(tree, compare):
    files = workspace_of(
        app='[dependencies]\ndep = { path = "../dep" }\n[features]\na = []\nb = []\n'
        '[[bin]]\nname = "one"\nrequired-features = ["a"]\n[[bin]]\nname = "two"\nrequired-features = ["b"]\n'
        '[[bin]]\nname = "three"\nrequired-features = ["dep/default"]\n',
        dep="[features]\ndefault = []\n",
    )
    files |= {f"app/src/bin/{name}.rs": "" for name in ("one", "two", "three")}
    graph = compiled(
        tree(files), compare, "--features", "a", packages=["app"], features=FeatureSelection(("a",))
    )
    (app,) = graph.named("app")
    assert [target.name for target in built_targets(graph, app)] == ["app", "one", "three"]


def test_a_long_chain_does_not_exhaust_the_stack():
    count = 1500
    files = {}
    for at in range(count):
        more = f'[dependencies]\nc{at + 1} = {{ path = "../c{at + 1}" }}\n[features]\nf = ["c{at + 1}/f"]\n'
        files[f"c{at}/Cargo.toml"] = package(f"c{at}", more if at + 1 < count else "[features]\nf = []\n")
        files[f"c{at}/src/lib.rs"] = ""
    view = MemoryFiles(files)
    workspace = read_workspace(view, "c0")
    graph = CrateResolver(workspace, view).compiled(PLATFORMS, features=FeatureSelection(("f",)))
    assert len(graph.crates) == count
    assert all(crate.features == {"f"} for crate in graph.crates.values())
    assert len(linked_crates(graph, graph.roots[0])) == count - 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ('["gone"]', "includes `gone`, which is no feature"),
        ('["dep:gone"]', "names `gone`, which is no dependency"),
        ('["gone/x"]', "names `gone`, which is no dependency"),
        ('["dep:a"]', "the dependency is not optional"),
        ('["a?/x"]', "the dependency is not optional"),
    ],
)
def test_feature_values_that_cargo_refuses(values, words):
    view = MemoryFiles(
        {
            "x/Cargo.toml": package(
                "x", f'[dependencies]\na = {{ path = "../a" }}\n[features]\nf = {values}\n'
            ),
            "x/src/lib.rs": "",
            "a/Cargo.toml": package("a"),
            "a/src/lib.rs": "",
        }
    )
    graph = CrateResolver(read_workspace(view, "x"), view).compiled(PLATFORMS)
    (problem,) = graph.problems
    assert words in problem.message
    assert str(problem.location) == "x/Cargo.toml:8:6"


def test_names_that_nobody_has_are_problems():
    view = MemoryFiles({"Cargo.toml": package("x"), "src/lib.rs": ""})
    resolver = CrateResolver(read_workspace(view, "."), view)
    (problem,) = resolver.compiled(PLATFORMS, features=FeatureSelection(("nope",))).problems
    assert "has the feature `nope`" in problem.message
    (problem,) = resolver.compiled(PLATFORMS, packages=["y"]).problems
    assert "`y` is no member" in problem.message
