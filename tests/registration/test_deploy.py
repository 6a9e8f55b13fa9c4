"""Deploying: the registry equals the files, all or nothing, and a retired id keeps its story."""

from __future__ import annotations

import pytest

from heartbeat_lib import lifecycle, reading
from heartbeat_lib.registration import DeployRefused


@pytest.fixture
def shop(marts):
    """Marts with one table that every file of these tests may read."""
    marts("CREATE SCHEMA shop; CREATE TABLE shop.parcels (promised_on date, delivered_on date)")


@pytest.fixture
def many(write, good):
    """Writes metrics m_0 .. m_n with codes of their own."""

    def write_many(count):
        return [
            write(good.replace("late_share", f"m_{number:02d}").replace("'LATE'", f"'M{number:03d}'"), f"m_{number:02d}")
            for number in range(count)
        ]

    return write_many


def refused_rules(bench, **options):
    """Rules of the findings of a deploy that must be refused."""
    with pytest.raises(DeployRefused) as refused:
        lifecycle.deploy(bench, **options)
    return [finding.rule for finding in refused.value.findings if finding.severity == "error"]


def ids(bench):
    """Living metrics."""
    return [row["metric_id"] for row in reading.metrics(bench)]


@pytest.mark.usefixtures("shop")
class TestDeploy:
    """One workspace, real store, real marts."""

    def test_a_new_metric_is_unverified_ownerless_and_computed(self, bench, write):
        """The honest default; its first number is of origin manual, no tick."""
        write()
        done = lifecycle.deploy(bench)
        assert done.plan.new == ("late_share",)
        (row,) = reading.metrics(bench)
        assert (row["verification_state"], row["owner"], row["stage"]) == ("unverified", None, 5)
        (kept,) = reading.history(bench, "late_share")
        assert (kept["origin"], kept["value"], kept["status_reason"]) == ("manual", None, "no_value")

    def test_deploying_twice_changes_nothing(self, bench, write):
        """Not even a row version."""
        write()
        lifecycle.deploy(bench)
        before = reading.metrics(bench)
        done = lifecycle.deploy(bench)
        assert done.plan.unchanged == ("late_share",)
        assert reading.metrics(bench) == before

    def test_layout_and_texts_are_cosmetic_and_a_filter_is_a_new_meaning(self, bench, write, good):
        """Only what changes the number takes trust away."""
        write(good)
        lifecycle.deploy(bench)
        write(good.replace("    FROM shop.parcels", "  from shop.parcels -- all of them").replace("Up is bad.", "Up hurts."))
        assert lifecycle.deploy(bench).plan.cosmetic == ("late_share",)
        write(good.replace("current_date - 1", "current_date - 2"))
        assert lifecycle.deploy(bench).plan.new_meaning == ("late_share",)

    def test_a_plan_shows_everything_and_changes_nothing(self, bench, write):
        """What --plan says is what a deploy would do."""
        write()
        assert lifecycle.plan_deploy(bench).plan.new == ("late_share",)
        assert ids(bench) == []

    def test_one_broken_file_stops_everything(self, bench, write, good, many):
        """The registry is exactly as before, also for the files that are well."""
        many(2)
        lifecycle.deploy(bench)
        before = reading.metrics(bench)
        many(5)
        write(good.replace("'LATE'", "'late'"))
        assert refused_rules(bench) == ["code"]
        assert reading.metrics(bench) == before

    def test_a_query_that_does_not_run_blocks_with_the_engines_words_and_the_line(self, bench, write, good):
        """A missing column shows at deploy, not at three in the morning."""
        write(good.replace("delivered_on > promised_on", "deliverd_on > promised_on"))
        with pytest.raises(DeployRefused) as refused:
            lifecycle.deploy(bench)
        (finding,) = [f for f in refused.value.findings if f.severity == "error"]
        assert "deliverd_on" in finding.message
        assert good.split("\n")[finding.line - 1].lstrip().startswith("SELECT 100.0")
        assert ids(bench) == []

    def test_deleting_the_file_retires_the_metric_and_keeps_its_history(self, bench, write, many):
        """The row goes, the history stays for ever."""
        many(5)
        lifecycle.deploy(bench)
        kept = reading.history(bench, "m_00")
        (bench.workspace.metrics / "m_00.sql").unlink()
        assert lifecycle.deploy(bench).plan.retired == ("m_00",)
        assert "m_00" not in ids(bench)
        assert reading.history(bench, "m_00") == kept
        with pytest.raises(reading.NoSuchMetricError, match="retired on"):
            reading.metric(bench, "m_00")

    def test_a_plan_that_retires_too_much_needs_the_number(self, bench, many):
        """An empty checkout must not empty the wall."""
        paths = many(4)
        lifecycle.deploy(bench)
        for path in paths[:3]:
            path.unlink()
        assert len(refused_rules(bench)) == 1
        assert refused_rules(bench, allow_retirements=2)
        assert lifecycle.deploy(bench, allow_retirements=3).plan.retired == ("m_00", "m_01", "m_02")

    def test_an_empty_folder_retires_nothing_by_accident(self, bench, many):
        """All of one is still all of it."""
        (path,) = many(1)
        lifecycle.deploy(bench)
        path.unlink()
        assert refused_rules(bench)
        assert ids(bench) == ["m_00"]

    def test_a_retired_id_comes_back_with_its_own_meaning_alone(self, bench, many, write, good):
        """Two meanings under one id could not be told apart; the refusal tells when it was retired."""
        many(5)
        lifecycle.deploy(bench)
        path = bench.workspace.metrics / "m_00.sql"
        text = path.read_text("utf-8")
        path.unlink()
        lifecycle.deploy(bench, reason="the carrier is gone")
        path.write_text(text.replace("current_date - 1", "current_date - 7"), "utf-8")
        with pytest.raises(DeployRefused) as refused:
            lifecycle.deploy(bench)
        (finding,) = [f for f in refused.value.findings if f.severity == "error"]
        assert "retired" in finding.message
        path.write_text(text.replace("Late parcels", "Late again"), "utf-8")
        assert lifecycle.deploy(bench).plan.new == ("m_00",)

    def test_two_metrics_may_swap_their_codes(self, bench, many):
        """Codes are judged when all rows stand."""
        first, second, *_ = many(3)
        lifecycle.deploy(bench)
        one, two = first.read_text("utf-8"), second.read_text("utf-8")
        first.write_text(one.replace("'M000'", "'M001'"), "utf-8")
        second.write_text(two.replace("'M001'", "'M000'"), "utf-8")
        assert lifecycle.deploy(bench).plan.cosmetic == ("m_00", "m_01")

    def test_without_marts_a_new_metric_is_refused_with_what_to_do(self, bench, write):
        """The first deploy of a newcomer who has not loaded anything."""
        bench.workspace.marts_file.unlink()
        write()
        with pytest.raises(DeployRefused) as refused:
            lifecycle.deploy(bench)
        assert "heartbeat load" in str([f.message for f in refused.value.findings])
