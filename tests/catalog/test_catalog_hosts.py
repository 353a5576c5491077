"""Hosts that ship: what they link by name, by function, by flag and mode, and how they are asked for."""

from __future__ import annotations

import pytest

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.host import HostError, HostSpec, HostView, parse_host_spec, same_track


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog()


def links(
    host: HostView, name: str, functions: tuple[str, ...] = (), resources: tuple[str, ...] = ()
) -> bool:
    """Whether a host takes an import of these functions and resources."""
    match = host.match(name)
    assert not match.linked or host.facts_of(match.provided) is not None, f"nothing is known of {name}"
    return match.linked and not host.missing_functions(match, functions, resources)


GET = ("get-random-u64",)

# Each row was run in a real wasmtime (PyPI 39, 42, 45 | 46, 50: Linker.add_wasip2) and in jco 1.35 on
# Node: name, functions, resources, links on 39 to 45, links from 46 on, loads in jco. None: not tried.
# Rows about types (same function, other signature) need more than names and are not here.
PROBED = [
    ("wasi:random/random", GET, (), False, False, True),
    ("wasi:random/random@0.1.0", GET, (), False, False, True),
    ("wasi:random/random@0.2.0-rc-2023-12-05", GET, (), False, False, True),
    ("wasi:random/random@0.2.12-rc1", GET, (), False, False, True),
    ("wasi:random/random@1.0.0", GET, (), False, False, True),
    ("wasi:random/random@0.3.1", GET, (), False, None, True),
    ("wasi:random/random@0.3.0-rc-2026-03-15", GET, (), False, False, True),
    ("wasi:random/random@0.0.5", GET, (), False, False, True),
    ("wasi:random/random@0.2.0", GET, (), True, True, True),
    ("wasi:random/random@0.2.1", GET, (), True, True, True),
    ("wasi:random/random@0.2.3", GET, (), True, True, True),
    ("wasi:random/random@0.2.6", GET, (), True, True, True),
    ("wasi:random/random@0.2.12", GET, (), True, True, True),
    ("wasi:random/random@0.2.13", GET, (), True, True, True),
    ("wasi:random/random@0.2.99", GET, (), True, True, True),
    ("wasi:random/random@0.2.6+build", GET, (), True, True, True),
    ("wasi:random/random@0.2.0", ("never-there",), (), False, False, False),
    ("wasi:random/random@0.2.99", ("get-random-u64", "new-one"), (), False, False, False),
    ("wasi:cli/exit@0.2.0", ("exit",), (), True, True, True),
    ("wasi:cli/exit@0.2.6", ("exit-with-code",), (), False, True, True),
    ("wasi:cli/exit@0.2.12", ("exit-with-code",), (), False, True, True),
    ("wasi:clocks/timezone@0.2.12", ("utc-offset",), (), False, False, False),
    ("wasi:cli/run@0.2.0", ("run",), (), False, False, False),
    ("wasi:sockets/network@0.2.6", ("network-error-code",), ("network",), False, False, True),
    ("x:y/types@1.0.0", (), ("r",), False, False, False),
    ("x:y/f@1.0.0", ("f",), (), False, False, False),
    ("wasi:cli/terminal-input@0.2.0", (), ("terminal-input",), True, True, True),
    ("run", ("run",), (), False, False, False),
    ("wasi:clocks/system-clock@0.3.0", ("now",), (), False, None, True),
    ("wasi:clocks/system-clock@0.3.0-rc-2026-01-06", ("now",), (), False, False, False),
    ("wasi:io/poll@0.3.0", (), ("pollable",), False, False, True),
    ("wasi:sockets/network@0.2.0", (), ("network",), True, True, True),
    ("wasi:io/poll@0.2.0", ("[method]pollable.ready",), ("pollable",), True, True, True),
    ("wasi:clocks/monotonic-clock@0.2.0", ("now",), (), True, True, True),
    ("wasi:http/incoming-handler@0.2.12", ("handle",), (), False, False, False),
    ("wasi:keyvalue/store@0.2.0-draft", ("open",), ("bucket",), False, False, False),
]


