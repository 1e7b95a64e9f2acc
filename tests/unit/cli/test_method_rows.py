"""The table of methods: a size in its own unit, a range only where there is one, and always how often the method errs."""

from __future__ import annotations

from orchestration.cli.method_rows import method_rows
from orchestration.readers.comparison.method_result import MethodResult


def test_every_method_has_its_rate_of_false_alarms_or_says_that_nobody_measured_it() -> None:
    measured = MethodResult(
        "before_after", difference=0.0922, scale="log", lower=-0.02, upper=0.2, rank=0.46123,
        false_alarm_rate=0.075, nominal_rate=0.05, n_pseudo_events=118, verdict="within_usual_range",
    )  # fmt: skip
    unmeasured = MethodResult("synthetic_control", "partners", difference=-3.5, scale="level")
    silent = MethodResult("change_point", note="no row for this event")
    first, second, third = method_rows([measured, unmeasured, silent])
    assert (first["method"], first["differs by"], first["rank"]) == ("before after", "+9.66 %", 0.4612)
    assert first["false alarms"].startswith("7.5 % of 118 dates") and "5 %" in first["false alarms"]
    assert " to " in first["95 % range"] and first["verdict"]
    assert (second["method"], second["false alarms"]) == ("synthetic control (partners)", "not measured")
    assert second["differs by"].startswith("-3.5") and second["95 % range"] == ""
    assert (third["differs by"], third["false alarms"], third["note"]) == ("", "", "no row for this event")
