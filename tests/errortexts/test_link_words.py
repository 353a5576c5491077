"""``check --explain-link`` says beforehand what real hosts say: compared with them, word for word."""

from __future__ import annotations

import os
import re
import subprocess
from importlib.metadata import version as installed
from itertools import pairwise
from pathlib import Path

import pytest
from errortexts.error_texts import TOOLS, component, said, write
from errortexts.reading_errors import catalog, read
from real_host import Host
from run_component import jco

from wasmdoctor.checks.linkwords import camel, words_for
from wasmdoctor.model.finding import LinkError
from wasmdoctor.pipeline import CheckOptions, check
from wasmdoctor.toolchain import Toolchain

PACKAGES = """
package my:store@1.0.0 {
  interface kv { get: func(k: string) -> string; set: func(k: string); }
  interface r { resource s { constructor(); m: func(); } open: func() -> s; }
  interface holds { resource only; }
  interface types { enum e { a } record t { x: u32 } }
  interface uses { use types.{e}; use r.{s}; f: func(x: e, y: borrow<s>); }
}
package plain:names { interface z { z: func(); } }
package wasi:random@0.2.0 { interface random { get-nothing: func(); get-random-u64: func() -> u64; another: func(); } }
package wasi:cli@0.2.0 {
  interface stdout { resource stray; get-stdout: func() -> stray; }
  interface environment { get-environment: func() -> list<tuple<string, string>>; }
  interface exit { exit: func(status: result); }
}
package wasi:clocks@0.2.0 { interface timezone { f: func(); } interface monotonic-clock { now: func(x: u8) -> u64; } }
package wasi:http@0.2.0 { interface types { resource fields { constructor(); } http-error-code: func() -> u32; } }
package wasi:sockets@0.2.0 { interface network { network-error-code: func(); } }
package wasi:io@0.2.0-rc-2023-11-10 { interface poll { poll: func(); } }
"""
WORLDS = {
    "one": "import my:store/kv@1.0.0;",
    "resource": "import my:store/r@1.0.0;",
    "resource alone": "import my:store/holds@1.0.0;",
    "first of several": "import my:store/r@1.0.0; import my:store/kv@1.0.0; import plain:names/z;",
    "other order": "import plain:names/z; import my:store/kv@1.0.0; import my:store/r@1.0.0;",
    "behind fine ones": "import wasi:cli/environment@0.2.0; import wasi:cli/exit@0.2.0; import my:store/kv@1.0.0;",
    "types first": "import my:store/types@1.0.0; import my:store/uses@1.0.0;",
    "function": "import lonely: func(a: u32) -> string;",
    "function behind": "import lonely: func(); import my:store/kv@1.0.0;",
    "function ahead of fine ones": "import lonely: func(); import wasi:cli/exit@0.2.0;",
    "inline": "import inline: interface { f: func(); }",
    "world's resource": "resource mine; import take: func(x: borrow<mine>);",
    "function missing": "import wasi:random/random@0.2.0;",
    "resource missing": "import wasi:cli/stdout@0.2.0;",
    "never linked": "import wasi:clocks/timezone@0.2.0; import wasi:random/random@0.2.0;",
    "with a flag": "import wasi:http/types@0.2.0; import my:store/kv@1.0.0;",
    "function with a flag": "import wasi:sockets/network@0.2.0;",
    "release candidate": "import wasi:io/poll@0.2.0-rc-2023-11-10;",
    "fine": "import wasi:cli/exit@0.2.0; import wasi:cli/environment@0.2.0;",
}  # fmt: skip
MISTYPED = {
    "parameters": "import wasi:clocks/monotonic-clock@0.2.0;",
    "result": "import wasi:cli/stdin@0.2.0;",
}
MISTYPED_PACKAGES = "package wasi:cli@0.2.0 { interface stdin { get-stdin: func() -> u32; } }\n"
MISTYPED_PACKAGES += "package wasi:clocks@0.2.0 { interface monotonic-clock { now: func(x: u8) -> u64; } }\n"


def world(folder: Path, imports: str, packages: str = PACKAGES) -> Path:
    return component(folder, "app", f"package my:app;\nworld w {{ {imports} export g: func(); }}\n{packages}")


def errors(path: Path, host: str) -> tuple[LinkError, ...]:
    flags = ("p3=n",) if host.startswith("wasmtime") and int(re.sub(r"\D", "", host) or 99) >= 37 else ()
    options = CheckOptions((str(path),), path.parent, host=host, flags=flags, explain_link=True)
    return check(options, catalog(), Toolchain()).components[0].link_errors


@pytest.fixture(scope="module")
def wasmtime_host() -> Host:
    return Host()


HOST = f"wasmtime@{installed('wasmtime').partition('.')[0]}"


@pytest.mark.parametrize("name", WORLDS)
def test_the_words_of_wasmtime(name: str, tmp_path: Path, wasmtime_host: Host) -> None:
    path = world(tmp_path, WORLDS[name])
    real = wasmtime_host.refusal(path.read_bytes()).rstrip("\n")
    said_by_us = errors(path, HOST)
    assert (said_by_us[0].text if said_by_us else "") == real
    assert all(error.whole for error in said_by_us)


@pytest.mark.parametrize("name", MISTYPED)
def test_the_words_of_wasmtime_on_types_go_as_far_as_the_function(
    name: str, tmp_path: Path, wasmtime_host: Host
) -> None:
    path = world(tmp_path, MISTYPED[name], MISTYPED_PACKAGES)
    real = wasmtime_host.refusal(path.read_bytes())
    (error,) = errors(path, HOST)
    assert not error.whole
    assert real.startswith(error.text)
    assert len(real) > len(error.text)


