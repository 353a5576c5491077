"""``wasmdoctor hosts``: which hosts there are, what they provide, and which of them run a component."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from wasmdoctor.cli.configured import configured, settings_of
from wasmdoctor.cli.options import (
    color_option,
    flags_option,
    format_option,
    wasm_tools_option,
)
from wasmdoctor.cli.output import CLEAN, FOUND, explained, load_catalog, say, style_for, write

NAME_RULES = ("exact-then-track", "exact")


class HostCommands(click.Group):
    """A group in which what is no command names a host: ``hosts wasmtime@29`` is ``hosts show wasmtime@29``."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with ``show`` before a word that is no command."""
        if args and args[0] not in self.commands:
            args = ["show", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's; options of ``show`` may stand before the host, as they could when it was no group."""
        if args and args[0].startswith("-") and any(not word.startswith("-") for word in args):
            known = {option for param in self.get_params(ctx) for option in param.opts}
            if args[0].partition("=")[0] not in known and not any(args[0].startswith(o) for o in known):
                args = ["show", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are declared."""
        return list(self.commands)


@click.group(cls=HostCommands, invoke_without_command=True)
@format_option
@color_option
@configured
@click.pass_context
def hosts(ctx: click.Context, format_: str, color: str) -> None:
    """List the hosts known, or what one of them provides.

    Without a command all hosts are listed; a host's name instead of a command shows that host.

    \b
    Examples:
      wasmdoctor hosts wasmtime@29:serve            what it provides
      wasmdoctor hosts diff wasmtime@25 wasmtime@46
      wasmdoctor hosts for app.wasm                 which hosts run it, from which version on
      wasmdoctor hosts import edge host.wit         a host of your own, for --host edge
    """
    if ctx.invoked_subcommand is not None:
        return
    from wasmdoctor.reporters import hosts as report

    with explained():
        profiles = load_catalog().hosts()
        if format_ == "json":
            write(report.table_json(profiles), None)
        else:
            write(report.table(profiles, style_for(color)), None)


@hosts.command()
@click.argument("spec", metavar="HOST")
@flags_option
@format_option
@color_option
@configured
def show(spec: str, flags: tuple[str, ...], format_: str, color: str) -> None:
    """Show what a host provides, and what more with flags.

    \b
    Examples:
      wasmdoctor hosts show wasmtime@29:serve
      wasmdoctor hosts show wasmtime -S http --format json
    """
    from wasmdoctor.reporters import hosts as report

    with explained():
        host = load_catalog().host(spec, flags)
        write(report.one_json(host) if format_ == "json" else report.one(host, style_for(color)), None)


@hosts.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@flags_option
@format_option
@color_option
@configured
def diff(before: str, after: str, flags: tuple[str, ...], format_: str, color: str) -> None:
    """Show what host B has more, less or otherwise than host A.

    A and B are hosts or versions of one. Each mode that both have is compared, or the one that is named.

    \b
    Examples:
      wasmdoctor hosts diff wasmtime@25 wasmtime@46
      wasmdoctor hosts diff wasmtime:serve spin
    """
    from wasmdoctor.pipeline.hosts import diffs
    from wasmdoctor.reporters import hostdiff as report

    with explained():
        found = diffs(before, after, flags, load_catalog())
        write(
            report.render_json(found) if format_ == "json" else report.render(found, style_for(color)), None
        )


@hosts.command("for")
@click.argument("paths", nargs=-1, required=True, metavar="COMPONENT...")
@format_option
@click.option("--verbose", "-v", is_flag=True, help="Every range of versions, and every reason.")
@color_option
@configured
def for_(paths: tuple[str, ...], format_: str, verbose: bool, color: str) -> None:
    """Show which hosts run a component: the oldest and newest version of each, and why not the others.

    Components that are named together provide for each other. The exit code is 1 when no host runs one of
    them.

    \b
    Examples:
      wasmdoctor hosts for app.wasm
      wasmdoctor hosts for app.wasm adapter.wasm    composed
      wasmdoctor hosts for app.wasm --format json
    """
    from wasmdoctor.discover import STDIN, DiscoverError
    from wasmdoctor.pipeline.hosts import matrices, unstartable
    from wasmdoctor.reporters import matrix as report

    with explained():
        stdin = sys.stdin.buffer.read() if STDIN in paths else None
        found, others = matrices(paths, Path.cwd(), load_catalog(), stdin)
        for file in others:
            what = "a core module, not a component" if file.module else "not readable"
            say(f"note: {file.path} is {what}: `wasmdoctor check` says more", err=True)
        if not found:
            raise DiscoverError("there is no component below " + ", ".join(paths))
        if format_ == "json":
            write(report.render_json(found), None)
        else:
            write(report.render(found, style_for(color), verbose=verbose), None)
    sys.exit(FOUND if any(map(unstartable, found)) else CLEAN)


@hosts.command("import")
@click.argument("name")
@click.argument("source", metavar="WIT|COMPONENT")
@click.option("--world", "-w", metavar="NAME", help="The world of the WIT that the host provides.")
@click.option(
    "--exports", is_flag=True, help="The host provides what the source exports, not what it imports."
)
@click.option(
    "--base",
    metavar="HOST",
    help="A host that yours builds on, as in --base wasmtime@46: it has all of that.",
)
@flags_option
@click.option(
    "--name-rule",
    type=click.Choice(NAME_RULES),
    default=NAME_RULES[0],
    show_default=True,
    help="How the host looks names up.",
)
@click.option("--force", is_flag=True, help="Write over a host that is there already.")
@wasm_tools_option
@configured
@click.pass_context
def import_(
    ctx: click.Context,
    name: str,
    source: str,
    world: str | None,
    exports: bool,
    base: str | None,
    flags: tuple[str, ...],
    name_rule: str,
    force: bool,
    wasm_tools: str | None,
) -> None:
    """Make a host of your own from the world that it provides, for --host NAME.

    What the world imports is what the host provides, what it exports is what the host calls. A component says
    the same: one that runs on your host imports what that has; with --exports it is the provider itself. The
    profile is one TOML file in `wasmdoctor.d/hosts/`, beside the configuration: yours to edit.

    \b
    Examples:
      wasmdoctor hosts import edge host.wit --world edge
      wasmdoctor hosts import edge wit/ --base wasmtime@46
      wasmdoctor hosts import edge runs-there.wasm
    """
    from wasmdoctor.catalog import OWN_FOLDER
    from wasmdoctor.pipeline.hostimport import ImportOptions, import_host
    from wasmdoctor.reporters import hosts as report
    from wasmdoctor.toolchain import Toolchain

    cwd = Path.cwd()
    settings = settings_of(ctx)
    options = ImportOptions(
        name=name,
        source=source,
        cwd=cwd,
        folder=settings.data or (settings.folder or cwd) / OWN_FOLDER,
        world=world,
        exports=exports,
        base=base,
        flags=flags,
        name_rule="exact" if name_rule == "exact" else "exact-then-track",
        force=force,
    )
    with explained():
        made = import_host(options, load_catalog(), Toolchain(wasm_tools))
        counts = (len(made.description.plain), len(made.description.entries))
        write(report.imported(made.path, made.host, made.description.what, counts), None)
