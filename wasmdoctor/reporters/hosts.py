"""``wasmdoctor hosts``: the hosts that are known, and what one of them provides."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wasmdoctor.model.host import HostProfile, HostView
from wasmdoctor.model.names import ExternName
from wasmdoctor.reporters.console import Style, written


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
            grid.add_row(Text(profile.name, "bold"), versions, ", ".join(modes), profile.about)
        console.print(grid)
        console.print()
        console.print(Text("what one provides: wasmdoctor hosts NAME@VERSION:MODE [-S FLAG]", "dim"))

    return written(style, write)


def one(host: HostView, style: Style) -> str:
    """What one host links, by package, and which flags add more."""

    def write(console: Console) -> None:
        console.print(Text(host.id, "bold"))
        console.print(Text(host.profile.title + (f", {host.note}" if host.note else ""), "dim"))
        rule = host.profile.name_rules.get(host.name_rule)
        console.print(Text(f"names: {rule.text if rule else host.name_rule}"))
        console.print(Text(f"source: {host.line.evidence}", "dim"))
        console.print(Text("links:" if host.provided else "links nothing", "bold"))
        for line in _by_package(host.provided):
            console.print(Padding(Text(line), (0, 0, 0, 2)))
        more: dict[tuple[str, ...], set[str]] = {}
        for provision in host.mode.provides:
            missing = tuple(sorted(provision.flags - host.enabled))
            if missing:
                more.setdefault(missing, set()).add(provision.name)
        for flags, names in sorted(more.items()):
            words = " ".join(_how(host, flag) for flag in flags)
            console.print(Text(f"with {words}:", "bold"))
            for line in _by_package(names):
                console.print(Padding(Text(line), (0, 0, 0, 2)))

    return written(style, write)


def _by_package(names: Iterable[str]) -> list[str]:
    groups: dict[tuple[str, str], list[str]] = {}
    for text in names:
        name = ExternName.parse(text)
        groups.setdefault((name.package or text, name.version or ""), []).append(name.interface or "")
    lines: list[str] = []
    for (package, version), interfaces in sorted(groups.items()):
        inner = ", ".join(sorted(interfaces))
        inner = f"{{{inner}}}" if len(interfaces) > 1 else inner
        lines.append(f"{package}/{inner}" + (f"@{version}" if version else ""))
    return lines


def _how(host: HostView, name: str) -> str:
    """A flag as the host's command line takes it, or what it is when there is no such word (a plugin)."""
    flag = host.profile.flag(name)
    return flag.args or f"{name} ({flag.about or flag.kind})"
