"""The crates of a workspace as an earlier run found them: the same as read anew, and never those of other manifests."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests_support import run

from wasmdoctor.cache import facts
from wasmdoctor.cache.store import Store
from wasmdoctor.pipeline import kept
from wasmdoctor.pipeline.crates import Crates, crates_of
from wasmdoctor.pipeline.sources import Workspace
from wasmdoctor.toolchain import Toolchain

COUNT = 26
LOCK = "version = 4\n"


def manifest(name: str, more: str = "") -> str:
    return f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n{more}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a component, libraries, one of which it links, and a program that is none."""
    top = tmp_path / "workspace"
    names = [f"lib-{number:02}" for number in range(COUNT)]
    members = ", ".join(f'"{name}"' for name in [*names, "app", "tool"])
    for name in names:
        (top / name / "src").mkdir(parents=True)
        (top / name / "Cargo.toml").write_text(manifest(name, "[features]\nextra = []\n"))
        (top / name / "src/lib.rs").write_text("pub fn one() -> u32 { 1 }\n")
    (top / "Cargo.toml").write_text(f'[workspace]\nresolver = "2"\nmembers = [{members}]\n')
    (top / "Cargo.lock").write_text(
        LOCK + "".join(f'\n[[package]]\nname = "{name}"\nversion = "0.1.0"\n' for name in names)
    )
    (top / "app/src").mkdir(parents=True)
    linked = '[lib]\ncrate-type = ["cdylib"]\n[dependencies]\nlib-00 = { path = "../lib-00", features = ["extra"] }\n'
    (top / "app/Cargo.toml").write_text(manifest("app", linked))
    (top / "app/src/lib.rs").write_text("pub fn run() {}\n")
    (top / "tool/src").mkdir(parents=True)
    (top / "tool/Cargo.toml").write_text(manifest("tool"))
    (top / "tool/src/main.rs").write_text("fn main() {}\n")
    monkeypatch.setenv("CARGO_HOME", str(tmp_path / "cargo"))
    return top


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    facts.keep_in(Store(str(tmp_path / "cache")), "1")
    yield tmp_path / "cache"
    facts.keep_in(None)


def found(folder: Path) -> Crates:
    (crates,) = crates_of(Workspace(folder, folder, Toolchain()))
    return crates


def parts(crates: Crates) -> tuple[object, ...]:
    return crates.cargo, crates.components, crates.libraries, crates.problems, crates.target


def anew(folder: Path) -> tuple[object, ...]:
    """What is found without the cache."""
    store, version = facts._store, facts._version
    facts.keep_in(None)
    try:
        return parts(found(folder))
    finally:
        facts.keep_in(store, version)


def is_recalled(folder: Path) -> bool:
    """Whether the crates are there without anything being resolved."""
    there = vars(found(folder))
    return "components" in there and "_resolver" not in there


def entry(cache: Path) -> Path:
    (path,) = cache.glob("entries-*/*")
    return path


def test_they_are_the_same_as_read_anew(folder: Path, cache: Path) -> None:
    first = parts(found(folder))
    assert is_recalled(folder)
    assert parts(found(folder)) == first == anew(folder)
    crates = found(folder)
    (app,) = crates.components
    assert app.package is crates.cargo.packages["app/Cargo.toml"]
    assert app.crate is app.graph.crates[app.crate.id]
    assert [each.crate.features for each in app.linked] == [frozenset({"extra"})]
    assert app.linked[0].crate is app.graph.crates[app.linked[0].crate.id]
    assert len(crates.libraries) == 0 or crates.libraries[0].package.lib is not None


def test_sources_may_change(folder: Path, cache: Path) -> None:
    found(folder)
    (folder / "app/src/lib.rs").write_text("pub fn other() {}\n")
    (folder / "lib-07/src/more.rs").write_text("pub fn more() {}\n")
    (folder / "app/wit").mkdir()
    assert is_recalled(folder) is False  # a folder has another name in it: `lib-07/src`
    assert is_recalled(folder)
    (folder / "app/src/lib.rs").write_text("pub fn third() {}\n")
    assert is_recalled(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda top: (top / "lib-03/Cargo.toml").write_text(manifest("lib-03", "[features]\nextro = []\n")),
        lambda top: (top / "Cargo.lock").write_text(LOCK),
        lambda top: (top / "Cargo.lock").unlink(),
        lambda top: (top / "app/Cargo.toml").write_text(manifest("app", '[lib]\ncrate-type = ["cdylib"]\n')),
        lambda top: (top / "lib-05/build.rs").write_text("fn main() {}\n"),
        lambda top: (top / "lib-09/src/lib.rs").unlink(),
        lambda top: (top / "tool/src/main.rs").write_text('#[link(wasm_import_module = "a")] extern {}\n'),
        lambda top: (
            (top / ".cargo").mkdir()
            or (top / ".cargo/config.toml").write_text('[build]\ntarget = "wasm32-wasip1"\n')
        ),
        lambda top: (
            (top / "extra/src").mkdir(parents=True)
            or (top / "extra/Cargo.toml").write_text(manifest("extra"))
        ),
    ],
)
def test_a_change_is_seen(folder: Path, cache: Path, change: Callable[[Path], object]) -> None:
    before = parts(found(folder))
    change(folder)
    now = [parts(crates) for crates in crates_of(Workspace(folder, folder, Toolchain()))]
    store, version = facts._store, facts._version
    facts.keep_in(None)
    wanted = [parts(crates) for crates in crates_of(Workspace(folder, folder, Toolchain()))]
    facts.keep_in(store, version)
    assert now == wanted
    assert now != [before]


