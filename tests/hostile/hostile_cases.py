"""The hostile corpus: each case writes files into a folder, and says how wasmdoctor is run there.

Small files stand here as they are, large ones are made. What a case must say is a part of what is printed: the
sentence for the person; a case without one only has to end as it says.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hostile.hostile_bytes import (
    COMPONENT,
    MODULE,
    archive,
    component,
    custom,
    header,
    instances,
    leb,
    member,
    name,
    numbered,
    section,
    vector,
)

ROOT = Path(__file__).resolve().parent.parent.parent
PREBUILT = ROOT / "fixtures/scheduler/prebuilt"
Make = Callable[[Path], None]


@dataclass(frozen=True)
class Case:
    """``make`` fills an empty folder, ``words`` are the command; ``says`` is printed, ``codes`` are its exit codes."""

    name: str
    make: Make
    words: tuple[str, ...]
    says: str
    codes: tuple[int, ...]


CASES: dict[str, Case] = {}


def case(title: str, *words: str, says: str = "", codes: tuple[int, ...] = (0, 1)) -> Callable[[Make], Make]:
    """Register what makes the files of a case."""

    def register(make: Make) -> Make:
        assert title not in CASES
        CASES[title] = Case(title, make, words or ("check", "."), says, codes)
        return make

    return register


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data.encode() if isinstance(data, str) else data)


def file(
    title: str,
    data: Callable[[], str | bytes],
    path: str = "x.wasm",
    says: str = "",
    codes: tuple[int, ...] = (1,),
) -> None:
    """A case that is one file, made when it is wanted."""
    case(title, says=says, codes=codes)(lambda folder: write(folder, {path: data()}))


# -- binaries

file("wasm: nothing", lambda: b"", says="too short to be WebAssembly")
file("wasm: magic alone", lambda: b"\0asm", says="unknown version or layer")
file("wasm: a layer nobody defined", lambda: b"\0asm\1\0\7\0", says="unknown version or layer")
file("wasm: text", lambda: "(component)", says="text format")
file("wasm: a zip", lambda: b"PK\3\4" + b"\0" * 100, says="zip archive")
file("wasm: a section of 4 GB", lambda: MODULE + b"\2\xff\xff\xff\xff\x0f", says="cut off")
file("wasm: a size of 33 bits", lambda: MODULE + b"\2\xff\xff\xff\xff\x1f", says="longer than 32 bits")
file("wasm: a size without end", lambda: MODULE + b"\2" + b"\x80" * 100_000, says="longer than 32 bits")


@case("wasm: 4294967295 imports, and types, in six bytes", says="4294967295 items are announced", codes=(1,))
def _announced(folder: Path) -> None:
    count = b"\xff\xff\xff\xff\x0f"
    write(folder, {"x.wasm": MODULE + section(2, count), "y.wasm": COMPONENT + section(7, count)})


file(
    "wasm: a name of 4 GB",
    lambda: MODULE + section(2, b"\1\xff\xff\xff\xff\x0f"),
    says="longer than the 100000 allowed",
)
file("wasm: a name that is not UTF-8", lambda: MODULE + section(2, b"\1\2\xff\xfe\1a\0\0"), says="not UTF-8")
file(
    "wasm: a name of 100,001 bytes", lambda: component(["a" * 100_001]), says="longer than the 100000 allowed"
)
file(
    "wasm: a million imports of a module",
    lambda: MODULE + section(1, b"\1\x60\0\0") + section(2, leb(10**6) + b"\1a\1b\0\0" * 10**6),
    says="more than 50000 imports",
)
file(
    "wasm: a million imports of a component",
    lambda: COMPONENT + section(7, vector([b"\x40\0\1\0"])) + section(10, leb(10**6) + b"\0\1a\1\0" * 10**6),
    says="more than 1000 imports",
)
file(
    "wasm: 20,000 imports that nobody provides",
    lambda: instances([f"a:b/i{n}" for n in range(20_000)]),
    says="more than 1000 imports",
)
file(
    "wasm: 100,000 exports",
    lambda: (
        component([], [])
        + section(11, leb(100_000) + b"".join(b"\0" + name(f"e{n}") + b"\1\0\0" for n in range(100_000)))
    ),
    says="more than 1000 exports",
)
file(
    "wasm: a million sections",
    lambda: MODULE + section(0, b"\0") * 1_000_000,
    says="more than 20000 sections",
)
file(
    "wasm: 50,000 sections of types",
    lambda: COMPONENT + section(7, vector([b"\x40\0\1\0"])) * 50_000,
    says="more than 20000 sections",
)
file(
    "wasm: as many sections of types as are read",
    lambda: instances(["a:b/c"]) + section(7, vector([b"\x40\0\1\0"])) * 19_998,
    says="WD101",
)
file(
    "wasm: a million functions with names",
    lambda: MODULE + custom("name", section(1, leb(10**6) + numbered(10**6, tail=b"\1f"))),
    codes=(0, 1),
)
file(
    "wasm: a producers section of 100,000 fields",
    lambda: MODULE + custom("producers", leb(100_000) + b"\1a\1\1b\1c" * 100_000),
    codes=(0, 1),
)
file(
    "wasm: a producers section that lies",
    lambda: MODULE + custom("producers", b"\xff\xff\xff\xff\x0f"),
    codes=(0, 1),
)


@case("wasm: lists in lists, 100,000 deep", codes=(0, 1))
def _lists(folder: Path) -> None:
    types = b"\x70\x73" + numbered(99_999, b"\x70")
    write(
        folder,
        {"x.wasm": COMPONENT + section(7, leb(100_000) + types) + section(10, b"\1\0\1a\3\0" + leb(99_999))},
    )


@case("wasm: types that double 100,000 times", codes=(0, 1))
def _double(folder: Path) -> None:
    types = b"\x70\x73" + b"".join(b"\x6f\2" + leb(n) * 2 for n in range(99_999))
    function = b"\x40\1\1a" + leb(99_999) + b"\1\0"
    data = COMPONENT + section(7, leb(100_001) + types + function) + section(10, b"\1\0\1f\1" + leb(100_000))
    write(folder, {"x.wasm": data})


def _nested(depth: int, open_: bytes, close: bytes) -> bytes:
    return open_ * depth + close * depth


file(
    "wasm: component types in component types, 100,000 deep",
    lambda: COMPONENT + section(7, b"\1" + b"\x41\1\1" * 100_000 + b"\x41\0"),
    says="nested",
)
file(
    "wasm: instance types in instance types, 100,000 deep",
    lambda: COMPONENT + section(7, b"\1" + b"\x42\1\1" * 100_000 + b"\x42\0"),
    says="nested",
)


@case("wasm: components in components, 10,000 deep", codes=(0, 1))
def _inner(folder: Path) -> None:
    data = COMPONENT
    for _ in range(10_000):
        data = COMPONENT + section(4, data)
    write(folder, {"x.wasm": data})


@case("wasm: 10,000 modules in a component", codes=(0, 1))
def _modules(folder: Path) -> None:
    write(folder, {"x.wasm": instances(["a:b/c"]) + section(1, MODULE) * 10_000})


@case("wasm: every cut of a component", says="cut off", codes=(1,))
def _cuts(folder: Path) -> None:
    data = (PREBUILT / "scheduler.wasm").read_bytes()
    for at in range(9, len(data), len(data) // 40):
        (folder / f"cut-{at}.wasm").write_bytes(data[:at])


@case("wasm: noise behind a preamble", codes=(0, 1))
def _noise(folder: Path) -> None:
    rng = random.Random(8)
    for number in range(60):
        (folder / f"n{number}.wasm").write_bytes((COMPONENT, MODULE)[number % 2] + rng.randbytes(2000))


@case("wasm: a component whose bytes are changed", codes=(0, 1))
def _changed(folder: Path) -> None:
    rng = random.Random(9)
    data = (PREBUILT / "scheduler_core.wasm").read_bytes()
    for number in range(6):
        changed = bytearray(data)
        for _ in range(10):
            changed[rng.randrange(len(data))] = rng.randrange(256)
        (folder / f"n{number}.wasm").write_bytes(changed)


@case("wasm: 100 GB that take no room", codes=(0, 1))
def _sparse(folder: Path) -> None:
    with open(folder / "x.wasm", "wb") as stream:
        stream.write(MODULE + b"\0\xff\xff\xff\xff\x0f\1a")
        stream.truncate(100 * 2**30)


@case("wasm: 4 GB of types that take no room", says="more than the", codes=(1,))
def _sparse_types(folder: Path) -> None:
    with open(folder / "x.wasm", "wb") as stream:
        stream.write(COMPONENT + b"\7\xff\xff\xff\xff\x0f\1")
        stream.truncate(len(COMPONENT) + 6 + 2**32 - 1)


def _code(body: bytes, functions: int = 1) -> bytes:
    bodies = vector([leb(len(body) + 1) + b"\0" + body] * functions)
    inner = (
        MODULE
        + section(1, b"\1\x60\0\0")
        + section(3, leb(functions) + bytes(functions))
        + section(10, bodies)
    )
    return instances(["a:b/c"]) + section(1, inner)


file("wasm: blocks in blocks, 100,000 deep", lambda: _code(b"\2\x40" * 100_000 + b"\x0b" * 100_001))
file(
    "wasm: a branch with a million targets",
    lambda: _code(b"\x41\0\x0e" + leb(10**6) + bytes(10**6 + 1) + b"\x0b"),
)
file("wasm: a branch with 4294967295 targets", lambda: _code(b"\x41\0\x0e\xff\xff\xff\xff\x0f\0\x0b"))
file("wasm: 200,000 functions", lambda: _code(b"\x0b", 200_000))
file(
    "wasm: a function that announces 4 GB",
    lambda: (
        instances(["a:b/c"])
        + section(
            1,
            MODULE
            + section(1, b"\1\x60\0\0")
            + section(3, b"\1\0")
            + section(10, b"\1\xff\xff\xff\xff\x0f\0\x0b"),
        )
    ),
)
file(
    "wasm: instances of instances, 100,000 long",
    lambda: instances(["a:b/c"]) + section(5, leb(100_000) + numbered(100_000, b"\1\1\0\1a\5")),
    says="more than 10000 instances",
)
file(
    "wasm: aliases of aliases, 100,000 long",
    lambda: instances(["a:b/c"]) + section(6, leb(100_000) + numbered(100_000, b"\5\0", b"\1a")),
    says="more than 10000 instances",
)
file(
    "wasm: 50,000 aliases of a function",
    lambda: instances(["a:b/c"]) + section(6, leb(50_000) + b"\1\0\0\1f" * 50_000),
    says="WD101",
)

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b[31m\u202egnp.exe\u2066\u200f\r\n\x9b1m\x00a:b/c"
file("wasm: names that command terminals", lambda: instances([ESCAPES, "a:b/\x1b[1Ac@0.2.0"]), says="\\u{1b}")
file(
    "wasm: names like markup and code",
    lambda: instances(
        ["[red]a[/red]", "<script>alert(1)</script>", "`rm -rf /`", "$(reboot)", 'a"b\\c', "%s%n{0}"]
    ),
)

WORLD = "component-type:wit-bindgen:0.48.1:a:b:w:encoded world"
file(
    "wasm: a world that is a bomb",
    lambda: MODULE + custom(WORLD, COMPONENT + section(7, b"\1" + b"\x41\1\1" * 100_000 + b"\x41\0")),
    codes=(0, 1),
)
file(
    "wasm: debug information that points out",
    lambda: (
        _code(b"\x0b")
        + custom(".debug_info", b"\xff" * 50_000)
        + custom(".debug_line", b"../../../../etc/passwd\0" * 2000)
        + custom(".debug_abbrev", b"\1\x11\1" * 20_000)
    ),
)


# -- target folders, archives, special files

TARGET = "target/wasm32-wasip2/debug"
MANIFEST = '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n[dependencies]\nwit-bindgen = "0.48"\n'
LIB = 'wit_bindgen::generate!({ world: "w" });\nfn f() { a::b::c::f(); }\n'
WIT = "package a:b;\ninterface c { f: func(); }\nworld w { import c; export run: func(); }\n"
CRATE: dict[str, str | bytes] = {
    "Cargo.toml": MANIFEST,
    "src/lib.rs": LIB,
    "wit/world.wit": WIT,
    "target/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n",
    "target/.rustc_info.json": "{}",
    f"{TARGET}/app.wasm": instances(["a:b/c"]),
}


def crate(folder: Path, **changes: str | bytes) -> None:
    """A crate whose component lacks an import, with some files changed or added (``__`` for a slash, ``_dot_``)."""
    write(
        folder,
        {**CRATE, **{path.replace("__", "/").replace("_dot_", "."): data for path, data in changes.items()}},
    )


def library(title: str, data: Callable[[], bytes]) -> None:
    """A case with a crate whose dependency's rlib is this."""

    @case(title, "why", "a:b/c", ".", says="a:b/c")
    def make(folder: Path) -> None:
        crate(folder)
        write(folder, {f"{TARGET}/deps/libapp-0123456789abcdef.rlib": data()})