@pytest.mark.parametrize(("name", "functions", "resources", "to_45", "from_46", "jco"), PROBED)
def test_the_verdict_is_the_measured_one(
    catalog: Catalog,
    name: str,
    functions: tuple[str, ...],
    resources: tuple[str, ...],
    to_45: bool,
    from_46: bool | None,
    jco: bool,
) -> None:
    for version in ("39", "42", "45"):
        assert links(catalog.host(f"wasmtime@{version}"), name, functions, resources) == to_45, version
    for version in ("46.0.1", "48", "50"):
        # add_wasip2 has no WASI 0.3; the command line without p3 is the same host.
        host = catalog.host(f"wasmtime@{version}", ["p3=n"])
        assert links(host, name, functions, resources) == bool(from_46), version
        if from_46 is None:
            assert links(catalog.host(f"wasmtime@{version}"), name, functions, resources), version
    assert links(catalog.host("jco"), name, functions, resources) == jco


@pytest.mark.parametrize("version", ["14", "17", "18"])
def test_old_wasmtime_compares_names_as_texts(catalog: Catalog, version: str) -> None:
    host = catalog.host(f"wasmtime@{version}")
    assert host.name_rule == "exact"
    own = next(name for name in host.provided if name.startswith("wasi:random/random@"))
    assert host.match(own).kind == "exact"
    match = host.match("wasi:random/random@0.2.1")
    assert (match.kind, match.skew) == ("version", "prerelease" if version == "14" else "newer")
    assert [offer.name for offer in match.offers] == [own]


def test_wasmtime_19_takes_the_track(catalog: Catalog) -> None:
    match = catalog.host("wasmtime@19").match("wasi:random/random@0.2.1")
    assert (match.kind, match.provided) == ("track", "wasi:random/random@0.2.0")


def test_the_highest_version_of_a_track_is_taken(catalog: Catalog) -> None:
    match = catalog.host("spin@4").match("spin:postgres/postgres@4.0.0")
    assert (match.kind, match.provided) == ("track", "spin:postgres/postgres@4.2.0")
    assert catalog.host("spin@3.6").match("spin:postgres/postgres@4.0.0").kind == "exact"


@pytest.mark.parametrize(
    ("name", "skew"),
    [
        ("wasi:random/random@0.4.0", "newer"),
        ("wasi:random/random@0.1.0", "older"),
        ("wasi:random/random@0.2.0-rc-2023-12-05", "prerelease"),
        ("wasi:random/random", "unversioned"),
        ("wasi:random/random@0.2", "unversioned"),
    ],
)
def test_a_version_that_does_not_match(catalog: Catalog, name: str, skew: str) -> None:
    match = catalog.host("wasmtime@46").match(name)
    assert (match.kind, match.skew, match.linked) == ("version", skew, False)
    assert [offer.name for offer in match.offers] == ["wasi:random/random@0.2.12", "wasi:random/random@0.3.0"]


# name, host, flags given: the flags that are missing
NEEDED = [
    ("wasi:http/types@0.2.3", "wasmtime@46", [], ("http",)),
    ("wasi:http/client@0.3.0", "wasmtime@46", [], ("http",)),
    ("wasi:http/client@0.3.0", "wasmtime@46", ["p3=n"], ("http", "p3")),
    ("wasi:http/client@0.3.0-rc-2026-03-15", "wasmtime@45", [], ("http", "p3")),
    ("wasi:http/client@0.3.0-rc-2026-03-15", "wasmtime@45", ["-S http"], ("p3",)),
    ("wasi:nn/graph", "wasmtime@22", [], ("nn",)),
    ("wasi:config/runtime@0.2.0-draft", "wasmtime@24", [], ("runtime-config",)),
    ("wasi:tls/client@0.3.0-draft", "wasmtime@44", [], ("p3", "tls")),
    ("wasi:random/random@0.2.0", "wasmtime@46", ["cli=n"], ("cli",)),
    ("wasi:filesystem/types@0.2.0", "wasmtime@46:serve", [], ("cli",)),
    ("wasi:filesystem/types@0.2.0", "wasmtime@17:serve", [], ("common",)),
    ("wasi:otel/tracing@0.2.0-rc.2", "spin@3.6", [], ("experimental-wasi-otel",)),
    ("wasmcloud:secrets/store@2.1.0", "wasmcloud", [], ("wasmcloud_secrets",)),
]


