"""A crate's module tree for one target: which files are compiled, and which are not and why.

File lookup as rustc 1.96 does it (``rustc_expand::module``) and as The Rust Reference, "Modules", says.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, MutableMapping, Sequence

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.rust import Include, ModuleFile
from wasmdoctor.model.source import Location, Problem, SourceText
from wasmdoctor.readers.rust.attributes import Attribute, compiled, expand
from wasmdoctor.readers.rust.branches import Ranges
from wasmdoctor.readers.rust.cfg import Cfg, both, negate
from wasmdoctor.readers.rust.files import read_file
from wasmdoctor.readers.rust.items import Body, Condition, FileFacts, Item, MacroCall, ModItem
from wasmdoctor.readers.rust.tokens import (
    IDENT,
    OPEN,
    STRING,
    Token,
    closing,
    lex,
    split_commas,
    string_value,
)

Read = Callable[[str], bytes | None]
"""Takes a path with forward slashes, as made from the root file's; None when there is no such file."""

MAX_FILES = 20_000
"""How many files of one crate are read."""

MAX_MODULE_DEPTH = 128
"""How deep modules may nest; rustc's own limit for macro and module recursion is 128 too."""

OUT_DIR = "OUT_DIR"
MANIFEST_DIR = "CARGO_MANIFEST_DIR"


@dataclass(slots=True)
class Fragment:
    """A piece of a module: a file, or a ``mod x { ... }`` in one (``inside``)."""

    file: FileFacts
    inside: ModItem | None = None

    @property
    def source(self) -> SourceText:
        """The file's text."""
        return self.file.source

    @property
    def items(self) -> Sequence[Item]:
        """Its items."""
        return self.file.contents.items if self.inside is None else self.inside.items or ()

    @property
    def body(self) -> Body:
        """What stands directly in it besides items."""
        return self.file.contents.body if self.inside is None else self.inside.body

    @property
    def header(self) -> tuple[str, ...]:
        """The comment lines at the top of a file."""
        return self.file.header if self.inside is None else ()

    @property
    def conditional(self) -> Ranges:
        """The parts of the file whose code stands under a condition of control flow."""
        return self.file.contents.conditional


@dataclass(eq=False, slots=True)
class Module:
    """A module of the tree. ``path`` starts with the crate's name. ``fragments`` hold its items.

    ``item`` and ``item_source`` are the ``mod`` item that declares it; ``opaque`` when an ``include!``
    or ``mod`` in it could not be read, so that it may hold more names. ``folder`` is where the files of
    its ``mod x;`` lines are looked for.
    """

    path: tuple[str, ...]
    parent: Module | None
    compiled: bool | None
    decided_by: Location | None
    item: ModItem | None = None
    item_source: SourceText | None = None
    file: str = ""
    fragments: list[Fragment] = field(default_factory=list)
    children: dict[str, list[Module]] = field(default_factory=dict)
    opaque: bool = False
    folder: str = ""

    @property
    def name(self) -> str:
        """The path as text."""
        return "::".join(self.path)


@dataclass(slots=True)
class ModuleTree:
    """A crate's modules, files and includes, and what could not be read.

    ``conditions`` answers for ``cfg`` attributes inside items. ``found`` are the problems of the tree, and the files
    whose own problems stand between them.
    """

    root: Module
    modules: list[Module]
    files: tuple[ModuleFile, ...]
    includes: tuple[Include, ...]
    found: tuple[Problem | FileFacts, ...]
    conditions: Conditions

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be read. All files are parsed for it."""
        return tuple(
            problem
            for one in self.found
            for problem in (one.contents.problems if isinstance(one, FileFacts) else (one,))
        )

    @property
    def unread(self) -> tuple[Problem, ...]:
        """The files of which nothing was read, since they are beyond a limit."""
        files = (one for one in self.found if isinstance(one, FileFacts) and one.unread)
        return tuple(problem for file in files for problem in file.contents.problems)

    @property
    def excluded(self) -> tuple[ModuleFile, ...]:
        """Files that a ``mod`` names but that are not compiled for this target."""
        used = {file.path for file in self.files if file.compiled is not False}
        return tuple(file for file in self.files if file.compiled is False and file.path not in used)


class Conditions:
    """Evaluates ``cfg`` predicates and conditions once each."""

    def __init__(self, cfg: Cfg) -> None:
        self._cfg = cfg
        self._predicates: dict[str, bool | None] = {}
        self._conditions: dict[int, tuple[Condition, bool | None]] = {}

    def predicate(self, text: str) -> bool | None:
        """The value of one predicate."""
        if text not in self._predicates:
            self._predicates[text] = self._cfg(text)
        return self._predicates[text]

    def of(self, condition: Condition | None, data: bytes) -> bool | None:
        """Whether what stands under a condition is compiled, its module left aside."""
        chain: list[Condition] = []
        while condition is not None and id(condition) not in self._conditions:
            chain.append(condition)
            condition = condition.parent
        state = True if condition is None else self._conditions[id(condition)][1]
        for link in reversed(chain):
            own = compiled(link.attributes, self.predicate, data)[0]
            for attribute in link.none_of:
                own = both(own, negate(compiled((attribute,), self.predicate, data)[0]))
            state = both(state, own, None if link.unknown else True)
            self._conditions[id(link)] = (link, state)
        return state


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the files of a module's ``mod x;`` lines are looked for (rustc's ``ModuleData``)."""

    folder: str
    relative: str = ""


