"""Plan A on small workspaces: one shape of code, manifest or WIT in each test."""

from __future__ import annotations

import textwrap
from pathlib import Path

from plan_a.planning import (
    FIXTURES,
    GENERATOR,
    Planned,
    copy,
    manifest,
    members,
    planned,
    planned_in,
    write,
)

from wasmdoctor.pipeline.sources import Workspace
from wasmdoctor.toolchain import Toolchain

APP = """
    wit_bindgen::generate!({
        inline: "
            package my:app;
            world app {
                export run: func() -> u32;
            }
        ",
    });

    struct App;

    impl Guest for App {
        fn run() -> u32 {
            core_lib::go()
        }
    }

    export!(App);
"""

WIT = """
    package my:core@0.1.0;

    interface store {
        record item {
            name: string,
            size: u32,
        }

        get: func(name: string) -> item;
    }

    interface shelf {
        use store.{item};

        show: func() -> list<item>;
    }

    world core {
        import store;
        export shelf;
    }
"""


def app_with(core: dict[str, str], tmp_path: Path, more: dict[str, str] | None = None) -> Path:
    files = {
        "Cargo.toml": members("app", "core-lib"),
        "app/Cargo.toml": manifest("app", "core-lib", crate_type='"cdylib"'),
        "app/src/lib.rs": APP,
        "core-lib/Cargo.toml": manifest("core-lib", crate_type='"cdylib", "rlib"'),
        "core-lib/wit/core.wit": WIT,
        **{f"core-lib/{name}": text for name, text in core.items()},
        **(more or {}),
    }
    return write(tmp_path, files)


def plan(core: dict[str, str], tmp_path: Path, more: dict[str, str] | None = None) -> Planned:
    made = planned(app_with(core, tmp_path, more))
    assert made.result.applicable, made.result.reason
    return made


BINDINGS = 'wit_bindgen::generate!({\n    path: "wit",\n    world: "core",\n});\n'


def bound(text: str) -> str:
    """Code below the bindings of the world."""
    return BINDINGS + textwrap.dedent(text)


def test_helpers_types_and_conversions_of_removed_exports_go_and_nothing_else(tmp_path: Path) -> None:
    made = plan(
        {
            "src/lib.rs": """
                //! The core.

                mod component;

                pub fn go() -> u32 {
                    component::my::core::store::get("a").size
                }
            """,
            "src/component.rs": bound("""
                use std::collections::BTreeMap;
                use std::fmt;

                use exports::my::core::shelf::{Guest, Item};

                struct Component;

                struct Kept(u32);

                impl fmt::Display for Kept {
                    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, "{}", self.0)
                    }
                }

                // Only the export wants this.
                fn all() -> BTreeMap<String, u32> {
                    BTreeMap::from([(first(), 1)])
                }

                fn first() -> String {
                    second().to_string()
                }

                fn second() -> Kept {
                    Kept(2)
                }

                pub fn shown() -> String {
                    second().to_string()
                }

                impl Guest for Component {
                    fn show() -> Vec<Item> {
                        all().into_iter().map(|(name, size)| Item { name, size }).collect()
                    }
                }

                export!(Component);
            """),
        },
        tmp_path,
    )
    # `shown` is public in a private module: nothing uses it, and nothing removed did.
    assert made.text("core-lib/src/component.rs") == (
        "mod wasi_bridge;\n\npub use wasi_bridge::my;\n"
        "\nuse std::fmt;\n"
        "\nstruct Kept(u32);\n"
        "\nimpl fmt::Display for Kept {\n"
        "    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {\n"
        '        write!(f, "{}", self.0)\n'
        "    }\n"
        "}\n"
        "\nfn second() -> Kept {\n    Kept(2)\n}\n"
        "\npub fn shown() -> String {\n    second().to_string()\n}\n"
    )
    assert made.created() == ["core-lib/src/component/wasi_bridge.rs"]
    assert made.text("core-lib/src/lib.rs").startswith("//! The core.\n\nmod component;\n")


