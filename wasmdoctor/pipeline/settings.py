"""The settings of a run: the configuration that is found, what it extends, and what the command line says."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from wasmdoctor.model.errors import WasmdoctorError
from wasmdoctor.model.record import dataclass, field, replace
from wasmdoctor.model.source import Location, Problem

if TYPE_CHECKING:
    from wasmdoctor.catalog import Catalog
    from wasmdoctor.checks.policy import Matcher, Policy
    from wasmdoctor.model.config import Allow, Config, Given

FILE_NAMES = ("wasmdoctor.toml", ".wasmdoctor.toml")
MANIFEST = "Cargo.toml"
OWN_FOLDER = "wasmdoctor.d"
MAX_EXTENDS = 16
"""How many configurations may go on from one another."""
MAX_PROBLEMS = 100
"""Names that are no rules: more are not told."""

COMMAND_LINE = "command line"


class ConfigError(WasmdoctorError):
    """A configuration that cannot be used; the message has a line for each problem, with its place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        from wasmdoctor.reporters.escape import one_line

        self.problems = tuple(problems)
        first, *rest = self.problems
        lines = [one_line(f"{first.location}: {first.message}")]
        if first.help:
            lines.append(first.help)
        for problem in rest:
            more = f" ({problem.help})" if problem.help else ""
            lines.append(one_line(f"{problem.location}: {problem.message}{more}"))
        super().__init__("\n".join(lines))


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for a run, each value with its place.

    ``folder`` is where the configuration file lies, None without one; ``files`` are the configurations read, the
    nearest first; ``data`` the folder of the person's own rules data. A value of the command line has
    ``command line (--option)`` as its place; ``replaced`` are keys of the files that it took the place of.
    """

    cwd: Path
    folder: Path | None = None
    files: tuple[str, ...] = ()
    values: Mapping[str, Given] = field(default_factory=dict)
    allows: tuple[Allow, ...] = ()
    data: Path | None = None
    replaced: frozenset[str] = frozenset()

    @property
    def excluding(self) -> bool:
        """Whether anything is excluded."""
        return "exclude" in self.values

    def excludes(self, path: str) -> bool:
        """Whether a path, as reports show it, is excluded."""
        given = self.values.get("exclude")
        return given is not None and matcher(_texts(given.value), self.base(given.location), self.cwd)(path)

    @property
    def empty(self) -> bool:
        """Whether nobody asked for anything but the defaults."""
        return not self.values and not self.allows

    def providing(self) -> tuple[Allow, ...]:
        """The ``[[allow]]`` in force today that say who provides an interface."""
        today = date.today()
        return tuple(allow for allow in self.allows if allow.provided_by and not allow.expired(today))

    def names(self, key: str) -> tuple[str, ...] | None:
        """The value of a key that holds texts; None when it is not given."""
        given = self.values.get(key)
        return tuple(map(str, given.value)) if given and isinstance(given.value, tuple) else None

    def text(self, key: str) -> str | None:
        """The value of a key that holds a text."""
        given = self.values.get(key)
        return given.value if given and isinstance(given.value, str) else None

    def path(self, key: str) -> str | None:
        """The value of a key that holds a path, relative to the current folder."""
        given = self.values.get(key)
        return self.resolved(given) if given else None

    def resolved(self, given: Given) -> str:
        """A path relative to the current folder: in a file it is relative to that file."""
        from wasmdoctor.discover import display_path

        return display_path(self.base(given.location) / str(given.value), self.cwd)

    def base(self, place: Location) -> Path:
        """The folder that paths in a value are relative to."""
        if place.path.startswith(COMMAND_LINE):
            return self.cwd
        return (self.cwd / place.path).parent

    def places_of(self, *keys: str) -> list[str]:
        """Where in files some keys are given."""
        places = [str(self.values[key].location) for key in keys if key in self.values]
        return [place for place in places if not place.startswith(COMMAND_LINE)]

    def table(self, key: str) -> Mapping[str, Given]:
        """The value of a key that is a table; empty when it is not given."""
        given = self.values.get(key)
        return given.value if given and isinstance(given.value, dict) else {}

    def flags_of(self, host: str) -> tuple[str, ...]:
        """The flags that the configuration gives to a host (``wasmtime@46:serve``, or its name alone)."""
        table = self.table("host-flags")
        name = host.partition("@")[0].partition(":")[0]
        given = table.get(host) or table.get(name)
        return tuple(map(str, given.value)) if given and isinstance(given.value, tuple) else ()

    def overridden(self, options: Mapping[str, tuple[str, object]]) -> Settings:
        """With what the command line says; ``options`` maps keys to the option's name and its value.

        Rules that it selects take the place of all that the configuration says of rules; rules that it
        ignores come on top. A table is given as plain values by name.
        """
        if not options:
            return self
        from wasmdoctor.model.config import Given

        values = dict(self.values)
        if "select" in options:
            for key in ("extend-select", "ignore"):
                values.pop(key, None)
        for key, (option, value) in options.items():
            place = Location(f"{COMMAND_LINE} ({option})")
            if key == "ignore" and key in values and isinstance(value, tuple):
                before = values[key].value
                value = (*before, *value) if isinstance(before, tuple) else value
                place = Location(f"{values[key].location} and {place.path}")
            if isinstance(value, dict):
                value = {name: Given(each, place) for name, each in value.items()}
            values[key] = Given(value, place)
        replaced = frozenset(key for key in options if key in self.values)
        return replace(self, values=values, replaced=replaced)

    def without(self, key: str) -> Settings:
        """As if a key had not been given."""
        return replace(self, values={name: given for name, given in self.values.items() if name != key})


def config_in(folder: Path) -> Path | None:
    """The configuration in a folder, or None: a file of ours before a manifest with a table of ours."""
    for name in FILE_NAMES:
        path = folder / name
        if path.is_file():
            return path
    from wasmdoctor.discover import read_regular

    manifest = folder / MANIFEST
    try:
        data = read_regular(manifest)
    except OSError:
        return None
    if b"wasmdoctor" not in data:
        return None
    from wasmdoctor.readers.config import read_config

    return manifest if read_config(data, MANIFEST) is not None else None


def find_config(start: Path) -> Path | None:
    """The nearest configuration from a folder upwards, up to the top of the repository."""
    start = start.resolve()
    for folder in (start, *start.parents):
        found = config_in(folder)
        if found is not None:
            return found
        if (folder / ".git").exists():
            return None
    return None


def config_folder(cwd: Path) -> Path | None:
    """The folder of the configuration that holds for a folder, or None."""
    found = find_config(cwd)
    return found.parent if found else None


def load_settings(
    paths: Iterable[str],
    cwd: Path,
    *,
    config: str | None = None,
    isolated: bool = False,
    overlay: Mapping[str, bytes | None] | None = None,
) -> Settings:
    """The settings for what is checked: of ``config``, or of the nearest configuration above ``paths``.

    ``isolated`` takes none; ``overlay`` has bytes to read instead of a file's, by path from ``cwd``. Raises ConfigError for a file that cannot be used, and when the paths have
    different configurations: a run has one.
    """
    if isolated:
        return Settings(cwd)
    file = cwd / config if config else _found(paths, cwd)
    if file is None:
        return Settings(cwd, data=_own_data(cwd))
    chain = _chain(file, cwd, overlay or {}, named=config is not None)
    values: dict[str, Given] = {}
    for each in reversed(chain):
        _merge(values, each.values)
    values.pop("extend", None)
    found = Settings(
        cwd,
        file.parent,
        tuple(each.path for each in chain),
        values,
        tuple(allow for each in chain for allow in each.allows),
    )
    return replace(found, data=_data(found))


def by_configuration(paths: Iterable[str], cwd: Path) -> list[tuple[str, ...]]:
    """The paths in groups that have one configuration each, in the order in which these first come.

    Those without one go with the first group, as where there is only one.
    """
    groups: dict[Path | None, list[str]] = {}
    for path in paths:
        groups.setdefault(find_config(_start(cwd / path)), []).append(path)
    without = groups.pop(None, [])
    found = list(groups.values()) or [[]]
    return [tuple(found[0] + without), *map(tuple, found[1:])]


def _found(paths: Iterable[str], cwd: Path) -> Path | None:
    """The one configuration of all paths; for paths without one, that of the current folder."""
    starts = dict.fromkeys(_start(cwd / path) for path in paths)
    found = {start: file for start in starts if (file := find_config(start)) is not None}
    files = sorted(set(found.values()))
    if len(files) > 1:
        from wasmdoctor.discover import display_path

        names = [display_path(file, cwd) for file in files]
        problem = Problem(
            Location(names[0]),
            f"not all that is checked has this configuration: there is `{names[1]}` as well",
            "check them one by one, or name one with --config",
        )
        raise ConfigError([problem])
    return files[0] if files else find_config(cwd)


def _start(path: Path) -> Path:
    """The folder from which the configuration of a path is looked for."""
    while not path.is_dir() and path != path.parent:
        path = path.parent
    return path.resolve()


def _chain(file: Path, cwd: Path, overlay: Mapping[str, bytes | None], *, named: bool) -> list[Config]:
    """A configuration and those that it extends, the nearest first."""
    chain: list[Config] = []
    seen: set[Path] = set()
    place: Location | None = None
    while True:
        real = file.resolve()
        if real in seen or len(seen) >= MAX_EXTENDS:
            assert place is not None
            raise ConfigError(
                [Problem(place, "these configurations extend each other", "let one of them end")]
            )
        seen.add(real)
        config = _read(file, cwd, place, overlay, named=named or place is not None)
        if config.problems:
            raise ConfigError(config.problems)
        chain.append(config)
        given = config.values.get("extend")
        if given is None:
            return chain
        place = given.location
        file = file.parent / str(given.value)


def _read(
    file: Path, cwd: Path, place: Location | None, overlay: Mapping[str, bytes | None], *, named: bool
) -> Config:
    from wasmdoctor.discover import display_path, read_regular
    from wasmdoctor.model.config import Config
    from wasmdoctor.readers.config import read_config

    shown = display_path(file, cwd)
    try:
        edited = overlay.get(shown)
        data = read_regular(file) if edited is None else edited
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(
            [Problem(place or Location(shown), f"`{shown}` cannot be read: {reason}", "check the path")]
        ) from None
    config = read_config(data, shown)
    if config is None and edited is not None:
        return Config(shown)  # the edit took out all that it said
    if config is None:
        message = f"`{shown}` does not configure wasmdoctor"
        help_ = "add [workspace.metadata.wasmdoctor] or [package.metadata.wasmdoctor]"
        raise ConfigError([Problem(place or Location(shown), message, help_)])
    return config


def _merge(values: dict[str, Given], nearer: Mapping[str, Given]) -> None:
    """What stands nearer takes the place of the rest; tables name by name."""
    for key, given in nearer.items():
        before = values.get(key)
        if before is not None and isinstance(before.value, dict) and isinstance(given.value, dict):
            given = replace(given, value={**before.value, **given.value})
        values[key] = given


def _data(settings: Settings) -> Path | None:
    """The folder of a person's own data: named, or beside the configuration, or above."""
    given = settings.values.get("data")
    if given is not None:
        folder = settings.base(given.location) / str(given.value)
        if not folder.is_dir():
            raise ConfigError(
                [Problem(given.location, f"there is no folder `{given.value}`", "correct `data`")]
            )
        return folder
    assert settings.folder is not None
    beside = settings.folder / OWN_FOLDER
    return beside if beside.is_dir() else _own_data(settings.cwd)


