"""The Python API: what ``from wasmdoctor import check`` gives.

Results are the frozen records of :mod:`wasmdoctor.model`, the same that reporters get. What cannot run raises
:class:`WasmdoctorError`, whose text is for people; everything that is wrong with the input is a finding.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from wasmdoctor.model.errors import WasmdoctorError

if TYPE_CHECKING:
    from wasmdoctor.catalog import Catalog
    from wasmdoctor.model.finding import Report, Why
    from wasmdoctor.model.migration import WorkspacePlans
    from wasmdoctor.pipeline.settings import Settings

__all__ = ["WasmdoctorError", "check", "plans", "why"]

AnyPath = str | PathLike[str]


def check(
    *paths: AnyPath,
    hosts: Iterable[str] = (),
    flags: Iterable[str] = (),
    target: str | None = None,
    cwd: AnyPath | None = None,
    config: AnyPath | None = None,
    isolated: bool = False,
    wasm_tools: AnyPath | None = None,
) -> Report:
    """What ``wasmdoctor check`` finds, as a record: components with their imports, and findings.

    ``paths`` are files or folders, by default what the command would look at. ``hosts`` (``wasmtime@46:serve``)
    and ``flags`` (``http``) are as on the command line; without ``hosts`` the configuration's, else the newest
    wasmtime. ``cwd`` is the folder that paths are relative to, in the report as well. ``config`` names a
    configuration, ``isolated`` uses none.

    Raises WasmdoctorError: a path that is not there, an unknown host or flag, a broken configuration.
    """
    from wasmdoctor.discover import default_paths
    from wasmdoctor.pipeline import CheckOptions
    from wasmdoctor.pipeline import check as run
    from wasmdoctor.pipeline.settings import catalog_of
    from wasmdoctor.toolchain import Toolchain

    here = _folder(cwd)
    words = tuple(map(str, paths)) or tuple(default_paths(here))
    settings = _settings(words, here, config, isolated=isolated)
    named = tuple(hosts) or settings.names("hosts") or ()
    started = tuple(flags) or tuple(
        dict.fromkeys(flag for host in named or ("wasmtime",) for flag in settings.flags_of(host))
    )
    options = CheckOptions(words, here, hosts=named, flags=started, target=target, settings=settings)
    return run(options, catalog_of(settings), Toolchain(str(wasm_tools) if wasm_tools else None))


def why(
    interface: str,
    *paths: AnyPath,
    host: str = "wasmtime",
    flags: Iterable[str] = (),
    target: str | None = None,
    cwd: AnyPath | None = None,
    every: bool = False,
    calls: bool = False,
) -> tuple[Why, ...]:
    """Where imports come from: for each component that has one, the ways to the line of WIT, the best first.

    ``interface`` is a full name, a name without version, or a glob. ``every`` wants all ways, ``calls`` those
    through the code of finished components as well. Raises WasmdoctorError.
    """
    from wasmdoctor.pipeline.why import WhyOptions
    from wasmdoctor.pipeline.why import why as run
    from wasmdoctor.toolchain import Toolchain

    here = _folder(cwd)
    words = tuple(map(str, paths)) or (".",)
    options = WhyOptions(
        paths=words,
        cwd=here,
        pattern=interface,
        every=every,
        calls=calls,
        host=host,
        flags=tuple(flags),
        target=target,
    )
    return tuple(run(options, _catalog(words, here), Toolchain(), None).whys)


def plans(
    *paths: AnyPath,
    host: str = "wasmtime",
    flags: Iterable[str] = (),
    target: str | None = None,
    cwd: AnyPath | None = None,
) -> tuple[WorkspacePlans, ...]:
    """The ways out of custom imports, for each Rust workspace of the paths. Nothing is written.

    Raises WasmdoctorError.
    """
    from wasmdoctor.pipeline.plan import PlanOptions
    from wasmdoctor.pipeline.plan import plans as run
    from wasmdoctor.toolchain import Toolchain

    here = _folder(cwd)
    words = tuple(map(str, paths)) or (".",)
    options = PlanOptions(words, here, host=host, flags=tuple(flags), target=target)
    return tuple(run(options, _catalog(words, here), Toolchain()))


def _folder(cwd: AnyPath | None) -> Path:
    return Path(cwd).resolve() if cwd is not None else Path.cwd()


def _settings(paths: tuple[str, ...], cwd: Path, config: AnyPath | None, *, isolated: bool) -> Settings:
    from wasmdoctor.pipeline.settings import load_settings

    return load_settings(paths, cwd, config=str(config) if config else None, isolated=isolated)


def _catalog(paths: tuple[str, ...], cwd: Path) -> Catalog:
    from wasmdoctor.pipeline.settings import catalog_of

    return catalog_of(_settings(paths, cwd, None, isolated=False))