OBJECT = MODULE + custom(WORLD, COMPONENT)
library(
    "ar: a member that announces more than there is", lambda: archive(header("a.o/", 9_999_999_999), b"x")
)
library("ar: a size that is no number", lambda: archive(header("a.o/", "-1"), b"x"))
library("ar: 200,000 members", lambda: archive(member("a.o/", b"") * 200_000))
library("ar: 10,000 objects", lambda: archive(member("a.o/", OBJECT) * 10_000))
library(
    "ar: a name beyond the table of names", lambda: archive(member("//", b"a/\n"), member("/999999", OBJECT))
)
library("ar: a name in BSD form that is longer than its member", lambda: archive(member("#1/999", OBJECT)))
library(
    "ar: a thin archive that names other people's files",
    lambda: (
        b"!<thin>\n"
        + member("//", b"../../../../../../../../etc/passwd/\n/dev/zero/\n")
        + header("/0", 100)
        + header("/35", 100)
    ),
)
library("ar: cut off", lambda: archive(member("a.o/", OBJECT))[:-30])
library("ar: noise", lambda: b"!<arch>\n" + random.Random(1).randbytes(100_000))


@case("target: pipes in the place of files", says="a:b/c")
def _pipes(folder: Path) -> None:
    crate(folder)
    for path in (
        "pipe.wasm",
        f"{TARGET}/pipe.wasm",
        f"{TARGET}/app.d",
        f"{TARGET}/deps/libapp-0123456789abcdef.rlib",
        f"{TARGET}/deps/app.d",
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(folder / path)


@case("target: pipes in the place of cargo's notes", "why", "a:b/c", ".", says="a:b/c")
def _pipe_notes(folder: Path) -> None:
    crate(folder)
    unit = folder / TARGET / ".fingerprint/app-0123456789abcdef"
    unit.mkdir(parents=True)
    (folder / TARGET / "deps").mkdir()
    for path in ("lib-app.json", "lib-app", "dep-lib-app", "invoked.timestamp"):
        os.mkfifo(unit / path)
    os.mkfifo(folder / TARGET / "deps/libapp-0123456789abcdef.rlib")
    os.mkfifo(folder / TARGET / "deps/app-0123456789abcdef.d")


@case("target: links to devices", says="a:b/c")
def _devices(folder: Path) -> None:
    crate(folder)
    (folder / TARGET / "deps").mkdir()
    for path in (
        "zero.wasm",
        f"{TARGET}/zero.wasm",
        f"{TARGET}/app.d",
        f"{TARGET}/deps/libapp-0123456789abcdef.rlib",
        f"{TARGET}/deps/app-0123456789abcdef.d",
    ):
        (folder / path).symlink_to("/dev/zero")


@case("target: links that go round", says="a:b/c")
def _loops(folder: Path) -> None:
    crate(folder)
    (folder / "a.wasm").symlink_to("b.wasm")
    (folder / "b.wasm").symlink_to("a.wasm")
    (folder / "round").symlink_to(".")
    (folder / TARGET / "up").symlink_to("../../..")
    (folder / "wit/deps").symlink_to("../wit")
    (folder / "src/self").symlink_to(".")


@case("target: a named pipe", "check", "pipe.wasm", says="not a regular file", codes=(1,))
def _named_pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe.wasm")


@case("target: a named device", "check", "/dev/zero", says="not a regular file", codes=(1,))
def _named_device(folder: Path) -> None:
    pass


@case("target: a dependency file of 16 MB", says="a:b/c")
def _depinfo(folder: Path) -> None:
    crate(folder)
    line = f"/x/{TARGET}/app.wasm: " + " ".join(f"/nowhere/{n}/src/lib.rs" for n in range(200_000)) + "\n"
    write(folder, {f"{TARGET}/app.d": line})


@case("target: dependency files of other people's files", says="a:b/c")
def _depinfo_out(folder: Path) -> None:
    crate(folder)
    write(
        folder,
        {f"{TARGET}/app.d": f"{TARGET}/app.wasm: /dev/zero /etc/passwd ../../../../../etc/shadow \x1b[2J\n"},
    )


@case("target: fingerprints that are bombs", "why", "a:b/c", ".", says="a:b/c")
def _fingerprints(folder: Path) -> None:
    crate(folder)
    for number, text in enumerate(
        (
            "[" * 100_000,
            '{"deps":' * 50_000,
            '{"deps":[[1,"a",false,' + "9" * 5000 + "]]}",
            "\x00",
            '{"features":"[' + '\\"a\\",' * 100_000 + '"}',
        )
    ):
        base = f"{TARGET}/.fingerprint/app-{number:016x}"
        write(
            folder,
            {
                f"{base}/lib-app.json": text,
                f"{base}/lib-app": "f" * 16,
                f"{base}/dep-lib-app": b"\1\0" + text.encode()[:1000],
            },
        )
    write(folder, {f"{TARGET}/deps/libapp-{0:016x}.rlib": b"!<arch>\n"})


@case("target: folders 1,000 deep", codes=(0, 1, 2))
def _deep(folder: Path) -> None:
    crate(folder)
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1000):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


