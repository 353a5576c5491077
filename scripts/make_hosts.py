#!/usr/bin/env python3
"""Makes rules/hosts/*.toml and rules/wit/*.toml from a file of measured facts.

    python scripts/make_hosts.py FACTS.json             write the files
    python scripts/make_hosts.py FACTS.json --check     exit 1 when one of them is not what the facts give
    python scripts/make_hosts.py FACTS.json --rules DIR use DIR instead of rules/

FACTS.json holds, per host and range of versions, the interfaces that its command line links with no
flag and with each flag, and per WIT version the functions of each interface; its own key "read_me"
explains it. What a fact cannot hold (how to start a component, which permissions exist) stands in
this script with its source. Deterministic. Before anything is written, what was made is read back
with the catalog and compared with the facts.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from wasmdoctor.catalog import Catalog  # noqa: E402
from wasmdoctor.model.host import HostView  # noqa: E402

Json = dict[str, Any]
# Interfaces by the flags that all have to be on for them.
Conditions = dict[frozenset[str], list[str]]

HEADER = """\
# Made by scripts/make_hosts.py from measured facts; do not edit by hand.
# How to make it again: python scripts/make_hosts.py FACTS.json
"""

WASI_02 = ("0.2.0", "0.2.1", "0.2.2", "0.2.3", "0.2.6", "0.2.12")
EXACT_EVIDENCE = "bytecodealliance/wasmtime@v18.0.4 and before: the linker looks names up as strings"

# -- what the facts do not hold -------------------------------------------------------------------

WASMTIME_HEAD = '''
schema = 1
name = "wasmtime"
title = "Wasmtime"
about = "The wasmtime command line: `wasmtime run` and `wasmtime serve`."
source = "{source}"
default_mode = "run"
flag_args = "-S {{flag}}"
trap_unknown = "-W unknown-imports-trap"

[name_rules.exact]
text = "The import's name must equal the host's, version included."
evidence = "{exact_evidence}"

[name_rules.exact-then-track]
text = "An equal name first; else the host's highest version on the same semver track (1.x, 0.2.x). Prereleases and 0.0.x match to the letter only. Then every function and resource is compared."
evidence = "{track_evidence}"

[flags.http]
about = "outgoing HTTP: wasi:http/types and outgoing-handler"
evidence = "the evidence of each line"

[flags.nn]
about = "neural networks: wasi:nn"
evidence = "the evidence of each line"

[flags.keyvalue]
about = "an in-memory wasi:keyvalue store"
evidence = "the evidence of each line"

[flags.config]
about = "configuration values: wasi:config"
evidence = "the evidence of each line"

[flags.runtime-config]
about = "configuration values: wasi:config/runtime (24 to 26; later versions have -S config)"
evidence = "the evidence of each line"

[flags.tls]
about = "TLS client connections: wasi:tls (wasmtime run only)"
evidence = "the evidence of each line"

[flags.cli]
about = "the whole of wasi:cli and what goes with it; on in `run`, off in `serve`"
evidence = "the evidence of each line"

[flags.common]
about = "the name that -S cli had in 16 to 19"
evidence = "wasmtime-cli 50.0.1: src/common.rs, validate_cli_enabled (still an alias there)"

[flags.p3]
args = "-S p3 -W component-model-async"
about = "WASI 0.3 (on by default from 46)"
evidence = "the evidence of each line"

[flags.cli-exit-with-code]
about = "wasi:cli/exit#exit-with-code while it was unstable (27 to 45)"
evidence = "the evidence of each line"

[flags.network-error-code]
about = "the unstable function wasi:sockets/network#network-error-code"
evidence = "the evidence of each line"

[flags.inherit-network]
kind = "permission"
about = "lets sockets connect and listen; without it they answer access-denied"
interfaces = "wasi:sockets/tcp, wasi:sockets/udp, wasi:sockets/tcp-create-socket, wasi:sockets/udp-create-socket, wasi:sockets/types"
added = true
evidence = "wasmtime-cli 50.0.1: src/common.rs, configure_wasip2; wasmtime-cli-flags 50.0.1: src/lib.rs"

[flags.allow-ip-name-lookup]
kind = "permission"
about = "lets names be looked up; without it resolve-addresses answers access-denied"
interfaces = "wasi:sockets/ip-name-lookup"
added = true
evidence = "wasmtime-cli 50.0.1: src/common.rs, configure_wasip2; wasmtime-cli-flags 50.0.1: src/lib.rs"

[flags.tcp]
kind = "permission"
about = "allows TCP sockets; -S inherit-network includes it, -S tcp=n forbids them"
evidence = "wasmtime-cli 50.0.1: src/common.rs, configure_wasip2; wasmtime-cli-flags 50.0.1: src/lib.rs"

[flags.udp]
kind = "permission"
about = "allows UDP sockets; -S inherit-network includes it, -S udp=n forbids them"
evidence = "wasmtime-cli 50.0.1: src/common.rs, configure_wasip2; wasmtime-cli-flags 50.0.1: src/lib.rs"

[flags.inherit-env]
kind = "permission"
about = "passes the environment variables on; --env NAME=VALUE passes one"
interfaces = "wasi:cli/environment"
evidence = "wasmtime-cli 50.0.1: src/common.rs, configure_wasip2; wasmtime-cli-flags 50.0.1: src/lib.rs"

[flags.dir]
kind = "permission"
args = "--dir ."
about = "opens a folder to the component: --dir HOST_FOLDER or --dir HOST_FOLDER::GUEST_FOLDER"
interfaces = "wasi:filesystem/*"
evidence = "wasmtime-cli 50.0.1: src/common.rs, configure_wasip2; wasmtime-cli-flags 50.0.1: src/lib.rs"

[[starts]]
mode = "run"
export = "wasi:cli/run"
command = "wasmtime run {{flags}} {{component}}"
evidence = "wasmtime-cli 33.0.0 and 50.0.1: src/commands/run.rs"

[[starts]]
mode = "serve"
export = "wasi:http/incoming-handler"
command = "wasmtime serve {{flags}} {{component}}"
evidence = "wasmtime-cli 33.0.0 and 50.0.1: src/commands/serve.rs"

[[starts]]
mode = "serve"
export = "wasi:http/handler"
command = "wasmtime serve {{flags}} {{component}}"
note = "A WASI 0.3 handler."
evidence = "wasmtime-cli 33.0.0 and 50.0.1: src/commands/serve.rs"

[[starts]]
mode = "run"
export = "func"
command = "wasmtime run {{flags}} --invoke {{call}} {{component}}"
first = "33"
note = "The call is written in WAVE: name(arguments), texts in double quotes."
evidence = "wasmtime-cli 33.0.0 and 50.0.1: src/commands/run.rs"'''

JCO_HEAD = '''
schema = 1
name = "jco"
title = "jco"
about = "jco transpile, with its WASI shims, loaded in Node."
source = "{source}"
default_mode = "node"
checks_types = false
checks_unused_resources = false

[name_rules.package]
text = "WASI packages are replaced by a shim whatever their version; only functions are compared, not their types. An import of any other package stays a module specifier, which --map can point somewhere."
evidence = "{evidence}"

[[starts]]
mode = "node"
export = "wasi:cli/run"
command = "npx jco run {{component}}"
evidence = "npm @bytecodealliance/jco 1.35.0: its commands; not measured"

[[starts]]
mode = "node"
export = "wasi:http/incoming-handler"
command = "npx jco serve {{component}}"
evidence = "npm @bytecodealliance/jco 1.35.0: its commands; not measured"

[[starts]]
mode = "node"
export = "func"
command = "npx jco transpile {{component}} -o out"
note = "Then import the functions from out/ in JavaScript."
evidence = "npm @bytecodealliance/jco 1.35.0: its commands; not measured"'''

SPIN_HEAD = '''
schema = 1
name = "spin"
title = "Spin"
about = "Spin applications. Each version embeds one wasmtime and links WASI and its own interfaces."
source = "{source}"
default_mode = "up"
aliases = ["fermyon-spin"]

[name_rules.exact]
text = "That of the wasmtime inside (14 to 18): equal names only."
evidence = "{exact_evidence}"

[name_rules.exact-then-track]
text = "That of the wasmtime inside (19 and later): an equal name, else the same semver track."
evidence = "{track_evidence}"

[flags.experimental-wasi-otel]
args = "--experimental-wasi-otel"
about = "experimental wasi:otel (3.6 and later)"
evidence = "spinframework/spin: its commands and triggers; not measured"

[[starts]]
mode = "up"
export = "wasi:http/incoming-handler"
command = "spin up {{flags}}"
note = "The component is named by `source` in spin.toml, under an HTTP trigger."
evidence = "spinframework/spin: its commands and triggers; not measured"

[[starts]]
mode = "up"
export = "fermyon:spin/inbound-http"
command = "spin up {{flags}}"
note = "The component is named by `source` in spin.toml, under an HTTP trigger."
evidence = "spinframework/spin: its commands and triggers; not measured"

[[starts]]
mode = "up"
export = "fermyon:spin/inbound-redis"
command = "spin up {{flags}}"
note = "The component is named by `source` in spin.toml, under a Redis trigger."
evidence = "spinframework/spin: its commands and triggers; not measured"'''

WASMCLOUD_HEAD = """
schema = 1
name = "wasmcloud"
title = "wasmCloud"
about = "The wasmCloud runtime (wash). WASI is always there; other interfaces come with host plugins."
source = "{source}"
default_mode = "host"