def test_exported_types_that_other_code_uses_stay_as_plain_types(tmp_path: Path) -> None:
    made = plan(
        {
            "src/lib.rs": """
                mod component;

                pub fn go() -> u32 {
                    let found = component::my::core::store::get("a");
                    let item = component::exports::my::core::shelf::Item { name: found.name, size: 3 };
                    item.size
                }
            """,
            "src/component.rs": bound("""
                struct Component;

                impl exports::my::core::shelf::Guest for Component {
                    fn show() -> Vec<exports::my::core::shelf::Item> {
                        Vec::new()
                    }
                }

                export!(Component);
            """),
        },
        tmp_path,
    )
    [request] = made.requests
    assert request.exported_types == ("my:core/shelf@0.1.0",)
    assert request.imports == ("my:core/store@0.1.0",)
    assert "wasi_bridge::exports::my::core::shelf::Item {" in made.text("core-lib/src/lib.rs")


def test_conversions_between_exported_types_and_ours_go_with_the_exports(tmp_path: Path) -> None:
    made = plan(
        {
            "src/lib.rs": """
                mod component;

                use component::exports::my::core::shelf::Item;

                pub struct Entry {
                    pub size: u32,
                }

                impl From<Entry> for Item {
                    fn from(entry: Entry) -> Self {
                        Item { name: String::new(), size: entry.size }
                    }
                }

                impl From<u32> for Entry {
                    fn from(size: u32) -> Self {
                        Entry { size }
                    }
                }

                pub fn go() -> u32 {
                    component::my::core::store::get("a").size
                }
            """,
            "src/component.rs": bound("""
                struct Component;

                impl exports::my::core::shelf::Guest for Component {
                    fn show() -> Vec<exports::my::core::shelf::Item> {
                        vec![crate::Entry { size: 1 }.into()]
                    }
                }

                export!(Component);
            """),
        },
        tmp_path,
    )
    text = made.text("core-lib/src/lib.rs")
    assert "Item" not in text
    assert "impl From<u32> for Entry" in text
    assert text.startswith("mod wasi_bridge;\n\npub struct Entry {")
    assert '    wasi_bridge::my::core::store::get("a").size\n' in text
    assert made.removed() == ["core-lib/src/component.rs", "core-lib/wit/core.wit"]


def test_paths_of_other_crates_lead_to_the_bridge(tmp_path: Path) -> None:
    root = app_with(
        {
            "src/lib.rs": """
                pub mod alpha;
                pub mod bindings;
                pub mod zeta;
            """,
            "src/alpha.rs": "pub fn one() -> u32 {\n    1\n}\n",
            "src/zeta.rs": """
                use super::bindings::{self, my::core::store as s};

                pub fn last() -> u32 {
                    s::get("a").size + bindings::my::core::store::get("b").size
                }
            """,
            "src/bindings.rs": BINDINGS,
        },
        tmp_path,
        {
            "app/src/lib.rs": APP.replace(
                "core_lib::go()", 'core_lib::bindings::my::core::store::get("a").size'
            )
        },
    )
    made = planned(root)
    assert made.result.applicable, made.result.reason
    assert made.text("core-lib/src/lib.rs") == "pub mod alpha;\npub mod wasi_bridge;\npub mod zeta;\n"
    assert 'core_lib::wasi_bridge::my::core::store::get("a").size' in made.text("app/src/lib.rs")
    zeta = made.text("core-lib/src/zeta.rs")
    assert "use super::wasi_bridge as bindings;\nuse super::wasi_bridge::my::core::store as s;\n" in zeta
    assert 'bindings::my::core::store::get("b")' in zeta