@pytest.mark.parametrize(("name", "spec", "given", "needed"), NEEDED)
def test_flags_that_would_add_an_interface(
    catalog: Catalog, name: str, spec: str, given: list[str], needed: tuple[str, ...]
) -> None:
    host = catalog.host(spec, given)
    match = host.match(name)
    assert (match.kind, match.linked, match.needs_flag) == ("flag", False, needed)
    with_flags = catalog.host(
        spec, [*(flag for flag in given if flag != "p3=n" and flag != "cli=n"), *needed]
    )
    assert with_flags.match(name).linked
    assert match.provided == with_flags.match(name).provided


def test_an_offer_behind_a_flag_says_so(catalog: Catalog) -> None:
    match = catalog.host("wasmtime@46").match("wasi:keyvalue/store@0.2.0-draft2")
    assert match.kind == "version"
    assert [(o.name, o.flags) for o in match.offers] == [("wasi:keyvalue/store@0.2.0-draft", ("keyvalue",))]


@pytest.mark.parametrize(
    ("spec", "function", "flags"),
    [
        ("wasmtime@39", "wasi:cli/exit@0.2.6#exit-with-code", ("cli-exit-with-code",)),
        ("wasmtime@39:serve", "wasi:cli/exit@0.2.6#exit-with-code", ("cli", "cli-exit-with-code")),
        ("wasmtime@48", "wasi:sockets/network@0.2.12#network-error-code", ("network-error-code",)),
    ],
)
def test_flags_that_add_a_function(
    catalog: Catalog, spec: str, function: str, flags: tuple[str, ...]
) -> None:
    interface, _, name = function.partition("#")
    host = catalog.host(spec)
    (missing,) = host.missing_functions(host.match(interface), [name])
    assert (missing.name, missing.kind, missing.needs_flag) == (name, "function", flags)
    assert missing.gate is not None
    assert missing.gate.feature == flags[-1]
    open_host = catalog.host(spec, flags)
    assert open_host.missing_functions(open_host.match(interface), [name]) == ()


def test_a_function_that_no_flag_adds(catalog: Catalog) -> None:
    host = catalog.host("wasmtime@25")
    (missing,) = host.missing_functions(host.match("wasi:cli/exit@0.2.12"), ["exit-with-code"])
    assert missing.needs_flag == ()
    assert missing.gate is not None
    assert (missing.gate.since, missing.gate.stable) == ("0.2.1", "0.2.12")
    send = "[method]response-outparam.send-informational"
    serving = catalog.host("wasmtime@48:serve")
    (missing,) = serving.missing_functions(serving.match("wasi:http/types@0.2.6"), [send])
    assert missing.needs_flag == ()


def test_functions_and_resources_are_listed_apart_and_sorted(catalog: Catalog) -> None:
    host = catalog.host("wasmtime@46")
    match = host.match("wasi:io/poll@0.2.0")
    missing = host.missing_functions(match, ["zz", "poll", "aa", "aa"], ["pollable", "other"])
    assert [(m.name, m.kind) for m in missing] == [
        ("aa", "function"),
        ("zz", "function"),
        ("other", "resource"),
    ]


def test_nothing_is_missing_where_nothing_is_known(catalog: Catalog) -> None:
    host = catalog.host("wasmtime")
    assert host.missing_functions(host.match("x:y/z@1.0.0"), ["f"], ["r"]) == ()


def test_serve_links_the_proxy_world_and_cli_the_rest(catalog: Catalog) -> None:
    plain = catalog.host("wasmtime@29:serve")
    assert len(plain.provided) == 11
    assert plain.match("wasi:http/types@0.2.3").linked
    assert not plain.match("wasi:cli/environment@0.2.3").linked
    with_cli = catalog.host("wasmtime@29:serve", ["cli"])
    run_http = catalog.host("wasmtime@29", ["http"])
    assert with_cli.provided == run_http.provided
    assert plain.match("wasi:tls/types@0.2.0-draft").kind == "none"
    assert catalog.host("wasmtime@15:serve").provided == catalog.host("wasmtime@15", ["http"]).provided