@dataclass(slots=True)
class _Job:
    """Items still to be put into a module."""

    module: Module
    fragment: Fragment
    place: _Place
    files: tuple[str, ...]


def crate_modules(
    root_file: str,
    read: Read,
    cfg: Cfg,
    *,
    name: str = "crate",
    out_dir: str | None = None,
    manifest_dir: str | None = None,
    cache: MutableMapping[str, FileFacts] | None = None,
    read_excluded: bool = True,
    whole: bool = False,
) -> ModuleTree:
    """The module tree of the crate whose root is ``root_file`` (``src/lib.rs``).

    ``read`` gives the bytes of a path; ``cfg`` decides predicates; ``name`` is the crate's name in paths.
    ``out_dir`` and ``manifest_dir`` stand for the variables in ``include!(concat!(env!(...), ...))``, as
    folders that ``read`` understands; with ``out_dir`` None such includes are recorded with an unknown path. ``cache`` keeps what was read of each
    file; an entry is used only for the same bytes. Files of modules that are not compiled are read as
    well, so that what is in them can be told apart, unless ``read_excluded`` is False: then they are
    listed and not opened. ``whole`` says that what functions hold will be asked for, and is read at once.
    Never raises for bad input.
    """
    variables = {OUT_DIR: out_dir, MANIFEST_DIR: manifest_dir}
    builder = _Builder(read, Conditions(cfg), name, variables, cache, read_excluded, whole)
    return builder.build(root_file)


