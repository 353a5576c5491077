"""The edits of manifests: crate types, dependencies that only bindings used, features, metadata, the bridge's needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from wasmdoctor.migrate.inputs import Bridge, NewDependency, PlanInputs
from wasmdoctor.migrate.plan_a.findings import site_key
from wasmdoctor.migrate.plan_a.sites import Sites
from wasmdoctor.migrate.plan_a.wit import WitResult
from wasmdoctor.migrate.plan_a.work import RustEdits
from wasmdoctor.migrate.toml import RemoveElement, RemoveKey, SetKey, TomlChange, toml_edits
from wasmdoctor.model.cargo import DeclaredDependency, DependencyKind, Package, PlainValue
from wasmdoctor.model.edit import Edit, Replace
from wasmdoctor.model.plan import ManualStep
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Problem, SourceText
from wasmdoctor.readers.cargo.files import folder_of, is_below, join
from wasmdoctor.readers.cargo.toml import parse, plain
from wasmdoctor.readers.rust.tokens import IDENT, STRING, Token, lex, string_value

GENERATORS = frozenset(
    {"wit-bindgen", "wit-bindgen-rt", "wit-bindgen-rust-macro", "cargo-component-bindings"}
)
"""Packages whose only use is bindings: macros, and the run-time parts of generated code."""

MAX_FILES = 20_000


@dataclass(slots=True)
class CargoResult:
    """The edits, and the dependencies that they add with their requirement."""

    edits: list[Edit] = field(default_factory=list)
    manual: list[ManualStep] = field(default_factory=list)
    added: dict[str, str] = field(default_factory=dict)


def cargo_edits(
    inputs: PlanInputs,
    sites: Sites,
    rust: RustEdits,
    wit: WitResult,
    bridges: Sequence[tuple[str, Bridge]],
) -> CargoResult:
    """The edits of all manifests of the workspace; ``bridges`` are the modules made, by package."""
    return _Cargo(inputs, sites, rust, wit, bridges).make()


@dataclass(slots=True)
class _Words:
    """What the Rust files of a package hold when the edits are made: identifiers, and features in ``cfg``."""

    names: set[str] = field(default_factory=set)
    features: set[str] = field(default_factory=set)


class _Cargo:
    def __init__(
        self,
        inputs: PlanInputs,
        sites: Sites,
        rust: RustEdits,
        wit: WitResult,
        bridges: Sequence[tuple[str, Bridge]],
    ) -> None:
        self.inputs = inputs
        self.sites = sites
        self.rust = rust
        self.wit = wit
        self.bridges = bridges
        self.result = CargoResult()
        self.changes: dict[str, list[TomlChange]] = {}
        self.dropped: dict[str, set[str]] = {}
        self.gone_features: dict[str, set[str]] = {}
        self.replaced: dict[str, list[Replace]] = {}
        for edit in rust.edits:
            if isinstance(edit, Replace):
                self.replaced.setdefault(edit.path, []).append(edit)

    def make(self) -> CargoResult:
        packages = self.inputs.cargo.packages
        edited = {manifest for manifest in map(self._manifest, self._touched()) if manifest in packages}
        converted = {self._manifest(crate.name) for crate in self.sites.converted}
        for manifest in sorted(edited | (converted & packages.keys())):
            package = packages[manifest]
            if manifest in converted:
                self._library(package)
            self._dependencies(package)
            self._wit_dependencies(package)
        self._feature_mentions()
        for name, bridge in self.bridges:
            self._add(packages[self._manifest(name)], bridge.dependencies)
        self._workspace_table()
        for path, changes in sorted(self.changes.items()):
            data = self.inputs.files.read(path)
            if data is not None:
                self.result.edits += toml_edits(path, data, changes)
        return self.result

    def _touched(self) -> set[str]:
        return {plan.crate.name for plan in self.sites.plans}

    def _manifest(self, name: str) -> str:
        package = self.inputs.cargo.member(name)
        return package.manifest if package is not None else ""

    def change(self, manifest: str, change: TomlChange) -> None:
        self.changes.setdefault(manifest, []).append(change)

    # Libraries

    def _library(self, package: Package) -> None:
        """A crate that is linked, and no component of its own any more."""
        lib = package.lib
        manifest = package.manifest
        data = self._toml(manifest)
        cause = "a library that is linked is no component of its own"
        table = data.get("lib")
        if lib is not None and "cdylib" in lib.crate_types and isinstance(table, dict):
            key = "crate-type" if "crate-type" in table else "crate_type"
            if set(lib.crate_types) == {"cdylib"}:
                self.change(manifest, SetKey(("lib", key), ["rlib"], cause))
            else:
                self.change(manifest, RemoveElement(("lib", key), "cdylib", cause))
        if package.component is not None:
            self.change(manifest, RemoveKey(("package", "metadata", "component"), cause))

    def _toml(self, manifest: str) -> dict[str, PlainValue]:
        data = self.inputs.files.read(manifest) or b""
        table = parse(SourceText(manifest, data))
        if isinstance(table, Problem):
            return {}
        value = plain(table)
        return value if isinstance(value, dict) else {}

    # Dependencies that only bindings used

    def _dependencies(self, package: Package) -> None:
        words = self._words(package)
        manifest = package.manifest
        gone: set[str] = set()
        for dependency in package.dependencies:
            if dependency.package not in GENERATORS or dependency.kind is DependencyKind.BUILD:
                continue
            if dependency.name.replace("-", "_") in words.names:
                if self._has_bindings(package):
                    continue
                self.result.manual.append(
                    ManualStep(
                        dependency.location,
                        f"`{dependency.name}` stays: other code of `{package.name.value}` names it",
                    )
                )
                continue
            gone.add(dependency.name)
            self.change(manifest, RemoveKey(_table(dependency), "nothing uses bindings any more"))
        if gone:
            self.dropped[manifest] = gone
            self._features(package, gone, words)

    def _has_bindings(self, package: Package) -> bool:
        """Whether compiled bindings stay in a package, so that it goes without saying that it needs them."""
        plans = {site_key(plan.site): plan for plan in self.sites.plans}
        for component in self.inputs.components:
            for site in component.sites:
                plan = plans.get(site_key(site))
                if site.crate.name == package.name.value and (plan is None or plan.keep):
                    return True
        return False

    def _words(self, package: Package) -> _Words:
        """The identifiers of a package's Rust files after the edits, and the features that they ask for."""
        found = _Words()
        known, sources = self._known_files(package)
        others = [p.folder for p in self.inputs.cargo.packages.values() if p.folder != package.folder]
        waiting = [package.folder]
        seen = 0
        while waiting and seen < MAX_FILES:
            folder = waiting.pop()
            for name, is_folder in self.inputs.files.entries(folder).items():
                path = join(folder, name)
                seen += 1
                if is_folder:
                    nested = path in others and is_below(path, package.folder)
                    if name != "target" and not name.startswith(".") and not nested:
                        waiting.append(path)
                    continue
                compiled = path in known or not sources or not is_below(path, sources)
                if name.endswith(".rs") and path not in self.rust.removed and compiled:
                    self._words_of(path, found)
        return found

    def _known_files(self, package: Package) -> tuple[set[str], str]:
        """The files of the library's modules, and the folder in which no other file is compiled.

        The folder is "" when other targets of the package may have files in it, or an ``include!`` may.
        """
        known: set[str] = set()
        lib = package.lib
        sources = folder_of(lib.path) if lib is not None else ""
        for target in package.targets:
            if lib is not None and target is not lib and is_below(target.path, sources):
                sources = ""
        for component in self.inputs.components:
            for crate in component.program.crates:
                if lib is not None and crate.tree.root.file == lib.path:
                    known |= {file.path for file in crate.tree.files}
                    if any(module.opaque for module in crate.tree.modules):
                        sources = ""
        return known, sources if known else ""

    def _words_of(self, path: str, found: _Words) -> None:
        data = self.inputs.files.read(path) or b""
        pieces: list[bytes] = []
        at = 0
        for edit in sorted(self.replaced.get(path, ()), key=lambda edit: edit.span):
            pieces += (data[at : edit.span.start], edit.data)
            at = edit.span.end
        after = b"".join((*pieces, data[at:]))
        tokens = lex(after, 0, len(after))
        found.names.update(token.text for token in tokens if token.kind == IDENT)
        found.features.update(_features_in(tokens))

    # Features

    def _features(self, package: Package, gone: set[str], words: _Words) -> None:
        """Features lose what named the dependencies; one that has nothing else, and no code, goes."""
        manifest = package.manifest
        emptied: set[str] = set()
        for feature in package.features:
            lost = [value.value for value in feature.values if _names(value.value) in gone]
            if not lost:
                continue
            rest = len(feature.values) - len(lost)
            if not rest and feature.name not in words.features and feature.name != "default":
                emptied.add(feature.name)
                continue
            for value in lost:
                cause = "the feature no longer turns on bindings"
                self.change(manifest, RemoveElement(("features", feature.name), value, cause))
        for name in sorted(emptied):
            self.change(manifest, RemoveKey(("features", name), "the feature only turned on bindings"))
        implicit = {
            dependency.name
            for dependency in package.dependencies
            if dependency.name in gone and dependency.optional
        }
        self.gone_features[manifest] = emptied | implicit

    def _feature_mentions(self) -> None:
        """Mentions of features that are gone: in features of the same package, and in dependents."""
        for manifest, gone in self.gone_features.items():
            if not gone:
                continue
            package = self.inputs.cargo.packages[manifest]
            for feature in package.features:
                if feature.name in gone:
                    continue
                for value in feature.values:
                    if value.value in gone and _names(value.value) not in self.dropped.get(manifest, ()):
                        cause = f"the feature `{value.value}` is gone"
                        self.change(manifest, RemoveElement(("features", feature.name), value.value, cause))
            for other in self.inputs.cargo.packages.values():
                self._mentions_in(other, package, gone)

    def _mentions_in(self, other: Package, package: Package, gone: set[str]) -> None:
        for dependency in other.dependencies:
            if dependency.package != package.name.value or dependency.path != package.folder:
                continue
            for feature in dependency.features:
                if feature in gone:
                    cause = f"the feature `{feature}` of `{package.name.value}` is gone"
                    target = (*_table(dependency), "features")
                    if feature in _strings(_at(self._toml(other.manifest), target)):
                        self.change(other.manifest, RemoveElement(target, feature, cause))
            for own in other.features:
                for value in own.values:
                    front, slash, feature = value.value.partition("/")
                    if slash and front.rstrip("?") == dependency.name and feature in gone:
                        cause = f"the feature `{feature}` of `{package.name.value}` is gone"
                        self.change(other.manifest, RemoveElement(("features", own.name), value.value, cause))

    # Component metadata of those that stay components

    def _wit_dependencies(self, package: Package) -> None:
        metadata = package.component
        target = metadata.target if metadata is not None else None
        if target is None or ("package", "metadata", "component") in {
            change.path for change in self.changes.get(package.manifest, ())
        }:
            return
        for dependency in target.dependencies:
            path = join(package.folder, dependency.path.value) if dependency.path else ""
            if path and self._is_removed(path):
                key = ("package", "metadata", "component", "target", "dependencies", dependency.name)
                self.change(package.manifest, RemoveKey(key, "nothing reads this WIT any more"))

    def _is_removed(self, path: str) -> bool:
        return path in self.wit.removed or any(is_below(path, folder) for folder in self.wit.folders)

    # What bridges need

    def _add(self, package: Package, dependencies: Mapping[str, NewDependency]) -> None:
        manifest = package.manifest
        old = next((d for d in package.dependencies if d.package in GENERATORS), None)
        inherits = old is not None and old.inherited_from is not None
        cfg = None if old is None else old.cfg
        base: tuple[str, ...] = ("dependencies",) if cfg is None else ("target", cfg, "dependencies")
        present = {dependency.name for dependency in package.dependencies}
        for name, wanted in sorted(dependencies.items()):
            self.result.added[name] = wanted.requirement
            if name in present:
                continue
            cause = f"the bridge of `{package.name.value}` is written for `{name}`"
            if inherits:
                self._share(name, wanted, cause)
                value: PlainValue = {"workspace": True}
                if wanted.features:
                    value = {"workspace": True, "features": list(wanted.features)}
            else:
                value = _value(wanted, features=True)
            self.change(manifest, SetKey((*base, name), value, cause))

    def _share(self, name: str, wanted: NewDependency, cause: str) -> None:
        root = self.inputs.cargo.manifest
        table = _at(self._toml(root), ("workspace", "dependencies"))
        change = SetKey(("workspace", "dependencies", name), _value(wanted, features=False), cause)
        known = self.changes.setdefault(root, [])
        if name not in (table if isinstance(table, dict) else {}) and not any(
            isinstance(other, SetKey) and other.path == change.path for other in known
        ):
            known.append(change)

    def _workspace_table(self) -> None:
        """Entries of ``[workspace.dependencies]`` that no member asks for any more."""
        root = self.inputs.cargo.manifest
        lost: set[str] = set()
        for manifest, gone in self.dropped.items():
            for dependency in self.inputs.cargo.packages[manifest].dependencies:
                if dependency.name in gone and dependency.inherited_from is not None:
                    lost.add(dependency.name)
        still: set[str] = set()
        for manifest, package in self.inputs.cargo.packages.items():
            gone = self.dropped.get(manifest, set())
            still |= {
                dependency.name
                for dependency in package.dependencies
                if dependency.inherited_from is not None and dependency.name not in gone
            }
        for name in sorted(lost - still):
            self.changes.setdefault(root, []).append(
                RemoveKey(("workspace", "dependencies", name), "no member uses it any more")
            )