@case("target: a .gitignore whose patterns take exponential time", says="a:b/c")
def _gitignore(folder: Path) -> None:
    crate(folder)
    patterns = [
        "a*" * 30 + "b",
        "**/" * 40 + "x",
        "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
        "[" * 1000,
        "!" * 1000,
        "\\",
    ]
    write(folder, {".gitignore": "\n".join(patterns), "a" * 200: "x", "/".join(["a"] * 40) + "/y.wit": ""})


@case("target: a .gitignore of 20,000 patterns", says="a:b/c")
def _gitignore_long(folder: Path) -> None:
    crate(folder)
    write(folder, {".gitignore": "\n".join(f"/p{n}/*" for n in range(20_000))})


# -- WIT


def wit(
    title: str, text: Callable[[], str | bytes], says: str = "", codes: tuple[int, ...] = (0, 1), *words: str
) -> None:
    """A case that is one WIT file in a folder of its own."""
    words = words or ("check", "wit/world.wit")
    case(title, *words, says=says, codes=codes)(lambda folder: write(folder, {"wit/world.wit": text()}))


wit(
    "wit: types in types, 60,000 deep",
    lambda: "package a:b; interface i { type t = " + "list<" * 60_000 + "u8" + ">" * 60_000 + "; }",
    "nested deeper",
)
wit(
    "wit: packages in packages, 25,000 deep",
    lambda: "package a:b;\n" + "package c:d {\n" * 25_000,
    "nested deeper",
)
wit(
    "wit: packages in packages, 40,000 deep",
    lambda: "package a:b;\n" + "package c:d {\n" * 40_000,
    "more than the 400000 that are read",
)
wit("wit: comments in comments, 100,000 deep", lambda: "package a:b; " + "/*" * 100_000, "not closed")
wit(
    "wit: worlds that include each other twice, 2,000 deep",
    lambda: (
        "package a:b;\ninterface i { f: func(); }\nworld w0 { import i; }\n"
        + "".join(f"world w{n} {{ include w{n - 1}; include w{n - 1}; }}\n" for n in range(1, 2000))
    ),
)
wit(
    "wit: includes that make worlds of quadratic size",
    lambda: (
        "package a:b;\n"
        + "".join(f"interface i{n} {{}}\n" for n in range(1500))
        + "world w0 { import i0; }\n"
        + "".join(f"world w{n} {{ include w{n - 1}; import i{n}; }}\n" for n in range(1, 1500))
    ),
)
wit(
    "wit: an include with 20,000 new names",
    lambda: (
        "package a:b;\nworld v {\n"
        + "".join(f"import f{n}: func();\n" for n in range(20_000))
        + "}\nworld w { include v with { "
        + ", ".join(f"f{n} as g{n}" for n in range(20_000))
        + " } }"
    ),
)
wit(
    "wit: interfaces that use each other in a circle",
    lambda: (
        "package a:b;\n"
        + "".join(f"interface i{n} {{ use i{(n + 1) % 5000}.{{t}}; }}\n" for n in range(5000))
    ),
    "in turn",
)
wit(
    "wit: worlds that include each other in a circle",
    lambda: "package a:b;\n" + "".join(f"world w{n} {{ include w{(n + 1) % 5000}; }}\n" for n in range(5000)),
    "in turn",
)
wit(
    "wit: interfaces that use each other in a chain, 5,000 long",
    lambda: (
        "package a:b;\ninterface i0 { resource t; }\n"
        + "".join(f"interface i{n} {{ use i{n - 1}.{{t}}; }}\n" for n in range(1, 5000))
        + "world w { import i4999; }"
    ),
)
wit(
    "wit: records of records, backwards, 5,000",
    lambda: (
        "package a:b;\ninterface i {\n"
        + "".join(f"record r{n} {{ a: r{n + 1}, b: r{n + 1} }}\n" for n in range(5000))
        + "type r5000 = u8;\n}\nworld w { import i; }"
    ),
)
wit(
    "wit: 20,000 functions",
    lambda: (
        "package a:b;\ninterface i {\n"
        + "".join(f"f{n}: func();\n" for n in range(20_000))
        + "}\nworld w { import i; }"
    ),
)
wit("wit: a name of a million letters", lambda: "package a:b; interface " + "a" * 10**6 + " {}")
wit(
    "wit: a version of a million digits",
    lambda: "package a:b@" + "1" * 10**6 + ".0.0; interface i {}",
    codes=(0, 1),
)
wit(
    "wit: names that command terminals",
    lambda: (
        "package a:b;\ninterface i { f: func(a: \u202enope\u2066, b: \x1b[2Jx); }\n// \u202e\x1b]0;x\x07\n"
    ),
    "wit",
)
wit("wit: not UTF-8", lambda: b"package a:b;\ninterface i { \xff\xfe\xc0\x80 }", "wit")
wit("wit: UTF-16", lambda: "package a:b;".encode("utf-16"), "wit")
wit("wit: zeros", lambda: bytes(200_000), "wit")
wit("wit: 25,000 mistakes", lambda: "package a:b;\n" + "interface { }\n" * 25_000, "expected")


