"""Arguments and exit codes; the only writer to standard output and standard error.

Exit codes: 0 nothing found, 1 findings at or above ``--fail-on``, 2 could not run.
"""

from __future__ import annotations

import functools
import io
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from wasmdoctor import __version__

if TYPE_CHECKING:
    from wasmdoctor.catalog import Catalog
    from wasmdoctor.model.finding import Finding, Report
    from wasmdoctor.model.migration import Verification
    from wasmdoctor.model.rule import Lint
    from wasmdoctor.model.sizes import CodeSizes
    from wasmdoctor.pipeline.migrate import Prepared
    from wasmdoctor.pipeline.plan import PlanOptions
    from wasmdoctor.pipeline.stub import Stub
    from wasmdoctor.reporters.console import Style
    from wasmdoctor.toolchain import Toolchain

CLEAN, FOUND, FAILED = 0, 1, 2

FORMATS = ("text", "json")
WHY_FORMATS = ("text", "json", "html", "svg")
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

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's; a migration that was interrupted is seen to before any command runs."""
        rest = super().parse_args(ctx, list(args))
        _recover(args)
        return rest

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
@click.option(
    "--calls", is_flag=True, help="Read the code of components over 4 MB, too, to say what reaches an import."
)
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
    calls: bool,
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
        calls=calls,
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
    if any(finding.code == "WD002" for finding in report.findings):
        return FAILED
    if fail_on == "never":
        return CLEAN
    return _exit_of(report.findings, fail_on)


def _exit_of(findings: Iterable[Finding], fail_on: str) -> int:
    """1 when a finding is as grave as ``fail_on`` or graver."""
    from wasmdoctor.model.rule import Severity

    threshold = Severity(fail_on).rank
    return FOUND if any(finding.severity.rank >= threshold for finding in findings) else CLEAN


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
@click.option(
    "--calls", is_flag=True, help="Show the calls in the finished component, from its exports to the import."
)
@click.option(
    "--function", default="", metavar="NAME", help="Only this function of the interface, with --calls."
)
@click.option("--sizes", is_flag=True, help="How many bytes of code each crate has in finished components.")
@host_option
@flags_option
@target_option
@click.option(
    "--format",
    "format_",
    type=click.Choice(WHY_FORMATS),
    default="text",
    show_default=True,
    help="How to write it; html and svg draw the sizes.",
)
@click.option("--output", "-o", type=click.Path(dir_okay=False), metavar="FILE", help="Write it to FILE.")
@color_option
def why(
    interface: str | None,
    paths: tuple[str, ...],
    crate: str,
    every: bool,
    calls: bool,
    function: str,
    sizes: bool,
    host: str,
    flags: tuple[str, ...],
    target: str | None,
    format_: str,
    output: str | None,
    color: str,
) -> None:
    """Show where an import comes from: crate by crate to the WIT line.

    INTERFACE is a full name, a name without version, or a glob, with `#function` for one of its functions;
    a component's path explains all its imports. PATHS as for `check`; nothing need be built.

    \b
    Examples:
      wasmdoctor why my:app/store            who brings it, to which component
      wasmdoctor why '*/tcp' target/ --all   every way, crate by crate
      wasmdoctor why app.wasm                all its imports
      wasmdoctor why my:app/store app.wasm --calls     which function calls it, from which export
      wasmdoctor why --crate my-lib          what a crate brings, and the bytes of its code
      wasmdoctor why --sizes app.wasm        the bytes of code of each crate
      wasmdoctor why --sizes app.wasm --format html -o sizes.html     as a picture and a table
    """
    from wasmdoctor.discover import STDIN
    from wasmdoctor.pipeline.why import WhyOptions
    from wasmdoctor.pipeline.why import why as run_why
    from wasmdoctor.reporters import why as report
    from wasmdoctor.toolchain import Toolchain

    if interface is None and not crate and not sizes:
        raise click.UsageError("name an interface, a component's path, or a crate with --crate")
    if format_ in ("html", "svg") and not (crate or sizes):
        raise click.UsageError(
            f"--format {format_} draws the sizes of code: ask for them with --sizes or --crate\n"
            "  `wasmdoctor graph` draws where imports come from"
        )
    if interface and (crate or sizes or Path(interface).exists()):
        paths = (interface, *paths)
        interface = None
    cwd = Path.cwd()
    pattern, _, named = (interface or "*").partition("#")
    function = function or named
    options = WhyOptions(
        paths=paths or _source_paths(cwd),
        cwd=cwd,
        pattern=pattern,
        crate=crate,
        every=every,
        calls=calls or bool(function),
        function=function,
        sizes=sizes and not crate,
        host=host,
        flags=flags,
        target=target,
    )
    with _explained():
        stdin = sys.stdin.buffer.read() if STDIN in options.paths else None
        found = run_why(options, _catalog(), Toolchain(), stdin)
        answers, by_crate = found.whys, found.sizes
        if (sizes or format_ in ("html", "svg")) and not by_crate:
            _fail(
                "there is no finished component", "sizes are those of code that was compiled: build it first"
            )
        if not answers and not any(each.of(crate) for each in by_crate.values()) and not options.sizes:
            wanted = f"{options.pattern}#{function}" if function else options.pattern
            what = f"crate `{crate}` brings" if crate else f"nothing imports `{wanted}`"
            _fail(what + (" nothing" if crate else ""), "`wasmdoctor check -v` lists all imports")
        if format_ == "json":
            text = report.render_json(answers, by_crate)
        elif format_ in ("html", "svg"):
            shown = {path: each for path, each in by_crate.items() if not crate or each.of(crate)}
            text = _drawn(shown, format_)
        else:
            style = _style(color, to_file=output is not None)
            parts = (report.render(answers, style), report.render_sizes(by_crate, crate, style))
            text = "\n".join(part for part in parts if part)
        _write(text, output)


