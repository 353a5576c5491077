"""The API of our bridge is that of ``wit-bindgen rust``, item by item, over all WIT that there is."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from bridge import zoo
from bridge.bindgen import (
    CASES,
    CORPUS,
    ROOT,
    bridge_of,
    compared,
    generated,
    needs_async_runtime,
    option,
    request,
    resolved,
    world_of_everything,
    worlds,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wasmdoctor.migrate.bridge.module import Parts, bridge_module
from wasmdoctor.model.wit import World

pytestmark = pytest.mark.rust

BORROWING = "Borrowing { duplicate_if_necessary: false }"
DUPLICATE = "Borrowing { duplicate_if_necessary: true }"
VARIANTS = [
    ((), ()),
    (("--raw-strings",), (option("raw_strings"),)),
    (("--ownership", "borrowing"), (option("ownership", BORROWING),)),
    (("--ownership", "borrowing-duplicate-if-necessary"), (option("ownership", DUPLICATE),)),
    (("--generate-unused-types",), (option("generate_unused_types", "true"),)),
    (
        ("-d", "PartialEq", "-d", "Debug2", "--additional-derive-ignore", "long-record-name"),
        (
            option("additional_derives", elements=(("", "PartialEq"), ("", "Debug2"))),
            option("additional_derives_ignore", elements=(("", "long-record-name"),)),
        ),
    ),
]


def corpus() -> list[Path]:
    """Folders and files that are WIT packages, each content once: published crates, and our fixtures."""
    found: list[Path] = []
    seen: set[bytes] = set()
    for root in (CORPUS, ROOT / "fixtures"):
        assert root.is_dir(), f"{root} is not there: run tests/tools/setup.sh"
        for folder, _, names in sorted(os.walk(root)):
            files = [Path(folder) / name for name in sorted(names) if name.endswith(".wit")]
            if not files or Path(folder).name == "deps":
                continue
            alone = [[file] for file in files] if len(files) > 1 else []
            for path, parts in ((Path(folder), files), *((part[0], part) for part in alone)):
                digest = hashlib.sha256(b"\0".join(part.read_bytes() for part in parts)).digest()
                if digest not in seen:
                    seen.add(digest)
                    found.append(path)
    return found


def everything(path: Path, folder: Path) -> Path:
    """A package with a world that imports all interfaces of the packages at `path`."""
    shutil.rmtree(folder, ignore_errors=True)
    if path.is_dir():
        shutil.copytree(path / "deps", folder / "deps") if (path / "deps").is_dir() else None
        for file in path.glob("*.wit"):
            (folder / "deps" / "main").mkdir(parents=True, exist_ok=True)
            shutil.copy(file, folder / "deps" / "main")
    else:
        (folder / "deps").mkdir(parents=True)
        shutil.copy(path, folder / "deps")
    (folder / "all.wit").write_text(world_of_everything(resolved(path, everything=True)))
    return folder


def contents(world: World) -> str:
    """What a world imports and exports, as text: the same for a copy of it elsewhere."""
    items = [
        (name, item.interface, item.function, item.type)
        for side in (world.imports, world.exports)
        for name, item in side.items()
    ]
    return re.sub(r"Location\([^)]*\)", "", repr(items))


def test_it_is_the_same_for_all_wit_that_there_is(tmp_path, capsys):
    packages, compared_worlds, items, refused = 0, 0, 0, 0
    differences, seen = [], set()
    for path in corpus():
        if resolved(path, everything=True).problems:
            continue
        packages += 1
        for place in (path, everything(path, tmp_path / "everything")):
            resolution = resolved(place, everything=True)
            for world in () if resolution.problems else worlds(resolution):
                key = contents(world)
                if key in seen or not world.imports:
                    continue
                seen.add(key)
                text = generated(place, world.name, tmp_path / "out", "--all-features")
                if text is None:  # a WIT that wit-bindgen 0.48 does not know, or a panic of it
                    refused += 1
                    continue
                count, found = compared(f"{place} {world.name}", text, bridge_of(world, resolution))
                compared_worlds += 1
                items += count
                differences += [difference for difference in found if not needs_async_runtime(difference)]
    with capsys.disabled():
        print(
            f"\nbridge: {packages} WIT packages, {compared_worlds} worlds with {items} items compared with "
            f"wit-bindgen ({refused} worlds that it does not take)"
        )
    assert not differences, "\n".join(str(difference) for difference in differences[:10])
    assert compared_worlds >= 300
    assert items >= 5000


def test_all_of_it_compiles_without_a_warning(tmp_path, capsys):
    seen: set[str] = set()
    modules: list[str] = []
    for path in corpus():
        resolution = resolved(path, everything=True)
        for world in () if resolution.problems else worlds(resolution):
            labels = {name for name, item in world.imports.items() if item.interface and "/" not in name}
            spaces = {name.partition(":")[0] for name in world.imports if ":" in name}
            if contents(world) in seen or labels & spaces:  # wit-bindgen makes two modules of one name
                continue
            seen.add(contents(world))
            plain = [
                name
                for name, item in world.exports.items()
                if item.interface and not item.interface.resources
            ]
            module = f"w{len(modules)}"
            wanted = replace(request(world), path=f"src/{module}.rs", exported_types=tuple(plain))
            for name, data in bridge_module(wanted, resolution, Parts(cases=CASES)).files.items():
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / name).write_bytes(data)
            modules.append(f"pub mod {module};\n")
    (tmp_path / "src" / "lib.rs").write_text("".join(modules))
    command = ["rustc", "--edition", "2021", "--crate-type", "lib", "--emit", "metadata", "-Dwarnings"]
    done = subprocess.run(
        [*command, "-o", "lib.rmeta", "src/lib.rs"], cwd=tmp_path, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    with capsys.disabled():
        print(f"\nbridge: {len(modules)} modules compiled")
    assert done.returncode == 0, done.stderr[:4000]
    assert len(modules) >= 200


@pytest.mark.parametrize(
    ("flags", "options"), VARIANTS, ids=[" ".join(flags) or "none" for flags, _ in VARIANTS]
)
def test_it_is_the_same_with_the_options_of_generate(flags, options, tmp_path):
    path = tmp_path / "wit"
    path.mkdir()
    (path / "zoo.wit").write_text(zoo.WIT)
    resolution = resolved(path)
    world = next(worlds(resolution))
    text = generated(path, world.name, tmp_path / "out", *flags)
    assert text is not None
    count, differences = compared("zoo", text, bridge_of(world, resolution, *options))
    assert not differences, "\n".join(map(str, differences))
    assert count > 70


# WIT that nobody wrote: types in types, used from one interface in another.

PRIMITIVES = st.sampled_from(["u8", "s64", "f32", "bool", "char", "string", "list<u8>"])
NAMES = st.sampled_from(["rec", "var", "enu", "fla", "ali", "res"])


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Types out of types."""
    return st.one_of(
        inner.map("list<{}>".format),
        inner.map("option<{}>".format),
        st.tuples(inner, inner).map(lambda two: f"result<{two[0]}, {two[1]}>"),
        inner.map("result<_, {}>".format),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"tuple<{', '.join(parts)}>"),
    )


