"""Macros that make bindings, as data: which crate exports them, and what they make."""

from __future__ import annotations

from wasmdoctor.model.rust import Generator

MACROS: dict[tuple[str, ...], Generator] = {
    ("wit_bindgen", "generate"): Generator.WIT_BINDGEN,
    ("wit_bindgen_rust_macro", "generate"): Generator.WIT_BINDGEN,
    ("cargo_component_bindings", "generate"): Generator.CARGO_COMPONENT,  # cargo-component 0.2 to 0.5
    ("cargo_component_macro", "generate"): Generator.CARGO_COMPONENT,
    ("wasmtime", "component", "bindgen"): Generator.WASMTIME,
    ("wasmtime_component_macro", "bindgen"): Generator.WASMTIME,
    ("wasmtime_internal_component_macro", "bindgen"): Generator.WASMTIME,
}
"""Full path of a macro, crate first -> what it makes. Host-side bindings bring no imports."""

MACRO_NAMES = frozenset(path[-1] for path in MACROS)

OPTIONS = frozenset(
    [
        "additional_derives",
        "additional_derives_ignore",
        "additional_member_attributes",
        "additional_type_attributes",
        "async",
        "bitflags_path",
        "chainable_methods",
        "debug",
        "default_bindings_module",
        "disable_custom_section_link_helpers",
        "disable_run_ctors_once_workaround",
        "export_macro_name",
        "export_prefix",
        "exports",
        "features",
        "generate_all",
        "generate_unused_types",
        "inline",
        "map_type",
        "merge_structurally_equal_types",
        "ownership",
        "path",
        "pub_export_macro",
        "raw_strings",
        "runtime_path",
        "skip",
        "std_feature",
        "stubs",
        "sync",
        "type_section_suffix",
        "with",
        "world",
    ]
)
"""Options of ``wit_bindgen::generate!``, versions 0.16 to 0.63 (``wit_bindgen_rust_macro``)."""

FLAGS = frozenset({"generate_all", "raw_strings", "std_feature", "stubs"})
"""Those of them that stand without a value."""

STRINGS = frozenset(
    {
        "bitflags_path",
        "default_bindings_module",
        "export_macro_name",
        "export_prefix",
        "inline",
        "map_type",
        "runtime_path",
        "type_section_suffix",
        "world",
    }
)
"""Those of them that take one string literal."""

RUNTIME_CRATES = frozenset({"wit_bindgen_rt", "wit_bindgen"})
"""Crates whose ``rt`` module generated bindings call."""