def test_standard_imports_stay_on_the_bindings(tmp_path: Path) -> None:
    root = app_with(
        {
            "src/lib.rs": """
                mod bindings {
                    wit_bindgen::generate!({
                        path: "wit",
                        world: "core",
                        generate_all,
                    });
                }

                use bindings::{my::core::store, wasi::clocks::wall_clock};

                struct Core;

                impl bindings::exports::my::core::shelf::Guest for Core {
                    fn show() -> Vec<bindings::exports::my::core::shelf::Item> {
                        Vec::new()
                    }
                }

                bindings::export!(Core with_types_in bindings);

                pub fn go() -> u32 {
                    store::get("a").size + wall_clock::now()
                }
            """,
            "wit/core.wit": WIT.replace(
                "import store;", "import store;\n        import wasi:clocks/wall-clock@0.2.3;"
            ),
            "wit/deps/clocks/clock.wit": """
                package wasi:clocks@0.2.3;

                interface wall-clock {
                    now: func() -> u32;
                }
            """,
        },
        tmp_path,
    )
    made = planned(root)
    assert made.result.applicable, made.result.reason
    assert made.text("core-lib/src/lib.rs") == (
        "mod bindings {\n"
        "    wit_bindgen::generate!({\n"
        '        path: "wit",\n'
        '        world: "core",\n'
        "        generate_all,\n"
        "    });\n"
        "\n"
        "    mod wasi_bridge;\n"
        "\n"
        "    pub use wasi_bridge::my;\n"
        "}\n"
        "\n"
        "use bindings::{my::core::store, wasi::clocks::wall_clock};\n"
        "\n"
        "pub fn go() -> u32 {\n"
        '    store::get("a").size + wall_clock::now()\n'
        "}\n"
    )
    assert made.created() == ["core-lib/src/bindings/wasi_bridge.rs"]
    assert "world core {\n    import wasi:clocks/wall-clock@0.2.3;\n}\n" in made.text("core-lib/wit/core.wit")
    assert GENERATOR in made.text("core-lib/Cargo.toml")
    assert 'crate-type = ["rlib"]' in made.text("core-lib/Cargo.toml")


def test_a_feature_that_only_made_the_component_goes_everywhere(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "Cargo.toml": members("app", "core-lib"),
            "app/Cargo.toml": manifest("app", crate_type='"cdylib"').replace(
                "[dependencies]",
                '[features]\nall = ["core-lib/component", "core-lib/extra"]\n\n[dependencies]\n'
                'core-lib = { path = "../core-lib", features = ["component", "extra"] }',
            ),
            "app/src/lib.rs": APP,
            "core-lib/Cargo.toml": manifest(
                "core-lib",
                crate_type='"cdylib", "rlib"',
                generator='wit-bindgen = { version = "0.48.1", optional = true }',
                more="""
                    [features]
                    default = ["component"]
                    component = ["dep:wit-bindgen"]
                    extra = []
                """,
            ),
            "core-lib/wit/core.wit": WIT,
            "core-lib/src/lib.rs": """
                #[cfg(feature = "component")]
                mod component;

                pub fn go() -> u32 {
                    1
                }
            """,
            "core-lib/src/component.rs": bound("""
                struct Component;

                impl exports::my::core::shelf::Guest for Component {
                    fn show() -> Vec<exports::my::core::shelf::Item> {
                        vec![my::core::store::get("a")].into_iter().map(|i| exports::my::core::shelf::Item { name: i.name, size: i.size }).collect()
                    }
                }

                export!(Component);
            """),
        },
    )
    made = planned(root)
    assert made.result.applicable, made.result.reason
    core = made.text("core-lib/Cargo.toml")
    assert "wit-bindgen" not in core
    assert "component" not in core
    assert "default = []" in core
    assert "extra = []" in core
    app = made.text("app/Cargo.toml")
    assert 'all = ["core-lib/extra"]' in app
    assert 'features = ["extra"]' in app
    assert made.text("core-lib/src/lib.rs") == "pub fn go() -> u32 {\n    1\n}\n"


