"""The bundled figures as committed: intact, complete, reproducible, and refused when damaged."""

from __future__ import annotations

import io
import json
import math
import shutil
import zipfile
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from orchestration.base.errors import FiguresError
from orchestration.intake.figures.collected import flows
from orchestration.intake.figures.make import MAX_BYTES, build_figures
from orchestration.intake.figures.manifest import MANIFEST, figures_status, read_manifest, verify_figures
from orchestration.sources.registry import FIGURES_DATASETS, load_series_catalogue
from tests import FIXTURE_FOLDER
from tests.support.bundled import FIGURES, as_of, bytes_of, read
from transforms.parse import figures as parser
from transforms.schema import FrameError


@pytest.fixture(scope="module")
def observations() -> pl.DataFrame:
    return read("observation_")


def log_change(values: dict[date, float], pre: tuple[date, date], post: tuple[date, date]) -> float:
    """100 * (exp(mean log after - mean log before) - 1)."""
    means = [
        sum(logs) / len(logs)
        for first, last in (pre, post)
        if (logs := [math.log(value) for period, value in values.items() if first <= period <= last])
    ]
    return 100 * math.expm1(means[1] - means[0])


# --- the snapshot as a whole


def test_the_committed_files_are_intact_and_small():
    verify_figures(FIGURES)
    status = figures_status(FIGURES)
    assert status["bytes"] <= MAX_BYTES
    assert status["files"] == len(FIGURES_DATASETS) == len(list(FIGURES.glob("*.parquet")))
    assert (
        status["rows"]
        == sum(status["rows_by_table"].values())
        == sum(f["rows"] for f in read_manifest(FIGURES)["files"])
    )


def test_every_dataset_of_the_registry_is_bundled_and_no_other():
    assert {entry["dataset"] for entry in read_manifest(FIGURES)["files"]} == set(FIGURES_DATASETS)


def test_the_manifest_says_of_every_series_who_publishes_it_under_which_licence_and_what_it_spans():
    entries = {entry["series_id"]: entry for entry in read_manifest(FIGURES)["series"]}
    catalogue = dict(load_series_catalogue().select("series_id", "source_id").iter_rows())
    assert list(entries) == [series_id for series_id in catalogue if series_id in entries]
    live = {"bls", "statcan", "inegi", "banxico", "bank_of_canada", "fed"}
    lost = {s: publisher for s, publisher in catalogue.items() if s not in entries and publisher not in live}
    assert not lost, "a series that no live source brings must have figures"
    for entry in entries.values():
        assert all(
            entry[name]
            for name in ("agency", "unit", "licence", "attribution", "seasonal_adjustment", "vintages")
        )
        assert entry["first_period"] <= entry["last_period"] and entry["observations"] > 0
        assert entry["vintages"] == sorted(set(entry["vintages"]))
    manufacturing = entries["usa_employment_manufacturing"]
    assert (manufacturing["agency_code"], manufacturing["first_period"]) == ("CES3000000001", "1939-01-01")
    assert len(manufacturing["vintages"]) == 13


def test_the_manifest_accounts_for_every_collected_row():
    for entry in read_manifest(FIGURES)["inputs"]:
        assert entry["rows"] == entry["used"] + sum(part["rows"] for part in entry["left_out"]), entry["file"]
        assert all(part["reason"] for part in (*entry["left_out"], *entry["added"]))


def test_no_file_claims_to_be_complete_because_a_copy_may_hold_only_the_months_pulled_again():
    assert not any(entry["complete"] for entry in read_manifest(FIGURES)["files"])


@pytest.mark.parametrize("dataset", FIGURES_DATASETS)
def test_every_file_passes_the_parser_without_a_rejected_row(dataset):
    entry = next(e for e in read_manifest(FIGURES)["files"] if e["dataset"] == dataset)
    content = (FIGURES / entry["path"]).read_bytes()
    parsed = parser.parse(
        content, table=entry["table"], series=load_series_catalogue(), complete=entry["complete"]
    )
    assert (parsed.frame.height, parsed.rejected) == (entry["rows"], ())
    if parsed.series is not None:
        assert set(parsed.series["series_id"]) == set(parsed.frame["series_id"])
        assert set(parsed.series["source_id"]) == {entry["publisher"]}