class _Builder:
    def __init__(
        self,
        read: Read,
        conditions: Conditions,
        name: str,
        variables: dict[str, str | None],
        cache: MutableMapping[str, FileFacts] | None,
        read_excluded: bool,
        whole: bool,
    ) -> None:
        self.read = read
        self.conditions = conditions
        self.name = name
        self.variables = variables
        self.cache = cache if cache is not None else {}
        self.read_excluded = read_excluded
        self.whole = whole
        self.modules: list[Module] = []
        self.files: list[ModuleFile] = []
        self.includes: list[Include] = []
        self.problems: list[Problem | FileFacts] = []
        self.told: set[str] = set()
        self.jobs: list[_Job] = []
        self.contents: dict[str, bytes | None] = {}

    def build(self, root_file: str) -> ModuleTree:
        root = Module((self.name,), None, True, None, file=root_file)
        self.modules.append(root)
        facts = self.facts(root_file)
        if facts is None:
            self.problems.append(Problem(Location(root_file), "the crate's root file is not there"))
        else:
            place = _Place(posixpath.dirname(root_file))
            self.enter(root, facts, place, (root_file,), None, None)
        while self.jobs:
            job = self.jobs.pop()
            self.fill(job)
        self.files.sort(key=lambda file: (file.path, file.module))
        return ModuleTree(
            root,
            self.modules,
            tuple(self.files),
            tuple(self.includes),
            tuple(self.problems),
            self.conditions,
        )

    def contents_of(self, path: str) -> bytes | None:
        if path not in self.contents:
            self.contents[path] = self.read(path)
        return self.contents[path]

    def facts(self, path: str) -> FileFacts | None:
        data = self.contents_of(path)
        if data is None:
            return None
        known = self.cache.get(path)
        if known is None or known.source.data != data:
            known = read_file(data, path, whole=self.whole)
            self.cache[path] = known
        return known

    def enter(
        self,
        module: Module,
        facts: FileFacts,
        place: _Place,
        files: tuple[str, ...],
        declared: Location | None,
        included: Include | None,
    ) -> None:
        """Put a file's items into a module: as its own file, or by ``include!``."""
        path = facts.source.path
        if path not in self.told:
            self.told.add(path)
            self.problems.append(facts)
        inner = facts.contents.inner if facts.leads_on else ()
        state, attribute = compiled(inner, self.conditions.predicate, facts.source.data)
        if included is None:
            module.folder = _join(place.folder, place.relative)
            if module.compiled is not False and state is not True and attribute is not None:
                module.decided_by = facts.source.location(attribute.span.start)
            module.compiled = both(module.compiled, state)
        self.files.append(
            ModuleFile(
                path,
                module.name,
                declared,
                both(module.compiled, state if included is None else included.compiled),
                module.decided_by,
                included is not None,
            )
        )
        fragment = Fragment(facts)
        module.fragments.append(fragment)
        if facts.leads_on:
            self.jobs.append(_Job(module, fragment, place, files))

    def fill(self, job: _Job) -> None:
        """Find the modules and includes among a fragment's items, nested function bodies too."""
        for item in _module_items(job.fragment):
            self.submodule(job, item)
        for call in job.fragment.body.macros:
            if call.item and call.path[-1] == "include":
                self.include(job, call)

    def submodule(self, job: _Job, item: ModItem) -> None:
        data = job.fragment.source.data
        parent = job.module
        own, attribute = compiled(item.attributes + item.inner, self.conditions.predicate, data)
        state = both(parent.compiled, self.conditions.of(item.condition, data), own)
        decided = parent.decided_by
        if parent.compiled is not False and own is not True and attribute is not None:
            decided = job.fragment.source.location(attribute.span.start)
        if len(parent.path) >= MAX_MODULE_DEPTH:
            self.problem(job, item.span.start, f"modules nest deeper than {MAX_MODULE_DEPTH}")
            return
        if item.items is not None:
            module = self.add(job, item, state, decided)
            module.file = parent.file
            fragment = Fragment(job.fragment.file, item)
            module.fragments.append(fragment)
            for path, _, _ in self.path_attributes(job, item):
                place = _Place(_join(job.place.folder, path))
                break
            else:
                folder = _join(_join(job.place.folder, job.place.relative), item.name)
                place = _Place(folder)
            module.folder = place.folder
            self.jobs.append(_Job(module, fragment, place, job.files))
            return
        self.file_module(job, item, state, decided)

    def file_module(self, job: _Job, item: ModItem, state: bool | None, decided: Location | None) -> None:
        declared = job.fragment.source.location(item.span.start)
        found = False
        certain_path = False
        for path, applies, attribute in self.path_attributes(job, item):
            file = _join(job.place.folder, path)
            where = decided
            if applies is None:
                where = where or job.fragment.source.location(attribute.span.start)
            module = self.add(job, item, both(state, applies), where)
            found = self.load(job, module, file, _Place(posixpath.dirname(file)), declared) or found
            certain_path = certain_path or applies is True
        if certain_path:
            return
        if found:  # a path of which it is unknown whether it applies: the usual file may be meant as well
            state = both(state, None)
        base = _join(job.place.folder, job.place.relative)
        plain, nested = _join(base, item.name + ".rs"), _join(base, item.name + "/mod.rs")
        has_plain = self.contents_of(plain) is not None
        has_nested = self.contents_of(nested) is not None
        if has_plain and has_nested:
            self.problem(job, item.span.start, f"both {plain} and {nested} hold module `{item.name}`")
        if has_plain:
            module = self.add(job, item, state, decided)
            self.load(job, module, plain, _Place(base, item.name), declared)
        elif has_nested:
            module = self.add(job, item, state, decided)
            self.load(job, module, nested, _Place(posixpath.dirname(nested)), declared)
        elif not found:
            module = self.add(job, item, state, decided)
            module.opaque = True
            if state is not False:
                self.problem(
                    job,
                    item.span.start,
                    f"the file of module `{item.name}` is not there",
                    f"looked for {plain} and {nested}",
                )

    def load(self, job: _Job, module: Module, file: str, place: _Place, declared: Location) -> bool:
        """Read a module's file; False when it is not there."""
        module.file = file
        if file in job.files:
            self.problems.append(Problem(declared, f"{file} includes itself as a module"))
            return True
        if len(self.files) >= MAX_FILES:
            self.problems.append(Problem(declared, f"more than {MAX_FILES} files: the rest is not read"))
            return True
        if module.compiled is False and not self.read_excluded:
            if self.contents_of(file) is None:
                return False
            self.files.append(ModuleFile(file, module.name, declared, False, module.decided_by))
            return True
        facts = self.facts(file)
        if facts is None:
            module.opaque = True
            if module.compiled is not False:
                self.problems.append(Problem(declared, f"the module's file {file} is not there"))
            return False
        self.enter(module, facts, place, (*job.files, file), declared, None)
        return True

    def add(self, job: _Job, item: ModItem, state: bool | None, decided: Location | None) -> Module:
        parent = job.module
        module = Module((*parent.path, item.name), parent, state, decided, item, job.fragment.source)
        parent.children.setdefault(item.name, []).append(module)
        self.modules.append(module)
        return module

    def path_attributes(self, job: _Job, item: ModItem) -> Iterator[tuple[str, bool | None, Attribute]]:
        """The values of ``#[path]``, each with whether it applies; the first that surely does is the last."""
        for attribute, applies in expand(
            item.attributes, self.conditions.predicate, job.fragment.source.data
        ):
            if attribute.name != "path":
                continue
            if attribute.value is None:
                self.problem(job, attribute.span.start, "the value of `path` is not a string literal")
                continue
            yield attribute.value, applies, attribute
            if applies:
                return

    def include(self, job: _Job, call: MacroCall) -> None:
        source = job.fragment.source
        tokens = lex(source.data, call.inner_start, call.inner_end)
        own = compiled(call.attributes, self.conditions.predicate, source.data)[0]
        state = both(own, self.conditions.of(call.condition, source.data))
        value, names = const_string(tokens, self.variables)
        folder = "" if names else posixpath.dirname(source.path)  # the variables hold whole paths
        path = None if value is None else _join(folder, value)
        text = source.data[call.inner_start : call.inner_end].decode("utf-8", "replace").strip()
        include = Include(
            source.location(call.start),
            job.module.name,
            path,
            text,
            both(job.module.compiled, state),
            OUT_DIR in names,
        )
        self.includes.append(include)
        facts = self.facts(path) if path is not None and len(self.files) < MAX_FILES else None
        if path is None or facts is None:
            job.module.opaque = True
            if path is not None and include.compiled is not False:
                self.problem(job, call.start, f"the included file {path} is not there")
        elif path in job.files:
            self.problem(job, call.start, f"{path} includes itself")
        elif state is not False:
            place = _Place(posixpath.dirname(path))
            self.enter(job.module, facts, place, (*job.files, path), include.location, include)

    def problem(self, job: _Job, offset: int, message: str, help_: str = "") -> None:
        self.problems.append(Problem(job.fragment.source.location(offset), message, help_))