def test_wasi_03_by_version(catalog: Catalog) -> None:
    assert not catalog.host("wasmtime@45").match("wasi:clocks/system-clock@0.3.0").linked
    newest = catalog.host("wasmtime")
    assert len([name for name in newest.provided if name.endswith("@0.3.0")]) == 20
    off = catalog.host("wasmtime", ["p3=n"])
    assert not any("@0.3" in name for name in off.provided)
    assert off.provided < newest.provided


def test_unversioned_nn_has_another_shape_in_23(catalog: Catalog) -> None:
    for version, function in (
        ("22", "init-execution-context"),
        ("23", "[method]graph.init-execution-context"),
    ):
        host = catalog.host(f"wasmtime@{version}", ["nn"])
        have = [f for name in ("graph", "inference") for f in host.functions_of(f"wasi:nn/{name}") or ()]
        assert function in have


def test_jco_maps_packages(catalog: Catalog) -> None:
    jco = catalog.host("jco")
    assert jco.profile.checks_types is False
    match = jco.match("wasi:cli/stdin@0.2.0")
    assert (match.kind, match.provided) == ("package", "wasi:cli/stdin@0.2.12")
    assert jco.match("wasi:cli/stdin@0.3.0-rc-2026-03-15").provided == "wasi:cli/stdin@0.3.0"
    assert jco.match("wasi:cli/stdin@0.3.1").provided == "wasi:cli/stdin@0.2.12"
    assert jco.match("wasi:clocks/wall-clock@0.3.0").kind == "none"  # it is not in the shim of 0.3
    assert jco.match("wasi:keyvalue/store@0.2.0-draft").kind == "none"


def test_embedding_hosts(catalog: Catalog) -> None:
    spin = catalog.host("spin@3.1.2")
    assert spin.name_rule == "exact-then-track"
    for name in (
        "wasi:http/types@0.2.0",
        "wasi:cli/stdin@0.2.0-rc-2023-11-10",
        "fermyon:spin/key-value@2.0.0",
    ):
        assert spin.match(name).linked, name
    assert catalog.host("spin@2.5").name_rule == "exact"
    assert catalog.host("spin@2.5").match("wasi:io/poll@0.2.1").kind == "version"
    assert catalog.host("fermyon-spin").profile is not None
    cloud = catalog.host("wasmcloud")
    assert cloud.match("wasi:http/types@0.2.3").linked
    assert cloud.match("wasi:cli/stdin@0.3.0").linked


def test_the_host_that_provides_nothing(catalog: Catalog) -> None:
    none = catalog.host("none")
    assert none.provided == frozenset()
    assert none.match("wasi:io/poll@0.2.0").kind == "none"
    assert none.id == "none"


@pytest.mark.parametrize(
    ("spec", "flags", "name", "functions", "first"),
    [
        ("wasmtime@39", [], "wasi:cli/exit@0.2.6", ["exit-with-code"], "46"),
        ("wasmtime@39", ["cli-exit-with-code"], "wasi:cli/exit@0.2.6", ["exit-with-code"], "27"),
        ("wasmtime@39", [], "wasi:cli/exit@0.2.6", ["exit"], "19"),
        ("wasmtime@39", [], "wasi:cli/exit@0.2.0", ["exit"], "17"),
        ("wasmtime@39", [], "wasi:clocks/system-clock@0.3.0", ["now"], "46"),
        ("wasmtime@39", [], "wasi:clocks/timezone@0.2.1", ["display"], None),
        ("wasmtime@39:serve", [], "wasi:filesystem/types@0.2.0", [], None),
        ("wasmtime@39:serve", ["cli"], "wasi:filesystem/types@0.2.0", [], "20"),
        ("spin@2.6", [], "spin:postgres/postgres@4.0.0", [], "3.4"),
    ],
)
def test_the_first_version_that_takes_an_import(
    catalog: Catalog, spec: str, flags: list[str], name: str, functions: list[str], first: str | None
) -> None:
    assert catalog.first_version_with(catalog.host(spec, flags), name, functions) == first


