"""Workspaces against ``cargo metadata``: members, inheritance, targets; and what Cargo would refuse."""

from wasmdoctor.model.cargo import Standing
from wasmdoctor.readers.cargo import (
    DiskFiles,
    MemoryFiles,
    find_workspace_root,
    read_workspace,
    read_workspaces,
    standing,
)


def package(name, rest=""):
    return f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n{rest}'


def relative(oracle, path):
    return path.removeprefix("path+file://").removeprefix(str(oracle.folder)).strip("/")


def check_members(oracle, compare):
    """Members, default members and targets, as cargo has them."""
    workspace = read_workspace(DiskFiles(oracle.folder), ".")
    assert workspace.problems == ()
    metadata = oracle.metadata()
    manifests = {found["id"]: relative(oracle, found["manifest_path"]) for found in metadata["packages"]}
    assert sorted(workspace.members) == sorted(manifests[found] for found in metadata["workspace_members"])
    theirs = sorted(manifests[found] for found in metadata["workspace_default_members"])
    assert sorted(workspace.default_members) == theirs
    count = 0
    for found in metadata["packages"]:
        ours = workspace.packages[manifests[found["id"]]]
        assert (ours.name.value, ours.version, ours.edition) == (
            found["name"],
            found["version"],
            found["edition"],
        )
        expected = {
            (
                target["name"],
                relative(oracle, target["src_path"]),
                tuple(target["crate_types"]),
                tuple(target.get("required-features", ())),
                target["kind"][0] if target["kind"][0] in KINDS else "lib",
            )
            for target in found["targets"]
        }
        assert expected == {
            (target.name, target.path, target.crate_types, target.required_features, target.kind.value)
            for target in ours.targets
        }
        count += len(expected)
    return workspace, count


KINDS = ("bin", "example", "test", "bench", "custom-build")


def test_virtual_with_globs_exclude_and_default_members(tree, compare):
    oracle = tree(
        {
            "Cargo.toml": '[workspace]\nmembers = ["apps/*", "libs/[a-c]?", "deep/**/leaf"]\n'
            'exclude = ["apps/old", "libs/ab"]\ndefault-members = ["apps/*"]\nresolver = "2"\n',
            "apps/one/Cargo.toml": package(
                "one", '[dependencies]\nhidden = { path = "../../other/hidden" }\n'
            ),
            "apps/one/src/main.rs": "",
            "apps/two/Cargo.toml": package("two"),
            "apps/two/src/lib.rs": "",
            "apps/old/Cargo.toml": "broken [",
            "apps/notes.txt": "",
            "libs/aa/Cargo.toml": package("aa"),
            "libs/aa/src/lib.rs": "",
            "libs/ab/Cargo.toml": package("ab"),
            "libs/ab/src/lib.rs": "",
            "libs/dd/Cargo.toml": package("dd"),
            "libs/dd/src/lib.rs": "",
            "deep/leaf/Cargo.toml": package("leaf"),
            "deep/leaf/src/lib.rs": "",
            "deep/x/y/leaf/Cargo.toml": package("leaf-two"),
            "deep/x/y/leaf/src/lib.rs": "",
            "other/hidden/Cargo.toml": package("hidden"),
            "other/hidden/src/lib.rs": "",
        }
    )
    workspace, _ = check_members(oracle, compare)
    assert len(workspace.members) == 6
    assert workspace.virtual
    files = DiskFiles(oracle.folder)
    found = {
        path: standing(files, workspace, f"{path}/Cargo.toml") for path in ("libs/ab", "libs/dd", "apps/one")
    }
    assert found == {"libs/ab": Standing.EXCLUDED, "libs/dd": Standing.UNLISTED, "apps/one": Standing.MEMBER}
    assert standing(files, workspace, "Cargo.toml") is Standing.ROOT


