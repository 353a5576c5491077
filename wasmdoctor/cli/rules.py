"""``wasmdoctor rules``."""

from __future__ import annotations

import click

from wasmdoctor.cli.language import spoken
from wasmdoctor.cli.options import color_option, format_option
from wasmdoctor.cli.output import explained, load_catalog, style_for, write


@click.command()
@format_option
@color_option
def rules(format_: str, color: str) -> None:
    """List all rules.

    \b
    Examples:
      wasmdoctor rules
      wasmdoctor rules --format json
    """
    from wasmdoctor.checks import CODES
    from wasmdoctor.reporters import rules as report

    with explained():
        lints = [lint for lint in load_catalog().lints if lint.code in CODES]
        if format_ == "json":
            write(report.lints_json(lints), None)
        else:
            write(report.table(map(spoken, lints), style_for(color)), None)
