"""Loads and validates ``rules/``: lints, hosts, facts about WIT, look-alikes and mappings. All are TOML.

Only what is asked for is read: one host is one file and the WIT facts that its version names. A
person's own hosts come from further folders of the same layout. Anything wrong in a file is a
:class:`CatalogError` that names the file and the key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from wasmdoctor.model.errors import WasmdoctorError
from wasmdoctor.model.host import (
    NAME_RULES,
    FlagKind,
    Gate,
    HostError,
    HostFlag,
    HostLine,
    HostMode,
    HostProfile,
    HostSpec,
    HostView,
    InterfaceFacts,
    NameRule,
    NameRuleText,
    PackageMap,
    Provision,
    StartRule,
    WitFacts,
    parse_host_spec,
    suggestion,
    view,
)
from wasmdoctor.model.mapping import (
    PARAM_ROLES,
    RESULT_ROLES,
    MappedFunction,
    MappedObject,
    MappingFamily,
    Mappings,
    RoleWords,
    RuntimeFile,
)
from wasmdoctor.model.record import replace
from wasmdoctor.model.rule import (
    Confidence,
    Example,
    Fix,
    Lint,
    Lookalikes,
    Reference,
    Role,
    Severity,
    StdFacts,
)
from wasmdoctor.model.skew import NO_VERSION, STATUSES, Deprecated, HostRange, Status

if TYPE_CHECKING:  # signatures are read only for imports that a host has, error texts for `explain`
    from wasmdoctor.model.config import Allow
    from wasmdoctor.model.errortext import ErrorRow, ErrorTool, LinkWords, Made
    from wasmdoctor.model.typetext import InterfaceTypes
    from wasmdoctor.model.wasm import Function

_MAX_BYTES: Final = 4_000_000
PACKAGED: Final = "_rules"
"""The folder of rules in an installed package."""
_PLANS: Final = ("a", "b", "c")
_FLAG_KINDS: Final = ("flag", "permission", "plugin", "build-feature")
_SCHEMA: Final = 1
OWN_FOLDER: Final = "wasmdoctor.d"
"""The folder of a person's own data, beside the configuration: ``hosts/``, ``wit/``, ``errors/``, ``lookalikes.toml``."""
_NO_FAMILIES: Final = ("roles", "runtime", "refusals")
"""The files of ``rules/mappings`` that are not about a family of functions."""

_T = TypeVar("_T")


class CatalogError(WasmdoctorError):
    """A file of rules that cannot be used: which file, which key (``lines[2].first``, "" for the file), why."""

    def __init__(self, path: str, key: str, message: str) -> None:
        super().__init__(f"{path}: {key}: {message}" if key else f"{path}: {message}")
        self.path = path
        self.key = key
        self.message = message


def rules_folder() -> Path:
    """The folder of rules: ``_rules`` inside an installed package, else ``rules/`` beside the package.

    Raises CatalogError when there is neither.
    """
    # __file__, not importlib.resources: importing that takes longer than reading a host.
    package = Path(__file__).resolve().parent
    for folder in (package / PACKAGED, package.parent / "rules"):
        if folder.is_dir():
            return folder
    raise CatalogError(
        str(package / PACKAGED), "", "the folder of rules is missing; install wasmdoctor again"
    )


def own_folder(cwd: Path) -> Path | None:
    """The nearest ``wasmdoctor.d/`` from ``cwd`` upwards, or None.

    It is looked for up to the folder that holds ``.git``, so that nobody else's folder counts.
    """
    for folder in (cwd, *cwd.parents):
        if (folder / OWN_FOLDER).is_dir():
            return folder / OWN_FOLDER
        if (folder / ".git").exists():
            return None
    return None


