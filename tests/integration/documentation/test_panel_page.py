"""The examples of docs/panel.md, run as they stand on a whole warehouse: SQL, pandas and R must give one slope.

Prevents: an example that a reader pastes and that fails, three languages that disagree, a printed number that the release no longer has.
"""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import pytest

from orchestration.base.settings import PROJECT, Settings
from orchestration.documentation.panel_page import panel_page
from tests.support.read_only import reading
from tests.support.whole_warehouse import headway

TEXT = (PROJECT / "docs" / "panel.md").read_text(encoding="utf-8")
ROWS = """from fct_panel where panel_id = 'us_imports_hs2'
    and period_start between date '2017-01-01' and date '2019-12-01'"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.S)


@pytest.fixture(scope="module")
def con(home: Settings):
    with reading(home.current_database) as connection:
        yield connection


@pytest.fixture(scope="module")
def by_sql(con) -> tuple[float, int]:
    slope, n = con.execute(blocks("sql")[0]).fetchall()[0]
    return slope, n


def test_the_printed_slope_is_that_of_the_release(con, by_sql):
    """A number of an earlier release would be what a reader's own run does not give. (`make docs` mends it.)"""
    assert panel_page(con) == TEXT
    assert f"**{by_sql[0]:.5f}** on {by_sql[1]:,} observations" in TEXT
    assert f"lower by {-100 * np.expm1(by_sql[0]):.1f} %" in TEXT


def test_a_page_without_its_query_or_mark_is_refused(con, tmp_path):
    page = tmp_path / "panel.md"
    for text in ("no query", "```sql\nselect -0.5, 7\n```\nno mark"):
        page.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError):
            panel_page(con, page)
    page.write_text("```sql\nselect -0.5, 7\n```\n<!-- made slope -->\nold\n<!-- end -->\n", encoding="utf-8")
    assert "**-0.50000** on 7 observations" in panel_page(con, page) and "lower by 39.3 %" in panel_page(
        con, page
    )


def test_sql_agrees_with_a_regression_on_all_dummies(con, by_sql):
    """An independent way to the slope: product by product, least squares on a dummy of each partner and each month."""
    frame = con.sql(
        f"select product_code, partner_iso3, period_start, value_usd, added_rate_pct {ROWS} order by all"
    ).pl()
    xy = xx = n = 0.0
    for (_,), product in frame.group_by("product_code"):
        kept = [cell for _, cell in product.group_by("partner_iso3") if cell["value_usd"].min() > 0]
        if not kept:
            continue
        partner = np.repeat(np.arange(len(kept)), [len(cell) for cell in kept])
        months = np.concatenate([cell["period_start"].to_numpy() for cell in kept])
        dummies = np.column_stack(
            [
                (partner[:, None] == np.arange(len(kept))).astype(float),
                (months[:, None] == np.unique(months)[1:]).astype(float),
            ]
        )
        y = np.log(np.concatenate([cell["value_usd"].to_numpy() for cell in kept]))
        x = np.concatenate([cell["added_rate_pct"].to_numpy() for cell in kept])
        left = (
            np.column_stack([y, x])
            - dummies @ np.linalg.lstsq(dummies, np.column_stack([y, x]), rcond=None)[0]
        )
        xy, xx, n = xy + left[:, 0] @ left[:, 1], xx + left[:, 1] @ left[:, 1], n + len(y)
    assert n == by_sql[1] > 50_000
    assert xy / xx == pytest.approx(by_sql[0], rel=1e-9)


def test_pandas_gives_the_same_slope(home, by_sql, tmp_path, monkeypatch, capsys):
    (tmp_path / "warehouse").mkdir()
    (tmp_path / "warehouse" / "current").symlink_to(home.current.resolve())
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(blocks("python")[0], "docs/panel.md", "exec"), names)
    assert names["slope"] == pytest.approx(by_sql[0], rel=1e-9)
    assert f"{by_sql[1]:,} observations" in capsys.readouterr().out


def test_r_gives_the_same_slope(home, by_sql, tmp_path):
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("R is not installed (on Debian and Ubuntu: apt install r-base-core)")
    (query,) = re.findall(r'^headway sql --out panel.csv "(.*)"$', TEXT, flags=re.M)
    written = headway(home, "sql", "--out", str(tmp_path / "panel.csv"), query)
    assert written.returncode == 0, written.stderr
    (tmp_path / "slope.R").write_text(blocks("r")[0], encoding="utf-8")
    done = subprocess.run(
        [rscript, "--vanilla", "slope.R"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (slope,) = re.findall(r"^slope (\S+)$", done.stdout, flags=re.M)
    assert float(slope) == pytest.approx(by_sql[0], abs=1e-11)


def test_the_other_queries_answer(con):
    _, growth, behind = blocks("sql")
    rows = con.execute(growth).fetchall()
    assert [row[0] for row in rows] == list(range(-12, 13))
    assert all(row[1] > 100 for row in rows)
    rows = con.execute(behind).fetchall()
    assert {row[1] for row in rows} >= {"usa-232-steel-2018", "usa-301-list3-25"}
    assert all(row[2] is not None and row[4] is not None for row in rows), (
        "a measure without its event or its goods"
    )