@case("wit: deps that lead out", "check", "wit/world.wit", says="wit")
def _deps_out(folder: Path) -> None:
    secret = folder.parent / f"{folder.name}-secret"
    write(secret, {"s.wit": "package secret:s;\ninterface i { type secret-word = u8; }\n"})
    write(
        folder,
        {"Cargo.toml": "[workspace]\n", "wit/world.wit": "package a:b;\nworld w { import secret:s/i; }\n"},
    )
    (folder / "wit/deps").mkdir()
    (folder / "wit/deps/s").symlink_to(secret)
    (folder / "wit/deps/etc").symlink_to("/etc")
    (folder / "wit/deps/zero.wit").symlink_to("/dev/zero")
    os.mkfifo(folder / "wit/deps/pipe.wit")


@case("wit: packages that need each other", "check", "wit/world.wit", says="in turn")
def _deps_circle(folder: Path) -> None:
    write(folder, {"wit/world.wit": "package a:b;\nworld w { import c:d/i; }\n",
                   "wit/deps/c/x.wit": "package c:d;\ninterface i { use e:f/i.{t}; }\n",
                   "wit/deps/e/x.wit": "package e:f;\ninterface i { use c:d/i.{t}; }\n"})  # fmt: skip


@case("wit: an encoded package that is a bomb", "check", "wit/world.wit", codes=(0, 1))
def _deps_bomb(folder: Path) -> None:
    bomb = COMPONENT + section(7, b"\1" + b"\x41\1\1" * 100_000 + b"\x41\0")
    write(
        folder,
        {
            "wit/world.wit": "package a:b;\nworld w {}\n",
            "wit/deps/x.wasm": bomb,
            "wit/deps/y.wat": "(" * 100_000,
        },
    )


@case("wit: a file that is too large", "check", "wit/world.wit", codes=(0, 1))
def _large_wit(folder: Path) -> None:
    write(folder, {"wit/world.wit": "package a:b;\nworld w {}\n", "wit/big.wit": ""})
    os.truncate(folder / "wit/big.wit", 10 * 2**30)


# -- Cargo and TOML


def manifest(
    title: str, text: Callable[[], str | bytes], says: str = "", codes: tuple[int, ...] = (0, 1)
) -> None:
    """A case that is one manifest, with an empty library."""
    case(title, says=says, codes=codes)(
        lambda folder: write(folder, {"Cargo.toml": text(), "src/lib.rs": ""})
    )