def _drawn(sizes: Mapping[str, CodeSizes], format_: str) -> str:
    """The sizes of code as a page, or as a picture, which can show one component only."""
    from wasmdoctor.reporters import treemap

    if not sizes:
        _fail("no finished component has code of that crate", "without --format the text says what it brings")
    if format_ == "html":
        return treemap.page(sizes)
    if len(sizes) > 1:
        names = ", ".join(f"`{path}`" for path in sorted(sizes))
        _fail(
            f"one picture shows one component, and there are {len(sizes)}: {names}",
            "name one of them, or use `--format html`",
        )
    ((path, only),) = sizes.items()
    return treemap.svg(only, path)


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
@click.argument("paths", nargs=-1, metavar="PATHS...", required=True)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False),
    default="composed.wasm",
    show_default=True,
    metavar="FILE",
    help="Where the composed component goes.",
)
@click.option("--root", default="", metavar="COMPONENT", help="The component whose exports the result has.")
@click.option(
    "--prefer",
    multiple=True,
    metavar="COMPONENT",
    help="The one to take where several export the same. Repeatable.",
)
@click.option(
    "--tool",
    type=click.Choice(("auto", "wac", "wasm-tools")),
    default="auto",
    show_default=True,
    help="What makes the result; auto takes wac when it is installed.",
)
@click.option("--dry-run", is_flag=True, help="Show the wiring and make nothing.")
@click.option(
    "--format",
    "format_",
    type=click.Choice((*FORMATS, "wac")),
    default="text",
    show_default=True,
    help="How to write the wiring; `wac` is a document to keep and to run with wac.",
)
@host_option
@flags_option
@color_option
@wasm_tools_option
def compose(
    paths: tuple[str, ...],
    output: str,
    root: str,
    prefer: tuple[str, ...],
    tool: str,
    dry_run: bool,
    format_: str,
    host: str,
    flags: tuple[str, ...],
    color: str,
    wasm_tools: str | None,
) -> None:
    """Wire components together: who provides what to whom, then one component of all.

    PATHS are components, folders of them, or one .wac document. What nobody exports stays an import.

    \b
    Examples:
      wasmdoctor compose app.wasm adapter.wasm -o out.wasm
      wasmdoctor compose build/ --root app --dry-run         the wiring, nothing made
      wasmdoctor compose build/ --dry-run --format wac       the same as a .wac document
    """
    from wasmdoctor.pipeline.compose import ComposeOptions
    from wasmdoctor.pipeline.compose import compose as run_compose
    from wasmdoctor.reporters import compose as report
    from wasmdoctor.toolchain import Toolchain

    options = ComposeOptions(
        paths, Path.cwd(), output, host, flags, root, prefer, tool, dry_run=dry_run or format_ == "wac"
    )
    with _explained():
        made = run_compose(options, _catalog(), Toolchain(wasm_tools))
        if format_ == "wac" and made.document:
            _write(made.document, None)
        elif format_ == "json":
            _write(report.render_json(made), None)
        else:
            _write(report.render(made, _style(color)), None)
    sys.exit(_exit_of(made.findings, "error") if made.composition.root else FOUND)