[name_rules.exact-then-track]
text = "That of the wasmtime inside: an equal name, else the same semver track."
evidence = "{track_evidence}"

{flags}
[[starts]]
mode = "host"
export = "wasi:http/incoming-handler"
command = "wash dev"
evidence = "wasmCloud/wasmCloud: its command; not measured"
note = "Run it in the component's project; wash builds and serves the component."
"""

NONE_HOST = """
schema = 1
name = "none"
title = "no host"
about = "A host that provides nothing: asks for a component that imports nothing a host must have."
source = "nothing to measure"
default_mode = "none"

[[lines]]
first = "0"
name_rule = "exact"
evidence = "by definition"

[lines.modes.none]
"""


# -- writing TOML ---------------------------------------------------------------------------------


def quoted(text: str) -> str:
    """A basic TOML string."""
    return json.dumps(text, ensure_ascii=False)


def names(key: str, values: Sequence[str]) -> str:
    """A list of names: in one line when short, else a name a line (a text is read faster than an array)."""
    line = f"{key} = {quoted(', '.join(values))}"
    if len(line) <= 110:
        return line + "\n"
    return f'{key} = """\n' + "\n".join(values) + '\n"""\n'


def array(key: str, values: Iterable[str]) -> str:
    """A short array of strings."""
    return f"{key} = [{', '.join(map(quoted, values))}]\n"


def condition(flags: frozenset[str]) -> str:
    """The key of a condition: ``default``, or flags joined by +, shortest prefix first."""
    return "+".join(sorted(flags)) or "default"


def bare(key: str) -> str:
    """A TOML key, quoted when it must be."""
    plain = all(c.isascii() and (c.isalnum() or c in "-_") for c in key)
    return key if plain else quoted(key)


def split(name: str) -> tuple[str, str]:
    """``wasi:io/poll`` and its version ("" for none)."""
    interface, _, version = name.partition("@")
    return interface, version


# -- WIT facts ------------------------------------------------------------------------------------


def wit_file(source: str, versions: Sequence[str], rows: Iterable[tuple[str, str]]) -> str:
    """One file of ``rules/wit/``."""
    text = f"{HEADER}\nschema = 1\nsource = {quoted(source)}\n"
    if versions:
        text += array("versions", versions)
    return text + "".join(f"\n[interfaces.{quoted(name)}]\n{body}" for name, body in rows)


def interface_body(
    facts: Json, gates: Mapping[str, Mapping[str, str]], gate: Mapping[str, str] | None
) -> str:
    """The functions, resources and gates of one interface."""
    text = names("functions", sorted(facts["functions"])) if facts["functions"] else 'functions = ""\n'
    if facts.get("resources"):
        text += names("resources", sorted(facts["resources"]))
    if gate:
        text += f"gate = {inline(gate)}\n"
    text += "".join(f"gates.{bare(name)} = {inline(row)}\n" for name, row in sorted(gates.items()))
    return text


def inline(row: Mapping[str, str]) -> str:
    """An inline table."""
    return "{ " + ", ".join(f"{key} = {quoted(value)}" for key, value in row.items() if value) + " }"


def single(facts: Json) -> str:
    """An interface of one version: what is unstable there has a feature and no version."""
    gates = {name: {"feature": feature} for name, feature in facts.get("unstable", {}).items()}
    feature = facts.get("unstable_interface")
    return interface_body(facts, gates, {"feature": feature} if feature else None)


def merged_02(wit: Json) -> list[tuple[str, str]]:
    """WASI 0.2.0 to 0.2.12 in one: every function with the version it came in, when not the first."""
    versions = [version for version in WASI_02 if version in wit]
    rows: list[tuple[str, str]] = []
    for name in sorted({name for version in versions for name in wit[version]}):
        having = [version for version in versions if name in wit[version]]
        last = wit[having[-1]][name]
        gates: dict[str, dict[str, str]] = {}
        for function in last["functions"]:
            gate = function_gate(function, [(v, wit[v][name]) for v in having], versions[0])
            if gate:
                gates[function] = gate
        for version in having:
            lost = set(wit[version][name]["functions"]) - set(last["functions"])
            other = set(wit[version][name].get("resources", ())) ^ set(last.get("resources", ()))
            if lost or other:
                raise SystemExit(
                    f"{name}@{version}: {sorted(lost | other)} went or changed; 0.2 needs two files"
                )
        gate = {}
        if having[0] != versions[0] or last.get("unstable_interface"):
            gate = {"since": having[0], "feature": last.get("unstable_interface", "")}
        rows.append((name, interface_body(last, gates, gate or None)))
    return rows


def function_gate(function: str, having: Sequence[tuple[str, Json]], first: str) -> dict[str, str] | None:
    """Since when a function exists and behind which feature; None when it always did."""
    present = [(version, facts) for version, facts in having if function in facts["functions"]]
    feature = next((f["unstable"][function] for _, f in present if function in f.get("unstable", {})), "")
    if present[0][0] == first and not feature:
        return None
    gate = {"since": present[0][0], "feature": feature}
    stable = [version for version, facts in present if function not in facts.get("unstable", {})]
    if feature and stable:
        gate["stable"] = stable[0]
    return gate


def full_rows(wit: Json, versions: Iterable[str], package: str) -> list[tuple[str, str]]:
    """The interfaces of one package at several versions, under full names."""
    return [
        (f"{name}@{version}", single(facts))
        for version in versions
        for name, facts in sorted(wit.get(version, {}).items())
        if name.startswith(package)
    ]


def wit_files(facts: Json) -> dict[str, str]:
    """All of ``rules/wit/``, by file name."""
    wit, source = facts["wit"], facts["source"]
    files: dict[str, str] = {}
    if any(version in wit for version in WASI_02):
        present = [version for version in WASI_02 if version in wit]
        files["wasi-0.2"] = wit_file(source, present, merged_02(wit))
    drafts: list[tuple[str, str]] = []
    nn: list[tuple[str, str]] = []
    for version in wit:
        if version in WASI_02:
            continue
        own = {name: single(row) for name, row in sorted(wit[version].items())}
        if version == "":
            files["wasi-nn-14"] = wit_file(source, [], own.items())
        elif all(name.startswith("wasi:nn/") for name in own):
            nn += full_rows(wit, [version], "wasi:nn/")
        elif any(name.startswith("wasi:cli/") for name in own):
            files[f"wasi-{version}"] = wit_file(source, [version], own.items())
        else:
            drafts += full_rows(wit, [version], "")
    if nn:
        files["wasi-nn"] = wit_file(source, [], nn)
    if drafts:
        files["wasi-drafts"] = wit_file(source, [], drafts)
    for rows in facts.get("wit_variants", {}).values():
        files["wasi-nn-23"] = wit_file(source, [], [(n, single(row)) for n, row in sorted(rows.items())])
    for host, rows in facts.get("wit_other", {}).items():
        files[host] = wit_file(source, [], [(n, single(row)) for n, row in sorted(rows.items())])
    return files


def stems_for(provided: Iterable[str], major: int, files: Iterable[str]) -> list[str]:
    """The files of ``rules/wit/`` that describe the interfaces which one line provides."""
    stems: set[str] = set()
    for name in provided:
        interface, version = split(name)
        if version in WASI_02:
            stems.add("wasi-0.2")
        elif interface.startswith("wasi:nn/"):
            stems.add("wasi-nn" if version else "wasi-nn-23" if major == 23 else "wasi-nn-14")
        elif f"wasi-{version}" in files:
            stems.add(f"wasi-{version}")
        else:
            stems.add("wasi-drafts")
    return sorted(stems)


# -- hosts ----------------------------------------------------------------------------------------


class Sets:
    """Named sets of interfaces without version, shared by the lines of a host.

    A set of several packages is made of one set for each package.
    """

    def __init__(self) -> None:
        self._names: dict[tuple[str, ...], str] = {}
        self._tables: dict[str, Sequence[str]] = {}

    def refer(self, wanted: str, interfaces: Iterable[str], line: str) -> list[str]:
        """References to sets that hold these full names: one for each version among them.

        ``line`` is the first version of the line that refers; it goes into the name of a set when
        an older line has one of the wanted name.
        """
        groups: dict[str, list[str]] = {}
        for name in interfaces:
            interface, version = split(name)
            groups.setdefault(version, []).append(interface)
        refs = []
        for version, members in sorted(groups.items()):
            label = self._whole(wanted + ("-p3" if version.startswith("0.3") else ""), sorted(members), line)
            refs.append(f"{label}@{version}" if version else label)
        return refs

    def _whole(self, wanted: str, members: Sequence[str], line: str) -> str:
        packages: dict[str, list[str]] = {}
        for interface in members:
            packages.setdefault(interface.partition("/")[0], []).append(interface)
        if len(packages) == 1:
            return self._named(wanted, tuple(members), line)
        era = "-p3" if wanted.endswith("-p3") else ""
        parts = [
            self._named(package.replace("wasi:", "").replace(":", "-") + era, tuple(own), line)
            for package, own in packages.items()
        ]
        return self._named(wanted, tuple(parts), line)

    def _named(self, wanted: str, members: tuple[str, ...], line: str) -> str:
        if members not in self._names:
            label, number = wanted, 1
            while label in self._tables:
                number += 1
                label = f"{wanted}-{line}" + ("" if number == 2 else f"-{number}")
            self._names[members] = label
            self._tables[label] = members
        return self._names[members]

    def toml(self) -> str:
        """The ``[sets]`` table."""
        note = "# A number in the name of a set is the first version that has it.\n"
        return f"\n{note}[sets]\n" + "".join(names(bare(label), rows) for label, rows in self._tables.items())


def conditions(mode: str, facts: Json, line: Json) -> tuple[set[str], Conditions]:
    """The flags that are on by default, and the interfaces of a mode by the flags they need.

    Two defaults can be turned off, so what hangs on them gets them as a condition: `-S cli=n` (run,
    from 20 on) and `-S p3=n` (where p3 is on by default).
    """
    p3_default = bool(line.get("p3", {}).get("default"))
    on: set[str] = {"p3"} if p3_default else set()
    if mode == "run" and line["majors"][0] >= 20:
        on.add("cli")
    found: Conditions = {}
    for key, interfaces in (("default", facts["default"]), *facts["flags"].items()):
        base = set() if key == "default" else set(key.split("+"))
        if key == "default" and "cli" in on:
            base.add("cli")
        for name in interfaces:
            flags = base | {"p3"} if p3_default and split(name)[1].startswith("0.3.0") else base
            found.setdefault(frozenset(flags), []).append(name)
    return on, found


def function_conditions(facts: Json) -> Conditions:
    """Functions by the flags they need."""
    return {
        frozenset(key.split("+")): list(functions)
        for key, functions in facts.get("function_flags", {}).items()
    }


def entries(mode: str, line: Json) -> Conditions:
    """The exports that a mode calls: wasi:cli/run, or the HTTP handlers; 0.3 ones where p3 is."""
    wasi = line["wasi"]
    package = "wasi:cli" if mode == "run" else "wasi:http"
    version = wasi if isinstance(wasi, str) else wasi[package]
    interface = "wasi:cli/run" if mode == "run" else "wasi:http/incoming-handler"
    found: Conditions = {frozenset(): [f"{interface}@{version}"]}
    if line.get("wasi_p3"):
        newer = "wasi:cli/run" if mode == "run" else "wasi:http/handler"
        found[frozenset({"p3"})] = [f"{newer}@{line['wasi_p3']}"]
    return found


def mode_toml(
    mode: str,
    on: Iterable[str],
    provides: Mapping[str, Sequence[str]],
    functions: Conditions,
    starts: Conditions,
) -> str:
    """One ``[lines.modes.<mode>]``."""
    text = f"\n[lines.modes.{bare(mode)}]\n"
    if on:
        text += array("on", sorted(on))
    text += "".join(names(f"provides.{bare(key)}", refs) for key, refs in provides.items() if refs)
    for key, rows in (("functions", functions), ("entries", starts)):
        for flags, values in sorted(rows.items(), key=lambda row: condition(row[0])):
            text += names(f"{key}.{bare(condition(flags))}", values)
    return text


def referred(sets: Sets, mode: str, found: Conditions, line: str) -> dict[str, list[str]]:
    """The ``provides`` of a mode as references to sets, by condition."""
    ordered = sorted(found.items(), key=lambda row: (len(row[0]), condition(row[0])))
    provides: dict[str, list[str]] = {}
    for flags, interfaces in ordered:
        telling = "-".join(sorted(flags - {"p3"}))
        if not telling or (mode == "run" and telling == "cli"):
            telling = mode  # the default set of `run` hangs on -S cli, which is on
        label = f"{mode}-{telling}" if telling in ("cli", "common") else telling
        provides[condition(flags)] = sets.refer(label, interfaces, line)
    return provides


def wasmtime_lines(lines: Sequence[Json]) -> list[Json]:
    """The lines, with 23 apart: wasi:nn without a version has another shape there."""
    split_lines: list[Json] = []
    for line in lines:
        first, last = line["majors"]
        if first < 23 <= last:
            split_lines.append({**line, "majors": [first, 22]})
            first = 23
        split_lines.append({**line, "majors": [first, last]})
    return split_lines


def track_rule(facts: Json) -> Json:
    """The row of wasmtime's name rules that speaks of tracks."""
    rows = facts["hosts"]["wasmtime"]["name_rule"]
    return next(row for row in rows if row["rule"] == "exact-then-track")


