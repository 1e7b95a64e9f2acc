"""Row and structure checks that every frame passes before it may be loaded."""

from __future__ import annotations

import math
from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from transforms.checks import ConflictError, check_frame, unit_changes
from transforms.schema import FREIGHT_FLOW, OBSERVATION, TRADE_FLOW, FrameError

TODAY = date(2026, 11, 21)
KNOWN = datetime(2026, 8, 9)
# motor vehicles and parts, thousands, as known on 2026-08-09
GOOD = ("usa_employment_motor_vehicles_parts", date(2026, 6, 1), 953.3, "normal", KNOWN, "observed_by")


def frame(*rows: tuple) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=OBSERVATION.polars_schema, orient="row")


def changed(**changes: object) -> tuple:
    return tuple({**dict(zip(OBSERVATION.polars_schema, GOOD, strict=True)), **changes}.values())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"value": math.nan}, "NaN"),
        ({"value": math.inf}, "infinite"),
        ({"value": -math.inf}, "infinite"),
        ({"period_start": date(2027, 1, 1)}, "period 2027-01-01 lies in the future"),
        ({"known_from": datetime(2027, 1, 1)}, "known_from 2027-01-01 lies in the future"),
        ({"known_from": datetime(2026, 5, 31)}, "before the period"),
        ({"value": None}, "value is empty but status is normal"),
        ({"status": "missing"}, "value is given but status is missing"),
        ({"status": "suppressed"}, "value is given but status is suppressed"),
        ({"status": "withdrawn"}, "status withdrawn is not one of"),
        ({"status": None}, "status is empty"),
        ({"known_from_basis": "rumour"}, "known_from_basis rumour is not one of"),
        ({"series_id": None}, "series_id is empty"),
        ({"period_start": None}, "period_start is empty"),
        ({"known_from": None}, "known_from is empty"),
    ],
)
def test_a_bad_row_is_rejected_with_its_number_and_reason_and_the_good_one_stays(changes, reason):
    good, rejected = check_frame(OBSERVATION, frame(GOOD, changed(**changes)), today=TODAY)
    assert good.rows() == [GOOD]
    ((number, why, text),) = rejected
    assert (number, reason in why) == (2, True), why
    assert "known_from_basis=" in text


@pytest.mark.parametrize("status", ["missing", "suppressed"])
def test_a_missing_or_suppressed_value_is_a_row_not_a_rejection(status):
    row = changed(value=None, status=status)
    good, rejected = check_frame(OBSERVATION, frame(row), today=TODAY)
    assert (good.rows(), rejected) == ([row], ())


def test_zero_is_a_value():
    good, rejected = check_frame(OBSERVATION, frame(changed(value=0.0)), today=TODAY)
    assert (good["value"].to_list(), rejected) == ([0.0], ())


def test_an_exact_duplicate_is_counted_once_and_rejected_once():
    good, rejected = check_frame(OBSERVATION, frame(GOOD, GOOD, GOOD), today=TODAY)
    assert good.height == 1
    assert [number for number, _, _ in rejected] == [2, 3]
    assert all("stands in this payload once already" in reason for _, reason, _ in rejected)


@pytest.mark.parametrize(
    "changes", [{"value": 953.4}, {"status": "preliminary"}, {"value": None, "status": "missing"}]
)
def test_contradicting_rows_of_one_key_and_vintage_refuse_the_payload_and_name_the_key(changes):
    with pytest.raises(
        ConflictError, match=r"series_id=usa_employment_motor_vehicles_parts, period_start=2026-06-01"
    ):
        check_frame(OBSERVATION, frame(GOOD, changed(**changes)), today=TODAY)


def test_two_vintages_of_one_period_are_no_conflict():
    rows = (GOOD, changed(value=954.0, known_from=datetime(2026, 9, 9)))
    assert check_frame(OBSERVATION, frame(*rows), today=TODAY)[0].rows() == list(rows)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (frame(GOOD).drop("status"), r"missing \['status'\]"),
        (frame(GOOD).with_columns(colour=pl.lit("red")), r"unknown \['colour'\]"),
        (frame(GOOD).with_columns(pl.col("value").cast(pl.String)), "value is String, not Float64"),
        (frame(GOOD).with_columns(pl.col("period_start").cast(pl.Datetime)), "period_start is Datetime"),
        (frame(), "no rows"),
    ],
)
def test_wrong_columns_types_and_an_empty_frame_refuse_the_payload(broken, message):
    with pytest.raises(FrameError, match=message):
        check_frame(OBSERVATION, broken, today=TODAY)