# --- damage


@pytest.fixture
def copy(tmp_path):
    folder = tmp_path / "figures"
    shutil.copytree(FIGURES, folder)
    return folder


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "observation_bls.parquet").unlink(), r"observation_bls\.parquet is missing"),
        (
            lambda f: (f / "observation_bls.parquet").write_bytes(b""),
            r"observation_bls\.parquet is damaged \(0 bytes",
        ),
        (lambda f: _flip(f / "freight_flow_bts.parquet"), r"freight_flow_bts\.parquet is damaged"),
        (lambda f: (f / "extra.parquet").write_bytes(b"x"), r"extra\.parquet in .* is not in the manifest"),
        (lambda f: (f / MANIFEST).unlink(), "no manifest"),
        (lambda f: (f / MANIFEST).write_text("{"), "not readable JSON"),
        (lambda f: (f / MANIFEST).write_text(json.dumps({"format": 2})), "not a manifest of format 1"),
        (lambda f: (f / MANIFEST).write_text("[]"), "not a manifest of format 1"),
    ],
)
def test_damage_to_the_bundled_files_is_found_and_named(copy, damage, message):
    damage(copy)
    with pytest.raises(FiguresError, match=message):
        verify_figures(copy)


def test_one_dataset_can_be_verified_alone(copy):
    _flip(copy / "freight_flow_bts.parquet")
    verify_figures(copy, only="observation_bls")
    with pytest.raises(FiguresError, match="freight_flow_bts"):
        verify_figures(copy, only="freight_flow_bts")


def _flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def parse(content: bytes, table: str = "observation"):
    return parser.parse(content, table=table, series=load_series_catalogue())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"empty \(0 bytes\)"),
        (b"<html>not found</html>", "not a readable Parquet file"),
        (FIGURES.joinpath("observation_bls.parquet").read_bytes()[:20_000], "not a readable Parquet file"),
        (FIGURES.joinpath("trade_flow_usitc_hs87.parquet").read_bytes(), "columns do not match"),
    ],
    ids=["empty", "page", "truncated", "other table"],
)
def test_bytes_that_are_not_the_table_are_refused_whole(content, message):
    with pytest.raises(FrameError, match=message):
        parse(content)


def test_a_file_damaged_inside_is_refused_or_its_rows_are_checked(observations):
    content = bytearray(FIGURES.joinpath("observation_treasury.parquet").read_bytes())
    content[300:340] = bytes(40)
    with pytest.raises(FrameError, match="not a readable Parquet file"):
        parse(bytes(content))


def test_a_series_that_is_not_in_the_catalogue_is_refused_by_name(observations, tmp_path):
    frame = observations.head(3).with_columns(series_id=pl.lit("usa_unheard_of"))
    with pytest.raises(FrameError, match="usa_unheard_of"):
        parse(bytes_of(frame, tmp_path))


def test_bad_rows_of_a_file_are_rejected_and_counted_and_the_rest_is_kept(observations, tmp_path):
    rows = observations.filter(pl.col("series_id") == "fx_usd_cad").sort("known_from", "period_start").head(5)
    broken = pl.concat(
        [
            rows,
            rows.head(1),
            rows.head(1).with_columns(value=math.nan, period_start=date(1950, 1, 1)),
            rows.head(1).with_columns(value=math.inf, period_start=date(1950, 2, 1)),
            rows.head(1).with_columns(period_start=date(2090, 1, 1)),
        ]
    )
    parsed = parse(bytes_of(broken, tmp_path))
    assert parsed.frame.equals(rows)
    assert [number for number, _, _ in parsed.rejected] == [6, 7, 8, 9]


def test_contradicting_rows_refuse_the_file(observations, tmp_path):
    rows = observations.filter(pl.col("series_id") == "fx_usd_cad").head(2)
    with pytest.raises(FrameError, match="contradicting rows, first series_id=fx_usd_cad"):
        parse(bytes_of(pl.concat([rows, rows.with_columns(pl.col("value") + 1)]), tmp_path))


def test_an_unknown_table_is_refused():
    with pytest.raises(FrameError, match="no such table"):
        parse(b"x", table="prices")


