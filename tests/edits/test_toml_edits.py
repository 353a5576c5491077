"""Changes of TOML files: what they remove and add, and that nothing else changes."""

from __future__ import annotations

import tomllib

import pytest
import tomlkit

from wasmdoctor.migrate.edits import EditError, untouched
from wasmdoctor.migrate.toml import RemoveElement, RemoveKey, SetKey, TomlChange, TomlEditError, toml_edits
from wasmdoctor.model.edit import Replace


def spliced(data: bytes, edits: tuple[Replace, ...]) -> bytes:
    at, parts = 0, []
    for edit in edits:
        parts += [data[at : edit.span.start], edit.data]
        at = edit.span.end
    return b"".join([*parts, data[at:]])


def changed(text: str | bytes, *changes: TomlChange) -> str:
    data = text.encode() if isinstance(text, str) else text
    edits = toml_edits("Cargo.toml", data, changes)
    after = spliced(data, edits)
    at = 0
    for piece in untouched(data, edits):
        at = after.index(piece, at) + len(piece)
    return after.decode()


def remove(*path: str | int) -> RemoveKey:
    return RemoveKey(path, "the bindings leave")


def put(value: object, *path: str | int) -> SetKey:
    return SetKey(path, value, "the bridge needs it")  # type: ignore[arg-type]


def element(value: object, *path: str | int) -> RemoveElement:
    return RemoveElement(path, value, "links statically")  # type: ignore[arg-type]


MANIFEST = """\
[package]
name = "tcp"   # the name
version.workspace = true

[package.metadata.component]
package = "seed:tcp"

# where the world is
[package.metadata.component.target]
path = "wit"  # folder
world = 'tcp'

[lib]
# a component, and a library
crate-type = ["cdylib", "rlib"]

[dependencies]
# errors
anyhow = { workspace = true }
# the bindings
# of the world
wit-bindgen = { version = "0.41", features = ["realloc"] } # pinned
log.workspace = true

[target.'cfg(target_arch = "wasm32")'.dependencies]
wit-bindgen-rt = "0.41"

[features]
default = []
"""


def test_a_key_goes_with_its_comments() -> None:
    after = changed(MANIFEST, remove("dependencies", "wit-bindgen"))
    start = MANIFEST.index("# the bindings")
    end = MANIFEST.index("log.workspace")
    assert after == MANIFEST[:start] + MANIFEST[end:]


def test_an_emptied_table_goes_with_its_header_and_its_parents() -> None:
    cfg = 'cfg(target_arch = "wasm32")'
    after = changed(MANIFEST, remove("target", cfg, "dependencies", "wit-bindgen-rt"))
    assert after == MANIFEST.replace(f"[target.'{cfg}'.dependencies]\nwit-bindgen-rt = \"0.41\"\n\n", "")
    after = changed(MANIFEST, remove("package", "metadata", "component"))
    start, end = MANIFEST.index("[package.metadata.component]"), MANIFEST.index("[lib]")
    assert after == MANIFEST[:start] + MANIFEST[end:]
    assert "metadata" not in tomllib.loads(after)["package"]
    keys = ("package",), ("target", "path"), ("target", "world")
    one_by_one = [remove("package", "metadata", "component", *key) for key in keys]
    assert changed(MANIFEST, *one_by_one) == after


def test_an_array_element_goes() -> None:
    after = changed(MANIFEST, element("cdylib", "lib", "crate-type"))
    assert after == MANIFEST.replace('["cdylib", "rlib"]', '["rlib"]')