HEAD = '[package]\nname = "a"\nversion = "0.1.0"\n'
manifest(
    "toml: arrays in arrays, 100,000 deep",
    lambda: HEAD + "x = " + "[" * 100_000 + "]" * 100_000,
    "Cargo.toml",
)
manifest(
    "toml: tables in tables, 100,000 deep",
    lambda: HEAD + "x = " + "{a=" * 100_000 + "1" + "}" * 100_000,
    "Cargo.toml",
)
manifest("toml: a key of 100,000 parts", lambda: HEAD + ".".join(["a"] * 100_000) + " = 1\n", "Cargo.toml")
manifest(
    "toml: a table of 100,000 parts", lambda: HEAD + "[" + ".".join(["a"] * 100_000) + "]\n", "Cargo.toml"
)
manifest(
    "toml: 1,000 keys of 1,000 parts",
    lambda: HEAD + "".join(".".join(["a"] * 999) + f".b{n} = 1\n" for n in range(1000)),
    "Cargo.toml",
)
manifest(
    "toml: 100,000 keys with dots",
    lambda: HEAD + "[features]\n" + "".join(f"a.b{n} = []\n" for n in range(100_000)),
)
manifest("toml: a number of a million digits", lambda: HEAD + "x = " + "9" * 10**6 + "\n", "Cargo.toml")
manifest(
    "toml: floats without end", lambda: HEAD + "x = 1e" + "9" * 100_000 + "\ny = 0." + "1" * 100_000 + "\n"
)
manifest("toml: a string that never ends", lambda: HEAD + 'x = """' + "a\\\n  " * 400_000, "Cargo.toml")
manifest(
    "toml: a string of 600,000 lines that are taken away",
    lambda: HEAD + 'x = """' + "a\\\n  " * 590_000 + '"""\n',
)
manifest("toml: a key twice", lambda: HEAD + 'name = "b"\n', "Cargo.toml")
manifest("toml: not UTF-8", lambda: b'[package]\nname = "\xff"\n', "UTF-8")
manifest(
    "toml: names that command terminals",
    lambda: (
        '[package]\nname = "\\u001b[2J\\u202ea"\nversion = "\\u0007"\n[lib]\ncrate-type = ["cdylib"]\n'
        '[package.metadata.component]\npackage = "a:b\\u001b[31m"\n'
    ),
)
manifest(
    "cargo: features that double, 2,000 deep",
    lambda: (
        HEAD
        + '[features]\ndefault = ["f0"]\n'
        + "".join(f'f{n} = ["f{n + 1}", "g{n + 1}"]\ng{n} = ["f{n + 1}", "g{n + 1}"]\n' for n in range(2000))
    ),
)
manifest(
    "cargo: features in a circle",
    lambda: HEAD + "[features]\n" + "".join(f'f{n} = ["f{(n + 1) % 5000}"]\n' for n in range(5000)),
)
manifest(
    "cargo: conditions in conditions, 100,000 deep",
    lambda: (
        HEAD + "[target.'cfg(" + "not(" * 100_000 + "unix" + ")" * 100_000 + ')\'.dependencies]\nb = "1"\n'
    ),
)
manifest(
    "cargo: 6,000 dependencies that are not there",
    lambda: (
        HEAD
        + '[lib]\ncrate-type = ["cdylib"]\n[dependencies]\n'
        + "".join(f'd{n} = {{ path = "d{n}" }}\n' for n in range(6_000))
    ),
)
manifest(
    "cargo: paths out of the root",
    lambda: (
        HEAD
        + '[lib]\ncrate-type = ["cdylib"]\npath = "../../../../../../../../etc/passwd"\n[dependencies]\nb = { path = "../../../../../../../../etc" }\nc = { path = "/" }\n'
        'd = { path = "/dev" }\n[package.metadata.component]\npackage = "a:b"\ntarget = { path = "../../../../../../../../etc", world = "w" }\n[package.metadata.component.target.dependencies]\n"x:y" = { path = "/dev/zero" }\n'
    ),
)


manifest("toml: 16 MB of comments", lambda: HEAD + "# a\n" * 4_000_000, "bytes, more than the 3,000,000")
manifest("toml: 3 MB of comments", lambda: HEAD + "# a\n" * 740_000)
manifest("toml: 400,000 numbers", lambda: HEAD + "x = [" + "1," * 400_000 + "]\n", "100000 elements")
manifest(
    "cargo: 39,000 dependencies", lambda: HEAD + "[dependencies]\n" + "".join(f'd{n} = "1"\n' for n in range(39_000)),
    "more than 5,000 dependencies",
)  # fmt: skip


@case("cargo: path dependencies in a circle", codes=(0, 1))
def _path_circle(folder: Path) -> None:
    for n in range(300):
        write(
            folder,
            {
                f"c{n}/Cargo.toml": f'[package]\nname = "c{n}"\nversion = "0.1.0"\n[lib]\ncrate-type = ["cdylib"]\n[dependencies]\nc{(n + 1) % 300} = {{ path = "../c{(n + 1) % 300}" }}\n',
                f"c{n}/src/lib.rs": "",
            },
        )
    write(folder, {"Cargo.toml": '[workspace]\nmembers = ["c*"]\n'})


@case("cargo: workspaces that are members of each other", codes=(0, 1))
def _workspace_circle(folder: Path) -> None:
    write(folder, {"Cargo.toml": '[workspace]\nmembers = ["a", ".", "..", "../..", "/", "**"]\n', "a/Cargo.toml": '[package]\nname = "a"\nversion = "1.0.0"\nworkspace = "../b"\n',
                   "b/Cargo.toml": '[package]\nname = "b"\nversion = "1.0.0"\nworkspace = "../a"\n[workspace]\nmembers = ["../a"]\n', "a/src/lib.rs": "", "b/src/lib.rs": ""})  # fmt: skip
    (folder / "round").symlink_to(".")


@case("cargo: patterns of members that take exponential time", codes=(0, 1))
def _member_patterns(folder: Path) -> None:
    write(
        folder,
        {
            "Cargo.toml": '[workspace]\nmembers = ["'
            + "*a" * 30
            + 'b", "'
            + "**/" * 30
            + 'x", "[!'
            + "a" * 5000
            + ']", "'
            + "?" * 5000
            + '"]\n',
            "a" * 200 + "/Cargo.toml": "",
        },
    )
    (folder / "/".join(["a"] * 30)).mkdir(parents=True)


@case("cargo: a lock file of 100,000 packages", codes=(0, 1))
def _lock(folder: Path) -> None:
    packages = "".join(
        f'[[package]]\nname = "p{n}"\nversion = "1.0.0"\ndependencies = [\n "p{n + 1}",\n]\n\n'
        for n in range(100_000)
    )
    crate(folder, Cargo_dot_lock="version = 4\n\n" + packages)


@case("cargo: manifests that are no files", codes=(0, 1, 2), says="Cargo.toml")
def _no_files(folder: Path) -> None:
    write(folder, {"Cargo.toml": '[workspace]\nmembers = ["a", "b", "c"]\n'})
    for one in "abc":
        (folder / one).mkdir()
    os.mkfifo(folder / "a/Cargo.toml")
    (folder / "b/Cargo.toml").symlink_to("/dev/zero")
    (folder / "c/Cargo.toml").mkdir()


@case("cargo: a root manifest that is a pipe", codes=(0, 1, 2))
def _root_pipe(folder: Path) -> None:
    os.mkfifo(folder / "Cargo.toml")


@case("cargo: a root manifest of 10 GB", codes=(0, 1, 2))
def _root_large(folder: Path) -> None:
    (folder / "Cargo.toml").touch()
    os.truncate(folder / "Cargo.toml", 10 * 2**30)