# --- worked figures


def test_worked_figure_round_six_imports_from_mexico(observations):
    change = log_change(
        as_of(observations, "usa_imports_goods_mex"),
        (date(2017, 2, 1), date(2018, 1, 1)),
        (date(2018, 2, 1), date(2019, 1, 1)),
    )
    assert round(change, 2) == 9.66


@pytest.mark.parametrize(
    ("known_on", "expected"),
    [(date(2026, 1, 9), -2.07), (date(2026, 2, 15), -3.14), (date(2026, 8, 9), -3.18)],
)
def test_worked_figure_the_benchmark_of_february_2026_and_not_the_tariff(observations, known_on, expected):
    change = log_change(
        as_of(observations, "usa_employment_motor_vehicles_parts", known_on),
        (date(2024, 5, 1), date(2025, 4, 1)),
        (date(2025, 5, 1), date(2025, 12, 1)),
    )
    assert round(change, 2) == expected


# --- making them again from the collected files


@pytest.mark.recorded
def test_the_same_collected_files_give_the_same_bytes(shared_data, tmp_path):
    report = build_figures(shared_data, tmp_path / "figures")
    for path in sorted(FIGURES.iterdir()):
        assert (tmp_path / "figures" / path.name).read_bytes() == path.read_bytes(), path.name
    assert sorted(p.name for p in (tmp_path / "figures").iterdir()) == sorted(
        p.name for p in FIGURES.iterdir()
    )
    assert report.bytes == figures_status(FIGURES)["bytes"]


@pytest.fixture
def collected(shared_data, tmp_path):
    """A copy of the collected files that can be damaged: figures/ copied, the large folders linked."""
    folder = tmp_path / "collected"
    shutil.copytree(shared_data / "figures", folder / "figures")
    for name in ("load", "payloads"):
        (folder / name).symlink_to(shared_data / name)
    return folder


def _rebase(folder):
    """The second copy of a series in another unit, as a publisher's change or a mistake would bring it."""
    path = folder / "figures" / "us_monthly.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    for i, line in enumerate(lines):
        cells = line.split(",")
        if cells[2] == "MANEMP" and cells[5] == "2026-07-13":
            cells[4] = str(float(cells[4]) * 1000)
            lines[i] = ",".join(cells)
    path.write_text("\n".join(lines), encoding="utf-8")


def _append(folder, line):
    with (folder / "figures" / "us_monthly.csv").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "figures" / "us_monthly.csv").unlink(), "us_monthly"),
        (
            lambda f: (f / "figures" / "us_imports_by_country.parquet").write_bytes(b"PAR1"),
            "cannot make the figures",
        ),
        (_rebase, r"usa_employment_manufacturing known from 2026-07-13 is 1000\.000 times the one before"),
        (
            lambda f: _append(f, "bls_ces,CES3000000001,MANEMP,2026-13,1,2026-08-09,thousands of persons,SA"),
            "not a period",
        ),
        (
            lambda f: _append(
                f, "bls_ces,CES3000000001,MANEMP,2026-07,n/a,2026-08-10,thousands of persons,SA"
            ),
            "n/a",
        ),
        (
            lambda f: _append(f, "bls_ces,CES3000000001,MANEMP,2026-07,1,2026-08-09,thousands of persons,SA"),
            "contradicting rows",
        ),
        (
            lambda f: _append(f, "bls_ces,CES3000000001,MANEMP,2026-08,1,2026-08-09,thousands of persons,SA"),
            "before it can have been published",
        ),
        (
            lambda f: _append(
                f, "bls_ces,CES3000000001,MANEMP,2026-07,nan,2026-08-10,thousands of persons,SA"
            ),
            "NaN",
        ),
    ],
    ids=["absent", "truncated", "unit", "period", "number", "conflict", "misdated", "nan"],
)
def test_damaged_collected_files_are_refused_and_the_old_figures_stay(collected, tmp_path, damage, message):
    out = tmp_path / "figures"
    out.mkdir()
    (out / "old").write_text("kept")
    damage(collected)
    with pytest.raises(FiguresError, match=message):
        build_figures(collected, out)
    assert [path.name for path in out.iterdir()] == ["old"]


