"""Components that ask a host for all sorts of things, right and wrong, for comparing our verdict with a linker's.

Standard WIT is taken from a published crate at test time. What is made depends on a fixed seed only.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from wasmtime import wat2wasm

VERSIONS = [
    *("0.2.0", "0.2.3", "0.2.6", "0.2.12", "0.2.13", "0.2.99", "0.2.6+build", "0.2.0-rc-2023-11-10"),
    *("0.2.12-rc1", "0.2.0-draft", "0.1.0", "0.0.5", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "2.0.0", ""),
]
REAL = ["0.2.0", "0.2.1", "0.2.2", "0.2.3", "0.2.4", "0.2.6", "0.2.9", "0.2.12", "0.2.40"]
ODD = ["0.2.6-rc.1", "0.3.7", "1.0.0", "0.2.0-draft", "0.2.6+build.5", "0.1.9"]


@dataclass(frozen=True)
class Specimen:
    """A component, and what it was made from, for messages."""

    label: str
    data: bytes


def specimens(standard: Mapping[str, str], dummy: Callable[..., bytes]) -> list[Specimen]:
    """All of them. ``standard`` is the WIT of WASI by package, ``dummy`` makes a component of a world."""
    made = [*from_text(), *random_worlds(standard, dummy, 110), *wrong_types(standard, dummy, 210)]
    return list({specimen.data: specimen for specimen in made}.values())


# -- written as text ------------------------------------------------------------------------------


def instance(name: str, *exports: str) -> str:
    """A component that imports one instance."""
    return f'(component (import "{name}" (instance {" ".join(exports)})))'


def export(name: str, what: str) -> str:
    return f'(export "{name}" {what})'


RESOURCE = "(type (sub resource))"

# interface and what is asked of it, for every version
ASKED = [
    ("wasi:random/random", export("get-random-u64", "(func (result u64))")),
    ("wasi:random/random", export("not-there", "(func)")),
    ("wasi:random/insecure", export("get-insecure-random-u64", "(func (result u64))")),
    (
        "wasi:clocks/monotonic-clock",
        export("now", "(func (result u64))") + export("resolution", "(func (result u64))"),
    ),
    ("wasi:clocks/monotonic-clock", export("now", "(func (result s64))")),
    ("wasi:clocks/system-clock", export("not-there", "(func)")),
    ("wasi:cli/exit", export("exit", '(func (param "status" (result)))')),
    ("wasi:cli/exit", export("exit-with-code", '(func (param "status-code" u8))')),
    ("wasi:cli/exit", export("exit-with-code", '(func (param "status-code" u32))')),
    ("wasi:cli/run", export("run", "(func (result (result)))")),
    ("wasi:cli/terminal-input", export("terminal-input", RESOURCE)),
    ("wasi:cli/terminal-output", export("terminal-input", RESOURCE)),
    ("wasi:io/error", export("error", RESOURCE)),
    ("wasi:io/poll", export("pollable", RESOURCE)),
    ("wasi:io/streams", export("input-stream", RESOURCE) + export("output-stream", RESOURCE)),
    ("wasi:sockets/network", export("network", RESOURCE)),
    ("wasi:sockets/tcp", export("tcp-socket", RESOURCE)),
    ("wasi:filesystem/types", export("descriptor", RESOURCE) + export("directory-entry-stream", RESOURCE)),
    ("wasi:http/types", export("fields", RESOURCE)),
    ("wasi:keyvalue/store", export("bucket", RESOURCE)),
    ("shop:net/wasi-tcp", export("connect", "(func)")),
]


def record(*fields: str, name: str = "datetime") -> str:
    """A wall clock whose ``now`` gives a record of these fields."""
    members = " ".join(f'(field "{field.partition(":")[0]}" {field.partition(":")[2]})' for field in fields)
    return instance(
        "wasi:clocks/wall-clock@0.2.0",
        f'(type $r (record {members})) (export "{name}" (type $d (eq $r))) (export "now" (func (result $d)))',
    )


def taking(
    resource_of: str, resource: str, rest: str, name: str = "wasi:clocks/monotonic-clock@0.2.0"
) -> str:
    """A component that imports a resource, and an instance that uses it as ``$q`` outside of itself."""
    return f"""(component
        (import "{resource_of}" (instance $i (export "{resource}" (type (sub resource)))))
        (alias export $i "{resource}" (type $p))
        (import "{name}" (instance (alias outer 1 $p (type $q)) {rest})))"""


POLLABLE = '(export "pollable" (type $p (sub resource)))'
POLL_NAME, ERROR_NAME = "wasi:io/poll@0.2.0", "wasi:io/error@0.2.0"
SUBSCRIBE = '(export "subscribe-duration" (func (param "when" u64) (result (own $r))))'
RANDOM = "wasi:random/random@0.2.0"
ENVIRONMENT = "wasi:cli/environment@0.2.0"

WRITTEN = [
    "(component)",
    '(component (import "f" (func)))',
    '(component (import "m" (core module)))',
    '(component (import "r" (type (sub resource))))',
    '(component (type (record (field "a" u8))) (import "t" (type (eq 0))))',
    instance("a:b/empty@1.0.0"),
    instance("a:b/f@1.0.0", export("f", "(func)")),
    instance("a:b/r@1.0.0", export("r", RESOURCE)),
    instance("a:b/inner", export("i", "(instance)")),
    instance("a:b/inner", export("i", '(instance (export "f" (func)))')),
    instance("a:b/inner", export("i", "(core module)")),
    '(component (import "wasi:random/random@0.2.0" (func)))',
    instance("wasi:nn/errors", '(type $e (enum "a")) (export "e" (type (eq $e)))'),
    instance("wasi:io/error@0.2.0", export("never-there", RESOURCE)),
    instance("wasi:sockets/network@0.2.6", export("network-error-code", '(func (param "e" u8))')),
    taking(
        ERROR_NAME, "error", '(export "r" (type (eq $q)))', "a:b/takes-over@1.0.0"
    ),  # nothing that a linker needs
    # parameters and results
    instance("wasi:clocks/monotonic-clock@0.2.0", export("now", '(func (param "a" u32) (result u64))')),
    instance(RANDOM, export("get-random-bytes", '(func (param "other-name" u64) (result (list u8)))')),
    instance(RANDOM, export("get-random-bytes", '(func (param "len" u64) (result (list s8)))')),
    instance(RANDOM, export("get-random-bytes", '(func (param "len" u64) (result string))')),
    instance(RANDOM, export("get-random-bytes", '(func (param "len" u64))')),
    instance(RANDOM, export("get-random-bytes", '(func (param "len" u32) (result (list u8)))')),
    instance("wasi:cli/exit@0.2.0", export("exit", '(func (param "status" (result u8)))')),
    instance("wasi:cli/exit@0.2.0", export("exit", '(func (param "status" (result (error u8))))')),
    instance("wasi:cli/exit@0.2.0", export("exit", '(func (param "status" bool))')),
    # records, variants, tuples
    record("seconds:u64", "nanoseconds:u32"),
    record("seconds:u64", "nanoseconds:u32", name="another-name"),
    record("secs:u64", "nanoseconds:u32"),
    record("nanoseconds:u32", "seconds:u64"),
    record("seconds:u64", "nanoseconds:u32", "more:u8"),
    record("seconds:u64"),
    record("seconds:u64", "nanoseconds:u64"),
    instance(ENVIRONMENT, export("get-environment", "(func (result (list (tuple string string))))")),
    instance(
        ENVIRONMENT,
        '(type $r (record (field "a" string) (field "b" string))) (export "r" (type $q (eq $r)))',
        export("get-environment", "(func (result (list $q)))"),
    ),
    instance(ENVIRONMENT, export("initial-cwd", "(func (result (option string)))")),
    instance(
        ENVIRONMENT,
        '(type $r (variant (case "none") (case "some" string))) (export "r" (type $q (eq $r)))',
        export("initial-cwd", "(func (result $q))"),
    ),
    instance(ENVIRONMENT, export("initial-cwd", "(func (result string))")),
    # a type that no function uses may be anything
    instance(
        "wasi:clocks/wall-clock@0.2.0",
        '(type $r (record (field "z" u64))) (export "datetime" (type $d (eq $r)))',
    ),
    # handles
    instance(POLL_NAME, POLLABLE, export("[method]pollable.ready", '(func (param "self" (borrow $p)) (result bool))')),
    instance(POLL_NAME, POLLABLE, export("poll", '(func (param "in" (list (borrow $p))) (result (list u32)))')),
    instance(POLL_NAME, POLLABLE, export("poll", '(func (param "in" (list (own $p))) (result (list u32)))')),
    instance(POLL_NAME, export("poll", '(func (param "in" (list u32)) (result (list u32)))')),
    taking(POLL_NAME, "pollable", f'(export "pollable" (type $r (eq $q))) {SUBSCRIBE}'),
    taking("wasi:io/poll@0.2.9", "pollable", f'(export "pollable" (type $r (eq $q))) {SUBSCRIBE}'),
    taking(POLL_NAME, "pollable", SUBSCRIBE.replace("$r", "$q")),
    taking(ERROR_NAME, "error", f'(export "pollable" (type $r (eq $q))) {SUBSCRIBE}'),
    instance("wasi:clocks/monotonic-clock@0.2.0", f'(export "pollable" (type $r (sub resource))) {SUBSCRIBE}'),
    """(component (import "pollable" (type $p (sub resource)))
        (import "wasi:clocks/monotonic-clock@0.2.0" (instance (alias outer 1 $p (type $q))
            (export "subscribe-duration" (func (param "when" u64) (result (own $q)))))))""",
    # another sort of thing under the name of a function or resource
    instance(ENVIRONMENT, export("get-environment", RESOURCE)),
    instance(ENVIRONMENT, export("get-environment", "(core module)")),
    instance(ENVIRONMENT, export("get-environment", "(instance)")),
    instance(ERROR_NAME, export("error", "(func)")),
    instance(ERROR_NAME, export("error", "(instance)")),
    instance(ERROR_NAME, '(type $e (enum "a")) (export "error" (type (eq $e)))'),
    instance(RANDOM, export("get-random-u64", "(func async (result u64))")),
]  # fmt: skip

ERRORS = """unknown access-denied not-supported invalid-argument out-of-memory timeout concurrency-conflict
    not-in-progress would-block invalid-state new-socket-limit address-not-bindable address-in-use
    remote-unreachable connection-refused connection-reset connection-aborted datagram-too-large
    name-unresolvable temporary-resolver-failure permanent-resolver-failure""".split()


def create_socket(errors: list[str], families: list[str]) -> str:
    """An import of create-tcp-socket with these cases of its enums."""
    shown = [" ".join(f'"{case}"' for case in cases) for cases in (errors, families)]
    return taking(
        "wasi:sockets/tcp@0.2.0",
        "tcp-socket",
        f"""(export "tcp-socket" (type $r (eq $q)))
        (type $e (enum {shown[0]})) (export "error-code" (type $ee (eq $e)))
        (type $f (enum {shown[1]})) (export "ip-address-family" (type $ff (eq $f)))
        (export "create-tcp-socket"
            (func (param "address-family" $ff) (result (result (own $r) (error $ee)))))""",
        "wasi:sockets/tcp-create-socket@0.2.0",
    )


def from_text() -> Iterator[Specimen]:
    """Components with nothing but imports."""
    families = ["ipv4", "ipv6"]
    enums = [
        create_socket(ERRORS, families),
        create_socket([*ERRORS, "more"], families),
        create_socket(ERRORS[:-1], families),
        create_socket([*ERRORS[1:], ERRORS[0]], families),
        create_socket(["unknowable", *ERRORS[1:]], families),
        create_socket(ERRORS, ["ipv4"]),
    ]
    asked = (
        instance(f"{name}@{version}" if version else name, exports)
        for (name, exports), version in itertools.product(ASKED, VERSIONS)
    )
    for text in (*WRITTEN, *enums, *asked):
        yield Specimen(text, bytes(wat2wasm(text)))


# -- of real WIT ----------------------------------------------------------------------------------


def standard_wit(folder: Path, wasm_tools: Callable[..., bytes], out: Path) -> dict[str, str]:
    """The WIT of WASI 0.2 in a folder by package (``io``), gated items included, ``VERSION`` for the version.

    Comments and gates are left out; every function stands in a line of its own.
    """
    wasm_tools("component", "wit", folder, "--all-features", "--out-dir", out)
    found = {}
    for path in sorted((out / "deps").iterdir()):
        lines = [line for line in path.read_text().splitlines() if not re.match(r"\s*(///|@)", line)]
        found[path.stem] = re.sub(r"@0\.2\.\d+", "@VERSION", "\n".join(lines))
    return found


FUNCTION = re.compile(r"^ +[a-z0-9-]+: (?:static |async )*func\(.*;$|^ +constructor\(.*;$", re.MULTILINE)
UNSTABLE = ("exit-with-code:", "network-error-code:", "send-informational:")


def interfaces(standard: Mapping[str, str]) -> list[tuple[str, str]]:
    """Package and name of every interface."""
    return [
        (package, name)
        for package, text in sorted(standard.items())
        for name in re.findall(r"^interface ([a-z0-9-]+) ", text, re.MULTILINE)
    ]


def thinned(text: str, chance: random.Random, keep: float, unstable: float) -> str:
    """WIT with a part of its functions, unstable ones with a probability of their own."""

    def choose(match: re.Match[str]) -> str:
        line = match[0]
        often = unstable if line.strip().startswith(UNSTABLE) else keep
        return line if chance.random() < often else ""

    return FUNCTION.sub(choose, text)


def world(imports: list[str], custom: str = "") -> str:
    lines = "\n".join(f"  {line}" for line in imports)
    return f"package my:test@0.1.0;\n{custom}\nworld w {{\n{lines}\n  export run: func();\n}}\n"


def random_worlds(standard: Mapping[str, str], dummy: Callable[..., bytes], count: int) -> Iterator[Specimen]:
    """Random parts of real interfaces at real and odd versions, with custom interfaces among them."""
    chance = random.Random(20)
    known = interfaces(standard)
    for _ in range(count):
        version = chance.choice(REAL if chance.random() < 0.8 else ODD)
        chosen = chance.sample(known, chance.randint(1, 6))
        if chance.random() < 0.7:
            chosen = [
                each for each in chosen if each[0] != "http" and each[1] != "timezone" and each[1] != "run"
            ]
        imports = [f"import wasi:{package}/{name}@{version};" for package, name in chosen]
        custom = ""
        if chance.random() < 0.3:
            shape = chance.choice(["f: func();", "resource r;", "record r { a: u8 }", ""])
            imports.append("import mine;")
            custom = f"interface mine {{ {shape} }}"
        keep = chance.choice([0.0, 0.5, 1.0, 1.0])
        deps = {
            f"{package}.wit": thinned(text, chance, keep, 0.15).replace("VERSION", version)
            for package, text in standard.items()
        }
        text = world(imports, custom)
        yield Specimen(f"{text}with {keep:.0%} of the functions", dummy(text, "w", deps))


@dataclass(frozen=True)
class Change:
    """A change of WIT: what is looked for inside an interface, and what takes its place."""

    name: str
    pattern: str
    replacement: str


# Most make the interface differ from the host's, some do not: the linker decides.
CHANGES = [
    Change("an extra parameter", r"func\(((?:self|this)?)", r"func(extra: u32, \1"),
    Change("one parameter less", r"func\([a-z0-9-]+: [^,()]+(?:, |\))", "func("),
    Change("a renamed parameter", r"func\(([a-z0-9-]+): ", r"func(renamed-\1: "),
    Change("another type of a parameter", r"(func\([a-z0-9-]+: )(u64|u32|string|bool)", r"\1s16"),
    Change("another result", r"-> .*;", "-> string;"),
    Change("no result", r"\) -> .*;", ");"),
    Change("a result where there was none", r"\);", ") -> u8;"),
    Change("an async function", r": func\(", ": async func("),
    Change("a renamed function", r"^  ([a-z0-9-]+): func\(", r"  renamed-\1: func("),
    Change("a new function", r"^}", "  brand-new: func(a: u32) -> u32;\n}"),
    Change("a new resource", r"^}", "  resource brand-new;\n}"),
    Change("a renamed field", r"^    ([a-z0-9-]+): ([a-z0-9<>, -]+),$", r"    renamed-\1: \2,"),
    Change("a new field", r"(record [a-z0-9-]+ \{\n)", r"\1    brand-new: u8,\n"),
    Change(
        "fields in another order",
        r"^(    [a-z0-9-]+: [a-z0-9<>, -]+,)\n(    [a-z0-9-]+: [a-z0-9<>, -]+,)$",
        r"\2\n\1",
    ),
    Change("another type of a field", r"^(    [a-z0-9-]+: )(u64|u32|u16|u8|string|bool|datetime),$", r"\1s16,"),
    Change("a new case", r"((?:enum|variant|flags) [a-z0-9-]+ \{\n)", r"\1    brand-new,\n"),
    Change("a renamed case", r"^    ([a-z0-9-]+),$", r"    renamed-\1,"),
    Change("cases in another order", r"^(    [a-z0-9-]+,)\n(    [a-z0-9-]+,)$", r"\2\n\1"),
    Change("one case less", r"^    [a-z0-9-]+,\n(    [a-z0-9-]+,\n)", r"\1"),
    Change("a case without its value", r"^    ([a-z0-9-]+)\([a-z0-9<>, -]+\),$", r"    \1,"),
    Change("a case with another value", r"^    ([a-z0-9-]+)\([a-z0-9<>, -]+\),$", r"    \1(s16),"),
    Change("another type under a name", r"^  type ([a-z0-9-]+) = [^;]+;", r"  type \1 = s16;"),
    Change("a number for a borrowed handle", r"(?<=[:<] )borrow<[a-z0-9-]+>|(?<=<)borrow<[a-z0-9-]+>", "u32"),
    Change("a number for an owned handle", r"-> (pollable|[a-z-]+-stream|[a-z-]+-socket);", "-> u32;"),
    Change("owned for borrowed", r"borrow<([a-z0-9-]+)>", r"\1"),
    Change("borrowed for owned", r"(func\([a-z0-9-]+: )([a-z]+-[a-z]+)\)", r"\1borrow<\2>)"),
    Change("no option", r"option<([a-z0-9<>, -]+)>", r"\1"),
    Change("an option more", r"-> ([a-z0-9-]+);", r"-> option<\1>;"),
    Change("text for bytes", r"list<u8>", "string"),
    Change("a result without its error", r"result<([a-z0-9<>-]+), error-code>", r"result<\1>"),
    Change("a result without its value", r"result<([a-z0-9<>-]+), (error-code|stream-error)>", r"result<_, \2>"),
    Change("a tuple in another order", r"tuple<([a-z0-9-]+), ([a-z0-9-]+)>", r"tuple<\2, \1>"),
    Change("a tuple with a part more", r"tuple<", "tuple<u8, "),
]  # fmt: skip


def block(text: str, interface: str) -> tuple[int, int]:
    """Where an interface stands in the text of its package."""
    start = text.index(f"interface {interface} {{")
    return start, text.index("\n}", start) + 2


def changed(text: str, interface: str, change: Change, chance: random.Random) -> str | None:
    """The text with one place of the interface changed, None when there is no such place."""
    start, end = block(text, interface)
    inside = text[start:end]
    places = list(re.finditer(change.pattern, inside, re.MULTILINE))
    if not places:
        return None
    place = chance.choice(places)
    after = inside[: place.start()] + place.expand(change.replacement) + inside[place.end() :]
    return text[:start] + after + text[end:]


def wrong_types(standard: Mapping[str, str], dummy: Callable[..., bytes], count: int) -> Iterator[Specimen]:
    """An interface of WASI at a version that the host takes, with one thing changed in it."""
    chance = random.Random(6)
    known = [each for each in interfaces(standard) if each[1] not in ("timezone", "run", "incoming-handler")]
    made = 0
    for change in itertools.cycle(CHANGES):
        stable = {key: thinned(text, chance, 1.0, 0.0) for key, text in standard.items()}
        version = chance.choice(REAL)
        for package, name in chance.sample(known, len(known)):
            text = changed(stable[package], name, change, chance)
            if text is None:
                continue
            deps = {
                f"{key}.wit": (text if key == package else each).replace("VERSION", version)
                for key, each in stable.items()
            }
            try:
                data = dummy(world([f"import wasi:{package}/{name}@{version};"]), "w", deps)
            except AssertionError:
                continue  # not WIT any more: a handle where there is no resource, say
            yield Specimen(f"{change.name} in wasi:{package}/{name}@{version}", data)
            made += 1
            break
        if made >= count:
            return
