"""One build in a process of its own, which says as JSON how long each of its stages took.

Belongs here: the call, the moments at which stages begin. Does not belong here: limits, comparison (bench_budget.py).

    python -m tests.bench.staged_build HOME
"""

from __future__ import annotations

import itertools
import json
import os
import resource
import sys
import time

_STARTED = time.perf_counter()

#: what the build says it is at -> a stage of the table
_STAGES = {
    "load": "figures into the store",
    "parse": "reading the dbt project",
    "transform": "seeds and models",
    "check": "data tests",
    "release": "release",
}


def main(home: str) -> None:
    """Build in `home`; print seconds and CPU seconds by stage and in all, and the peak of memory in kB.

    CPU seconds are of this process and its children: they hold on a machine that others use, wall time does not.
    """
    from orchestration.base.progress import listening
    from orchestration.base.settings import Settings
    from orchestration.operations.build import run_build

    marks: list[tuple[str, float, float]] = [("start: imports, Dagster", _STARTED, 0.0)]

    def listen(stage: str, _detail: str, _done: int | None, total: int | None) -> None:
        name = _STAGES["parse" if stage == "transform" and total is None else stage]
        if marks[-1][0] != name:
            marks.append((name, time.perf_counter(), cpu_seconds()))

    with listening(listen):
        run_build(Settings.load(home))
    marks.append(("end", time.perf_counter(), cpu_seconds()))
    stages: dict[str, float] = {}
    cpu: dict[str, float] = {}
    for (name, since, spent), (_, until, then) in itertools.pairwise(marks):
        stages[name] = stages.get(name, 0.0) + until - since
        cpu[name] = cpu.get(name, 0.0) + then - spent
    _, ended, spent_in_all = marks[-1]
    print(
        json.dumps(
            {
                "stages": stages,
                "cpu_stages": cpu,
                "seconds": ended - _STARTED,
                "cpu": spent_in_all,
                "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            }
        )
    )


def cpu_seconds() -> float:
    """Processor time of this process and of its ended children so far."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main(sys.argv[1])
