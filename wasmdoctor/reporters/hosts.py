"""``wasmdoctor hosts``: the hosts that are known, and what one of them provides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wasmdoctor.model.host import HostProfile, HostView
from wasmdoctor.model.names import ExternName
from wasmdoctor.reporters.console import Style, written
from wasmdoctor.reporters.escape import one_line
from wasmdoctor.reporters.jsontext import dumped

SCHEMA = 1


def table(profiles: Iterable[HostProfile], style: Style) -> str:
    """All hosts: name, versions, modes, and what each is."""

    def write(console: Console) -> None:
        grid = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
        for column in ("host", "versions", "modes"):
            grid.add_column(column, no_wrap=True, header_style="bold")
        grid.add_column("what it is", overflow="fold", header_style="bold")
        for profile in profiles:
            modes = sorted({mode for line in profile.lines for mode in line.modes})
            versions = "" if profile.lines[-1].last == "0" else profile.known
            name = Text(one_line(profile.name), "bold")
            grid.add_row(
                name,
                Text(one_line(versions)),
                Text(one_line(", ".join(modes))),
                Text(one_line(profile.about)),
            )
        console.print(grid)
        console.print()
        console.print(Text("what one provides: wasmdoctor hosts NAME@VERSION:MODE [-S FLAG]", "dim"))
        console.print(Text("which of them run a component: wasmdoctor hosts for COMPONENT", "dim"))

    return written(style, write)


def one(host: HostView, style: Style) -> str:
    """What one host links, by package, and which flags add more."""

    def write(console: Console) -> None:
        console.print(Text(one_line(host.id), "bold"))
        title = host.profile.title + (f", {host.note}" if host.note else "")
        console.print(Text(one_line(title), "dim"))
        rule = host.profile.name_rules.get(host.name_rule)
        console.print(Text(one_line(f"names: {rule.text if rule else host.name_rule}")))
        console.print(Text(one_line(f"source: {host.line.evidence}"), "dim"))
        console.print(Text("links:" if host.provided else "links nothing", "bold"))
        plain = [p.name for p in host.mode.plain if p.flags <= host.enabled]
        for line in [*_by_package(host.provided), *sorted(plain)]:
            console.print(Padding(Text(one_line(line)), (0, 0, 0, 2)))
        more: dict[tuple[str, ...], set[str]] = {}
        for provision in host.mode.provides:
            missing = tuple(sorted(provision.flags - host.enabled))
            if missing:
                more.setdefault(missing, set()).add(provision.name)
        for flags, names in sorted(more.items()):
            words = " ".join(_how(host, flag) for flag in flags)
            console.print(Text(one_line(f"with {words}:"), "bold"))
            for line in _by_package(names):
                console.print(Padding(Text(one_line(line)), (0, 0, 0, 2)))
        called = _by_package(p.name for p in host.mode.entries if p.flags <= host.enabled)
        if any(rule.export == "func" for rule in host.start_rules):
            called.append("a function of the component")
        if called:
            console.print(Text("calls:", "bold"))
            for line in called:
                console.print(Padding(Text(one_line(line)), (0, 0, 0, 2)))

    return written(style, write)


def table_json(profiles: Iterable[HostProfile]) -> str:
    """All hosts as JSON: names, versions, modes, name rules, and where the facts are from."""
    hosts = [
        {
            "name": profile.name,
            "title": profile.title,
            "about": profile.about,
            "aliases": list(profile.aliases),
            "default_mode": profile.default_mode,
            "source": profile.source,
            "versions": [
                {
                    "first": line.first if line.first != "0" else None,
                    "last": line.last if line.last != "0" else None,
                    "name_rule": line.name_rule,
                    "wasi": list(line.wasi),
                    "modes": sorted(line.modes),
                }
                for line in profile.lines
            ],
        }
        for profile in profiles
    ]
    return dumped({"schema": SCHEMA, "hosts": hosts}) + "\n"


def one_json(host: HostView) -> str:
    """What one host links, functions included where they are known, and with which flags."""
    interfaces = sorted({p.name for p in host.mode.provides} | {p.name for p in host.mode.plain})
    ways: dict[str, list[list[str]]] = {name: [] for name in interfaces}
    for provision in (*host.mode.provides, *host.mode.plain):
        ways[provision.name].append(sorted(provision.flags - host.enabled))
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "host": host.id,
        "name": host.profile.name,
        "mode": host.mode_name,
        "name_rule": host.name_rule,
        "evidence": host.line.evidence,
        "note": host.note,
        "interfaces": [
            {"name": name, "flags": min(ways[name], key=len), "functions": _functions(host, name)}
            for name in interfaces
        ],
        "entries": [{"name": p.name, "flags": sorted(p.flags - host.enabled)} for p in host.mode.entries],
        "calls_functions": any(rule.export == "func" for rule in host.start_rules),
    }
    return dumped(document) + "\n"


def _functions(host: HostView, interface: str) -> list[str] | None:
    functions = host.functions_of(interface)
    return sorted(functions) if functions is not None else None


def imported(path: str, host: HostView, what: str, counts: tuple[int, int]) -> str:
    """What ``hosts import`` wrote. ``counts`` are the plain names that it provides, and what it calls."""
    plain, entries = counts
    functions = sum(len(host.functions_of(name) or ()) for name in host.provided)
    lines = [f"{path}: host `{host.profile.name}`, from {what}"]
    lines.append(f"  provides {_count(len(host.provided), 'interface')} with {_count(functions, 'function')}")
    if plain:
        lines.append(f"  defines {_count(plain, 'name')} of the world itself")
    lines.append(f"  calls {_count(entries, 'export')}" if entries else "  calls nothing that is known")
    lines.append(f"use it: wasmdoctor check --host {host.profile.name}")
    return "".join(f"{one_line(line)}\n" for line in lines)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _by_package(names: Iterable[str]) -> list[str]:
    groups: dict[tuple[str, str], list[str]] = {}
    for text in names:
        name = ExternName.parse(text)
        groups.setdefault((name.package or text, name.version or ""), []).append(name.interface or "")
    lines: list[str] = []
    for (package, version), interfaces in sorted(groups.items()):
        inner = ", ".join(sorted(interfaces))
        inner = f"{{{inner}}}" if len(interfaces) > 1 else inner
        if not inner:  # a plain name
            lines.append(package)
            continue
        lines.append(f"{package}/{inner}" + (f"@{version}" if version else ""))
    return lines


def _how(host: HostView, name: str) -> str:
    """A flag as the host's command line takes it, or what it is when there is no such word (a plugin)."""
    flag = host.profile.flag(name)
    return flag.args or f"{name} ({flag.about or flag.kind})"
