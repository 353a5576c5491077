"""The edits of Rust files: bindings and what hangs on them out, bridges in, paths led to the bridges."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.migrate import rustedits
from wasmdoctor.migrate.bridge.names import KEYWORDS, module_path, package_versions
from wasmdoctor.migrate.inputs import BridgeRequest, ComponentInput, PlanInputs
from wasmdoctor.migrate.plan_a.leaves import unused_leaves
from wasmdoctor.migrate.plan_a.modules import ModuleEdits
from wasmdoctor.migrate.plan_a.redirect import Redirects
from wasmdoctor.migrate.plan_a.sites import SitePlan, Sites, path_names, remapped
from wasmdoctor.migrate.plan_a.walker import Walker
from wasmdoctor.migrate.plan_a.work import Placed, RustEdits, Work
from wasmdoctor.model.rust import GenerateOption
from wasmdoctor.model.source import Span
from wasmdoctor.readers.cargo.files import join
from wasmdoctor.readers.rust.itemgraph import ModuleNode

BRIDGE = "wasi_bridge"
"""What a bridge module is called, when the name is free."""

ROOTS = frozenset({"crate", "self", "super"})
"""Keywords that paths may have as they are."""


def rust_edits(inputs: PlanInputs, sites: Sites) -> RustEdits:
    """The edits of all members' sources, and the bridges that they want."""
    work = Work(inputs, sites)
    modules = ModuleEdits(work)
    bridges = Bridges(work, modules)
    bridges.place()
    bridges.calls()
    modules.make()
    for position, component in enumerate(inputs.components):
        unused_leaves(work, position, component)
    redirects = Redirects(work)
    for position, component in enumerate(inputs.components):
        redirects.make(position, component)
    work.write()
    work.result.requests += [(placed.plan, bridges.request(placed)) for placed in work.placed]
    return work.result