@case("cargo: configuration that is a pipe, a device, a bomb", codes=(0, 1, 2), says="a:b/c")
def _cargo_config(folder: Path) -> None:
    crate(folder)
    (folder / ".cargo").mkdir()
    os.mkfifo(folder / ".cargo/config.toml")
    write(folder, {".cargo/config": "a = " + "[" * 100_000})


# -- Rust


def rust(
    title: str, text: Callable[[], str], says: str = "", codes: tuple[int, ...] = (0, 1), *words: str
) -> None:
    """A case with a crate of a component whose source is this."""
    case(title, *words, says=says, codes=codes)(lambda folder: crate(folder, src__lib_dot_rs=text()))


rust(
    "rust: generate! with 100,000 keys",
    lambda: (
        'wit_bindgen::generate!({ world: "w", with: {'
        + ", ".join(f'"a:b/i{n}": generate' for n in range(100_000))
        + "} });"
    ),
    "a:b/c",
)
rust(
    "rust: generate! with options nested 100,000 deep",
    lambda: "wit_bindgen::generate!({" + "with: {" * 100_000 + "}" * 100_000 + "});",
    "a:b/c",
)
rust(
    "rust: generate! of other people's folders",
    lambda: (
        'wit_bindgen::generate!({ world: "w", path: ["../../../../../../../../etc", "/dev/zero", "/etc/passwd", "wit"] });'
    ),
    "a:b/c",
)
rust(
    "rust: 1,000 calls of generate!",
    lambda: "".join(f'mod m{n} {{ wit_bindgen::generate!({{ world: "w" }}); }}\n' for n in range(1000)),
    "a:b/c",
)
rust(
    "rust: generate! with WIT in it that is a bomb",
    lambda: (
        'wit_bindgen::generate!({ inline: r#"package x:y; interface i { type t = '
        + "list<" * 100_000
        + '"#, world: "w" });'
    ),
    "a:b/c",
)
rust("rust: modules in modules, 20,000 deep", lambda: "mod a {" * 20_000 + "}" * 20_000, "a:b/c")
rust("rust: brackets, 100,000 deep", lambda: "fn f() {" + "(" * 100_000 + ")" * 100_000 + "}", "a:b/c")
rust("rust: types, 20,000 deep", lambda: "fn f(x: " + "A<" * 20_000 + "u8" + ">" * 20_000 + ") {}", "a:b/c")
rust(
    "rust: a file that is its own module",
    lambda: '#[path = "lib.rs"] mod a; #[path = "../src/lib.rs"] mod b;\n' + LIB,
    "a:b/c",
)
rust(
    "rust: other people's files",
    lambda: (
        '#[path = "/etc/passwd"] mod a; #[path = "../../../../../../../../etc/passwd"] mod b; #[path = "/dev/zero"] mod c; include!("/dev/zero");\n'
        'const X: &str = include_str!("/etc/passwd");\n' + LIB
    ),
    "a:b/c",
)
rust(
    "rust: a raw string with 100,000 hashes", lambda: "const X: &str = r" + "#" * 100_000 + '"' + LIB, "a:b/c"
)
rust("rust: a macro of 600,000 brackets", lambda: "m! {" + "[" * 300_000 + "]" * 300_000 + "}", "a:b/c")
rust(
    "rust: 300 modules that import all of each other",
    lambda: (
        "".join(
            f"mod m{n} {{ pub use super::m{(n * 7 + 1) % 300}::*; pub use super::m{(n + 1) % 300}::*; }}\n"
            for n in range(300)
        )
        + LIB
        + "fn g() { m0::x(); }"
    ),
    "a:b/c",
)
rust(
    "rust: names that command terminals",
    lambda: "mod \u202eb {} // \x1b[2J\nuse crate::\u2066x::*; fn f() { \x1b }\n" + LIB,
    "a:b/c",
)
rust("rust: a chain of 20,000 calls", lambda: "fn f() { a" + ".b()" * 20_000 + "; }", "a:b/c")
rust(
    "rust: why, with 2,000 functions that call each other",
    lambda: (
        LIB
        + "".join(
            f"pub fn f{n}() {{ f{n + 1}(); f{(n * 7) % 2000}(); a::b::c::f(); }}\n" for n in range(2000)
        )
    ),
    "a:b/c",
    (0, 1),
    "why",
    "a:b/c",
    ".",
)
rust("rust: a plan for what cannot be read", lambda: "}}}}" * 1000 + LIB, "", (0, 1, 2), "plan", ".")


rust(
    "rust: a chain of 250,000 calls", lambda: LIB + "fn f() { a" + ".b()" * 250_000 + "; }", "nodes of syntax"
)
rust("rust: a macro of 600,000 words", lambda: LIB + "m!{" + "a b " * 300_000 + "}", "nodes of syntax")
rust("rust: as many functions as are read", lambda: LIB + "fn f(){a::b::c::f();}\n" * 9_000, "a:b/c")
rust("rust: as many uses as are read", lambda: LIB + "use a::b::*;\n" * 14_000, "a:b/c")


@case("rust: a source that is a pipe", says="a:b/c")
def _rust_pipe(folder: Path) -> None:
    crate(folder, src__lib_dot_rs="mod a; mod b; mod c;\n" + LIB)
    os.mkfifo(folder / "src/a.rs")
    (folder / "src/b.rs").symlink_to("/dev/zero")
    (folder / "src/c.rs").symlink_to("/etc/passwd")


# -- composition


def wac(
    title: str, text: Callable[[], str | bytes], says: str = "", codes: tuple[int, ...] = (0, 1, 2)
) -> None:
    """A case that composes by one document."""
    case(title, "compose", "--wac", "x.wac", "a.wasm", "-o", "out.wasm", says=says, codes=codes)(
        lambda folder: write(folder, {"x.wac": text(), "a.wasm": component([], [])})
    )


wac(
    "wac: 50,000 lets",
    lambda: "package a:b;\n" + "".join(f"let x{n} = new a:b {{ ... }};\n" for n in range(50_000)),
)
wac(
    "wac: new in new, 100,000 deep",
    lambda: "package a:b;\nlet x = " + "new a:b { y: " * 100_000 + "}" * 100_000 + ";\n",
)
wac(
    "wac: brackets without end", lambda: "package a:b;\nexport " + "(" * 100_000 + "x" + ")" * 100_000 + ";\n"
)
wac(
    "wac: names that command terminals",
    lambda: "package a:b;\nlet \u202ex = new \x1b[2J:b { ... };\nexport y...;\n",
)
wac("wac: noise", lambda: random.Random(3).randbytes(50_000))


@case("compose: components that need each other", "compose", ".", "-o", "out.wasm", codes=(0, 1, 2))
def _compose(folder: Path) -> None:
    for number in range(25):
        write(folder, {f"c{number}.wasm": instances([f"a:b/i{n}" for n in range(25) if n != number])})


