"""``wasmdoctor config``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from wasmdoctor.cli.configured import (
    baseline_option,
    configured,
    ignore_option,
    persona_option,
    select_option,
    settings_of,
)
from wasmdoctor.cli.options import (
    SEVERITIES,
    color_option,
    flags_option,
    format_option,
    host_option,
    target_option,
    wasm_tools_option,
)
from wasmdoctor.cli.output import explained, load_catalog, shown, style_for, write

if TYPE_CHECKING:
    from wasmdoctor.pipeline.settings import Settings
    from wasmdoctor.reporters.config import Effective


@click.group()
def config() -> None:
    """Show the settings that hold, and where each comes from.

    \b
    Examples:
      wasmdoctor config show                  all settings for the current folder
      wasmdoctor config show crates/app       those for another
      wasmdoctor config show --format json
      wasmdoctor init                         write a wasmdoctor.toml
    """


@config.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@host_option
@flags_option
@target_option
@click.option("--fail-on", type=click.Choice(SEVERITIES), default="error", help="As `check` has it.")
@select_option
@ignore_option
@persona_option
@baseline_option
@wasm_tools_option
@format_option
@color_option
@configured
@click.pass_context
def show(ctx: click.Context, /, format_: str, color: str, **options: object) -> None:
    """Print every setting with its value, and the file and line, option or default that it comes from.

    PATHS are what would be checked. The options are those of `check` that beat a configuration.

    \b
    Examples:
      wasmdoctor config show
      wasmdoctor config show crates/api --persona auditor
    """
    from wasmdoctor.pipeline.settings import policy_of
    from wasmdoctor.reporters import config as report

    settings = settings_of(ctx)
    with explained():
        policy_of(settings, load_catalog())  # what is wrong with it is said here as by `check`
    rows = effective(settings)
    if format_ == "json":
        data = shown(settings.data) if settings.data else None
        write(report.render_json(rows, settings.files, data), None)
    else:
        write(report.render(rows, settings.files, style_for(color)), None)


def effective(settings: Settings) -> list[Effective]:
    """Every key's value and origin, in the order of the reference; a table has a row for each of its names."""
    import tomllib

    from wasmdoctor.readers.config import KEYS
    from wasmdoctor.reporters.config import Effective

    rows: list[Effective] = []
    for key in KEYS:
        if key.name == "extend":
            continue
        if key.kind == "tables":
            rows += [Effective(key.name, _allow(allow), str(allow.location)) for allow in settings.allows]
            continue
        given = settings.values.get(key.name)
        if key.name == "data" and given is None:
            found = shown(settings.data) if settings.data else None
            rows.append(Effective(key.name, found, "found" if found else "default"))
        elif given is None:
            value = tomllib.loads(f"value = {key.default}")["value"] if key.default else None
            rows.append(
                Effective(key.name, {} if key.kind == "table" and value is None else value, "default")
            )
        elif isinstance(given.value, dict):
            rows += [
                Effective(
                    f"{key.name}.{name}" if name else key.name,
                    settings.resolved(each) if key.of and key.of.kind == "path" else _plain(each.value),
                    str(each.location),
                )
                for name, each in given.value.items()
            ]
        else:
            value = settings.resolved(given) if key.kind == "path" else _plain(given.value)
            rows.append(Effective(key.name, value, str(given.location)))
    return rows


def _plain(value: object) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _allow(allow: Any) -> dict[str, Any]:
    """An ``[[allow]]`` as it was written."""
    values = {
        "interface": allow.interface,
        "component": allow.component,
        "path": allow.path,
        "rules": list(allow.rules),
        "provided-by": allow.provided_by,
        "reason": allow.reason,
        "expires": allow.expires,
    }
    return {name: value for name, value in values.items() if value}


@config.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of a wasmdoctor.toml, for editors.

    \b
    Examples:
      wasmdoctor config schema > wasmdoctor.schema.json
      (and as the first line of wasmdoctor.toml: #:schema ./wasmdoctor.schema.json)
    """
    import json

    from wasmdoctor.readers.config import schema

    write(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n", None)