def test_wit_that_something_else_reads_stays(tmp_path: Path) -> None:
    core = {
        "src/lib.rs": bound('\npub fn go() -> u32 {\n    my::core::store::get("a").size\n}\n'),
    }
    alone = plan(core, tmp_path / "alone")
    assert alone.removed() == ["core-lib/wit/core.wit"]
    kept = planned(app_with(core, tmp_path / "kept"), keep_wit=True)
    assert not kept.removed()
    host = {
        "Cargo.toml": members("app", "core-lib", "host"),
        "host/Cargo.toml": manifest("host", generator=""),
        "host/src/main.rs": 'wasmtime::component::bindgen!({ path: "../core-lib/wit", world: "core" });\nfn main() {}\n',
    }
    assert not plan(core, tmp_path / "host", host).removed()


def test_packages_in_deps_that_only_lost_imports_named_go_with_their_lock_entries(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "Cargo.toml": manifest("app", crate_type='"cdylib"'),
            "src/lib.rs": """
                wit_bindgen::generate!({
                    path: "wit",
                    generate_all,
                });

                struct App;

                impl Guest for App {
                    fn run() -> u32 {
                        other::store::shop::buy() + wasi::clocks::wall_clock::now()
                    }
                }

                export!(App);
            """,
            "wit/app.wit": """
                package my:app;

                world app {
                    // Where things come from.
                    import other:store/shop@0.1.0; // soon
                    import wasi:clocks/wall-clock@0.2.3;

                    export run: func() -> u32;
                }
            """,
            "wit/deps/store/store.wit": """
                package other:store@0.1.0;

                interface shop {
                    use other:money/coins@0.1.0.{coin};
                    buy: func() -> u32;
                    price: func() -> coin;
                }
            """,
            "wit/deps/money.wit": """
                package other:money@0.1.0;

                interface coins {
                    enum coin {
                        penny,
                    }
                }
            """,
            "wit/deps/clocks/clock.wit": """
                package wasi:clocks@0.2.3;

                interface wall-clock {
                    now: func() -> u32;
                }
            """,
            "wit/deps.toml": """
                # Fetched by hand.
                store = "https://example.invalid/store.tar.gz"
                clocks = "https://example.invalid/clocks.tar.gz"
            """,
            "wit/deps.lock": """
                [store]
                sha256 = "00"

                [clocks]
                sha256 = "11"
            """,
        },
    )
    made = planned(root)
    assert made.result.applicable, made.result.reason
    assert made.text("wit/app.wit") == (
        "package my:app;\n\nworld app {\n    import wasi:clocks/wall-clock@0.2.3;\n\n    export run: func() -> u32;\n}\n"
    )
    assert made.removed() == ["wit/deps/money.wit", "wit/deps/store/store.wit"]
    assert "store" not in made.text("wit/deps.toml")
    assert made.text("wit/deps.lock") == '[clocks]\nsha256 = "11"\n'


def test_checked_in_bindings_of_a_component_stay_and_its_calls_go_to_the_bridge(tmp_path: Path) -> None:
    generated = (FIXTURES / "workspaces/checked-in-bindings/ferry-board/src/bindings.rs").read_text()
    root = write(
        tmp_path,
        {
            "Cargo.toml": manifest(
                "ferry-board", crate_type='"cdylib"', generator='wit-bindgen-rt = { version = "0.41.0" }'
            ),
            "src/lib.rs": """
                #[allow(warnings)]
                mod bindings;

                use bindings::{ferry::river::level, Guest};

                struct Board;

                impl Guest for Board {
                    fn depart(passengers: u32) -> u32 {
                        passengers + level::depth("pier") + crate::bindings::ferry::river::level::speed("pier")
                    }
                }

                bindings::export!(Board with_types_in bindings);
            """,
            "wit/board.wit": """
                package ferry:board@0.1.0;

                world board {
                    import ferry:river/level@0.1.0;
                    export depart: func(passengers: u32) -> u32;
                }
            """,
            "wit/deps/river/river.wit": """
                package ferry:river@0.1.0;

                interface level {
                    depth: func(place: string) -> u32;
                    speed: func(place: string) -> u32;
                }
            """,
        },
    )
    (root / "src/bindings.rs").write_text(generated)
    made = planned(root)
    assert made.result.applicable, made.result.reason
    assert made.text("src/lib.rs") == (
        "#[allow(warnings)]\n"
        "mod bindings;\n"
        "mod wasi_bridge;\n"
        "\n"
        "use bindings::Guest;\n"
        "use wasi_bridge::ferry::river::level;\n"
        "\n"
        "struct Board;\n"
        "\n"
        "impl Guest for Board {\n"
        "    fn depart(passengers: u32) -> u32 {\n"
        '        passengers + level::depth("pier") + crate::wasi_bridge::ferry::river::level::speed("pier")\n'
        "    }\n"
        "}\n"
        "\n"
        "bindings::export!(Board with_types_in bindings);\n"
    )
    assert made.text("src/bindings.rs") == generated
    assert made.removed() == ["wit/deps/river/river.wit"]
    assert made.requests[0].imports == ("ferry:river/level@0.1.0",)


