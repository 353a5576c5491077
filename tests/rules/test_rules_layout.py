"""WD208: which files lie below a folder is looked up, and must be what ``is_below`` says of each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.checks.layout import _Layout
from wasmdoctor.readers.cargo.files import is_below, join

# Characters around "/" in order, since what begins alike is looked up by that.
NAMES = st.sampled_from(["a", "a.", "a-", "a0", "ab", "deps", "\u00e9", "..", "."])
FOLDERS = st.lists(NAMES, max_size=4).map(lambda parts: join(".", "/".join(parts)))
ROOTS = st.sampled_from(["", "/", "/a/"])


@given(st.lists(st.tuples(ROOTS, FOLDERS)), st.tuples(ROOTS, FOLDERS))
def test_what_lies_below_a_folder(folders: list[tuple[str, str]], wanted: tuple[str, str]) -> None:
    paths = {join(root + folder, "w.wit") for root, folder in folders}
    folder = join(".", "".join(wanted)) if wanted[0] == "" else join("/", "".join(wanted))
    found = _Layout.of([*paths, "Cargo.toml"]).below(folder)
    assert found == sorted(path for path in paths if is_below(path, folder))
