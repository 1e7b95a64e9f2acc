"""The choices of a page, kept in the query string: a link reproduces the view.

Belongs here: reading and checking what the address says, widgets that write their value back to it.
Does not belong here: what a page offers to choose from, queries.

`Any` stands for what is Streamlit's: what a method takes as `more` goes to the widget as it is, and the session keeps
values of every type.

The address is the one truth: at each run a widget is set from it, and a change of the widget is written to it before the
next run. A value that cannot be used falls back to the default with a message, which says what was asked for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from orchestration.readers.dashboard.words import escaped

#: characters of a value repeated in a message
_SHOWN = 60
_WRITTEN = "headway.state"

#: where a widget stands: a column or container, or the page itself, for which the module `streamlit` has the same functions
Place = DeltaGenerator | ModuleType


class State:
    """Choices of one page. Names are those of the query string; `messages` says which values of the address cannot be used."""

    def __init__(self, page: str) -> None:
        self.page = page
        self.messages: list[str] = []
        self._names: dict[str, Callable[[Any], str | list[str]]] = {}
        st.session_state[_WRITTEN] = self._names

    # -- widgets -----------------------------------------------------------------------------------------------------

    def select(
        self, label: str, name: str, options: Sequence[str], default: str, *, where: Place = st, **more: Any
    ) -> str:
        """One of `options`, from a list that can be searched by typing."""
        self._set(name, self._one(name, options, default), str)
        return where.selectbox(label, options, key=self.key(name), on_change=self._keep, **more)

    def segments(
        self, label: str, name: str, options: Sequence[str], default: str, *, where: Place = st, **more: Any
    ) -> str:
        """One of a few `options`, all visible."""
        self._set(name, self._one(name, options, default), str)
        chosen = where.segmented_control(
            label, options, key=self.key(name), on_change=self._keep, required=True, **more
        )
        return chosen or default

    def several(
        self,
        label: str,
        name: str,
        options: Sequence[str],
        default: Sequence[str] = (),
        *,
        where: Place = st,
        **more: Any,
    ) -> list[str]:
        """Any number of `options`. To choose none of them is a choice, too, which the address keeps."""
        linked = st.query_params.get_all(name)
        known = [value for value in dict.fromkeys(linked) if value in options]
        for value in linked:
            if value and value not in options:
                self._refuse(name, value, "left out")
        self._set(name, known if linked else list(default), lambda chosen: list(chosen) or [""])
        return where.multiselect(label, options, key=self.key(name), on_change=self._keep, **more)

    def number(
        self, label: str, name: str, default: int, low: int, high: int, *, where: Place = st, **more: Any
    ) -> int:
        """A whole number from `low` to `high`."""
        text, value = st.query_params.get(name), default
        if text is not None:
            try:
                value = int(text)
            except ValueError:
                value = low - 1
            if not low <= value <= high:
                value = default
                self._refuse(name, text, f"a whole number from {low} to {high} is needed, showing {default}")
        self._set(name, value, str)
        return where.number_input(
            label, min_value=low, max_value=high, step=1, key=self.key(name), on_change=self._keep, **more
        )

    def day(
        self,
        label: str,
        name: str,
        default: dt.date | None,
        low: dt.date,
        high: dt.date,
        *,
        where: Place = st,
        **more: Any,
    ) -> dt.date | None:
        """A day from `low` to `high`, or none."""
        self._set(name, self._day(name, default, low, high), lambda day: day.isoformat() if day else "")
        return where.date_input(
            label,
            min_value=low,
            max_value=high,
            format="YYYY-MM-DD",
            key=self.key(name),
            on_change=self._keep,
            **more,
        )

    def slide(
        self,
        label: str,
        name: str,
        days: Sequence[dt.date],
        default: dt.date,
        *,
        where: Place = st,
        **more: Any,
    ) -> dt.date:
        """One of `days`, on a slider. A day of the address that lies between two of them stands for the earlier one."""
        linked = self._day(name, default, dt.date(1900, 1, 1), dt.date(2999, 12, 31)) or default
        value = max((day for day in days if day <= linked), default=days[0])
        self._set(name, value, lambda day: day.isoformat())
        return where.select_slider(
            label,
            days,
            key=self.key(name),
            on_change=self._keep,
            format_func=lambda day: f"{day:%Y-%m-%d}",
            **more,
        )

    def text(
        self, label: str, name: str, default: str = "", *, limit: int = 100, where: Place = st, **more: Any
    ) -> str:
        """Words of the reader, cut at `limit` characters."""
        self._set(name, st.query_params.get(name, default)[:limit], str)
        return where.text_input(
            label, max_chars=limit, key=self.key(name), on_change=self._keep, **more
        ).strip()

    def switch(self, label: str, name: str, default: bool, *, where: Place = st, **more: Any) -> bool:
        """Yes or no; written as 1 or 0."""
        text, value = st.query_params.get(name), default
        if text in ("0", "1"):
            value = text == "1"
        elif text is not None:
            self._refuse(name, text, "0 or 1 is needed")
        self._set(name, value, lambda on: "1" if on else "0")
        return where.toggle(label, key=self.key(name), on_change=self._keep, **more)

    # -- address -----------------------------------------------------------------------------------------------------

    def key(self, name: str) -> str:
        """The key of a widget: its element has the CSS class `st-key-<page>-<name>`."""
        return f"{self.page}-{name}"

    def put(self, **values: str) -> None:
        """Write values to the address from a callback of the page, with what the other widgets show now."""
        self._keep()
        for name, value in values.items():
            st.query_params[name] = value

    def tell(self) -> None:
        """Show which values of the address cannot be used. A page calls it above everything else."""
        if self.messages:
            st.warning("\n\n".join(self.messages), icon=":material/link_off:")

    def _set(self, name: str, value: Any, written: Callable[[Any], str | list[str]]) -> None:
        self._names[name] = written
        st.session_state[self.key(name)] = value

    def _keep(self) -> None:
        """Write every choice of the page to the address, so that it does not depend on defaults of a later release."""
        for name, written in st.session_state[_WRITTEN].items():
            key = self.key(name)
            if key in st.session_state:
                value = st.session_state[key]
                st.query_params[name] = "" if value is None else written(value)

    def _one(self, name: str, options: Sequence[str], default: str) -> str:
        linked = st.query_params.get(name)
        if linked is None or linked in options:
            return linked or default
        folded = linked.strip().lower().replace("-", "_")
        for option in options:  # a hand-written link forgives case and - for _, as the command line does
            if option.lower().replace("-", "_") == folded:
                return option
        self._refuse(name, linked, f"showing {escaped(str(default))}")
        return default

    def _day(self, name: str, default: dt.date | None, low: dt.date, high: dt.date) -> dt.date | None:
        text = st.query_params.get(name)
        if text is None:
            return default
        if not text:
            return None
        try:
            value = dt.date.fromisoformat(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            shown = default.isoformat() if default else "no date"
            self._refuse(name, text, f"a day from {low} to {high} is needed, showing {shown}")
            return default
        return value

    def _refuse(self, name: str, value: str, instead: str) -> None:
        cut = value if len(value) <= _SHOWN else value[:_SHOWN] + "…"
        self.messages.append(f"The link asked for {name} “{escaped(cut)}”, which cannot be shown: {instead}.")
