"""Small workspaces that ask for one WASI release or another, and `migrate --wasi` in them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests_support import run

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.retarget import Retarget
from wasmdoctor.pipeline.plan import PlanOptions
from wasmdoctor.pipeline.retarget import prepare_retarget
from wasmdoctor.toolchain import Toolchain

BINDGEN = (
    'wit-bindgen = { version = "0.48.1", default-features = false, features = ["macros", "realloc", "std"] }'
)

WORKSPACE = """\
[workspace]
resolver = "2"
members = ["clock", "dice"]

[profile.dev]
panic = "abort"

[profile.release]
opt-level = "s"
codegen-units = 1
panic = "abort"
strip = "none"
"""

IO = """\
package wasi:io@0.2.6;
interface poll { resource pollable { ready: func() -> bool; } }
"""

CLI = """\
package wasi:cli@0.2.6;
interface exit {
  exit: func(status: result);
  /// Later.
  @since(version = 0.2.5)
  exit-with-code: func(code: u8);
}
"""

CLOCK_WORLD = """\
package shop:clock;
world clock {
  import wasi:cli/exit@0.2.6; // kept
  import wasi:io/poll@0.2.6;
  export tick: func() -> string;
}
"""

CLOCK = """\
wit_bindgen::generate!({
    world: "clock",
    path: "wit",
    with: { "wasi:io/poll@0.2.6": generate },
});

struct Clock;

impl Guest for Clock {
    fn tick() -> String {
        if dice::roll() == 0 {
            wasi::cli::exit::exit(Ok(()));
        }
        "tock".to_string()
    }
}

export!(Clock);
"""

DICE = """\
//! WIT in the macro, of another release than that of the other crate.
wit_bindgen::generate!({
    inline: r#"
        package shop:dice;
        world dice {
            import wasi:random/random@0.2.0;
        }
        package wasi:random@0.2.0 {
            interface random {
                get-random-bytes: func(len: u64) -> list<u8>;
                get-random-u64: func() -> u64;
            }
        }
    "#,
    generate_all,
});

pub fn roll() -> u64 {
    wasi::random::random::get_random_u64()
}
"""

FILES: Mapping[str, str] = {
    "Cargo.toml": WORKSPACE,
    "clock/Cargo.toml": f"""\
[package]
name = "clock"
version = "0.1.0"
edition = "2021"
publish = false

[lib]
crate-type = ["cdylib"]

[dependencies]
dice = {{ path = "../dice" }}
{BINDGEN}
""",
    "clock/src/lib.rs": CLOCK,
    "clock/wit/world.wit": CLOCK_WORLD,
    "clock/wit/deps/io.wit": IO,
    "clock/wit/deps/cli/exit.wit": CLI,
    "dice/Cargo.toml": f"""\
[package]
name = "dice"
version = "0.1.0"
edition = "2021"
publish = false

[dependencies]
{BINDGEN}
""",
    "dice/src/lib.rs": DICE,
}


def written(folder: Path, changed: Mapping[str, str | bytes] | None = None) -> Path:
    """The workspace in a folder, with some files changed or added."""
    for name, text in {**FILES, **(changed or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def retarget(tree: Path, release: str, *words: str) -> subprocess.CompletedProcess[str]:
    """``migrate --wasi`` in a tree, without building."""
    return run("migrate", "--wasi", release, "--no-verify", *words, cwd=tree)


def planned(tree: Path, release: str) -> Retarget:
    """What `migrate --wasi` would do, without starting the program."""
    (job,) = prepare_retarget(PlanOptions((".",), tree), release, Catalog(), Toolchain())
    return job.workspace.retarget


def refused(tree: Path, release: str) -> list[str]:
    """Why a tree cannot be set to a release: ``path:line:column: message``."""
    found = planned(tree, release)
    assert not found.changes
    return [f"{obstacle.location}: {obstacle.message}" for obstacle in found.obstacles]


def texts(tree: Path) -> dict[str, bytes]:
    """Every file of a tree but wasmdoctor's own."""
    return {
        path.relative_to(tree).as_posix(): path.read_bytes()
        for path in sorted(tree.rglob("*"))
        if path.is_file() and ".wasmdoctor" not in path.parts
    }