def test_a_root_package_with_members_by_path(tree, compare):
    oracle = tree(
        {
            "Cargo.toml": package(
                "root", '[workspace]\nexclude = ["out"]\n[dependencies]\na = { path = "a" }\n'
            )
            + '[dev-dependencies]\nd = { path = "d" }\nout = { path = "out" }\n',
            "src/lib.rs": "",
            "a/Cargo.toml": package("a", '[build-dependencies]\nb = { path = "../b" }\n'),
            "a/src/lib.rs": "",
            "b/Cargo.toml": package("b"),
            "b/src/lib.rs": "",
            "d/Cargo.toml": package("d"),
            "d/src/lib.rs": "",
            "out/Cargo.toml": package("out"),
            "out/src/lib.rs": "",
        }
    )
    workspace, _ = check_members(oracle, compare)
    assert workspace.members == ("Cargo.toml", "a/Cargo.toml", "b/Cargo.toml", "d/Cargo.toml")
    assert workspace.default_members == ("Cargo.toml",)
    assert "out/Cargo.toml" in workspace.packages


def test_inheritance(tree, compare):
    oracle = tree(
        {
            "Cargo.toml": '[workspace]\nmembers = ["m"]\nresolver = "2"\n'
            '[workspace.package]\nversion = "4.5.6"\nedition = "2018"\n'
            '[workspace.metadata.team]\nkey = "value"\n'
            "[workspace.dependencies]\n"
            'a = { path = "libs/a", default-features = false, features = ["x"] }\n'
            'b = { path = "libs/b" }\n'
            'renamed = { path = "libs/c", package = "c", default-features = false }\n',
            "m/Cargo.toml": '[package]\nname = "m"\nversion.workspace = true\nedition = { workspace = true }\n'
            '[dependencies]\na = { workspace = true, features = ["y"] }\n'
            "b = { workspace = true, default-features = false }\n"
            "renamed = { workspace = true, default-features = true, optional = true }\n",
            "m/src/lib.rs": "",
            "libs/a/Cargo.toml": package("a", "[features]\ndefault = []\nx = []\ny = []\n"),
            "libs/a/src/lib.rs": "",
            "libs/b/Cargo.toml": package("b", "[features]\ndefault = []\n"),
            "libs/b/src/lib.rs": "",
            "libs/c/Cargo.toml": package("c", "[features]\ndefault = []\n"),
            "libs/c/src/lib.rs": "",
        }
    )
    workspace, _ = check_members(oracle, compare)
    member = workspace.packages["m/Cargo.toml"]
    assert (member.version, member.edition) == ("4.5.6", "2018")
    metadata = next(found for found in oracle.metadata()["packages"] if found["name"] == "m")
    theirs = [
        (
            found["rename"] or found["name"],
            found["features"],
            found["uses_default_features"],
            found["optional"],
        )
        for found in metadata["dependencies"]
    ]
    ours = [
        (found.name, list(found.features), found.default_features, found.optional)
        for found in member.dependencies
    ]
    assert sorted(ours) == sorted(theirs)
    assert sorted(ours)[0] == ("a", ["x", "y"], False, False)
    first = member.dependencies[0]
    assert (str(first.location), str(first.inherited_from)) == ("m/Cargo.toml:6:1", "Cargo.toml:10:1")
    assert [(setting.key, setting.value) for setting in workspace.metadata] == [("team", {"key": "value"})]


def test_targets(tree, compare):
    oracle = tree(
        {
            "Cargo.toml": '[workspace]\nmembers = ["a", "b", "c", "d"]\nresolver = "2"\n',
            "a/Cargo.toml": package(
                "a-b",
                'build = "make.rs"\n[lib]\ncrate-type = ["cdylib", "rlib"]\n'
                '[[bin]]\nname = "named"\nrequired-features = ["x"]\n[[example]]\nname = "ex"\n'
                'path = "somewhere/ex.rs"\ncrate-type = ["cdylib"]\n[features]\nx = []\n',
            ),
            "a/src/lib.rs": "",
            "a/make.rs": "fn main() {}",
            "a/src/main.rs": "",
            "a/src/bin/named.rs": "",
            "a/src/bin/found.rs": "",
            "a/src/bin/folder/main.rs": "",
            "a/src/bin/none/lib.rs": "",
            "a/src/bin/.hidden.rs": "",
            "a/somewhere/ex.rs": "",
            "a/examples/auto.rs": "",
            "a/tests/t.rs": "",
            "a/tests/sub/main.rs": "",
            "a/benches/b.rs": "",
            "b/Cargo.toml": package(
                "b", "build = false\nautobins = false\nautotests = false\n[lib]\nproc-macro = true\n"
            ),
            "b/src/lib.rs": "",
            "b/build.rs": "",
            "b/src/main.rs": "",
            "b/tests/t.rs": "",
            "c/Cargo.toml": '[package]\nname = "c"\nversion = "0.1.0"\nedition = "2015"\n'
            '[[bin]]\nname = "odd"\npath = "src/odd.rs"\n[lib]\nname = "other"\npath = "src/here.rs"\n',
            "c/src/odd.rs": "",
            "c/src/here.rs": "",
            "c/src/bin/ignored.rs": "",
            "c/build.rs": "",
            "d/Cargo.toml": package("d-d", "autolib = false\n"),
            "d/src/lib.rs": "",
            "d/src/main.rs": "",
        }
    )
    _, count = check_members(oracle, compare)
    assert count == 16