@pytest.mark.parametrize(
    ("before", "gone", "after"),
    [
        ("a = [1, 2, 3]\n", 1, "a = [2, 3]\n"),
        ("a = [1, 2, 3]\n", 2, "a = [1, 3]\n"),
        ("a = [1, 2, 3]\n", 3, "a = [1, 2]\n"),
        ("a = [ 1, 2, ]\n", 2, "a = [ 1, ]\n"),
        ("a = [ 1 ]\n", 1, "a = []\n"),
        ("a = [1,]", 1, "a = []"),
        ("a = [\n  1, # one\n  # two\n  2, # too\n  3\n]\n", 2, "a = [\n  1, # one\n  3\n]\n"),
        ("a = [\n  1, # one\n  # three\n  3 # drei\n]\n", 3, "a = [\n  1, # one\n]\n"),
        ("a = [\n  1,\n  2 ]\n", 2, "a = [\n  1 ]\n"),
        ("a = [\n  1 # one\n  , 2\n]\n", 1, "a = [\n   # one\n   2\n]\n"),
        ("a = [\n  1 # one\n  , 2\n]\n", 2, "a = [\n  1 # one\n  \n]\n"),
        ("a = [1, # one\n 2]\n", 2, "a = [1, # one\n ]\n"),
        ("a = [ # head\n 1 ]\n", 1, "a = [ # head\n  ]\n"),
        ('a = ["""\n# x\n""",\n  1,\n]\n', 1, 'a = ["""\n# x\n""",\n]\n'),
        ("a = [[1], 1]\n", [1], "a = [1]\n"),
        ("a = [{x = 1}, {x = 2}]\n", {"x": 2}, "a = [{x = 1}]\n"),
        ("a = [1.0, true, 1, 1]\n", 1, "a = [1.0, true, 1]\n"),
        ("a = [\r\n  'x',\r\n  \"y\",\r\n]\r\n", "y", "a = [\r\n  'x',\r\n]\r\n"),
    ],
)
def test_elements_of_arrays_in_every_layout(before: str, gone: object, after: str) -> None:
    assert changed(before, element(gone, "a")) == after


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ("a = { x = 1, y = 2 }\n", "a.x", "a = { y = 2 }\n"),
        ("a = { x = 1, y = 2 }\n", "a.y", "a = { x = 1 }\n"),
        ("a = { x = 1, y.z = 2, y.w = 3 }\n", "a.y", "a = { x = 1 }\n"),
        ("a = { x = 1, y.z = 2, y.w = 3 }\n", "a.y.z", "a = { x = 1, y.w = 3 }\n"),
        ("a = { 'q,r'.x = 1, y = 2 }\n", "a.q,r", "a = { y = 2 }\n"),
        ("a = { x = { y = { z = 1 } }, w = 1 }\n", "a.x.y.z", "a = { w = 1 }\n"),
        ("a = { x = 1 }\nb = 1\n", "a.x", "b = 1\n"),
        ("a.b.c = 1\na.d = 2\n", "a.b", "a.d = 2\n"),
        ("a.b.c = 1\na.d = 2\n", "a", ""),
        ("x = 1\na.b.c = 1", "a.b.c", "x = 1\n"),
        ("[a.b]\nx = 1\n\n[c]\ny = 1\n\n[a.d]\nz = 1\n", "a", "[c]\ny = 1\n"),
        ("[a]\nb.c = 1\n[a.d]\n[x]\n", "a.b.c", "[a]\n[a.d]\n[x]\n"),
        ("[[bin]]\nname = 'x'\n[[bin]]\nname = 'y'\n", "bin.0", "[[bin]]\nname = 'y'\n"),
        ("[[bin]]\nname = 'x'\n[bin.m]\nz = 1\n[k]\n", "bin.0", "[k]\n"),
        ("# license\n[a]\nx = 1\n[b]\n", "a", "# license\n[b]\n"),
        ("# license\n\n# about a\n[a]\nx = 1\n\n# about b\n[b]\n", "a", "# license\n\n# about b\n[b]\n"),
        ("[a]\nx = 1\n# loose\n\n[b]\n", "a", "# loose\n\n[b]\n"),
        ("[b]\n\n\n[a]\nx = 1\n\n\n[c]\n", "a", "[b]\n\n\n[c]\n"),
        ("[b]\ny = 1\n\n[a]\nx = 1\n", "a", "[b]\ny = 1\n"),
        ("[b]\r\n\r\n[a]\r\nx = 1\r\n\r\n[c]\r\n", "a", "[b]\r\n\r\n[c]\r\n"),
        ("\ufeff[a]\nx = 1\n\n[c]\n", "a", "\ufeff[c]\n"),
        ("\ufeffx = 1\ny = 1\n", "x", "\ufeffy = 1\n"),
        ('x = """\n# no comment\n"""\ny = 1\n', "y", 'x = """\n# no comment\n"""\n'),
        ("  [ a . 'b c' ]\n\tx= 1\n", "a.b c.x", ""),
        ("[workspace]\nmembers = []\n", "workspace.members", "[workspace]\n"),
        ("[workspace.dependencies]\nx = '1'\n[a]\n", "workspace.dependencies.x", "[a]\n\n[workspace]\n"),
        ("a = {\n  x = 1,\n  # y\n  y = 2 # two\n}\n", "a.y", "a = {\n  x = 1,\n}\n"),
    ],
)
def test_removal_in_every_form_of_table(before: str, path: str, after: str) -> None:
    keys = [int(part) if part.isdigit() else part for part in path.split(".")]
    assert changed(before, remove(*keys)) == after