@cli.command()
@click.argument("interfaces", nargs=-1, required=True, metavar="INTERFACE...")
@click.option(
    "--from",
    "paths",
    multiple=True,
    metavar="PATH",
    help="A folder with its WIT, or a component that imports it; by default what lies around here. Repeatable.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False),
    default="stub.wasm",
    show_default=True,
    metavar="FILE",
    help="Where the component goes.",
)
@wasm_tools_option
def stub(interfaces: tuple[str, ...], paths: tuple[str, ...], output: str, wasm_tools: str | None) -> None:
    """Make a component that exports interfaces and implements none of them.

    Its functions give the interface's own error for "not supported", or trap under their name. For tests,
    and to find out which import is really used.

    \b
    Examples:
      wasmdoctor stub my:app/store                          declared in the WIT around here
      wasmdoctor stub my:app/store --from app.wasm -o s.wasm
      wasmdoctor compose app.wasm s.wasm -o whole.wasm      and give it to the component
    """
    from wasmdoctor.pipeline.stub import stub as run_stub
    from wasmdoctor.toolchain import Toolchain

    with _explained():
        made = run_stub(interfaces, paths, output, Path.cwd(), _catalog(), Toolchain(wasm_tools))
        _write(_stub_text(made), None)


def _stub_text(made: Stub) -> str:
    from wasmdoctor.reporters.escape import safe

    lines = [f"{safe(made.output)}: {made.size:,} bytes, from {safe(made.source)}"]
    for interface in made.interfaces:
        own = [function for function in made.functions if function.interface == interface]
        answers = sum(bool(function.answer) for function in own)
        why = "  (its resources are used)" if interface in made.also else ""
        lines.append(
            f"  exports {safe(interface)}: {answers} functions give an error, {len(own) - answers} trap{why}"
        )
    return "\n".join(lines) + "\n"


PLAN_FORMATS = ("text", "json", "markdown", "html")
PLANS = ("a", "b", "c")
AUTO = "auto"

bridge_option = click.option(
    "--bridge",
    type=click.Choice(("wasi", "stub")),
    default="wasi",
    show_default=True,
    help="What takes the place of custom imports: standard WASI where it can, or refusals only.",
)
keep_wit_option = click.option(
    "--keep-wit", is_flag=True, help="Leave the WIT of libraries that stop being components where it is."
)


