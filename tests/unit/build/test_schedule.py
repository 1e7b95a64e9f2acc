"""The order in which dbt's queue gives models out: the longest chain of waiting ones first."""

from __future__ import annotations

from types import SimpleNamespace

from dbt.graph.queue import GraphQueue, nx

from orchestration.build.schedule import longest_chain_first, scores

#: a short branch whose name comes first, and a long one
EDGES = [("start", "a"), ("start", "b"), ("b", "c"), ("c", "d"), ("a", "end"), ("d", "end")]


def given_out(graph: nx.DiGraph) -> list[str]:
    """All nodes in the order in which a queue of dbt gives them to one thread."""
    queue = GraphQueue(graph.copy(), SimpleNamespace(expect=lambda node: node), set(graph))
    order = []
    while not queue.empty():
        node = queue.get()
        order.append(node)
        queue.mark_done(node)
    return order


def test_the_longest_chain_goes_first():
    """In dbt's own order the short branch goes before the long one that the build waits for at the end. A version of dbt without the
    method that is replaced shows here; afterwards dbt's own order is back."""
    graph = nx.DiGraph(EDGES)
    theirs = given_out(graph)
    with longest_chain_first():
        ours = given_out(graph)
    assert theirs == ["start", "a", "b", "c", "d", "end"]
    assert ours == ["start", "b", "c", "a", "d", "end"]
    assert given_out(graph) == theirs


def test_what_is_read_scores_before_its_reader():
    """The chain behind a node holds that behind each of its readers, and one more."""
    graph = nx.DiGraph(EDGES)
    found = scores(graph)
    assert all(found[first] < found[then] for first, then in graph.edges)
    assert found["start"] == -5 and found["end"] == -1