def line_toml(first: str, last: str, keys: str, modes: str, *, inline: bool) -> str:
    """A line: a file of its own, or (``inline``) an entry of ``[[lines]]``."""
    text = "\n[[lines]]\n" if inline else f"{HEADER}\n"
    text += f"first = {quoted(first)}\n"
    text += f"last = {quoted(last)}\n" if last != first else ""
    return text + keys + (modes if inline else modes.replace("[lines.modes.", "[modes."))


def line_name(first: str, last: str) -> str:
    """The file name of a line, without suffix."""
    return first if first == last else f"{first}-{last}"


def wasmtime(facts: Json, files: Iterable[str]) -> dict[str, str]:
    """``rules/hosts/wasmtime.toml``, and a file for each line beside it."""
    host = facts["hosts"]["wasmtime"]
    sets = Sets()
    made: dict[str, str] = {}
    for line in wasmtime_lines(host["lines"]):
        first, last = line["majors"]
        rule = next(
            r for r in host["name_rule"] if first >= r["majors"][0] and first <= (r["majors"][1] or last)
        )
        modes, provided = "", []
        for mode in ("run", "serve"):
            on, found = conditions(mode, line[mode], line)
            provided += [name for interfaces in found.values() for name in interfaces]
            provides = referred(sets, mode, found, str(first))
            modes += mode_toml(mode, on, provides, function_conditions(line[mode]), entries(mode, line))
        keys = f"name_rule = {quoted(rule['rule'])}\n" + array("wasi", wasi_versions(line))
        keys += array("wit", stems_for(provided, first, files))
        keys += 'args = "-W component-model"\n' if first < 17 else ""
        keys += f"evidence = {quoted(line['evidence'])}\n"
        versions = str(first), str(last)
        made[f"wasmtime/{line_name(*versions)}"] = line_toml(*versions, keys, modes, inline=False)
    head = WASMTIME_HEAD.format(
        source=facts["source"], exact_evidence=EXACT_EVIDENCE, track_evidence=track_rule(facts)["evidence"]
    )
    return {"wasmtime": HEADER + head + sets.toml(), **made}