def _value(wanted: NewDependency, *, features: bool) -> PlainValue:
    if wanted.default_features and not (features and wanted.features):
        return wanted.requirement
    value: dict[str, PlainValue] = {"version": wanted.requirement}
    if not wanted.default_features:
        value["default-features"] = False
    if features and wanted.features:
        value["features"] = list(wanted.features)
    return value


def _table(dependency: DeclaredDependency) -> tuple[str, ...]:
    """The path of a dependency's key in its manifest."""
    kinds = {
        DependencyKind.NORMAL: "dependencies",
        DependencyKind.DEV: "dev-dependencies",
        DependencyKind.BUILD: "build-dependencies",
    }
    table = kinds.get(dependency.kind, "dependencies")
    if dependency.cfg is None:
        return (table, dependency.name)
    return ("target", dependency.cfg, table, dependency.name)


def _names(value: str) -> str:
    """The dependency that a feature's value names: of ``dep:x``, ``x/f``, ``x?/f``, and ``x`` itself."""
    return value.removeprefix("dep:").partition("/")[0].rstrip("?")


def _features_in(tokens: Sequence[Token]) -> Iterator[str]:
    for at in range(len(tokens) - 2):
        if tokens[at].text == "feature" and tokens[at + 1].text == "=" and tokens[at + 2].kind == STRING:
            value = string_value(tokens[at + 2].text)
            if value is not None:
                yield value


def _at(data: PlainValue, path: Iterable[str]) -> PlainValue:
    for key in path:
        if not isinstance(data, dict) or key not in data:
            return {}
        data = data[key]
    return data


def _strings(value: PlainValue) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