def test_column_order_does_not_matter_but_comes_out_as_declared():
    shuffled = frame(GOOD).select(sorted(OBSERVATION.polars_schema))
    assert check_frame(OBSERVATION, shuffled, today=TODAY)[0].columns == list(OBSERVATION.polars_schema)


def test_a_flow_with_a_basis_outside_the_closed_list_is_rejected():
    row = {
        **dict.fromkeys(TRADE_FLOW.polars_schema),
        **{
            "reporter_iso3": "USA",
            "partner_code": "2010",
            "flow": "imports",
            "basis": "landed",
            "classification": "HS",
        },
        **{
            "product_level": 2,
            "product_code": "87",
            "period_start": date(2021, 7, 1),
            "value_usd": 7131722602,
        },
        **{"source_id": "census", "status": "normal", "known_from": KNOWN, "known_from_basis": "observed_by"},
    }
    _, rejected = check_frame(TRADE_FLOW, pl.DataFrame([row], schema=TRADE_FLOW.polars_schema), today=TODAY)
    assert "basis landed is not one of" in rejected[0][1]


@examples(50)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from([953.3, math.nan, math.inf, None]),
            st.sampled_from(["normal", "missing"]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_no_row_is_lost_rows_in_equal_good_plus_rejected(drawn):
    """Each row has its own series, so none contradicts another; a repeat of the whole list must be rejected whole."""
    rows = [
        changed(
            series_id=f"usa_test_{i}_{month}",
            period_start=date(2026, 1 + month, 1),
            value=value,
            status=status,
        )
        for i, (month, value, status) in enumerate(drawn)
    ]
    good, rejected = check_frame(OBSERVATION, frame(*rows, *rows), today=TODAY)
    assert good.height + len(rejected) == 2 * len(rows)
    assert [n for n, _, _ in rejected] == sorted({n for n, _, _ in rejected})
    assert good["series_id"].n_unique() == good.height


def test_a_new_index_base_between_two_copies_is_seen_and_a_benchmark_revision_is_not():
    """Real figures of January 1981 to January 2009: product prices on base 2010, then on January 2020."""
    base_2010 = [
        63.1,
        68.7,
        72.9,
        76.1,
        81.4,
        86.7,
        88.6,
        86.5,
        84.6,
        84.1,
        86.2,
        87.8,
        96.5,
        99.3,
        106.2,
        107.6,
    ]
    base_2010 += [108.3, 115.7, 122.9, 128.9, 125.9, 112.1, 108.8, 104.5, 105.7, 96.5, 110.7]
    base_2020 = [
        53.1,
        57.9,
        61.4,
        64.1,
        68.6,
        73.0,
        74.6,
        72.9,
        71.3,
        70.9,
        72.6,
        74.0,
        81.3,
        83.7,
        89.5,
        90.7,
    ]
    base_2020 += [91.2, 97.4, 103.6, 108.6, 106.0, 94.4, 91.6, 88.1, 89.0, 81.3, 93.2]
    old, new = datetime(2020, 12, 31), datetime(2023, 2, 28)

    def copies(second: list[float]) -> pl.DataFrame:
        return frame(
            *(
                ("can_x", date(1981 + i, 1, 1), v, "normal", old, "observed_by")
                for i, v in enumerate(base_2010)
            ),
            *(("can_x", date(1981 + i, 1, 1), v, "normal", new, "observed_by") for i, v in enumerate(second)),
        )

    ((series_id, day, ratio),) = unit_changes(copies(base_2020))
    assert (series_id, day, round(ratio, 3)) == ("can_x", date(2023, 2, 28), 0.842)
    assert unit_changes(copies([1.038 * value for value in base_2010])) == []


def test_freight_flows_need_every_part_of_their_key():
    row = {
        **dict.fromkeys(FREIGHT_FLOW.polars_schema, "MI"),
        **{
            "period_start": date(2024, 9, 1),
            "value_usd": 1,
            "shipping_weight_kg": 0,
            "freight_charges_usd": 0,
        },
        **{"flow": "imports", "status": "normal", "known_from": KNOWN, "known_from_basis": "observed_by"},
    }
    rows = [row, {**row, "partner_region_code": None}]
    good, rejected = check_frame(
        FREIGHT_FLOW, pl.DataFrame(rows, schema=FREIGHT_FLOW.polars_schema), today=TODAY
    )
    assert (good.height, rejected[0][1]) == (1, "partner_region_code is empty")
