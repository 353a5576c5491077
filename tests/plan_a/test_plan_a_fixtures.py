"""Plan A on every workspace of fixtures/: where it applies, where not and why, and that it is done once.

That the results build and what they import is shown in tests/rust; here are the decisions.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from plan_a.planning import FIXTURES, MARK, copy, planned


@dataclass(frozen=True)
class Case:
    """What is expected of a workspace.

    ``bridges`` maps a bridge's file to the imports that it takes the place of; ``libraries`` are the crates
    that stop being components; ``reason`` is a part of why not; ``left`` maps what stays to a part of why.
    """

    bridges: dict[str, tuple[str, ...]] | None = None
    libraries: tuple[str, ...] = ()
    reason: str = ""
    left: str = ""
    features: tuple[str, ...] = ()
    target: str = "wasm32-wasip1"


NOTHING = "there is nothing to cure"

CASES = {
    "scheduler": Case(
        {
            "core-libs/src/wasi_bridge.rs": (
                "scheduler:core-libs/wasi-network@0.1.0",
                "scheduler:core-libs/wasi-tcp@0.1.0",
                "scheduler:core-libs/wasi-udp@0.1.0",
            )
        },
        ("scheduler-actions-http", "scheduler-core", "scheduler-executor"),
    ),
    # What a build script or a macro of another crate makes is in no source file.
    "build-script": Case(reason="a build script of `kiln-code` writes its bindings"),
    "cfg-modules": Case(
        {
            "weather-vane/src/checks/wasi_bridge.rs": ("weather:vane/debug@0.1.0",),
            "weather-vane/src/second_preview/wasi_bridge.rs": ("weather:vane/second-preview@0.1.0",),
            "weather-wasi/src/wasi_bridge.rs": ("weather:wasi/anemometer@0.1.0",),
        },
        ("weather-wasi",),
        target="wasm32-wasip2",
    ),
    # Only the removed export called what ferry-board imports.
    "checked-in-bindings": Case(
        {"ferry-dock/src/wasi_bridge.rs": ("ferry:dock/rope@0.1.0",)}, ("ferry-board",)
    ),
    # press-client's `setter` comes from press-server: the two are composed.
    "composed": Case(
        {
            "press-client/src/wasi_bridge.rs": ("press:shop/paper@0.1.0",),
            "press-server/src/wasi_bridge.rs": ("press:shop/ink@0.1.0",),
        }
    ),
    "dependency-kinds": Case(
        {"nectar-normal/src/wasi_bridge.rs": ("bees:normal/meadow@0.1.0",)}, ("nectar-normal",)
    ),
    "diamond": Case(
        {
            "rail-left/src/wasi_bridge.rs": ("rail:signal/lamp@0.4.0", "rail:signal/points@0.4.0"),
            "rail-right/src/wasi_bridge.rs": ("rail:signal/lamp@0.4.0",),
            "rail-signal/src/wasi_bridge.rs": ("rail:signal/lamp@0.4.0",),
        },
        ("rail-left", "rail-right", "rail-signal"),
    ),
    # The other three crates' imports were called by their exports alone.
    "export-leak": Case(
        {"plain-function/src/wasi_bridge.rs": ("cinema:seats/eraser@0.1.0",)},
        ("const-only-exporter", "extern-crate-exporter", "named-only-exporter", "plain-function"),
    ),
    "features": Case(
        {
            "mail-courier/src/wasi_bridge.rs": ("post:courier/bicycle@0.1.0",),
            "mail-transport/src/relay/wasi_bridge.rs": ("post:transport/relay@0.1.0",),
        },
        ("mail-courier", "mail-transport"),
        features=("mail-switch/loud",),
    ),
    "hand-written": Case(reason="imports it by hand"),
    "include-with": Case(
        {
            "depot-included/src/wasi_bridge.rs": ("depot:base/clock@0.1.0", "alert"),
            "depot-mapped/src/wasi_bridge.rs": ("depot:goods/store@0.1.0",),
            "depot-types/src/wasi_bridge.rs": ("depot:goods/parcels@0.1.0",),
        },
        ("depot-types",),
    ),
    "macro-exports": Case(reason="code that stays calls `export!`"),
    "leak-shapes": Case(
        {
            "shape-called/src/wasi_bridge.rs": ("water:called/gauge@0.1.0",),
            "shape-opaque-branch/src/wasi_bridge.rs": ("water:opaque/gauge@0.1.0",),
            "shape-other-function/src/wasi_bridge.rs": ("water:other/gauge@0.1.0",),
            "shape-type-only/src/wasi_bridge.rs": ("water:types/gauge@0.1.0",),
        },
        (
            "shape-called",
            "shape-exporter",
            "shape-named-only",
            "shape-opaque-branch",
            "shape-other-function",
            "shape-type-only",
        ),
    ),
    "inline-wit": Case(
        {
            "src/shelf/wasi_bridge.rs": ("toy:shelf/bears@2.0.0", "light"),
            "src/wasi_bridge.rs": ("toy:gears/wheel@1.2.0",),
        }
    ),
    # dial-macro's bindings come out of a macro of dial-kit.
    "reexported": Case(
        {"dial-panel/src/wasi_bridge.rs": ("dial:panel/lamp@0.1.0",)}, left="dial-kit/src/lib.rs"
    ),
    "registry-bindings": Case(reason=NOTHING),
    "renamed": Case(
        {
            "probe-bindings/src/wasi_bridge.rs": ("probe:needle/depth@0.1.0",),
            "probe-station/src/wasi_bridge.rs": ("probe:station/horn@0.1.0",),
        },
        ("probe-bindings",),
    ),
    "single-crate": Case({"src/wasi_bridge.rs": ("harbor:tide-clock/gauge@0.1.0", "beep")}),
    "std-only": Case(reason=NOTHING),
    "two-versions": Case(
        {
            "rates-one/src/wasi_bridge.rs": ("bank:rates/table@0.1.0",),
            "rates-two-patched/src/wasi_bridge.rs": ("bank:rates/table@0.2.3",),
            "rates-two/src/wasi_bridge.rs": ("bank:rates/table@0.2.1",),
        },
        ("rates-one", "rates-two", "rates-two-patched"),
    ),
    # The libraries' imports are called by nobody, and so are in no component.
    "uncalled-library": Case(reason=NOTHING),
    "virtual-workspace": Case(
        {"crates/orchard-ladder/src/wasi_bridge.rs": ("orchard:rungs/steps@1.0.0",)}, ("orchard-ladder",)
    ),
    "ways-to-call": Case({"lift-shaft/src/wasi_bridge.rs": ()}, ("lift-shaft",)),
    # Types alone need no provider; a resource that an export hands on does, and nothing here can be one.
    "world-use": Case(reason="hands on a resource of it"),
}


def fixture(case: str) -> str:
    return case if case == "scheduler" else f"workspaces/{case}"


def test_every_workspace_has_an_expectation() -> None:
    found = {path.parent.name for path in (FIXTURES / "workspaces").glob("*/Cargo.toml")}
    assert found | {"scheduler"} == set(CASES)


@pytest.mark.parametrize("name", sorted(CASES))
def test_plan_a(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    root = copy(fixture(name), tmp_path)
    made = planned(root, target=case.target, features=case.features)
    if case.bridges is None:
        assert not made.result.applicable
        assert case.reason in made.result.reason
        assert not made.changes
        return
    assert made.result.applicable, made.result.reason
    assert made.result.converted == case.libraries
    found = {request.path: request.imports for request in made.requests}
    assert found.keys() == case.bridges.keys()
    for path, imports in case.bridges.items():
        assert not imports or found[path] == imports
        assert made.text(path) == MARK.decode()
    told = [str(step.location) for step in made.result.manual]
    assert [place for place in told if case.left in place] == told
    assert bool(told) == bool(case.left)

    # It is done once.
    made.apply()
    again = planned(root, target=case.target, features=case.features)
    assert not again.result.applicable
    assert not again.changes
    assert not again.result.left


def test_the_scheduler_after_plan_a(tmp_path: Path) -> None:
    made = planned(copy("scheduler", tmp_path))
    assert made.removed() == [
        "actions-http/src/component.rs",
        "actions-http/wit/world.wit",
        "core-libs/src/component.rs",
        "core-libs/wit/world.wit",
        "executor/src/bindings.rs",
        "executor/src/component.rs",
        "executor/wit/world.wit",
    ]
    assert made.text("core-libs/src/lib.rs").endswith(
        'pub mod socket;\n\n#[cfg(target_arch = "wasm32")]\nmod wasi_bridge;\n\n'
        "pub use model::{Action, Exchange, Scenario};\n"
    )
    assert made.text("executor/src/lib.rs").startswith(
        "//! Runs the steps of a scenario in order and collects what they say.\n\nuse std::fmt;\n"
    )
    before = (FIXTURES / "scheduler/core-libs/src/socket/component.rs").read_text()
    assert made.text("core-libs/src/socket/component.rs") == before.replace(
        "crate::component::", "crate::wasi_bridge::"
    )
    core = made.text("core-libs/Cargo.toml")
    assert core.endswith(
        '[lib]\ncrate-type = ["rlib"]\n\n[dependencies]\n\n'
        "[target.'cfg(target_arch = \"wasm32\")'.dependencies]\nwasip2 = { workspace = true }\n"
    )
    executor = made.text("executor/Cargo.toml")
    assert executor.endswith(
        '[lib]\ncrate-type = ["rlib"]\n\n[dependencies]\nscheduler-core.workspace = true\n'
    )
    root = made.text("Cargo.toml")
    assert (
        'wit-bindgen = { version = "0.48.1", default-features = false }\n' in root
    )  # the application uses it
    assert 'wasip2 = "2"\n' in root
    assert "scheduler/" not in " ".join(
        change.path for change in made.changes.changes if change.path.startswith("scheduler/")
    )
