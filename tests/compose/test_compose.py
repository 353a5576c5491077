"""`compose`: the wiring against a brute-force oracle, the results against wasm-tools, and what it says."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
import tests_support
from wasmtime import Config, Engine, Store
from wasmtime.component import Component, Linker

from wasmdoctor.discover import discover
from wasmdoctor.graph.composition import wire
from wasmdoctor.model.composition import Composition
from wasmdoctor.pipeline.binaries import read_binaries

Dummy = Callable[..., bytes]

INTERFACES = {
    "net": "resource sock { send: func(x: u32) -> u32; } open: func() -> sock;",
    "kv": "record entry { key: string, value: list<u8> } get: func(key: string) -> option<entry>;",
    "log": "log: func(message: string);",
    "clock": "now: func() -> u64;",
    "id": "next: func() -> string;",
}


def world(imports: list[str], exports: list[str], package: str = "t:app@1.0.0") -> str:
    lines = [f"package {package};", *(f"interface {name} {{ {body} }}" for name, body in INTERFACES.items())]
    lines += ["world w {", *(f"import {name};" for name in imports), *(f"export {name};" for name in exports)]
    return "\n".join([*lines, "}"])


@pytest.fixture(scope="module")
def made(dummy: Dummy) -> Callable[[list[str], list[str]], bytes]:
    """A component that imports and exports these interfaces, made once for each choice."""
    known: dict[tuple[str, str], bytes] = {}

    def make(imports: list[str], exports: list[str]) -> bytes:
        key = (" ".join(imports), " ".join(exports))
        if key not in known:
            known[key] = dummy(world(imports, exports), "w")
        return known[key]

    return make


def composed(folder: Path, **options: object) -> Composition:
    files = read_binaries(discover(["."], folder))
    return wire(files, lambda extern: False, **options)  # type: ignore[arg-type]


def brute_force(shapes: list[tuple[list[str], list[str]]]) -> dict[str, object]:
    """Everything by trying: which imports have one, several or no provider, and who is on a ring."""
    count = range(len(shapes))
    providers = {
        (i, name): [j for j in count if j != i and name in shapes[j][1]]
        for i in count
        for name in shapes[i][0]
    }
    step = {(i, j) for (i, _), found in providers.items() if len(found) == 1 for j in found}
    reach = set(step)
    for k, i, j in product(count, count, count):  # Warshall
        if (i, k) in reach and (k, j) in reach:
            reach.add((i, j))
    needed = {j for found in providers.values() for j in found}
    roots = [i for i in count if i not in needed]
    inside = set(count) if len(roots) != 1 else {roots[0], *(j for i, j in reach if i == roots[0])}
    return {
        "roots": roots,
        "inside": inside,
        "doubles": {(i, name) for (i, name), found in providers.items() if len(found) > 1 and i in inside},
        "missing": {(i, name) for (i, name), found in providers.items() if not found and i in inside},
        "ring": {i for i in inside if (i, i) in reach},
    }


@pytest.mark.parametrize("seed", range(30))
def test_the_verdict_is_that_of_brute_force(
    seed: int, tmp_path: Path, made: Callable[[list[str], list[str]], bytes], wasm_tools: Callable[..., bytes]
) -> None:
    chance = random.Random(seed)
    names = list(INTERFACES)
    shapes: list[tuple[list[str], list[str]]] = []
    for number in range(chance.randint(2, 5)):
        # Mostly in layers, so that many of them can be composed; sometimes in rings.
        exports = [] if number == 0 else chance.sample(names, chance.randint(1, 2))
        imports = [name for name in names if name not in exports and chance.random() < 0.4]
        shapes.append((imports, exports))
        (tmp_path / f"c{number}.wasm").write_bytes(made(imports, exports))
    expected = brute_force(shapes)
    found = composed(tmp_path)

    def index(path: str) -> int:
        return int(path.removeprefix("c").removesuffix(".wasm"))

    def short(name: str) -> str:
        return name.partition("/")[2].partition("@")[0]

    assert [index(path) for path in found.candidates] == expected["roots"]
    assert {(index(d.consumer), short(d.name)) for d in found.doubles} == expected["doubles"]
    assert {(index(path), short(extern.name)) for path, extern in found.missing} == expected["missing"]
    assert {index(path) for ring in found.cycles for path in ring} <= expected["ring"]  # type: ignore[operator]
    assert bool(found.cycles) == bool(expected["ring"])
    assert {index(path) for path in found.order} == expected["inside"]
    done = tests_support.run("compose", ".", "-o", "out/whole.wasm", cwd=tmp_path)
    assert "Traceback" not in done.stderr
    if found.possible and len(found.order) > 1:
        result = tmp_path / "out/whole.wasm"
        wasm_tools("validate", "--features", "all", result)
        file = read_binaries(discover([str(result)], tmp_path))[0]
        assert file.component is not None
        needs = {short(extern.name) for extern in file.component.imports if extern.needs_provider}
        assert needs == {name for _, name in expected["missing"]}  # type: ignore[attr-defined]
        assert done.returncode == (1 if expected["missing"] else 0), done.stdout
        if not needs:
            engine = Engine(Config())
            linker = Linker(engine)
            # Dummies trap only when they are called.
            linker.instantiate(Store(engine), Component(engine, result.read_bytes()))
    else:
        assert not (tmp_path / "out/whole.wasm").exists()


def test_most_of_the_random_cases_compose(tmp_path: Path) -> None:
    """The test above means something: over its seeds there are whole ones, doubles, gaps and rings."""
    seen = {"whole": 0, "doubles": 0, "missing": 0, "ring": 0}
    for seed in range(30):
        chance = random.Random(seed)
        names = list(INTERFACES)
        shapes: list[tuple[list[str], list[str]]] = []
        for number in range(chance.randint(2, 5)):
            exports = [] if number == 0 else chance.sample(names, chance.randint(1, 2))
            shapes.append(([n for n in names if n not in exports and chance.random() < 0.4], exports))
        expected = brute_force(shapes)
        for key in ("doubles", "missing", "ring"):
            seen[key] += bool(expected[key])
        seen["whole"] += len(expected["roots"]) == 1 and not (expected["doubles"] or expected["ring"])  # type: ignore[arg-type]
    assert all(count >= 3 for count in seen.values()), seen


def write(
    folder: Path, made: Callable[[list[str], list[str]], bytes], **shapes: tuple[list[str], list[str]]
) -> None:
    for name, (imports, exports) in shapes.items():
        (folder / f"{name.replace('_', '-')}.wasm").write_bytes(made(imports, exports))


def test_two_providers_want_a_choice(tmp_path: Path, made: Callable[[list[str], list[str]], bytes]) -> None:
    """WD402"""
    write(tmp_path, made, app=(["log"], []), real=([], ["log"]), fake=([], ["log", "id"]))
    done = tests_support.run("compose", ".", cwd=tmp_path)
    assert done.returncode == 1
    assert "WD402" in done.stdout
    assert "fake.wasm, real.wasm" in done.stdout
    assert "--prefer fake.wasm" in done.stdout
    assert not (tmp_path / "composed.wasm").exists()
    done = tests_support.run("compose", ".", "--prefer", "real", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    document = json.loads(done.stdout)
    assert [wire["provider"] for wire in document["wires"]] == ["real.wasm"]
    assert document["root"] == "app.wasm"
    assert document["result"]["size"] == (tmp_path / "composed.wasm").stat().st_size
    # The result of the last run is no part of the next.
    assert tests_support.run("compose", ".", "--prefer", "real", cwd=tmp_path).returncode == 0


def test_a_ring_is_told_once(tmp_path: Path, made: Callable[[list[str], list[str]], bytes]) -> None:
    """WD403"""
    write(
        tmp_path,
        made,
        app=(["log"], []),
        one=(["kv"], ["log"]),
        two=(["clock"], ["kv"]),
        three=(["log"], ["clock"]),
    )
    done = tests_support.run("compose", ".", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.count("error[WD403]") == 1
    assert "one.wasm -> two.wasm -> three.wasm -> one.wasm" in done.stdout


def test_what_is_missing_stays_an_import(
    tmp_path: Path, made: Callable[[list[str], list[str]], bytes]
) -> None:
    """WD401 and WD405"""
    write(tmp_path, made, app=(["log", "kv"], []), logs=(["id"], ["log"]))
    done = tests_support.run("compose", "app.wasm", "logs.wasm", "-o", "x.wasm", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.count("error[WD401]") == 2
    assert "x.wasm would still import `t:app/id@1.0.0`, `t:app/kv@1.0.0`" in done.stdout
    assert "error[WD405]" in done.stdout


def test_what_does_not_fit_is_told_function_by_function(
    tmp_path: Path, made: Callable[[list[str], list[str]], bytes], dummy: Dummy
) -> None:
    """WD110"""
    write(tmp_path, made, app=(["log", "net", "id"], []))
    other = """
    package t:app@1.0.0;
    interface log { log: func(message: list<u8>); }
    interface net { open: func() -> u32; }
    world w { export log; export net; }
    """
    (tmp_path / "other.wasm").write_bytes(dummy(other, "w"))
    later = world([], ["id"], "t:app@2.0.0")
    (tmp_path / "later.wasm").write_bytes(dummy(later, "w"))
    done = tests_support.run("compose", ".", "--root", "app.wasm", cwd=tmp_path, env={"COLUMNS": "200"})
    assert done.returncode == 1
    assert "`log` of `t:app/log@1.0.0` differs between importer and other.wasm" in done.stdout
    assert "imported as func(message: string)" in done.stdout
    assert "exported as func(message: list<u8>)" in done.stdout
    assert "has no `[method]sock.send`" in done.stdout
    assert "later.wasm exports it at version 2.0.0, which is not compatible with 1.0.0" in done.stdout


DOCUMENT = """\
package demo:whole;

