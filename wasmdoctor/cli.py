"""Arguments and exit codes; the only writer to standard output and standard error.

Exit codes: 0 nothing found, 1 findings at or above ``--fail-on``, 2 could not run.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from wasmdoctor import __version__

if TYPE_CHECKING:
    from wasmdoctor.catalog import Catalog
    from wasmdoctor.model.finding import Report
    from wasmdoctor.model.rule import Lint
    from wasmdoctor.reporters.console import Style

CLEAN, FOUND, FAILED = 0, 1, 2

FORMATS = ("text", "json")
SEVERITIES = ("error", "warning", "note", "never")
COLORS = ("auto", "always", "never")


# Options that several commands have, so that they mean and read the same everywhere.
host_option = click.option(
    "--host",
    default="wasmtime",
    show_default=True,
    metavar="HOST",
    help="The host to judge by: NAME, NAME@VERSION or NAME@VERSION:MODE; `wasmdoctor hosts` lists them.",
)
flags_option = click.option(
    "--host-flag",
    "-S",
    "flags",
    multiple=True,
    metavar="FLAG",
    help="A flag that the host is started with, as in `wasmtime -S http`. Repeatable.",
)
target_option = click.option(
    "--target",
    metavar="TRIPLE",
    help="The wasm target to read sources for; by default the one that was built last.",
)
format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to write it.",
)
color_option = click.option(
    "--color",
    type=click.Choice(COLORS),
    default="auto",
    show_default=True,
    help="Colour in text. NO_COLOR and FORCE_COLOR count as well.",
)
wasm_tools_option = click.option(
    "--wasm-tools",
    "wasm_tools",
    metavar="PATH",
    help="The wasm-tools to use. [env: WASMDOCTOR_WASM_TOOLS]",
)


class UnknownRule(Exception):
    """A code or name that no rule has, and a hint."""


class Suggesting(click.Group):
    """A group that knows what a mistyped command was meant to be, and lists commands in their order."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with a suggestion in the error."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], self.commands, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"commands: {', '.join(self.commands)}"
            if os.path.exists(args[0]):
                hint = f"to check it, run `wasmdoctor check {args[0]}`"
            raise click.UsageError(f"{error.message}\n  {hint}", ctx) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are declared, the most used first."""
        return list(self.commands)


@click.group(
    cls=Suggesting, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, "-V", "--version", prog_name="wasmdoctor", message="%(prog)s %(version)s")
def cli() -> None:
    """Why does the host refuse my component, who brought that import in, and what do I do?

    \b
    Examples:
      wasmdoctor check                        what cargo built, against the newest wasmtime
      wasmdoctor check app.wasm --host wasmtime@29:serve
      wasmdoctor explain WD101                what a finding means, and every cure
    """


@cli.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@host_option
@flags_option
@format_option
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write the report to FILE instead of standard output.",
)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="error",
    show_default=True,
    help="The least severity of a finding that makes the exit code 1.",
)
@target_option
@click.option("--validate", is_flag=True, help="Ask wasm-tools whether each binary is valid, too.")
@click.option("--quiet", "-q", is_flag=True, help="One line for each finding, nothing else.")
@click.option(
    "--verbose",
    "-v",
    is_flag=True,
    help="Every import on a line of its own, and examples of what was skipped.",
)
@color_option
@wasm_tools_option
def check(
    paths: tuple[str, ...],
    host: str,
    flags: tuple[str, ...],
    format_: str,
    output: str | None,
    fail_on: str,
    target: str | None,
    validate: bool,
    quiet: bool,
    verbose: bool,
    color: str,
    wasm_tools: str | None,
) -> None:
    """Find the imports that nobody provides.

    PATHS are files, folders, globs, or `-` for standard input; by default `target` when it exists,
    else the current folder. Components are told by their first bytes, not by their names.

    \b
    Examples:
      wasmdoctor check target/wasm32-wasip2/release
      wasmdoctor check app.wasm adapter.wasm     do they provide for each other?
      wasmdoctor check --host wasmtime@25 -S http app.wasm
      curl -s ... | wasmdoctor check -
    """
    from wasmdoctor.discover import STDIN, default_paths
    from wasmdoctor.pipeline import CheckOptions
    from wasmdoctor.pipeline import check as run_check
    from wasmdoctor.toolchain import Toolchain

    cwd = Path.cwd()
    options = CheckOptions(
        paths=paths or tuple(default_paths(cwd)),
        cwd=cwd,
        host=host,
        flags=flags,
        target=target,
        validate=validate,
        hashes=format_ == "json",
    )
    with _explained():
        stdin = sys.stdin.buffer.read() if STDIN in options.paths else None
        with _progress_bar() as progress:
            report = run_check(options, _catalog(), Toolchain(wasm_tools), stdin=stdin, progress=progress)
        to_file = output is not None
        text = _render(report, format_, _style(color, to_file=to_file), verbose=verbose, quiet=quiet)
        _write(text, output)
    if not report.components and not report.findings and not quiet:
        click.echo("note: no WebAssembly found below " + ", ".join(options.paths), err=True)
    sys.exit(_exit_code(report, fail_on))


def _exit_code(report: Report, fail_on: str) -> int:
    from wasmdoctor.model.rule import Severity

    if any(finding.code == "WD002" for finding in report.findings):
        return FAILED
    if fail_on == "never":
        return CLEAN
    threshold = Severity(fail_on).rank
    return FOUND if any(f.severity.rank >= threshold for f in report.findings) else CLEAN


def _render(report: Report, format_: str, style: Style, *, verbose: bool, quiet: bool) -> str:
    if format_ == "json":
        from wasmdoctor.reporters import json

        return json.render(report)
    from wasmdoctor.reporters import text

    return text.render(report, style, verbose=verbose, quiet=quiet)


@cli.command()
@click.argument("interface", required=False)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--crate", default="", metavar="NAME", help="What this crate brings to which components, instead."
)
@click.option("--all", "every", is_flag=True, help="Every chain, not only the shortest.")
@host_option
@flags_option
@target_option
@format_option
@color_option
def why(
    interface: str | None,
    paths: tuple[str, ...],
    crate: str,
    every: bool,
    host: str,
    flags: tuple[str, ...],
    target: str | None,
    format_: str,
    color: str,
) -> None:
    """Show where an import comes from: crate by crate to the WIT line.

    INTERFACE is a full name, a name without version, or a glob; a component's path explains all its
    imports. PATHS as for `check`; nothing need be built.

    \b
    Examples:
      wasmdoctor why my:app/store            who brings it, to which component
      wasmdoctor why '*/tcp' target/ --all   every way, crate by crate
      wasmdoctor why app.wasm                all its imports
      wasmdoctor why --crate my-lib          what a crate brings
    """
    from wasmdoctor.discover import STDIN
    from wasmdoctor.pipeline.why import WhyOptions
    from wasmdoctor.pipeline.why import why as run_why
    from wasmdoctor.reporters import why as report
    from wasmdoctor.toolchain import Toolchain

    if interface is None and not crate:
        raise click.UsageError("name an interface, a component's path, or a crate with --crate")
    if interface and (crate or Path(interface).exists()):
        paths = (interface, *paths)
        interface = None
    cwd = Path.cwd()
    options = WhyOptions(
        paths=paths or _source_paths(cwd),
        cwd=cwd,
        pattern=interface or "*",
        crate=crate,
        every=every,
        host=host,
        flags=flags,
        target=target,
    )
    with _explained():
        stdin = sys.stdin.buffer.read() if STDIN in options.paths else None
        answers = run_why(options, _catalog(), Toolchain(), stdin)
        if not answers:
            what = f"crate `{crate}` brings" if crate else f"nothing imports `{options.pattern}`"
            _fail(what + (" nothing" if crate else ""), "`wasmdoctor check -v` lists all imports")
        _write(
            report.render_json(answers) if format_ == "json" else report.render(answers, _style(color)), None
        )


GRAPH_FORMATS = ("text", "dot", "mermaid", "json", "html", "svg")
ASPECTS = ("imports", "exports", "components", "crates", "worlds", "files")


@cli.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--format",
    "format_",
    type=click.Choice(GRAPH_FORMATS),
    default="text",
    show_default=True,
    help="How to draw it.",
)
@click.option("--output", "-o", type=click.Path(dir_okay=False), metavar="FILE", help="Write it to FILE.")
@click.option(
    "--focus",
    default="",
    metavar="NODE",
    help="Only what leads to or from this crate, component, world or interface; a name or a glob.",
)
@click.option("--depth", type=click.IntRange(0), help="With --focus: how many steps away.")
@click.option(
    "--only", "only", type=click.Choice(ASPECTS), multiple=True, help="Only this aspect. Repeatable."
)
@click.option("--expand", is_flag=True, help="Every crate and interface on its own.")
@host_option
@flags_option
@target_option
@color_option
def graph(
    paths: tuple[str, ...],
    format_: str,
    output: str | None,
    focus: str,
    depth: int | None,
    only: tuple[str, ...],
    expand: bool,
    host: str,
    flags: tuple[str, ...],
    target: str | None,
    color: str,
) -> None:
    """Draw components, crates, bindings, worlds and interfaces as one graph.

    \b
    Examples:
      wasmdoctor graph                                   as a tree
      wasmdoctor graph --format html -o graph.html       a page to search and click in
      wasmdoctor graph --focus my-lib --format svg       what leads to and from a crate
    """
    from wasmdoctor.pipeline.why import WhyOptions, network
    from wasmdoctor.reporters.graph import render
    from wasmdoctor.reporters.graph.prepare import Aspect, UnknownNode, View, prepare
    from wasmdoctor.toolchain import Toolchain

    cwd = Path.cwd()
    options = WhyOptions(paths=paths or _source_paths(cwd), cwd=cwd, host=host, flags=flags, target=target)
    with _explained():
        found = network(options, _catalog(), Toolchain())
        try:
            part = prepare(found, View(focus, depth, tuple(map(Aspect, only)), expand))
        except UnknownNode as error:
            near = (
                f"did you mean `{error.near}`?" if error.near else "run it without --focus to see all nodes"
            )
            _fail(f"nothing in the graph is called `{error.pattern}`", near)
        _write(render(part, format_, _style(color, to_file=output is not None)), output)


@cli.command()
@click.argument("code")
@format_option
@color_option
def explain(code: str, format_: str, color: str) -> None:
    """Explain a rule: what it means, why it happens, and every cure.

    CODE is a code or name from a finding, as in `WD101` or `nonstandard-import`.
    """
    from wasmdoctor.reporters import rules

    with _explained():
        catalog = _catalog()
        lint = _lint(catalog, code)
        _write(rules.lint_json(lint) if format_ == "json" else rules.explain(lint, _style(color)), None)


def _lint(catalog: Catalog, code: str) -> Lint:
    wanted = code.strip().lower()
    for lint in catalog.lints:
        if wanted in (lint.code.lower(), lint.name):
            return lint
    import difflib

    known = [word for lint in catalog.lints for word in (lint.code, lint.name)]
    lower = {word.lower(): word for word in known}
    near = difflib.get_close_matches(wanted, lower, 1)
    hint = f"did you mean `{lower[near[0]]}`?" if near else "`wasmdoctor rules` lists them"
    raise UnknownRule(f"there is no rule `{code}`", hint)


@cli.command()
@format_option
@color_option
def rules(format_: str, color: str) -> None:
    """List all rules."""
    from wasmdoctor.checks import CODES
    from wasmdoctor.reporters import rules as report

    with _explained():
        lints = [lint for lint in _catalog().lints if lint.code in CODES]
        _write(report.lints_json(lints) if format_ == "json" else report.table(lints, _style(color)), None)


@cli.command()
@click.argument("host", required=False)
@flags_option
@color_option
def hosts(host: str | None, flags: tuple[str, ...], color: str) -> None:
    """List the hosts known, or what one HOST provides (`wasmdoctor hosts wasmtime@29:serve`)."""
    from wasmdoctor.reporters import hosts as report

    with _explained():
        catalog = _catalog()
        style = _style(color)
        text = report.one(catalog.host(host, flags), style) if host else report.table(catalog.hosts(), style)
        _write(text, None)


@cli.command()
@wasm_tools_option
@color_option
def tools(wasm_tools: str | None, color: str) -> None:
    """Show which other programs were found, and what each is for."""
    from wasmdoctor.reporters import tools as report
    from wasmdoctor.toolchain import Toolchain, ToolError, survey

    toolchain = Toolchain(wasm_tools)
    problem = ""
    try:
        found: Any = toolchain.wasm_tools
    except ToolError as error:
        found, problem = None, str(error)
    _write(report.table(found, problem, survey(toolchain), toolchain.candidates, _style(color)), None)
    sys.exit(CLEAN if found else FAILED)


@cli.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Install it:
      wasmdoctor completion bash > ~/.local/share/bash-completion/completions/wasmdoctor
      wasmdoctor completion zsh  > "${fpath[1]}/_wasmdoctor"
      wasmdoctor completion fish > ~/.config/fish/completions/wasmdoctor.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    _write(kind(cli, {}, "wasmdoctor", "_WASMDOCTOR_COMPLETE").source(), None)


def _source_paths(cwd: Path) -> tuple[str, ...]:
    """Where commands look that want sources as well as binaries: here when there is a manifest."""
    from wasmdoctor.discover import default_paths

    return (".",) if (cwd / "Cargo.toml").exists() else tuple(default_paths(cwd))


def _catalog() -> Catalog:
    from wasmdoctor.catalog import Catalog

    return Catalog()


@contextmanager
def _explained() -> Iterator[None]:
    """Errors that mean "could not run" end with a sentence and exit code 2, never with a traceback."""
    from wasmdoctor.catalog import CatalogError
    from wasmdoctor.discover import DiscoverError
    from wasmdoctor.model.host import HostError
    from wasmdoctor.toolchain import ToolError

    try:
        yield
    except HostError as error:
        _fail(error.message, error.help)
    except UnknownRule as error:
        _fail(*error.args)
    except (CatalogError, DiscoverError, ToolError) as error:
        first, _, rest = str(error).partition("\n")
        _fail(first, rest.strip())


def _fail(message: str, help_: str = "") -> NoReturn:
    from wasmdoctor.reporters.escape import safe

    click.echo(f"error: {safe(message)}", err=True)
    for line in help_.splitlines():
        click.echo(f"  {safe(line.strip())}", err=True)
    sys.exit(FAILED)


def _write(text: str, output: str | None) -> None:
    if output is None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        _fail(f"the report cannot be written to `{output}`: {(error.strerror or str(error)).lower()}")


def _style(color: str, *, to_file: bool = False) -> Style:
    """Width, colour and characters that standard output can take."""
    import shutil

    from wasmdoctor.reporters.console import Style

    terminal = sys.stdout.isatty() and not to_file
    if color == "auto":
        wanted = bool(os.environ.get("FORCE_COLOR")) or (terminal and os.environ.get("TERM") != "dumb")
        colored = wanted and not os.environ.get("NO_COLOR")
    else:
        colored = color == "always"
    width = shutil.get_terminal_size((100, 24)).columns
    encoding = "utf-8" if to_file else (sys.stdout.encoding or "ascii")
    return Style(
        width=width,
        color=colored,
        unicode=_speaks_unicode(encoding),
        links=str(Path.cwd()) if terminal else "",
    )


def _speaks_unicode(encoding: str) -> bool:
    try:
        "✗✓·…".encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True


@contextmanager
def _progress_bar() -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error once a run has taken half a second, on a terminal only."""
    started = time.monotonic()
    bar: Any = None
    task: Any = None

    def update(done: int, total: int) -> None:
        nonlocal bar, task
        if bar is None:
            if not sys.stderr.isatty() or time.monotonic() - started < 0.5:
                return
            from rich.console import Console
            from rich.progress import Progress

            bar = Progress(console=Console(stderr=True), transient=True)
            bar.start()
            task = bar.add_task("reading binaries", total=total)
        bar.update(task, completed=done)

    try:
        yield update
    finally:
        if bar is not None:
            bar.stop()
