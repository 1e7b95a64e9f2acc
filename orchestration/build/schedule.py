"""Which of the models that could be made next dbt makes first: the one behind which the longest chain of others waits.

Belongs here: the order in dbt's queue. Does not belong here: how many threads dbt has (profiles.yml), what a build runs (dbt_runner.py).

dbt takes them by how deep they lie, and by name where they lie equally deep: int_counterfactual (13 s, of which few models read)
went before int_cut_statistics, behind which twelve models wait one for the other up to the answers, so that at the end one thread
worked alone for half a minute. With the measured times of 261 models on two threads this order ends 3 to 4 s of 80 earlier, and one that
knows the seconds of each model only half a second earlier than this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from graphlib import TopologicalSorter
from typing import Any


def scores(graph: Any) -> dict[str, int]:
    """The score of each node of a directed graph without circles (networkx), of which the lowest goes first: less the number of nodes
    of the longest chain that begins with it."""
    chain: dict[str, int] = {}
    order = TopologicalSorter({node: list(graph.successors(node)) for node in graph})
    for node in order.static_order():  # what waits for a node comes before it
        chain[node] = 1 + max((chain[waiting] for waiting in graph.successors(node)), default=0)
    return {node: -length for node, length in chain.items()}


@contextmanager
def longest_chain_first() -> Iterator[None]:
    """Inside the block, dbt's queues take nodes by `scores`. dbt has no setting for it; without the method that is replaced here, which
    another version might not have, everything is made in dbt's own order."""
    from dbt.graph.queue import GraphQueue

    name = "_get_scores"
    own = vars(GraphQueue).get(name)
    if own is None:
        yield
        return
    setattr(GraphQueue, name, lambda queue, graph: scores(graph))
    try:
        yield
    finally:
        setattr(GraphQueue, name, own)
