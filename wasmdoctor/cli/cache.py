"""``wasmdoctor cache``."""

from __future__ import annotations

import os

import click

from wasmdoctor.cache.place import FOLDER_VARIABLE, OFF_VARIABLE, cache_folder
from wasmdoctor.cache.store import LIMIT, Store
from wasmdoctor.cli.output import fail, say


@click.group()
def cache() -> None:
    """Show or clear what earlier runs found out.

    `check`, `why`, `graph` and `plan` give an answer again as long as no file or folder that it rests on has
    changed. The cache is a folder of yours, not of the project; `--no-cache` passes it by for one run, and
    WASMDOCTOR_NO_CACHE=1 for all.

    \b
    Examples:
      wasmdoctor cache show
      wasmdoctor cache clear
    """


@cache.command()
def show() -> None:
    """Say where the cache is, and how much it holds.

    \b
    Examples:
      wasmdoctor cache show
    """
    store = _store()
    usage = store.usage()
    say(store.folder)
    say(f"{_entries(usage.entries)}, {_bytes(usage.size)} of at most {_bytes(LIMIT)}")


@cache.command()
def clear() -> None:
    """Remove all entries.

    \b
    Examples:
      wasmdoctor cache clear
    """
    removed = _store().clear()
    say(f"removed {_entries(removed.entries)}, {_bytes(removed.size)}")


def _store() -> Store:
    folder = cache_folder(os.environ)
    if folder is None:
        fail(
            "there is no cache",
            f"{OFF_VARIABLE} is set, or neither {FOLDER_VARIABLE} nor HOME names an absolute path",
        )
    return Store(folder)


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"


def _bytes(size: int) -> str:
    return (
        f"{size:,} bytes"
        if size < 1000
        else f"{size / 1e3:,.0f} kB"
        if size < 1e6
        else f"{size / 1e6:,.1f} MB"
    )