# -- asking for a host --


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("wasmtime", HostSpec("wasmtime")),
        ("Wasmtime@46", HostSpec("wasmtime", "46")),
        ("wasmtime@v46.0.1", HostSpec("wasmtime", "46.0.1")),
        ("wasmtime@29:serve", HostSpec("wasmtime", "29", "serve")),
        ("wasmtime:serve", HostSpec("wasmtime", None, "serve")),
        ("none", HostSpec("none")),
    ],
)
def test_host_specs(text: str, spec: HostSpec) -> None:
    assert parse_host_spec(text) == spec


@pytest.mark.parametrize(
    "text", ["", "@46", "wasmtime@", "wasmtime@@46", "wasmtime@46:", "a b", "wasmtime@4.x"]
)
def test_texts_that_name_no_host(text: str) -> None:
    with pytest.raises(HostError, match="does not name a host"):
        parse_host_spec(text)


@pytest.mark.parametrize(
    ("spec", "flags", "message", "help"),
    [
        ("wasmtme", [], "there is no host 'wasmtme'", "Did you mean wasmtime?"),
        ("nothing-like-it", [], "there is no host", "Hosts: jco, none, spin, wasmcloud, wasmtime"),
        ("../wasmtime", [], "does not name a host", ""),
        ("wasmtime@13", [], "Wasmtime 13 is older than what is known here", "14 to 48"),
        ("jco@1.2", [], "jco 1.2 is older", "1.35"),
        ("wasmtime@46:srv", [], "has no mode 'srv'", "run, serve"),
        ("wasmtime@46", ["htp"], "has no flag 'htp'", "Did you mean http?"),
        ("wasmtime@20", ["p3"], "has no flag 'p3'", "Flags: "),
        ("none", ["http"], "has no flag 'http'", "Flags: none"),
    ],
)
def test_what_is_not_known_is_said_with_what_is(
    catalog: Catalog, spec: str, flags: list[str], message: str, help: str
) -> None:
    with pytest.raises(HostError) as caught:
        catalog.host(spec, flags)
    assert message in caught.value.message
    assert help in caught.value.help


@pytest.mark.parametrize(
    ("spec", "line", "host_id"),
    [
        ("wasmtime", "46", "wasmtime@48"),
        ("wasmtime@46", "46", "wasmtime@46"),
        ("wasmtime@22.1.5", "20", "wasmtime@22.1.5"),
        ("wasmtime@23", "23", "wasmtime@23"),
        ("wasmtime@29:serve", "29", "wasmtime@29:serve"),
        ("wasmtime@29:run", "29", "wasmtime@29"),
        ("spin@4", "4.0.1", "spin@4"),
        ("spin@4.0.0", "4.0.0", "spin@4.0.0"),
        ("spin@2", "2.7", "spin@2"),
        ("jco", "1.35", "jco@1.35"),
    ],
)
def test_versions_and_ids(catalog: Catalog, spec: str, line: str, host_id: str) -> None:
    host = catalog.host(spec)
    assert (host.line.first, host.id) == (line, host_id)


def test_a_newer_version_is_judged_by_the_newest_with_a_note(catalog: Catalog) -> None:
    host = catalog.host("wasmtime@50.0.1")
    assert host.note == "Wasmtime 50.0.1 is newer than the versions known here (14 to 48); judged as 46 to 48"
    assert host.provided == catalog.host("wasmtime@48").provided
    assert catalog.host("wasmtime@48").note == ""


@pytest.mark.parametrize(
    "words", [["http", "nn"], ["-S http,nn"], ["-Shttp", "-S", "nn=y"], ["--http", " nn "]]
)
def test_flags_as_people_write_them(catalog: Catalog, words: list[str]) -> None:
    assert catalog.host("wasmtime@46", words).flags == {"http", "nn"}


def test_the_last_word_on_a_flag_counts(catalog: Catalog) -> None:
    assert catalog.host("wasmtime", ["p3=n", "p3"]).off == frozenset()
    host = catalog.host("wasmtime", ["http", "http=n"])
    assert (host.flags, host.off) == (frozenset(), {"http"})


