"""Files of the bundled figures as payloads: every one passes, damaged bytes are refused whole, bad rows are counted."""

from __future__ import annotations

import math
from datetime import date

import polars as pl
import pytest

from orchestration.intake.figures.manifest import read_manifest
from orchestration.sources.registry import FIGURES_DATASETS, load_series_catalogue
from tests.support.bundled import FIGURES, bytes_of, read
from transforms.parse import figures as parser
from transforms.schema import FrameError


@pytest.fixture(scope="module")
def observations() -> pl.DataFrame:
    return read("observation_")


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
