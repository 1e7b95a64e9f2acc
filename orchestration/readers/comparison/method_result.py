"""One method's answer about one event and series, and how its size, range and rate of false alarms are written.

Belongs here: the shape that every method's row is read into, and its texts, which the command line and the dashboard
share. Does not belong here: which methods there are (methods.py), asking a release for them (answers.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from orchestration.readers.wording import number, percent, share


@dataclass(frozen=True)
class Rates:
    """How often a method errs where nothing happened; None where nobody measured it.

    false_alarm_rate: measured share of dates without an event at which the method would have spoken up; nominal_rate:
    the share it promises; n_pseudo_events: the dates it was measured at.
    """

    false_alarm_rate: float | None = None
    nominal_rate: float | None = None
    n_pseudo_events: int | None = None


@dataclass(frozen=True)
class MethodResult:
    """One method's answer.

    method: a name of METHODS; variant: with what (control set, donor pool or model); difference: log points when scale
    is log, else units of the series; lower, upper: its 95 % range where the method has a calibrated one; rank: placebo
    rank, the smaller the more unusual; false_alarm_rate, nominal_rate, n_pseudo_events: as in Rates; verdict: of the
    closed list; note: what a reader must know beside the number, or why there is none.
    """

    method: str
    variant: str | None = None
    difference: float | None = None
    scale: str | None = None
    lower: float | None = None
    upper: float | None = None
    rank: float | None = None
    false_alarm_rate: float | None = None
    nominal_rate: float | None = None
    n_pseudo_events: int | None = None
    verdict: str | None = None
    note: str | None = None

    def with_rates(self, measured: Rates) -> MethodResult:
        """The same with the rates that were measured for the method; those that its own row states stay."""
        return replace(
            self,
            false_alarm_rate=measured.false_alarm_rate
            if self.false_alarm_rate is None
            else self.false_alarm_rate,
            nominal_rate=measured.nominal_rate if self.nominal_rate is None else self.nominal_rate,
            n_pseudo_events=measured.n_pseudo_events
            if self.n_pseudo_events is None
            else self.n_pseudo_events,
        )

    @property
    def difference_text(self) -> str:
        """'+9.66 %' on the log scale, else a number with its sign; empty where there is no difference."""
        return "" if self.difference is None else self._size(self.difference)

    @property
    def range_text(self) -> str:
        """'-3.10 % to +4.20 %'; empty where the method has no calibrated range."""
        if self.lower is None or self.upper is None:
            return ""
        return f"{self._size(self.lower)} to {self._size(self.upper)}"

    @property
    def false_alarm_text(self) -> str:
        """'7.5 % of 118 dates'; empty where nothing was measured."""
        if self.false_alarm_rate is None:
            return ""
        dates = f" of {self.n_pseudo_events} dates" if self.n_pseudo_events else ""
        return f"{share(self.false_alarm_rate)}{dates}"

    def _size(self, value: float) -> str:
        return percent(value) if self.scale == "log" else number(value, sign=True)