def test_the_others_come_in_the_order_in_which_wasmtime_comes_to_them(
    tmp_path: Path, wasmtime_host: Host
) -> None:
    """Take away what is reported, and the next one is."""
    imports = [
        "import plain:names/z;",
        "import my:store/r@1.0.0;",
        "import lonely: func();",
        "import my:store/kv@1.0.0;",
    ]
    (tmp_path / "all").mkdir()
    predicted = errors(world(tmp_path / "all", " ".join(imports)), HOST)
    assert len(predicted) == 4
    left = list(imports)
    for number, error in enumerate(predicted):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert wasmtime_host.refusal(world(folder, " ".join(left)).read_bytes()).rstrip("\n") == error.text
        left = [line for line in left if error.interface not in line]
    assert not left


def test_what_is_said_is_recognised(tmp_path: Path) -> None:
    """The way round: the words lead to the finding."""
    path = world(tmp_path, "import wasi:http/types@0.2.0; import my:store/kv@1.0.0; import lonely: func();")
    for host in ("wasmtime", "wasmtime@18", "spin", "wasmcloud", "jco"):
        said_by_us = errors(path, host)
        assert said_by_us, host
        for error in said_by_us:
            text = error.text + (" /app/it.js" if error.text.endswith("from") else "")
            (one,) = read(text).recognised
            assert one.code in ("WD101", "WD104", "WD110", "WD114"), (host, text)


@pytest.mark.rust
def test_the_words_of_older_wasmtimes(tmp_path: Path) -> None:
    """Those that tests/tools/setup.sh installs, each in its own environment."""
    program = (
        "import sys\nfrom wasmtime import Engine, Store, WasiConfig, WasmtimeError\n"
        "from wasmtime.component import Component, Linker\n"
        "engine = Engine()\nlinker = Linker(engine)\nlinker.add_wasip2()\n"
        "for path in sys.argv[1:]:\n    store = Store(engine)\n    store.set_wasi(WasiConfig())\n"
        "    try:\n        linker.instantiate(store, Component.from_file(engine, path))\n        print('links')\n"
        "    except WasmtimeError as error:\n        print(str(error).rstrip('\\n'))\n    print('----')\n"
    )
    pythons = sorted(TOOLS.glob("wasmtime-*/bin/python"))
    assert pythons, "tests/tools/setup.sh installs older releases of wasmtime for Python"
    paths = []
    for number, imports in enumerate(WORLDS.values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        paths.append(world(folder, imports))
    for python in pythons:
        major = python.parents[1].name.partition("-")[2]
        quiet = {**os.environ, "RUST_BACKTRACE": "0"}
        done = subprocess.run(
            [python, "-c", program, *paths], capture_output=True, text=True, check=True, env=quiet
        )
        real = done.stdout.split("\n----\n")[: len(paths)]
        for path, text, name in zip(paths, real, WORLDS, strict=True):
            said_by_us = errors(path, f"wasmtime@{major}")
            assert (said_by_us[0].text if said_by_us else "links") == text, (major, name)


JCO_WORLDS = {
    "custom": "import my:store/kv@1.0.0;",
    "custom in order of names": "import plain:names/z; import my:store/kv@1.0.0;",
    "plain goes first": "import my:store/kv@1.0.0; import lonely: func();",
    "no shim": "import wasi:random/random@0.2.0; import wasi:clocks/timezone@0.2.0;",
    "no function": "import wasi:random/random@0.2.0;",
    "custom before no shim": "import wasi:clocks/timezone@0.2.0; import my:store/kv@1.0.0;",
    "inline": "import inline: interface { f: func(); }",
    "no class": "import wasi:cli/stdout@0.2.0;",
}


@pytest.mark.parametrize("name", JCO_WORLDS)
def test_the_words_of_node(name: str, tmp_path: Path) -> None:
    path = world(tmp_path, JCO_WORLDS[name])
    write(tmp_path, {"package.json": '{"type": "module"}'})
    (tmp_path / "node_modules").symlink_to(jco() / "node_modules")
    words = [jco() / "node_modules/.bin/jco", "transpile", path, "-o", tmp_path / "it", "--name", "it", "-q"]
    subprocess.run(words, check=True, capture_output=True)
    real = said("node", "it/it.js", cwd=tmp_path)
    first = errors(path, "jco")[0].text
    assert any(line.startswith(first) for line in real.splitlines()), (first, real)


def test_the_words_of_a_host_inside_another(tmp_path: Path) -> None:
    path = world(tmp_path, WORLDS["one"])
    words = {
        host: [error.text for error in errors(path, host)]
        for host in ("wasmtime@20", "spin@3.4", "spin@2.4", "wasmtime@18")
    }
    assert words["spin@3.4"] == words["wasmtime@20"] != words["spin@2.4"] == words["wasmtime@18"]
    assert words["spin@2.4"][0].startswith("import `my:store/kv@1.0.0` has the wrong type")


def test_a_host_whose_words_are_not_known_says_nothing(tmp_path: Path) -> None:
    assert errors(world(tmp_path, WORLDS["one"]), "none") == ()


def test_every_version_of_wasmtime_has_words() -> None:
    tools = catalog().errors
    lines = catalog().host_profile("wasmtime").lines
    for line in lines:
        assert words_for(tools, catalog().host(f"wasmtime@{line.first}")), line.first
    ranges = sorted(
        (int(words.first), int(words.last) or 999)
        for tool in tools
        if tool.name == "wasmtime"
        for words in tool.links
    )
    assert all(after[0] == before[1] + 1 for before, after in pairwise(ranges))


def test_camel() -> None:
    assert [camel(name) for name in ("get", "get-random-u64", "a-b")] == ["get", "getRandomU64", "aB"]
