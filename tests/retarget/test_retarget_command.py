"""`migrate --wasi` as a person runs it: what it changes, refuses, shows, and takes back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from retarget.retarget_support import (
    CLI,
    CLOCK,
    CLOCK_WORLD,
    DICE,
    FILES,
    IO,
    planned,
    refused,
    retarget,
    texts,
    written,
)
from tests_support import run

from wasmdoctor.catalog import Catalog
from wasmdoctor.pipeline.plan import PlanOptions
from wasmdoctor.pipeline.retarget import prepare_retarget
from wasmdoctor.toolchain import Toolchain


def replaced(text: str, old: str, new: str) -> str:
    """A text with something in it replaced, which must be there."""
    assert old in text
    return text.replace(old, new)


def test_the_whole_workspace_goes_down_and_back(tmp_path: Path) -> None:
    tree = written(tmp_path)
    before = texts(tree)
    done = retarget(tree, "0.2.3")
    assert done.returncode == 0, done.stderr
    assert "wasi:cli, wasi:io 0.2.6 → 0.2.3" in done.stdout
    assert "wasi:random 0.2.0 → 0.2.3" in done.stdout
    assert "wasi:cli/exit#exit-with-code: since 0.2.5" in done.stdout
    after = texts(tree)
    changed = {path for path in before if before[path] != after[path]}
    assert changed == {
        "clock/src/lib.rs", "clock/wit/world.wit", "clock/wit/deps/io.wit", "clock/wit/deps/cli/exit.wit",
        "dice/src/lib.rs",
    }  # fmt: skip
    assert after["clock/wit/world.wit"].decode() == replaced(CLOCK_WORLD, "0.2.6", "0.2.3")
    assert after["clock/src/lib.rs"].decode() == replaced(CLOCK, "0.2.6", "0.2.3")
    assert after["dice/src/lib.rs"].decode() == replaced(DICE, "0.2.0", "0.2.3")
    assert after["clock/wit/deps/io.wit"].decode() == replaced(IO, "0.2.6", "0.2.3")
    assert b"exit-with-code" not in after["clock/wit/deps/cli/exit.wit"]
    assert b"Later." not in after["clock/wit/deps/cli/exit.wit"]
    again = retarget(tree, "0.2.3")
    assert again.returncode == 0
    assert "nothing to do" in again.stdout
    assert texts(tree) == after
    assert run("undo", cwd=tree).returncode == 0
    assert texts(tree) == before


def test_dry_run_and_diff_write_nothing(tmp_path: Path) -> None:
    tree = written(tmp_path)
    before = texts(tree)
    done = retarget(tree, "0.2.3", "--dry-run", "--diff")
    assert done.returncode == 0
    assert "-  import wasi:io/poll@0.2.6;" in done.stdout
    assert "+  import wasi:io/poll@0.2.3;" in done.stdout
    assert "nothing was written (--dry-run)" in done.stdout
    assert texts(tree) == before
    assert not (tree / ".wasmdoctor").exists()


def test_up_keeps_all_but_the_versions(tmp_path: Path) -> None:
    changes = planned(written(tmp_path), "0.2.12").changes
    assert changes.after("clock/wit/deps/cli/exit.wit") == replaced(CLI, "cli@0.2.6", "cli@0.2.12").encode()


def test_a_copy_that_was_cut_down_and_becomes_newer_is_told(tmp_path: Path) -> None:
    """An adapter may call what it lacks: wasm-tools then refuses (tests/skew/test_skew_adapter.py)."""
    tree = written(tmp_path)
    (note,) = planned(tree, "0.2.12").notes
    assert note.startswith("`wasi:io/poll` is cut down here: an adapter for a release before 0.2.12")
    assert not planned(tree, "0.2.3").notes


USES = replaced(CLOCK, "exit(Ok(()))", "exit_with_code(3)")


def test_a_function_that_is_used_stands_in_the_way(tmp_path: Path) -> None:
    tree = written(tmp_path, {"clock/src/lib.rs": USES})
    before = texts(tree)
    done = retarget(tree, "0.2.3")
    assert done.returncode == 2
    assert "cannot be set to WASI 0.2.3" in done.stderr
    assert "clock/src/lib.rs:12:" in done.stderr
    assert "this uses `wasi:cli/exit#exit-with-code`" in done.stderr
    assert "behind the feature `cli-exit-with-code` since 0.2.1, stable since 0.2.12" in done.stderr
    assert texts(tree) == before
    assert planned(tree, "0.2.5").changes


def test_a_function_that_is_only_written_and_never_called_counts(tmp_path: Path) -> None:
    """It would not compile."""
    text = CLOCK + "\npub fn never() { wasi::cli::exit::exit_with_code(1); }\n"
    (why,) = refused(written(tmp_path, {"clock/src/lib.rs": text}), "0.2.3")
    assert why.startswith("clock/src/lib.rs:20:")
    assert "this uses `wasi:cli/exit#exit-with-code`" in why


def test_a_copy_without_gates_is_judged_by_the_facts(tmp_path: Path) -> None:
    copy = replaced(CLI, "  @since(version = 0.2.5)\n", "")
    tree = written(tmp_path, {"clock/src/lib.rs": USES, "clock/wit/deps/cli/exit.wit": copy})
    (why,) = refused(tree, "0.2.0")
    assert "WASI 0.2.0 does not have it" in why
    found = planned(tree, "0.2.3")
    assert found.changes, "the copy says it is there, and so do the facts: unstable"
    assert not found.removed


def test_an_export_with_a_later_function_stands_in_the_way(tmp_path: Path) -> None:
    world = replaced(CLOCK_WORLD, "  export tick", "  export wasi:cli/exit@0.2.6;\n  export tick")
    (why,) = refused(written(tmp_path, {"clock/wit/world.wit": world}), "0.2.3")
    assert "this exports `wasi:cli/exit#exit-with-code`" in why


def test_a_package_that_is_read_at_two_versions_is_refused(tmp_path: Path) -> None:
    world = replaced(CLOCK_WORLD, "  export tick", "  import other: wasi:io/poll@0.2.0;\n  export tick")
    tree = written(
        tmp_path, {"clock/wit/deps/io-old.wit": replaced(IO, "0.2.6", "0.2.0"), "clock/wit/world.wit": world}
    )
    (why,) = refused(tree, "0.2.3")
    assert "`wasi:io` is read here at 0.2.0 and 0.2.6" in why


def test_an_extern_block_and_component_metadata_follow(tmp_path: Path) -> None:
    block = '\n#[link(wasm_import_module = "wasi:io/poll@0.2.6")]\nextern "C" { fn poll(a: i32, b: i32, c: i32); }\n'
    metadata = '\n[package.metadata.component.target.dependencies]\n"wasi:io" = "0.2.6" # kept\n'
    files = {
        "clock/src/lib.rs": CLOCK + block,
        "clock/Cargo.toml": FILES["clock/Cargo.toml"] + metadata,
    }
    changes = planned(written(tmp_path, files), "0.2.3").changes
    code, manifest = changes.after("clock/src/lib.rs"), changes.after("clock/Cargo.toml")
    assert code == replaced(CLOCK + block, "0.2.6", "0.2.3").encode()
    assert manifest == replaced(files["clock/Cargo.toml"], "0.2.6", "0.2.3").encode()


def test_lock_files_of_fetched_packages_are_told(tmp_path: Path) -> None:
    lock = '[io]\nurl = "https://example.invalid/wasi-io-0.2.6.tar.gz"\nsha256 = "00"\nsha512 = "00"\n'
    found = planned(written(tmp_path, {"clock/wit/deps.lock": lock}), "0.2.3")
    (step,) = found.manual
    assert step.location.path == "clock/wit/deps.lock"
    assert "wit-deps update" in step.message
    assert all(change.path != "clock/wit/deps.lock" for change in found.changes.changes)


def test_crlf_and_a_missing_line_end_stay(tmp_path: Path) -> None:
    world = CLOCK_WORLD.replace("\n", "\r\n").rstrip()
    changes = planned(written(tmp_path, {"clock/wit/world.wit": world.encode()}), "0.2.3").changes
    assert changes.after("clock/wit/world.wit") == world.replace("0.2.6", "0.2.3").encode()


def test_wit_with_escapes_in_the_macro_is_refused(tmp_path: Path) -> None:
    inline = 'inline: "package shop:dice;\\nworld dice { import wasi:random/random@0.2.0; }\\npackage wasi:random@0.2.0 { interface random { go: func() -> u64; } }",'
    text = f"wit_bindgen::generate!({{ {inline} generate_all }});\npub fn roll() -> u64 {{ 1 }}\n"
    (why,) = refused(written(tmp_path, {"dice/src/lib.rs": text}), "0.2.3")
    assert why.startswith("dice/src/lib.rs:1:")
    assert "write it as a raw string" in why


def test_a_library_that_is_in_no_component_follows(tmp_path: Path) -> None:
    files = {
        "Cargo.toml": replaced(FILES["Cargo.toml"], '"dice"]', '"dice", "spare"]'),
        "spare/Cargo.toml": replaced(FILES["dice/Cargo.toml"], '"dice"', '"spare"'),
        "spare/src/lib.rs": DICE,
    }
    changes = planned(written(tmp_path, files), "0.2.3").changes
    assert changes.after("spare/src/lib.rs") == replaced(DICE, "0.2.0", "0.2.3").encode()


def test_a_workspace_inside_another_one_is_its_own(tmp_path: Path) -> None:
    tree = written(tmp_path)
    written(tree / "inner")
    (tree / "Cargo.toml").write_text(replaced(FILES["Cargo.toml"], "members", 'exclude = ["inner"]\nmembers'))
    jobs = prepare_retarget(PlanOptions((".",), tree), "0.2.3", Catalog(), Toolchain())
    changed = {job.root.name: [c.path for c in job.workspace.retarget.changes.changes] for job in jobs}
    assert len(changed) == 2
    assert changed["inner"] == changed[tree.name]
    assert "clock/wit/world.wit" in changed["inner"]


def test_a_folder_of_wit_without_cargo(tmp_path: Path) -> None:
    """As projects in Python, JavaScript or Go have it."""
    tree = written(tmp_path)
    shutil.rmtree(tree / "dice")
    for path in ("Cargo.toml", "clock/Cargo.toml", "clock/src/lib.rs"):
        (tree / path).unlink()
    before = texts(tree)
    done = run("migrate", "--wasi", "0.2.3", "clock", cwd=tree)
    assert done.returncode == 0, done.stderr
    assert "read again after the edits, all WIT is for WASI 0.2.3" in done.stdout
    assert "nothing was built: there is no cargo workspace here" in done.stdout
    assert (tree / "clock/wit/world.wit").read_text() == replaced(CLOCK_WORLD, "0.2.6", "0.2.3")
    assert run("undo", "clock", cwd=tree).returncode == 0
    assert texts(tree) == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--wasi", "0.2.3", "--plan", "a"], "give either --plan or --wasi"),
        ([], "give either --plan or --wasi"),
        (["--wasi", "0.3.0"], "0.3.0 is not a release of WASI 0.2"),
    ],
)
def test_what_cannot_be_asked_for(tmp_path: Path, words: list[str], says: str) -> None:
    tree = written(tmp_path)
    done = run("migrate", *words, cwd=tree)
    assert done.returncode == 2
    assert says in done.stderr


def test_the_report_and_the_proofs_without_a_build(tmp_path: Path) -> None:
    """Without cargo nothing is built: what is read again is proven all the same."""
    tree = written(tmp_path)
    done = run("migrate", "--wasi", "0.2.3", cwd=tree, env={"PATH": "/nonexistent", "CARGO": ""})
    assert done.returncode == 0, done.stderr
    assert "read again after the edits, all WIT and bindings are for WASI 0.2.3" in done.stdout
    report = (tree / ".wasmdoctor/reports/0001.md").read_text()
    assert "set it to WASI 0.2.3" in report
    assert "wasi:cli/exit#exit-with-code" in report
    assert "@0.2.3" in report
    assert (tree / ".wasmdoctor/reports/0001.html").read_text().startswith("<!")