def test_another_version_asks_anew(folder: Path, cache: Path) -> None:
    found(folder)
    assert is_recalled(folder)
    facts.keep_in(Store(str(cache)), "2")
    assert not is_recalled(folder)


def test_few_crates_are_not_kept(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "small/src").mkdir(parents=True)
    (tmp_path / "small/Cargo.toml").write_text(manifest("small"))
    (tmp_path / "small/src/lib.rs").write_text("")
    found(tmp_path / "small")
    assert list(cache.glob("*/*")) == []


def test_nothing_is_kept_unless_it_is_asked_for(folder: Path, tmp_path: Path) -> None:
    found(folder)
    assert not (tmp_path / "cache").exists()


def write(path: Path, payload: bytes) -> None:
    """An entry with the right checksum."""
    digest = hashlib.sha256(path.name.encode() + b"\n" + payload).hexdigest()
    path.write_bytes(digest.encode() + b"\n" + payload)


def broken(data: dict[str, Any]) -> Iterator[object]:
    """What an entry may hold instead."""
    yield from ([], None, 1, "x", {}, {**data, "more": 1}, dict(reversed(data.items())))
    values: tuple[Any, ...] = (None, -1, "x", [], {}, [None], [[]], [[0, 0, "x", 0, []]])
    for name in data:
        for other in values:
            if other != data[name]:
                yield {**data, name: other}
    yield {**data, "components": [[*data["components"][0][:3], 99, []]]}
    yield {**data, "components": [[99, *data["components"][0][1:]]]}
    yield {**data, "components": [[*data["components"][0][:4], [[0, [10**9], True]]]]}
    yield {**data, "asked": ["r0/etc/passwd"]}
    yield {**data, "asked": [*data["asked"], "r9x"]}


def test_an_entry_that_is_damaged_is_not_there(folder: Path, cache: Path) -> None:
    first = parts(found(folder))
    path = entry(cache)
    payload = path.read_bytes().partition(b"\n")[2]
    data = json.loads(payload)
    assert tuple(data) == kept.FIELDS
    for text in (b"", b"{", b"[" * 100_000, b'{"asked": NaN}', b"\xff", payload[:-1]):
        write(path, text)
        assert parts(found(folder)) == first, text[:40]
    count = 0
    for other in broken(data):
        count += 1
        write(path, json.dumps(other).encode())
        made = parts(found(folder))
        # What is well formed says something else about libraries or problems; nothing here may raise.
        if made != first:
            assert isinstance(other, dict)
            assert {name for name in data if other.get(name) != data[name]} <= {
                "libraries",
                "components",
                "problems",
            }
    assert count > 60


def test_a_large_entry_is_not_kept(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MOST", 1000)
    found(folder)
    assert list(cache.glob("*/*")) == []


def test_a_cache_that_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("not a folder")
    facts.keep_in(Store(str(tmp_path / "cache")), "1")
    try:
        assert parts(found(folder)) == anew(folder)
    finally:
        facts.keep_in(None)


def test_that_they_are_kept_hides_no_answer(folder: Path, tmp_path: Path) -> None:
    """A cache that is new this moment is nothing that the run looked at: its answer is remembered at once."""
    app = 'wit_bindgen::generate!({ inline: "package a:b; world w { import c: func(); }" });\n'
    (folder / "app/src/lib.rs").write_text(app)
    time.sleep(2.1)  # what was written this moment is not remembered
    cache = tmp_path / "new" / "cache"
    cache.parent.mkdir()
    env = {"WASMDOCTOR_CACHE_DIR": str(cache), "WASMDOCTOR_NO_CACHE": ""}
    done = run("check", ".", cwd=folder, env=env)
    assert done.returncode in (0, 1), done.stderr
    # The crates, and the answer.
    assert len(list(cache.glob("entries-*/*"))) == 2
