"""Who calls whom in a component: its core modules' functions and calls, and how the component wires them.

``opcodes``       what follows each instruction's code
``instructions``  a lexer of function bodies, made from that table
``types``         function types, as texts
``names``         the name section
``columns``       compact sequences for large modules
``module``        one core module
``values``        what the entries of a component's index spaces stand for
``wiring``        what a component instantiates, lowers and lifts
``component``     the whole: modules, roots, imports, links between modules

Read only when somebody asks who calls an import: unlike ``readers.wasm`` it looks at every byte of code.
"""

from wasmdoctor.readers.code.component import read_code

__all__ = ["read_code"]
