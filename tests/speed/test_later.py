"""Modules that are loaded when something of them is asked for."""

from __future__ import annotations

import inspect
import subprocess
import sys

import click
import pytest

from wasmdoctor.cli import COMMANDS, cli
from wasmdoctor.model.later import cleandoc


def printed(program: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_module_is_loaded_when_it_is_asked_for() -> None:
    program = """
import sys
from wasmdoctor.model.later import later
later("colorsys")
import colorsys
first = colorsys
print("ONE_THIRD" in vars(first))
print(first.rgb_to_hsv(0, 0, 0))
import colorsys
print(colorsys is first, first.rgb_to_hsv is colorsys.rgb_to_hsv, colorsys.__spec__.name)
try:
    first.nothing
except AttributeError as error:
    print(error)
from colorsys import hsv_to_rgb
print(hsv_to_rgb(0, 0, 1))
"""
    assert printed(program) == [
        "False",
        "(0.0, 0.0, 0)",
        "False True colorsys",
        "module 'colorsys' has no attribute 'nothing'",
        "(1, 1, 1)",
    ]


def test_what_is_loaded_stays() -> None:
    program = "import sys, ast; from wasmdoctor.model.later import later; later('ast'); print(sys.modules['ast'] is ast)"
    assert printed(program) == ["True"]


def test_the_command_line_does_without_inspect_and_can_have_it() -> None:
    program = """
import sys
before = set(sys.modules)
from wasmdoctor.cli import cli
print(*({"_ast", "dis", "tokenize"} & (set(sys.modules) - before)))
import inspect
print(inspect.getsource(cli.callback)[:6], inspect.signature(cli.callback).parameters, cli.__class__)
import click.core
print(click.core.inspect.cleandoc is inspect.cleandoc, inspect.cleandoc.__module__)
"""
    assert printed(program) == [
        "",
        "@click OrderedDict() <class 'wasmdoctor.cli.Commands'>",
        "True inspect",
    ]


TEXTS = (
    "",
    "a",
    "\n",
    "  a\n    b\n\n      c\n  ",
    "\n\n\ta\n\t  b\n",
    "a\n b\n  c\n\n",
    "a\n\n   \n  b",
    " \n  \n",
)


@pytest.mark.parametrize("text", TEXTS)
def test_indentation_is_taken_off_as_by_inspect(text: str) -> None:
    assert cleandoc(text) == inspect.cleandoc(text)


def test_the_help_of_every_command_too() -> None:
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        written = [command.help, *(getattr(each, "help", None) for each in command.params)]
        for text in filter(None, [command.callback.__doc__ if command.callback else None, *written]):
            assert cleandoc(text) == inspect.cleandoc(text)


def test_a_function_loads_its_module_when_it_is_called() -> None:
    program = """
import sys
from wasmdoctor.model.later import on_call
with on_call("colorsys", "rgb_to_hsv"):
    from colorsys import rgb_to_hsv
print("colorsys" in sys.modules)
print(rgb_to_hsv(0, 0, 0), "colorsys" in sys.modules)
import colorsys
print(colorsys.ONE_THIRD > 0)
with on_call("colorsys", "rgb_to_hsv"):
    from colorsys import rgb_to_hsv
print(rgb_to_hsv is colorsys.rgb_to_hsv)
"""
    assert printed(program) == ["False", "(0.0, 0.0, 0) True", "True", "True"]


def test_what_a_package_has_is_loaded_by_name() -> None:
    program = """
import sys
import wasmdoctor.readers.artifacts as artifacts
print("wasmdoctor.readers.artifacts.archive" in sys.modules)
from wasmdoctor.readers.artifacts import is_archive
print(is_archive.__module__, vars(artifacts)["is_archive"] is is_archive)
try:
    artifacts.nothing
except AttributeError as error:
    print(error)
"""
    assert printed(program) == [
        "False",
        "wasmdoctor.readers.artifacts.archive True",
        "module 'wasmdoctor.readers.artifacts' has no attribute 'nothing'",
    ]


def test_a_package_has_all_that_it_says() -> None:
    from wasmdoctor.readers import artifacts

    assert [name for name in artifacts.__all__ if getattr(artifacts, name).__name__ != name] == []
