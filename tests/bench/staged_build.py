"""One build in a process of its own, which says as JSON how long each of its stages took.

Belongs here: the call, the moments at which stages begin. Does not belong here: limits, comparison (bench_budget.py).

    python -m tests.bench.staged_build HOME
"""

from __future__ import annotations

import json
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
    """Build in `home`; print seconds by stage, seconds in all, CPU seconds and the peak of memory in kB."""
    from orchestration.base.progress import listening
    from orchestration.base.settings import Settings
    from orchestration.operations.build import run_build

    marks: list[tuple[str, float]] = [("start: imports, Dagster", _STARTED)]

    def listen(stage: str, _detail: str, _done: int | None, total: int | None) -> None:
        name = _STAGES["parse" if stage == "transform" and total is None else stage]
        if marks[-1][0] != name:
            marks.append((name, time.perf_counter()))

    with listening(listen):
        run_build(Settings.load(home))
    ended = time.perf_counter()
    moments = [moment for _, moment in marks] + [ended]
    stages: dict[str, float] = {}
    for (name, since), until in zip(marks, moments[1:], strict=True):
        stages[name] = stages.get(name, 0.0) + until - since
    print(
        json.dumps(
            {
                "stages": stages,
                "seconds": ended - _STARTED,
                "cpu": time.process_time(),
                "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
