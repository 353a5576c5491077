"""Plain Rust modules with the API that wit-bindgen would generate for custom interfaces.

``names``     Rust names and paths of WIT items, as wit-bindgen makes them
``body``      what a function's body and a resource's insides are
``mapping``   bodies from ``rules/mappings``: functions recognised by shape and role
``derived``   bodies that forward to a standard function of the same name
``refusal``   bodies that say honestly that nobody implements the function
``module``    the whole text
"""
