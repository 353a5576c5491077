"""Where an import comes from, on the fixture: every step exists, and is the right line."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests_support import run

ROOT = Path(__file__).parent.parent.parent
FIXTURE = ROOT / "fixtures/scheduler"
TCP = "scheduler:core-libs/wasi-tcp"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fixture as a clean checkout: nothing is built, nothing prebuilt."""
    folder = tmp_path_factory.mktemp("sources") / "scheduler"
    shutil.copytree(FIXTURE, folder, ignore=shutil.ignore_patterns("prebuilt", "target"))
    return folder


def line(folder: Path, step: dict) -> str:
    """The text that a step points at."""
    return (folder / step["path"]).read_text().splitlines()[step["line"] - 1].strip()


def why(folder: Path, *words: str) -> list[dict]:
    done = run("why", *words, "--format", "json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["why"]


def assert_the_chain(folder: Path, chain: list[dict]) -> None:
    """From the application over the core crate to the import in the core crate's world, line by line."""
    shown = [
        (step["kind"], step["name"], line(folder, step)) for step in chain if step["kind"] != "component"
    ]
    assert shown == [
        ("crate", "scheduler", "scheduler-core.workspace = true"),
        ("crate", "scheduler-core", 'name = "scheduler-core"'),
        ("binding", "generate! call", "wit_bindgen::generate!({"),
        ("world", "scheduler-core", "world scheduler-core {"),
        ("import", "scheduler:core-libs/wasi-tcp@0.1.0", "import wasi-tcp;"),
    ]


def test_from_a_clean_checkout(sources: Path) -> None:
    answers = {answer["component"]: answer for answer in why(sources, TCP)}
    assert set(answers) == {
        f"{name}/Cargo.toml" for name in ("scheduler", "core-libs", "executor", "actions-http")
    }
    answer = answers["scheduler/Cargo.toml"]
    assert (answer["status"], answer["certainty"]) == ("unprovided", "certain")
    (chain,) = answer["chains"]
    assert_the_chain(sources, chain)
    assert [step["evidence"] for step in chain if step["kind"] == "binding"] == ["sources"]


def test_from_a_component() -> None:
    (answer,) = why(FIXTURE, TCP, "prebuilt/scheduler.wasm")
    (chain,) = answer["chains"]
    assert chain[0]["kind"] == "component"
    assert chain[0]["evidence"] == "component"
    assert answer["certainty"] == "observed"
    assert_the_chain(FIXTURE, chain)


def test_every_way(sources: Path) -> None:
    (answer,) = [a for a in why(sources, TCP, "--all") if a["component"] == "scheduler/Cargo.toml"]
    ways = [[step["name"] for step in chain if step["kind"] == "crate"] for chain in answer["chains"]]
    assert sorted(ways, key=len) == [
        ["scheduler", "scheduler-core"],
        ["scheduler", "scheduler-actions-http", "scheduler-core"],
        ["scheduler", "scheduler-executor", "scheduler-core"],
    ]
    for chain in answer["chains"]:
        for step in chain:
            assert line(sources, step)


@pytest.mark.parametrize("pattern", [TCP, f"{TCP}@0.1.0", "scheduler:*/wasi-tcp", "*wasi-tcp*"])
def test_names_and_globs(sources: Path, pattern: str) -> None:
    assert {answer["name"] for answer in why(sources, pattern)} == {f"{TCP}@0.1.0"}


def test_a_components_path_explains_all_its_imports() -> None:
    answers = why(FIXTURE, "prebuilt/scheduler.wasm")
    names = {answer["name"] for answer in answers}
    assert {f"scheduler:core-libs/wasi-{x}@0.1.0" for x in ("network", "tcp", "udp")} < names
    std = [answer for answer in answers if answer["name"].startswith("wasi:")]
    assert len(std) > 5
    for answer in std:
        assert [step["kind"] for step in answer["chains"][0]] == ["component", "std"], (
            "no crate is blamed for std"
        )


def test_what_a_crate_brings(sources: Path) -> None:
    answers = why(sources, "--crate", "scheduler-core")
    mine = [(a["kind"], a["name"]) for a in answers if a["component"] == "scheduler/Cargo.toml"]
    assert mine == [
        ("import", "scheduler:core-libs/wasi-network@0.1.0"),
        ("import", "scheduler:core-libs/wasi-tcp@0.1.0"),
        ("import", "scheduler:core-libs/wasi-udp@0.1.0"),
        ("export", "scheduler:core-libs/parser@0.1.0"),
        ("export", "scheduler:core-libs/socket@0.1.0"),
        ("export", "scheduler:core-libs/types@0.1.0"),
    ]


def test_text_and_mistakes(sources: Path) -> None:
    text = run("why", TCP, cwd=sources).stdout
    assert re.search(r"└ crate scheduler-core  core-libs/Cargo\.toml:\d+:\d+", text)
    for words, message in {
        ("why",): "name an interface",
        ("why", "no:such/thing"): "nothing imports `no:such/thing`",
        ("why", "--crate", "nobody"): "crate `nobody` brings nothing",
    }.items():
        done = run(*words, cwd=sources)
        assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def test_check_predicts_what_is_not_built(sources: Path) -> None:
    """The same errors as for the built components, before any build, each with its origin."""
    done = run("check", ".", "--format", "json", cwd=sources)
    predicted = json.loads(done.stdout)
    built = json.loads(run("check", "prebuilt", "--format", "json", cwd=FIXTURE).stdout)

    def errors(document: dict) -> set[tuple[str, str]]:
        stems = {"scheduler": "scheduler", "core-libs": "scheduler_core"}
        found = set()
        for finding in document["findings"]:
            if finding["code"] == "WD101":
                name = finding["component"].removesuffix("/Cargo.toml").rpartition("/")[2]
                name = stems.get(name, f"scheduler_{name.replace('-', '_')}")
                name = Path(finding["component"]).stem if finding["component"].endswith(".wasm") else name
                found.add((name, finding["interface"]))
        return found

    assert errors(predicted) == errors(built)
    assert len(errors(built)) == 12
    assert {c["kind"] for c in predicted["components"]} == {"predicted"}
    for finding in predicted["findings"]:
        if finding["code"] == "WD101":
            assert "(predicted from sources)" in finding["message"]
            assert [step["kind"] for step in finding["origin"]][-3:] == ["binding", "world", "import"]
            place = finding["location"]
            assert line(sources, place).startswith("import wasi-")
            assert place["column"] == 5
    exports = {c["path"]: {e["name"] for e in c["exports"]} for c in predicted["components"]}
    real = {c["path"]: {e["name"] for e in c["exports"]} for c in built["components"]}
    assert exports["scheduler/Cargo.toml"] == real["prebuilt/scheduler.wasm"]
    assert exports["core-libs/Cargo.toml"] == real["prebuilt/scheduler_core.wasm"]


PROGRAM = {
    "Cargo.toml": '[workspace]\nmembers = ["app", "lib", "native"]\nresolver = "2"\n',
    "app/Cargo.toml": """\
[package]
name = "my-app"
version = "0.1.0"
edition = "2021"

[dependencies]
store-lib = { path = "../lib" }
""",
    "app/src/main.rs": 'fn main() { println!("{}", store_lib::value("k")); }\n',
    "lib/Cargo.toml": """\
[package]
name = "store-lib"
version = "0.1.0"
edition = "2021"

[dependencies]
wit-bindgen = "0.48.1"
""",
    "lib/src/lib.rs": """\
wit_bindgen::generate!({ world: "store-user", path: "wit" });

pub fn value(key: &str) -> String {
    acme::store::kv::get(key)
}
""",
    "lib/wit/store.wit": """\
package acme:store@1.0.0;
interface kv { get: func(key: string) -> string; }
world store-user { import kv; }
""",
    # A cdylib that has nothing to do with WebAssembly.
    "native/Cargo.toml": """\
[package]
name = "native"
version = "0.1.0"
edition = "2021"

[lib]
crate-type = ["cdylib"]
""",
    "native/src/lib.rs": '#[no_mangle] pub extern "C" fn native() {}\n',
}


def test_programs_are_components_too_and_native_libraries_are_not(tmp_path: Path) -> None:
    """A program for wasm32-wasip2 is a component; what its library binds is an import of it."""
    for name, text in PROGRAM.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (answer,) = why(tmp_path, "acme:store/kv")
    assert (answer["component"], answer["certainty"]) == ("app/Cargo.toml", "certain")
    shown = [(step["kind"], line(tmp_path, step)) for step in answer["chains"][0]]
    assert shown == [
        ("crate", 'store-lib = { path = "../lib" }'),
        ("crate", 'name = "store-lib"'),
        ("binding", 'wit_bindgen::generate!({ world: "store-user", path: "wit" });'),
        ("world", "world store-user { import kv; }"),
        ("import", "world store-user { import kv; }"),
    ]
    document = json.loads(run("check", ".", "--format", "json", cwd=tmp_path).stdout)
    assert [component["path"] for component in document["components"]] == ["app/Cargo.toml"]
    assert [f["code"] for f in document["findings"] if f["severity"] == "error"] == ["WD101"]


COMPONENT = "prebuilt/scheduler.wasm"
SVG = "{http://www.w3.org/2000/svg}"


def bytes_by_crate() -> dict[str, int]:
    done = run("why", "--sizes", COMPONENT, "--format", "json", cwd=FIXTURE)
    (found,) = json.loads(done.stdout)["sizes"]
    return {row["name"]: row["bytes"] for row in found["crates"]}


def test_sizes_as_a_picture(tmp_path: Path) -> None:
    """Every crate is a cell whose title says the bytes that the JSON says."""
    done = run("why", COMPONENT, "--sizes", "--format", "svg", "-o", str(tmp_path / "x.svg"), cwd=FIXTURE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    picture = ElementTree.parse(tmp_path / "x.svg").getroot()
    assert picture.tag == f"{SVG}svg"
    told = [cell.findtext(f"{SVG}title") or "" for cell in picture.iter(f"{SVG}svg")]
    size = bytes_by_crate()["scheduler-core"]
    assert any(title.startswith("scheduler-core ") and f": {size:,} bytes" in title for title in told)
    assert "prefers-color-scheme: dark" in (tmp_path / "x.svg").read_text()


def test_sizes_as_a_page() -> None:
    """One page for all components, with its own styles allowed by hash, and nothing from elsewhere."""
    page = run("why", "--sizes", "prebuilt", "--format", "html", cwd=FIXTURE).stdout
    policy = html.unescape(re.search(r'Policy" content="([^"]*)"', page)[1])
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert len(styles) == 1 + 4
    for style in styles:
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not re.search(r"<script|src=|href=|style=|url\((?!#)", page)
    assert page.count("<table>") == page.count("<details open>") == 4
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    size = bytes_by_crate()["scheduler-core"]
    assert re.search(rf'<th scope="row">scheduler-core [^<]*</th><td>{size:,}</td>', page)


def test_pictures_are_of_sizes_and_of_one_component(sources: Path) -> None:
    for folder, words, message in (
        (FIXTURE, (TCP, COMPONENT, "--format", "svg"), "with --sizes or --crate"),
        (FIXTURE, (COMPONENT, "--format", "html"), "with --sizes or --crate"),
        (FIXTURE, ("--sizes", "prebuilt", "--format", "svg"), "use `--format html`"),
        (sources, ("--crate", "scheduler-core", "--format", "svg"), "there is no finished component"),
    ):
        done = run("why", *words, cwd=folder)
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_a_crate_in_the_components_that_have_it() -> None:
    page = run("why", "--crate", "scheduler-actions-http", "prebuilt", "--format", "html", cwd=FIXTURE).stdout
    assert re.findall(r"<h2><code>([^<]*)</code>", page) == [
        COMPONENT,
        "prebuilt/scheduler_actions_http.wasm",
    ]