let logs = new demo:logs {{ ... }};
let app = new demo:app {{
    "{given}": {instance}["{taken}"],
    ...
}};
export app...;
"""


@pytest.mark.parametrize(
    ("given", "instance", "taken", "place", "words"),
    [
        ("t:app/log@1.0.0", "logs", "t:app/logs@1.0.0", "5:29", "did you mean `t:app/log@1.0.0`?"),
        ("t:app/lag@1.0.0", "logs", "t:app/log@1.0.0", "5:5", "`demo:app` does not import `t:app/lag@1.0.0`"),
        ("t:app/log@1.0.0", "log", "t:app/log@1.0.0", "5:24", "there is no `log`"),
    ],
)
def test_names_in_documents(
    tmp_path: Path,
    made: Callable[[list[str], list[str]], bytes],
    given: str,
    instance: str,
    taken: str,
    place: str,
    words: str,
) -> None:
    """WD404"""
    write(tmp_path, made, app=(["log"], ["kv"]), logs=([], ["log"]))
    (tmp_path / "whole.wac").write_text(DOCUMENT.format(given=given, instance=instance, taken=taken))
    done = tests_support.run("compose", "whole.wac", "app.wasm", "logs.wasm", "--dry-run", cwd=tmp_path)
    assert done.returncode == 1
    assert "error[WD404]" in done.stdout
    assert f"whole.wac:{place}" in done.stdout
    assert words in done.stdout


def test_a_document_without_its_components(tmp_path: Path) -> None:
    """WD404"""
    (tmp_path / "whole.wac").write_text(DOCUMENT.format(given="a:b/c", instance="logs", taken="a:b/c"))
    done = tests_support.run("compose", "whole.wac", "--dry-run", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.count("no component was found for the package") == 2


@pytest.mark.rust
def test_wac_makes_the_same(tmp_path: Path, made: Callable[[list[str], list[str]], bytes]) -> None:
    """With the real wac, from the components and from a document. tests/tools/setup.sh installs it."""
    tools = Path(os.environ.get("WASMDOCTOR_TOOLS") or Path.home() / ".cache" / "wasmdoctor-tools") / "bin"
    assert (tools / "wac").is_file(), "wac is missing: run tests/tools/setup.sh"
    env = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    write(
        tmp_path, made, app=(["log", "kv", "net"], ["id"]), logs=([], ["log", "net"]), keys=(["log"], ["kv"])
    )
    names = ["app.wasm", "logs.wasm", "keys.wasm"]
    done = tests_support.run("compose", *names, "-o", "one.wasm", cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "made by wac 0." in done.stdout
    done = tests_support.run("compose", *names, "--format", "wac", cwd=tmp_path, env=env)
    (tmp_path / "whole.wac").write_text(done.stdout)
    done = tests_support.run("compose", "whole.wac", *names, "-o", "two.wasm", cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "one.wasm").read_bytes() == (tmp_path / "two.wasm").read_bytes()
    done = tests_support.run(
        "compose", *names, "--tool", "wasm-tools", "-o", "three.wasm", cwd=tmp_path, env=env
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for result in ("one.wasm", "three.wasm"):
        engine = Engine(Config())
        component = Component(engine, (tmp_path / result).read_bytes())
        Linker(engine).instantiate(Store(engine), component)
    # A document that leaves an import to the host is made, and said to be refused.
    (tmp_path / "half.wac").write_text(
        "package demo:half;\nlet app = new local:app { ... };\nexport app...;\n"
    )
    done = tests_support.run("compose", "half.wac", "app.wasm", "-o", "half.wasm", cwd=tmp_path, env=env)
    assert done.returncode == 1
    assert "half.wasm would still import `t:app/kv@1.0.0`" in done.stdout


def test_a_function_wants_wac(tmp_path: Path, dummy: Dummy) -> None:
    (tmp_path / "app.wasm").write_bytes(dummy("package a:b;\nworld w { import beep: func(); }", "w"))
    (tmp_path / "beeper.wasm").write_bytes(dummy("package a:b;\nworld w { export beep: func(); }", "w"))
    done = tests_support.run("compose", "app.wasm", "beeper.wasm", "--tool", "wasm-tools", cwd=tmp_path)
    assert done.returncode == 2
    assert "only `wac` can wire `beep`" in done.stderr


def test_bad_input(tmp_path: Path, made: Callable[[list[str], list[str]], bytes]) -> None:
    write(tmp_path, made, app=(["log"], []), logs=([], ["log"]))
    for words, said in (
        (["none.wasm"], "none.wasm"),
        (["app.wasm", "logs.wasm", "--root", "other"], "--root other is none of the components"),
        (["app.wasm", "logs.wasm", "--prefer", "x"], "--prefer x is none of the components"),
        (["a.wac", "b.wac"], "one .wac document makes one component"),
        (["a.wac"], "a.wac cannot be read"),
    ):
        done = tests_support.run("compose", *words, cwd=tmp_path)
        assert done.returncode == 2, words
        assert said in done.stderr
        assert "Traceback" not in done.stderr