def _module_items(fragment: Fragment) -> Iterator[ModItem]:
    """The modules among items, also those inside function bodies."""
    stack: list[Item] = list(reversed(fragment.items))
    while stack:
        item = stack.pop()
        if isinstance(item, ModItem):
            yield item
        elif item.body.items:
            stack.extend(reversed(item.body.items))


def _join(folder: str, path: str) -> str:
    """A path below a folder, with ``.`` and ``..`` worked out as far as the text allows."""
    path = path.replace("\\", "/")
    joined = posixpath.join(folder, path) if path else folder
    return posixpath.normpath(joined) if joined else ""


def const_string(tokens: Sequence[Token], variables: dict[str, str | None]) -> tuple[str | None, set[str]]:
    """The string that a literal, ``concat!`` or ``env!`` stands for, and the variables in it.

    None when a part is unknown. ``concat!`` is followed eight levels deep.
    """
    names: set[str] = set()

    def value(part: list[Token], depth: int) -> str | None:
        if len(part) == 1 and part[0].kind == STRING:
            return string_value(part[0].text)
        if len(part) > 3 and part[0].kind == IDENT and part[1].text == "!" and part[2].kind == OPEN:
            inner = split_commas(part[3 : closing(part, 2)])
            if part[0].text == "env" and inner and inner[0][0].kind == STRING:
                name = string_value(inner[0][0].text) or ""
                names.add(name)
                return variables.get(name)
            if part[0].text == "concat" and depth < 8:
                values = [value(item, depth + 1) for item in inner]
                return None if None in values else "".join(v for v in values if v is not None)
        return None

    parts = split_commas(list(tokens))
    return (value(parts[0], 0) if len(parts) == 1 else None), names
