"""What every command writes with: exit codes, errors for people, text, style, a progress bar."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from wasmdoctor.catalog import Catalog
    from wasmdoctor.model.finding import Finding
    from wasmdoctor.reporters.console import Style

CLEAN, FOUND, FAILED = 0, 1, 2


def exit_of(findings: Iterable[Finding], fail_on: str) -> int:
    """1 when a finding is as grave as ``fail_on`` or graver."""
    from wasmdoctor.model.rule import Severity

    threshold = Severity(fail_on).rank
    return FOUND if any(finding.severity.rank >= threshold for finding in findings) else CLEAN


def shown(path: Path) -> str:
    """A path as people see it: relative to the current folder where it can be."""
    from wasmdoctor.discover import display_path

    return display_path(path, Path.cwd())


def say(text: str, *, err: bool = False) -> None:
    """A line for a person: names in it come from files."""
    click.echo(_harmless(text), err=err)


def _harmless(line: str) -> str:
    """A line that commands neither a terminal nor a CI system, whatever names stand in it.

    GitHub's runner takes a line that begins with ``::`` or ``##[``, blanks before it or not, for a command.
    """
    from wasmdoctor.reporters.escape import one_line

    shown = one_line(line)
    start = shown.lstrip()
    if start.startswith(("::", "##[")):
        shown = f"\\u{{{ord(start[0]):x}}}{start[1:]}"
    return shown


def source_paths(cwd: Path) -> tuple[str, ...]:
    """Where commands look that want sources as well as binaries: here when there is a manifest."""
    from wasmdoctor.discover import default_paths

    return (".",) if (cwd / "Cargo.toml").exists() else tuple(default_paths(cwd))


def load_catalog() -> Catalog:
    """The rules, hosts and mappings. Raises CatalogError when their data is broken."""
    from wasmdoctor.catalog import Catalog, own_folder

    ctx = click.get_current_context(silent=True)
    settings = ctx.meta.get("wasmdoctor.settings") if ctx else None
    if settings is not None:
        from wasmdoctor.pipeline.settings import catalog_of

        return catalog_of(settings)
    own = own_folder(Path.cwd())
    return Catalog(extra=(own,) if own else ())


@contextmanager
def explained() -> Iterator[None]:
    """Errors that mean "could not run" end with a sentence and exit code 2, never with a traceback."""
    from wasmdoctor.model.errors import WasmdoctorError

    try:
        yield
    except WasmdoctorError as error:
        # Who has a help apart from the message has both; of others the text is all there is.
        help_ = getattr(error, "help", None)
        first, _, rest = str(error).partition("\n")
        more = _configured_host(error)
        fail(first if help_ is None else getattr(error, "message", first), (help_ or rest.strip()) + more)


def _configured_host(error: Exception) -> str:
    """Where a host that is not known stands, when a configuration names it; with a line end before it."""
    from wasmdoctor.model.host import HostError

    ctx = click.get_current_context(silent=True)
    settings = ctx.meta.get("wasmdoctor.settings") if ctx else None
    if settings is None or not isinstance(error, HostError):
        return ""
    places = settings.places_of("hosts", "host-flags")
    return f"\nthe configuration names it: {', '.join(places)}" if places else ""


def fail(message: str, help_: str = "") -> NoReturn:
    """End with exit code 2: what could not be done, and below it what to do, a line for each line."""
    first, *rest = message.split("\n")
    click.echo(f"error: {_harmless(first)}", err=True)
    for line in rest:
        click.echo(_harmless(line), err=True)
    for line in help_.splitlines():
        click.echo(f"  {_harmless(line.strip())}", err=True)
    sys.exit(FAILED)


def write(text: str, output: str | None) -> None:
    """Write to a file, whole or not at all, or to standard output."""
    if output is None:
        if sys.stdout.isatty():
            from wasmdoctor.cli.pager import paged

            if paged(text):
                return
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    from wasmdoctor.pipeline.files import write_whole

    data = text.encode("utf-8", "replace")
    target = Path(output)
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)  # a device or a pipe, such as /dev/stderr, is no file to be replaced
        else:
            write_whole(Path(os.path.realpath(target)), data)
    except OSError as error:
        fail(f"the report cannot be written to `{output}`: {(error.strerror or str(error)).lower()}")


def style_for(color: str, *, to_file: bool = False) -> Style:
    """Width, colour and characters that standard output can take."""
    from wasmdoctor.reporters.console import Style

    terminal = sys.stdout.isatty() and not to_file
    if color == "auto":
        wanted = bool(os.environ.get("FORCE_COLOR")) or (terminal and os.environ.get("TERM") != "dumb")
        colored = wanted and not os.environ.get("NO_COLOR")
    else:
        colored = color == "always"
    width = columns(100)
    encoding = "utf-8" if to_file else (sys.stdout.encoding or "ascii")
    return Style(
        width=width,
        color=colored,
        unicode=_speaks_unicode(encoding),
        links=str(Path.cwd()) if terminal else "",
    )


def columns(otherwise: int) -> int:
    """The width of the terminal, as ``shutil.get_terminal_size``, which loads three ways to compress."""
    try:
        width = int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        width = 0
    if width <= 0:
        try:
            width = os.get_terminal_size(sys.__stdout__.fileno()).columns  # type: ignore[union-attr]
        except (AttributeError, ValueError, OSError):
            width = otherwise
    return width or otherwise


def _speaks_unicode(encoding: str) -> bool:
    try:
        "✗✓·…".encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True


@contextmanager
def busy(words: str) -> Iterator[None]:
    """A line on standard error once what is done within has taken half a second, gone when it ends; on a terminal
    only."""
    if not sys.stderr.isatty():
        yield
        return
    from threading import Timer

    told: list[str] = []

    def show() -> None:
        told.append(words)
        sys.stderr.write(f"{words} ...")
        sys.stderr.flush()

    timer = Timer(0.5, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if told:
            blank = " " * len(f"{words} ...")
            sys.stderr.write(f"\r{blank}\r")
            sys.stderr.flush()


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int], None]]:
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

            bar = Progress(console=Console(file=sys.__stderr__), transient=True)
            bar.start()
            task = bar.add_task("reading binaries", total=total)
        bar.update(task, completed=done)

    try:
        yield update
    finally:
        if bar is not None:
            bar.stop()
