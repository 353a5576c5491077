"""Plan C on small workspaces: one shape of code, WIT or manifest in each test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from plan_a.planning import GENERATOR, manifest, write
from plan_c.planned_c import STANDARD, PlannedC, planned, standard

from wasmdoctor.model.plan import BodyKind, BridgeMode

WIT = """
    package acme:app@0.1.0;

    interface monotonic {
        now: func() -> u64;
        sleep-ms: func(ms: u32);
    }

    interface dice {
        roll: func() -> u32;
    }

    world app {
        import monotonic;
        export run: func() -> u64;
    }
"""

CODE = """
    wit_bindgen::generate!({
        path: "wit",
        world: "app",
    });

    use acme::app::monotonic;

    struct App;

    impl Guest for App {
        fn run() -> u64 {
            monotonic::now()
        }
    }

    export!(App);
"""


def app(folder: Path, code: str = CODE, wit: str = WIT, more: Mapping[str, str] | None = None) -> Path:
    """One crate that is a component."""
    files = {
        "Cargo.toml": manifest("app", crate_type='"cdylib"'),
        "src/lib.rs": code,
        "wit/app.wit": wit,
        **(more or {}),
    }
    return write(folder, {name: text for name, text in files.items() if text})


def body(text: str, uses: str = "use acme::app::monotonic;") -> str:
    """Code with other statements in its exported function."""
    return CODE.replace("use acme::app::monotonic;", uses).replace("monotonic::now()", text)


def made(root: Path) -> PlannedC:
    plan = planned(root, standard())
    assert plan.result.applicable, plan.result.reason
    return plan


def told(plan: PlannedC) -> str:
    """What stays to be done by hand."""
    return "\n".join(f"{step.location}: {step.message}" for step in plan.result.manual)


NOW = "wasip2::clocks::monotonic_clock::now"


# -- call sites


def test_a_call_becomes_the_standard_one_and_needs_no_bridge(tmp_path: Path) -> None:
    plan = made(app(tmp_path))
    assert plan.calls() == [("now", NOW)]
    assert plan.text("src/lib.rs") == (
        "wit_bindgen::generate!({\n"
        '    path: "wit",\n'
        '    world: "app",\n'
        "    with: {\n"
        '        "wasi:clocks/monotonic-clock@0.2.6": ::wasip2::clocks::monotonic_clock,\n'
        '        "wasi:io/poll@0.2.6": ::wasip2::io::poll,\n'
        "    },\n"
        "});\n"
        "\n"
        "struct App;\n"
        "\n"
        "impl Guest for App {\n"
        "    fn run() -> u64 {\n"
        "        wasip2::clocks::monotonic_clock::now()\n"
        "    }\n"
        "}\n"
        "\n"
        "export!(App);\n"
    )
    assert plan.text("wit/app.wit") == (
        "package acme:app@0.1.0;\n"
        "\n"
        "interface dice {\n"
        "    roll: func() -> u32;\n"
        "}\n"
        "\n"
        "world app {\n"
        "    import wasi:clocks/monotonic-clock@0.2.6;\n"
        "    export run: func() -> u64;\n"
        "}\n"
    )
    assert plan.paths("create") == ["wit/deps/clocks/clocks.wit", "wit/deps/io/io.wit"]
    assert plan.result.dependencies == {"wasip2": "2"}
    assert 'wasip2 = "2"\n' in plan.text("Cargo.toml")
    assert "1 call site calls a standard function itself" in plan.result.reason
    assert not plan.result.bridge


@pytest.mark.parametrize(
    ("uses", "text", "after"),
    [
        ("use acme::app::monotonic as clock;", "clock::now()", f"{NOW}()"),
        ("use acme::app::monotonic::now;", "now()", f"{NOW}()"),
        ("use acme::app::monotonic::now as tick;", "tick() + 1", f"{NOW}() + 1"),
        ("use acme::app::*;", "monotonic::now()", f"{NOW}()"),
        ("", "acme::app::monotonic::now()", f"{NOW}()"),
        ("", "crate::acme::app::monotonic::now()", f"{NOW}()"),
        ("", "self::acme::app::monotonic::now()", f"{NOW}()"),
        (
            "use acme::app::monotonic::now;",
            "std::iter::repeat_with(now).next().unwrap()",
            "std::iter::repeat_with(",
        ),
        (
            "use acme::app::monotonic::now;",
            'format!("{}", now()).len() as u64',
            f'format!("{{}}", {NOW}()).len()',
        ),
    ],
)
def test_ways_to_name_a_function(tmp_path: Path, uses: str, text: str, after: str) -> None:
    plan = made(app(tmp_path, body(text, uses)))
    code = plan.text("src/lib.rs")
    assert plan.calls() == [("now", NOW)]
    assert after in code
    assert "acme" not in code
    assert "use " not in code


def test_what_only_works_through_the_bridge_keeps_its_use(tmp_path: Path) -> None:
    plan = made(app(tmp_path, body("{ monotonic::sleep_ms(3); monotonic::now() }")))
    assert plan.calls() == [("sleep-ms", "bridge"), ("now", NOW)]
    code = plan.text("src/lib.rs")
    assert f"{{ monotonic::sleep_ms(3); {NOW}() }}" in code
    assert "mod wasi_bridge;\n\npub use wasi_bridge::acme;\n\nuse acme::app::monotonic;\n" in code
    assert "src/wasi_bridge/acme/app/monotonic.rs" in plan.paths("create")
    needed = {function.function: function.needed for function in plan.result.bridge}
    assert needed == {"now": False, "sleep-ms": True}


def test_a_use_of_one_function_goes_and_that_of_the_other_stays(tmp_path: Path) -> None:
    code = body("{ sleep_ms(3); now() }", "use acme::app::monotonic::{now, sleep_ms};")
    plan = made(app(tmp_path, code))
    assert "use acme::app::monotonic::sleep_ms;\n" in plan.text("src/lib.rs")
    assert f"{{ sleep_ms(3); {NOW}() }}" in plan.text("src/lib.rs")


@pytest.mark.parametrize(
    "text",
    [
        "unknown_macro!(monotonic::now())",  # what it makes of that is not known
        "{ use acme::app::monotonic::now; now() }",  # a declaration inside of a function stays
    ],
)
def test_calls_that_cannot_be_followed_go_through_the_bridge(tmp_path: Path, text: str) -> None:
    plan = made(app(tmp_path, body(text)))
    assert {name for _, name in plan.calls()} <= {"bridge"}
    assert "mod wasi_bridge;" in plan.text("src/lib.rs")
    assert text.partition("!")[0].partition("{ use")[0] in plan.text("src/lib.rs")
    assert NOW not in plan.text("src/lib.rs")


def test_a_module_of_the_crates_name_hides_the_crate(tmp_path: Path) -> None:
    code = body("monotonic::now()") + "\nmod wasip2 {}\n"
    plan = made(app(tmp_path, code))
    assert plan.calls() == [("now", "bridge")]


def test_a_name_that_is_passed_on_stays(tmp_path: Path) -> None:
    plan = made(app(tmp_path, body("monotonic::now()", "pub use acme::app::monotonic;")))
    assert "pub use acme::app::monotonic;" in plan.text("src/lib.rs")
    assert "mod wasi_bridge;" in plan.text("src/lib.rs")


def test_functions_that_convert_something_are_no_standard_calls(tmp_path: Path) -> None:
    wit = WIT.replace("now: func() -> u64;", "now: func() -> u64;\n        now-ms: func() -> u32;")
    plan = made(app(tmp_path, body("u64::from(monotonic::now_ms())"), wit))
    assert plan.calls() == [("now-ms", "bridge")]


def test_refusals_are_calls_of_the_bridge(tmp_path: Path) -> None:
    wit = WIT.replace("import monotonic;", "import dice;")
    plan = made(app(tmp_path, body("dice::roll().into()", "use acme::app::dice;"), wit))
    assert plan.calls() == [("roll", "bridge")]
    assert [function.body for function in plan.result.bridge] == [BodyKind.REFUSES]
    assert plan.result.dependencies == {}
    assert plan.paths("create") == ["src/wasi_bridge.rs", "src/wasi_bridge/acme/app/dice.rs"]


def test_a_stub_bridge_calls_nothing_and_imports_nothing(tmp_path: Path) -> None:
    plan = planned(app(tmp_path), standard(), mode=BridgeMode.STUB)
    assert plan.calls() == [("now", "bridge")]
    assert "wasi:" not in plan.text("wit/app.wit")
    assert plan.result.dependencies == {}


def test_the_condition_of_bindings_is_that_of_the_bridge(tmp_path: Path) -> None:
    root = app(
        tmp_path,
        """
        #[cfg(target_arch = "wasm32")]
        mod bindings;

        #[cfg(target_arch = "wasm32")]
        pub fn wait() {
            bindings::acme::app::monotonic::sleep_ms(1);
        }

        #[cfg(not(target_arch = "wasm32"))]
        pub fn wait() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        """,
        more={
            "src/bindings.rs": CODE.replace("monotonic::now()", "{ crate::wait(); 1 }").replace(
                "use acme::app::monotonic;\n", ""
            ),
            "Cargo.toml": manifest(
                "app",
                crate_type='"cdylib"',
                generator="",
                more=f"\n[target.'cfg(target_arch = \"wasm32\")'.dependencies]\n{GENERATOR}\n",
            ),
        },
    )
    plan = made(root)
    assert plan.text("src/lib.rs") == (root / "src/lib.rs").read_text()
    assert "mod wasi_bridge;\n\npub use wasi_bridge::acme;\n" in plan.text("src/bindings.rs")
    assert "src/bindings/wasi_bridge.rs" in plan.paths("create")
    tables = plan.text("Cargo.toml").partition("[target.")
    assert "wasip2" not in tables[0]
    assert "wasip2" in tables[2]


def test_another_member_that_calls_through_the_bindings_does_so_through_the_bridge(tmp_path: Path) -> None:
    files = {
        "Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["app", "base"]\n',
        "app/Cargo.toml": manifest("app", "base", crate_type='"cdylib"'),
        "app/src/lib.rs": CODE.replace("use acme::app::monotonic;\n", "").replace(
            "monotonic::now()", "base::acme::app::monotonic::now()"
        ),
        "app/wit/app.wit": "package top:app;\nworld app {\n    export run: func() -> u64;\n}\n",
        "base/Cargo.toml": manifest("base"),
        "base/src/lib.rs": 'wit_bindgen::generate!({\n    path: "wit",\n    world: "app",\n});\n',
        "base/wit/base.wit": WIT.replace("        export run: func() -> u64;\n", ""),
    }
    plan = made(write(tmp_path, files))
    assert plan.calls() == [("now", "bridge")]
    assert plan.text("base/src/lib.rs") == "mod wasi_bridge;\n\npub use wasi_bridge::acme;\n"
    assert plan.text("app/src/lib.rs") == (tmp_path / "app/src/lib.rs").read_text()


# -- what the world imports


def test_without_a_source_of_wit_the_world_says_nothing_and_a_step_says_why(tmp_path: Path) -> None:
    plan = planned(app(tmp_path))
    assert plan.text("wit/app.wit").endswith("world app {\n    export run: func() -> u64;\n}\n")
    assert "with:" not in plan.text("src/lib.rs")
    assert "does not name `wasi:clocks/monotonic-clock`" in told(plan)
    assert "`wasip2` declares them in a section of its own" in told(plan)


def test_packages_that_the_world_has_are_taken_as_they_are(tmp_path: Path) -> None:
    own = {f"wit/deps/{name.partition('@')[0][5:]}.wit": text for name, text in STANDARD.items()}
    own = {path: text.replace("0.2.6", "0.2.3") for path, text in own.items()}
    plan = made(app(tmp_path, more=own))
    assert "    import wasi:clocks/monotonic-clock@0.2.3;\n" in plan.text("wit/app.wit")
    assert '"wasi:io/poll@0.2.3": ::wasip2::io::poll,' in plan.text("src/lib.rs")
    assert plan.paths("create") == []
    assert told(plan) == ""


def test_imports_of_an_included_world_are_replaced_in_the_one_that_includes_it(tmp_path: Path) -> None:
    wit = WIT.replace(
        "world app {\n        import monotonic;",
        "world base {\n        import monotonic;\n    }\n\n    world app {\n        include base;",
    )
    plan = made(app(tmp_path, wit=wit))
    assert plan.text("wit/app.wit").endswith(
        "world base {\n}\n\nworld app {\n    import wasi:clocks/monotonic-clock@0.2.6;\n\n"
        "    include base;\n    export run: func() -> u64;\n}\n"
    )


def test_renames_of_an_include_are_no_place_for_imports(tmp_path: Path) -> None:
    wit = WIT.replace(
        "world app {\n        import monotonic;",
        "world base {\n        import tick: func() -> u64;\n    }\n\n    world app {\n        include base with { tick as tock }\n        import monotonic;",
    )
    plan = made(app(tmp_path, body("monotonic::now() + tock()"), wit))
    assert "    include base;\n    import wasi:clocks/monotonic-clock@0.2.6;\n" in plan.text("wit/app.wit")
    assert "tick" not in plan.text("wit/app.wit")


def test_two_versions_of_a_package_are_not_mixed(tmp_path: Path) -> None:
    own = {"wit/deps/io.wit": STANDARD["wasi:io@0.2.6"].replace("0.2.6", "0.2.3")}
    root = app(tmp_path, more=own)
    plan = planned(root, standard())
    assert "wasi:" not in plan.text("wit/app.wit")
    assert "it has `wasi:io@0.2.6`, and the world's own WIT has `wasi:io@0.2.3`" in told(plan)
    older = {
        name.replace("0.2.6", "0.2.3"): text.replace("0.2.6", "0.2.3") for name, text in STANDARD.items()
    }
    plan = planned(root, standard(), standard(older, "an older set"))
    assert "    import wasi:clocks/monotonic-clock@0.2.3;\n" in plan.text("wit/app.wit")
    assert plan.paths("create") == ["wit/deps/clocks/clocks.wit"]


def test_versions_that_no_host_links_are_not_declared(tmp_path: Path) -> None:
    newer = {
        name.replace("0.2.6", "0.9.0"): text.replace("0.2.6", "0.9.0") for name, text in STANDARD.items()
    }
    plan = planned(app(tmp_path), standard(newer))
    assert "wasi:" not in plan.text("wit/app.wit")
    assert "of a version that the host provides" in told(plan)


def test_a_taken_folder_is_left_alone(tmp_path: Path) -> None:
    plan = made(
        app(tmp_path, more={"wit/deps/io/mine.wit": "package acme:io;\ninterface io { beep: func(); }\n"})
    )
    assert plan.paths("create") == ["wit/deps/clocks/clocks.wit", "wit/deps/wasi-io/io.wit"]


@pytest.mark.parametrize(
    ("call", "after"),
    [
        (
            'wit_bindgen::generate!({ path: "wit", world: "app" });',
            'wit_bindgen::generate!({\n    path: "wit",\n    world: "app",\n    with: {\n        "wasi:clocks',
        ),
        ('wit_bindgen::generate!({\n    world: "app"\n});', '{\n    world: "app",\n    with: {\n'),
        ('wit_bindgen::generate!({ world: "app", generate_all });', '({ world: "app", generate_all });'),
        (
            'wit_bindgen::generate!({\n    world: "app",\n    with: { "acme:app/monotonic@0.1.0": generate },\n});',
            '{\n    world: "app",\n    with: {\n        "wasi:clocks/monotonic-clock@0.2.6": ::wasip2',
        ),
    ],
)
def test_entries_of_with(tmp_path: Path, call: str, after: str) -> None:
    old = CODE[CODE.index("wit_bindgen") : CODE.index(";") + 1]
    plan = made(app(tmp_path, CODE.replace(old, call.replace("\n", "\n    "))))
    assert after in plan.text("src/lib.rs")


@pytest.mark.parametrize(
    ("given", "after"),
    [
        (
            '{\n        "wasi:random/random@0.2.6": generate,\n    }',
            '        "wasi:random/random@0.2.6": generate,\n        "wasi:clocks/monotonic-clock@0.2.6": ::wasip2',
        ),
        (
            '{ "wasi:random/random@0.2.6": generate }',
            '{ "wasi:random/random@0.2.6": generate,\n        "wasi:clocks',
        ),
        (
            '{\n        "wasi:random/random@0.2.6": generate,\n        "wasi:io/poll@0.2.6": crate::poll,\n    }',
            '"wasi:io/poll@0.2.6": crate::poll,\n        "wasi:clocks/monotonic-clock@0.2.6": ::wasip2::clocks::monotonic_clock,\n    }',
        ),
    ],
)
def test_entries_behind_those_that_are_there(tmp_path: Path, given: str, after: str) -> None:
    call = f'world: "app",\n    with: {given},\n'
    wit = WIT.replace("import monotonic;", "import wasi:random/random@0.2.6;\n        import monotonic;")
    code = CODE.replace('world: "app",\n', call.replace("\n", "\n    "))
    own = {"wit/deps/random.wit": STANDARD["wasi:random@0.2.6"]}
    plan = made(app(tmp_path, code, wit, own))
    assert after in plan.text("src/lib.rs")
    assert (
        "    import wasi:random/random@0.2.6;\n    import wasi:clocks/monotonic-clock@0.2.6;\n"
        in plan.text("wit/app.wit")
    )


def test_a_call_without_options_in_braces_is_left(tmp_path: Path) -> None:
    code = CODE.replace(CODE[CODE.index("({") : CODE.index(";")], '!("app" in "wit")'.removeprefix("!"))
    plan = made(app(tmp_path, code))
    assert 'generate!("app" in "wit");' in plan.text("src/lib.rs")
    assert "wasi:" not in plan.text("wit/app.wit")
    assert "are not written in braces" in told(plan)


def test_wit_inside_of_the_call(tmp_path: Path) -> None:
    wit = "\n".join(f"            {line}" for line in WIT.strip().splitlines())
    call = f'wit_bindgen::generate!({{\n        inline: "\n{wit}\n        ",\n    }});'
    old = CODE[CODE.index("wit_bindgen") : CODE.index(";") + 1]
    plan = planned(app(tmp_path, CODE.replace(old, call), wit=""), standard())
    assert plan.result.applicable, plan.result.reason
    assert "import monotonic" not in plan.text("src/lib.rs")
    assert "interface monotonic" not in plan.text("src/lib.rs")
    assert "its WIT is no folder" in told(plan)


def test_cargo_component_is_told_of_the_packages(tmp_path: Path) -> None:
    metadata = '\n[package.metadata.component.target]\npath = "wit"\nworld = "app"\n'
    more = {"Cargo.toml": manifest("app", crate_type='"cdylib"', more=metadata)}
    plan = made(app(tmp_path, more=more))
    assert plan.text("Cargo.toml").endswith(
        'world = "app"\n\n[package.metadata.component.target.dependencies]\n'
        '"wasi:clocks" = { path = "wit/deps/clocks" }\n"wasi:io" = { path = "wit/deps/io" }\n'
    )


def test_a_list_of_packages_is_not_ours_to_write(tmp_path: Path) -> None:
    plan = made(app(tmp_path, more={"wit/deps.toml": 'logging = "https://example.com/logging.tar.gz"\n'}))
    assert "wit/deps.toml" not in plan.paths("modify")
    assert "wit/deps.toml: " in told(plan)
    assert "`wasi:clocks@0.2.6`, `wasi:io@0.2.6`" in told(plan)


# -- definitions


def test_definitions_stay_where_something_names_them(tmp_path: Path) -> None:
    other = "\n    /// For others.\n    world other {\n        export monotonic;\n    }\n"
    plan = made(app(tmp_path, wit=WIT + other))
    assert "interface monotonic {" in plan.text("wit/app.wit")
    assert "export monotonic;" in plan.text("wit/app.wit")


def test_definitions_stay_where_a_package_elsewhere_names_them(tmp_path: Path) -> None:
    more = {"docs/wit/docs.wit": "package acme:docs;\ninterface note { use acme:app/dice@0.1.0.{side}; }\n"}
    wit = WIT.replace("roll: func() -> u32;", "enum side { head, tail }\n        roll: func() -> side;")
    wit = wit.replace("import monotonic;", "import monotonic;\n        import dice;")
    plan = made(app(tmp_path, body("monotonic::now() + acme::app::dice::roll() as u64"), wit, more))
    assert "interface dice {" in plan.text("wit/app.wit")
    assert "interface monotonic {" not in plan.text("wit/app.wit")


def test_definitions_that_only_name_each_other_go_together(tmp_path: Path) -> None:
    wit = WIT.replace(
        "interface dice {",
        "interface sides {\n        enum side { head, tail }\n        flip: func() -> side;\n    }\n\n    interface dice {\n        use sides.{side};",
    ).replace("roll: func() -> u32;", "roll: func() -> side;")
    wit = wit.replace("import monotonic;", "import sides;\n        import dice;")
    plan = made(
        app(
            tmp_path,
            body("dice::roll() as u64 + acme::app::sides::flip() as u64", "use acme::app::dice;"),
            wit,
        )
    )
    assert plan.text("wit/app.wit").count("interface") == 1  # `monotonic`, which was never imported


def test_definitions_are_kept_when_asked(tmp_path: Path) -> None:
    plan = planned(app(tmp_path), standard(), keep_wit=True)
    assert "interface monotonic {" in plan.text("wit/app.wit")
    assert "import monotonic;" not in plan.text("wit/app.wit")


# -- exports stay


DESK = """
    package acme:app@0.1.0;

    interface model {
        enum level { low, high }

        record note {
            level: level,
        }
    }

    interface log {
        use model.{level};

        log: func(level: level, text: string);
    }

    interface desk {
        use model.{note};

        put: func(note: note) -> u64;
    }

    world app {
        import log;
        export desk;
    }
