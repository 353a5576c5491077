"""Several reports of one run: which format goes where.

``--output`` belongs to the ``--format`` before it, as in ``--format sarif --output a.sarif --format text``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from wasmdoctor.cli.language import current, for_machines
from wasmdoctor.model.record import dataclass

if TYPE_CHECKING:
    from wasmdoctor.catalog import Catalog
    from wasmdoctor.model.finding import Report
    from wasmdoctor.model.shard import Shard
    from wasmdoctor.pipeline.behind import Behind
    from wasmdoctor.reporters.console import Style

TEXT = "text"
FOR_PEOPLE = (TEXT, "markdown", "html")
ENGLISH_ONLY = ("json", "jsonl")
"""Formats for people speak the language of the environment, the others only one that was asked for; these never."""

STDOUT = "-"
META = "wasmdoctor.outputs"


@dataclass(frozen=True, slots=True)
class Output:
    """One report: its format, and the file that it goes to (None for standard output)."""

    format: str
    path: str | None


class StyleFor(Protocol):
    """The style of text for standard output, or for a file."""

    def __call__(self, *, to_file: bool) -> Style:
        """Make it."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """What reporters get besides the report: from the command line, and looked up when first wanted."""

    catalog: Catalog
    cwd: Path
    style: StyleFor
    fail_on: str
    verbose: bool = False
    quiet: bool = False
    suppressed: bool = False
    behind: Behind | None = None
    shard: Shard | None = None


class OutputsCommand(click.Command):
    """A command with repeatable ``--format`` and ``--output``; what belongs together is told by their order.

    The pairs are at :func:`outputs_of` in the context.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's. Raises UsageError for formats that would go to the same place."""
        values, _, order = self.make_parser(ctx).parse_args(list(args))
        left = {name: list(values.get(name) or ()) for name in ("format_", "output")}
        named = [str(parameter.name) for parameter in order]
        events = [(name, left[name].pop(0)) for name in named if left.get(name)]
        rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing:  # completion looks at half a command line
            ctx.meta[META] = paired(events)
        return rest


def outputs_of(ctx: click.Context) -> tuple[Output, ...]:
    """The outputs that the command line asks for, one at least."""
    found: tuple[Output, ...] = ctx.meta[META]
    return found


def paired(events: Sequence[tuple[str, str]]) -> tuple[Output, ...]:
    """From ``format_`` and ``output`` in the order of the command line to outputs.

    An ``--output`` before any format belongs to the only format there is, else to text. ``-`` is standard
    output. Raises UsageError when two reports would go to one place, or an output has no format.
    """
    formats = [value for name, value in events if name == "format_"]
    files = [value for name, value in events if name == "output"]
    if len(formats) <= 1 and len(files) <= 1:
        pairs = [(formats[0] if formats else TEXT, files[0] if files else None)]
    else:
        pairs = _in_order(events)
    outputs = tuple(Output(format_, None if path == STDOUT else path) for format_, path in pairs)
    _apart(outputs)
    return outputs


def _in_order(events: Sequence[tuple[str, str]]) -> list[tuple[str, str | None]]:
    pairs: list[tuple[str, str | None]] = []
    free = False  # whether the format before has no file yet
    for name, value in events:
        if name == "format_":
            pairs.append((value, None))
            free = True
        elif free:
            pairs[-1] = (pairs[-1][0], value)
            free = False
        elif not pairs:
            pairs.append((TEXT, value))
        else:
            raise click.UsageError(
                f"--output {value} has no --format of its own\n"
                "  name one before it: --format sarif --output a.sarif --format json --output a.json"
            )
    return pairs


def _apart(outputs: Sequence[Output]) -> None:
    """Raise UsageError when two outputs have one destination."""
    seen: dict[str | None, Output] = {}
    for output in outputs:
        key = None if output.path is None else os.path.realpath(output.path)
        other = seen.get(key)
        if other is not None and output.path is None:
            raise click.UsageError(
                f"{other.format} and {output.format} cannot both go to standard output\n"
                f"  give one of them a file: --format {other.format} --output FILE"
            )
        if other is not None:
            raise click.UsageError(
                f"{other.format} and {output.format} cannot both go to `{output.path}`\n"
                "  give each a file of its own"
            )
        seen[key] = output


Renderer = Callable[["Report", Output, Shown], str]


def render(report: Report, output: Output, shown: Shown) -> str:
    """The report in an output's format, and in the language of the run; in that of programs if they read it."""
    language = current() if output.format in FOR_PEOPLE else for_machines()
    if language is not None and output.format not in ENGLISH_ONLY:
        from wasmdoctor.reporters.language import report_in

        report = report_in(report, language)
    return RENDERERS[output.format](report, output, shown)


def _text(report: Report, output: Output, shown: Shown) -> str:
    style = shown.style(to_file=output.path is not None)
    if shown.quiet:
        from wasmdoctor.reporters import quiet

        return quiet.render(report, style, suppressed=shown.suppressed)
    from wasmdoctor.reporters import text

    return text.render(report, style, verbose=shown.verbose, suppressed=shown.suppressed)


def _json(report: Report, output: Output, shown: Shown) -> str:
    if shown.shard is not None:
        from wasmdoctor.reporters import shard

        return shard.render(report, shown.shard)
    from wasmdoctor.reporters import json

    return json.render(report)


def _jsonl(report: Report, output: Output, shown: Shown) -> str:
    from wasmdoctor.reporters import jsonl

    return jsonl.render(report)


def _sarif(report: Report, output: Output, shown: Shown) -> str:
    from wasmdoctor.pipeline.places import repository
    from wasmdoctor.reporters import sarif

    return sarif.render(report, shown.catalog.lints, repository(report, shown.cwd))


def _github(report: Report, output: Output, shown: Shown) -> str:
    from wasmdoctor.pipeline.places import repository
    from wasmdoctor.reporters import github

    return github.render(report, repository(report, shown.cwd))


def _gitlab(report: Report, output: Output, shown: Shown) -> str:
    from wasmdoctor.pipeline.places import repository
    from wasmdoctor.reporters import gitlab

    return gitlab.render(report, repository(report, shown.cwd))


def _junit(report: Report, output: Output, shown: Shown) -> str:
    from wasmdoctor.model.rule import Severity
    from wasmdoctor.reporters import junit

    fail_on = None if shown.fail_on == "never" else Severity(shown.fail_on)
    return junit.render(report, fail_on)


def _markdown(report: Report, output: Output, shown: Shown) -> str:
    from wasmdoctor.pipeline.places import repository
    from wasmdoctor.reporters import markdown

    return markdown.render(report, repository(report, shown.cwd))


def _html(report: Report, output: Output, shown: Shown) -> str:
    from wasmdoctor.graph.network import Network
    from wasmdoctor.reporters import report_html

    if shown.behind is None:
        return report_html.render(report, Network())
    plans, why_not = shown.behind.plans()
    return report_html.render(report, shown.behind.network(report.findings), plans, why_not)


RENDERERS: Mapping[str, Renderer] = {
    TEXT: _text,
    "json": _json,
    "jsonl": _jsonl,
    "sarif": _sarif,
    "github": _github,
    "gitlab": _gitlab,
    "junit": _junit,
    "markdown": _markdown,
    "html": _html,
}
"""What writes each format, in the order of the help."""


outputs_format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(tuple(RENDERERS)),
    multiple=True,
    expose_value=False,
    help="How to write it; text by default. Repeatable, with an --output after each but one.",
)

outputs_file_option = click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False),
    multiple=True,
    expose_value=False,
    metavar="FILE",
    help="Write the report of the --format before it to FILE instead of standard output.",
)
