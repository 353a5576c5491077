"""Rules about wiring components together (WD4xx, WD110; WD406 in ``plugs``, WD407 in ``identity``). Judges a composition and the .wac documents of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wasmdoctor.checks.facts import Draft
from wasmdoctor.checks.identity import type_identity as type_identity
from wasmdoctor.checks.plugs import nearest
from wasmdoctor.checks.plugs import plug_mismatch as plug_mismatch
from wasmdoctor.model.composition import Composition
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import joined, phrase, say
from wasmdoctor.model.wac import WacDocument, WacExport, WacExpression, WacImport, WacLet, WacName
from wasmdoctor.model.wasm import Component, Extern, WasmFile


@dataclass(frozen=True, slots=True)
class CompositionFacts:
    """What these rules may know: the wiring, the host's id, the .wac documents with what they name.

    ``packages`` maps a document's path to the component of each package that it names, None for one that
    no file was found for; of one that is not there nothing is known. ``output`` is where the result goes, for messages. ``files`` are all that were given;
    ``packages_as_components`` the paths of encoded WIT packages among them.
    """

    composition: Composition
    host: str
    output: str
    documents: tuple[WacDocument, ...] = ()
    packages: Mapping[str, Mapping[str, WasmFile | None]] = field(default_factory=dict)
    files: tuple[WasmFile, ...] = ()
    packages_as_components: tuple[str, ...] = ()


def no_provider(facts: CompositionFacts) -> Iterator[Draft]:
    """WD401: an import that neither the host nor a component of the composition provides."""
    near = {(m.consumer, m.name) for m in facts.composition.mismatches if m.function}
    for path, extern in facts.composition.missing:
        if (path, extern.name) in near:
            continue  # WD110 says more
        if (nearby := nearest(path, extern, facts.files)) is not None and nearby.sure:
            continue  # WD406 says more
        yield Draft(
            path,
            say(
                "nobody provides `{extern}`: not {host}, and no component that was given exports it",
                extern=extern.name,
                host=facts.host,
            ),
            Location(path),
            extern.name,
            help=say("give the component that exports it as well, or make one with `wasmdoctor stub`"),
        )


def two_providers(facts: CompositionFacts) -> Iterator[Draft]:
    """WD402: several components export what one imports."""
    for double in facts.composition.doubles:
        names = ", ".join(double.providers)
        yield Draft(
            double.consumer,
            say(
                "{count} components export `{double}`: {names}",
                count=len(double.providers),
                double=double.name,
                names=names,
            ),
            Location(double.consumer),
            double.name,
            help=say("choose one: --prefer {providers}", providers=double.providers[0]),
            related=tuple((Location(path), say("exports it")) for path in double.providers),
        )


def cycle(facts: CompositionFacts) -> Iterator[Draft]:
    """WD403: components that need each other in a ring: none of them can be made first."""
    for ring in facts.composition.cycles:
        first = ring[0]
        wires = [w for w in facts.composition.wires if w.consumer in ring and w.provider in ring]
        through = ", ".join(sorted({w.name for w in wires}))
        yield Draft(
            first,
            say("these components need each other: {names}", names=" -> ".join((*ring, first))),
            Location(first),
            help=say(
                "an instance is made after those it is given, so a ring has no beginning; it runs "
                "through {through}",
                through=through,
            ),
            related=tuple((Location(path), say("part of the ring")) for path in ring[1:]),
        )


def mismatch(facts: CompositionFacts) -> Iterator[Draft]:
    """WD110: a component exports what is imported, with other functions."""
    for found in facts.composition.mismatches:
        if not found.function:
            continue  # a version: WD406
        if not found.offered:
            message = say(
                "`{found}` of {provider} has no `{function}`, which is imported",
                found=found.name,
                provider=found.provider,
                function=found.function,
            )
            help_ = (
                say("it is imported as {wanted}", wanted=found.wanted)
                if found.wanted != "resource"
                else say("it is a resource")
            )
        else:
            message = say(
                "`{function}` of `{found}` differs between importer and {provider}",
                function=found.function,
                found=found.name,
                provider=found.provider,
            )
            help_ = joined(
                "\n",
                (say("imported as {type}", type=found.wanted), say("exported as {type}", type=found.offered)),
            )
        yield Draft(
            found.consumer,
            message,
            Location(found.consumer),
            found.name,
            help=help_,
            related=((Location(found.provider), say("exports it")),),
        )


def still_custom(facts: CompositionFacts) -> Iterator[Draft]:
    """WD405: the composed component would still import what the host does not have."""
    if not facts.composition.root:
        return
    missing = sorted({extern.name for _, extern in facts.composition.missing})
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        yield Draft(
            facts.composition.root,
            say(
                "{output} would still import {names}, which {host} does not provide",
                output=facts.output,
                names=names,
                host=facts.host,
            ),
            Location(facts.composition.root),
            help=say("the host will refuse it; the findings above say what is missing"),
        )


def wac_names(facts: CompositionFacts) -> Iterator[Draft]:
    """WD404: a .wac document names a package, an instance, an import or an export that is not there."""
    for document in facts.documents:
        for problem in document.problems:
            yield Draft(document.path, phrase(problem.message), problem.location, help=phrase(problem.help))
        yield from _Scope(document, facts.packages.get(document.path, {})).drafts()


class _Scope:
    """The names of one document, in the order in which they come to be."""

    def __init__(self, document: WacDocument, packages: Mapping[str, WasmFile | None]) -> None:
        self.document = document
        self.packages = packages
        # A name's exports, None where they are not known.
        self.known: dict[str, Mapping[str, Extern] | None] = {}
        self.found: list[Draft] = []

    def drafts(self) -> list[Draft]:
        for statement in self.document.statements:
            match statement:
                case WacImport(name=name):
                    self.known[name.text] = None
                case WacLet(name=name, value=value):
                    self.known[name.text] = self._value(value)
                case WacExport(value=value):
                    self._value(value)
        return self.found

    def _say(
        self,
        name: WacName,
        message: str,
        known: Mapping[str, object] | list[str],
        argument: bool = False,
    ) -> None:
        import difflib

        near = difflib.get_close_matches(name.text, list(known), 1)
        some = ", ".join(f"`{word}`" for word in sorted(known)[:8])
        help_ = (
            say("did you mean `{near}`?", near=near[0])
            if near
            else say("take the argument out: what is imported is {some}", some=some)
            if argument and some
            else say("there is {some}", some=some)
            if some
            else ""
        )
        self.found.append(Draft(self.document.path, message, name.location, name.text, help=help_))

    def _value(self, value: WacExpression) -> Mapping[str, Extern] | None:
        """The exports of what an expression stands for, None when that is not known."""
        exports: Mapping[str, Extern] | None = None
        if value.new is not None:
            component = self._component(value.new)
            exports = {e.name: e for e in component.exports} if component else None
            self._arguments(value, component)
        elif value.name is not None:
            if value.name.text not in self.known:
                self._say(value.name, say("there is no `{value}`", value=value.name.text), self.known)
            exports = self.known.get(value.name.text)
        for step in value.access:
            if exports is None:
                return None
            if _named(step.text, exports) is None:
                self._say(step, say("nothing is exported as `{step}`", step=step.text), exports)
            # What an exported instance holds cannot be given on its own in a way that matters here.
            exports = None
        return exports

    def _component(self, package: WacName) -> Component | None:
        if package.text not in self.packages:
            return None
        file = self.packages[package.text]
        if file is None:
            found = [name for name, other in self.packages.items() if other is not None]
            self._say(
                package,
                say("no component was found for the package `{package}`", package=package.text),
                found,
            )
            return None
        return file.component

    def _arguments(self, value: WacExpression, component: Component | None) -> None:
        imports = {e.name: e for e in component.imports} if component else None
        for argument in value.arguments:
            if argument.value is not None:
                self._value(argument.value)
            if argument.name is None or imports is None or value.new is None:
                continue
            if _named(argument.name.text, imports) is None:
                message = say(
                    "`{new}` does not import `{argument}`", new=value.new.text, argument=argument.name.text
                )
                self._say(argument.name, message, imports, argument=True)


def _named(name: str, externs: Mapping[str, Extern]) -> Extern | None:
    """An import or export by its name, or by the last part of an interface's name (`i` for `ns:pkg/i@1.0.0`)."""
    if name in externs:
        return externs[name]
    short = [e for full, e in externs.items() if full.partition("@")[0].rpartition("/")[2] == name]
    return short[0] if len(short) == 1 else None