# -- what commands print


@case(
    "graph: names that command terminals, as a page",
    "graph",
    ".",
    "--format",
    "html",
    says="<html",
    codes=(0, 1),
)
def _graph_page(folder: Path) -> None:
    write(folder, {"x.wasm": instances([ESCAPES, "</script><script>alert(1)</script>", "a:b/c"])})


@case("check: names that are markup, as JSON", "check", ".", "--format", "json", says='"schema"', codes=(1,))
def _json(folder: Path) -> None:
    write(folder, {"x.wasm": instances([ESCAPES, '"}],"findings":[', "a:b/c"])})


@case("check: file names that command terminals", codes=(1,))
def _file_names(folder: Path) -> None:
    for title in (
        "\x1b[2Ja.wasm",
        "\u202eb.wasm",
        "new\nline.wasm",
        "-rf.wasm",
        "$(reboot).wasm",
        "`x`.wasm",
        "[red].wasm",
    ):
        write(folder, {title: instances(["a:b/c"])})
    with open(os.fsencode(folder) + b"/\xff\xfe.wasm", "wb") as stream:
        stream.write(instances(["a:b/c"]))


# -- what wasmdoctor keeps itself


@case("journal: one that came with the repository", "undo", codes=(1, 2))
def _journal(folder: Path) -> None:
    for number, text in enumerate(
        ('{"version": 1, "files": [{"path": "../../x"}]}', "[" * 100_000, "\x00", "{}")
    ):
        write(folder, {f".wasmdoctor/{number:04}/journal.json": text})
        write(folder, {f".wasmdoctor/journal/{number:04}/journal.json": text})
    (folder / ".wasmdoctor/link").symlink_to("/etc")


# -- configuration, suppressions, baselines


def settings(
    title: str,
    text: Callable[[], str | bytes],
    says: str = "",
    codes: tuple[int, ...] = (0, 1, 2),
    imports: int = 1,
) -> None:
    """A case with a configuration of its own, and a component with imports that nobody provides."""
    case(title, "check", "x.wasm", says=says, codes=codes)(
        lambda folder: write(
            folder,
            {"wasmdoctor.toml": text(), "x.wasm": instances([f"a:b/i{n}" for n in range(imports)])},
        )
    )


def _allowed(times: int) -> str:
    return "".join(
        f'[[allow]]\nrules = ["WD101"]\ninterface = "c:d/*{n}*"\nreason = "r"\n' for n in range(times)
    )


settings("config: arrays in arrays, 100,000 deep", lambda: "select = " + "[" * 100_000, "nested deeper")
settings("config: tables in tables, 100,000 deep", lambda: "select = " + "{a=" * 100_000, "nested deeper")
settings("config: a key of 100,000 parts", lambda: ".".join(["a"] * 100_000) + " = 1\n", "more than 64 parts")
settings(
    "config: 30,000 keys that there are not", lambda: "".join(f"key{n} = 1\n" for n in range(30_000)), "key0"
)
settings("config: 100,000 hosts", lambda: "hosts = [" + '"w",' * 100_000 + "]", "wasmdoctor.toml")
settings(
    "config: 60,000 rules that there are not",
    lambda: "ignore = [" + ",".join(f'"WE{n}"' for n in range(60_000)) + "]",
    "60,000 texts in `ignore`",
)
settings(
    "config: as many rules as are read, which there are not",
    lambda: "ignore = [" + ",".join(f'"no-rule-{n}"' for n in range(2_000)) + "]",
    "there is no rule `no-rule-99`",
)
settings(
    "config: 20,000 patterns of what is left out",
    lambda: "exclude = [" + ",".join(f'"/p{n}/**/x*"' for n in range(20_000)) + "]",
    "20,000 texts in `exclude`",
)
settings(
    "config: as many patterns of what is left out as are read",
    lambda: "exclude = [" + ",".join(f'"/p{n}/**/x*"' for n in range(2_000)) + "]",
    "a:b/i0",
)
settings(
    "config: patterns that take exponential time",
    lambda: 'exclude = ["' + "*a" * 200 + 'b", "' + "**/" * 100 + 'x"]\n[per-path-ignores]\n"' + "a*" * 200 + '" = ["WD1"]\n',
    "takes too long to be matched",
)  # fmt: skip
settings(
    "config: 5,000 patterns for paths, and 1,000 findings",
    lambda: "[per-path-ignores]\n" + "".join(f'"p{n}/*" = ["WD101"]\n' for n in range(5_000)),
    "5,000 names in `per-path-ignores`",
    imports=1000,
)
settings(
    "config: as many patterns for paths as are read, and 1,000 findings",
    lambda: "[per-path-ignores]\n" + "".join(f'"p{n}/*" = ["WD101"]\n' for n in range(500)),
    "a:b/i0",
    imports=1000,
)
settings(
    "config: 4,000 times that something is allowed",
    lambda: _allowed(4_000),
    "4,000 `[[allow]]` tables",
)
settings(
    "config: as often as is read that something is allowed, and 1,000 findings",
    lambda: _allowed(500),
    "a:b/i0",
    imports=1000,
)
settings(
    "config: as often as is read that somebody provides, and 1,000 imports",
    lambda: "".join(
        f'[[allow]]\ninterface = "c:d/*{n}*"\nprovided-by = "p"\nreason = "r"\n' for n in range(500)
    ),
    "a:b/i0",
    imports=1000,
)
settings(
    "config: interfaces by patterns that take exponential time",
    lambda: '[[allow]]\nrules = ["WD101"]\ninterface = "' + "*a" * 100 + 'b"\nreason = "r"\n',
    imports=1000,
)
settings("config: a text of 900 KB for each key", lambda: 'select = ["' + "W" * 900_000 + '"]\n', "WWW")
settings(
    "config: names that command terminals",
    lambda: '"\\u001b[2J\\u202e" = 1\n"::error::x" = 2\n',
    "there is no key",
)
settings("config: not UTF-8", lambda: b'select = ["\xff\xfe"]\n', "UTF-8")


@case("config: one that is a pipe", "check", "x.wasm", codes=(0, 1, 2))
def _config_pipe(folder: Path) -> None:
    write(folder, {"x.wasm": instances(["a:b/c"])})
    os.mkfifo(folder / "wasmdoctor.toml")


@case("config: one of 10 GB", "check", "x.wasm", codes=(0, 1, 2))
def _config_large(folder: Path) -> None:
    write(folder, {"x.wasm": instances(["a:b/c"]), "wasmdoctor.toml": ""})
    os.truncate(folder / "wasmdoctor.toml", 10 * 2**30)


