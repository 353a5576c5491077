"""`migrate --wasi` on the published WIT of WASI, held against wasm-tools, the facts, and a build that runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import run_tool
from migrate.migrated import build, environment
from retarget.retarget_support import BINDGEN, DICE, FILES, planned, texts, written
from run_component import Running
from rust import workspaces
from tests_support import run

from wasmdoctor.catalog import Catalog
from wasmdoctor.migrate.edits import compose
from wasmdoctor.migrate.retarget.texts import WitText, wit_texts
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.source import SourceText
from wasmdoctor.readers.wit import parse

pytestmark = pytest.mark.rust

TARGET = "wasm32-wasip1"


def published() -> dict[str, bytes]:
    """The WIT of WASI 0.2 in the published crate `wasip2`, by file name."""
    folder = workspaces.TOOLS / "corpus/vendor/wasip2/wit/deps"
    found = {path.name: path.read_bytes() for path in sorted(folder.glob("*.wit"))}
    assert len(found) == 7, folder
    return found


def set_to(files: dict[str, bytes], release: str) -> dict[str, bytes]:
    """The same WIT for another release."""
    made = [WitText(name, data, parse(SourceText(name, data))) for name, data in files.items()]
    result = wit_texts(made, release)
    assert not result.obstacles
    changed = {change.path: change.after or b"" for change in compose(result.edits, files.get).changes}
    return {**files, **changed}


@pytest.mark.parametrize("release", ["0.2.0", "0.2.1", "0.2.2", "0.2.3", "0.2.6"])
def test_published_wit_set_to_a_release_is_what_that_release_has(tmp_path: Path, release: str) -> None:
    """wasm-tools reads it, and every interface has the functions that the facts say the release has."""
    (tmp_path / "deps").mkdir()
    for name, data in set_to(published(), release).items():
        assert b"0.2.12" not in data
        (tmp_path / "deps" / name).write_bytes(data)
    (tmp_path / "main.wit").write_text("package my:app;\nworld w { }\n")
    document = json.loads(run_tool("component", "wit", "--json", tmp_path))
    facts = Catalog().wit_facts("wasi-0.2")
    compared: set[str] = set()
    for interface in document["interfaces"]:
        package = document["packages"][interface["package"]]["name"]
        base, _, version = package.partition("@")
        assert version == release
        known = facts.find(ExternName.parse(f"{base}/{interface['name']}@{release}"))
        assert known is not None, interface["name"]
        functions = set(interface["functions"])
        assert functions <= known.functions_at(release)
        assert functions == known.open_at(release)
        compared.add(f"{base}/{interface['name']}")
    # All interfaces but the one that is behind a feature as a whole.
    assert compared == facts.interfaces.keys() - {"wasi:clocks/timezone"}


CLOCK = """\
wit_bindgen::generate!({
    world: "clock",
    path: "wit",
    with: { "wasi:io/poll@0.2.12": generate },
    generate_all,
});

struct Clock;

impl Guest for Clock {
    fn tick() -> String {
        let later = wasi::clocks::monotonic_clock::subscribe_duration(1);
        later.block();
        let now = wasi::clocks::wall_clock::now();
        format!("{} {}", now.seconds > 1_700_000_000, dice::roll() == dice::roll())
    }
}

export!(Clock);
"""

WORLD = """\
package shop:clock;
world clock {
  import wasi:clocks/monotonic-clock@0.2.12;
  import wasi:clocks/wall-clock@0.2.12;
  export tick: func() -> string;
}
"""


def locked(names: dict[str, list[str]]) -> str:
    """A Cargo.lock for packages of these names and dependencies, with the crates that the fixtures lock."""
    lock = (workspaces.WORKSPACES / "two-versions" / "Cargo.lock").read_text()
    head, *packages = lock.split("[[package]]\n")
    own = [
        f'name = "{name}"\nversion = "0.1.0"\ndependencies = [\n{"".join(f" {json.dumps(d)},{chr(10)}" for d in needs)}]\n\n'
        for name, needs in names.items()
    ]
    others = [text if text.endswith("\n\n") else text + "\n" for text in packages if "\nsource = " in text]
    blocks = sorted([*own, *others], key=lambda text: text.split('"')[1])
    return head + "".join(f"[[package]]\n{text}" for text in blocks).rstrip("\n") + "\n"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose two crates are built against two releases, with published WIT in one of them."""
    folder = tmp_path_factory.mktemp("retarget")
    wit = published()
    return written(
        folder,
        {
            "Cargo.lock": locked({"clock": ["dice", "wit-bindgen"], "dice": ["wit-bindgen"]}),
            "clock/src/lib.rs": CLOCK,
            "clock/wit/world.wit": WORLD,
            "clock/wit/deps/io.wit": wit["io.wit"],
            "clock/wit/deps/clocks.wit": wit["clocks.wit"],
            "dice/src/lib.rs": DICE,
        },
    )


def test_a_workspace_is_retargeted_builds_and_runs(tree: Path, tmp_path: Path) -> None:
    assert BINDGEN in FILES["clock/Cargo.toml"]
    before = texts(tree)
    own = {"wasi:clocks/monotonic-clock", "wasi:clocks/wall-clock", "wasi:random/random"}
    with workspaces._locked():
        done = run("migrate", "--wasi", "0.2.6", "--target", TARGET, cwd=tree, env=environment(TARGET))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "builds the edited copy" in done.stdout
    assert "wasmtime links clock" in done.stdout
    assert "what was built imports WASI 0.2.6" in done.stdout
    made = build(tree, "clock", tmp_path)
    imports = [ExternName.parse(name) for name in workspaces.world_of(made).imports.names()]
    assert {name.unversioned for name in imports} >= own
    # What only the adapter of WASI 0.2.3 asks for keeps its version.
    assert {name.version for name in imports if name.unversioned in own} == {"0.2.6"}
    assert {name.version for name in imports} == {"0.2.6", "0.2.3"}
    assert Running(made).call("tick") == "true false"
    assert not planned(tree, "0.2.6").changes
    assert run("undo", cwd=tree).returncode == 0
    assert texts(tree) == before