def test_line_ends_of_every_file_stay_as_they_are(tmp_path: Path) -> None:
    root = app_with(
        {
            "src/lib.rs": 'mod component;\npub fn go() -> u32 {\n    component::my::core::store::get("a").size\n}\n'
            "\n#[cfg(any())]\nmod other {\n    pub use super::component::my::core::store::get;\n}\n",
            "src/component.rs": bound("""
            struct Component;

            impl exports::my::core::shelf::Guest for Component {
                fn show() -> Vec<exports::my::core::shelf::Item> {
                    Vec::new()
                }
            }

            export!(Component);
         """),
        },
        tmp_path,
    )
    for path in root.rglob("*.*"):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    made = planned(root)
    assert made.result.applicable, made.result.reason
    text = made.text("core-lib/src/lib.rs")
    assert text.replace("\r\n", "").count("\n") == 0
    assert text.startswith("mod wasi_bridge;\r\n")
    # Code that this target leaves out is led to the bridge as well.
    assert "pub use super::wasi_bridge::my::core::store::get;" in text
    manifest_text = made.text("core-lib/Cargo.toml")
    assert manifest_text.replace("\r\n", "").count("\n") == 0


def test_what_another_component_exports_is_left_to_composition(tmp_path: Path) -> None:
    made = planned(copy("workspaces/composed", tmp_path))
    assert made.result.applicable
    assert [request.imports for request in made.requests] == [
        ("press:shop/paper@0.1.0",),
        ("press:shop/ink@0.1.0",),
    ]
    text = made.text("press-client/src/lib.rs")
    # The bindings have a module `press` too: only the paths that move say more.
    assert "use press::shop::setter;\nuse wasi_bridge::press::shop::paper;\n" in text
    assert made.requests[0].with_ == {"press:shop/setter@0.1.0": "crate::press::shop::setter"}


def test_a_file_that_composes_is_named_and_stays(tmp_path: Path) -> None:
    core = {"src/lib.rs": bound('\npub fn go() -> u32 {\n    my::core::store::get("a").size\n}\n')}
    made = plan(core, tmp_path, {"all.wac": "package my:all;\n"})
    assert [step.location.path for step in made.result.manual] == ["all.wac"]
    assert "all.wac" not in made.removed()


def test_a_trait_that_only_methods_use_stays(tmp_path: Path) -> None:
    made = plan(
        {
            "src/lib.rs": bound("""
                use std::fmt::Write;
                use std::time::Duration;

                struct Core;

                impl exports::my::core::shelf::Guest for Core {
                    fn show() -> Vec<exports::my::core::shelf::Item> {
                        let _wait: Duration = Duration::from_secs(1);
                        let mut text = String::new();
                        Write::write_str(&mut text, "a").unwrap();
                        Vec::new()
                    }
                }

                export!(Core);

                pub fn go() -> u32 {
                    let mut text = my::core::store::get("a").name;
                    text.write_str("b").unwrap();
                    text.len() as u32
                }
            """)
        },
        tmp_path,
    )
    text = made.text("core-lib/src/lib.rs")
    assert "use std::fmt::Write;\n" in text
    assert "Duration" not in text