def _own_data(cwd: Path) -> Path | None:
    from wasmdoctor.catalog import own_folder

    return own_folder(cwd)


def catalog_of(settings: Settings) -> Catalog:
    """The catalog for a run with these settings: with the person's own data, and who provides what."""
    from wasmdoctor.catalog import Catalog

    return Catalog(extra=(settings.data,) if settings.data else (), allowed=settings.providing())


# -- the policy -----------------------------------------------------------------------------------


def policy_of(settings: Settings, catalog: Catalog, *, known: bool = False) -> Policy:
    """What a run shows; with ``known`` all of it is taken for known, whatever a baseline has. Raises ConfigError for a rule that does not exist, and for a bad baseline."""
    from wasmdoctor.checks.policy import EVERY, Policy
    from wasmdoctor.model.config import Persona
    from wasmdoctor.model.rule import Severity

    names = catalog.rule_names
    _check_selectors(settings, names)
    select = settings.names("select")
    baseline, place = (None, Location(settings.path("baseline") or "")) if known else _baseline(settings)
    return Policy(
        names=names,
        select=((EVERY,) if select is None else select) + (settings.names("extend-select") or ()),
        ignore=settings.names("ignore") or (),
        severity={rule: Severity(str(given.value)) for rule, given in settings.table("severity").items()},
        paths=tuple(
            (matcher((pattern,), settings.base(given.location), settings.cwd), _texts(given.value))
            for pattern, given in settings.table("per-path-ignores").items()
        ),
        allows=tuple(
            (allow, matcher((allow.path,) if allow.path else (), settings.base(allow.location), settings.cwd))
            for allow in settings.allows
            if not allow.provided_by
        ),
        shared=tuple(allow for allow in settings.allows if allow.provided_by),
        exclude=settings.excludes if settings.excluding else None,
        persona=Persona(settings.text("persona") or Persona.REGULAR),
        baseline=baseline,
        baseline_place=place,
        known=known,
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple) else ()