def wasi_versions(line: Json) -> list[str]:
    """The WASI versions of a line, for people."""
    wasi = line["wasi"]
    found = [wasi] if isinstance(wasi, str) else sorted(set(wasi.values()))
    return [*found, *([line["wasi_p3"]] if line.get("wasi_p3") else [])]


def jco(facts: Json) -> str:
    """``rules/hosts/jco.toml``."""
    host = facts["hosts"]["jco"]
    old, new = host["shims"]["preview2-shim"], host["shims"]["preview3-shim"]
    version = ".".join(host["versions"]["jco"].split(".")[:2])
    provides = [f"{name}@{old['against']}" for name in old["interfaces"]]
    provides += [f"{name}@{new['against']}" for name in new["interfaces"]]
    # Against 0.2.12 the shim lacks only what "missing" lists, so it has the other unstable functions.
    unstable = [
        f"{name}@{old['against']}#{function}"
        for name in old["interfaces"]
        for function in facts["wit"][old["against"]].get(name, {}).get("unstable", {})
        if function not in old["missing"].get(name, ())
    ]
    handlers = {
        frozenset[str](): [
            f"wasi:cli/run@{old['against']}",
            f"wasi:http/incoming-handler@{old['against']}",
        ]
    }
    sets = Sets()
    refs = sets.refer("shim", provides, version)
    exact = host["exact"]
    maps = (
        f"\n[[lines.maps]]\n{array('packages', exact['packages'])}{array('versions', exact['versions'])}"
        f"to = {quoted(new['against'])}\n"
        f"\n[[lines.maps]]\n{array('packages', host['any_version']['packages'])}to = {quoted(old['against'])}\n"
    )
    shims = ", ".join(f"{name} {number}" for name, number in host["versions"].items())
    keys = (
        'name_rule = "package"\n'
        + array("wasi", [old["against"], new["against"]])
        + array("wit", ["wasi-0.2", f"wasi-{new['against']}"])
        + f"evidence = {quoted(host['evidence'] + ' (' + shims + ')')}\n{maps}"
    )
    modes = mode_toml("node", (), {"default": refs}, {frozenset(): unstable}, handlers)
    head = JCO_HEAD.format(source=facts["source"], evidence=host["evidence"])
    return HEADER + head + sets.toml() + line_toml(version, version, keys, modes, inline=True)