def test_a_host_that_reads_the_same_wit_is_named(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "Cargo.toml": members("app", "host"),
            "app/Cargo.toml": manifest("app", crate_type='"cdylib"'),
            "app/wit/app.wit": """
                package my:app;

                interface log {
                    line: func(text: string);
                }

                world app { import log; export run: func(); }
            """,
            "app/src/lib.rs": """
                wit_bindgen::generate!("app");

                struct App;

                impl Guest for App {
                    fn run() {
                        my::app::log::line("hello");
                    }
                }

                export!(App);
            """,
            "host/Cargo.toml": manifest("host", generator=""),
            "host/src/main.rs": 'wasmtime::component::bindgen!({ path: "../app/wit" });\n\nfn main() {}\n',
        },
    )
    made = planned(root)
    assert made.result.applicable, made.result.reason
    assert made.text("app/wit/app.wit").endswith("world app { export run: func(); }\n")
    assert [step.location.path for step in made.result.manual] == ["host/src/main.rs"]


def test_wit_outside_of_the_workspace_is_not_edited(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "shared/app.wit": """
                package my:app;

                interface log {
                    line: func(text: string);
                }

                world app {
                    import log;
                    export run: func();
                }
            """,
            "own/Cargo.toml": manifest("app", crate_type='"cdylib"'),
            "own/src/lib.rs": """
                wit_bindgen::generate!({
                    path: "../shared",
                });

                struct App;

                impl Guest for App {
                    fn run() {
                        my::app::log::line("hello");
                    }
                }

                export!(App);
            """,
        },
    )
    workspace = Workspace(root, root / "own", Toolchain())
    made = planned_in(workspace)
    assert not made.result.applicable
    assert "cannot be edited" in made.result.reason
    assert not made.changes


def test_a_package_named_by_its_old_name_in_a_journal_changes_nothing(tmp_path: Path) -> None:
    core = {"src/lib.rs": bound('\npub fn go() -> u32 {\n    my::core::store::get("a").size\n}\n')}
    journal = {"core-lib/.wasmdoctor/journal/1/old.rs": 'wit_bindgen::generate!({ path: "wit" });\n'}
    made = plan(core, tmp_path, journal)
    assert "wit-bindgen" not in made.text("core-lib/Cargo.toml")
    assert made.removed() == ["core-lib/wit/core.wit"]


def test_a_macro_that_is_imported_under_another_name_goes(tmp_path: Path) -> None:
    made = plan(
        {
            "src/lib.rs": """
                use std::fmt::Display;

                use wit_bindgen::generate as bind;

                bind!({
                    path: "wit",
                    world: "core",
                });

                pub fn go() -> u32 {
                    show(my::core::store::get("a").size)
                }

                fn show(what: impl Display) -> u32 {
                    what.to_string().len() as u32
                }
            """
        },
        tmp_path,
    )
    text = made.text("core-lib/src/lib.rs")
    assert text.startswith(
        "use std::fmt::Display;\n\nmod wasi_bridge;\n\npub use wasi_bridge::my;\n\npub fn go()"
    )
    assert "wit-bindgen" not in made.text("core-lib/Cargo.toml")


def test_shared_dependencies_stay_in_step(tmp_path: Path) -> None:
    inherited = 'wit-bindgen = { workspace = true, features = ["macros"] }'
    core = bound('\npub fn go() -> u32 {\n    my::core::store::get("a").size\n}\n')
    root = write(
        tmp_path,
        {
            "Cargo.toml": members("app", "core-lib")
            + '\n[workspace.dependencies]\nwit-bindgen = { version = "0.48.1" } # for components\n',
            "app/Cargo.toml": manifest("app", "core-lib", crate_type='"cdylib"', generator=""),
            "app/src/lib.rs": """
                #[no_mangle]
                pub extern "C" fn run() -> u32 {
                    core_lib::go()
                }
            """,
            "core-lib/Cargo.toml": manifest("core-lib", crate_type='"cdylib", "rlib"', generator=inherited),
            "core-lib/wit/core.wit": WIT,
            "core-lib/src/lib.rs": core,
        },
    )
    made = planned(root)
    assert made.result.applicable, made.result.reason
    assert "wit-bindgen" not in made.text("Cargo.toml")
    assert 'wasip2 = "2"' in made.text("Cargo.toml")
    assert "wasip2 = { workspace = true }" in made.text("core-lib/Cargo.toml")


