"""Input that no Cargo would take: problems, never exceptions; and nothing outside the root is read."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wasmdoctor.model.source import Problem
from wasmdoctor.readers.cargo import (
    CrateResolver,
    DiskFiles,
    MemoryFiles,
    Platforms,
    cfg_set,
    find_workspace_root,
    linked_crates,
    read_workspace,
    read_workspaces,
)

PLATFORMS = Platforms(cfg_set("wasm32-wasip2"), cfg_set("x86_64-unknown-linux-gnu"))


def package(name, rest=""):
    return f'[package]\nname = "{name}"\nversion = "0.1.0"\n{rest}'


def test_cycles_of_path_dependencies_end():
    files = MemoryFiles(
        {
            "a/Cargo.toml": package("a", '[dependencies]\nb = { path = "../b" }\na = { path = "." }\n'),
            "a/src/lib.rs": "",
            "b/Cargo.toml": package("b", '[dependencies]\na = { path = "../a" }\n'),
            "b/src/lib.rs": "",
        }
    )
    graph = CrateResolver(read_workspace(files, "a"), files).compiled(PLATFORMS)
    assert len(graph.crates) == 2
    assert [found.crate.name for found in linked_crates(graph, graph.roots[0])] == ["b"]


def test_workspace_pointers_in_a_circle_end():
    files = MemoryFiles(
        {
            "a/Cargo.toml": package("a", 'workspace = "../b"\n'),
            "b/Cargo.toml": package("b", 'workspace = "../a"\n'),
            "a/src/lib.rs": "",
            "b/src/lib.rs": "",
        }
    )
    assert read_workspace(files, "a").members == ("a/Cargo.toml",)
    assert len(read_workspaces(files, ["a/Cargo.toml", "b/Cargo.toml"])[0]) == 2


def test_a_manifest_that_is_a_folder(tmp_path):
    (tmp_path / "Cargo.toml").write_text('[workspace]\nmembers = ["a", "b"]\n')
    (tmp_path / "a" / "Cargo.toml").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "Cargo.toml").write_bytes(b'[package]\nname = "\xff"\n')
    workspace = read_workspace(DiskFiles(tmp_path), ".")
    assert workspace.members == ()
    assert [str(problem.location) for problem in workspace.problems] == [
        "Cargo.toml:2:12",
        "b/Cargo.toml:2:9",
    ]
    (tmp_path / "c").mkdir()
    assert isinstance(read_workspace(DiskFiles(tmp_path / "c"), "."), Problem)


def test_no_manifest_at_all(tmp_path):
    problem = read_workspace(DiskFiles(tmp_path), "x/y")
    assert isinstance(problem, Problem)
    assert "no Cargo.toml" in problem.message


def test_a_huge_glob_stops():
    class Endless(MemoryFiles):
        def entries(self, path):
            return {f"d{at}": True for at in range(2)} if not path.endswith(".toml") else {}

        def is_folder(self, path):
            return True

    files = Endless({"Cargo.toml": '[workspace]\nmembers = ["**/x"]\n'})
    (problem,) = read_workspace(files, ".").problems
    assert str(problem.location) == "Cargo.toml:2:12"
    assert "more than 20000 folders" in problem.message


def test_a_folder_loop_of_links_stops(tmp_path):
    (tmp_path / "Cargo.toml").write_text('[workspace]\nmembers = ["**/m"]\n')
    (tmp_path / "d" / "m" / "src").mkdir(parents=True)
    (tmp_path / "d" / "m" / "Cargo.toml").write_text(package("m"))
    (tmp_path / "d" / "m" / "src" / "lib.rs").write_text("")
    os.symlink(tmp_path / "d", tmp_path / "d" / "loop")
    workspace = read_workspace(DiskFiles(tmp_path), ".")
    assert "d/m/Cargo.toml" in workspace.members


def test_links_out_of_the_root_are_not_followed(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    (outside / "src").mkdir(parents=True)
    (outside / "Cargo.toml").write_text(package("secret"))
    (outside / "src" / "lib.rs").write_text("")
    inside.mkdir()
    (inside / "Cargo.toml").write_text('[workspace]\nmembers = ["linked", "own", "../outside"]\n')
    os.symlink(outside, inside / "linked")
    (inside / "own").mkdir()
    os.symlink(outside / "Cargo.toml", inside / "own" / "Cargo.toml")
    workspace = read_workspace(DiskFiles(inside), ".")
    assert dict(workspace.packages) == {}
    assert len(workspace.problems) == 3
    files = DiskFiles(inside)
    for path in ("linked/Cargo.toml", "own/Cargo.toml", "../outside/Cargo.toml", str(outside / "Cargo.toml")):
        assert not files.is_file(path)
        with pytest.raises(PermissionError):
            files.read(path)
    assert len(read_workspace(DiskFiles(inside, root=tmp_path), ".").packages) == 3


def test_the_search_for_a_root_ends_at_the_root(tmp_path):
    (tmp_path / "Cargo.toml").write_text('[workspace]\nmembers = ["a"]\n')
    (tmp_path / "a" / "src").mkdir(parents=True)
    (tmp_path / "a" / "Cargo.toml").write_text(package("a"))
    (tmp_path / "a" / "src" / "lib.rs").write_text("")
    assert find_workspace_root(DiskFiles(tmp_path / "a"), ".") == "Cargo.toml"
    assert find_workspace_root(DiskFiles(tmp_path / "a", root=tmp_path), ".") == "../Cargo.toml"
    workspace = read_workspace(DiskFiles(tmp_path / "a", root=tmp_path), "src/lib.rs")
    assert (workspace.manifest, workspace.members) == ("../Cargo.toml", ("Cargo.toml",))


WORKSPACE = {
    "Cargo.toml": '[workspace]\nmembers = ["a", "b*"]\nexclude = ["x"]\n[workspace.dependencies]\nb = { path = "b" }\n'
    '[patch.crates-io]\nc = { path = "c" }\n[workspace.package]\nversion = "1.0.0"\n',
    "a/Cargo.toml": '[package]\nname = "a"\nversion.workspace = true\n[package.metadata.component]\npackage = "x:y"\n'
    'target = { path = "wit", world = "w" }\n[dependencies]\nb = { workspace = true, optional = true }\nc = "1"\n'
    '[target.\'cfg(unix)\'.dependencies]\nd = { version = "1", features = ["q"] }\n[features]\nf = ["dep:b", "c/x"]\n',
    "a/src/lib.rs": "",
    "b/Cargo.toml": package("b", '[lib]\ncrate-type = ["cdylib"]\n[[bin]]\nname = "z"\npath = "z.rs"\n'),
    "b/src/lib.rs": "",
    "c/Cargo.toml": package("c"),
    "c/src/lib.rs": "",
    "Cargo.lock": 'version = 4\n[[package]]\nname = "a"\nversion = "1.0.0"\ndependencies = ["d"]\n'
    '[[package]]\nname = "d"\nversion = "1.0.0"\nsource = "registry+https://example.org"\n',
}
PIECES = [b"=", b"[", b"]", b"{", b"}", b'"', b"'", b"\n", b"1", b"true", b"[]", b"{}", b"\xff", b".", b"*", b"**/", b"../", b"[x",
          b"workspace = true", b'"dep:', b"cfg(", b"\0"]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(path for path in WORKSPACE if "toml" in path or "lock" in path)), st.data())
def test_any_mutated_file_gives_a_graph_or_a_problem(path, data):
    text = WORKSPACE[path].encode()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 8))
        text = text[:at] + data.draw(st.sampled_from([b"", *PIECES])) + text[at + cut :]
    files = MemoryFiles({**WORKSPACE, path: text})
    for start in (".", "a"):
        workspace = read_workspace(files, start)
        if isinstance(workspace, Problem):
            assert workspace.location.path
            continue
        resolver = CrateResolver(workspace, files)
        for graph in (resolver.compiled(PLATFORMS), resolver.as_metadata(PLATFORMS)):
            for root in graph.roots:
                linked_crates(graph, root)
    read_workspaces(files, [name for name in WORKSPACE if name.endswith(".toml")])


def test_a_view_gives_what_the_disk_gives(tmp_path):
    inside = tmp_path / "inside"
    (inside / "a" / "b").mkdir(parents=True)
    (inside / "a" / "b" / "f").write_bytes(b"text")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "f").write_bytes(b"secret")
    os.symlink("a/b", inside / "link")
    os.symlink(tmp_path / "outside", inside / "a" / "out")
    os.symlink("../../../outside/f", inside / "a" / "b" / "leak")
    os.symlink("loop", inside / "loop")
    files = DiskFiles(inside)
    for _ in range(2):  # the second time from what is known
        for path in (
            "a/b/f",
            "link/f",
            "./a/b/f",
            "a/../a/b/f",
            "a//b/f",
            "link/../b/f",
            str(inside / "a/b/f"),
        ):
            assert files.read(path) == b"text"
            assert files.real(path) == os.path.realpath(inside / path)
        assert dict(files.entries("link")) == {"f": False, "leak": False}
        for path in ("a/out/f", "a/b/leak", "../outside/f", "a/out/../f", str(tmp_path / "outside/f")):
            assert not files.is_file(path)
            with pytest.raises(PermissionError):
                files.read(path)
        for path in ("loop", "loop/x", "nothing/f", "a/b/f/g", "/".join("d" * 1500), "a/\0", ""):
            assert not files.is_file(path)
    assert files.is_folder("")
    assert files.is_folder("a/b")


def test_what_a_view_remembers_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("wasmdoctor.readers.cargo.files.MAX_KEPT_BYTES", 4)
    monkeypatch.setattr("wasmdoctor.readers.cargo.files.MAX_KEPT_NAMES", 2)
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name * 3)
    (tmp_path / "few").mkdir()
    (tmp_path / "few" / "x").write_text("")
    files = DiskFiles(tmp_path)
    before = [files.read("a"), files.read("b"), dict(files.entries(".")), dict(files.entries("few"))]
    assert before == [b"aaa", b"bbb", {"a": False, "b": False, "c": False, "few": True}, {"x": False}]
    for name in ("a", "b"):
        (tmp_path / name).write_text("new")
    (tmp_path / "few" / "y").write_text("")
    (tmp_path / "d").write_text("")
    assert files.read("a") == b"aaa", "a run sees one state of a file"
    assert files.read("b") == b"new", "what there was no room for is read again"
    assert "d" in files.entries(".")
    assert dict(files.entries("few")) == {"x": False}
