"""Makes fixtures/findings.txt: what every rule says of every fixture of the repository.

`python scripts/make_findings.py` writes it, `--check` fails when it is not current. Each fixture is copied, the cases
of fixtures/field are made as their tests make them (those that need Rust only as sources), and `check` runs in the
copy (or the command that a case has for it). So a rule that speaks where it did not shows as a line in a review.

Lines are `SEVERITY CODE PATH:LINE:COLUMN [INTERFACE]`, sorted, below the fixture's path.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pages

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT))

from field import field  # noqa: E402  (the runner of the tests, found by the lines above)

from wasmdoctor.catalog import Catalog  # noqa: E402
from wasmdoctor.model.finding import Finding  # noqa: E402
from wasmdoctor.pipeline.check import CheckOptions, check  # noqa: E402
from wasmdoctor.toolchain import Toolchain  # noqa: E402

FIXTURES = ROOT / "fixtures"
PAGE = FIXTURES / "findings.txt"
HEAD = """\
# What every rule says of every fixture, for the host wasmtime or the one that a case of fixtures/field names.
# Made by scripts/make_findings.py; a test holds it current.
"""


def folders() -> list[Path]:
    """The fixtures, by path."""
    several = (FIXTURES / "workspaces", FIXTURES / "field")
    found = [path for path in FIXTURES.iterdir() if path.is_dir() and path not in several]
    found += [path for each in several for path in each.iterdir() if path.is_dir()]
    return sorted(found)


def copied(folder: Path, tree: Path) -> None:
    """A copy of a fixture without what was built in it."""
    aside = shutil.ignore_patterns("target", "case.toml", "cure", ".wasmdoctor")
    shutil.copytree(folder, tree, ignore=aside, dirs_exist_ok=True)


def findings(folder: Path) -> list[str]:
    """What `check` says of a fixture, or the command of a case, in lines."""
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place).resolve()
        case = field.load(folder) if (folder / "case.toml").is_file() else None
        if case is None or case.rust:
            copied(folder, tree)
        else:
            field.prepare(case, tree)
            if case.check != "check .":
                return field.findings(case, tree)
        found = check(CheckOptions((".",), tree), Catalog(), Toolchain()).findings
        return [line(each) for each in found]


def line(found: Finding) -> str:
    """A finding in a line."""
    return " ".join(filter(None, (found.severity.value, found.code, str(found.location), found.interface)))


def lines(found: Sequence[str]) -> Iterator[str]:
    """Sorted, and equal ones (of several components) once, with their number."""
    for line, number in sorted(Counter(found).items()):
        yield f"  {line}" + (f" x{number}" if number > 1 else "")


def section(folder: Path) -> str:
    """A fixture's part of the file."""
    body = list(lines(findings(folder))) or ["  nothing"]
    return "\n".join(["", folder.relative_to(ROOT).as_posix(), *body]) + "\n"


def main() -> int:
    parser = pages.parser(__doc__)
    parser.add_argument("fixtures", nargs="*", type=Path, help="show these only, and write nothing")
    options = parser.parse_args()
    if options.fixtures:
        print("".join(section(path.resolve()) for path in options.fixtures))
        return 0
    text = HEAD + "".join(section(folder) for folder in folders())
    return pages.keep({PAGE: text}, only_check=options.check)


if __name__ == "__main__":
    sys.exit(main())