def line_of(facts: Json, major: int) -> Json:
    """The facts of a wasmtime major."""
    lines: list[Json] = facts["hosts"]["wasmtime"]["lines"]
    return next(line for line in lines if line["majors"][0] <= major <= line["majors"][1])


def embedded(facts: Json, major: int) -> tuple[list[str], list[str]]:
    """What a host that embeds a wasmtime links of it: its run set and http, WASI 0.2 and 0.3 apart."""
    line = line_of(facts, major)
    run = line["run"]
    names_ = list(run["default"]) + list(run["flags"].get("http", ()))
    p3 = [name for name in names_ if split(name)[1].startswith("0.3")]
    p3 += [*run["flags"].get("p3", ()), *run["flags"].get("p3+http", ())]
    if not any(name.startswith("wasi:http/") for name in p3):  # 37 has it in serve only
        p3 += [n for n in line["serve"]["flags"].get("p3", ()) if n.startswith("wasi:http/")]
    p2 = [name for name in names_ if not split(name)[1].startswith("0.3")]
    return [name for name in p2 if not name.startswith("wasi:clocks/timezone")], p3


def spin(facts: Json, files: Iterable[str]) -> dict[str, str]:
    """``rules/hosts/spin.toml``, and a file for each line beside it."""
    host = facts["hosts"]["spin"]
    older = [name for major in (14, 15) for name in embedded(facts, major)[0]]
    sets = Sets()
    made: dict[str, str] = {}
    for line in host["lines"]:
        first, last = line["versions"]
        major = int(line["wasmtime"].split()[0])
        p2, p3 = embedded(facts, major)
        p3 = p3 if line.get("wasi_p3") else []
        old = [name for name in older if split(name)[1] in line["also_wasi"]]
        own = [name for name in line["imports"] if split(name)[1]]
        legacy = [name for name in line["imports"] if not split(name)[1]]
        provides = {
            "default": [
                *sets.refer("wasi", p2, first),
                *sets.refer("wasi", old, first),
                *sets.refer("wasi", p3, first),
                *sets.refer("spin", legacy, first),
                *own,
            ]
        }
        if line.get("experimental"):
            provides["experimental-wasi-otel"] = line["experimental"]
        handlers = [f"wasi:http/incoming-handler@{v}" for v in (line["wasi"], *line["also_wasi"])]
        starts = {frozenset[str](): [*handlers, "fermyon:spin/inbound-http", "fermyon:spin/inbound-redis"]}
        keys = f"name_rule = {quoted('exact' if major < 19 else 'exact-then-track')}\n"
        keys += array("wasi", [line["wasi"], *line["also_wasi"], *([line["wasi_p3"]] if p3 else [])])
        keys += array("wit", ["spin", *stems_for([*p2, *old, *p3], major, files)])
        keys += f"note = {quoted('WASI 0.3 is ' + line['p3_note'])}\n" if line.get("p3_note") else ""
        keys += f"evidence = {quoted(line['evidence'] + '; WASI ' + host['wasi_0.2_set'])}\n"
        modes = mode_toml("up", (), provides, {}, starts)
        made[f"spin/{line_name(first, last)}"] = line_toml(first, last, keys, modes, inline=False)
    head = SPIN_HEAD.format(
        source=facts["source"], exact_evidence=EXACT_EVIDENCE, track_evidence=track_rule(facts)["evidence"]
    )
    return {"spin": HEADER + head + sets.toml(), **made}


