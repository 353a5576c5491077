"""WD103 speaks of custom interfaces: what hosts of the catalogue publish themselves is none, whatever its words."""

from __future__ import annotations

import pytest

from wasmdoctor.catalog import Catalog
from wasmdoctor.checks.lookalike import lookalikes
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.wasm import Extern, ExternKind, Function

CATALOG = Catalog()
STANDARD = tuple(
    CATALOG.wit_facts(stem) for host in CATALOG.hosts() for line in host.lines for stem in line.wit
)

PUBLISHED = sorted(
    {
        provision.name
        for host in CATALOG.hosts()
        for line in host.lines
        for mode in line.modes.values()
        for provision in mode.provides
        if not provision.name.startswith("wasi:")
    }
)


def resembled(name: str, *functions: str) -> list[str]:
    extern = Extern(
        name, ExternKind.INSTANCE, functions=tuple(Function(each, "func()") for each in functions)
    )
    found = lookalikes(ExternName.parse(name), extern, CATALOG.lookalikes, STANDARD)
    return [each.interface for each in found]


def functions_of(name: str) -> tuple[str, ...]:
    known = [facts.interfaces[name].functions for facts in STANDARD if name in facts.interfaces]
    return tuple(sorted(known[0])) if known else ()


def test_hosts_publish_interfaces() -> None:
    assert len(PUBLISHED) > 20
    assert any(functions_of(name) for name in PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_a_host_publishes_looks_like_nothing_else(name: str) -> None:
    assert resembled(name, *functions_of(name)) == []


def test_every_platform_is_a_host_s() -> None:
    namespaces = {ExternName.parse(name).namespace for name in PUBLISHED}
    assert namespaces == CATALOG.lookalikes.platforms


@pytest.mark.parametrize(
    ("name", "functions", "meant"),
    [
        ("acme:variables/variables", ("get",), "wasi:cli/environment"),
        ("acme:key-value/key-value", ("open", "get", "set"), "wasi:keyvalue/store"),
        ("spinning:core-libs/wasi-tcp", ("connect", "send"), "wasi:sockets/tcp"),
    ],
)
def test_a_custom_interface_with_the_same_words_does(
    name: str, functions: tuple[str, ...], meant: str
) -> None:
    assert meant in resembled(name, *functions)
