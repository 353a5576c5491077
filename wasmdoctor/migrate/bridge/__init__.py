"""Plain Rust modules with the API that wit-bindgen would generate for custom interfaces.

``names``     Rust names and paths of WIT items, as wit-bindgen makes them
``types``     the Rust text of types: parameters, results, fields
``options``   the options of a ``generate!`` call that the API depends on
``items``     the definitions of records, variants, enums, flags and aliases
``rust``      Rust text as rustfmt leaves it
``docs``      the documentation of WIT items
``body``      what a function's body and a resource's insides are
``mapping``   bodies from ``rules/mappings``: functions recognised by shape and role
``derived``   bodies that forward to a standard function of the same name
``refusal``   bodies that say honestly that nobody implements the function
``convert``   values of one type into values of another that is built alike
``module``    the whole text
``wasi``      the parts of bridges that work on standard WASI
"""