class Bridges:
    """Where bridges go, and what is asked of them."""

    def __init__(self, work: Work, modules: ModuleEdits) -> None:
        self.work = work
        self.modules = modules
        self.taken: set[str] = set()

    def place(self) -> None:
        """Finds a place, a file and a free name for each bridge."""
        for plan in self.work.sites.plans:
            if not plan.bridged:
                continue
            position, module = next(iter(plan.modules.items()))
            component = self.work.inputs.components[position]
            nodes = {node.name: node for node in component.program.items.modules}
            own = nodes[module]
            generated = plan.site.file is not None
            sibling = generated or module in self.modules.dying[position]
            holder = nodes[own.parent] if sibling and own.parent else own
            if generated and not own.parent:
                self.work.result.obstacles.append(
                    f"{plan.site.binding.location}: the crate's root is generated code"
                )
                continue
            name = self._free(component, holder)
            file = join(holder.folder, f"{name}.rs")
            self.taken.add(file)
            clashing = frozenset[str]()
            if not sibling and plan.keep:
                kept = (
                    plan.paths.paths[item][0] for item in plan.site.binding.imports if item not in plan.cure
                )
                clashing = frozenset(kept) & plan.tops
            self.work.placed.append(Placed(plan, sibling, name, f"{holder.name}::{name}", file, clashing))

    def _free(self, component: ComponentInput, holder: ModuleNode) -> str:
        """A name that no item of the module has, and no file of its folder."""
        graph = component.program.items
        used = {node.name for node in graph.nodes.values() if node.module == holder.name}
        used |= {
            leaf.alias for node in graph.nodes.values() if node.module == holder.name for leaf in node.leaves
        }
        number = 1
        while True:
            name = BRIDGE if number == 1 else f"{BRIDGE}_{number}"
            file = join(holder.folder, f"{name}.rs")
            if name not in used and file not in self.taken and self.work.inputs.files.read(file) is None:
                return name
            number += 1

    def calls(self) -> None:
        """``generate!`` calls: taken out, replaced by the bridge, or followed by it."""
        beside = {id(placed.plan): placed for placed in self.work.placed}
        for plan in self.work.sites.plans:
            call = plan.site.call
            if call is None:
                continue
            path = call.location.path
            data = self.work.read(path)
            placed = beside.get(id(plan))
            put = b""
            if placed is not None and not placed.sibling:
                put = self._bridge_lines(placed, rustedits.indent_of(data, call.full_span.start))
            if not plan.keep:
                cause = f"`{plan.crate.name}` no longer has bindings of its own"
                self.work.cut(path, call.full_span, cause, put)
                continue
            if put:
                at = call.full_span.end
                newline = rustedits.newline_of(data)
                text = b"\n\n" + put
                self.work.spot(
                    path,
                    Span(at, at),
                    text.replace(b"\n", newline),
                    "the bridge takes the place of custom imports",
                )
            self._options(plan)

    def _bridge_lines(self, placed: Placed, indent: bytes) -> bytes:
        """The bridge's ``mod`` line, and the names that code goes on finding where the bindings had them."""
        tops = sorted(placed.plan.tops - placed.clashing)
        if placed.plan.exported:
            tops = sorted([*tops, "exports"])
        lead = indent.decode()
        front = "pub " if placed.clashing else ""
        lines = f"{lead}{front}mod {placed.name};"
        if tops:
            names = tops[0] if len(tops) == 1 else "{" + ", ".join(tops) + "}"
            lines += f"\n\n{lead}pub use {placed.name}::{names};"
        return lines.encode()

    def _options(self, plan: SitePlan) -> None:
        """``with`` entries of interfaces that are no longer imported: wit-bindgen refuses unused ones."""
        call = plan.site.call
        option = call.option("with") if call is not None else None
        if call is None or option is None:
            return
        path = call.location.path
        data = self.work.read(path)
        gone = [element for element in option.elements if self._is_cured(plan, element.key)]
        if not gone:
            return
        cause = "`with` names an interface that is no longer imported"
        if len(gone) == len(option.elements):
            self.work.cut(path, _with_comma(data, option.span), cause)
            return
        for element in gone:
            self.work.cut(path, _with_comma(data, element.span), cause)

    def _is_cured(self, plan: SitePlan, key: str) -> bool:
        base = key.split("/")
        name = "/".join(base[:2]) if len(base) > 2 else key
        return any(name == cured or name == cured.partition("@")[0] for cured in plan.cure)

    def request(self, placed: Placed) -> BridgeRequest:
        """What is asked of the bridge at a place."""
        plan = placed.plan
        site = plan.site
        position = next(iter(plan.modules))
        component = self.work.inputs.components[position]
        assert site.world is not None
        crate = component.graph.crates[plan.crate]
        package = self.work.inputs.cargo.packages.get(crate.manifest)
        own = plan.modules[position]
        inside = placed.module.partition("::")[2]
        used = tuple(name for name in site.binding.imports if name in plan.used)
        return BridgeRequest(
            crate=plan.crate.name,
            module=f"crate::{inside}",
            path=placed.file,
            world=site.world,
            imports=used,
            functions={name: frozenset(plan.functions.get(name, ())) for name in used},
            types_only=tuple(_needed_types(plan)),
            exported_types=tuple(name for name in site.binding.exports if name in plan.exported),
            options=site.call.options if site.call is not None else _file_options(plan),
            with_=self._with(plan, own),
            edition=package.edition if package is not None else "2021",
        )

    def _with(self, plan: SitePlan, own: str) -> dict[str, str]:
        """The call's own ``with``, and the imports that stay in the bindings beside the bridge."""
        site = plan.site
        found = {name: self._led(plan, path) for name, path in remapped(site).items()}
        if plan.keep:
            versions = package_versions(site.resolution.packages)
            module = own.partition("::")[2]
            for name, item in site.binding.imports.items():
                if item.kind == "interface" and name not in plan.cure and name not in found:
                    path = "::".join(module_path(name, versions))
                    found[name] = f"crate::{module}::{path}" if module else f"crate::{path}"
        return found

    def _led(self, plan: SitePlan, text: str) -> str:
        """A path of ``with`` as it is from the crate's root, led to the bridge that takes its bindings' place."""
        position, module = next(iter(plan.modules.items()))
        walker = Walker(self.work.inputs.components[position])
        names, rooted = path_names(text)
        names = walker.from_root(module, names, rooted)
        others = {
            placed.plan.modules[position]: placed
            for placed in self.work.placed
            if position in placed.plan.modules and placed.plan is not plan
        }
        for at, passed in walker.steps(module, names, rooted):
            placed = others.get(passed)
            relative = tuple(names[at + 1 :])
            if placed is None or not relative or not placed.plan.paths.of(relative) <= placed.plan.cure:
                continue
            if placed.sibling:
                names[at] = placed.name
            elif relative[0] in placed.clashing:
                names.insert(at + 1, placed.name)
            break
        texts = [f"r#{name}" if name in KEYWORDS - ROOTS else name for name in names]
        return "::".join(["", *texts] if rooted else texts)


def _needed_types(plan: SitePlan) -> Iterator[str]:
    """Custom interfaces of the world that the bridged ones take types from, and are not bridged themselves."""
    site = plan.site
    assert site.world is not None
    interfaces = {
        interface.name: interface
        for package in site.resolution.packages.values()
        for interface in package.interfaces.values()
    }
    waiting = [*plan.used, *plan.exported]
    seen = set(waiting)
    for name in waiting:  # grows on the way
        item = site.world.imports.get(name) or site.world.exports.get(name)
        interface = item.interface if item is not None and item.interface else interfaces.get(name)
        for needed in interface.depends if interface is not None else ():
            if needed not in seen:
                seen.add(needed)
                waiting.append(needed)
    for name in site.world.imports:
        if name in seen and name in plan.cure and name not in plan.used:
            yield name


def _file_options(plan: SitePlan) -> tuple[GenerateOption, ...]:
    return ()


def _with_comma(data: bytes, span: Span) -> Span:
    end = span.end
    while data[end : end + 1] in (b" ", b"\t", b"\r", b"\n"):
        end += 1
    return Span(span.start, end + 1) if data[end : end + 1] == b"," else span
