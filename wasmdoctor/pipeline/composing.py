"""Plan B's proof: what was built is composed, looked at, and linked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wasmdoctor.catalog import Catalog
from wasmdoctor.discover import DiscoverError
from wasmdoctor.model.host import HostView
from wasmdoctor.model.migration import BuiltComponent, Proof, Step, Surface
from wasmdoctor.model.plan import CompositionPlan, Plan
from wasmdoctor.model.record import dataclass
from wasmdoctor.pipeline.adapters import compose_built, composed_name, composition_faults, needs_wac
from wasmdoctor.pipeline.verify import VerifyOptions
from wasmdoctor.toolchain import RustTools, Toolchain, ToolError

COMPOSE = "composition"

Made = tuple[Step, BuiltComponent | None]


@dataclass(frozen=True, slots=True)
class Composing:
    """Makes the compositions of a plan. ``expected`` are their surfaces by name; ``adapter`` is the adapter's
    file when the person has one, else it is among what was built."""

    plan: Plan
    expected: Mapping[str, Surface]
    host: HostView
    adapter: Path | None
    catalog: Catalog
    toolchain: Toolchain

    def all(self, built: Mapping[str, Path], folder: Path, options: VerifyOptions) -> list[Made]:
        """Each composition, made in ``folder``."""
        return [self._one(plan, built, folder, options) for plan in self.plan.compositions]

    def _one(
        self, plan: CompositionPlan, built: Mapping[str, Path], folder: Path, options: VerifyOptions
    ) -> Made:
        name = composed_name(plan)
        missing = [part for part in (*plan.members, plan.adapter) if part not in built]
        adapter = self.adapter or built.get(plan.adapter)
        if adapter is None or [part for part in missing if part != plan.adapter]:
            return _failed(f"{name}: {', '.join(missing)} was not built")
        if needs_wac(plan) and self.toolchain.find("wac") is None:
            words = f"{name} was not composed: a world's own function is given by one component to another, "
            how = "install `wac` (cargo install wac-cli)"
            return Step(COMPOSE, Proof.SKIPPED, f"{words}which only `wac` can do", how=how), None
        try:
            done = compose_built(plan, built, adapter, folder, self.host, self.catalog, self.toolchain)
        except (DiscoverError, ToolError) as error:
            return _failed(f"{name}: {error}")
        if not done.made_by:
            return _failed(f"{name} cannot be composed", [finding.message for finding in done.findings])
        faults = composition_faults(done, self.expected[name], self.plan.left)
        made = BuiltComponent(
            name, done.size, done.imports, tuple(sorted(e.name for e in done.composition.exports))
        )
        if faults:
            return _failed(f"{name} is not what was predicted", faults)[0], made
        try:
            said = RustTools(options.environment).link(folder / plan.output) if self._may_link() else None
        except ToolError as error:
            return _failed(f"{name}: {error}")[0], made
        if said:
            return _failed(f"wasmtime does not link {name}", said.splitlines())[0], made
        linked = ", and wasmtime links it" if said == "" else ""
        words = f"{name} imports what was predicted ({done.size} bytes, by {done.made_by}){linked}"
        return Step(COMPOSE, Proof.PASSED, words), made

    def _may_link(self) -> bool:
        return self.host.id.partition("@")[0] == "wasmtime" and not self.plan.left


def _failed(message: str, details: list[str] | None = None) -> Made:
    return Step(COMPOSE, Proof.FAILED, message, tuple(details or ())), None
