"""Walks over calls: paths, reachability, and what is needed; against a second, plain implementation too."""

from __future__ import annotations

import tracemalloc
from array import array

import networkx as nx
import pytest
from calls.calls_support import component, export, imported, module
from hypothesis import given, settings
from hypothesis import strategies as st
from pace import within

from wasmdoctor.graph.calls import (
    CallGraph,
    CallPath,
    needed,
    reached_functions,
    reached_imports,
    strongest,
)
from wasmdoctor.model.calls import ComponentCode, FunctionId, Root, RootKind
from wasmdoctor.model.finding import ReachedBy

GET, PUT = "acme:store/kv", "acme:store/log"


def shown(path: CallPath) -> str:
    """``run: 0.3 > 0.2 ~ 0.0``; ``~`` leads over a table."""
    text = f"{path.root.name}:"
    for number, step in enumerate(path.steps):
        arrow = "" if not number else " ~" if step.possible else " >"
        text += f"{arrow} {step.at[0]}.{step.at[1]}"
    return text


def paths(code: ComponentCode, name: str = GET) -> list[str]:
    targets = [each for each in code.imports if each.name == name]
    return [shown(path) for path in CallGraph(code).paths(targets)]


def test_the_shortest_path_from_each_export_that_reaches_the_import() -> None:
    # 0 is imported; 1 calls it; 2 calls 3 and 1; 3 calls 2 (a cycle); 4 calls nothing.
    code = component(
        [module(1, [[0], [3, 1], [2], []])],
        [export("run", (0, 3)), export("call", (0, 1)), export("idle", (0, 4))],
        [imported(GET, "get", (0, 0))],
    )
    assert paths(code) == ["run: 0.3 > 0.2 > 0.1 > 0.0", "call: 0.1 > 0.0"]
    assert paths(code, "no:such/import") == []


def test_a_table_call_is_possible_and_comes_last() -> None:
    # 1 calls through the table; 2 (in it) calls the import; 3 calls 1, or the long way round over 4, 5 and 2.
    direct = module(1, [[], [0], [1, 4], [5], [2]], table_calls={0: ["()"]}, table=[2, 4])
    code = component(
        [direct], [export("run", (0, 3)), export("other", (0, 1))], [imported(GET, "get", (0, 0))]
    )
    assert paths(code) == ["run: 0.3 > 0.4 > 0.5 > 0.2 > 0.0", "other: 0.1 ~ 0.2 > 0.0"]
    assert [path.possible for path in CallGraph(code).paths(code.imports)] == [False, True]


def test_only_functions_of_the_tables_with_the_calls_signature_count() -> None:
    for signature, found in (("(i32)", ["run: 0.1 ~ 0.2 > 0.0"]), ("(i64)", [])):
        code = component(
            [module(1, [[], [0]], table_calls={0: [signature]}, table=[2], signatures={2: "(i32)"})],
            [export("run", (0, 1))],
            [imported(GET, "get", (0, 0))],
        )
        assert paths(code) == found


def test_a_reference_that_is_taken_may_be_called() -> None:
    code = component(
        [module(1, [[], [0]], references={0: (2,)})],
        [export("run", (0, 1))],
        [imported(GET, "get", (0, 0))],
    )
    assert paths(code) == ["run: 0.1 ~ 0.2 > 0.0"]


def test_an_import_can_itself_be_in_the_table() -> None:
    code = component(
        [module(1, [[]], table_calls={0: ["()"]}, table=[0])],
        [export("run", (0, 1))],
        [imported(GET, "get", (0, 0))],
    )
    assert paths(code) == ["run: 0.1 ~ 0.0"]


def test_a_path_goes_on_in_the_module_that_answers_an_import() -> None:
    code = component(
        [module(1, [[0]]), module(1, [[0]])],
        [export("run", (0, 1))],
        [imported(GET, "get", (1, 0))],
        links={(0, 0): ((1, 1),)},
    )
    assert paths(code) == ["run: 0.1 > 0.0 > 1.1 > 1.0"]
    perhaps = component(code.modules, code.roots, code.imports, links_possible={(0, 0): ((1, 1),)})
    assert paths(perhaps) == ["run: 0.1 > 0.0 ~ 1.1 > 1.0"]