@case("config: a thousand that extend each other", "check", "x.wasm", says="extend each other", codes=(2,))
def _config_chain(folder: Path) -> None:
    write(folder, {"x.wasm": instances(["a:b/c"]), "wasmdoctor.toml": 'extend = "0.toml"\n'})
    write(folder, {f"{n}.toml": f'extend = "{(n + 1) % 1000}.toml"\n' for n in range(1000)})


@case("config: one that extends other people's files", "check", "x.wasm", codes=(0, 1, 2))
def _config_out(folder: Path) -> None:
    write(folder, {"x.wasm": instances(["a:b/c"]), "wasmdoctor.toml": 'extend = "/dev/zero"\n'})


@case("config: rules of one's own that are a bomb", "check", "x.wasm", codes=(0, 1, 2))
def _own_rules(folder: Path) -> None:
    write(folder, {"x.wasm": instances(["a:b/c"]), "wasmdoctor.toml": 'data = "own"\n'})
    for part in ("hosts", "lints", "mappings", "crates"):
        write(folder, {f"own/{part}/x.toml": "a = " + "[" * 100_000, f"own/{part}/y.toml": b"\xff\x00"})
        os.mkfifo(folder / f"own/{part}/pipe.toml")


ALLOW = "wasmdoctor: allow(WD101) -- because"


@case("suppress: 100,000 comments in WIT", says="a:b/c")
def _suppress_wit(folder: Path) -> None:
    crate(folder, wit__world_dot_wit=WIT + f"// {ALLOW}\n" * 10_000)
    many = "// wasmdoctor: allow(x)\n"
    for number in range(6):
        write(folder, {f"wit/deps/d{number}/x.wit": f"package c:d{number};\n" + many * 20_000})


@case("suppress: 10,000 comments before one another in Rust", says="a:b/c")
def _suppress_rust(folder: Path) -> None:
    crate(folder, src__lib_dot_rs=f"// {ALLOW}\n" * 40_000 + LIB)


@case("suppress: 10,000 comments that name no rule", says="a:b/c")
def _suppress_unknown(folder: Path) -> None:
    lines = "".join(f"// wasmdoctor: allow(WE{n}, no-such-rule-{n}) -- r\n" for n in range(10_000))
    crate(folder, src__lib_dot_rs=lines + LIB)


@case("suppress: a comment that names 100,000 rules", says="a:b/c")
def _suppress_long(folder: Path) -> None:
    words = ", ".join(f"WE{n}" for n in range(100_000))
    crate(folder, src__lib_dot_rs=f"// wasmdoctor: allow({words}) -- because\n" + LIB)


@case("suppress: comments around 1,000 findings", says="a:b/c")
def _suppress_findings(folder: Path) -> None:
    line = f'wit-bindgen = "0.48" # {ALLOW}\n'
    crate(folder, Cargo_dot_toml=MANIFEST.replace('wit-bindgen = "0.48"\n', line + f"# {ALLOW}\n" * 20_000))
    write(folder, {"x.wasm": instances([f"a:b/i{n}" for n in range(1000)])})


@case("suppress: a comment that never ends", says="a:b/c")
def _suppress_open(folder: Path) -> None:
    crate(folder, src__lib_dot_rs=LIB + "/* wasmdoctor: allow(" * 100_000)


def baseline(
    title: str, data: Callable[[], str | bytes], says: str = "", codes: tuple[int, ...] = (2,)
) -> None:
    """A case with a baseline."""
    case(title, "check", "x.wasm", says=says, codes=codes)(
        lambda folder: write(
            folder,
            {
                "wasmdoctor.toml": 'baseline = "b.json"\n',
                "b.json": data(),
                "x.wasm": instances(["a:b/c"]),
            },
        )
    )


def _rows(rows: list[str]) -> str:
    return f'{{"schema":1,"tool":"wasmdoctor","findings":[{",".join(rows)}]}}'


def _row(number: int) -> str:
    return f'{{"fingerprint":"{number:032x}"}}'


baseline("baseline: a million entries", lambda: _rows([_row(8)] * 10**6), "it has more than 16777216 bytes")
baseline("baseline: as many entries as are read", lambda: _rows([*map(_row, range(300_000))]), codes=(0, 1))
baseline("baseline: arrays in arrays, 100,000 deep", lambda: "[" * 100_000, "not valid JSON")
baseline("baseline: a number of a million digits", lambda: '{"schema":' + "9" * 10**6 + "}", "baseline")
baseline(
    "baseline: names that command terminals", lambda: '{"schema":"\\u001b[2J","findings":[]}', "baseline"
)


@case("baseline: one of 1 GB", "check", "x.wasm", says="baseline", codes=(2,))
def _baseline_large(folder: Path) -> None:
    write(folder, {"wasmdoctor.toml": 'baseline = "b.json"\n', "b.json": "", "x.wasm": instances(["a:b/c"])})
    os.truncate(folder / "b.json", 2**30)


@case("baseline: one that is a device", "check", "x.wasm", says="baseline", codes=(2,))
def _baseline_device(folder: Path) -> None:
    write(folder, {"wasmdoctor.toml": 'baseline = "b.json"\n', "x.wasm": instances(["a:b/c"])})
    (folder / "b.json").symlink_to("/dev/zero")


# -- what other machines found out


def share(title: str, data: Callable[[], str | bytes], says: str = "", codes: tuple[int, ...] = (2,)) -> None:
    """A case with the report of a share of a run."""
    case(title, "merge", "1.json", says=says, codes=codes)(lambda folder: write(folder, {"1.json": data()}))


def _facts(nodes: str) -> str:
    from wasmdoctor import __version__

    tool = f'"tool":{{"version":"{__version__}"}}'
    return f'{{{tool},"shard":{{"index":1,"count":1,"hosts":["wasmtime"],"flags":[],"facts":[{nodes}]}}}}'


share("merge: no JSON", lambda: "[" * 100_000, "no JSON")
share("merge: 400,000 nodes", lambda: _facts(",".join(['["tuple"]'] * 400_000)), "no Observed")
share(
    "merge: tuples that double 100,000 times",
    lambda: _facts('["tuple","a"],' + ",".join(f'["tuple",[{n}],[{n}]]' for n in range(100_000))),
    "no Observed",
)
share(
    "merge: keys that double 50 times",
    lambda: _facts(
        '["tuple","a"],' + ",".join(f'["tuple",[{n}],[{n}]]' for n in range(50)) + ',["map",[50],1]'
    ),
    "neither text",
)
share(
    "merge: a share of a million",
    lambda: _facts('["tuple"],["map"],["record","Observed",[0],[1],[1],[1],[1],[1],[0],[1]]').replace(
        '"count":1,', '"count":999999,'
    ),
    "and 999978 more",
)
