"""Vintages: every date is answered as if all vintages were stored in full, in whatever order they come."""

from __future__ import annotations

from datetime import datetime

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.store import vintages
from orchestration.store.loading import load
from orchestration.store.tables import DDL
from tests.support.examples import examples
from tests.support.parsed import flows, month, observations, payload_of
from tests.support.store_case import APR, FEB, JAN, MAR, WITHDRAWN, current, series, values
from transforms.schema import OBSERVATION, TRADE_FLOW, Parsed, Table


@pytest.fixture
def con():
    with duckdb.connect() as con:
        con.execute(DDL)
        yield con


def known(con: duckdb.DuckDBPyConnection, table: Table, at: datetime) -> dict[tuple, tuple | str]:
    """What the store says was known at a moment, by key; a withdrawn key stays visible as such."""
    key, values = ", ".join(table.key), ", ".join(table.values)
    found = con.execute(
        f"""SELECT {key}, {values}, status FROM raw.{table.name} WHERE known_from <= ?
            QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY known_from DESC, load_id DESC) = 1""",
        [at],
    ).fetchall()
    n = len(table.key)
    return {r[:n]: (WITHDRAWN if r[-1] == WITHDRAWN else r[n:]) for r in found}


class FullStore:
    """The model: keeps every vintage of every payload in full and answers by looking through all of them."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.vintages: list[tuple[datetime, int, bool, tuple, dict[tuple, tuple]]] = []
        self.seen: set[str] = set()

    def load(self, name: str, parsed: Parsed) -> None:
        if name in self.seen:
            return
        self.seen.add(name)
        by_slice: dict[tuple, dict[tuple, tuple]] = {}
        for row in parsed.frame.iter_rows(named=True):
            vintage = (row["known_from"], *(row[c] for c in self.table.slice))
            shown = by_slice.setdefault(vintage, {})
            shown[tuple(row[c] for c in self.table.key)] = (
                *(row[c] for c in self.table.values),
                row["status"],
            )
        for (known_from, *slice_), shown in by_slice.items():
            self.vintages.append((known_from, len(self.seen), parsed.complete, tuple(slice_), shown))

    def known(self, at: datetime) -> dict[tuple, tuple | str]:
        state: dict[tuple, tuple | str] = {}
        for known_from, _, complete, slice_, shown in sorted(self.vintages, key=lambda v: v[:2]):
            if known_from > at:
                break
            periods = {key[-1] for key in shown}
            for key in list(state):
                same_slice = tuple(key[self.table.key.index(c)] for c in self.table.slice) == slice_
                said = (
                    min(periods) <= key[-1] <= max(periods)
                    if self.table
                    is OBSERVATION  # one cell a period: all of them between the first and the last
                    else key[-1] in periods  # many cells a period: all cells of the periods shown
                )
                if complete and same_slice and said and key not in shown:
                    state[key] = WITHDRAWN
            state.update(shown)
        return state


MOMENTS = (JAN, FEB, MAR, APR)
#: a window of months with holes: what agencies send, and where complete and partial vintages differ
WINDOW = st.sampled_from(
    [[0, 1, 2, 3], [0, 1, 2], [1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 3], [1, 3], [2], [1, 2]]
)


#: Many at a time: a load takes its time for its statements and hardly any for its rows, and series, like partners, have no part
#: in each other.
SERIES, PARTNERS = "abcdefgh", ("1220", "2010", "5700", "5880", "4120", "4280")


@st.composite
def observation_payloads(draw) -> list[Parsed]:
    """Up to six payloads of one to three vintages over some of eight series and four months, some complete."""
    value = st.sampled_from([1.0, 2.0, None])
    return [
        observations(
            [
                (series, month(number), draw(value), known_from)
                for known_from in draw(st.sets(st.sampled_from(MOMENTS), min_size=1, max_size=3))
                for series in draw(st.sets(st.sampled_from(SERIES), min_size=4))
                for number in draw(WINDOW)
            ],
            complete=draw(st.booleans()),
        )
        for _ in range(draw(st.integers(3, 6)))
    ]


@st.composite
def flow_payloads(draw) -> list[Parsed]:
    """The same for six partners and two chapters."""
    cells = st.sets(st.sampled_from(["84", "87"]), min_size=1)
    return [
        flows(
            [
                (partner, product, month(number), draw(st.sampled_from([1, 2])), known_from)
                for known_from in draw(st.sets(st.sampled_from(MOMENTS), min_size=1, max_size=2))
                for partner in draw(st.sets(st.sampled_from(PARTNERS), min_size=3))
                for number in draw(WINDOW)
                for product in draw(cells)
            ],
            complete=draw(st.booleans()),
        )
        for _ in range(draw(st.integers(3, 6)))
    ]


def check_against_full_store(table: Table, payloads: list[Parsed], data: st.DataObject) -> None:
    """Load the payloads in any order, some of them again, and compare with the full store after each."""
    arrivals = data.draw(st.permutations(range(len(payloads))))
    arrivals += data.draw(st.lists(st.sampled_from(arrivals), max_size=2))
    full = FullStore(table)
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute(DDL)
        for number in arrivals:
            payload, parsed = payload_of(str(number)), payloads[number]
            before = con.execute(f"SELECT count(*) FROM raw.{table.name}").fetchone()[0]
            account = load(con, payload, parsed)
            after = con.execute(f"SELECT count(*) FROM raw.{table.name}").fetchone()[0]
            full.load(str(number), parsed)
            assert account.rows_in == parsed.frame.height
            assert account.rows_in == account.rows_appended + account.rows_unchanged + account.rows_rejected
            assert after - before == account.rows_appended + account.rows_withdrawn + account.rows_reinstated
            assert account.rows_revised <= account.rows_appended
            for at in MOMENTS:
                assert known(con, table, at) == full.known(at)
            assert current(con, table) == full.known(APR)


SLOW = examples(6, shrink=False)


@pytest.mark.slow
@SLOW
@given(observation_payloads(), st.data())
def test_every_date_answers_as_if_all_vintages_of_series_were_stored_in_full(payloads, data):
    """A change-only store that loses, misplaces or invents knowledge, whatever the order of arrival."""
    check_against_full_store(OBSERVATION, payloads, data)


@pytest.mark.slow
@SLOW
@given(flow_payloads(), st.data())
def test_every_date_answers_as_if_all_vintages_of_flows_were_stored_in_full(payloads, data):
    check_against_full_store(TRADE_FLOW, payloads, data)


def test_a_vintage_bundle_stores_each_revision_once(con):
    """Bundled figures hold many vintages of a key; the repetitions among them are not revisions."""
    rows = [("a", month(0), v, k) for v, k in ((1.0, JAN), (1.0, FEB), (2.0, MAR), (1.0, APR))]
    account = load(con, payload_of("1"), observations(rows))
    assert (account.rows_appended, account.rows_unchanged, account.rows_revised) == (3, 1, 2)
    assert values(con) == [(0, 1.0, JAN), (0, 2.0, MAR), (0, 1.0, APR)]


def test_a_missing_month_is_withdrawn_only_if_the_payload_is_complete(con):
    """A partial download taken for a withdrawal, and a withdrawn value that stays."""
    load(con, payload_of("1"), series([(0, 1.0), (1, 2.0), (2, 3.0)], JAN))
    partial = load(con, payload_of("2"), series([(0, 1.0), (2, 3.0)], FEB))
    assert not partial.changed
    whole = load(con, payload_of("3"), series([(0, 1.0), (2, 3.0)], MAR, complete=True))
    assert (whole.rows_in, whole.rows_unchanged, whole.rows_withdrawn) == (2, 2, 1)
    assert values(con)[1:3] == [(1, 2.0, JAN), (1, WITHDRAWN, MAR)]
    back = load(con, payload_of("4"), series([(1, 2.0)], APR))
    assert (back.rows_appended, back.rows_revised) == (1, 0)
    assert current(con, OBSERVATION)["a", month(1)] == (2.0, "normal")


def test_what_lies_outside_the_span_of_a_complete_payload_stays(con):
    """A payload of the last ten years must not withdraw the years before."""
    load(con, payload_of("1"), series([(n, float(n)) for n in range(6)], JAN))
    account = load(con, payload_of("2"), series([(2, 2.0), (4, 4.0)], FEB, complete=True))
    assert account.rows_withdrawn == 1
    assert {k[1].month - 1 for k, v in current(con, OBSERVATION).items() if v == WITHDRAWN} == {3}


def test_absent_cells_of_a_flow_are_withdrawn_in_the_months_that_are_there(con):
    """A complete month of flows says which cells are not there; it says nothing of other months or partners."""
    load(
        con,
        payload_of("1"),
        flows([(p, c, month(n), 1, JAN) for p in ("1220", "2010") for c in ("84", "87") for n in range(3)]),
    )
    account = load(
        con,
        payload_of("2"),
        flows([("1220", "84", month(0), 1, FEB), ("1220", "84", month(2), 1, FEB)], complete=True),
    )
    assert (account.rows_unchanged, account.rows_withdrawn) == (2, 2)
    gone = [(k[1], k[6], k[7]) for k, v in current(con, TRADE_FLOW).items() if v == WITHDRAWN]
    assert sorted(gone) == [("1220", "87", month(0)), ("1220", "87", month(2))]
    assert con.execute(
        "SELECT DISTINCT source_id FROM raw.trade_flow WHERE status = 'withdrawn'"
    ).fetchall() == [("census",)]


def test_a_late_older_vintage_is_filed_in_its_place(con):
    """An old file found later must not become the latest value, and must not hide that the value came back."""
    load(con, payload_of("1"), series([(0, 1.0)], JAN))
    load(con, payload_of("3"), series([(0, 1.0)], MAR))  # stores nothing: the value was known
    account = load(con, payload_of("2"), series([(0, 2.0)], FEB))
    assert (account.rows_appended, account.rows_reinstated) == (1, 1)
    assert values(con) == [(0, 1.0, JAN), (0, 2.0, FEB), (0, 1.0, MAR)]
    assert current(con, OBSERVATION) == {("a", month(0)): (1.0, "normal")}
    row = con.execute("SELECT payload_id FROM raw.observation WHERE known_from = ?", [MAR]).fetchone()
    assert row == ("test:test:3",), "the row must be traced to the bytes that showed the value again"


def test_a_late_vintage_does_not_outlive_a_complete_one_that_lacked_the_month(con):
    """A month first seen in an old vintage that arrives late was already gone from the vintage after it."""
    load(con, payload_of("2"), series([(0, 1.0), (2, 1.0)], FEB, complete=True))
    account = load(con, payload_of("1"), series([(1, 5.0)], JAN))
    assert (account.rows_appended, account.rows_withdrawn, account.rows_reinstated) == (1, 0, 1)
    assert values(con)[1:3] == [(1, 5.0, JAN), (1, WITHDRAWN, FEB)]


def test_completeness_learned_later_counts(con):
    """A vintage first loaded in part and then whole, with the same months: only the second says what is not there."""
    shown = [(0, 1.0), (2, 1.0)]
    load(con, payload_of("2"), series(shown, FEB))
    load(con, payload_of("3"), series(shown, FEB, complete=True))
    load(con, payload_of("1"), series([(1, 5.0)], JAN))
    assert current(con, OBSERVATION)["a", month(1)] == WITHDRAWN


def test_the_later_load_wins_at_one_known_from(con):
    """A correction published under the time of the release it corrects; both stay on record."""
    load(con, payload_of("1"), series([(0, 1.0)], JAN))
    account = load(con, payload_of("2"), series([(0, 2.0)], JAN))
    assert account.rows_revised == 1
    assert values(con) == [(0, 1.0, JAN), (0, 2.0, JAN)]
    assert known(con, OBSERVATION, JAN) == current(con, OBSERVATION) == {("a", month(0)): (2.0, "normal")}


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(
            st.sampled_from([f"usa_{letter}" for letter in SERIES]),
            st.sampled_from([month(number) for number in range(3)]),
            st.sampled_from([None, 1.0, 2.0]),
            st.sampled_from([FEB, MAR, APR]),
        ),
        min_size=30,
        max_size=60,
        unique_by=lambda row: (row[0], row[1], row[3]),
    )
)
@examples(8, shrink=False)
def test_a_first_history_is_stored_as_a_replay_would(rows: list[tuple]) -> None:
    """The figures of a first build take a shorter way; a difference would show in the builds that follow only."""

    def stored(*, short: bool) -> list[list[tuple]]:
        with duckdb.connect() as con, pytest.MonkeyPatch.context() as patch:
            con.execute(DDL)
            if not short:
                patch.setattr(vintages, "_only_shows", lambda *_: False)
            account = load(con, payload_of("p"), observations(rows))
            tables = ("observation", "observation_current", "coverage")
            return [
                *(con.execute(f"SELECT * FROM raw.{table} ORDER BY ALL").fetchall() for table in tables),
                [(account.rows_appended, account.rows_revised, account.rows_unchanged)],
            ]

    assert stored(short=True) == stored(short=False)
