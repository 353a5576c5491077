"""Commands that a configuration speaks to: what is not on the command line comes from it."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from wasmdoctor.catalog import Catalog
    from wasmdoctor.cli.outputs import Output
    from wasmdoctor.model.composition import Composed
    from wasmdoctor.model.finding import Report
    from wasmdoctor.pipeline.check import CheckOptions
    from wasmdoctor.pipeline.settings import Settings

META = "wasmdoctor.settings"
AGAIN = "wasmdoctor.settings.again"


class Spoken(NamedTuple):
    """A parameter of commands, and the key of the configuration that it beats.

    ``kind`` is ``text``, ``path`` or ``names``; ``env`` the variable that beats the configuration too, or "".
    """

    key: str
    option: str
    kind: str = "text"
    env: str = ""


PARAMETERS: Mapping[str, Spoken] = {
    "target": Spoken("target", "--target"),
    "fail_on": Spoken("fail-on", "--fail-on"),
    "persona": Spoken("persona", "--persona"),
    "select": Spoken("select", "--select", "names"),
    "ignore": Spoken("ignore", "--ignore", "names"),
    "baseline": Spoken("baseline", "--baseline", "path"),
    "build_cmd": Spoken("build-command", "--build-cmd"),
    "adapter": Spoken("adapter", "--adapter", "path", "WASMDOCTOR_ADAPTER"),
    "wasm_tools": Spoken("wasm-tools", "--wasm-tools", "path", "WASMDOCTOR_WASM_TOOLS"),
}

Command = Callable[..., None]

select_option = click.option(
    "--select",
    multiple=True,
    metavar="RULES",
    help="Only these rules: codes, beginnings of codes (WD1), names; with commas or repeated.",
)
ignore_option = click.option(
    "--ignore",
    multiple=True,
    metavar="RULES",
    help="Not these rules, besides those that the configuration ignores.",
)
persona_option = click.option(
    "--persona",
    type=click.Choice(("regular", "pedantic", "auditor")),
    default="regular",
    show_default=True,
    help="How unsure findings may be: pedantic shows doubtful errors and warnings, auditor everything.",
)
baseline_option = click.option(
    "--baseline",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Show and count only findings that are not in FILE.",
)
update_baseline_option = click.option(
    "--update-baseline", is_flag=True, help="Write all findings of now to the baseline."
)
show_suppressed_option = click.option(
    "--show-suppressed", is_flag=True, help="List the findings that are suppressed, and why."
)


def configured(command: Command) -> Command:
    """A command with ``--config`` and ``--isolated`` whose other options have their defaults in a configuration.

    It stands right above the function. The settings are at :func:`settings_of` while the command runs. A
    configuration that cannot be used ends the command with exit code 2.
    """

    @click.option(
        "--config",
        type=click.Path(dir_okay=False),
        metavar="FILE",
        help="The configuration to use; by default the nearest wasmdoctor.toml, .wasmdoctor.toml or "
        "Cargo.toml with a table of ours, from the paths upwards.",
    )
    @click.option("--isolated", is_flag=True, help="Use no configuration.")
    @functools.wraps(command)
    def taken(*args: object, config: str | None, isolated: bool, **options: Any) -> None:
        ctx = click.get_current_context()

        def run(options: dict[str, Any]) -> None:
            settings = _settings(ctx, options, config, isolated=isolated)
            ctx.meta[META] = settings
            command(*args, **_filled(ctx, options, settings))

        groups = _groups(ctx, options) if config is None and not isolated else []
        if len(groups) < 2:
            run(options)
            return
        codes = [_exit_code_of(run, {**options, "paths": paths}) for paths in groups]
        sys.exit(max(codes))

    return taken


APART = ("text", "github")
"""Formats whose reports may follow each other."""


def _groups(ctx: click.Context, options: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The paths of a ``check``, apart where they have different configurations, as the files of a commit may.

    Nothing is taken apart where one report or one change is wanted.
    """
    if ctx.info_name != "check" or len(options.get("paths") or ()) < 2 or "-" in options["paths"]:
        return []
    from wasmdoctor.cli.outputs import outputs_of

    one = ("baseline", "update_baseline", "watch", "shard", "dask", "fix", "diff")
    wanted = outputs_of(ctx)
    if any(_is_given(ctx, name) for name in one) or any(
        each.path or each.format not in APART for each in wanted
    ):
        return []
    from wasmdoctor.pipeline.settings import by_configuration

    return by_configuration(options["paths"], Path.cwd())


def _exit_code_of(run: Callable[[dict[str, Any]], None], options: dict[str, Any]) -> int:
    """The exit code of one run among several."""
    try:
        run(options)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0


def settings_of(ctx: click.Context) -> Settings:
    """The settings of the command that runs; those of nobody when it is not a configured one."""
    from wasmdoctor.pipeline.settings import Settings

    found: Settings | None = ctx.meta.get(META)
    return found or Settings(Path.cwd())