def test_a_member_elsewhere_points_at_its_workspace(tree, compare):
    oracle = tree(
        {
            "ws/Cargo.toml": '[workspace]\nmembers = ["../side", "in"]\nresolver = "2"\n',
            "ws/in/Cargo.toml": package("in"),
            "ws/in/src/lib.rs": "",
            "side/Cargo.toml": package("side", 'workspace = "../ws"\n'),
            "side/src/lib.rs": "",
        }
    )
    files = DiskFiles(oracle.folder)
    assert find_workspace_root(files, "side") == "ws/Cargo.toml"
    assert find_workspace_root(files, "ws/in/src/lib.rs") == "ws/Cargo.toml"
    workspace = read_workspace(files, "side")
    assert workspace.members == ("side/Cargo.toml", "ws/in/Cargo.toml")
    metadata = type(oracle)(oracle.folder / "side").metadata()
    assert sorted(compare.name_and_version(found)[0] for found in metadata["workspace_members"]) == [
        "in",
        "side",
    ]


def test_a_path_dependency_inherits_from_its_own_workspace():
    files = MemoryFiles(
        {
            "a/Cargo.toml": package("a", '[workspace]\n[dependencies]\nb = { path = "../b/in" }\n'),
            "a/src/lib.rs": "",
            "b/Cargo.toml": '[workspace]\nmembers = ["in"]\n[workspace.package]\nversion = "9.0.0"\n',
            "b/in/Cargo.toml": '[package]\nname = "b"\nversion.workspace = true\n',
            "b/in/src/lib.rs": "",
        }
    )
    workspace = read_workspace(files, "a")
    assert workspace.members == ("a/Cargo.toml",)
    assert workspace.packages["b/in/Cargo.toml"].version == "9.0.0"
    assert workspace.problems == ()


def test_many_manifests_are_sorted_into_workspaces():
    files = MemoryFiles(
        {
            "Cargo.toml": '[workspace]\nmembers = ["a", "nested"]\nexclude = ["out"]\n',
            "a/Cargo.toml": package("a"),
            "a/src/lib.rs": "",
            "lost/Cargo.toml": package("lost"),
            "lost/src/lib.rs": "",
            "out/Cargo.toml": package("out"),
            "out/src/lib.rs": "",
            "nested/Cargo.toml": package("nested", "[workspace]\n"),
            "nested/src/lib.rs": "",
            "bad/Cargo.toml": "[",
        }
    )
    manifests = [path for path in files.files if path.endswith("Cargo.toml")]
    workspaces, problems = read_workspaces(files, manifests)
    assert [found.manifest for found in workspaces] == [
        "Cargo.toml",
        "lost/Cargo.toml",
        "nested/Cargo.toml",
        "out/Cargo.toml",
    ]
    root = workspaces[0]
    assert root.members == ("a/Cargo.toml",)
    assert root.unlisted == ("lost/Cargo.toml",)
    messages = [f"{problem.location}: {problem.message}" for problem in (*root.problems, *problems)]
    assert sum("neither lists nor excludes" in message for message in messages) == 1
    assert sum("a workspace of its own" in message for message in messages) == 1
    assert sum(message.startswith("bad/Cargo.toml:1:2") for message in messages) >= 1
    assert standing(files, root, "nested/Cargo.toml") is Standing.NESTED
    assert standing(files, root, "out/Cargo.toml") is Standing.EXCLUDED