def test_exported_types_that_are_passed_on_to_other_crates_stay(tmp_path: Path) -> None:
    root = app_with(
        {
            "src/lib.rs": """
                mod deep;

                mod bindings;

                pub use bindings::exports::my::core::shelf::Item;

                pub fn go() -> u32 {
                    deep::er::size()
                }
            """,
            "src/deep.rs": """
                pub mod er {
                    use crate::bindings::my::core::{self as core_api, store::get};

                    pub fn size() -> u32 {
                        get("a").size + core_api::store::get("b").size
                    }
                }
            """,
            "src/bindings/mod.rs": bound("""
                pub struct Core;

                impl exports::my::core::shelf::Guest for Core {
                    fn show() -> Vec<exports::my::core::shelf::Item> {
                        Vec::new()
                    }
                }

                export!(Core);
            """),
        },
        tmp_path,
        {
            "app/src/lib.rs": APP.replace(
                "core_lib::go()",
                "core_lib::go() + core_lib::Item { name: String::new(), size: 1 }.size",
            )
        },
    )
    made = planned(root)
    assert made.result.applicable, made.result.reason
    assert made.text("core-lib/src/lib.rs").startswith(
        "mod deep;\n\nmod wasi_bridge;\n\npub use wasi_bridge::exports::my::core::shelf::Item;\n"
    )
    assert "use crate::wasi_bridge::my::core::{self as core_api, store::get};" in made.text(
        "core-lib/src/deep.rs"
    )
    assert made.created() == ["core-lib/src/wasi_bridge.rs"]
    assert made.removed() == ["core-lib/src/bindings/mod.rs", "core-lib/wit/core.wit"]
    assert made.requests[0].exported_types == ("my:core/shelf@0.1.0",)


def test_an_exported_resource_goes_with_what_implements_it(tmp_path: Path) -> None:
    made = plan(
        {
            "wit/core.wit": """
                package my:core@0.1.0;

                interface store {
                    get: func(name: string) -> u32;
                }

                interface shelf {
                    resource board {
                        constructor(width: u32);
                        width: func() -> u32;
                    }

                    measure: func(board: borrow<board>) -> u32;
                }

                world core {
                    import store;
                    export shelf;
                }
            """,
            "src/lib.rs": bound("""
                use exports::my::core::shelf::{BoardBorrow, Guest, GuestBoard};

                struct Core;

                /// What the resource holds.
                struct Plank {
                    width: u32,
                }

                impl Plank {
                    fn new_plank(width: u32) -> Self {
                        Plank { width }
                    }
                }

                impl Drop for Plank {
                    fn drop(&mut self) {}
                }

                impl GuestBoard for Plank {
                    fn new(width: u32) -> Self {
                        Plank::new_plank(width)
                    }

                    fn width(&self) -> u32 {
                        self.width
                    }
                }

                impl Guest for Core {
                    type Board = Plank;

                    fn measure(board: BoardBorrow<'_>) -> u32 {
                        board.get::<Plank>().width + my::core::store::get("a")
                    }
                }

                export!(Core);

                pub fn go() -> u32 {
                    my::core::store::get("a")
                }
            """),
        },
        tmp_path,
    )
    assert made.text("core-lib/src/lib.rs") == (
        "mod wasi_bridge;\n\npub use wasi_bridge::my;\n\n"
        'pub fn go() -> u32 {\n    my::core::store::get("a")\n}\n'
    )