def test_same_track() -> None:
    assert same_track("0.2.1", "0.2.99")
    assert not same_track("0.2.1", "0.3.0")
    assert not same_track("0.2.0-rc.1", "0.2.0-rc.1")


# -- starting --


def start(host: HostView, imports: dict[str, tuple[str, ...]], exports: list[str], call: str = "") -> str:
    found = host.start("app.wasm", imports, exports, call=call)
    return found.command if found else ""


@pytest.mark.parametrize(
    ("spec", "flags", "imports", "exports", "command"),
    [
        ("wasmtime", [], {}, ["wasi:cli/run@0.2.3"], "wasmtime run app.wasm"),
        (
            "wasmtime",
            [],
            {"wasi:http/types@0.2.3": ()},
            ["wasi:cli/run@0.2.3"],
            "wasmtime run -S http app.wasm",
        ),
        (
            "wasmtime@15",
            [],
            {},
            ["wasi:cli/run@0.2.0-rc-2023-11-10"],
            "wasmtime run -W component-model app.wasm",
        ),
        ("wasmtime", [], {}, ["wasi:http/incoming-handler@0.2.0"], "wasmtime serve app.wasm"),
        (
            "wasmtime",
            [],
            {"wasi:filesystem/types@0.2.0": ()},
            ["wasi:http/incoming-handler@0.2.0"],
            "wasmtime serve -S cli app.wasm",
        ),
        (
            "wasmtime@45",
            ["http"],
            {},
            ["wasi:cli/run@0.3.0-rc-2026-03-15"],
            "wasmtime run -S http -S p3 -W component-model-async app.wasm",
        ),
        (
            "wasmtime@39",
            [],
            {"wasi:cli/exit@0.2.6": ("exit-with-code",)},
            ["wasi:cli/run@0.2.6"],
            "wasmtime run -S cli-exit-with-code app.wasm",
        ),
        (
            "wasmtime",
            ["p3=n"],
            {"wasi:sockets/tcp@0.2.0": (), "wasi:sockets/ip-name-lookup@0.2.0": ()},
            ["go"],
            "wasmtime run -S allow-ip-name-lookup -S inherit-network -S p3=n --invoke 'go(...)' app.wasm",
        ),
        ("jco", [], {}, ["wasi:cli/run@0.2.0"], "npx jco run app.wasm"),
        ("spin", [], {}, ["wasi:http/incoming-handler@0.2.0"], "spin up"),
        ("wasmtime@32", [], {}, ["go"], ""),
        ("wasmtime", [], {}, ["x:y/z@1.0.0"], ""),
        ("wasmtime@45", [], {}, ["wasi:cli/run@0.3.0"], ""),
        ("none", [], {}, ["wasi:cli/run@0.2.0"], ""),
    ],
)
def test_how_to_start(
    catalog: Catalog,
    spec: str,
    flags: list[str],
    imports: dict[str, tuple[str, ...]],
    exports: list[str],
    command: str,
) -> None:
    assert start(catalog.host(spec, flags), imports, exports) == command


def test_starting_quotes_what_a_shell_would_split(catalog: Catalog) -> None:
    found = catalog.host("wasmtime").start("my app;.wasm", {}, ["go"], call='go("x")')
    assert found is not None
    assert found.command == "wasmtime run --invoke 'go(\"x\")' 'my app;.wasm'"
    assert (found.mode, found.entry) == ("run", "go")


def test_permissions_that_are_left_to_the_person(catalog: Catalog) -> None:
    host = catalog.host("wasmtime")
    found = host.start(
        "a.wasm", {"wasi:filesystem/types@0.2.0": (), "wasi:cli/environment@0.2.0": ()}, ["go"]
    )
    assert found is not None
    assert [flag.name for flag in found.hints] == ["dir", "inherit-env"]
    assert [flag.name for flag in host.permissions(["wasi:sockets/udp@0.2.0"])] == ["inherit-network"]
    assert catalog.host("wasmtime", ["inherit-network"]).permissions(["wasi:sockets/udp@0.2.0"]) == ()
