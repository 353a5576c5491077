"""The reader of .wac documents: statements, places, mistakes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.model.source import SourceText
from wasmdoctor.model.wac import WacDocument, WacExport, WacImport, WacLet
from wasmdoctor.readers.wac import read_wac


def read(text: str) -> WacDocument:
    return read_wac(SourceText("app.wac", text.encode()))


WHOLE = """\
package demo:app@1.0.0 targets demo:worlds/service@0.2.0;

// the adapter first
import config as "wasi:config/store@0.2.0-rc.1": wasi:config/store@0.2.0-rc.1;
import greet: func(name: string) -> string;

interface extra { ping: func(); }
type text = string;

let adapter = new demo:adapter@0.1.0 { ... };
let app = new demo:app-component {
    "demo:api/net": adapter["demo:api/net"],
    store: (new demo:store { config }).kv,
    ...adapter,
    ...
};
export app.run as "run-it";
export app...;
"""


def test_a_whole_document() -> None:
    document = read(WHOLE)
    assert document.problems == ()
    assert document.package == "demo:app@1.0.0"
    assert document.targets is not None
    assert document.targets.text == "demo:worlds/service@0.2.0"
    assert [name.text for name in document.packages] == [
        "demo:adapter@0.1.0",
        "demo:app-component",
        "demo:store",
    ]
    config, greet, adapter, app, run, everything = document.statements
    assert isinstance(config, WacImport)
    assert (config.name.text, config.type) == ("config", "wasi:config/store@0.2.0-rc.1")
    assert isinstance(greet, WacImport)
    assert greet.type == ""
    assert isinstance(adapter, WacLet)
    assert [(a.name, a.value) for a in adapter.value.arguments] == [(None, None)]
    assert isinstance(app, WacLet)
    net, store, spread, rest = app.value.arguments
    assert net.name is not None
    assert net.name.text == "demo:api/net"
    assert str(net.location) == "app.wac:12:5"
    assert net.value is not None
    assert [name.text for name in net.value.access] == ["demo:api/net"]
    assert store.value is not None
    assert store.value.new is not None
    assert store.value.new.text == "demo:store"
    assert [name.text for name in store.value.access] == ["kv"]
    assert spread.value is not None
    assert spread.value.name is not None
    assert (rest.name, rest.value) == (None, None)
    assert isinstance(run, WacExport)
    assert run.as_ is not None
    assert run.as_.text == "run-it"
    assert isinstance(everything, WacExport)
    assert everything.spread


def test_a_mistake_costs_only_its_statement() -> None:
    document = read("package a:b;\nlet x = new { };\nlet y = new c:d { wasi:io/poll: x };\nexport y...;\n")
    assert [str(problem.location) for problem in document.problems] == ["app.wac:2:13", "app.wac:3:19"]
    assert "a package name such as `ns:name` is expected, but here is `{`" in document.problems[0].message
    assert "quotes" in document.problems[1].help
    assert len(document.statements) == 1


def test_what_is_no_document_says_so() -> None:
    assert "begins with `package ns:name;`" in read("let x = y;").problems[0].message
    assert read("").problems
    deep = "package a:b; let x = " + "(" * 5000 + "y" + ")" * 5000 + ";"
    assert "nest at most" in read(deep).problems[0].message


@given(
    st.text(
        alphabet=st.sampled_from('package a:b;let x=new{}.[]"()...,export as import type /*'), max_size=200
    )
)
def test_any_text_is_read(text: str) -> None:
    read(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    read_wac(SourceText("x.wac", data))
