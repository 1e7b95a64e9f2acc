"""rpt_answer on the bundled figures: the choice of a design against plain Python, and what a reader may rely on."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict

import duckdb
import pytest

from orchestration.readers.comparison.answer import answer_of
from orchestration.readers.comparison.answer_words import answer_text, design_rows
from orchestration.readers.comparison.sentences import MAX_WORDS
from orchestration.readers.release_file import open_release, read
from orchestration.readers.rows import DimSeries
from tests.oracles import plain_answers as plain
from tests.support.macro_case import rows


def months(day: dt.date) -> int:
    return 12 * (day.year - 1900) + day.month - 1


@pytest.fixture(scope="module")
def offers(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, int], list[plain.Offer]]:
    """What each design of one series offers for each question, read off the reports and judged in plain Python."""
    compared = {}
    for table, condition in (
        ("rpt_before_after", "treatment_id like 'act-%'"),
        ("rpt_cluster_before_after", "treatment_id is not null"),
    ):
        for row in rows(
            con,
            f"""select treatment_id, series_id, window_months, gap_months, cut_month, d_log, d_level, centre, distance_at_threshold, scope_of_range,
                    max_shared_post_share, event_clean, preliminary_months, verdict
                from {table} where gap_months in (0, 1) and as_of_basis = 'latest' and {condition}""",
        ):
            compared[row["treatment_id"], row["series_id"], row["window_months"], row["gap_months"]] = row
    controls, forecasts = defaultdict(list), defaultdict(list)
    for row in rows(
        con,
        """select distinct event.cut_month, did.treated_series_id, did.window_months, did.gap_months, did.control_set_id, did.did, did.centre,
                did.distance_at_threshold, did.pretrend_bias, did.n_blocks, not coalesce(met.touches, false) as is_clean
            from rpt_difference_in_differences as did
            inner join dim_event as event on did.event_id = event.event_id
            left join (
                select control_set_id, treated_series_id, window_months, gap_months, cut_month, touches_episode or touches_exposure as touches
                from intermediate.int_control_difference
            ) as met on did.control_set_id = met.control_set_id and did.treated_series_id = met.treated_series_id
                and did.window_months = met.window_months and did.gap_months = met.gap_months and event.cut_month = met.cut_month
            where did.gap_months in (0, 1)""",
    ):
        controls[row["treated_series_id"], row["cut_month"], row["window_months"], row["gap_months"]].append(
            row
        )
    for row in rows(
        con,
        """select distinct series_id, cut_month, window_months, gap_months, model, effect, lower95_calibrated, upper95_calibrated, event_clean
            from rpt_counterfactual_effect where gap_months in (0, 1)""",
    ):
        forecasts[row["series_id"], row["cut_month"], row["window_months"], row["gap_months"]].append(row)
    erring = {
        (row["design"], row["series_id"], row["window_months"], row["gap_months"])
        for row in rows(
            con,
            """select rates.design, family.series_id, rates.window_months, rates.gap_months from intermediate.int_alarm_rate as rates
                inner join intermediate.int_series_family as family on rates.family_id = family.family_id
                where rates.n_dates >= 500 and rates.false_alarm_rate > 0.07""",
        )
    }
    found: dict[tuple[str, str, int], list[plain.Offer]] = defaultdict(list)
    questions = con.execute(
        # one act inside a month is enough for its month to be left out; a phase goes by the events that it starts with
        """select distinct answer.treatment_id, answer.series_id, answer.window_months, answer.cut_month,
                coalesce(bool_or(event.own_month is not null), false)::integer
            from rpt_answer as answer
            left join bridge_event_treatment as bridge using (treatment_id, series_id)
            left join dim_event as event on event.in_report and event.cut_month = answer.cut_month and case answer.treatment_id[:4]
                when 'act-' then event.event_id = bridge.event_id else 'phase-' || event.cluster_id = answer.treatment_id end
            group by all"""
    ).fetchall()
    assert {gap for *_, gap in questions} == {0, 1}
    for treatment, series, width, cut, gap in questions:
        key = (treatment, series, width)
        row = compared.get((*key, gap))
        shared = {
            "judged": width in plain.JUDGED,
            "apart": row is None or row["max_shared_post_share"] <= plain.MAX_SHARED,
            "final": row is None or row["preliminary_months"] == 0,
        }
        if row:
            told = row["verdict"] in ("outside_usual_range", "within_usual_range")
            difference = row["d_log"] if row["d_log"] is not None else row["d_level"]
            gates = shared | {"told": told}
            found[key].append(
                plain.Offer(
                    "placebo_rank", "own_past", difference, row["centre"], row["distance_at_threshold"], gates
                )
            )
        for did in controls[series, cut, width, gap]:
            drift, distance = did["pretrend_bias"], did["distance_at_threshold"]
            gates = shared | {
                "computed": did["did"] is not None,
                "clean": did["is_clean"],
                "history": did["n_blocks"] >= plain.MIN_BLOCKS and distance is not None,
                "drift": drift is not None and distance is not None and abs(drift) <= distance,
                "errs": ("difference_in_differences", series, width, gap) not in erring,
            }
            offer = (did["control_set_id"], did["did"], did["centre"], distance, gates)
            found[key].append(plain.Offer("difference_in_differences", *offer))
        for forecast in forecasts[series, cut, width, gap]:
            upper, lower, effect = (
                forecast[name] for name in ("upper95_calibrated", "lower95_calibrated", "effect")
            )
            gates = shared | {
                "calibrated": upper is not None,
                "clean": forecast["event_clean"],
                "errs": ("forecast", series, width, gap) not in erring,
            }
            # outside is what has both ends on its own side of zero; half of a width of eight digits could say otherwise
            reach = None if upper is None else effect - lower if effect >= 0 else upper - effect
            found[key].append(plain.Offer("forecast", forecast["model"], effect, 0.0, reach, gates))
    return found


def test_the_design_that_answers_is_that_of_plain_python(con: duckdb.DuckDBPyConnection, offers) -> None:
    """A gate that looks at the estimate, or an order that depends on what comes out, would err more often than each design."""
    wrong = []
    for row in rows(
        con,
        """select treatment_id, series_id, window_months, design, variant, verdict, designs_disagree, n_blocks,
                list_has_any(other_designs, ['panel', 'state_panel']) as has_panel
            from rpt_answer""",
    ):
        key = (row["treatment_id"], row["series_id"], row["window_months"])
        chosen = plain.choose(offers[key])
        if row["design"] in ("panel", "state_panel"):
            # with few stretches only where no other design answers
            if row["n_blocks"] < plain.MIN_BLOCKS and chosen is not None:
                wrong.append((key, row["design"], chosen.design))
            continue
        wanted = (
            ("none", None, None, False)
            if chosen is None
            else (
                chosen.design,
                chosen.variant,
                "outside_usual_range" if chosen.outside else "within_usual_range",
                # a panel beside the answer has a finding of its own, which is not among the offers
                row["designs_disagree"] if row["has_panel"] else plain.disagree(offers[key]),
            )
        )
        if (row["design"], row["variant"], row["verdict"], row["designs_disagree"]) != wanted:
            wrong.append((key, tuple(row.values())[3:-2], wanted))
    assert not wrong, f"{len(wrong)} of them, as {wrong[:3]}"


def test_the_distance_of_controls_is_that_of_plain_python(con: duckdb.DuckDBPyConnection) -> None:
    """A distance that is not that of the rank would show a range that the verdict does not go by."""
    threshold = {
        (width, gap): level
        for width, gap, level in con.execute(
            """select window_months, gap_months, rank_threshold from intermediate.int_rank_threshold
                where comparison = 'difference_in_differences' and for_half = 2 and gap_months in (0, 1)"""
        ).fetchall()
    }
    pools: dict[tuple, dict[int, float]] = defaultdict(dict)
    for control, series, width, gap, cut, value in con.execute(
        """select control_set_id, treated_series_id, window_months, gap_months, cut_month, did
            from intermediate.int_control_difference where is_placebo and gap_months in (0, 1) and did is not null and window_months in (6, 12)"""
    ).fetchall():
        pools[control, series, width, gap][months(cut)] = value
    checked = 0
    for row in rows(
        con,
        """select variant, series_id, window_months, gap_months, cut_month, range_centre, distance_at_threshold from rpt_answer_design
            where design = 'difference_in_differences' and is_available""",
    ):
        pool = pools[row["variant"], row["series_id"], row["window_months"], row["gap_months"]]
        n, middle, distance = plain.usual_range(
            pool, months(row["cut_month"]), threshold[row["window_months"], row["gap_months"]]
        )
        assert n >= 36 and middle == pytest.approx(row["range_centre"], abs=1e-10)
        assert distance == pytest.approx(row["distance_at_threshold"], abs=1e-10)
        checked += 1
    assert checked > 20


def test_rates_of_forecasts_have_the_error_of_waves(con: duckdb.DuckDBPyConnection) -> None:
    """With every date counted as one, the rate of a family would look twice as sure as it is. The date that an interval was widened to reach is on its
    edge, and inside: counted by the last digit, it moved the error of a family by half a percent from one build to the next."""
    dates = con.execute(
        """select family.family_id, compared.months, compared.gap_months, compared.cut_month,
                abs(compared.actual - compared.expected) / compared.half_width, calibration.scale
            from intermediate.int_counterfactual as compared
            inner join intermediate.int_counterfactual_calibration as calibration using (model, series_id, gap_months, span, months)
            inner join intermediate.int_series_family as family using (series_id)
            where span = 'window' and is_origin and calibration.scale is not null"""
    ).fetchall()
    of: dict[tuple, list[tuple[int, bool]]] = defaultdict(list)
    edges = 0
    for family, width, gap, cut, far, scale in dates:
        on_edge = math.isclose(far, scale, rel_tol=1e-12)
        edges += on_edge
        of[family, width, gap].append((months(cut), far > scale and not on_edge))
    assert edges > 100
    stored = con.execute(
        """select family_id, window_months, gap_months, n_dates, false_alarm_se from intermediate.int_alarm_rate
            where design = 'forecast'"""
    ).fetchall()
    assert {row[0] for row in stored} >= {"labour", "trade_totals"}
    for family, width, gap, n, error in stored:
        fired = of[family, width, gap]
        assert n == len(fired) and error == pytest.approx(plain.clustered_rate(fired)[1], rel=1e-9)
        if (family, width, gap) == ("labour", 12, 0):
            rate = sum(fires for _, fires in fired) / n
            assert error > 1.5 * (rate * (1 - rate) / n) ** 0.5, "alarms come in waves"


def test_what_was_expected_is_judged_as_in_plain_python(con: duckdb.DuckDBPyConnection) -> None:
    checked = 0
    said = {row["expected_effect_id"]: row for row in rows(con, "from dim_expected_effect")}
    exposures = {
        (row["treatment_id"], row["series_id"], row["window_months"]): row["exposure_typical"]
        for row in rows(con, "select * from rpt_answer_design where is_answer and design = 'panel'")
    }
    goods = set()
    for row in rows(
        con,
        "select * from rpt_answer where expected_effect_id is not null and distance_at_threshold is not null",
    ):
        if row["scope"] == "panel":
            figure = said[row["expected_effect_id"]]
            exposure = exposures[row["treatment_id"], row["series_id"], row["window_months"]]
            told = plain.at_exposure(
                figure["low"], figure["unit"], figure["duty_from_pct"], figure["duty_to_pct"], exposure
            )
            if told is None:
                # its cells are partly under the duty, and what was published is of goods that wholly are
                assert row["could_be_seen"] is None and row["could_be_excluded"] is None
                continue
            assert row["expected_low_pct"] == pytest.approx(100 * math.expm1(told))
            goods.add(row["expected_effect_id"])
        low, high = (math.log1p(row[f"expected_{end}_pct"] / 100) for end in ("low", "high"))
        distance = row["distance_at_threshold"]
        assert row["could_be_seen"] == plain.seen(low, high, distance), row["expected_effect_id"]
        due = (
            row["expected_horizon_months"] is not None
            and row["expected_horizon_months"] <= row["window_months"]
        )
        if row["design"] != "none" and due:
            deviation = row["estimate"] - row["range_centre"]
            assert row["could_be_excluded"] == plain.excluded(low, high, deviation, distance)
        else:
            assert row["could_be_excluded"] is None
        checked += 1
    assert checked >= 10
    assert goods == {"fgkk2019-imports", "usitc5405-china-response"}


def test_every_published_figure_is_judged_or_has_a_reason(con: duckdb.DuckDBPyConnection) -> None:
    """A figure that is never looked at looks like one that could not be seen."""
    judged = rows(con, "from rpt_expected_effect")
    figures = {row["expected_effect_id"] for row in rows(con, "from dim_expected_effect")}
    assert len(judged) == 2 * len(figures) and {row["expected_effect_id"] for row in judged} == figures
    assert all((row["could_be_seen"] is None) == (row["reason"] is not None) for row in judged)
    # what an answer shows is what this table says of the same question
    shown = {
        (row["expected_effect_id"], row["treatment_id"], row["window_months"]): row
        for row in rows(
            con, "select * from rpt_answer where expected_effect_id is not null and scope <> 'panel'"
        )
    }
    both = [
        row
        for row in judged
        if (row["expected_effect_id"], row["treatment_id"], row["window_months"]) in shown
    ]
    assert len(both) >= 10
    for row in both:
        answer = shown[row["expected_effect_id"], row["treatment_id"], row["window_months"]]
        for column in ("could_be_seen", "could_be_excluded", "expected_low_pct", "expected_high_pct"):
            assert row[column] == answer[column], (row["expected_effect_id"], column)
    # USMCA as a whole concerns trade in all goods of the three
    reached = {row["expected_effect_id"] for row in judged if row["treatment_id"] is not None}
    assert {
        f"usitc4889-{flow}-{partner}" for flow in ("imports", "exports") for partner in ("can", "mex")
    } <= reached


def test_every_question_is_answered_or_has_a_reason_and_a_remedy(con: duckdb.DuckDBPyConnection) -> None:
    silent = con.execute(
        """select count(*) from rpt_answer where design = 'none' and (len(blockers) = 0 or reason is null or tellable_when is null)
            or design <> 'none' and (estimate is null or usual_low is null or false_alarm_rate is null and design = 'placebo_rank')"""
    ).fetchall()[0][0]
    assert silent == 0
    told, questions = con.execute(
        """select sum(n_questions) filter (counted = 'design' and item <> 'none'), max(n_questions) filter (counted = 'question')
            from rpt_answer_coverage where windows = 'either'"""
    ).fetchall()[0]
    assert told >= 2300, f"{told} of {questions} questions are told by one design or more"


def test_no_answer_rests_on_its_estimate(con: duckdb.DuckDBPyConnection) -> None:
    """Among the answers of the placebo rank about as many leave their range as dates without an event do: were a gate to look at the
    estimate, far more would."""
    told, outside = con.execute(
        """select count(*), count(case when verdict = 'outside_usual_range' then 1 end) from rpt_answer
            where design in ('placebo_rank', 'forecast') and window_months in (6, 12)"""
    ).fetchall()[0]
    assert told > 500 and outside / told < 0.15


@pytest.mark.parametrize(
    "event, series",
    [
        ("nafta-round6-end", "usa_imports_goods_mex"),
        ("nafta-waysmeans-2018-03", "usa_employment_motor_vehicles_parts"),
        ("s301-list3-2018-09", "usa_imports_goods_chn"),
        ("s232-autos-effective-2025-04", "usa_employment_motor_vehicles_parts"),
        ("usmca-entry-into-force", "usa_sales_light_vehicles"),
    ],
)
@pytest.mark.parametrize("width", [6, 12])
def test_a_newcomer_gets_an_answer_or_a_reason_on_one_screen(
    home, event: str, series: str, width: int
) -> None:
    """Questions of the two newspaper articles and of 2025."""
    with open_release(home) as released:
        found = answer_of(
            released, event, read(released, DimSeries, "where series_id = ?", [series])[0], width
        )
    assert found is not None, "the event does not reach the series"
    assert len(answer_text(found).split()) <= MAX_WORDS and len(design_rows(found)) <= 5
    assert found.is_told or found.row["reason"]


def test_the_macro_gives_the_row_of_the_report_for_an_event_and_for_a_treatment(
    con: duckdb.DuckDBPyConnection,
) -> None:
    event, series, treatment = con.execute(
        """select bridge.event_id, answer.series_id, answer.treatment_id from rpt_answer as answer
            inner join bridge_event_treatment as bridge using (treatment_id, series_id)
            where answer.design <> 'none' and window_months = 6 order by all limit 1"""
    ).fetchall()[0]
    by_treatment = rows(con, "from answer(?, ?, months := 6)", [treatment, series])
    assert by_treatment == rows(
        con,
        "select * from rpt_answer where treatment_id = ? and series_id = ? and window_months = 6",
        [treatment, series],
    )
    assert rows(con, "from answer(?, ?, months := 6)", [event, series])[0]["design"] != "none"
    assert rows(con, "from answer('no-such-event', ?)", [series]) == []
