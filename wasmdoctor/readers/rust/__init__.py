"""Rust sources: modules, bindings, what uses them, and what calls what. By tree-sitter-rust, without a compiler.

``parse``       bytes to a syntax tree, with limits
``tokens``      tokens of macro arguments and attributes
``cfg``         ``cfg`` predicates with "unknown" as an answer
``attributes``  attributes as token trees
``items``       what one file holds, before a target is chosen
``lower``       the walk from tree to items
``modules``     the module tree of a crate for a target: which files are compiled
``scopes``      names, and paths resolved through ``use`` across crates
``generators``  macros that make bindings, as data
``bindgen``     calls of ``generate!`` and their options
``bindings``    generated bindings files, recognised by their contents
``externs``     hand-written imports and exports of the linked module
``exports``     ``export!`` calls and ``impl Guest`` blocks
``types``       types of method receivers
``macros``      paths among a macro's tokens
``uses``        use sites of bindings
``calls``       the call graph
``program``     all of that for several crates
"""

from wasmdoctor.readers.artifacts.section_names import section_name
from wasmdoctor.readers.rust.bindings import read_bindings
from wasmdoctor.readers.rust.cfg import WASM32, Cfg, TargetCfg
from wasmdoctor.readers.rust.modules import ModuleTree, Read, crate_modules
from wasmdoctor.readers.rust.program import Program, reachable, read_crate
from wasmdoctor.readers.rust.scopes import Names, RustCrate

__all__ = [
    "WASM32",
    "Cfg",
    "ModuleTree",
    "Names",
    "Program",
    "Read",
    "RustCrate",
    "TargetCfg",
    "crate_modules",
    "reachable",
    "read_bindings",
    "read_crate",
    "section_name",
]