def test_every_function_that_calls_the_import_has_a_path_of_its_own() -> None:
    code = component(
        [module(1, [[0], [0], [1, 2, 0]], table_calls={2: ["()"]}, table=[0])],
        [export("run", (0, 3))],
        [imported(GET, "get", (0, 0))],
    )
    graph = CallGraph(code)
    found = [shown(path) for path in graph.paths_by_caller(code.imports[0], most=9)]
    assert found == [
        "run: 0.3 > 0.1 > 0.0",
        "run: 0.3 > 0.2 > 0.0",
        "run: 0.3 > 0.0",
        "run: 0.3 ~ 0.0",
    ]
    assert [shown(path) for path in graph.paths_by_caller(code.imports[0], most=2)] == found[:2]


def test_what_decides_about_an_import() -> None:
    # run surely calls get; parse (leaked) calls put; run may call drop by a table; nothing calls stat.
    code = component(
        [module(5, [[0], [1], [2], [4]], table_calls={0: ["()"]}, table=[7])],
        [
            export("run", (0, 5)),
            export("lib:x/parse", (0, 6), "parse"),
            Root(RootKind.START, "", "", (0, 8)),
        ],
        [
            imported(GET, "get", (0, 0)),
            imported(PUT, "put", (0, 1)),
            imported(GET, "drop", (0, 2)),
            imported(PUT, "stat", (0, 3)),
            imported("acme:store/clock", "now", (0, 4)),
        ],
    )
    assert reached_functions(CallGraph(code), {"lib:x/parse"}) == {
        (GET, "get"): ReachedBy.OWN_EXPORTS,
        (PUT, "put"): ReachedBy.LEAKED_EXPORTS,
        (GET, "drop"): ReachedBy.TABLE,
        (PUT, "stat"): ReachedBy.NOTHING,
        ("acme:store/clock", "now"): ReachedBy.OWN_EXPORTS,
    }
    assert reached_imports(reached_functions(CallGraph(code), {"lib:x/parse"})) == {
        GET: ReachedBy.OWN_EXPORTS,
        PUT: ReachedBy.LEAKED_EXPORTS,
        "acme:store/clock": ReachedBy.OWN_EXPORTS,
    }
    assert reached_functions(CallGraph(code))[PUT, "put"] is ReachedBy.OWN_EXPORTS
    assert needed(code, {"run"}, GET) == {"get": True, "drop": True}
    assert needed(code, {"run"}, PUT) == {"put": False, "stat": False}
    assert strongest([]) is ReachedBy.UNKNOWN


def test_numbers_that_no_module_has_are_passed_over() -> None:
    code = component(
        [module(1, [[0, 99], [7]], table_calls={0: ["()"], 50: ["()"]}, table=[0, 400])],
        [export("run", (0, 1)), export("gone", (0, 77)), export("far", (9, 0))],
        [imported(GET, "get", (0, 0)), imported(PUT, "put", (5, 5))],
        links={(4, 4): ((0, 1),), (0, 0): ((8, 8),)},
        links_possible={(0, 0): ((3, 3),)},
    )
    assert paths(code) == ["run: 0.1 > 0.0"]
    assert paths(code, PUT) == []
    assert reached_imports(reached_functions(CallGraph(code)))[PUT] is ReachedBy.NOTHING


# -- against networkx


@st.composite
def codes(draw: st.DrawFn) -> ComponentCode:
    modules = []
    for _ in range(draw(st.integers(1, 3))):
        imports = draw(st.integers(0, 3))
        defined = draw(st.integers(1, 6))
        function = st.integers(0, imports + defined - 1)
        calls = draw(
            st.lists(st.lists(function, max_size=3, unique=True), min_size=defined, max_size=defined)
        )
        signature = st.sampled_from(["()", "(i32)"])
        modules.append(
            module(
                imports,
                calls,
                table_calls=draw(
                    st.dictionaries(st.integers(0, defined - 1), st.lists(signature, max_size=2), max_size=3)
                ),
                table=draw(st.lists(function, max_size=3)),
                references=draw(
                    st.dictionaries(
                        st.integers(0, defined - 1), st.lists(function, max_size=2).map(tuple), max_size=2
                    )
                ),
                signatures=draw(st.dictionaries(function, signature, max_size=4)),
            )
        )
    places = [(m, f) for m, each in enumerate(modules) for f in range(each.count)]
    stubs = [(m, f) for m, each in enumerate(modules) for f in range(len(each.imports))]
    some = st.lists(st.sampled_from(places), max_size=2).map(tuple)
    links = st.dictionaries(st.sampled_from(stubs), some, max_size=3) if stubs else st.just({})
    roots = draw(st.lists(st.sampled_from(places), min_size=1, max_size=3))
    targets = draw(st.lists(st.sampled_from(stubs), max_size=3, unique=True)) if stubs else []
    return component(
        modules,
        [export(f"e{number}", at) for number, at in enumerate(roots)],
        [imported("i", str(number), at) for number, at in enumerate(targets)],
        draw(links),
        draw(links),
    )