@pytest.mark.recorded
def test_every_us_monthly_figure_is_in_the_snapshot_unchanged(shared_data):
    """Read again by DuckDB: 44,054 figures of 46 series; only the compiled rate EXCAUSx is left out."""
    con = duckdb.connect()
    con.register("catalogue", load_series_catalogue().select("series_id", "fred_alias").to_arrow())
    counted = con.execute(
        f"""
        with given as (
            select fred_alias, series_id, (period || '-01')::date as period_start, value::double as value
            from read_csv('{shared_data}/figures/us_monthly.csv', header = true, quote = '"', all_varchar = true)
            left join catalogue on fred_code = fred_alias
        )
        select
            count(*) filter (series_id is null),
            count(*) filter (series_id is not null),
            count(*) filter (series_id is not null and exists (
                select 1 from '{FIGURES}/observation_*.parquet' f
                where f.series_id = given.series_id and f.period_start = given.period_start and f.value = given.value))
        from given
        """
    ).fetchone()
    assert counted == (1576, 44_054, 44_054)


@pytest.mark.recorded
@pytest.mark.parametrize("year", [2018, 2020, 2025])
def test_monthly_means_of_the_bank_of_canada_are_those_of_its_daily_rates(shared_data, observations, year):
    """The collected means are rounded to six decimals (MXN: eight)."""
    days = json.loads(
        (shared_data / "payloads" / "valet" / f"observations_fx_daily_{year}.json").read_text()
    )["observations"]
    for code, series_id, tolerance in (
        ("FXUSDCAD", "fx_usd_cad_bank_of_canada", 1e-6),
        ("FXMXNCAD", "fx_mxn_cad_bank_of_canada", 1e-8),
    ):
        monthly = as_of(observations, series_id)
        for month in range(1, 13):
            rates = [
                float(day[code]["v"])
                for day in days
                if day["d"].startswith(f"{year}-{month:02}") and code in day
            ]
            assert monthly[date(year, month, 1)] == pytest.approx(sum(rates) / len(rates), abs=tolerance)


def test_a_month_of_freight_with_other_cells_in_its_second_source_is_refused(tmp_path):
    """The load table and a month's zip must hold the same cells; otherwise one of them is damaged."""
    text = (FIXTURE_FOLDER / "bts" / "dot2_0924.csv").read_text(encoding="utf-8")
    table = pl.read_csv(io.StringIO(text), infer_schema=False).with_columns(
        pl.col("VALUE", "SHIPWT", "FREIGHT_CHARGES").cast(pl.Int64), ym=pl.lit("2024-09")
    )
    table.drop("MONTH", "YEAR").write_parquet(tmp_path / "dot2_2020-01_2024-09.parquet")

    def month(content: str) -> Path:
        with zipfile.ZipFile(tmp_path / "transborder_0924.zip", "w") as archive:
            archive.writestr("dot2_0924.csv", content)
        return tmp_path / "transborder_0924.zip"

    bundled, repeated = flows.freight(tmp_path, [month(text)])
    assert (bundled.frame.height, repeated.frame.height) == (56, 0)
    with pytest.raises(ValueError, match=r"transborder_0924\.zip and dot2_.* different cells of 2024-09"):
        flows.freight(tmp_path, [month(text.replace(",1220,21206,", ",1220,21207,", 1))])


@pytest.mark.recorded
def test_what_is_left_out_as_a_repetition_is_in_the_snapshot_to_the_dollar(shared_data):
    """206 rows of HS 87 that the Census chapter file already holds: value and duty, Canada and Mexico."""
    con = duckdb.connect()
    counted = con.execute(
        f"""
        select count(*), count(t.value_usd)
        from read_csv('{shared_data}/figures/hs87_us_ca_mx_monthly_stitched.csv', header = true, all_varchar = true) r
        left join '{FIGURES}/trade_flow_census_hs2.parquet' t
            on t.partner_code = r.CTY_CODE and t.period_start = (r.ym || '-01')::date and t.product_code = '87'
            and t.value_usd = r.usd::bigint and t.duty_usd = r.duty_usd::bigint and t.known_from = '2021-09-30'
        where r.src like 'census_hs2 2021%'
        """
    ).fetchone()
    assert counted == (206, 206)
