"""Plans and their edits: pure, from what was read to what should change. Nothing here reads or writes files.

``edits``    edits of one tree composed into changes of files, and checked by parsing the result
``reparse``  whether an edited file can still be read
``diff``     changes as a unified diff
``inputs``   what plans take: one workspace's crates, sources and bindings; what they ask of bridges
``toml``     changes of TOML files, through tomlkit
``abi``, ``stub``  the canonical ABI, and stand-ins for interfaces
``rustedits`` items, names and paths of Rust files; ``witedits`` lines of WIT worlds
``result``   what every plan comes to
``bridge``   a plain Rust module with the API of the bindings that it takes the place of
``plan_a``   library crates stop being components, everything links into one
``plan_c``   crates that use custom interfaces call standard WASI, and stay components
"""
