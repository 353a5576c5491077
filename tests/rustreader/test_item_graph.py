"""Items and what they name: the graph that says what may be taken out of a crate."""

from __future__ import annotations

from wasmdoctor.readers.rust import WASM32, Program, read_crate
from wasmdoctor.readers.rust.itemgraph import ItemGraph, ItemNode

FILES = {
    "src/lib.rs": b"""
pub mod open;
mod closed;
pub use closed::Passed;

pub fn api() -> u32 { helper() + closed::inner(1) }
fn helper() -> u32 { macro_rules! m { () => { 1 } } m!() }
thing! { helper }
""",
    "src/open.rs": b"pub struct Seen; impl Seen { pub fn shown(&self) {} fn own(&self) { self.shown() } }\n",
    "src/closed.rs": b"""
use std::time::Duration;
pub struct Passed(pub u32);
pub struct Hidden;
impl From<Hidden> for Passed { fn from(_: Hidden) -> Self { Passed(0) } }
pub fn inner(wait: u32) -> u32 { let d: Duration = Duration::from_secs(wait.into()); d.as_secs() as u32 }
""",
}


def graph() -> ItemGraph:
    crate = read_crate("src/lib.rs", FILES.get, WASM32, name="it")
    return Program([crate]).items


def node(found: ItemGraph, name: str, kind: str = "") -> ItemNode:
    return next(n for n in found.nodes.values() if n.name == name and kind in ("", n.kind))


def test_items_know_whether_other_crates_can_name_them() -> None:
    found = graph()
    exported = {n.name for n in found.nodes.values() if n.exported and n.name}
    assert exported == {"open", "api", "Seen", "shown", "Passed"}


def test_references_lead_to_items_through_modules_and_macros() -> None:
    found = graph()
    api = found.uses[node(found, "api").id]
    assert {found.nodes[key].name for key in api.items} == {"helper", "inner", "closed"} - {"closed"}
    call = found.uses[node(found, "thing").id]
    assert "helper" in call.segments
    assert found.uses[node(found, "own").id].methods == {"shown"}


def test_impls_know_their_types_and_uses_their_leaves() -> None:
    found = graph()
    impl = next(n for n in found.nodes.values() if n.kind == "impl" and n.trait_impl)
    assert impl.type == node(found, "Passed").id
    assert node(found, "Hidden").id in found.uses[impl.id].items
    leaf = next(leaf for n in found.nodes.values() for leaf in n.leaves if leaf.alias == "Duration")
    assert not leaf.known
    assert "Duration" in found.uses[node(found, "inner").id].types


def test_modules_say_where_files_of_modules_in_them_lie() -> None:
    files = {
        "src/lib.rs": b'mod a; #[path = "other/b.rs"] mod b; mod c { }',
        "src/a.rs": b"",
        "src/other/b.rs": b"",
    }
    crate = read_crate("src/lib.rs", files.get, WASM32, name="it")
    folders = {module.name: module.folder for module in Program([crate]).items.modules}
    assert folders == {"it": "src", "it::a": "src/a", "it::b": "src/other", "it::c": "src/c"}
