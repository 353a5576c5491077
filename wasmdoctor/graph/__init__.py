"""The dependency graph, and what follows from it.

``network``     the graph itself: typed nodes and edges; the only module that touches networkx
``assemble``    facts to the graph
``prediction``  what building a crate would import and export
``rustnames``   what wit-bindgen calls things; ``typeuse``  which interfaces a function needs for its types
``bindings``    which crate binds which world, and where
``origins``     why a component has an import: the steps from its crate to the WIT line
"""
