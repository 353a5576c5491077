"""The dependency graph, and what follows from it.

``network``     the graph itself: typed nodes and edges; the only module that touches networkx
``assemble``    facts to the graph
``prediction``  what building a crate would import and export
``chains``      why a component has an import: the ways from it to the WIT line
"""
