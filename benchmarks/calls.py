"""How long it takes to read who calls whom, our lexer against the text of ``wasm-tools print``.

    python benchmarks/calls.py [--write] [--folder FOLDER]

Prints a table, and with ``--write`` puts it into benchmarks/calls.md. It needs what tests/tools/setup.sh installs, and
builds or takes from the caches: the committed release component of fixtures/scheduler; a larger Rust
component, release and debug, that links parsers of regular expressions, TOML and JSON; and the components
of componentize-py and componentize-js that the tests use. Each run is a process of its own. Time is processor
time, that of wasm-tools included, the least of three runs, since other programs on the machine can only add to it;
memory is the highest resident size of the process and of wasm-tools. FOLDER keeps the Rust components between runs.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
CACHE = Path(os.environ.get("WASMDOCTOR_TEST_CACHE", ROOT / ".cache" / "tests"))
RUNS = 3

CARGO = """\
[package]
name = "benchmark-calls"
version = "0.0.0"
edition = "2021"
[workspace]
[lib]
crate-type = ["cdylib"]
[dependencies]
regex = "1"
serde_json = "1"
toml = "0.8"
wit-bindgen = "=0.48.1"
[profile.release]
opt-level = "s"
"""
LIBRARY = """\
wit_bindgen::generate!({ inline: "
    package shop:main;
    interface price { unit: func(name: string) -> u32; }
    world shop { import price; export total: func(rules: string, order: string) -> string; }
" });
struct Shop;
impl Guest for Shop {
    fn total(rules: String, order: String) -> String {
        let rules: toml::Value = toml::from_str(&rules).unwrap();
        let order: serde_json::Value = serde_json::from_str(&order).unwrap();
        let wanted = regex::Regex::new(rules["wanted"].as_str().unwrap()).unwrap();
        let bytes = regex::bytes::Regex::new(rules["bytes"].as_str().unwrap()).unwrap();
        let items = order.as_array().unwrap().iter().filter_map(|item| item.as_str());
        let sum: u32 = items.filter(|item| wanted.is_match(item) || bytes.is_match(item.as_bytes())).map(|item| shop::main::price::unit(item)).sum();
        format!("{} {}", serde_json::to_string_pretty(&order).unwrap(), toml::to_string(&rules).unwrap().len() as u32 + sum)
    }
}
export!(Shop);
"""


def rust_components(folder: Path) -> list[tuple[str, Path]]:
    """Build the larger component, in the target folder that the tests share."""
    from rust import workspaces

    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "Cargo.toml").write_text(CARGO)
    (folder / "src/lib.rs").write_text(LIBRARY)
    built = []
    target = "wasm32-wasip2"
    for profile in ("release", "debug"):
        path = folder / f"{profile}.wasm"
        built.append((f"Rust, {profile}", path))
        if path.exists():
            continue
        rust = workspaces._rust()
        command = [rust.cargo, "build", "-q", "-j2", "--target", target]
        command += [] if rust.ready_made else ["-Zbuild-std=std,panic_abort"]
        command += ["--release"] if profile == "release" else []
        subprocess.run(command, cwd=folder, env=workspaces._environment(target, profile), check=True)
        output = workspaces.TARGET_DIR / target / profile / "benchmark_calls.wasm"
        path.write_bytes(output.read_bytes())
    return built


def inputs(folder: Path) -> list[tuple[str, Path]]:
    """The components, with what they are called in the table."""
    found = [("fixtures/scheduler, release", ROOT / "fixtures/scheduler/prebuilt/scheduler.wasm")]
    found += rust_components(folder / "crate")
    made = {"componentize-py": "python-*.wasm", "componentize-js": "js-*.wasm"}
    for name, pattern in made.items():
        paths = sorted(CACHE.glob(pattern))
        assert paths, f"no component of {name} in {CACHE}: run the tests in tests/code first"
        found.append((name, paths[-1]))
    return found


def lexer(path: Path) -> dict[str, float]:
    """Read a component with our lexer."""
    from wasmdoctor.readers.code import read_code
    from wasmdoctor.readers.wasm import FileSource

    with path.open("rb") as stream:
        code = read_code(FileSource(stream.fileno()), str(path))
    return {
        "functions": sum(len(module.sizes) for module in code.modules),
        "calls": sum(len(row) for module in code.modules for row in module.calls),
        "code": sum(sum(module.sizes) for module in code.modules),
        "problems": len(code.problems),
    }


def text(path: Path) -> dict[str, float]:
    """Stream the text of wasm-tools print through the least that gives functions and direct calls."""
    from conftest import WASM_TOOLS

    calls: list[dict[str, None]] = []
    child = subprocess.Popen([WASM_TOOLS, "print", "--print-offsets", path], stdout=subprocess.PIPE)
    assert child.stdout is not None
    inside = False
    for line in child.stdout:
        # "(;@1a34  ;)   call $name"
        start = line[line.find(b";)") + 2 :].lstrip(b" ")
        if start.startswith((b"call ", b"return_call ")):
            if inside:
                calls[-1][start.split()[1]] = None
        elif start.startswith(b"(func "):
            calls.append({})
            inside = True
    assert child.wait() == 0
    return {"functions": len(calls), "calls": sum(map(len, calls))}


def measure(how: str, path: Path) -> dict[str, float]:
    """One way, in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", how, str(path)], capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def one(how: str, path: Path) -> None:
    """What the process of ``measure`` does."""
    import conftest  # noqa: F401  (neither way shall pay for imports)

    import wasmdoctor.readers.code  # noqa: F401

    before = time.process_time()
    result = {"lexer": lexer, "print": text}[how](path)
    own, child = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    result["seconds"] = time.process_time() - before + child.ru_utime + child.ru_stime
    result["memory"] = own.ru_maxrss + child.ru_maxrss
    print(json.dumps(result))


def pace() -> float:
    """Processor time of a loop that everybody can repeat."""
    before = time.process_time()
    for _ in range(10_000_000):
        pass
    return time.process_time() - before


def table(found: list[tuple[str, Path]]) -> str:
    """Measure everything; a Markdown table."""
    lines = [
        "| component | size | code | functions | direct calls | lexer | memory | `wasm-tools print` | memory |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, path in found:
        ours = [measure("lexer", path) for _ in range(RUNS)]
        theirs = [measure("print", path) for _ in range(RUNS)]
        cells = [name, f"{path.stat().st_size / 1e6:.1f} MB", f"{ours[0]['code'] / 1e6:.1f} MB"]
        cells += [f"{ours[0]['functions']:,.0f}", f"{ours[0]['calls']:,.0f}"]
        for runs in (ours, theirs):
            cells.append(f"{min(run['seconds'] for run in runs):.2f} s")
            cells.append(f"{max(run['memory'] for run in runs) / 1024:.0f} MB")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


ABOUT = """\
# Reading who calls whom

`python benchmarks/calls.py --write` wrote this file, on {cpus} processors with Python {python}. Seconds are processor time, the least of {runs} runs;
counting to ten million in a `for` loop took {pace:.2f} s at the same time. The lexer's column is all of `readers.code.read_code`: every function, call, table, name and the wiring of the component. The column of
`wasm-tools print` is less than that: printing with offsets, and finding the direct calls in the text, no tables, no names
made whole, no wiring.

"""
CHOICE = """
Chosen: the lexer. It needs no other program and no file on disk, holds four megabytes of code at a time, and takes
names as the bytes they are, where the text escapes them and renames those that occur twice.
"""


def main() -> None:
    """Measure, print, and write when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write benchmarks/calls.md")
    parser.add_argument("--folder", help="keep the Rust components there")
    parser.add_argument("--one", nargs=2, metavar=("WAY", "PATH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one[0], Path(options.one[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        result = table(inputs(Path(options.folder or folder)))
    print(result)
    if options.write:
        version = ".".join(map(str, sys.version_info[:3]))
        about = ABOUT.format(cpus=os.cpu_count(), python=version, runs=RUNS, pace=pace())
        (ROOT / "benchmarks/calls.md").write_text(about + result + CHOICE)


if __name__ == "__main__":
    main()