def settings_again(ctx: click.Context) -> Callable[[Mapping[str, bytes | None]], Settings]:
    """The settings of the command that runs, with other bytes in files (by path from the current folder)."""
    found: Callable[[Mapping[str, bytes | None]], Settings] = ctx.meta[AGAIN]
    return found


def _settings(
    ctx: click.Context, options: Mapping[str, Any], config: str | None, *, isolated: bool
) -> Settings:
    from wasmdoctor.cli.output import fail
    from wasmdoctor.pipeline.settings import ConfigError, load_settings

    if config is not None and isolated:
        raise click.UsageError("--config and --isolated do not go together")
    paths = options.get("paths") or (".",)
    given = _given(ctx, options)
    try:
        settings = load_settings(paths, Path.cwd(), config=config, isolated=isolated)
    except ConfigError as error:
        first, _, rest = str(error).partition("\n")
        fail(first, rest)

    def again(overlay: Mapping[str, bytes | None]) -> Settings:
        found = load_settings(paths, Path.cwd(), config=config, isolated=isolated, overlay=overlay)
        return found.overridden(given)

    ctx.meta[AGAIN] = again
    return settings.overridden(given)


def _given(ctx: click.Context, options: Mapping[str, Any]) -> dict[str, tuple[str, object]]:
    """What the command line says, by the keys of the configuration."""
    given: dict[str, tuple[str, object]] = {}
    for name, value in options.items():
        if not _is_given(ctx, name):
            continue
        if name in ("host", "hosts"):
            given["hosts"] = ("--host", words(value))
        elif name == "flags":
            given["host-flags"] = ("--host-flag", {"": words(value)})
        elif (spoken := PARAMETERS.get(name)) is not None:
            given[spoken.key] = (spoken.option, words(value) if spoken.kind == "names" else value)
    return given


def _is_given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


def words(value: object) -> tuple[str, ...]:
    """Texts of a repeatable option, or of one with commas between them."""
    parts = value if isinstance(value, list | tuple) else (value,)
    return tuple(word for part in parts for word in (each.strip() for each in str(part).split(",")) if word)


def _filled(ctx: click.Context, options: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """The options, those that were not given with the configuration's value."""
    filled = dict(options)
    for name, value in options.items():
        if _is_given(ctx, name):
            continue
        if name in ("host", "hosts"):
            hosts = settings.names("hosts")
            if hosts:
                filled[name] = hosts if isinstance(value, list | tuple) else hosts[0]
        elif (spoken := PARAMETERS.get(name)) is not None and not (spoken.env and os.environ.get(spoken.env)):
            text = settings.path(spoken.key) if spoken.kind == "path" else settings.text(spoken.key)
            if spoken.kind == "names":
                filled[name] = settings.names(spoken.key) or value
            elif text is not None:
                filled[name] = text
    if "flags" in options and not _is_given(ctx, "flags"):
        hosts = words(filled.get("host") or filled.get("hosts") or ())
        flags = dict.fromkeys(flag for host in hosts for flag in settings.flags_of(host))
        filled["flags"] = tuple(flags)
    return filled


def outputs_from(ctx: click.Context, outputs: tuple[Output, ...], settings: Settings) -> tuple[Output, ...]:
    """The outputs of the command line, or those of the configuration when it names none."""
    if _is_given(ctx, "format_") or _is_given(ctx, "output") or settings.empty:
        return outputs
    from wasmdoctor.cli.outputs import Output

    files = [Output(name, settings.resolved(given)) for name, given in settings.table("outputs").items()]
    return (Output(settings.text("format") or "text", None), *files)


def write_baseline(report: Report, options: CheckOptions) -> None:
    """Write the findings of a run (with ``known``) to the baseline that its settings name, and say so."""
    from wasmdoctor.cli.output import say, write
    from wasmdoctor.pipeline.judging import place_of
    from wasmdoctor.reporters.baseline import render

    assert options.settings is not None
    path = options.settings.path("baseline")
    if path is None:
        raise click.UsageError("--update-baseline needs to know the file: name it with --baseline FILE")
    findings = [each.finding for each in report.suppressed if each.kind == "baseline"]
    write(render(findings, place_of(options.settings, options.paths)), path)
    count = len({finding.fingerprint for finding in findings})
    say(f"note: {count} {'finding' if count == 1 else 'findings'} in {path}", err=True)


def selected(made: Composed, catalog: Catalog, paths: Sequence[str]) -> Composed:
    """A composition with the findings that the settings of the command let through."""
    from datetime import date

    from wasmdoctor.model.record import replace
    from wasmdoctor.pipeline.judging import judged

    settings = settings_of(click.get_current_context())
    if not made.findings and settings.empty:
        return made
    outcome = judged(made.findings, settings, catalog, paths=paths, today=date.today())
    return replace(made, findings=outcome.findings)