def wasmcloud(facts: Json, files: Iterable[str]) -> str:
    """``rules/hosts/wasmcloud.toml``."""
    host = facts["hosts"]["wasmcloud"]
    sets = Sets()
    body, flags = "", {}
    for line in host["lines"]:
        major = int(line["wasmtime"])
        p2, p3 = embedded(facts, major)
        first, last = line["versions"]
        default = [*sets.refer("wasi", p2, first), *sets.refer("wasi", p3, first)]
        found: dict[str, list[str]] = {"default": default}
        for plugin, interfaces in sorted(line["plugins"].items()):
            if "," in plugin or not interfaces:  # "after 2.7.0": not in a release that is known
                continue
            found[plugin] = interfaces
            flags[plugin] = ("plugin", f"the host plugin {plugin}")
        for feature, interfaces in sorted(line["build_feature"].items()):
            known = [name for name in interfaces if "/" in name]
            if known:
                found[feature] = known
                flags[feature] = ("build-feature", f"a wasmCloud built with the feature {feature}")
        tls = [
            name
            for key, values in found.items()
            if key != "default"
            for name in values
            if name.startswith("wasi:tls")
        ]
        stems = ["wasmcloud", *stems_for([*p2, *p3, *tls], major, files)]
        http = {frozenset[str](): [f"wasi:http/incoming-handler@{line['wasi']}"]}
        keys = 'name_rule = "exact-then-track"\n' + array("wasi", [line["wasi"], line["wasi_p3"]])
        keys += array("wit", stems) + f"evidence = {quoted(line['evidence'])}\n"
        body += line_toml(first, last, keys, mode_toml("host", (), found, {}, http), inline=True)
    rows = "".join(
        f'[flags.{bare(name)}]\nkind = "{kind}"\nabout = {quoted(about)}\nevidence = "the evidence of the line"\n\n'
        for name, (kind, about) in sorted(flags.items())
    )
    head = WASMCLOUD_HEAD.format(
        source=facts["source"], track_evidence=track_rule(facts)["evidence"], flags=rows
    )
    return HEADER + head + sets.toml() + body


