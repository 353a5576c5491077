"""``--since``: in real repositories, what a change brought in and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from outputs.outputs_support import APP_WIT, CATALOG, GOOD, LEAK, NET_RUST, NET_WIT, committed, git, write
from tests_support import run

from wasmdoctor.discover import default_paths
from wasmdoctor.model.rule import Severity
from wasmdoctor.pipeline import CheckOptions, check
from wasmdoctor.pipeline.since import since
from wasmdoctor.toolchain import Toolchain, ToolError

STORE = "shop:net/store@0.1.0"
LOG_WIT = "package shop:net@0.1.0;\n\ninterface log {\n    say: func(text: string);\n}\n"


def found(folder: Path, *words: str) -> set[tuple[str, str]]:
    """Codes and interfaces of the errors that a check of paths in a folder reports, with `--since` or without."""
    *paths, rev = [*words[:-2], words[-1]] if words[-2:-1] == ("--since",) else [*words, ""]
    toolchain = Toolchain()
    options = CheckOptions(tuple(paths or default_paths(folder)), folder)
    report = check(options, CATALOG, toolchain)
    if rev:
        report = since(report, options, rev, lambda then: check(then, CATALOG, toolchain))
    return {(f.code, f.interface) for f in report.findings if f.severity is Severity.ERROR}


def commit(folder: Path, files: dict[str, str]) -> None:
    write(folder, files)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=next")


@pytest.fixture
def leaking(tmp_path: Path) -> Path:
    """A repository that imports `store` since its first commit."""
    return committed(tmp_path / "r", GOOD | LEAK)


def test_a_change_that_brings_an_import_in_is_told(tmp_path: Path) -> None:
    folder = committed(tmp_path / "r", GOOD)
    assert found(folder, ".") == set()
    write(folder, LEAK)  # new files that git does not know yet
    assert found(folder, ".", "--since", "HEAD") == {("WD101", STORE)}
    commit(folder, {})
    assert found(folder, ".", "--since", "HEAD~1") == {("WD101", STORE)}
    assert found(folder, ".", "--since", "HEAD") == set()


def test_what_was_there_is_not_told_again(leaking: Path) -> None:
    more = NET_WIT.replace("import store;", "import store;\n    import log;").replace(
        "world net", "interface log {\n    say: func(text: string);\n}\n\nworld net"
    )
    rust = NET_RUST.replace("count()", 'count();\n    shop::net::log::say("x")')
    commit(leaking, {"net/wit/world.wit": "\n\n// moved down\n" + more, "net/src/lib.rs": rust})
    assert found(leaking, ".") == {("WD101", STORE), ("WD101", "shop:net/log@0.1.0")}
    assert found(leaking, ".", "--since", "HEAD~1") == {("WD101", "shop:net/log@0.1.0")}


def test_the_note_says_how_many_are_older(leaking: Path) -> None:
    done = run("check", ".", "--since", "HEAD", cwd=leaking)
    assert done.returncode == 0
    assert "only what came in since HEAD (" in done.stdout
    assert "older not shown" in done.stdout


def test_a_branch_is_compared_with_where_it_began(tmp_path: Path) -> None:
    """What the main branch cured meanwhile did not come in with the branch."""
    folder = committed(tmp_path / "r", GOOD | LEAK)
    git(folder, "switch", "--quiet", "--create", "feature")
    commit(folder, {"README": "x\n"})
    git(folder, "switch", "--quiet", "main")
    shutil.rmtree(folder / "net/wit")
    commit(folder, {"net/src/lib.rs": GOOD["net/src/lib.rs"]})
    git(folder, "switch", "--quiet", "feature")
    assert found(folder, ".") == {("WD101", STORE)}
    assert found(folder, ".", "--since", "main") == set()


def component(wat: Callable[[str], bytes], *names: str) -> bytes:
    imports = "".join(f'(import "{name}" (instance (export "f" (func))))' for name in names)
    return wat(f"(component {imports})")


def test_a_binary_is_compared_with_what_the_sources_predicted(
    leaking: Path, wat: Callable[[str], bytes]
) -> None:
    """The default path is `target`, which no commit has."""
    write(
        leaking,
        {
            "target/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n",
            "target/wasm32-wasip2/debug/app.wasm": component(wat, STORE),
            "target/wasm32-wasip2/release/app.wasm": component(wat, STORE),
        },
    )
    assert found(leaking) == {("WD101", STORE)}
    commit(leaking, {"README": "x\n"})
    assert found(leaking, "--since", "HEAD~1") == set()
    other = "shop:net/other@0.1.0"
    write(leaking, {"target/wasm32-wasip2/release/app.wasm": component(wat, STORE, other)})
    # Nothing that git knows brought it in: nothing changed since HEAD.
    assert found(leaking, "--since", "HEAD") == set()
    # Something did change since then, and no source says where it came from: it is told.
    assert found(leaking, "--since", "HEAD~1") == {("WD101", other)}


def test_a_committed_binary_is_compared_with_itself(tmp_path: Path, wat: Callable[[str], bytes]) -> None:
    folder = committed(tmp_path / "r", {"app.wasm": component(wat, "a:b/c"), "README": "x\n"})
    commit(folder, {"README": "y\n"})
    assert found(folder, "app.wasm", "--since", "HEAD~1") == set()
    commit(folder, {"app.wasm": component(wat, "a:b/c", "a:b/d")})  # type: ignore[dict-item]
    assert found(folder, "app.wasm", "--since", "HEAD~1") == {("WD101", "a:b/d")}


def test_it_works_below_the_top_and_with_several_paths(tmp_path: Path) -> None:
    files = {f"sub/dir/{name}": text for name, text in GOOD.items()}
    folder = committed(tmp_path / "r", files)
    commit(folder, {f"sub/dir/{name}": text for name, text in LEAK.items()})
    here = folder / "sub/dir"
    assert found(here, "app", "net/src/lib.rs", "--since", "HEAD~1") == {("WD101", STORE)}
    assert found(here, "app", "net/src/lib.rs", "--since", "HEAD") == set()


def test_a_folder_that_was_not_there_is_all_new(tmp_path: Path) -> None:
    folder = committed(tmp_path / "r", {"README": "x\n"})
    commit(folder, {f"new/{name}": text for name, text in (GOOD | LEAK).items()})
    assert found(folder, "new", "--since", "HEAD~1") == {("WD101", STORE)}


def test_links_between_folders_are_followed_and_others_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    write(folder, GOOD | {"net/src/lib.rs": NET_RUST, "wit/net/world.wit": NET_WIT})
    os.symlink("../wit/net", folder / "net/wit")
    os.symlink("/etc", folder / "etc.wit")
    os.symlink("../../../..", folder / "app/up.wit")
    committed(folder, {"README": "x\n"})
    commit(folder, {"README": "y\n"})
    assert found(folder, ".") == {("WD101", STORE)}
    assert found(folder, ".", "--since", "HEAD~1") == set()


def test_nothing_of_the_repository_is_changed_or_run(leaking: Path) -> None:
    """No hook, no filter, no index, no worktree."""
    marker = leaking.parent / "ran"
    hook = f"#!/bin/sh\ntouch {marker}\ncat\n"
    for name in ("post-checkout", "post-index-change"):
        path = leaking / ".git/hooks" / name
        path.write_text(hook)
        path.chmod(0o755)
    script = leaking.parent / "filter.sh"
    script.write_text(hook)
    script.chmod(0o755)
    commit(leaking, {".gitattributes": "*.rs export-ignore\n*.wit filter=trap\n", "README": "x\n"})
    for key in ("filter.trap.smudge", "core.fsmonitor", "diff.external"):
        git(leaking, "config", key, str(script))
    marker.unlink(missing_ok=True)
    before = {path: path.stat().st_mtime_ns for path in leaking.rglob("*")}
    assert found(leaking, ".", "--since", "HEAD~1") == set()
    assert not marker.exists()
    assert {path: path.stat().st_mtime_ns for path in leaking.rglob("*")} == before


@pytest.mark.parametrize("rev", ["nonsense", "--output=x", "HEAD:Cargo.toml"])
def test_a_revision_that_is_none_is_an_error(leaking: Path, rev: str) -> None:
    with pytest.raises(ToolError, match=f"git knows no commit `{re.escape(rev)}`"):
        found(leaking, ".", "--since", rev)
    assert not (leaking / "x").exists()


def test_the_command_ends_with_2_then_and_takes_an_empty_one_for_none(leaking: Path) -> None:
    assert run("check", ".", "--since=nonsense", cwd=leaking).returncode == 2
    assert run("check", ".", "--since=", cwd=leaking).returncode == 1  # an unset variable in CI


def test_a_shallow_clone_says_what_to_do(leaking: Path, tmp_path: Path) -> None:
    commit(leaking, {"README": "x\n"})
    first = git(leaking, "rev-parse", "HEAD~1").strip()
    git(tmp_path, "clone", "--quiet", "--depth=1", leaking.as_uri(), "shallow")
    done = run("check", ".", "--since", first, cwd=tmp_path / "shallow")
    assert done.returncode == 2
    assert "shallow" in done.stderr


def test_without_a_repository_it_ends_with_2(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    done = run("check", ".", "--since", "HEAD", cwd=tmp_path)
    assert done.returncode == 2
    assert "not a git repository" in done.stderr


def test_the_answer_follows_the_revision_and_not_a_cache(leaking: Path) -> None:
    commit(leaking, {"README": "x\n"})
    git(leaking, "tag", "mark", "HEAD")
    assert run("check", ".", "--since", "mark", cwd=leaking).returncode == 0
    empty = git(leaking, "commit-tree", "-m", "none", git(leaking, "mktree").strip()).strip()
    git(leaking, "tag", "--force", "mark", empty)
    assert run("check", ".", "--since", "mark", cwd=leaking).returncode == 1


def test_every_format_takes_it(leaking: Path) -> None:
    commit(leaking, {"app/wit/world.wit": APP_WIT + "\n"})
    done = run("check", ".", "--since", "HEAD~1", "--format", "sarif", cwd=leaking)
    assert json.loads(done.stdout)["runs"][0]["results"] == []


def test_a_suppression_that_is_taken_out_brings_the_finding_in(tmp_path: Path) -> None:
    allowed = NET_WIT.replace(
        "import store;", "// wasmdoctor: allow(WD101) -- ours has it\n    import store;"
    )
    folder = committed(tmp_path / "r", GOOD | LEAK)
    commit(folder, {"net/wit/world.wit": allowed})
    assert found(folder, ".") == set()
    commit(folder, {"net/wit/world.wit": NET_WIT})
    assert found(folder, ".", "--since", "HEAD~1") == {("WD101", STORE)}
    assert found(folder, ".", "--since", "HEAD~2") == set()
