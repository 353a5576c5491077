"""``check --shard`` and ``check --dask``: a run on several machines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wasmdoctor.model.shard import Observed, Shard
    from wasmdoctor.pipeline import CheckOptions


class ShardType(click.ParamType[tuple[int, int]]):
    """``2/5``: the second of five shares."""

    name = "I/N"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Number and count, both from 1."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", str(value))
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            self.fail(f"{value!r} is no share: write I/N, as in 2/5 for the second of five", param, ctx)
        return int(found[1]), int(found[2])


shard_option = click.option(
    "--shard",
    type=ShardType(),
    metavar="I/N",
    help="Look at one of N shares of the binaries only, as JSON; `wasmdoctor merge` judges all shares together.",
)
dask_option = click.option(
    "--dask",
    default="",
    metavar="ADDRESS",
    help="Read the binaries on a Dask cluster (tcp://HOST:PORT); paths may be URLs that fsspec knows.",
)


def shard_record(options: CheckOptions, observed: Observed) -> Shard:
    """What another machine needs to go on with a share."""
    from wasmdoctor.model.shard import Shard

    assert options.shard is not None
    return Shard(*options.shard, options.hosts or (options.host,), options.flags, observed)