def adapter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Options of plan B. The command gets those given as one mapping, ``own_adapter``."""

    @click.option("--adapter-name", default="", metavar="NAME", help="Plan B: what its new crate is called.")
    @click.option("--adapter-folder", default="", metavar="DIR", help="Plan B: where its new crate goes.")
    @click.option(
        "--adapter-from",
        default="",
        metavar="FILE",
        help="Plan B: a component that you have, instead of a new crate.",
    )
    @functools.wraps(command)
    def taken(
        *args: object, adapter_name: str, adapter_folder: str, adapter_from: str, **options: object
    ) -> None:
        given = {
            "adapter_name": adapter_name,
            "adapter_folder": adapter_folder,
            "adapter_from": adapter_from,
        }
        command(*args, own_adapter=given, **options)

    return taken


@cli.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--plan", "only", type=click.Choice(PLANS), help="This plan only, with every file and function."
)
@click.option(
    "--diff", "as_diff", is_flag=True, help="With --plan: its edits as a unified diff, nothing else."
)
@host_option
@flags_option
@target_option
@bridge_option
@keep_wit_option
@adapter_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(PLAN_FORMATS),
    default="text",
    show_default=True,
    help="How to write it.",
)
@click.option("--output", "-o", type=click.Path(dir_okay=False), metavar="FILE", help="Write it to FILE.")
@color_option
def plan(
    paths: tuple[str, ...],
    only: str | None,
    as_diff: bool,
    host: str,
    flags: tuple[str, ...],
    target: str | None,
    bridge: str,
    keep_wit: bool,
    own_adapter: Mapping[str, str],
    format_: str,
    output: str | None,
    color: str,
) -> None:
    """Show the ways out of custom imports side by side: what each changes, and what comes of it.

    PATHS are folders of Rust workspaces, by default the current one. Nothing is written, nothing need be
    built. The exit code is 0 when there is nothing to cure, 1 when there is, 2 when it could not run.

    \b
    Examples:
      wasmdoctor plan                              A, B and C, and which is recommended
      wasmdoctor plan --plan a --diff              every edit of plan A
      wasmdoctor plan --format html -o plan.html   to discuss it
    """
    from wasmdoctor.pipeline.plan import plans as run_plans
    from wasmdoctor.reporters import plan as report
    from wasmdoctor.reporters import plan_document, plan_json
    from wasmdoctor.toolchain import Toolchain

    if as_diff and only is None:
        raise click.UsageError("--diff shows the edits of one plan: name it with --plan")
    options = _plan_options(paths, host, flags, target, bridge, keep_wit, only, own_adapter)
    with _explained():
        found = run_plans(options, _catalog(), Toolchain())
        style = _style(color, to_file=output is not None)
        if as_diff:
            text = report.diff(found, style)
        elif format_ == "json":
            text = plan_json.render(found, __version__)
        elif format_ == "markdown":
            text = plan_document.markdown(found)
        elif format_ == "html":
            text = plan_document.html(found)
        else:
            text = report.render(found, style, details=only is not None)
        _write(text, output)
    sys.exit(FOUND if any(plans.troubles for plans in found) else CLEAN)


@cli.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--plan",
    "only",
    type=click.Choice((*PLANS, AUTO)),
    required=True,
    help="The plan to carry out; auto is the one that `wasmdoctor plan` recommends.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and write nothing at all.")
@click.option("--diff", "as_diff", is_flag=True, help="Show the edits as a unified diff.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask on a terminal.")
@click.option("--allow-dirty", is_flag=True, help="Go on although git has uncommitted changes.")
@click.option("--no-verify", is_flag=True, help="Do not check and build the edited copy first.")
@click.option("--keep-going", is_flag=True, help="Change the tree although the verification failed.")
@click.option(
    "--build-cmd",
    default="",
    metavar="CMD",
    help="What builds the workspace, for the shell; by default cargo, for the component crates.",
)
@click.option(
    "--adapter",
    metavar="FILE",
    help="The preview1 adapter that makes a component of a core module. [env: WASMDOCTOR_ADAPTER]",
)
@click.option(
    "--report",
    "report_file",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Where the report goes (.html or .md) instead of .wasmdoctor/reports.",
)
@host_option
@flags_option
@target_option
@bridge_option
@keep_wit_option
@adapter_options
@color_option
@wasm_tools_option
def migrate(
    paths: tuple[str, ...],
    only: str,
    dry_run: bool,
    as_diff: bool,
    yes: bool,
    allow_dirty: bool,
    no_verify: bool,
    keep_going: bool,
    build_cmd: str,
    adapter: str | None,
    report_file: str | None,
    host: str,
    flags: tuple[str, ...],
    target: str | None,
    bridge: str,
    keep_wit: bool,
    own_adapter: Mapping[str, str],
    color: str,
    wasm_tools: str | None,
) -> None:
    """Carry out a plan in one transaction: edit a copy, build and check it, then change the tree.

    The edits are shown first. When the build of the copy fails the tree stays as it was. `wasmdoctor undo`
    takes the whole of it back. The exit code is 0 when it was done or nothing is to be done, else 2.

    \b
    Examples:
      wasmdoctor migrate --plan a --dry-run --diff
      wasmdoctor migrate --plan auto
      wasmdoctor migrate --plan a --build-cmd 'make component'
      wasmdoctor migrate --plan b --adapter-name net-adapter
    """
    from wasmdoctor.toolchain import Toolchain
    from wasmdoctor.transaction import TransactionError

    chosen = None if only == AUTO else only
    options = _plan_options(paths, host, flags, target, bridge, keep_wit, chosen, own_adapter)
    run = _Migration(
        options=options,
        toolchain=Toolchain(wasm_tools),
        style=_style(color),
        dry_run=dry_run,
        as_diff=as_diff,
        yes=yes,
        allow_dirty=allow_dirty,
        verify=not no_verify,
        keep_going=keep_going,
        build_command=build_cmd,
        adapter=adapter,
        report_file=Path(report_file) if report_file else None,
    )
    with _explained(TransactionError):
        run.all()


@dataclass
class _Migration:
    """One run of ``migrate``: the steps, and what the person is told between them."""

    options: PlanOptions
    toolchain: Toolchain
    style: Style
    dry_run: bool
    as_diff: bool
    yes: bool
    allow_dirty: bool
    verify: bool
    keep_going: bool
    build_command: str
    adapter: str | None
    report_file: Path | None

    def all(self) -> None:
        """Every workspace of the paths, one transaction each."""
        from wasmdoctor.pipeline.migrate import check_tree, prepare

        prepared = prepare(self.options, _catalog(), self.toolchain)
        for each in prepared:
            if each.plan.changes and not self.dry_run:
                check_tree(each.root, allow_dirty=self.allow_dirty)
        for each in prepared:
            self.one(each)

    def one(self, prepared: Prepared) -> None:
        """One workspace: show, prove, change, report."""
        from wasmdoctor.pipeline.migrate import UNPROVEN, carry_out, write_reports
        from wasmdoctor.reporters import migration as report
        from wasmdoctor.reporters import plan as plan_report

        plans, plan = prepared.plans, prepared.plan
        if not plan.changes:
            self.nothing(prepared)
            return
        if not plan.applicable:
            _fail(f"plan {plan.plan.value.upper()} does not apply to {plans.folder}: {plan.reason}")
        if self.options.only is None:
            _say(f"plan {plan.plan.value.upper()} is recommended: {plans.verdict}")
        _write(report.summary(plans, plan, self.style), None)
        if self.as_diff:
            _write(plan_report.diff([plans], self.style), None)
        if self.dry_run:
            click.echo("nothing was written (--dry-run)")
            return
        if not self.yes and sys.stdin.isatty() and sys.stdout.isatty() and not click.confirm("go on?"):
            click.echo("nothing was changed")
            sys.exit(FAILED)
        verification = self.proved(prepared) if self.verify else UNPROVEN
        _write(report.proofs(verification, self.style), None)
        if verification.failed and not self.keep_going:
            _fail(
                "the edited copy did not pass; the tree is as it was",
                "--keep-going changes it all the same, --no-verify does not look",
            )
        done = carry_out(prepared, verification)
        try:
            files = [_shown(path) for path in write_reports(done, prepared.root, self.report_file)]
        except OSError as error:
            _say(f"warning: the report cannot be written: {error.strerror or error}", err=True)
            files = []
        _write(report.finished(done, files, self.style), None)

    def nothing(self, prepared: Prepared) -> None:
        """A plan without edits: there is nothing to do, or it does not apply."""
        if prepared.plans.troubles and not prepared.plan.applicable:
            reason = prepared.plan.reason
            _fail(
                f"plan {prepared.plan.plan.value.upper()} does not apply to {prepared.plans.folder}: {reason}"
            )
        done = "all that the plan makes is there already"
        if not prepared.plans.troubles:
            done = "its components have no custom import that nobody provides"
        click.echo(f"{prepared.plans.folder}: nothing to do, {done}")

    def proved(self, prepared: Prepared) -> Verification:
        """Verify, with a word on standard error about what takes long."""
        from wasmdoctor.pipeline.migrate import prove
        from wasmdoctor.pipeline.verify import VerifyOptions

        options = VerifyOptions(self.build_command, self.adapter)
        return prove(prepared, options, self.toolchain, lambda text: _say(text, err=True))


@cli.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False))
@click.option(
    "--force", is_flag=True, help="Also when files were changed since; what they hold then is kept aside."
)
def undo(folder: str | None, force: bool) -> None:
    """Take back the last migration of FOLDER (or of the one around it), byte for byte."""
    from wasmdoctor.pipeline.migrate import nearest_tree
    from wasmdoctor.transaction import TransactionError
    from wasmdoctor.transaction import undo as run_undo

    with _explained(TransactionError):
        tree = nearest_tree(Path.cwd() / (folder or "."))
        if tree is None:
            where = folder or "this folder"
            _fail(f"no migration was made in {where} or above", "name the workspace's folder")
        undone = run_undo(tree, force=force)
        _say(f"took back `{undone.label}`: {len(undone.paths)} files are as they were")
        if undone.kept:
            _say(f"  what had been changed since is in {_shown(undone.kept)}")
        for note in undone.notes:
            _say(f"  note: {note}")


def _plan_options(
    paths: tuple[str, ...],
    host: str,
    flags: tuple[str, ...],
    target: str | None,
    bridge: str,
    keep_wit: bool,
    only: str | None,
    own_adapter: Mapping[str, str],
) -> PlanOptions:
    from wasmdoctor.model.plan import BridgeMode, PlanId
    from wasmdoctor.pipeline.plan import PlanOptions

    return PlanOptions(
        paths=paths or (".",),
        cwd=Path.cwd(),
        host=host,
        flags=flags,
        target=target,
        bridge=BridgeMode(bridge),
        keep_wit=keep_wit,
        only=PlanId(only) if only else None,
        **own_adapter,
    )


def _shown(path: Path) -> str:
    from wasmdoctor.discover import display_path

    return display_path(path, Path.cwd())


def _say(text: str, *, err: bool = False) -> None:
    """A line for a person: names in it come from files."""
    from wasmdoctor.reporters.escape import safe

    click.echo(safe(text), err=err)


def _recover(words: list[str]) -> None:
    """Finish or take back what a killed migration left here, or at a path that was named, and say so."""
    paths = [word for word in words if not word.startswith("-") and os.path.exists(word)]
    starts = dict.fromkeys(Path(os.path.realpath(path)) for path in (".", *paths))
    if not any((folder / ".wasmdoctor").is_dir() for start in starts for folder in (start, *start.parents)):
        return
    from wasmdoctor.pipeline.migrate import trees
    from wasmdoctor.transaction import TransactionError, recover

    for tree in trees(paths, Path.cwd()):
        try:
            done = recover(tree)
        except TransactionError as error:
            _say(f"warning: {_shown(tree)}: {error}", err=True)
            continue
        if done is not None:
            _say(f"note: {_shown(tree)}: {done.message}", err=True)


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
def _explained(*more: type[Exception]) -> Iterator[None]:
    """Errors that mean "could not run" end with a sentence and exit code 2, never with a traceback.

    ``more`` are those of parts that only some commands load.
    """
    from wasmdoctor.catalog import CatalogError
    from wasmdoctor.discover import DiscoverError
    from wasmdoctor.model.host import HostError
    from wasmdoctor.toolchain import ToolError

    plain: tuple[type[Exception], ...] = (CatalogError, DiscoverError, ToolError, *more)
    try:
        yield
    except HostError as error:
        _fail(error.message, error.help)
    except UnknownRule as error:
        _fail(*error.args)
    except plain as error:
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
