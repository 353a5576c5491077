"""Arguments and exit codes; the only writer to standard output and standard error.

One module for each command, loaded when it is called. Exit codes: 0 nothing found, 1 findings at or above
``--fail-on``, 2 could not run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import NamedTuple

from wasmdoctor.model.later import cleandoc, later, on_call

later("inspect", cleandoc=cleandoc)
if sys.platform == "linux":  # all that uuid, which click imports, asks of it
    later("platform", system=lambda: os.uname().sysname)

import click  # noqa: E402

from wasmdoctor import __version__  # noqa: E402
from wasmdoctor.cli.help import prepared  # noqa: E402
from wasmdoctor.cli.language import choose, current  # noqa: E402


class Entry(NamedTuple):
    """A command: its module here, and the line that the list of commands has. The function has its name."""

    module: str
    help: str


# The commands in the order of the help, the most used first. The lines stand here, so that the list of
# commands loads none of them; a test holds them to the commands' own first lines.
COMMANDS: Mapping[str, Entry] = {
    "check": Entry("check", "Find the imports that nobody provides."),
    "why": Entry("why", "Show where an import comes from: crate by crate to the WIT line."),
    "merge": Entry(
        "merge", "Judge the shares of one run together, as if one machine had looked at all of it."
    ),
    "graph": Entry("graph", "Draw components, crates, bindings, worlds and interfaces as one graph."),
    "compose": Entry("compose", "Wire components together: who provides what to whom, then one component."),
    "stub": Entry("stub", "Make a component that exports interfaces and implements none of them."),
    "plan": Entry("plan", "Show the ways out of custom imports side by side."),
    "migrate": Entry("migrate", "Carry out a plan, or set a WASI release, in one transaction."),
    "undo": Entry("undo", "Take back the last migration, byte for byte."),
    "explain": Entry("explain", "Explain a rule, or another tool's error: what it means, and every cure."),
    "rules": Entry("rules", "List all rules."),
    "hosts": Entry("hosts", "List the hosts known, or what one of them provides."),
    "init": Entry("init", "Write a wasmdoctor.toml from what is found here."),
    "config": Entry("config", "Show the settings that hold, and where each comes from."),
    "lsp": Entry("lsp", "Serve an editor: findings while you type, who provides what, definitions, fixes."),
    "tools": Entry("tools", "Show which other programs were found, and what each is for."),
    "cache": Entry("cache", "Show or clear what earlier runs found out."),
    "completion": Entry("completion", "Print the completion script of a shell."),
}


@contextmanager
def quiet_when_interrupted() -> Iterator[None]:
    """Ctrl-C ends with 130 and without a word, where click would say "Aborted!" and end with 1."""
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit(130) from None


class Commands(click.Group):
    """A group that loads a command when it is called, and knows what a mistyped one was meant to be."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are declared, the most used first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, from its module; None when there is none."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        with on_call("urllib.parse", "quote_from_bytes"):  # pathlib's, for addresses of files
            import_module("pathlib")
        module = import_module(f"wasmdoctor.cli.{entry.module}")
        command = getattr(module, cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return prepared(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with a suggestion in the error."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"commands: {', '.join(COMMANDS)}"
            if os.path.exists(args[0]):
                hint = f"to check it, run `wasmdoctor check {args[0]}`"
            raise click.UsageError(f"{error.message}\n  {hint}", ctx) from None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's; a migration that was interrupted is seen to before any command runs."""
        from wasmdoctor.cli.recovery import recover_trees

        with quiet_when_interrupted():
            choose(ctx, args)
            rest = super().parse_args(ctx, list(args))
            recover_trees(args)
        return rest

    def invoke(self, ctx: click.Context) -> object:
        """As click's, in the language of the run."""
        language = current()
        with quiet_when_interrupted():
            if language is None:
                return super().invoke(ctx)
            from wasmdoctor.reporters.speech import speaking

            with speaking(language.template):
                return super().invoke(ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="wasmdoctor", message="%(prog)s %(version)s")
def cli() -> None:
    """Why does the host refuse my component, who brought that import in, and what do I do?

    \b
    Examples:
      wasmdoctor check                        what cargo built, against the newest wasmtime
      wasmdoctor check app.wasm --host wasmtime@29:serve
      wasmdoctor explain WD101                what a finding means, and every cure
    """


prepared(cli)