def plain_edges(code: ComponentCode) -> dict[tuple[FunctionId, FunctionId], int]:
    """All edges with their cost: 0 for a certain call, 1 for a possible one, as the record itself has them."""
    edges: dict[tuple[FunctionId, FunctionId], int] = {}
    for index, each in enumerate(code.modules):
        for function in range(each.count):
            certain, possible = code.callees((index, function))
            edges.update({((index, function), other): 1 for other in possible})
            edges.update({((index, function), other): 0 for other in certain})
    return edges


@settings(max_examples=100, deadline=None)
@given(codes())
def test_as_a_plain_graph_has_it(code: ComponentCode) -> None:
    edges = plain_edges(code)
    graph: nx.DiGraph[FunctionId] = nx.DiGraph()
    graph.add_nodes_from((m, f) for m, each in enumerate(code.modules) for f in range(each.count))
    graph.add_edges_from(edges)
    sure: nx.DiGraph[FunctionId] = nx.DiGraph()
    sure.add_nodes_from(graph)
    sure.add_edges_from(edge for edge, cost in edges.items() if not cost)
    calls = CallGraph(code)
    for root in code.roots:
        for possible, plain in ((False, sure), (True, graph)):
            reached = calls.reached([root], possible=possible)
            expected = {root.at} | nx.descendants(plain, root.at)
            assert {node for node in graph if node in reached} == expected
        for target in code.imports:
            found = list(calls.paths([target], [root]))
            assert bool(found) == any(nx.has_path(graph, root.at, at) for at in target.at)
            for path in found:
                assert path.steps[0].at == root.at
                assert path.steps[-1].at in target.at
                cost = 0
                for one, two in zip(path.steps, path.steps[1:], strict=False):
                    cost += edges[one.at, two.at]
                    assert two.possible == bool(edges[one.at, two.at])
                certain = [at for at in target.at if nx.has_path(sure, root.at, at)]
                assert path.possible == (not certain)
                if certain:
                    assert len(path.steps) - 1 == nx.shortest_path_length(sure, root.at, certain[0])
                else:
                    costs = nx.DiGraph()
                    costs.add_weighted_edges_from((a, b, c) for (a, b), c in edges.items())
                    assert cost == nx.dijkstra_path_length(costs, root.at, target.at[0])


# -- size


@pytest.mark.parametrize("shape", ["chain", "star", "table"])
def test_hundreds_of_thousands_of_functions(shape: str) -> None:
    """Within seconds, and without recursion."""
    count = 300_000
    empty: array[int] = array("I")
    rows: list[array[int]]
    if shape == "chain":
        rows = [array("I", [index]) for index in range(count)]  # each calls the one before it
    else:
        rows = [array("I", [0]), *[empty] * (count - 2), array("I", range(1, 200_000))]
    table = range(1, count) if shape == "table" else ()
    code = component(
        [module(1, rows, table_calls={number: ["()"] for number in range(0, len(table), 10)}, table=table)],
        [export("run", (0, count))],
        [imported(GET, "get", (0, 0))],
    )
    with within(10):  # 1 to 2 s when the machine has nothing else to do
        [path] = CallGraph(code).paths(code.imports)
    assert len(path.steps) == (count + 1 if shape == "chain" else 3)


def test_a_graph_takes_few_bytes_for_each_function() -> None:
    count = 20_000
    rows = [array("I", [index]) for index in range(count)]
    code = component([module(1, rows)], [export("run", (0, 9))], [imported(GET, "get", (0, 0))])
    tracemalloc.start()
    list(CallGraph(code).paths(code.imports))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * count, f"{peak / count:.0f} bytes for each function"


def test_roots_can_be_chosen() -> None:
    code = component(
        [module(1, [[0], [0]])],
        [export("run", (0, 1)), Root(RootKind.START, "", "", (0, 2))],
        [imported(GET, "get", (0, 0))],
    )
    graph = CallGraph(code)
    assert [shown(path) for path in graph.paths(code.imports, code.roots[1:])] == [": 0.2 > 0.0"]