@pytest.mark.parametrize(
    ("before", "path", "value", "after"),
    [
        ("[d]\na = '1'\n", "d.a", "2", "[d]\na = '2'\n"),
        ('[d]\na = "1" # x\n', "d.a", "it's", '[d]\na = "it\'s" # x\n'),
        ("[d]\na = '1'\n", "d.a", "it's", '[d]\na = "it\'s"\n'),
        ("[d]\na = '1'\n", "d.b", "2", "[d]\na = '1'\nb = \"2\"\n"),
        ("[d]\na = 1\nc = 1\n", "d.b", 2, "[d]\na = 1\nb = 2\nc = 1\n"),
        ("[d]\nc = 1\na = 1\n\n[e]\n", "d.b", 2, "[d]\nc = 1\na = 1\nb = 2\n\n[e]\n"),
        ("[d]\n  a = 1\n  # about c\n  c = 1\n", "d.b", 2, "[d]\n  a = 1\n  b = 2\n  # about c\n  c = 1\n"),
        ("[d]\n\n[e]\n", "d.b", 2, "[d]\nb = 2\n\n[e]\n"),
        ("[d]\na = 1", "d.b", 2, "[d]\na = 1\nb = 2"),
        ("[e]\na = 1", "d.b", 2, "[e]\na = 1\n\n[d]\nb = 2"),
        ("[e]\na = 1\n", "d.b", 2, "[e]\na = 1\n\n[d]\nb = 2\n"),
        ("[e]\r\na = 1\r\n", "d.b", 2, "[e]\r\na = 1\r\n\r\n[d]\r\nb = 2\r\n"),
        ("", "d.b", {"x": [1], "y z": True}, '[d]\nb = { x = [1], "y z" = true }\n'),
        ("", "b", 1, "b = 1\n"),
        ("\ufeff", "b", 1, "\ufeffb = 1\n"),
        ("[d]\n", "b", 1, "b = 1\n\n[d]\n"),
        ("a = 1\n[d]\n", "b", 1, "a = 1\nb = 1\n[d]\n"),
        ("d = { a = 1 }\n", "d.b", 2, "d = { a = 1, b = 2 }\n"),
        ("d = {}\n", "d.b", 2, "d = { b = 2 }\n"),
        ("d = { e.a = 1 }\n", "d.e.b", 2, "d = { e.a = 1, e.b = 2 }\n"),
        ("d.a = 1\nx = 1\n", "d.b", 2, "d.a = 1\nd.b = 2\nx = 1\n"),
        ("[x]\nd.e.a = 1\ny = 1\n", "x.d.e.b", 2, "[x]\nd.e.a = 1\nd.e.b = 2\ny = 1\n"),
        ("[d.foo]\nx = 1\n", "d.b", 2, "[d]\nb = 2\n\n[d.foo]\nx = 1\n"),
        ("[w]\nm = 1\n\n[z]\n", "w.d.b", 2, "[w]\nm = 1\n\n[w.d]\nb = 2\n\n[z]\n"),
        ("[w]\nm = 1\n", 'target.cfg(a = "b").dependencies.x', "1", None),
        ("[[bin]]\nname = 'x'\n", "bin.0.path", "p", "[[bin]]\nname = 'x'\npath = \"p\"\n"),
        ("a = [1, 2]\n", "a.1", 3, "a = [1, 3]\n"),
        ("[d]\na = { workspace = true }\n", "d.a", "1", '[d]\na = "1"\n'),
    ],
)
def test_values_are_set_and_added(before: str, path: str, value: object, after: str | None) -> None:
    keys = [int(part) if part.isdigit() else part for part in path.split(".")]
    if after is None:
        after = before + '\n[target.\'cfg(a = "b")\'.dependencies]\nx = "1"\n'
    assert changed(before, put(value, *keys)) == after