@lru_cache(maxsize=4096)
def _relative(path: str, here: str, top: str) -> str:
    """A path from one folder as it is from another: asked of the same paths for each pattern."""
    return os.path.relpath(os.path.join(here, path), top).replace(os.sep, "/")


@lru_cache(maxsize=256)
def matcher(patterns: tuple[str, ...], base: Path, cwd: Path) -> Matcher:
    """Whether a path (relative to ``cwd``) is one that .gitignore patterns in ``base`` mean."""
    if not patterns:
        return lambda path: False
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(patterns)
    top = os.path.realpath(base)
    here = os.path.realpath(cwd)

    def matches(path: str) -> bool:
        relative = _relative(path, here, top)
        return (
            relative != "."
            and not relative.startswith("../")
            and relative != ".."
            and spec.match_file(relative)
        )

    return matches


def _check_selectors(settings: Settings, names: Mapping[str, str]) -> None:
    """Every selector of the configuration and the command line names at least one rule."""
    known = {*names, *names.values(), "all"}
    problems: list[Problem] = []

    def ask(selectors: Iterable[str], place: Location) -> None:
        for selector in selectors:
            begins = selector.startswith("WD") and any(code.startswith(selector) for code in names)
            if selector not in known and not begins:
                problems.append(Problem(place, f"there is no rule `{selector}`", _near(selector, known)))
                if len(problems) == MAX_PROBLEMS:
                    raise ConfigError(problems)

    for key in ("select", "extend-select", "ignore"):
        if given := settings.values.get(key):
            ask(_texts(given.value), given.location)
    for selector, given in settings.table("severity").items():
        ask((selector,), given.location)
    for given in settings.table("per-path-ignores").values():
        ask(_texts(given.value), given.location)
    for allow in settings.allows:
        ask(allow.rules, allow.location)
    if problems:
        raise ConfigError(problems)


def _near(name: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, sorted(known), 1)
    return f"did you mean `{near[0]}`?" if near else "`wasmdoctor rules` lists them"


def _baseline(settings: Settings) -> tuple[Mapping[str, int] | None, Location]:
    """The baseline, and where it is."""
    given = settings.values.get("baseline")
    path = settings.path("baseline")
    if given is None or path is None:
        return None, Location("")
    from wasmdoctor.discover import read_regular
    from wasmdoctor.readers.baseline import read_baseline

    try:
        data = read_regular(settings.cwd / path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"the baseline `{path}` cannot be read: {reason}"
        raise ConfigError(
            [Problem(given.location, message, "write it with `check --update-baseline`")]
        ) from None
    found = read_baseline(data, path)
    if isinstance(found, Problem):
        raise ConfigError([found])
    return found, Location(path)
