"""How many bytes each crate has: counted by hand for small components, and on real ones."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.graph.calls import CallGraph
from wasmdoctor.graph.sizes import sizes_by_crate
from wasmdoctor.model.artifact import ModuleRole
from wasmdoctor.model.calls import ComponentCode, ModuleCode, RootKind
from wasmdoctor.model.cargo import CrateId
from wasmdoctor.model.sizes import CodeSize, CodeSizes, SizeKind
from wasmdoctor.model.symbol import Language
from wasmdoctor.model.wasm import CustomSection
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.wasm import BytesSource
from wasmdoctor.reporters.console import Style
from wasmdoctor.reporters.sizes import one, table
from wasmdoctor.reporters.treemap import MAX_CELLS, cells, fragment, squarified, svg

PREBUILT = Path(__file__).parents[2] / "fixtures/scheduler/prebuilt/scheduler.wasm"
SHOP, NET = "_RNvCs6DXkGYLi8lr_4shop1f", "_RNvCs6DXkGYLi8ls_8shop_net1f"
GENERIC = "_RINvNtCs6itnLAVtEEk_4core3mem6forgethECs6DXkGYLi8lr_4shop"


def module(
    functions: list[tuple[str, int]],
    role: ModuleRole = ModuleRole.MAIN,
    name: str = "",
    customs: tuple[CustomSection, ...] = (),
) -> ModuleCode:
    """A module of functions with these names ("" for none) and sizes, and nothing imported."""
    count = len(functions)
    sizes = [size for _, size in functions]
    return ModuleCode(
        offset=0,
        size=sum(sizes) + sum(custom.size for custom in customs) + 50,
        name=name,
        role=role,
        imports=(),
        signatures=["()"] * count,
        code_offset=0,
        offsets=[sum(sizes[:i]) for i in range(count)],
        sizes=sizes,
        calls=[()] * count,
        table_calls={},
        references={},
        elements={},
        exports={},
        start=None,
        names={i: text for i, (text, _) in enumerate(functions) if text},
        customs=customs,
    )


def component(*modules: ModuleCode) -> ComponentCode:
    return ComponentCode(modules, (), ())


def numbers(sizes: CodeSizes) -> Mapping[tuple[str, str], int]:
    return {(row.kind.value, row.name): row.bytes for row in sizes.rows}


def test_each_function_counts_for_the_crate_that_it_is_written_in() -> None:
    code = component(
        module([(SHOP, 10), (SHOP, 5), (NET, 7), (GENERIC, 20), ("memcpy", 4), ("", 3)], name="shop.wasm"),
        module([("_ZN22wasi_snapshot_preview15State3new17h78fa9a6aa700b877E", 9)], ModuleRole.ADAPTER, "preview1"),
        module([("", 2)], ModuleRole.SHIM),
        module([("js::Run()", 6), ("main.main", 8), ("assembly/index/run", 1)], name="other.wasm"),
    )  # fmt: skip
    sizes = sizes_by_crate(code)
    assert numbers(sizes) == {
        ("std", "std"): 20,
        ("package", "shop"): 15,
        ("package", "shop_net"): 7,
        ("plain", "shop.wasm"): 4,
        ("unnamed", ""): 3,
        ("adapter", "preview1"): 9,
        ("shim", ""): 2,
        ("package", "js"): 6,
        ("package", "main"): 8,
        ("package", "assembly"): 1,
    }
    assert [row.bytes for row in sizes.rows] == sorted((row.bytes for row in sizes.rows), reverse=True)
    assert sizes.code == 75
    assert sizes.size == 75 + 4 * 50
    (std,) = sizes.of("std")
    assert (std.functions, std.parts, std.users) == (1, {"core": 20}, {"shop": 20})
    assert sizes.of("shop-net") == sizes.of("shop_net")
    assert sizes.of("core") == sizes.of("std")
    assert not sizes.reached


def test_packages_of_a_workspace() -> None:
    shop = CrateId("the-shop", "0.1.0", "path+/home/shop")
    one, two = CrateId("shop-net", "1.0.0", "registry"), CrateId("shop-net", "2.0.0", "registry")
    known = {"shop": [shop], "shop_net": [one, two]}
    rows = sizes_by_crate(component(module([(SHOP, 3), (NET, 2), (GENERIC, 1)])), known=known).rows
    assert [(row.name, row.packages) for row in rows] == [
        ("the-shop", (shop,)),
        ("shop_net", (one, two)),  # either: nothing tells them apart
        ("std", ()),
    ]


def test_what_only_leaked_exports_reach() -> None:
    code = component(module([(SHOP, 10), (SHOP, 5), (NET, 7), (NET, 2)]))
    sizes = sizes_by_crate(code, own={(0, 0), (0, 2)}, leaked={(0, 1), (0, 2)})
    rows = {row.name: (row.bytes, row.own, row.leaked) for row in sizes.rows}
    assert rows == {"shop": (15, 10, 5), "shop_net": (9, 7, 0)}
    assert (sizes.reached, sizes.leaked) == (True, 5)


def test_imported_functions_come_before_the_others() -> None:
    from dataclasses import replace

    from wasmdoctor.model.calls import FunctionImport

    inner = module([(SHOP, 10)])
    code = component(replace(inner, imports=(FunctionImport("m", "f", 0),), names={0: NET, 1: SHOP}))
    sizes = sizes_by_crate(code, own={(0, 1)})
    assert [(row.name, row.bytes, row.own) for row in sizes.rows] == [("shop", 10, 10)]


def test_what_else_a_module_consists_of() -> None:
    customs = (
        CustomSection(".debug_info", 0, 100),
        CustomSection(".debug_line", 0, 30),
        CustomSection("name", 0, 20),
        CustomSection("producers", 0, 8),
    )
    sizes = sizes_by_crate(component(module([(SHOP, 10)], customs=customs)), data={0: 11}, size=999)
    (found,) = sizes.modules
    assert (found.debug, found.names, found.customs, found.code, found.data) == (130, 20, 8, 10, 11)
    assert found.rest == 50 - 11
    assert sizes.size == 999


def real_sizes() -> CodeSizes:
    """Of the committed component, whose only own export is ``run-scenario``."""
    data = PREBUILT.read_bytes()
    code = read_code(BytesSource(data), PREBUILT.name)
    graph = CallGraph(code)
    own = [root for root in code.roots if root.kind is not RootKind.EXPORT or root.name == "run-scenario"]
    leaked = [root for root in code.roots if root not in own]
    reached = graph.reached(own, possible=True), graph.reached(leaked, possible=True)
    return sizes_by_crate(code, own=reached[0], leaked=reached[1], size=len(data))


def test_a_real_component() -> None:
    sizes = real_sizes()
    rows = {row.name: row for row in sizes.rows}
    assert {"std", "scheduler", "scheduler_core", "scheduler_executor", "scheduler_actions_http"} <= set(rows)
    code = read_code(BytesSource(PREBUILT.read_bytes()), "x")
    assert sizes.code == sum(sum(module.sizes) for module in code.modules)
    assert all(row.own + row.leaked <= row.bytes for row in sizes.rows)
    # The application's own code is all needed; the executor exports an interface that nobody here calls.
    assert rows["scheduler"].leaked == 0
    assert 0 < rows["scheduler_executor"].leaked < rows["scheduler_executor"].bytes
    for found, module in zip(sizes.modules, code.modules, strict=True):
        assert found.code + found.names + found.customs + found.debug + found.rest == module.size


def test_a_python_component(python_component: Path) -> None:
    sizes = sizes_by_crate(read_code(BytesSource(python_component.read_bytes()), "p.wasm"))
    assert sizes.rows[0].kind is SizeKind.PLAIN
    assert sizes.rows[0].name.startswith("libpython3")
    assert sizes.rows[0].bytes > 5_000_000
    assert sizes.of("pyo3")[0].bytes > 10_000


@pytest.mark.parametrize("width", [40, 80, 140])
@pytest.mark.parametrize("unicode", [True, False])
def test_the_table_fits(width: int, unicode: bool) -> None:
    sizes = real_sizes()
    written = table(sizes, Style(width=width, unicode=unicode))
    assert max(map(len, written.splitlines())) <= width
    assert unicode or written.isascii()
    assert "std" in written
    assert f"{sizes.code:,}" in written
    assert f"{sizes.leaked:,}" in written
    assert ("█" in written) == (unicode and width > 40)


def test_the_table_says_how_much_falls_away() -> None:
    code = component(module([(SHOP, 1000), (SHOP, 500), (NET, 700)], name="shop.wasm"))
    written = table(
        sizes_by_crate(code, own={(0, 0), (0, 2)}, leaked={(0, 1)}), Style(width=80, unicode=False)
    )
    lines = written.splitlines()
    assert lines[0].split() == ["code", "of", "bytes", "share", "leaked", "only"]
    assert lines[1].split() == ["shop", "1,500", "68.2%", "500", "#" * 25 + "-" * 12]
    assert lines[2].split()[:4] == ["shop_net", "700", "31.8%", "0"]
    assert lines[3].split()[:3] == ["all", "code", "2,200"]
    assert "500 bytes of it would fall away with the leaked exports" in " ".join(lines)


def test_rows_beyond_the_limit_are_counted_together() -> None:
    names = [f"_RNvC{len(f'crate{i}')}crate{i}1f" for i in range(30)]
    sizes = sizes_by_crate(component(module([(name, 100 - i) for i, name in enumerate(names)])))
    written = table(sizes, Style(width=80), rows=4)
    assert "26 more" in written
    assert f"{sum(100 - i for i in range(4, 30)):,}" in written
    assert "crate4" not in written


def test_one_crate() -> None:
    code = component(module([(SHOP, 1000), (GENERIC, 500), ("_RNvC5alloc1f", 250)]))
    sizes = sizes_by_crate(code, own=set(), leaked={(0, 1)})
    written = one(sizes, "std", Style(width=100))
    assert "std (Rust): 750 bytes of code in 2 functions, 42.9% of all; 500 are reached only" in written
    assert [line.split() for line in written.splitlines()[1:]] == [
        ["of", "which"],
        ["core", "500", "66.7%"],
        ["alloc", "250", "33.3%"],
        ["generic", "functions", "compiled", "for"],
        ["shop", "500", "66.7%"],
    ]
    assert "no function in the component is named after the crate nobody" in one(sizes, "nobody", Style())


def test_names_are_shown_safely() -> None:
    evil = "a\u202e\x1b[31m<script>&::f()"
    sizes = sizes_by_crate(component(module([(evil, 10)], name="m")))
    written = table(sizes, Style(width=140)) + one(sizes, sizes.rows[0].name, Style(width=140))
    assert "\x1b" not in written
    assert "\u202e" not in written
    for text in (svg(sizes, evil), fragment(sizes, evil)):
        assert "<script" not in text
        assert "\x1b" not in text
        ET.fromstring(text)


def test_nothing_to_show() -> None:
    empty = sizes_by_crate(ComponentCode((), (), ()))
    assert table(empty, Style()) == "there is no code in it\n"
    ET.fromstring(svg(empty, "empty.wasm"))


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=60), st.integers(50, 2000), st.integers(50, 2000))
def test_areas_are_as_the_sizes_and_fill_the_picture(values: list[int], width: int, height: int) -> None:
    values.sort(reverse=True)
    places = squarified([float(value) for value in values], 0, 0, width, height)
    scale = width * height / sum(values)
    for value, (x, y, wide, high) in zip(values, places, strict=True):
        assert wide * high == pytest.approx(value * scale, rel=1e-6)
        assert x >= -1e-6
        assert y >= -1e-6
        assert x + wide <= width + 1e-6
        assert y + high <= height + 1e-6
    for i, (x, y, wide, high) in enumerate(places):
        for other_x, other_y, other_wide, other_high in places[:i]:
            overlap_x = min(x + wide, other_x + other_wide) - max(x, other_x)
            overlap_y = min(y + high, other_y + other_high) - max(y, other_y)
            assert min(overlap_x, overlap_y) < 1e-6


def test_rectangles_are_nearly_squares() -> None:
    """The example of the paper: 6, 6, 4, 3, 2, 2, 1 in 6 by 4."""
    places = squarified([6, 6, 4, 3, 2, 2, 1], 0, 0, 6, 4)
    assert [tuple(round(number, 2) for number in place) for place in places] == [
        (0, 0, 3, 2),
        (0, 2, 3, 2),
        (3, 0, 1.71, 2.33),
        (4.71, 0, 1.29, 2.33),
        (3, 2.33, 1.2, 1.67),
        (4.2, 2.33, 1.2, 1.67),
        (5.4, 2.33, 0.6, 1.67),
    ]


def test_the_picture_says_in_words_what_it_shows() -> None:
    sizes = real_sizes()
    picture = ET.fromstring(svg(sizes, "scheduler.wasm", name="code"))
    ns = "{http://www.w3.org/2000/svg}"
    assert picture.get("role") == "img"
    ids = {element.get("id") for element in picture.iter() if element.get("id")}
    assert set((picture.get("aria-labelledby") or "").split()) <= ids
    assert all(id_ and id_.startswith("code-") for id_ in ids)
    described = picture.find(f"{ns}desc")
    assert described is not None
    assert "The largest: std (Rust)" in (described.text or "")
    titles = [element.text or "" for element in picture.iter(f"{ns}title")][1:]
    assert len(titles) == len(sizes.rows)
    assert any(
        text.startswith("scheduler_core: ") and "reached only from leaked exports" in text for text in titles
    )
    style = picture.find(f"{ns}style")
    assert style is not None
    assert "prefers-color-scheme: dark" in (style.text or "")
    assert all(
        rule.lstrip().startswith((".code", "@media")) for rule in (style.text or "").split("}") if "{" in rule
    )


def test_small_owners_are_one_cell() -> None:
    rows = tuple(
        CodeSize(SizeKind.PACKAGE, Language.RUST, f"c{i}", 500 - i, 1) for i in range(MAX_CELLS + 40)
    )
    found = cells(CodeSizes(10**6, rows, ()), 900, 500)
    assert len(found) == MAX_CELLS + 1
    assert [cell.name for cell in found if cell.row is None] == ["40 more"]
    assert sum(cell.bytes for cell in found) == sum(row.bytes for row in rows)
    figure = ET.fromstring(fragment(CodeSizes(10**6, rows, ()), "x"))
    assert len(figure.findall(".//tbody/tr")) == MAX_CELLS + 1


def test_the_fragment_has_the_numbers_as_a_table() -> None:
    sizes = real_sizes()
    figure = ET.fromstring(fragment(sizes, "scheduler.wasm"))
    rows = figure.findall(".//tbody/tr")
    assert len(rows) == len(sizes.rows)
    first = ["".join(cell.itertext()) for cell in rows[0]]
    assert first == ["std (Rust)", f"{sizes.rows[0].bytes:,}", "48.1%", "330", f"{sizes.rows[0].leaked:,}"]