class Catalog:
    """The rules that one run works with. Loads on demand and remembers.

    ``rules`` is the folder to read instead of the one that ships with wasmdoctor; ``extra`` are
    further folders that may have ``hosts/``, ``wit/`` and ``lookalikes.toml``. A host or WIT file in
    a later folder takes the place of one of the same name; rows of look-alikes add up.
    """

    def __init__(
        self, rules: Path | None = None, extra: Sequence[Path] = (), allowed: tuple[Allow, ...] = ()
    ) -> None:
        self._rules = rules
        self._allowed = allowed
        self._extra = tuple(extra)
        self._host_files: dict[str, _HostFile] = {}
        self._profiles: dict[str, HostProfile] = {}
        self._wit: dict[str, WitFacts] = {}
        self._lints: dict[str, Lint] = {}
        self._types: dict[tuple[str, str], Mapping[str, InterfaceTypes]] = {}

    @cached_property
    def folders(self) -> tuple[Path, ...]:
        """The folders read, in order."""
        return (self._rules or rules_folder(), *self._extra)

    # -- lints --

    @cached_property
    def lints(self) -> tuple[Lint, ...]:
        """All rules, by code."""
        lints: dict[str, Lint] = {}
        names: dict[str, str] = {}
        for path in sorted((self.folders[0] / "lints").glob("*.toml")):
            lint = _lint(_read(path))
            if lint.code in lints:
                raise CatalogError(str(path), "code", f"{lint.code} is taken by {lints[lint.code].name}")
            if lint.name in names:
                raise CatalogError(str(path), "name", f"{lint.name!r} is taken by {names[lint.name]}")
            if path.stem != f"{lint.code}-{lint.name}":
                raise CatalogError(str(path), "", f"the file must be named {lint.code}-{lint.name}.toml")
            lints[lint.code] = lint
            names[lint.name] = lint.code
        for folder in self.folders[1:]:
            for path in sorted((folder / "lints").glob("*.toml")):
                table = _read(path)
                found = lints.get(path.stem[:5])
                if found is None or path.stem not in (found.code, f"{found.code}-{found.name}"):
                    near = suggestion(path.stem[:5], sorted(lints), "Rules")
                    raise table.error("", f"must be named after a rule, as in WD101.toml. {near}")
                lints[found.code] = _own_lint(table, found)
        return tuple(lints[code] for code in sorted(lints))

    @cached_property
    def rule_names(self) -> dict[str, str]:
        """The name of every rule by its code, from the names of the files: none is read."""
        stems = sorted(path.stem for path in (self.folders[0] / "lints").glob("WD*-*.toml"))
        return {stem[:5]: stem[6:] for stem in stems}

    def lint(self, code: str) -> Lint:
        """The rule of a code (``WD101``, case does not matter) or name. Raises LookupError, with a hint."""
        wanted = code.strip()
        alone = self._lint_alone(wanted.upper())
        if alone is not None:
            return alone
        for lint in self.lints:
            if lint.code == wanted.upper() or lint.name == wanted.lower():
                return lint
        is_code = wanted[:2].upper() == "WD"
        known = [lint.code if is_code else lint.name for lint in self.lints]
        asked = wanted.upper() if is_code else wanted
        longer = [code for code in known if is_code and asked.startswith(code)]
        near = f"Did you mean {longer[0]}? " if longer else suggestion(asked, known, "Rules")
        # Codes of other families are alike by chance only: WD999 and WD109.
        alike = near.startswith(f"Did you mean {wanted[:3].upper()}" if is_code else "Did you mean")
        hint = near.partition("? ")[0] + "?" if alike else "See `wasmdoctor rules`"
        raise LookupError(f"there is no rule {code!r}. {hint}")

    def _lint_alone(self, code: str) -> Lint | None:
        """The rule of a code from its own file, when no folder can say more of it: a run needs few of them."""
        if code not in self._lints and len(self.folders) == 1 and code in self.rule_names:
            lint = _lint(_read(self.folders[0] / "lints" / f"{code}-{self.rule_names[code]}.toml"))
            if (lint.code, lint.name) != (code, self.rule_names[code]):
                return None  # reading all of them says what is wrong
            self._lints[code] = lint
        return self._lints.get(code)

    # -- hosts --

    @cached_property
    def host_names(self) -> tuple[str, ...]:
        """The names of all hosts, sorted."""
        found = (path for folder in self.folders for path in (folder / "hosts").glob("*.toml"))
        return tuple(sorted({path.stem for path in found if path.is_file()}))

    def host_profile(self, name: str) -> HostProfile:
        """All that is known of a host, by its name or an alias. Raises HostError for an unknown one."""
        file = self._host_file(name.lower())
        if file.head.name not in self._profiles:
            self._profiles[file.head.name] = file.whole()
        return self._profiles[file.head.name]

    def _host_file(self, name: str) -> _HostFile:
        """The file of a host, by its name or an alias."""
        if name not in self._host_files:
            path = self._find("hosts", name)
            self._host_files[name] = _HostFile(path) if path else self._by_alias(name)
        return self._host_files[name]

    def _by_alias(self, name: str) -> _HostFile:
        """The host that has ``name`` among its aliases."""
        for known in self.host_names:
            file = self._host_file(known)
            if name in file.head.aliases:
                return file
        raise HostError(f"there is no host {name!r}", suggestion(name, self.host_names, "Hosts"))

    def newest_text(self, name: str) -> bytes:
        """What a host's files say of its newest version, unparsed: what it names not at all, it does not provide."""
        path = self._find("hosts", name)
        if path is None:
            return b""
        lines = path.with_suffix("").glob("*.toml")
        newest = max(lines, key=lambda line: _numbers(line.stem.partition("-")[0]), default=None)
        return path.read_bytes() + (newest.read_bytes() if newest is not None else b"")

    def hosts(self) -> tuple[HostProfile, ...]:
        """All hosts, by name. Reads every file: for ``hosts``, not for ``check``."""
        return tuple(self.host_profile(name) for name in self.host_names)

    def host(self, spec: str | HostSpec, flags: Iterable[str] = ()) -> HostView:
        """The host that a person names (``wasmtime@29:serve``) with the flags given (``http``, ``p3=n``).

        Raises HostError when the name, version, mode or a flag is not known, CatalogError when a
        file is not valid.
        """
        asked = parse_host_spec(spec) if isinstance(spec, str) else spec
        file = self._host_file(asked.name)
        index, note = file.head.find(asked.version)
        line = file.line(index)
        facts = [self.wit_facts(stem) for stem in line.wit]
        found = view(replace(file.head, lines=(line,)), asked, line, flags, facts, note)
        return replace(found, allowed=self._allowed) if self._allowed else found

    def first_version_with(
        self, host: HostView, import_name: str, functions: Iterable[str] = (), resources: Iterable[str] = ()
    ) -> str | None:
        """The version from which on the host takes an import, in the mode and with the flags of ``host``.

        None when its newest version does not. Reads the whole host: for a finding, not for a check.
        """
        functions, resources = tuple(functions), tuple(resources)
        first: str | None = None
        for line in reversed(self.host_profile(host.profile.name).lines):
            if host.mode_name not in line.modes:
                break
            facts = tuple(self.wit_facts(stem) for stem in line.wit)
            own = (host.profile.interfaces,) if host.profile.interfaces else ()
            then = replace(host, line=line, facts=(*own, *facts))
            match = then.match(import_name)
            if not match.linked or then.missing_functions(match, functions, resources):
                break
            first = line.first
        return first

    def versions_with(
        self,
        host: HostView,
        import_name: str,
        functions: Iterable[Function | str] = (),
        resources: Iterable[str] = (),
    ) -> tuple[HostRange, ...]:
        """The host's versions that take an import, oldest first, in the mode and with the flags of ``host``.

        A function that is given with its type must have that type there. Flags that the import as a whole
        needs are taken as given; those that only a function needs are in the range. Reads the whole host: for
        a finding, not for a check.
        """
        functions, resources = tuple(functions), tuple(resources)
        found: list[HostRange] = []
        lines = self.host_profile(host.profile.name).lines
        before = -2
        for index, line in enumerate(lines):
            args = self._taken(host, line, import_name, functions, resources)
            if args is None:
                continue
            newest = index == len(lines) - 1
            if before == index - 1 and found[-1].args == args:
                found[-1] = HostRange(found[-1].first, line.last, newest, args)
            else:
                found.append(HostRange(line.first, line.last, newest, args))
            before = index
        return tuple(found)

    def _taken(
        self,
        host: HostView,
        line: HostLine,
        import_name: str,
        functions: Sequence[Function | str],
        resources: Sequence[str],
    ) -> str | None:
        """The arguments with which a line takes an import's functions ("" for none), or None when it does not."""
        if host.mode_name not in line.modes:
            return None
        facts = tuple(self.wit_facts(stem) for stem in line.wit)
        own = (host.profile.interfaces,) if host.profile.interfaces else ()
        then = replace(host, line=line, facts=(*own, *facts))
        match = then.match(import_name)
        if not (match.linked or match.kind == "flag"):
            return None
        names = [function if isinstance(function, str) else function.name for function in functions]
        missing = then.missing_functions(match, names, resources)
        typed = [function for function in functions if not isinstance(function, str)]
        if any(not each.needs_flag for each in missing) or then.mistyped_functions(match, typed):
            return None
        flags = sorted({flag for each in missing for flag in each.needs_flag})
        return " ".join(host.profile.flag(flag).args for flag in flags)

    def wit_facts(self, stem: str) -> WitFacts:
        """The facts of ``rules/wit/<stem>.toml``."""
        if stem not in self._wit:
            path = self._find("wit", stem)
            if path is None:
                raise CatalogError(
                    str(self.folders[0] / "wit" / f"{stem}.toml"), "", "a host names it, but it is missing"
                )
            self._wit[stem] = _wit(_read(path), lambda package: self._wit_types(stem, package))
        return self._wit[stem]

    def _wit_types(self, stem: str, package: str) -> Mapping[str, InterfaceTypes]:
        """The signatures of a package's interfaces: ``rules/wit/<stem>/<package>.toml``, ``.`` for its colon."""
        key = (stem, package)
        if key not in self._types:
            path = self._find(f"wit/{stem}", package.replace(":", "."))
            own = path is not None and self.folders[0] not in path.parents
            self._types[key] = _package_types(_read(path), check=own) if path else {}
        return self._types[key]

    def _find(self, kind: str, stem: str) -> Path | None:
        """The file of that name in the last folder that has it."""
        if "/" in stem or "\\" in stem or stem.startswith("."):
            return None
        for folder in reversed(self.folders):
            path = folder / kind / f"{stem}.toml"
            if path.is_file():
                return path
        return None

    # -- look-alikes --

    @cached_property
    def std(self) -> dict[str, StdFacts]:
        """What std may bring, by target."""
        table = _read(self.folders[0] / "std.toml")
        _check_schema(table)
        found = {target: _std(facts) for target, facts in table.tables("targets").items()}
        table.done()
        return found

    @cached_property
    def lookalikes(self) -> Lookalikes:
        """What makes a custom interface look like a standard one."""
        paths = [folder / "lookalikes.toml" for folder in self.folders]
        parts = [_lookalikes(_read(path)) for path in paths if path.is_file()]
        synonyms = {word: same for part in parts for word, same in part.synonyms.items()}
        noise = frozenset[str]().union(*(part.noise for part in parts))
        return Lookalikes(
            tuple(_standard(role, synonyms) for part in parts for role in part.roles),
            noise,
            synonyms,
            frozenset[str]().union(*(part.platforms for part in parts)),
        )

    # -- versions --

    @cached_property
    def deprecated(self) -> tuple[Deprecated, ...]:
        """The interfaces that are gone, renamed, or were never released, in the order of the file."""
        table = _read(self.folders[0] / "deprecated.toml")
        _check_schema(table)
        rows = tuple(_each(table.array("rows", required=True), _deprecated))
        table.done()
        return rows

    # -- error texts of other tools --

    @cached_property
    def errors(self) -> tuple[ErrorTool, ...]:
        """The error texts of other tools that are known, tool by tool; a later folder's file replaces one."""
        paths = {path.stem: path for folder in self.folders for path in (folder / "errors").glob("*.toml")}
        tools = tuple(_error_tool(_read(paths[name])) for name in sorted(paths))
        for tool in tools:
            for row in tool.rows:
                for other in row.sayers:
                    if other not in paths:
                        raise CatalogError(str(paths[tool.name]), row.id, f"there is no tool {other!r}")
                if row.code and row.code not in (lint.code for lint in self.lints):
                    raise CatalogError(str(paths[tool.name]), row.id, f"there is no rule {row.code}")
        return tools

    # -- mappings --

    @cached_property
    def mappings(self) -> Mappings:
        """Which functions of custom interfaces have a standard implementation, and the Rust that it is."""
        return _mappings(*(folder / "mappings" for folder in self.folders))


