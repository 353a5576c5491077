"""AssemblyScript names: ``assembly/index/run``, ``~lib/string/String#concat``, ``start:assembly/index``.

An element's internal name is its file's path without extension and its own, joined by ``/``; ``#`` stands
before members of instances, ``.`` before static ones and those of namespaces, ``~`` before what is anonymous
(AssemblyScript 0.28, src/common.ts: PATH_DELIMITER, INSTANCE_DELIMITER, STATIC_DELIMITER, INNER_DELIMITER,
LIBRARY_PREFIX). ``asc --init`` calls the folder of a project's sources ``assembly``.
"""

from __future__ import annotations

from wasmdoctor.model.symbol import Language, Symbol

_PREFIXES = ("start:", "export:")
_FOLDERS = ("~lib", "assembly")


def read_assemblyscript(name: str) -> Symbol | None:
    """A function of AssemblyScript; None for a name of another shape. ``name`` has a slash.

    ``src/shop.open`` could be Go too: outside of the folders that everybody uses only names without a
    dot count, and those with ``#`` or ``~``.
    """
    element = name
    for prefix in _PREFIXES:
        element = element.removeprefix(prefix)
    path = _without_arguments(element)
    folder, slash, rest = path.partition("/")
    if not slash or not rest or ":" in folder or not path.isprintable() or " " in path:
        return None
    sure = folder in _FOLDERS or element != name
    if not sure and ("@" in rest or "[" in rest or ("." in rest and "#" not in rest and "~" not in rest)):
        return None
    return Symbol(name, Language.ASSEMBLYSCRIPT, folder, path, name)


def _without_arguments(text: str) -> str:
    """``Map<String,Array<i32>>#set`` to ``Map#set``."""
    if "<" not in text:
        return text
    out: list[str] = []
    depth = 0
    before = ""
    for char in text:
        if char == "<":
            depth += 1
        elif char == ">" and before != "=":  # not the arrow of a function's type
            depth -= 1
        elif depth == 0:
            out.append(char)
        before = char
    return "".join(out)
