"""Features: what a package has, and which are enabled, as Cargo's feature resolver decides it.

``FeatureMap`` follows ``build_feature_map`` in ``cargo/core/summary.rs``, ``FeatureResolver`` follows
``cargo/core/resolver/features.rs`` (cargo 1.96; Cargo reference, "Features" and "Feature Resolver").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from wasmdoctor.model.cargo import DeclaredDependency, DependencyKind, Package, Side
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Problem


class FeatureValue(NamedTuple):
    """``f``: feature "f". ``dep:x``: dependency "x". ``x/f`` and ``x?/f`` (weak): both."""

    dependency: str
    feature: str
    weak: bool = False


def parse_value(text: str) -> FeatureValue:
    """A value of a ``[features]`` line."""
    name, slash, feature = text.partition("/")
    if slash:
        return FeatureValue(name.removesuffix("?"), feature, name.endswith("?"))
    if text.startswith("dep:"):
        return FeatureValue(text[4:], "")
    return FeatureValue("", text)


FeatureMap = Mapping[str, tuple[FeatureValue, ...]]


def feature_map(package: Package) -> dict[str, tuple[FeatureValue, ...]]:
    """All features of a package: the listed ones, and one for each optional dependency that no
    ``dep:`` names."""
    found = {
        feature.name: tuple(parse_value(value.value) for value in feature.values)
        for feature in package.features
    }
    named = {value.dependency for values in found.values() for value in values if not value.feature}
    for dependency in package.dependencies:
        if dependency.optional and dependency.name not in named and dependency.name not in found:
            found[dependency.name] = (FeatureValue(dependency.name, ""),)
    return found


def feature_problems(package: Package) -> list[Problem]:
    """The values in ``[features]`` that Cargo refuses: they name no feature and no dependency."""
    known = feature_map(package)
    dependencies = {dependency.name for dependency in package.dependencies}
    optional = {dependency.name for dependency in package.dependencies if dependency.optional}
    found = []
    for feature in package.features:
        for text in feature.values:
            value = parse_value(text.value)
            if value.dependency and value.dependency not in dependencies:
                message = f"feature `{feature.name}` names `{value.dependency}`, which is no dependency"
            elif (value.weak or not value.feature) and value.dependency not in optional:
                message = f"feature `{feature.name}` names `{text}`, but the dependency is not optional"
            elif not value.dependency and value.feature not in known:
                message = f"feature `{feature.name}` includes `{value.feature}`, which is no feature"
            else:
                continue
            found.append(Problem(text.location, message, "correct the name"))
    return found


@dataclass(frozen=True, slots=True)
class FeatureSelection:
    """What a user asks for: ``--features``, ``--all-features``, ``--no-default-features``.

    ``names`` are feature names and ``package/feature`` (a member's, or a dependency's).
    """

    names: tuple[str, ...] = ()
    all_features: bool = False
    default_features: bool = True


def selected_values(
    selection: FeatureSelection, packages: Sequence[Package]
) -> tuple[list[list[FeatureValue]], list[str]]:
    """What a selection enables in each selected package, and the names that none of them has.

    Each package takes the names that it has (``members_with_features`` in cargo/core/workspace.rs).
    """
    missing = dict.fromkeys(selection.names)
    result = []
    for package in packages:
        known = feature_map(package)
        values = [FeatureValue("", name) for name in known] if selection.all_features else []
        for name in selection.names:
            value = parse_value(name)
            if value.dependency == package.name.value and value.feature in known:
                value = FeatureValue("", value.feature)
            elif value.dependency:
                if all(dependency.name != value.dependency for dependency in package.dependencies):
                    continue
            elif value.feature not in known:
                continue
            missing.pop(name, None)
            values.append(value)
        if selection.default_features and "default" in known:
            values.append(FeatureValue("", "default"))
        result.append(values)
    return result, list(missing)


@dataclass(eq=False, slots=True)
class Node:
    """A package for the resolver. ``features`` is None when its manifest is unknown.

    ``links`` pairs each dependency that the manifest declares with the package it leads to.
    """

    features: FeatureMap | None
    is_proc_macro: bool
    links: list[tuple[DeclaredDependency, Node]]
    is_root: bool = False


@dataclass(frozen=True, slots=True)
class FeatureRules:
    """How features are unified.

    ``decouple_host``: build dependencies and proc macros have features of their own. ``decouple_dev``:
    dev dependencies do not count. ``by_platform``: dependencies for other platforms do not count.
    ``weak_is_strong``: ``x?/f`` brings ``x`` in, as the version resolver takes it for Cargo.lock.
    """

    decouple_host: bool
    decouple_dev: bool
    by_platform: bool
    weak_is_strong: bool = False


Key = tuple[Node, Side]


class FeatureResolver:
    """Enables features until nothing changes any more.

    ``active`` says whether the platform of a dependency holds for a side. ``enabled`` and ``wanted``
    (the names of optional dependencies) are the result, by package and side.
    """

    def __init__(self, rules: FeatureRules, active: Mapping[Side, Mapping[str | None, bool]]) -> None:
        self.rules = rules
        self.active = active
        self.enabled: dict[Key, set[str]] = {}
        self.wanted: dict[Key, set[str]] = {}
        self._deferred: dict[tuple[Node, Side, str], set[str]] = {}
        self._waiting: list[tuple[Node, Side, FeatureValue]] = []
        self._done: set[tuple[Node, Side, FeatureValue]] = set()
        self._entered: set[Key] = set()
        self._links: dict[Key, list[tuple[DeclaredDependency, Node, Side]]] = {}

    def key(self, node: Node, side: Side) -> Key:
        """Where the features of a package are kept; one place for both sides when not decoupled."""
        return (node, side if self.rules.decouple_host else Side.TARGET)

    def resolve(self, roots: Iterable[tuple[Node, Iterable[FeatureValue]]]) -> None:
        """Enable what the roots ask for. A selected proc macro is also taken as built for the target
        (so does Cargo, for its tests), which unifies its dependencies' features with the others'."""
        for node, values in roots:
            asked = list(values)
            self.activate(node, Side.TARGET, asked)
            if node.is_proc_macro and self.rules.decouple_host:
                self.activate(node, Side.HOST, asked)
        while self._waiting:
            node, side, value = self._waiting.pop()
            if value.dependency and value.feature:
                self._dependency_feature(node, side, value)
            elif value.dependency:
                self._want(node, side, value.dependency)
            else:
                self._feature(node, side, value.feature)

    def activate(self, node: Node, side: Side, values: Iterable[FeatureValue]) -> None:
        """Take a package in, with some features, and all that it always depends on.

        Iterative: chains of dependencies may be longer than Python's stack is deep.
        """
        stack = [(node, side, list(values))]
        while stack:
            node, side, asked = stack.pop()
            self.enabled.setdefault((node, side), set())
            for value in asked:
                self._later(node, side, value)
            if (node, side) in self._entered:
                continue
            self._entered.add((node, side))
            for dependency, target, target_side in self.links(node, side):
                if not dependency.optional:
                    stack.append((target, target_side, requested(dependency, target)))

    def links(self, node: Node, side: Side) -> list[tuple[DeclaredDependency, Node, Side]]:
        """The dependencies that count for features, optional ones included, with their side."""
        key = (node, side)
        if key not in self._links:
            self._links[key] = [
                (dependency, target, self._side(dependency, target, side))
                for dependency, target in node.links
                if self._counts(dependency, node, side)
            ]
        return self._links[key]

    def _counts(self, dependency: DeclaredDependency, node: Node, side: Side) -> bool:
        if dependency.kind is DependencyKind.DEV and (self.rules.decouple_dev or not node.is_root):
            return False
        if not self.rules.by_platform or dependency.cfg is None:
            return True
        place = Side.HOST if dependency.kind is DependencyKind.BUILD else side
        return self.active[place][dependency.cfg]

    def _side(self, dependency: DeclaredDependency, target: Node, side: Side) -> Side:
        if not self.rules.decouple_host:
            return Side.TARGET
        is_host = dependency.kind is DependencyKind.BUILD or target.is_proc_macro
        return Side.HOST if is_host else side

    def _later(self, node: Node, side: Side, value: FeatureValue) -> None:
        item = (node, side, value)
        if item not in self._done:
            self._done.add(item)
            self._waiting.append(item)

    def _feature(self, node: Node, side: Side, feature: str) -> None:
        self.enabled.setdefault((node, side), set()).add(feature)
        if node.features is not None:
            for value in node.features.get(feature, ()):
                self._later(node, side, value)

    def _want(self, node: Node, side: Side, name: str) -> None:
        """An optional dependency is used: take it in, with the features that waited for it."""
        self.wanted.setdefault((node, side), set()).add(name)
        waited = self._deferred.pop((node, side, name), set())
        for dependency, target, target_side in self.links(node, side):
            if dependency.name == name:
                values = [parse_value(feature) for feature in sorted(waited)]
                self.activate(target, target_side, values + requested(dependency, target))

    def _dependency_feature(self, node: Node, side: Side, value: FeatureValue) -> None:
        """``x/f`` uses x and its feature f; ``x?/f`` only the feature, if x is used anyway."""
        name = value.dependency
        for dependency, target, target_side in self.links(node, side):
            if dependency.name != name:
                continue
            if dependency.optional:
                weak = value.weak and not self.rules.weak_is_strong
                if weak and name not in self.wanted.get((node, side), ()):
                    self._deferred.setdefault((node, side, name), set()).add(value.feature)
                    continue
                self._later(node, side, FeatureValue(name, ""))
                # `x/f` also enables the feature named x, unless `dep:x` has taken its place.
                if not value.weak and node.features is not None and name in node.features:
                    self._later(node, side, FeatureValue("", name))
            self._later(target, target_side, parse_value(value.feature))


def requested(dependency: DeclaredDependency, target: Node) -> list[FeatureValue]:
    """What a dependency declaration enables in the package it leads to."""
    values = [parse_value(feature) for feature in dependency.features]
    if dependency.default_features and (target.features is None or "default" in target.features):
        values.append(FeatureValue("", "default"))
    return values