"""

DESK_CODE = """
    wit_bindgen::generate!({
        path: "wit",
        world: "app",
    });

    use acme::app::log::log;
    use acme::app::model::Level;
    use exports::acme::app::desk::{Guest, Note};

    struct App;

    impl Guest for App {
        fn put(note: Note) -> u64 {
            log(note.level, "put");
            log(Level::High, "done");
            1
        }
    }

    export!(App);
"""


def test_types_that_exports_share_with_imports_stay_those_of_the_bindings(tmp_path: Path) -> None:
    plan = made(app(tmp_path, DESK_CODE, DESK))
    code = plan.text("src/lib.rs")
    assert "use acme::app::model::Level;" in code
    assert "use wasi_bridge::acme::app::log::log;" in code
    assert "interface model {" in plan.text("wit/app.wit")
    bridge = plan.text("src/wasi_bridge/acme/app/log.rs")
    assert "pub type Level = crate::acme::app::model::Level;" in bridge
    assert "`acme:app/model@0.1.0`" in told(plan)
    assert "types alone" in told(plan)


def test_functions_beside_types_of_exports_are_left_and_why(tmp_path: Path) -> None:
    wit = DESK.replace("use model.{note};", "use log.{level};").replace(
        "put: func(note: note)", "put: func(l: level)"
    )
    code = DESK_CODE.replace("Note}", "Level as L}").replace("note: Note", "l: L").replace("note.level", "l")
    plan = planned(app(tmp_path, code, wit), standard())
    assert not plan.result.applicable
    assert "the exported `acme:app/desk@0.1.0` of `app` uses types of it" in plan.result.reason
    assert [left.name for left in plan.result.left] == ["acme:app/log@0.1.0"]


def test_it_names_the_exports_that_go_on_leaking(tmp_path: Path) -> None:
    files = {
        "Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["app", "base"]\n',
        "app/Cargo.toml": manifest("app", "base", crate_type='"cdylib"'),
        "app/src/lib.rs": CODE.replace("use acme::app::monotonic;\n", "").replace(
            "monotonic::now()", "base::go()"
        ),
        "app/wit/app.wit": "package top:app;\nworld app {\n    export run: func() -> u64;\n}\n",
        "base/Cargo.toml": manifest("base", crate_type='"cdylib", "rlib"'),
        "base/src/lib.rs": CODE.replace(
            "struct App;", "pub fn go() -> u64 { monotonic::now() }\n\n    struct App;"
        ),
        "base/wit/base.wit": WIT.replace("export run: func() -> u64;", "export run: func() -> u64;"),
    }
    plan = made(write(tmp_path, files))
    assert 'crate-type = ["cdylib", "rlib"]' in plan.text("base/Cargo.toml")
    assert "export!(App);" in plan.text("base/src/lib.rs")
    assert plan.paths("remove") == []
    assert "can no longer be plugged in" in plan.result.loses


def test_an_import_that_another_component_provides_stays(tmp_path: Path) -> None:
    provider = """
        wit_bindgen::generate!({ path: "../wit", world: "provider" });
        struct P;
        impl exports::acme::app::dice::Guest for P {
            fn roll() -> u32 {
                4
            }
        }
        export!(P);
    """
    wit = WIT.replace("import monotonic;", "import monotonic;\n        import dice;")
    wit += "\n    world provider {\n        export dice;\n    }\n"
    files = {
        "Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["app", "provider"]\n',
        "app/Cargo.toml": manifest("app", crate_type='"cdylib"'),
        "app/src/lib.rs": CODE.replace('"wit"', '"../wit"').replace(
            "monotonic::now()", "monotonic::now() + u64::from(acme::app::dice::roll())"
        ),
        "provider/Cargo.toml": manifest("provider", crate_type='"cdylib"'),
        "provider/src/lib.rs": provider,
        "wit/app.wit": wit,
    }
    plan = made(write(tmp_path, files))
    assert "    import wasi:clocks/monotonic-clock@0.2.6;\n    import dice;\n" in plan.text("wit/app.wit")
    assert f"{NOW}() + u64::from(acme::app::dice::roll())" in plan.text("app/src/lib.rs")


# -- bindings that have nothing left, and bindings in files


def test_bindings_of_imports_alone_go_with_their_wit(tmp_path: Path) -> None:
    files = {
        "Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["app", "base"]\n',
        "app/Cargo.toml": manifest("app", "base", crate_type='"cdylib"'),
        "app/src/lib.rs": CODE.replace("use acme::app::monotonic;\n", "").replace(
            "monotonic::now()", "base::go()"
        ),
        "app/wit/app.wit": "package top:app;\nworld app {\n    export run: func() -> u64;\n}\n",
        "base/Cargo.toml": manifest("base"),
        "base/src/lib.rs": """
            mod bindings {
                wit_bindgen::generate!({
                    path: "wit",
                    world: "app",
                });
            }

            pub fn go() -> u64 {
                bindings::acme::app::monotonic::now()
            }
        """,
        "base/wit/base.wit": WIT.replace("        export run: func() -> u64;\n", ""),
    }
    plan = made(write(tmp_path, files))
    assert plan.text("base/src/lib.rs") == f"pub fn go() -> u64 {{\n    {NOW}()\n}}\n"
    assert plan.paths("remove") == ["base/wit/base.wit"]
    assert "wit-bindgen" not in plan.text("base/Cargo.toml")
    assert 'wasip2 = "2"' in plan.text("base/Cargo.toml")


def test_a_component_without_exports_keeps_its_world(tmp_path: Path) -> None:
    metadata = '\n[package.metadata.component.target]\npath = "wit"\nworld = "app"\n'
    root = app(
        tmp_path,
        """
        wit_bindgen::generate!({
            path: "wit",
            world: "app",
        });

        #[no_mangle]
        pub extern "C" fn _initialize() {
            acme::app::monotonic::sleep_ms(1);
        }
        """,
        WIT.replace("        export run: func() -> u64;\n", ""),
        {"Cargo.toml": manifest("app", crate_type='"cdylib"', more=metadata)},
    )
    plan = made(root)
    assert "wit_bindgen::generate!({" in plan.text("src/lib.rs")
    assert "    import wasi:clocks/monotonic-clock@0.2.6;\n" in plan.text("wit/app.wit")
    assert "import monotonic;" not in plan.text("wit/app.wit")


# -- again


@pytest.mark.parametrize("text", ["monotonic::now()", "{ monotonic::sleep_ms(3); monotonic::now() }"])
def test_a_second_time_finds_nothing(tmp_path: Path, text: str) -> None:
    plan = made(app(tmp_path, body(text)))
    plan.apply()
    again = planned(tmp_path, standard())
    assert not again.result.applicable
    assert "nothing to cure" in again.result.reason
    assert not again.changes