def host_files(facts: Json, stems: Iterable[str]) -> dict[str, str]:
    """All of ``rules/hosts/`` that the facts speak of, by file name."""
    files = {**wasmtime(facts, stems), "none": HEADER + NONE_HOST}
    if "jco" in facts["hosts"]:
        files["jco"] = jco(facts)
    if "spin" in facts["hosts"]:
        files |= spin(facts, stems)
    if "wasmcloud" in facts["hosts"]:
        files["wasmcloud"] = wasmcloud(facts, stems)
    return files


# -- reading back ---------------------------------------------------------------------------------


def differences(facts: Json, rules: Path) -> list[str]:
    """What the written files say otherwise than the facts, for every wasmtime line, mode and flag."""
    catalog = Catalog(rules)
    catalog.hosts()
    found: list[str] = []
    for line in facts["hosts"]["wasmtime"]["lines"]:
        for major in range(line["majors"][0], line["majors"][1] + 1):
            for mode in ("run", "serve"):
                spec = f"wasmtime@{major}:{mode}"
                rows = line[mode]
                found += compare(spec, catalog.host(spec), rows["default"], facts)
                for key, added in rows["flags"].items():
                    flags = key.split("+")
                    expected = set(rows["default"]).union(
                        *(v for k, v in rows["flags"].items() if set(k.split("+")) <= set(flags))
                    )
                    got = catalog.host(spec, flags)
                    found += compare(f"{spec} {key}", got, expected, facts)
                    found += [f"{spec} {key}: lacks {name}" for name in added if name not in got.provided]
                for key, functions in rows.get("function_flags", {}).items():
                    got = catalog.host(spec, key.split("+"))
                    for name in functions:
                        interface, _, function = name.partition("#")
                        if function not in (got.functions_of(interface) or ()):
                            found.append(f"{spec} {key}: {name} is not linked")
    return found


