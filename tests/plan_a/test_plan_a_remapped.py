"""Plans A and C where bindings lean on other bindings: ``with``, names that are passed on, imports with two causes."""

from __future__ import annotations

from pathlib import Path

import pytest
from plan_a.planning import APP_WORLD, GENERATOR, manifest, members, planned, write
from plan_c.planned_c import planned as planned_c

from wasmdoctor.migrate.result import LeftImport, left_steps
from wasmdoctor.model.source import Location

WIT = """
    package opt:lens@2.0.0;

    interface types {
        record point { x: f32 }
        resource film { used: func() -> u32; }
    }

    interface camera {
        use types.{point, film};
        snap: func(at: point, on: borrow<film>) -> bool;
        roll: func() -> film;
    }

    world kinds { import types; }
    world cameras { import camera; }
"""

OPTICS = """
    pub mod deep {
        pub mod kinds {
            wit_bindgen::generate!({ path: "wit", world: "kinds" });
        }
    }

    mod cameras {
        wit_bindgen::generate!({
            path: "wit",
            world: "cameras",
            with: { "opt:lens/types@2.0.0": %s },
        });
    }

    pub fn shoot(x: f32) -> bool {
        use cameras::opt::lens::camera::{roll, snap};
        snap(%s { x }, &roll())
    }
"""


def optics(root: Path, path: str, point: str) -> Path:
    return write(
        root,
        {
            "Cargo.toml": members("optics", "app"),
            "optics/Cargo.toml": manifest("optics", crate_type='"cdylib", "rlib"'),
            "optics/src/lib.rs": OPTICS % (path, point),
            "optics/wit/optics.wit": WIT,
            "app/Cargo.toml": manifest("app", "optics", crate_type='"cdylib"'),
            "app/src/lib.rs": APP_WORLD % "optics::shoot(1.0) as u32",
        },
    )


@pytest.mark.parametrize(
    ("path", "point"),
    [
        ("crate::deep::kinds::opt::lens::types", "deep::kinds::opt::lens::types::Point"),
        ("super::deep::kinds::opt::lens::types", "deep::kinds::opt::lens::types::Point"),
        # Nothing but `with` names the other bindings.
        ("crate::deep::kinds::opt::lens::types", "cameras::opt::lens::camera::Point"),
    ],
)
@pytest.mark.parametrize("plan", ["a", "c"])
def test_types_of_other_bindings_are_those_of_their_bridge(
    plan: str, path: str, point: str, tmp_path: Path
) -> None:
    root = optics(tmp_path, path, point)
    made = planned(root) if plan == "a" else planned_c(root)
    assert made.result.applicable, made.result.reason
    if plan == "a":
        requests = {request.path: request for request in planned(root).requests}
        assert requests.keys() == {"optics/src/wasi_bridge.rs", "optics/src/deep/wasi_bridge.rs"}
        camera = requests["optics/src/wasi_bridge.rs"]
        assert camera.with_ == {"opt:lens/types@2.0.0": "crate::deep::wasi_bridge::opt::lens::types"}
    else:
        text = made.text("optics/src/wasi_bridge/opt/lens/camera.rs")
        assert "pub type Point = crate::deep::wasi_bridge::opt::lens::types::Point;" in text
    assert "kinds" not in made.text("optics/src/lib.rs")


REEXPORTS = """
    mod component {
        wit_bindgen::generate!({ world: "base", path: "wit" });

        struct Base;

        impl Guest for Base {
            fn best() -> u32 {
                0
            }
        }

        export!(Base);

        pub use my::base::raw;
    }

    pub fn best() -> u32 {
        component::raw::fetch(7)
    }
"""