def _own_lint(table: _Table, lint: Lint) -> Lint:
    """A rule with what a person's own file says of it: a severity, a note on findings, cures that go first."""
    severity = table.word("severity", tuple(Severity), lint.severity.value)
    fixes = (*_each(table.array("fixes"), _fix), *lint.fixes)
    own = replace(lint, severity=Severity(severity), note=table.text("note", lint.note), fixes=fixes)
    table.done()
    return own


# -- reading TOML with good errors ----------------------------------------------------------------


class _Table:
    """A TOML table whose keys are taken one by one; ``done`` complains about those left over."""

    def __init__(self, path: str, key: str, data: Mapping[str, Any]) -> None:
        self.path = path
        self.key = key
        self._data = data
        self._seen: set[str] = set()

    def error(self, key: str, message: str) -> CatalogError:
        """An error about one of this table's keys ("" for the table itself)."""
        return CatalogError(self.path, ".".join(filter(None, (self.key, key))), message)

    def _take(self, key: str, kind: type[_T], what: str, default: _T | None) -> _T:
        self._seen.add(key)
        if key not in self._data:
            if default is None:
                raise self.error(key, f"is missing: {what} is expected")
            return default
        value = self._data[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(key, f"must be {what}, not {_named(value)}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A text; one without a default must not be empty."""
        value = self._take(key, str, "a text", default)
        if default is None and not value.strip():
            raise self.error(key, "must not be empty")
        return value.strip("\n")

    def word(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        """A text out of a few."""
        value = self.text(key, default)
        if value not in allowed:
            raise self.error(key, f"must be one of {', '.join(allowed)}, not {value!r}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        return self._take(key, bool, "true or false", default)

    def number(self, key: str) -> int:
        """A whole number."""
        return self._take(key, int, "a whole number", None)

    def names(self, key: str, default: tuple[str, ...] | None = ()) -> tuple[str, ...]:
        """Names: an array of texts, or one text with a name a line or commas between (much faster to read)."""
        self._seen.add(key)
        value = self._data.get(key)
        if value is None:
            if default is None:
                raise self.error(key, "is missing: a list of names is expected")
            return default
        return self._names(key, value)

    def array_of_texts(self, key: str) -> tuple[str, ...]:
        """Texts, which may hold commas and line ends: an array of them."""
        value = self._take(key, list, "an array of texts", [])
        if not all(isinstance(text, str) and text.strip() for text in value):
            raise self.error(key, "must be an array of texts")
        return tuple(text.strip("\n") for text in value)

    def _names(self, key: str, value: object) -> tuple[str, ...]:
        if isinstance(value, str):
            value = [name for name in (part.strip() for part in value.replace("\n", ",").split(",")) if name]
        if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
            raise self.error(key, f"must be a list of names, not {_named(value)}")
        return tuple(value)

    def lists(self, key: str) -> dict[str, tuple[str, ...]]:
        """A table whose every value is a list of names."""
        table = self._take(key, dict, "a table", {})
        return {name: self._names(f"{key}.{name}", value) for name, value in table.items()}

    def rest(self) -> dict[str, tuple[str, ...]]:
        """The table itself, when its every value is a list of names."""
        return {name: self._names(name, value) for name, value in self._data.items()}

    def texts(self, key: str) -> dict[str, str]:
        """A table whose every value is a text."""
        table = self._take(key, dict, "a table", {})
        for name, value in table.items():
            if not isinstance(value, str):
                raise self.error(f"{key}.{name}", f"must be a text, not {_named(value)}")
        return dict(table)

    def table(self, key: str) -> _Table:
        """A table that must be there."""
        return _Table(self.path, self.error(key, "").key, self._take(key, dict, "a table", None))

    def optional(self, key: str) -> _Table | None:
        """A table that may be there."""
        data = self._take(key, dict, "a table", {})
        return _Table(self.path, self.error(key, "").key, data) if data else None

    def tables(self, key: str) -> dict[str, _Table]:
        """A table of tables, by name."""
        found: dict[str, _Table] = {}
        for name, value in self._take(key, dict, "a table of tables", {}).items():
            if not isinstance(value, dict):
                raise self.error(f"{key}.{name}", f"must be a table, not {_named(value)}")
            found[name] = _Table(self.path, self.error(f"{key}.{name}", "").key, value)
        return found

    def array(self, key: str, *, required: bool = False) -> list[_Table]:
        """An array of tables (``[[key]]``)."""
        rows = self._take(key, list, f"an array of tables ([[{key}]])", None if required else [])
        for row in rows:
            if not isinstance(row, dict):
                raise self.error(key, f"must be an array of tables ([[{key}]]), not of {_named(row)}")
        if required and not rows:
            raise self.error(key, "must have at least one entry")
        return [_Table(self.path, self.error(f"{key}[{i}]", "").key, row) for i, row in enumerate(rows)]

    def done(self) -> None:
        """Raise for the first key that nobody asked for."""
        for key in self._data:
            if key not in self._seen:
                raise self.error(key, f"is not a known key. {suggestion(key, sorted(self._seen), 'Keys')}")


def _named(value: object) -> str:
    """What a TOML value is, for a person."""
    kinds = {
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        list: "an array",
        dict: "a table",
    }
    return kinds.get(type(value), "a date")


def _read(path: Path) -> _Table:
    """A TOML file as a table. Raises CatalogError when it cannot be read."""
    compiled = _compiled(path) if PACKAGED in path.parts else None
    if compiled is not None:
        return _Table(str(path), "", compiled)
    import tomllib

    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise CatalogError(str(path), "", f"is larger than {_MAX_BYTES} bytes")
        return _Table(str(path), "", tomllib.loads(data.decode("utf-8")))
    except OSError as error:
        raise CatalogError(str(path), "", f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise CatalogError(str(path), "", f"is not UTF-8 (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise CatalogError(str(path), "", f"is not valid TOML: {error}") from error
    except RecursionError as error:
        raise CatalogError(str(path), "", "is nested too deeply") from error


def _compiled(path: Path) -> dict[str, Any] | None:
    """A file of the rules that ship with wasmdoctor as ``hatch_build.py`` put it into the wheel, else None."""
    try:
        data = path.with_suffix(".json").read_bytes()
    except OSError:
        return None
    import json

    found: dict[str, Any] = json.loads(data)
    return found


# -- lints ----------------------------------------------------------------------------------------


def _lint(table: _Table) -> Lint:
    code = table.text("code")
    if not (len(code) == 5 and code.startswith("WD") and code[2:].isdigit()):
        raise table.error("code", f"must be WD and three digits, not {code!r}")
    example = table.table("example")
    lint = Lint(
        code=code,
        name=table.text("name"),
        since=table.text("since"),
        severity=Severity(table.word("severity", [s.value for s in Severity])),
        confidence=Confidence(table.word("confidence", [c.value for c in Confidence])),
        summary=table.text("summary"),
        what=table.text("what"),
        why=table.text("why"),
        example=Example(example.text("language"), example.text("before"), example.text("after")),
        fixes=tuple(_each(table.array("fixes", required=True), _fix)),
        references=tuple(_each(table.array("references", required=True), _reference)),
        plans=table.names("plans"),
        fix=table.word("fix", ("", "safe", "unsafe", "sometimes"), ""),
    )
    example.done()
    table.done()
    for plan in lint.plans:
        if plan not in _PLANS:
            raise table.error("plans", f"must hold a, b or c, not {plan!r}")
    described = {fix.plan for fix in lint.fixes if fix.plan}
    if described != set(lint.plans):
        raise table.error(
            "plans", f"must be the plans that [[fixes]] describe: {', '.join(sorted(described)) or 'none'}"
        )
    return lint


def _fix(table: _Table) -> Fix:
    return Fix(table.text("title"), table.text("text"), table.word("plan", ("", *_PLANS), ""))


def _reference(table: _Table) -> Reference:
    return Reference(table.text("title"), table.text("note", ""))


def _each(tables: Iterable[_Table], make: Callable[[_Table], _T]) -> Iterable[_T]:
    """Make a record of each table, and complain about keys that were not asked for."""
    for table in tables:
        record = make(table)
        table.done()
        yield record


# -- hosts ----------------------------------------------------------------------------------------


class _HostFile:
    """One host: ``<name>.toml``, whose lines stand in it or one by one in the folder ``<name>/``.

    Lines are built when asked for, since a check needs one of them. ``head`` is the profile
    without lines.
    """

    def __init__(self, path: Path) -> None:
        table = _read(path)
        _check_schema(table)
        self._sets = _closed_sets(table)
        self._rows: list[_Table | Path] = [*table.array("lines"), *path.with_suffix("").glob("*.toml")]
        self._rows.sort(key=lambda row: _numbers(_first_last(row)[0]))
        self._lines: dict[int, HostLine] = {}
        if not self._rows:
            raise table.error("lines", "is missing: a host needs at least one [[lines]]")
        self.head = _head(table, tuple(map(_first_last, self._rows)))
        if path.stem != self.head.name:
            raise table.error("name", f"must be the file's name, {path.stem!r}, not {self.head.name!r}")

    def line(self, index: int) -> HostLine:
        """One line, by its place in ``head.ranges``."""
        if index not in self._lines:
            row = self._rows[index]
            table = _read(row) if isinstance(row, Path) else row
            self._lines[index] = _line(table, self._sets)
            table.done()
            own = (self._lines[index].first, self._lines[index].last)
            if own != self.head.ranges[index]:
                raise table.error("first", f"the file must be named {'-'.join(dict.fromkeys(own))}.toml")
        return self._lines[index]

    def whole(self) -> HostProfile:
        """The profile with all its lines."""
        return replace(self.head, lines=tuple(self.line(index) for index in range(len(self._rows))))


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


def _first_last(row: _Table | Path) -> tuple[str, str]:
    """The versions of a line: of its keys, or of its file's name (``46-48.toml``)."""
    if isinstance(row, Path):
        first, _, last = row.stem.partition("-")
        if not _is_version(first) or (last and not _is_version(last)):
            raise CatalogError(str(row), "", "must be named by the versions it is about, such as 46-48.toml")
        return first, last or first
    first = _version(row, "first")
    return first, _version(row, "last", first)


def _closed_sets(table: _Table) -> dict[str, tuple[str, ...]]:
    """The sets of interfaces, those that name other sets filled in."""
    raw = table.lists("sets")
    closed: dict[str, tuple[str, ...]] = {}

    def close(label: str, inside: tuple[str, ...]) -> tuple[str, ...]:
        if label in inside:
            raise table.error(f"sets.{label}", "contains itself")
        if label not in closed:
            found: list[str] = []
            for entry in raw[label]:
                if "/" not in entry and entry not in raw:
                    known = suggestion(entry, sorted(raw), "Sets")
                    raise table.error(
                        f"sets.{label}", f"{entry!r} is neither an interface nor a set. {known}"
                    )
                found += [entry] if "/" in entry else close(entry, (*inside, label))
            closed[label] = tuple(found)
        return closed[label]

    return {label: close(label, ()) for label in raw}


def _head(table: _Table, ranges: tuple[tuple[str, str], ...]) -> HostProfile:
    """A host's profile without its lines."""
    flag_args = table.text("flag_args", "")
    flags = {key: _flag(key, row, flag_args) for key, row in table.tables("flags").items()}
    rules = {key: _rule_text(row) for key, row in table.tables("name_rules").items()}
    inline = _interfaces(table)
    profile = HostProfile(
        name=table.text("name"),
        title=table.text("title"),
        about=table.text("about"),
        source=table.text("source"),
        ranges=ranges,
        lines=(),
        default_mode=table.text("default_mode", "run"),
        aliases=table.names("aliases"),
        checks_types=table.flag("checks_types", True),
        checks_unused_resources=table.flag("checks_unused_resources", True),
        flag_args=flag_args,
        name_rules=rules,
        flags=flags,
        starts=tuple(_each(table.array("starts"), _start)),
        trap_unknown=table.text("trap_unknown", ""),
        interfaces=WitFacts(table.path, (), inline) if inline else None,
    )
    for rule in rules:
        if rule not in NAME_RULES:
            raise table.error(f"name_rules.{rule}", f"is not a name rule. Rules: {', '.join(NAME_RULES)}")
    table.done()
    return profile


def _check_schema(table: _Table) -> None:
    schema = table.number("schema")
    if schema != _SCHEMA:
        raise table.error("schema", f"is {schema}, but this wasmdoctor reads schema {_SCHEMA}")


def _flag(name: str, table: _Table, flag_args: str) -> HostFlag:
    flag = HostFlag(
        name=name,
        kind=cast(FlagKind, table.word("kind", _FLAG_KINDS, "flag")),
        args=table.text("args", flag_args.replace("{flag}", name)),
        about=table.text("about"),
        evidence=table.text("evidence"),
        interfaces=table.names("interfaces"),
        added=table.flag("added", False),
    )
    table.done()
    return flag


def _rule_text(table: _Table) -> NameRuleText:
    rule = NameRuleText(table.text("text"), table.text("evidence"))
    table.done()
    return rule


def _start(table: _Table) -> StartRule:
    command = table.text("command")
    rule = StartRule(
        mode=table.text("mode"),
        export=table.text("export"),
        command=command,
        evidence=table.text("evidence"),
        first=table.text("first", ""),
        note=table.text("note", ""),
    )
    if rule.first and not _is_version(rule.first):
        raise table.error("first", f"must be a version such as 46, not {rule.first!r}")
    try:
        command.format(flags="", component="", call="")
    except (KeyError, IndexError, ValueError) as error:
        raise table.error("command", "may have the fields {flags}, {component} and {call} only") from error
    return rule


def _line(table: _Table, sets: Mapping[str, tuple[str, ...]]) -> HostLine:
    first, last = _first_last(table)
    maps = tuple(_each(table.array("maps"), _map))
    modes = {name: _mode(row, sets) for name, row in table.tables("modes").items()}
    if not modes:
        raise table.error("modes", "is missing: a line needs at least one, such as [lines.modes.run]")
    rule = cast(NameRule, table.word("name_rule", NAME_RULES))
    if (rule == "package") != bool(maps):
        raise table.error("maps", "goes with the name rule 'package', and only with it")
    return HostLine(
        first=first,
        last=last,
        name_rule=rule,
        modes=modes,
        evidence=table.text("evidence"),
        wasi=table.names("wasi"),
        wit=table.names("wit"),
        maps=maps,
        args=table.text("args", ""),
        note=table.text("note", ""),
    )


def _is_version(text: str) -> bool:
    """Whether a text is a host's own version: numbers with dots."""
    return all(part.isascii() and part.isdigit() for part in text.split("."))


def _version(table: _Table, key: str, default: str | None = None) -> str:
    """A key that holds a host's own version."""
    text = table.text(key, default)
    if not _is_version(text):
        raise table.error(key, f"must be a version such as 46 or 2.7.0, not {text!r}")
    return text


def _map(table: _Table) -> PackageMap:
    return PackageMap(
        frozenset(table.names("packages", None)), frozenset(table.names("versions")), table.text("to")
    )


def _mode(table: _Table, sets: Mapping[str, tuple[str, ...]]) -> HostMode:
    mode = HostMode(
        on=frozenset(table.names("on")),
        provides=_provisions(table, "provides", sets),
        functions=_provisions(table, "functions", {}),
        entries=_provisions(table, "entries", {}),
        plain=_plain(table),
    )
    for provision in mode.functions:
        if "#" not in provision.name:
            raise table.error("functions", f"{provision.name!r} is not interface#function")
    table.done()
    return mode


def _plain(table: _Table) -> tuple[Provision, ...]:
    """Plain names by condition, as in ``_provisions``."""
    found: list[Provision] = []
    for condition, names in table.lists("plain").items():
        flags = frozenset() if condition == "default" else frozenset(condition.split("+"))
        found += [Provision(name, flags) for name in names]
    return tuple(found)


def _provisions(table: _Table, key: str, sets: Mapping[str, tuple[str, ...]]) -> tuple[Provision, ...]:
    """A table of lists by condition: ``default``, a flag, or flags joined by ``+`` that are all needed.

    An entry is an interface, or a set (``p2-run@0.2.12``) whose interfaces all get that version.
    """
    found: list[Provision] = []
    for condition, names in table.lists(key).items():
        flags = frozenset() if condition == "default" else frozenset(condition.split("+"))
        if "" in flags:
            raise table.error(f"{key}.{condition}", "is not a flag, nor flags joined by +")
        for name in names:
            if "/" in name or key == "entries":  # a component's own function may be an entry
                found.append(Provision(name, flags))
                continue
            label, at, version = name.partition("@")
            if label not in sets:
                known = suggestion(label, sorted(sets), "Sets")
                raise table.error(
                    f"{key}.{condition}", f"{label!r} is neither an interface nor a set. {known}"
                )
            found += [Provision(f"{interface}{at}{version}", flags) for interface in sets[label]]
    return tuple(found)


# -- WIT facts ------------------------------------------------------------------------------------


def _wit(table: _Table, more: Callable[[str], Mapping[str, InterfaceTypes]]) -> WitFacts:
    _check_schema(table)
    facts = WitFacts(table.text("source"), table.names("versions"), _interfaces(table), more)
    table.done()
    return facts


def _interfaces(table: _Table) -> dict[str, InterfaceFacts]:
    return {name: _interface(row) for name, row in table.tables("interfaces").items()}


def _interface(table: _Table) -> InterfaceFacts:
    functions = frozenset(table.names("functions"))
    gates = {name: _gate(row) for name, row in table.tables("gates").items()}
    for name in gates.keys() - functions:
        raise table.error(f"gates.{name}", "is not among the functions")
    own = table.optional("gate")
    facts = InterfaceFacts(
        functions,
        frozenset(table.names("resources")),
        gates,
        _gate(own) if own else None,
        _interface_types(table, check=True),
    )
    table.done()
    for name in facts.types.functions.keys() - functions if facts.types else ():
        raise table.error("signatures", f"{name!r} is not among the functions")
    return facts


def _package_types(table: _Table, *, check: bool) -> dict[str, InterfaceTypes]:
    """One file of signatures; our own are checked by tests, not at every start."""
    _check_schema(table)
    table.text("source")
    found: dict[str, InterfaceTypes] = {}
    for name, row in table.tables("interfaces").items():
        types = _interface_types(row, check=check)
        row.done()
        if types is not None:
            found[name] = types
    table.done()
    return found


def _interface_types(table: _Table, *, check: bool) -> InterfaceTypes | None:
    """The keys ``signatures`` and ``types``: a line for each function and type. None without signatures.

    ``check`` parses all of them, so that a wrong one is told with its place.
    """
    signatures, types = table.text("signatures", ""), table.text("types", "")
    if not signatures:
        return None
    from wasmdoctor.model.typetext import InterfaceTypes, TypeTextError, lines

    try:
        found = InterfaceTypes(lines(signatures), lines(types))
        if check:
            found.check()
        return found
    except TypeTextError as error:
        raise table.error("signatures", str(error)) from error


def _gate(table: _Table) -> Gate:
    gate = Gate(table.text("since", ""), table.text("feature", ""), table.text("stable", ""))
    table.done()
    return gate


# -- versions -------------------------------------------------------------------------------------


def _deprecated(table: _Table) -> Deprecated:
    row = Deprecated(
        names=table.names("names", None),
        versions=table.names("versions", None),
        status=cast(Status, table.word("status", STATUSES)),
        what=table.text("what"),
        source=table.text("source"),
        instead=table.text("instead", ""),
    )
    if (row.status == "renamed") != bool(row.instead):
        raise table.error("instead", "goes with the status renamed, and only with that")
    for name in row.names:
        core = row.versions == (NO_VERSION,) and name.replace("_", "").isalnum()
        if "@" in name or not (core or (":" in name and "/" in name)):
            raise table.error("names", f"{name!r} is no interface without version, such as wasi:io/poll")
    for version in row.versions:
        if version not in (NO_VERSION, "*") and not version[0].isdigit():
            raise table.error("versions", f"{version!r} is neither a version nor {NO_VERSION!r}")
    return row


# -- look-alikes ----------------------------------------------------------------------------------


def _std(table: _Table) -> StdFacts:
    found = StdFacts(table.text("brought_by"), table.names("interfaces", None))
    table.text("evidence")
    table.done()
    return found


def _lookalikes(table: _Table) -> Lookalikes:
    _check_schema(table)
    lists = table.lists("synonyms")
    synonyms: dict[str, str] = {}
    for same, words in lists.items():
        for word in words:
            if word in synonyms or word in lists:
                raise table.error(f"synonyms.{same}", f"{word!r} has another meaning in this table already")
            synonyms[word] = same
    found = Lookalikes(
        roles=tuple(_each(table.array("roles", required=True), _role)),
        noise=frozenset(table.names("noise")),
        synonyms=synonyms,
        platforms=frozenset(table.names("platforms")),
    )
    words_used = {
        *found.noise,
        *synonyms,
        *lists,
        *(w for role in found.roles for w in role.tokens | role.verbs),
    }
    for word in sorted(words_used):
        if not (word.isalnum() and word == word.lower()):
            raise table.error("", f"{word!r} must be one word in lower case: names are split at hyphens")
    table.done()
    return found


def _standard(role: Role, synonyms: Mapping[str, str]) -> Role:
    """A role with every word in the form that names are brought to."""
    return replace(
        role,
        tokens=frozenset(synonyms.get(word, word) for word in role.tokens),
        verbs=frozenset(synonyms.get(word, word) for word in role.verbs),
    )


def _role(table: _Table) -> Role:
    return Role(
        name=table.text("name"),
        tokens=frozenset(table.names("tokens", None)),
        verbs=frozenset(table.names("verbs")),
        targets=table.names("targets", None),
        about=table.text("about"),
    )


# -- error texts of other tools -------------------------------------------------------------------

_MADE: Final = ("run", "source", "report")


def _error_tool(table: _Table) -> ErrorTool:
    from wasmdoctor.model.errortext import ErrorTool

    _check_schema(table)
    name = table.text("tool")
    if Path(table.path).stem != name:
        raise table.error("tool", f"must be the file's name, {Path(table.path).stem!r}, not {name!r}")
    versions = table.text("versions", "")
    tool = ErrorTool(
        name=name,
        title=table.text("title"),
        rows=tuple(_each(table.array("rows"), lambda row: _error_row(row, name, versions))),
        signs=table.array_of_texts("signs"),
        context=table.array_of_texts("context"),
        host=table.text("host", ""),
        links=tuple(_each(table.array("links"), _link_words)),
    )
    table.done()
    _check_patterns(table, "context", tool.context)
    seen: set[str] = set()
    for row in tool.rows:
        if row.id in seen:
            raise table.error("rows", f"{row.id!r} is there twice")
        seen.add(row.id)
    return tool


def _error_row(table: _Table, tool: str, versions: str) -> ErrorRow:
    from wasmdoctor.model.errortext import ErrorRow

    row = ErrorRow(
        tool=tool,
        id=table.text("id"),
        patterns=table.array_of_texts("patterns"),
        code=table.text("code", ""),
        what=table.text("what"),
        cure=table.text("cure"),
        next=table.array_of_texts("next"),
        versions=table.text("versions", versions),
        example=table.text("example"),
        made=cast("Made", table.word("made", _MADE, "run")),
        source=table.text("source", ""),
        by_host=table.flag("by_host", False),
        fallback=table.flag("fallback", False),
        sayers=table.names("sayers"),
    )
    if not row.patterns:
        raise table.error("patterns", "is missing: a list of texts is expected")
    if not row.versions:
        raise table.error("versions", "is missing: which version of which tool says this?")
    if row.made == "report" and not row.source:
        raise table.error("source", "is missing: where was the report read?")
    _check_patterns(table, "patterns", row.patterns)
    return row


def _check_patterns(table: _Table, key: str, patterns: Iterable[str]) -> None:
    from wasmdoctor.model.errortext import regex_of

    for number, pattern in enumerate(patterns):
        try:
            regex_of(pattern)
        except ValueError as error:
            raise table.error(f"{key}[{number}]", str(error)) from error


def _link_words(table: _Table) -> LinkWords:
    from wasmdoctor.model.errortext import LinkWords

    words = LinkWords(
        first=_version(table, "first", "0"),
        last=_version(table, "last", "0"),
        evidence=table.text("evidence"),
        words=table.texts("words"),
        order=table.word("order", ("component", "node"), "component"),
        like=table.text("like", ""),
        shims=frozenset(table.names("shims")),
    )
    if bool(words.words) == bool(words.like):
        raise table.error("words", "is a table of texts, or `like` names the host whose words these are")
    return words


# -- mappings -------------------------------------------------------------------------------------


def _mappings(folder: Path, *own: Path) -> Mappings:
    """All of ``rules/mappings``: the families, the words, and the Rust files.

    ``own`` are folders of a person's own, which may have families, and Rust files with a ``runtime.toml``;
    what has the name of one that is there takes its place.
    """
    words = _role_words(_read(folder / "roles.toml"))
    runtime: dict[str, RuntimeFile] = {}
    families: dict[str, MappingFamily] = {}
    for each in (folder, *own):
        listed = each / "runtime.toml"
        if each is folder or listed.is_file():
            runtime |= _runtime(_read(listed), each, runtime)
        for path in sorted(each.glob("*.toml")):
            if path.stem in _NO_FAMILIES:
                if each is not folder and path != listed:
                    raise CatalogError(
                        str(path), "", "this file cannot be replaced; families and Rust files can"
                    )
                continue
            table = _read(path)
            family = _family(table, runtime)
            if path.stem != family.name:
                raise table.error("name", f"must be the file's name, {path.stem!r}")
            families[family.name] = family
    return Mappings(tuple(families[name] for name in sorted(families)), words, runtime)


def _runtime(table: _Table, folder: Path, known: Mapping[str, RuntimeFile]) -> dict[str, RuntimeFile]:
    _check_schema(table)
    needs = table.lists("files")
    table.done()
    for name, others in needs.items():
        for other in others:
            if other not in needs and other not in known:
                raise table.error(f"files.{name}", f"{other!r} is not a file here")
    files = {name: RuntimeFile(name, _rust(folder / f"{name}.rs"), needs[name]) for name in needs}
    for path in sorted(folder.glob("*.rs")):
        if path.stem not in files:
            raise table.error("files", f"{path.name} is not among them")
    return files


def _rust(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(str(path), "", f"cannot be read: {error}") from error


def _role_words(table: _Table) -> RoleWords:
    _check_schema(table)
    words = RoleWords(
        params={role: frozenset(names) for role, names in table.lists("params").items()},
        errors=table.lists("errors"),
        instead=table.lists("instead"),
        cases={role: row.rest() for role, row in table.tables("cases").items()},
        units={unit: frozenset(names) for unit, names in table.lists("units").items()},
        capabilities=frozenset(table.names("capabilities", None)),
    )
    table.done()
    for role in words.params:
        if role not in PARAM_ROLES:
            raise table.error(f"params.{role}", f"is not a role. {suggestion(role, PARAM_ROLES, 'Roles')}")
    if set(words.units) != {"s", "ms", "us", "ns"}:
        raise table.error("units", "must be s, ms, us and ns")
    if "Other" not in words.errors:
        raise table.error("errors.Other", "is missing")
    for kind, others in words.instead.items():
        for name in (kind, *others):
            if name not in words.errors:
                raise table.error(f"instead.{kind}", f"{name!r} is not among [errors]")
    return words


def _family(table: _Table, runtime: Mapping[str, RuntimeFile]) -> MappingFamily:
    _check_schema(table)
    file = table.text("runtime")
    if file not in runtime:
        raise table.error("runtime", f"{file!r} is not a file in runtime.toml")
    objects = {name: _object(name, row) for name, row in table.tables("objects").items()}
    family = MappingFamily(
        name=table.text("name"),
        about=table.text("about"),
        words=frozenset(table.names("words", None)),
        hints=frozenset(table.names("hints")),
        ignored=frozenset(table.names("ignored")),
        runtime=file,
        objects=objects,
        functions=tuple(
            _each(table.array("functions", required=True), lambda row: _mapped_function(row, objects))
        ),
    )
    table.done()
    return family


def _object(name: str, table: _Table) -> MappedObject:
    found = MappedObject(
        name,
        frozenset(table.names("names", None)),
        table.text("type"),
        table.text("table", ""),
        _standard_names(table),
    )
    table.done()
    return found


def _standard_names(table: _Table) -> tuple[str, ...]:
    """The key ``imports``: standard interfaces without a version."""
    names = table.names("imports")
    for name in names:
        if not (name.startswith("wasi:") and "/" in name and "@" not in name):
            raise table.error("imports", f"{name!r} is no standard interface, such as wasi:io/poll")
    return names


def _mapped_function(table: _Table, objects: Mapping[str, MappedObject]) -> MappedFunction:
    row = MappedFunction(
        names=tuple(tuple(name.split("-")) for name in table.names("names", None)),
        code=table.text("code"),
        about=table.text("about"),
        when=frozenset(table.names("when")),
        on=table.text("on", ""),
        params=table.names("params"),
        optional=table.texts("optional"),
        result=table.names("result"),
        fails=table.flag("fails", True),
        consumes=table.flag("consumes", False),
        fills=table.flag("fills", False),
        imports=_standard_names(table),
    )
    together = ("address", "bytes", *objects)
    if len(row.result) > 1 and not set(row.result) <= set(together):
        raise table.error("result", f"several can only be {', '.join(together)}")
    if row.on and row.on not in objects:
        raise table.error("on", f"must be one of [objects]: {', '.join(objects)}, not {row.on!r}")
    for key, roles, known in (
        ("params", row.params, PARAM_ROLES),
        ("optional", tuple(row.optional), PARAM_ROLES),
        ("result", row.result, (*RESULT_ROLES, *objects)),
    ):
        for role in roles:
            if role not in known:
                raise table.error(key, f"{role!r} is not a role. {suggestion(role, known, 'Roles')}")
    fields = {*row.params, *row.optional, *([row.on] if row.on else [])}
    for role in sorted(fields):
        if row.code.count(f"{{{role}}}") != 1:
            raise table.error("code", f"must have {{{role}}} once")
    return row
