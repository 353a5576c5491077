"""Every plan on a workspace that does much of what workspaces do: built, linked and run."""

from __future__ import annotations

from pathlib import Path

import pytest
from migrate.migrated import environment, snapshot
from plan_a.planning import write
from rust import workspaces
from tests_support import run

TARGET = "wasm32-wasip2"
TREE = {
    "Cargo.toml": """
        [workspace]
        resolver = "2"
        members = ["crates/*", "relay-2go"] # all

        [workspace.dependencies]
        # Renamed, and without its feature `bitflags`.
        wb = { package = "wit-bindgen", version = "0.48.1", default-features = false, features = ["macros", "realloc"] }
        dialing = { package = "acme-net", path = "crates/net", default-features = false }
    """,
    # WIT outside of the members, which both of them read.
    "wit/world.wit": """
        package acme:relay@0.3.1;

        world relay { export run: func(host: string) -> result<string, string>; }
        world kinds { import acme:net/types@1.2.0; }
        world dialing { import acme:net/types@1.2.0; import acme:net/dialer@1.2.0; }
    """,
    "wit/deps/net/net.wit": """
        package acme:net@1.2.0;

        interface types {
            enum dial-error { refused, not-supported }
            flags caps { read, write, seek }
            record peer { host: string, caps: caps, labels: list<tuple<string, option<u16>>> }
        }

        interface dialer {
            use types.{dial-error, peer, caps};

            resource conn {
                dial: static func(to: peer) -> result<conn, dial-error>;
                caps: func() -> caps;
            }
            able: func(wanted: caps) -> result<caps, dial-error>;
        }
    """,
    "crates/net/Cargo.toml": """
        [package]
        name = "acme-net"
        version = "0.1.0"
        edition = "2021"

        [lib]
        crate-type = [
            "cdylib", # a component
            "rlib",   # for the relay
        ]

        [features]
        default = []
        live = ["dep:wb"]

        [dependencies]
        wb = { workspace = true, optional = true }
    """,
    "crates/net/build.rs": """
        fn main() {
            let out = std::env::var("OUT_DIR").unwrap();
            std::fs::write(format!("{out}/limits.rs"), "pub const MOST: usize = 512;").unwrap();
        }
    """,
    "crates/net/src/lib.rs": """
        include!(concat!(env!("OUT_DIR"), "/limits.rs"));

        #[cfg(feature = "live")]
        mod kinds {
            wb::generate!({ path: "../../wit", world: "acme:relay/kinds", runtime_path: "wb::rt", generate_all });

            pub use acme::net::types as net_types;
        }

        #[cfg(feature = "live")]
        mod dialing {
            wb::generate!({
                path: "../../wit",
                world: "acme:relay/dialing",
                runtime_path: "wb::rt",
                with: {
                    "acme:net/types@1.2.0": super::kinds::acme::net::types,
                    "acme:net/dialer@1.2.0": generate,
                },
            });
        }

        #[cfg(feature = "live")]
        pub fn fetch(host: &str) -> Result<String, String> {
            use dialing::acme::net::dialer::{able, Conn};
            use kinds::net_types::{Caps, Peer};

            let caps = able(Caps::READ | Caps::SEEK).map_err(|error| error.name().to_string())?;
            let peer = Peer { host: host[..host.len().min(MOST)].to_string(), caps, labels: vec![] };
            let conn = Conn::dial(&peer).map_err(|error| error.name().to_string())?;
            Ok(format!("{host} {}", conn.caps() == Caps::READ))
        }

        #[cfg(not(feature = "live"))]
        pub fn fetch(host: &str) -> Result<String, String> {
            Ok(host.to_string())
        }
    """,
    "crates/net/tests/quiet.rs": """
        #[test]
        fn quiet() {
            assert_eq!(acme_net::fetch("a").unwrap(), "a");
        }
    """,
    "relay-2go/Cargo.toml": """
        package = { name = "relay-2go", version = "0.1.0", edition = "2021" }
        lib = { crate-type = ["cdylib"] }
        dependencies = { wb.workspace = true, dialing = { workspace = true, features = ["live"] } }
    """,
    "relay-2go/src/lib.rs": """
        wb::generate!({ path: "../wit", world: "relay", runtime_path: "wb::rt" });

        struct Relay;

        impl Guest for Relay {
            fn run(host: String) -> Result<String, String> {
                dialing::fetch(&host)
            }
        }

        export!(Relay);
    """,
}


@pytest.mark.rust
@pytest.mark.parametrize("plan", ["a", "b", "c"])
def test_it_builds_links_and_comes_back(plan: str, tmp_path: Path) -> None:
    tree = write(tmp_path / "relay", TREE)
    before = snapshot(tree)
    env = environment(TARGET)
    env["PATH"] = f"{workspaces.TOOLS / 'bin'}:{env['PATH']}"
    with workspaces._locked():
        done = run("migrate", "--plan", plan, "--target", TARGET, cwd=tree, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    proofs = [line for line in done.stdout.splitlines() if line.startswith(("✓", "✗", "·"))]
    assert all(line.startswith("✓") for line in proofs), done.stdout
    again = run("migrate", "--plan", plan, "--target", TARGET, cwd=tree)
    assert "nothing to do" in again.stdout, again.stdout + again.stderr
    undone = run("undo", cwd=tree)
    assert undone.returncode == 0, undone.stderr
    assert snapshot(tree) == before
