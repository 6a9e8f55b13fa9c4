"""A real Czech bank, 1993 to 1998: loaded, deployed, travelled through, and checked against known figures and pandas.

The data lie beside the repository where there are any; elsewhere these tests are skipped by name.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from heartbeat_lib import compute, lifecycle, reading
from heartbeat_lib.store.embedded import EmbeddedServer
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import create

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "berka"
METRICS = Path(__file__).parent / "metrics"
PRAGUE = ZoneInfo("Europe/Prague")
ACTOR = "ann@x.example"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the bank's data are not there: {DATA}")


@pytest.fixture(scope="module")
def bench(scratch_folder) -> Iterator[Workbench]:
    """The bank in the marts, its metrics deployed, 1993 to 1998 backfilled."""
    with tempfile.TemporaryDirectory(prefix="heartbeat-test-", dir=scratch_folder) as folder:
        workspace = create(Path(folder) / "bank", operator=ACTOR, zone="Europe/Prague")
        with Workbench(workspace) as made:
            try:
                lifecycle.load_folder(made, "berka", DATA)
                for file in METRICS.glob("*.sql"):
                    shutil.copy(file, workspace.metrics)
                lifecycle.deploy(made)
                coarse = [row["metric_id"] for row in reading.metrics(made) if row["period"] != "day"]
                report = compute.backfill(made, coarse, first=instant(1993, 1, 1), until=instant(1999, 1, 1), actor=ACTOR)
                assert report.failed == 0
                yield made
            finally:
                EmbeddedServer(workspace.state).stop()


def instant(year, month, day, hour=0):
    """A moment in Prague, in UTC."""
    return datetime(year, month, day, hour, tzinfo=PRAGUE).astimezone(UTC)


def values(bench, metric_id):
    """Settled values by the first day of their period."""
    return {
        row["period_start"]: None if row["value"] is None else float(row["value"])
        for row in reading.history(bench, metric_id)
        if row["settled"]
    }


def table(name):
    """A table of the bank, as pandas reads it."""
    return pd.read_parquet(DATA / f"{name}.parquet")


def test_the_whole_bank_is_loaded(bench):
    """Row for row."""
    rows = {entry.name: entry.rows for entry in bench.marts.tables("berka") if not entry.name.startswith("_")}
    assert rows == {
        "account": 4_500,
        "card": 892,
        "client": 5_369,
        "disposition": 5_369,
        "district": 77,
        "loan": 682,
        "standing_order": 6_471,
    }


def test_606_of_682_loans_are_good_and_103261740_crowns_are_lent(bench):
    """The known figures, as of the end of 1998."""
    assert values(bench, "loans_good")[date(1998, 10, 1)] == 606
    assert values(bench, "lent_total")[date(1998, 1, 1)] == 103_261_740
    assert values(bench, "loans_bad_share")[date(1998, 12, 1)] == pytest.approx(100 * 76 / 682, rel=1e-9)


def test_every_month_and_quarter_equals_the_independent_route(bench):
    """72 months and 24 quarters, as of then: pandas sees only what had been granted or opened."""
    loan, account = table("loan"), table("account")
    granted, opened = pd.to_datetime(loan["granted_on"]), pd.to_datetime(account["opened_on"])
    bad = loan["status"].isin(["B", "D"])
    names = ("loans_bad_share", "accounts_opened", "loan_median", "loans_good")
    shares, accounts, medians, good = (values(bench, name) for name in names)
    for month in pd.period_range("1993-01", "1998-12", freq="M"):
        first, until = month.start_time.date(), month.end_time
        so_far = granted <= until
        assert shares[first] == (pytest.approx(100 * bad[so_far].mean(), rel=1e-9) if so_far.any() else None)
        assert accounts[first] == (opened.dt.to_period("M") == month).sum()
    for quarter in pd.period_range("1993Q1", "1998Q4", freq="Q"):
        first = quarter.start_time.date()
        inside = granted.dt.to_period("Q") == quarter
        median = loan.loc[inside, "amount_czk"].median() if inside.any() else None
        assert medians[first] == median
        assert good[first] == (~bad[granted <= quarter.end_time]).sum()


def test_every_year_equals_the_independent_route(bench):
    """Cards per account and the share of the largest region, over three joined tables."""
    loan, account, card, district = table("loan"), table("account"), table("card"), table("district")
    joined = loan.merge(account, on="account_id").merge(district, on="district_id")
    for year in range(1993, 1999):
        until = pd.Timestamp(year, 12, 31)
        first = date(year, 1, 1)
        cards, accounts = (
            (pd.to_datetime(card["issued_on"]) <= until).sum(),
            (pd.to_datetime(account["opened_on"]) <= until).sum(),
        )
        assert values(bench, "cards_per_100_accounts")[first] == pytest.approx(100 * cards / accounts, rel=1e-9)
        lent = joined[pd.to_datetime(joined["granted_on"]) <= until].groupby("region")["amount_czk"].sum()
        assert values(bench, "loans_per_region_max")[first] == pytest.approx(100 * lent.max() / lent.sum(), rel=1e-9)


@pytest.mark.parametrize("day", [date(1993, 7, 5), date(1994, 3, 27), date(1996, 2, 29), date(1998, 10, 25), date(1998, 12, 31)])
def test_a_travel_to_noon_of_a_day_sees_that_day(bench, day):
    """Days since the last loan, on ordinary days, a leap day and both kinds of clock change."""
    noon = instant(day.year, day.month, day.day, 12)
    compute.travel(bench, noon, ["days_since_loan"], actor=ACTOR)
    granted = [stamp.date() for stamp in pd.to_datetime(table("loan")["granted_on"])]
    (row,) = [row for row in reading.history(bench, "days_since_loan") if row["period_start"] == day]
    assert row["value"] == min((day - past).days for past in granted if past <= day)
    assert (row["as_of"], row["origin"], row["settled"]) == (noon, "backfill", False)


def test_the_colours_follow_the_history(bench):
    """Lending reaches the refinancing line at the end of 1998, and the status says so from then on."""
    colours = {row["period_start"].year: row["status"] for row in reading.history(bench, "lent_total") if row["settled"]}
    assert (colours[1997], colours[1998]) == ("green", "amber")


def test_every_day_of_half_a_year_equals_the_independent_route(bench):
    """Days since the last loan as of the end of each day, from the day after the first loan; all three colours, none before."""
    compute.travel(bench, instant(1993, 7, 4, 12), ["days_since_loan"], actor=ACTOR)
    compute.backfill(bench, ["days_since_loan"], first=instant(1993, 7, 6), until=instant(1994, 1, 1), actor=ACTOR)
    granted = pd.to_datetime(table("loan")["granted_on"])
    days = pd.date_range("1993-07-06", "1993-12-31")
    expected = {day.date(): (day - granted[granted <= day].max()).days for day in days}
    got = values(bench, "days_since_loan")
    assert {day: got[day] for day in expected} == expected
    status = {row["period_start"]: row["status"] for row in reading.history(bench, "days_since_loan")}
    colours = {day: "red" if since >= 30 else "amber" if since >= 14 else "green" for day, since in expected.items()}
    assert set(colours.values()) == {"red", "amber", "green"}
    assert {day: status[day] for day in colours} == colours
    assert status[date(1993, 7, 4)] == "grey"


def test_the_command_line_tells_the_same(bench, scratch_folder):
    """As its user would, from nothing: init, load, deploy, backfill, travel, read; number for number what the functions say."""
    program = Path(sys.executable).with_name("heartbeat")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEARTBEAT_")}
    with tempfile.TemporaryDirectory(prefix="heartbeat-test-", dir=scratch_folder) as folder:
        root = Path(folder) / "bank"

        def heartbeat(*words: str | Path, cwd: Path = root) -> str:
            done = subprocess.run(
                [program, *words],
                cwd=cwd,
                env={**environment, "TZ": "Europe/Prague"},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        heartbeat("init", root, "--operator", ACTOR, cwd=Path(folder))
        try:
            heartbeat("load", "berka", DATA)
            for file in METRICS.glob("*.sql"):
                shutil.copy(file, root / "db" / "metrics")
            deployed = json.loads(heartbeat("deploy", "--json"))
            assert deployed["new"] == sorted(file.stem for file in METRICS.glob("*.sql"))
            coarse = [row["metric_id"] for row in reading.metrics(bench) if row["period"] != "day"]
            filled = json.loads(heartbeat("backfill", *coarse, "--from", "1993-01-01", "--to", "1998-12-31", "--json"))
            assert (filled["failed"], filled["skipped"]) == (0, [])
            travelled = json.loads(heartbeat("refresh", "--as-of", "1998-12-31", "days_since_loan", "--json"))
            assert (travelled["ok"], travelled["as_of"]) == (1, "1998-12-31T22:59:59.999999+00:00")
            (day,) = [
                row
                for row in json.loads(heartbeat("history", "days_since_loan", "--json"))
                if row["period_start"] == "1998-12-31"
            ]
            assert (day["value"], day["status"]) == (23, "amber")
            for metric_id in ("loans_good", "lent_total"):
                rows = json.loads(heartbeat("history", metric_id, "--json"))
                printed = {date.fromisoformat(row["period_start"]): row["value"] for row in rows if row["settled"]}
                assert printed == values(bench, metric_id)
        finally:
            heartbeat("stop")