def types(*names: str) -> st.SearchStrategy[str]:
    """Types that may name some others."""
    known = [PRIMITIVES, st.sampled_from(names)] if names else [PRIMITIVES]
    return st.recursive(st.one_of(*known), nested, max_leaves=4)


@st.composite
def packages(draw):
    """Two interfaces, the second of which uses the types of the first."""
    plain, all_types = types(), types("rec", "var", "enu", "fla", "ali", "res")
    define = f"""
  resource res {{ constructor(a: {draw(plain)}); m: func(a: {draw(plain)}) -> {draw(plain)}; }}
  enum enu {{ a, b }}
  flags fla {{ a, b }}
  record rec {{ a: {draw(types("enu", "fla"))}, b: {draw(types("enu", "res"))} }}
  variant var {{ a, b({draw(types("rec", "enu"))}), c({draw(plain)}) }}
  type ali = {draw(types("rec", "var"))};"""
    functions = [
        f"  f{index}: func(a: {draw(all_types)}, b: {draw(all_types)}) -> {draw(all_types)};\n"
        f"  g{index}: func(a: borrow<res>, b: {draw(all_types)}) -> result<{draw(all_types)}, {draw(NAMES)}>;"
        for index in range(3)
    ]
    return f"""package a:b;
interface one {{{define}
{functions[0]}
}}
interface two {{
  use one.{{rec, var, enu, fla, ali, res}};
  record mine {{ x: {draw(all_types)}, y: {draw(all_types)} }}
{functions[1]}
  h: func(a: mine, b: list<mine>) -> option<mine>;
}}
world w {{
  use one.{{rec, var, enu, fla, ali, res}};
  import one; import two;
{functions[2].replace("  f2", "  import f2").replace("  g2", "  import g2")}
}}
"""


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=packages(), ownership=st.sampled_from(VARIANTS[:5]))
def test_it_is_the_same_for_wit_that_nobody_wrote(tmp_path, text, ownership):
    path = tmp_path / "wit"
    path.mkdir(exist_ok=True)
    (path / "a.wit").write_text(text)
    resolution = resolved(path)
    assert not resolution.problems, text
    flags, options = ownership
    code = generated(path, "w", tmp_path / "out", *flags)
    assert code is not None, text
    world = resolution.main[0].worlds["w"]
    _, differences = compared("w", code, bridge_of(world, resolution, *options))
    assert not differences, text + "\n".join(map(str, differences))
