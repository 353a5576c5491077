"""Plan B's decisions on workspaces of many shapes: what is exported, where the crate goes, how WIT is referred to."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from plan_b.adapted import CASES, inputs_of, planned, write

from wasmdoctor.migrate.bridge.module import Parts, bridge_maker
from wasmdoctor.migrate.plan_b import AdapterOptions, PlanBResult, plan_b, ready_adapter
from wasmdoctor.model.source import SourceText
from wasmdoctor.model.wac import WacLet
from wasmdoctor.model.wasm import WasmFile
from wasmdoctor.readers.wac import read_wac
from wasmdoctor.readers.wasm import BytesSource, read_component

WORKSPACES = Path(__file__).resolve().parents[2] / "fixtures" / "workspaces"
BINDGEN = 'wit-bindgen = { version = "0.48.1", default-features = false, features = ["macros", "realloc"] }'
WIT = """\
package acme:tool@1.0.0;
interface gauge { read: func() -> u32; }
interface dial { record point { x: u32 } turn: func(to: point) -> result<u32, string>; }
world tool { import gauge; export measure: func() -> u32; }
world turner { import dial; export measure: func() -> u32; }
"""
SOURCE = """\
wit_bindgen::generate!({ path: "%s", world: "tool" });
struct Tool;
impl Guest for Tool {
    fn measure() -> u32 {
        acme::tool::gauge::read()
    }
}
export!(Tool);
"""
TURNER = """\
wit_bindgen::generate!({ path: "%s", world: "turner" });
struct Tool;
impl Guest for Tool {
    fn measure() -> u32 {
        acme::tool::dial::turn(acme::tool::dial::Point { x: 1 }).unwrap_or(0)
    }
}
export!(Tool);
"""


def package(name: str, more: str = "") -> str:
    return (
        f'[package]\nname = "{name}"\nversion = "0.3.0"\nedition = "2024"\n{more}'
        f'[lib]\ncrate-type = ["cdylib"]\n[dependencies]\n{BINDGEN}\n'
    )


def tree_of(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())
    return root


def workspace(root: Path, members: str, **files: str) -> Path:
    """A workspace whose one component has its WIT beside it."""
    return tree_of(
        root,
        {
            "Cargo.toml": members,
            "apps/tool/Cargo.toml": package("tool"),
            "apps/tool/src/lib.rs": SOURCE % "../../wit",
            "wit/tool.wit": WIT,
            **files,
        },
    )


def created(tree: Path, **options: str) -> tuple[PlanBResult, dict[str, str]]:
    """The plan, and all files that its edits leave, by path."""
    result, changes = planned(tree, stub=True, **options)
    return result, {change.path: (change.after or b"").decode() for change in changes.changes}


@pytest.mark.parametrize("case", sorted(path.parent.name for path in WORKSPACES.glob("*/Cargo.toml")))
def test_on_its_own_result_there_is_nothing_left_but_what_it_named(case: str, tmp_path: Path) -> None:
    tree = tmp_path / case
    shutil.copytree(WORKSPACES / case, tree, ignore=shutil.ignore_patterns("target", "expected.toml"))
    if case == "virtual-workspace":
        shutil.rmtree(tree / "crates/attic")  # a workspace of its own
    result, changes = planned(tree, stub=True)
    if not result.applicable:
        assert not changes
        return
    assert result.adapter
    changed = [change.path for change in changes.changes if change.before is not None]
    assert set(changed) <= {"Cargo.toml"}
    for plan in result.compositions:
        document = next(change for change in changes.changes if change.path == plan.document)
        read = read_wac(SourceText(plan.document, document.after or b""))
        assert not read.problems
        assert len([one for one in read.statements if isinstance(one, WacLet)]) == len(plan.members) + 1
    write(tree, changes)
    again, more = planned(tree, stub=True)
    assert (again.applicable, bool(more)) == (False, False), again.reason
    assert {one.name for one in again.left} == {one.name for one in result.left}


def test_one_version_of_a_track_serves_all_of_it(tmp_path: Path) -> None:
    tree = tmp_path / "two-versions"
    shutil.copytree(WORKSPACES / "two-versions", tree, ignore=shutil.ignore_patterns("target"))
    _, files = created(tree)
    exports = [line.strip() for line in files["rates-adapter/wit/world.wit"].splitlines() if "export" in line]
    assert exports == ["export bank:rates/table@0.1.0;", "export bank:rates/table@0.2.3;"]


def test_what_components_provide_for_each_other_is_wired_too(tmp_path: Path) -> None:
    tree = tmp_path / "composed"
    shutil.copytree(WORKSPACES / "composed", tree, ignore=shutil.ignore_patterns("target"))
    result, files = created(tree)
    (plan,) = result.compositions
    assert plan.members == ("press-server", "press-client")
    text = files[plan.document]
    assert text.index("new local:press-server") < text.index("new local:press-client")
    assert "    ...shop-adapter,\n    ...press-server,\n    ...\n" in text
    assert result.steps[-1].startswith(
        "wasmdoctor compose press_server.wasm press_client.wasm shop_adapter.wasm"
    )


# -- The crate


def test_wit_is_referred_to_by_path(tmp_path: Path) -> None:
    result, files = created(workspace(tmp_path, '[workspace]\nmembers = ["apps/tool"]\n'))
    assert result.adapter == "tool-adapter"
    assert 'path: ["../../wit", "wit"],' in files["apps/tool-adapter/src/lib.rs"]
    assert [path for path in files if path.endswith(".wit")] == ["apps/tool-adapter/wit/world.wit"]
    assert result.copied == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('members = ["apps/tool"]', 'members = ["apps/tool", "apps/tool-adapter"]'),
        ('members = ["apps/tool",]', 'members = ["apps/tool", "apps/tool-adapter",]'),
        (
            'members = [\n  "apps/tool", # the tool\n]',
            'members = [\n  "apps/tool", # the tool\n  "apps/tool-adapter",\n]',
        ),
        (
            'members = [\n  "apps/tool" # a, b\n]',
            'members = [\n  "apps/tool", # a, b\n  "apps/tool-adapter"\n]',
        ),
        (
            'members = [\r\n  "apps/tool", # the tool\r\n  # more\r\n]',
            'members = [\r\n  "apps/tool", # the tool\r\n  "apps/tool-adapter",\r\n  # more\r\n]',
        ),
        (
            'members = [\n  "apps/tool" # the tool\n  , ]',
            'members = [\n  "apps/tool" # the tool\n  , "apps/tool-adapter" ]',
        ),
        (
            'members = [\r\n\t"apps/tool"\r\n]\r\n',
            'members = [\r\n\t"apps/tool",\r\n\t"apps/tool-adapter"\r\n]\r\n',
        ),
        ('members = ["apps/*"]', None),
        ('members = ["./apps/too[a-z]*"]', None),
    ],
)
def test_the_list_of_members_is_kept_as_it_is_written(tmp_path: Path, before: str, after: str | None) -> None:
    _, files = created(workspace(tmp_path, f"[workspace]\n{before}\n"))
    assert files.get("Cargo.toml") == (None if after is None else f"[workspace]\n{after}\n")


def test_what_the_workspace_inherits_is_inherited(tmp_path: Path) -> None:
    tree = workspace(
        tmp_path,
        '[workspace]\nmembers = ["apps/*"]\n[workspace.package]\nversion = "4.0.0"\nedition = "2021"\n'
        'rust-version = "1.80"\n[workspace.dependencies]\nwasip2 = "2"\nbindgen = '
        '{ package = "wit-bindgen", version = "0.48.1", default-features = false }\n',
        **{
            "apps/tool/Cargo.toml": '[package]\nname = "tool"\nversion.workspace = true\nedition = '
            '{ workspace = true }\nrust-version.workspace = true\nlicense = "MIT"\n[lib]\ncrate-type = ["cdylib"]\n'
            "[target.'cfg(target_arch = \"wasm32\")'.dependencies]\nbindgen = { workspace = true, "
            'features = ["macros"], optional = false }\n',
            "apps/tool/src/lib.rs": (SOURCE % "../../wit").replace("wit_bindgen", "bindgen"),
        },
    )
    _, files = created(tree)
    manifest = files["apps/tool-adapter/Cargo.toml"]
    assert "version.workspace = true\nedition.workspace = true\nrust-version.workspace = true\n" in manifest
    assert 'license = "MIT"' in manifest
    assert 'bindgen = { workspace = true, features = ["macros", "realloc", "std"] }' in manifest
    source = files["apps/tool-adapter/src/lib.rs"]
    assert "    bindgen::generate!({" in source
    assert '        runtime_path: "bindgen::rt",\n' in source


def test_names_and_places(tmp_path: Path) -> None:
    tree = workspace(
        tmp_path,
        '[workspace]\nmembers = ["apps/*"]\n',
        **{"apps/tool-adapter/Cargo.toml": package("tool-adapter"), "apps/tool-adapter/src/lib.rs": ""},
    )
    assert created(tree)[0].adapter == "tool-adapter-2"
    named, files = created(tree, name="sockets", folder="parts/sockets")
    assert named.adapter == "sockets"
    assert 'path: ["../../wit", "wit"],' in files["parts/sockets/src/lib.rs"]
    assert '"apps/*", "parts/sockets"' in files["Cargo.toml"]
    for options in ({"name": "tool"}, {"name": "No Name"}, {"folder": "../out"}, {"folder": "apps/tool"}):
        refused, nothing = created(tree, **options)
        assert not refused.applicable, options
        assert not nothing


def test_inline_wit_is_copied_and_said_to_be(tmp_path: Path) -> None:
    inline = SOURCE.replace('path: "%s"', f'inline: r"{WIT}"')
    tree = workspace(tmp_path, '[workspace]\nmembers = ["apps/*"]\n', **{"apps/tool/src/lib.rs": inline})
    shutil.rmtree(tree / "wit")
    result, files = created(tree)
    assert files["apps/tool-adapter/wit/deps/acme-tool-1.0.0.wit"] == WIT
    assert 'path: ["wit"],' in files["apps/tool-adapter/src/lib.rs"]
    assert result.copied == ("acme:tool@1.0.0",)
    assert any("copied" in step.message for step in result.manual)


# -- What an adapter cannot do


def test_an_interface_inside_of_a_world_is_left(tmp_path: Path) -> None:
    world = WIT.replace("import gauge;", "import gauge; import lamp: interface { shine: func(); }")
    code = (SOURCE % "../../wit").replace("acme::tool::gauge", "lamp::shine(); acme::tool::gauge")
    tree = workspace(
        tmp_path,
        '[workspace]\nmembers = ["apps/*"]\n',
        **{"wit/tool.wit": world, "apps/tool/src/lib.rs": code},
    )
    result, files = created(tree)
    assert result.applicable
    assert [(one.component, one.name) for one in result.left] == [("tool", "lamp")]
    assert "lamp" not in files["apps/tool-adapter/wit/world.wit"]
    assert any("keeps the import `lamp`" in step.message for step in result.manual)


def test_an_async_function_is_refused_with_its_name(tmp_path: Path) -> None:
    world = WIT.replace("read: func()", "read: async func()")
    tree = workspace(tmp_path, '[workspace]\nmembers = ["apps/*"]\n', **{"wit/tool.wit": world})
    result, files = created(tree)
    assert not result.applicable
    assert "it is async" in result.reason
    assert not files


# -- An adapter that is there


@pytest.fixture
def turner(tmp_path: Path) -> Path:
    return workspace(
        tmp_path,
        '[workspace]\nmembers = ["apps/*"]\n',
        **{"apps/tool/src/lib.rs": TURNER % "../../wit"},
    )


def component(data: bytes) -> WasmFile:
    return WasmFile(
        "given/turn.wasm", len(data), component=read_component(BytesSource(data), "given/turn.wasm")
    )


def test_a_ready_adapter_that_fits(turner: Path, dummy: Callable[..., bytes]) -> None:
    world = WIT.replace("world turner", "world given { export dial; }\nworld turner")
    result = ready_adapter(inputs_of(turner, "wasm32-wasip1"), component(dummy(world, "given")))
    assert result.applicable, result.reason
    (edit,) = result.edits
    assert edit.path == "tool.wac"
    (plan,) = result.compositions
    assert (plan.application, plan.adapter, plan.names) == (
        "tool",
        "given/turn.wasm",
        ("acme:tool/dial@1.0.0",),
    )
    assert result.steps[-1] == "wasmdoctor compose tool.wasm given/turn.wasm -o tool.composed.wasm"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("turn: func(to: point) -> result<u32, string>", "turn: func() -> u32"), "as func() -> u32"),
        (("turn: func(to: point)", "twist: func(to: point)"), "without `turn`"),
        (("acme:tool@1.0.0", "acme:tool@2.0.0"), "at version 2.0.0 instead of 1.0.0"),
        (("interface dial", "interface wheel"), "none of what is missing"),
    ],
)
def test_a_ready_adapter_that_does_not_fit(
    turner: Path, dummy: Callable[..., bytes], change: tuple[str, str], said: str
) -> None:
    text = WIT.replace("world turner", "world given { export dial; }\nworld turner").replace(*change)
    if "wheel" in change[1]:
        text = text.replace("export dial", "export wheel").replace("import dial", "import wheel")
    result = ready_adapter(inputs_of(turner, "wasm32-wasip1"), component(dummy(text, "given")))
    assert not result.applicable
    assert said in result.reason
    assert not result.edits


def test_names_are_free_of_words_that_wac_keeps(tmp_path: Path) -> None:
    tree = workspace(
        tmp_path, '[workspace]\nmembers = ["apps/*"]\n', **{"apps/tool/Cargo.toml": package("record")}
    )
    result, files = created(tree)
    (plan,) = result.compositions
    assert "let %record = new local:%record {" in files[plan.document]
    assert not read_wac(SourceText("x.wac", files[plan.document].encode())).problems


def test_options_default_to_what_is_derived() -> None:
    assert AdapterOptions() == AdapterOptions("", "")


def test_a_bridge_that_refuses_needs_no_crate(tmp_path: Path) -> None:
    tree = workspace(tmp_path, '[workspace]\nmembers = ["apps/*"]\n')
    result = plan_b(inputs_of(tree, "wasm32-wasip1"), bridge_maker(Parts(cases=CASES)))
    assert result.dependencies == {}
    assert {function.body.value for function in result.bridge} == {"refuses"}
