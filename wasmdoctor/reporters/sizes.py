"""How many bytes of code each crate has in a component, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from rich.console import Console
from rich.table import Table
from rich.text import Text

from wasmdoctor.model.artifact import ModuleRole
from wasmdoctor.model.sizes import CodeSize, CodeSizes, ModuleSize, SizeKind
from wasmdoctor.model.symbol import Language
from wasmdoctor.reporters.console import Style, written
from wasmdoctor.reporters.escape import safe

ROWS = 20
MAX_NAME = 48
NARROW = 60
"""Below this width in columns there is room for fewer numbers."""
ADAPTER_PREFIX = "wit-component:adapter:"
_LANGUAGES = {Language.CPP: "C++", Language.GO: "Go", Language.ASSEMBLYSCRIPT: "AssemblyScript"}


def label(row: CodeSize) -> str:
    """What a row is called: ``serde_json``, ``js (C++)``, ``std (Rust)``, ``libc.so, no crate``."""
    match row.kind:
        case SizeKind.STD:
            return "std (Rust)"
        case SizeKind.UNNAMED:
            return "functions without names"
        case SizeKind.SHIM:
            return "shims between modules"
        case SizeKind.ADAPTER:
            return f"adapter {row.name.removeprefix(ADAPTER_PREFIX)}".rstrip()
        case SizeKind.PLAIN:
            return f"{row.name}, {_no_package(row)}" if row.name else _no_package(row)
    versions = {package.version for package in row.packages}
    name = f"{row.name} {versions.pop()}" if len(versions) == 1 else row.name
    return f"{name} ({_LANGUAGES[row.language]})" if row.language in _LANGUAGES else name


def _no_package(row: CodeSize) -> str:
    return f"{_LANGUAGES[row.language]} without namespace" if row.language in _LANGUAGES else "no crate"


def number(value: int) -> str:
    """``48894`` as ``48,894``."""
    return f"{value:,}"


def share(part: int, whole: int) -> str:
    """A part of a whole in percent, with one digit behind the point."""
    return f"{100 * part / whole:.1f}%" if whole else "0.0%"


def shortened(text: str, most: int = MAX_NAME) -> str:
    """A name that is shown safely and at most so long."""
    text = safe(text).replace("\n", " ")
    return text if len(text) <= most else f"{text[: most - 1]}…"


def table(sizes: CodeSizes, style: Style, rows: int = ROWS) -> str:
    """The crates, the largest first, at most ``rows`` of them and the others as one; then the modules."""

    def write(console: Console) -> None:
        if not sizes.rows:
            console.print(Text("there is no code in it"))
        else:
            console.print(_crates(sizes, style, rows))
            console.print(Text(_summary(sizes)))
        if sizes.modules:
            console.print()
            console.print(_modules(sizes.modules, style, rows))

    return written(style, write)


def one(sizes: CodeSizes, name: str, style: Style) -> str:
    """What one crate has in the component, and for whom its generic functions were compiled."""

    def write(console: Console) -> None:
        found = sizes.of(name)
        if not found:
            console.print(Text(f"no function in the component is named after the crate {shortened(name)}"))
        for row in found:
            console.print(Text.assemble((shortened(label(row)), "bold"), f": {_sentence(row, sizes)}"))
            if len(row.parts) > 1:
                _list(console, "of which", row.parts, row.bytes)
            if row.users:
                _list(console, "generic functions compiled for", row.users, row.bytes)

    return written(style, write)


def _sentence(row: CodeSize, sizes: CodeSizes) -> str:
    functions = f"{number(row.functions)} function{'' if row.functions == 1 else 's'}"
    text = f"{number(row.bytes)} bytes of code in {functions}, {share(row.bytes, sizes.code)} of all"
    if sizes.reached:
        text += f"; {number(row.leaked)} are reached only from leaked exports"
    return text


def _list(console: Console, heading: str, parts: Mapping[str, int], whole: int) -> None:
    console.print(Text(f"  {heading}", "dim"))
    grid = Table(box=None, padding=(0, 1), show_header=False)
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    for name, size in list(parts.items())[:ROWS]:
        grid.add_row(f"    {shortened(name)}", number(size), share(size, whole))
    console.print(grid)


def _crates(sizes: CodeSizes, style: Style, rows: int) -> Table:
    grid = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column("code of", overflow="fold", header_style="bold")
    wide = style.width >= NARROW
    for heading in ("bytes", *(["share"] if wide else []), *(["leaked only"] if sizes.reached else [])):
        grid.add_column(heading, justify="right", no_wrap=True, header_style="bold")
    grid.add_column("", no_wrap=True)
    numbers = partial(_numbers, sizes=sizes, share_too=wide)
    names = [shortened(label(row), max(style.width // 3, 20)) for row in sizes.rows]
    shown, others = sizes.rows[:rows], sizes.rows[rows:]
    fixed = max(map(len, names[:rows]), default=0) + 2 + 12 + 8 + (13 if sizes.reached else 0)
    width = max(min(style.width - fixed, 40), 0)
    largest = max((row.bytes for row in shown), default=0)
    for row, name in zip(shown, names, strict=False):
        bar = _bar(row.bytes, row.leaked, largest, width, style) if width >= 6 else Text("")
        grid.add_row(Text(name), *numbers(row.bytes, row.leaked), bar)
    if others:
        total, leaked = sum(row.bytes for row in others), sum(row.leaked for row in others)
        grid.add_row(Text(f"{len(others)} more", "dim"), *numbers(total, leaked), "")
    grid.add_row(Text("all code", "bold"), *numbers(sizes.code, sizes.leaked), "")
    return grid


def _numbers(size: int, leaked: int, *, sizes: CodeSizes, share_too: bool) -> Iterator[str]:
    yield number(size)
    if share_too:
        yield share(size, sizes.code)
    if sizes.reached:
        yield number(leaked)


def _bar(size: int, leaked: int, largest: int, width: int, style: Style) -> Text:
    """A bar whose last part is what only leaked exports reach; not by colour alone."""
    full = max(round(width * size / largest), 1) if size and largest else 0
    last = min(round(width * leaked / largest), full) if leaked and largest else 0
    solid, light = ("█", "░") if style.unicode else ("#", "-")
    return Text.assemble((solid * (full - last), "blue"), (light * last, "yellow"))


def _summary(sizes: CodeSizes) -> str:
    text = f"{share(sizes.code, sizes.size)} of the file's {number(sizes.size)} bytes are code"
    if sizes.reached and sizes.leaked:
        text += f"; {number(sizes.leaked)} bytes of it would fall away with the leaked exports"
    elif sizes.reached:
        text += "; none of it is there for leaked exports only"
    return text


def _modules(modules: tuple[ModuleSize, ...], style: Style, rows: int) -> Table:
    """The largest modules; the columns that have a number, as many as there is room for."""
    grid = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column("module", overflow="fold", header_style="bold")
    parts = ("code", "data", "debug", "names", "customs", "rest")
    used = [part for part in parts if any(getattr(module, part) for module in modules)]
    sums = {part: sum(getattr(module, part) for module in modules) for part in ("size", *used)}
    while (
        used
        and sum(max(len(number(sums[part])), len(part)) + 2 for part in ("size", *used)) > style.width - 22
    ):
        used.pop()
    for heading in ("size", *used):
        grid.add_column(heading, justify="right", no_wrap=True, header_style="bold")
    order = sorted(range(len(modules)), key=lambda i: -modules[i].size)
    for index in order[:rows]:
        module = modules[index]
        numbers = [number(module.size), *(number(getattr(module, part)) for part in used)]
        grid.add_row(Text(shortened(_module_name(index, module), 28)), *numbers)
    if len(order) > rows:
        left = [modules[i] for i in order[rows:]]
        others = [number(sum(getattr(module, part) for module in left)) for part in ("size", *used)]
        grid.add_row(Text(f"{len(left)} more", "dim"), *others)
    return grid


def _module_name(index: int, module: ModuleSize) -> str:
    if module.name and module.role is not ModuleRole.ADAPTER:
        return module.name
    role = "module" if module.role is ModuleRole.MAIN else module.role.value
    name = module.name.removeprefix(ADAPTER_PREFIX)
    return f"{role} {name}" if name else f"{role} {index}"
