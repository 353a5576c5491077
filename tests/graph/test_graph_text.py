"""The tree: what stands where, what is written once, and how it fits a window."""

from __future__ import annotations

from itertools import pairwise

import pytest

from wasmdoctor.graph.network import EdgeKind, Network, NodeKind
from wasmdoctor.model.binding import Certainty
from wasmdoctor.model.source import Location
from wasmdoctor.reporters.console import Style
from wasmdoctor.reporters.graph.prepare import View, prepare
from wasmdoctor.reporters.graph.text import _ORDER, render

WIDE = Style(width=140)


def lines(network: Network, style: Style = WIDE) -> list[str]:
    return render(network, style).splitlines()


def depth(line: str) -> int:
    return (len(line) - len(line.lstrip("│├└─ |`-"))) // 3


def test_the_chain_reads_from_component_to_wit_line(scheduler: Network) -> None:
    text = lines(prepare(scheduler, View(focus="wasi-tcp")))
    last = next(number for number, line in enumerate(text) if "imports" in line)
    chain: list[str] = []
    for line in reversed(text[: last + 1]):
        if not chain or depth(line) < depth(chain[0]):
            chain.insert(0, line)
    kinds = [line.lstrip("│├└─ ").split()[0] for line in chain]
    assert kinds == ["component", "crate", "crate", "crate", "binding", "world", "imports"]
    assert chain[-1].endswith(
        "imports scheduler:core-libs/wasi-tcp@0.1.0  ✗ error  core-libs/wit/world.wit:219:12"
    )
    assert chain[-3].endswith("binding generate! call  (observed in rlib)  core-libs/src/component.rs:3:1")
    # A dependency stands at the line of the manifest that asks for it.
    assert chain[2].endswith("crate scheduler-actions-http 0.1.0  scheduler/Cargo.toml:13:1")


def test_a_crate_is_written_out_once(scheduler: Network) -> None:
    text = lines(prepare(scheduler, View()))
    core = [line for line in text if "crate scheduler-core" in line]
    assert len(core) == 4
    assert [" (*)" in line for line in core] == [False, True, True, True]
    assert sum("world scheduler:core-libs" in line for line in text) == 1
    assert "(*) is written out further up" in text


def test_a_repeat_that_hides_nothing_has_no_mark(maker) -> None:
    leaf = maker.crate("leaf")
    for name in ("one", "two"):
        maker.edge(maker.crate(name), leaf, EdgeKind.DEPENDS)
    assert "(*)" not in render(maker.network, WIDE)


def test_who_provides_and_who_asks_stand_on_the_line(scheduler: Network) -> None:
    text = render(prepare(scheduler, View()), WIDE)
    assert "imports wasi:io/*@0.2.6  (error, poll, streams)  ✓ from wasmtime@50.0.1" in text
    assert "imports scheduler:core-libs/wasi-udp@0.1.0  unused  core-libs" in text
    assert "host wasmtime" not in text


def test_an_import_that_no_component_has_says_so(maker) -> None:
    maker.edge(maker.component("a.wasm"), maker.interface("wasi:io/poll@0.2.6"), EdgeKind.IMPORTS)
    maker.edge(maker.world("a:b/w", "w.wit", 1), maker.interface("a:b/may"), EdgeKind.IMPORTS)
    assert "imports a:b/may  no component imports it" in render(maker.network, WIDE)


def test_notes_certainty_and_cfgs_are_told(maker) -> None:
    one, two = maker.crate("one"), maker.crate("two")
    place = Location("one/Cargo.toml", 7, 1)
    maker.edge(one, two, EdgeKind.DEPENDS, place, certainty=Certainty.POSSIBLE, note="cfg(unix)")
    assert lines(maker.network)[1] == "└─ crate two 0.1.0  possible  one/Cargo.toml:7:1  [cfg(unix)]"


def test_the_summary_and_the_next_command(scheduler: Network) -> None:
    text = lines(prepare(scheduler, View()))
    assert text[-2] == "4 components, 4 crates, 4 bindings, 4 worlds, 11 interfaces, 1 host; 2 with an error"
    assert text[-1] == "next: wasmdoctor why scheduler:core-libs/wasi-network@0.1.0"


def test_a_name_that_a_shell_would_read_is_not_offered_as_a_command(maker) -> None:
    maker.interface("a:b/$(rm)", "error")
    assert "next:" not in render(maker.network, WIDE)


def test_nothing_is_said_to_be_nothing() -> None:
    assert render(Network(), WIDE) == "no components and no crates to show\n"


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_lines_fit_the_window(scheduler: Network, workspace: Network, width: int) -> None:
    for network in (scheduler, workspace):
        for line in lines(prepare(network, View()), Style(width=width)):
            if not line.startswith("next:"):
                assert len(line) <= width


def test_ascii_only_when_asked(scheduler: Network) -> None:
    assert render(prepare(scheduler, View()), Style(width=100, unicode=False)).isascii()


def test_colour_marks_findings(scheduler: Network) -> None:
    shown = prepare(scheduler, View())
    colored = render(shown, Style(width=140, color=True))
    assert "\x1b[1;31m" in colored
    assert "\x1b" not in render(shown, WIDE)


def test_a_chain_deeper_than_the_window_goes_on_below(maker) -> None:
    crates = [maker.crate(f"c{number}") for number in range(400)]
    for one, two in pairwise(crates):
        maker.edge(one, two, EdgeKind.DEPENDS)
    text = lines(maker.network, Style(width=60))
    assert sum("(below)" in line for line in text) > 30
    for number in range(400):
        assert any(f"crate c{number} " in line for line in text)
    assert max(depth(line) for line in text if "crate " in line) <= 12


def test_a_cycle_ends(maker) -> None:
    crates = [maker.crate(name) for name in ("one", "two", "three")]
    for one, two in zip(crates, [*crates[1:], crates[0]], strict=True):
        maker.edge(one, two, EdgeKind.DEPENDS)
    text = lines(maker.network)
    assert [line.split("crate ")[1].split()[0] for line in text if "crate " in line] == [
        "one",
        "two",
        "three",
        "one",
    ]


def test_every_node_is_named(workspace: Network) -> None:
    network = prepare(workspace, View(expand=True))
    text = render(network, WIDE)
    for node in network.nodes():
        if node.kind is not NodeKind.BINDING:
            assert network.facts(node).label in text


def test_every_kind_of_edge_has_its_place() -> None:
    assert set(_ORDER) == set(EdgeKind) - {EdgeKind.PROVIDES}