def test_changes_in_a_row_are_told_against_the_original() -> None:
    changes = [
        remove("dependencies", "wit-bindgen"),
        put("0.1", "dependencies", "wasip2"),
        element("cdylib", "lib", "crate-type"),
        remove("package", "metadata", "component", "target"),
        RemoveKey(("package", "metadata", "component", "package"), "no component any more"),
        remove("dependencies", "wasip2"),
    ]
    after = changed(MANIFEST, *changes)
    assert "wasip2" not in after
    assert "# errors" in after
    data = tomllib.loads(after)
    assert data["lib"] == {"crate-type": ["rlib"]}
    assert list(data["package"]) == ["name", "version"]
    edits = toml_edits("Cargo.toml", MANIFEST.encode(), changes)
    causes = {cause for edit in edits for cause in edit.cause.split("; ")}
    assert {"the bindings leave", "links statically", "no component any more"} <= causes


def test_nothing_asked_changes_nothing() -> None:
    assert toml_edits("Cargo.toml", MANIFEST.encode(), []) == ()
    assert toml_edits("Cargo.toml", MANIFEST.encode(), [put("tcp", "package", "name")]) == ()


@pytest.mark.parametrize(
    ("text", "change", "words"),
    [
        ("a = \n", remove("a"), "Cargo.toml:1:5: not valid TOML"),
        ("a = 1\n", remove("b"), "there is no `b` (for: the bindings leave)"),
        ("a = 1\n", remove("a", "b"), "there is no `a.b`"),
        ("a = 1\n", put(1, "a", "b"), "no table"),
        ("[a]\nb = 1\n", put(1, "a"), "Cargo.toml:1:1: `a` is a table"),
        ("a = [1]\n", element(2, "a"), "has no element 2"),
        ("a = 1\n", element(2, "a"), "no array"),
        ("[[a]]\n", element({}, "a"), "no array of values"),
        ("a = 1\n", element(2, "b"), "there is no `b`"),
        ("a = [1]\n", put(2, "a", 5), "cannot be"),
        ("a = 1\n", remove(), "needs a key"),
    ],
)
def test_what_cannot_be_done_is_said(text: str, change: TomlChange, words: str) -> None:
    with pytest.raises(TomlEditError) as caught:
        toml_edits("Cargo.toml", text.encode(), [change])
    assert isinstance(caught.value, EditError)
    assert words in str(caught.value) or words == "cannot be"
    assert caught.value.location.path == "Cargo.toml"


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(TomlEditError, match="not UTF-8"):
        toml_edits("Cargo.toml", b"a = '\xff'\n", [remove("a")])


def test_toml_1_1_stays_as_it_is() -> None:
    text = 'd = {\n  a = 1, # one\n  b = 2,\n}\ne = "\\e"\n'
    assert changed(text, remove("d", "b")) == 'd = {\n  a = 1, # one\n}\ne = "\\e"\n'
    assert changed(text, put(3, "d", "c")) == 'd = {\n  a = 1, # one\n  b = 2, c = 3,\n}\ne = "\\e"\n'


def test_tomlkit_gives_back_what_was_written() -> None:
    after = changed(MANIFEST, put({"version": "1", "features": ["a"]}, "dependencies", "wasip2"))
    assert tomlkit.parse(after).as_string() == after