def compare(what: str, view: HostView, expected: Iterable[str], facts: Json) -> list[str]:
    """The interfaces, and the functions of each, that a view has too many or too few."""
    wrong = [f"{what}: {name}" for name in sorted(view.provided ^ set(expected))]
    for name in sorted(view.provided):
        interface, version = split(name)
        rows = facts["wit"].get(version, {}).get(interface)
        got = view.functions_of(name)
        if rows is None or got is None:
            wrong.append(f"{what}: functions of {name} are not known")
            continue
        if version == "" and view.line.first == "23":
            rows = next(iter(facts["wit_variants"].values()))[interface]
        gated = rows.get("unstable", {}) if "unstable_interface" not in rows else {}
        closed = {f for f in gated if f not in {p.name.partition("#")[2] for p in view.mode.functions}}
        extra = got - set(rows["functions"])
        lacking = set(rows["functions"]) - got - set(gated)
        wrong += [f"{what}: {name}#{function}" for function in sorted(extra | lacking | (closed & got))]
    return wrong


# -- command line ---------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("facts", type=Path, metavar="FACTS.json")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when a file is out of date"
    )
    parser.add_argument("--rules", type=Path, default=ROOT / "rules", help="the folder of rules")
    options = parser.parse_args(arguments)
    facts = json.loads(options.facts.read_text(encoding="utf-8"))
    wit = wit_files(facts)
    made = {Path("wit") / f"{stem}.toml": text for stem, text in wit.items()}
    made |= {Path("hosts") / f"{name}.toml": text for name, text in host_files(facts, wit).items()}
    with tempfile.TemporaryDirectory() as folder:
        write(made, Path(folder))
        wrong = differences(facts, Path(folder))
    if wrong:
        print("The files would not say what the facts say:", *wrong[:20], sep="\n  ", file=sys.stderr)
        return 1
    stale = [path for path, text in made.items() if not same(options.rules / path, text)]
    left = leftovers(made, options.rules)
    if options.check:
        for path in [*stale, *left]:
            print(f"{options.rules / path} is out of date; run scripts/make_hosts.py", file=sys.stderr)
        return 1 if stale or left else 0
    for path in left:
        (options.rules / path).unlink()
    write({path: made[path] for path in stale}, options.rules)
    print(f"{len(made)} files, {len(stale)} written")
    return 0


def leftovers(made: Iterable[Path], rules: Path) -> list[Path]:
    """Files that an earlier run made and that the facts no longer give (known by their header)."""
    found = [*rules.glob("hosts/**/*.toml"), *rules.glob("wit/*.toml")]
    ours = [path for path in found if path.read_bytes().startswith(HEADER.encode())]
    return sorted({path.relative_to(rules) for path in ours} - set(made))


def same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def write(files: Mapping[Path, str], folder: Path) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())


if __name__ == "__main__":
    raise SystemExit(main())