def test_names_that_a_module_of_bindings_passes_on_stay_where_they_are(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "Cargo.toml": members("base", "app"),
            "base/Cargo.toml": manifest("base", crate_type='"cdylib", "rlib"'),
            "base/src/lib.rs": REEXPORTS,
            "base/wit/base.wit": """
                package my:base;
                interface raw { fetch: func(id: u32) -> u32; }
                world base { import raw; export best: func() -> u32; }
            """,
            "app/Cargo.toml": manifest("app", "base", crate_type='"cdylib"'),
            "app/src/lib.rs": APP_WORLD % "base::best()",
        },
    )
    made = planned(root)
    text = made.text("base/src/lib.rs")
    assert [request.module for request in made.requests] == ["crate::component::wasi_bridge"]
    assert "mod component {\n    mod wasi_bridge;\n\n    pub use wasi_bridge::my;" in text
    assert "pub use my::base::raw;" in text
    assert "component::raw::fetch(7)" in text
    assert "Base;" not in text


@pytest.mark.parametrize(
    "world",
    [
        "import flow; import waiting;",
        "import waiting; import flow;",
        "include other; import flow;",
        "include other; import waiting; import flow;",
    ],
)
def test_an_import_goes_with_all_the_lines_that_bring_it(world: str, tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "Cargo.toml": members("core", "app"),
            "core/Cargo.toml": manifest("core", crate_type='"cdylib", "rlib"'),
            "core/src/lib.rs": """
                wit_bindgen::generate!({ world: "core", path: "wit" });

                struct Core;

                impl Guest for Core {
                    fn drained() -> u32 {
                        drain()
                    }
                }

                export!(Core);

                pub fn drain() -> u32 {
                    oil::pump::flow::subscribe().ready() as u32
                }
            """,
            "core/wit/core.wit": f"""
                package oil:pump;
                interface waiting {{ resource ticket {{ ready: func() -> bool; }} }}
                interface flow {{
                    use waiting.{{ticket}};
                    subscribe: func() -> ticket;
                }}
                world other {{ import waiting; }}
                world core {{ {world} export drained: func() -> u32; }}
            """,
            "app/Cargo.toml": manifest("app", "core", crate_type='"cdylib"'),
            "app/src/lib.rs": APP_WORLD % "core::drain()",
        },
    )
    made = planned_c(root)
    assert made.result.applicable, made.result.reason
    made.apply()
    again = planned_c(root)
    assert not again.result.applicable
    assert again.result.reason.startswith("there is nothing to cure"), again.result.reason


def test_a_comment_among_crate_types_stays(tmp_path: Path) -> None:
    root = optics(tmp_path, "crate::deep::kinds::opt::lens::types", "deep::kinds::opt::lens::types::Point")
    lines = 'crate-type = [\n    "cdylib", # to try it alone\n    "rlib", # for the app\n]\n'
    path = root / "optics/Cargo.toml"
    path.write_text(path.read_text().replace('crate-type = ["cdylib", "rlib"]\n', lines))
    text = planned(root).text("optics/Cargo.toml")
    assert 'crate-type = [\n    "rlib", # for the app\n]\n' in text
    assert GENERATOR not in text


def test_one_step_tells_of_code_that_several_components_share(tmp_path: Path) -> None:
    root = optics(tmp_path, "crate::deep::kinds::opt::lens::types", "deep::kinds::opt::lens::types::Point")
    library = root / "optics/src/lib.rs"
    library.write_text('include!(concat!(env!("OUT_DIR"), "/made.rs"));\n' + library.read_text())
    (root / "optics/build.rs").write_text("fn main() {}\n")
    steps = [step for step in planned(root).result.manual if "is made when it is built" in step.message]
    assert [str(step.location) for step in steps] == ["optics/src/lib.rs:1:1"]
    assert "`app`" in steps[0].message
    assert "`optics`" in steps[0].message


def test_one_step_tells_of_an_import_that_several_components_keep() -> None:
    place, other = Location("a.wit", 3, 5), Location("b.wit", 1, 1)
    steps = left_steps(
        [
            LeftImport("one", "x:y/z", place, "it is so"),
            LeftImport("two", "x:y/z", place, "it is so"),
            LeftImport("two", "x:y/w", other, "it is so"),
        ]
    )
    assert [(str(step.location), step.message) for step in steps] == [
        ("a.wit:3:5", "`one`, `two` keep the import `x:y/z`: it is so"),
        ("b.wit:1:1", "`two` keeps the import `x:y/w`: it is so"),
    ]
