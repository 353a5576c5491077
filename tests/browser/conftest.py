"""One browser for all tests, and the pages that they look at: real reports of a workspace that leaks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.browser_driver import Browser
from outputs.outputs_support import GOOD, LEAK, write
from tests_support import run


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    made = Browser()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sources whose component imports what nobody provides; one finding is suppressed in a comment."""
    folder = tmp_path_factory.mktemp("leaking")
    write(folder, GOOD | LEAK)
    wit = folder / "net/wit/world.wit"
    comment = "    import store; // wasmdoctor: allow(WD103) -- it is no blob store\n"
    wit.write_text(wit.read_text().replace("    import store;\n", comment))
    return folder


@pytest.fixture(scope="session")
def report_page(workspace: Path) -> Path:
    """The HTML report on it for two hosts, as the program writes it."""
    page = workspace / "report.html"
    done = run(
        "check",
        ".",
        "--host",
        "wasmtime@25",
        "--host",
        "spin",
        "--format",
        "html",
        "-o",
        str(page),
        cwd=workspace,
    )
    assert done.returncode == 1, done.stderr
    return page


@pytest.fixture(scope="session")
def graph_page(workspace: Path) -> Path:
    """The page of ``graph --format html``."""
    page = workspace / "graph.html"
    done = run("graph", ".", "--format", "html", "-o", str(page), cwd=workspace)
    assert done.returncode == 0, done.stderr
    return page
