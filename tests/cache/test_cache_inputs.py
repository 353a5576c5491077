"""Nothing that an answer depends on escapes the cache: what code asks of the environment and of folders' entries."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import wasmdoctor
from wasmdoctor.cache.answers import PREFIXES, VARIABLES
from wasmdoctor.cache.place import FOLDER_VARIABLE, OFF_VARIABLE

PACKAGE = Path(wasmdoctor.__file__).parent
# Not run by the commands whose answers are kept, or the cache's own.
OTHERS = ("lsp/", "cache/", "transaction/", "cli/watch.py", "cli/cache.py", "pipeline/verify.py")
LISTING = {"scandir('.')", "scandir(path)", "entries", "found", "listed"}
"""What loops over the entries of a folder usually run over."""


@cache
def modules() -> list[tuple[str, ast.Module]]:
    """All modules that the commands may load, by their path in the package."""
    paths = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
    return [
        (name, ast.parse(path.read_bytes())) for name, path in paths.items() if not name.startswith(OTHERS)
    ]


def variables(tree: ast.Module) -> Iterator[str]:
    """The variables that a module asks of an environment by name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name) and node.args:
            asked = ast.unparse(node.func)
            if not asked.endswith(("environ.get", "environment.get", "getenv")):
                continue
            names = [node.args[0]]
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("environ"):
            names = [node.slice]
        else:
            continue
        yield from (name.value for name in names if isinstance(name, ast.Constant))


def entries_asked(tree: ast.Module) -> Iterator[int]:
    """The lines where the status of a folder's entry is asked for, which `os.stat` does not see."""
    for node in ast.walk(tree):
        if isinstance(node, ast.For):
            loops = [(node.target, node.iter)]
        else:
            loops = [(each.target, each.iter) for each in getattr(node, "generators", [])]
        names = {
            ast.unparse(target) for target, source in loops if LISTING & set(ast.unparse(source).split("."))
        }
        if isinstance(node, ast.Module):
            names = {"entry"}
        for inner in ast.walk(node) if names else ():
            if (
                isinstance(inner, ast.Attribute)
                and inner.attr in ("stat", "inode")
                and ast.unparse(inner.value) in names
            ):
                yield inner.lineno


def direct(tree: ast.Module) -> Iterator[str]:
    """Functions of `os` that are taken by name, so that nobody can stand in front of them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("os", "posix"):
            yield from (name.name for name in node.names if name.name in ("stat", "lstat", "fstatat"))


def test_every_variable_is_part_of_the_question() -> None:
    seen = {(name, variable) for name, tree in modules() for variable in variables(tree)}
    known = {*VARIABLES, FOLDER_VARIABLE, OFF_VARIABLE}
    assert [each for each in sorted(seen) if each[1] not in known and not each[1].startswith(PREFIXES)] == []
    assert {"CARGO_HOME", "NO_COLOR", "WASMDOCTOR_WASM_TOOLS"} <= {variable for _, variable in seen}


def test_nobody_asks_entries_of_a_folder_for_their_status() -> None:
    assert [(name, line) for name, tree in modules() for line in entries_asked(tree)] == []
    assert [(name, word) for name, tree in modules() for word in direct(tree)] == []


@pytest.mark.parametrize(
    "code",
    [
        "for entry in os.scandir('.'):\n    print(entry.stat())",
        "with os.scandir('.') as found:\n    print([each.stat().st_size for each in found])",
    ],
)
def test_asking_entries_is_seen(code: str) -> None:
    assert list(entries_asked(ast.parse(code)))


def test_names_of_variables_are_seen() -> None:
    code = "os.environ.get('A'); os.environ['B']; os.getenv('C'); self.environment.get('D')"
    assert set(variables(ast.parse(code))) == set("ABCD")
