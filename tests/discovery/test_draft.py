"""Drafts: nothing runs before alignment, then value, past, code and likenesses, kept with the candidate."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from heartbeat_lib.discovery.candidate import CandidateStage, NoSuchCandidateError, candidate
from heartbeat_lib.discovery.draft import DraftRefused, draft
from heartbeat_lib.discovery.refusals import NotAlignedError
from heartbeat_lib.marts import MartsUnreachable
from heartbeat_lib.model.value_sql import ValueSqlRefused
from heartbeat_lib.settings import read_settings
from heartbeat_lib.workspace import Workspace
from tests.discovery.conftest import NOW
from tests.discovery.shop import DAY, SHOP, agreed
from tests.discovery.stories import STORY, brought

TODAY = "SELECT count(*) FROM shop.orders WHERE placed_at >= current_date AND placed_at <= now()"


@pytest.fixture
def shop(bench, marts):
    """The workbench over the shop, with an agreed candidate."""
    marts(SHOP)
    agreed(bench)
    return bench


def run(bench, sql=TODAY, **given):
    """The draft of the agreed candidate at noon."""
    return draft(bench, "late_share", sql, **{"as_of": NOW, "on": DAY} | given)


@pytest.mark.parametrize("stage", [CandidateStage.NEW, CandidateStage.STORY])
@pytest.mark.parametrize("sql", [TODAY, "SELECT count(*) FROM no_such.table", "not even SQL"])
def test_no_sql_runs_before_alignment(bench, stage, sql):
    """The marts are not there: whatever asked them would fail otherwise. Neither is the text read."""
    brought(bench, stage, on=DAY)
    with pytest.raises(NotAlignedError):
        run(bench, sql)
    assert "marts" not in vars(bench)


def test_with_an_agreement_the_same_call_asks_the_marts(bench):
    """So the test before this one could fail."""
    agreed(bench)
    with pytest.raises(MartsUnreachable):
        run(bench)


def test_a_story_written_anew_needs_agreement_again(shop):
    from heartbeat_lib.discovery.candidates import write_story

    write_story(shop, "late_share", {**STORY, "job": "Who calls the carrier tomorrow?"}, on=DAY)
    with pytest.raises(NotAlignedError, match="changed since"):
        run(shop)


def test_a_draft_needs_a_candidate(shop):
    with pytest.raises(NoSuchCandidateError):
        draft(shop, "nobody_knows", TODAY)


def test_a_draft_has_the_value_and_ninety_periods_as_of_then(shop):
    made = run(shop).json()
    assert (made["value"], made["tables"], made["as_of"]) == (10, ["shop.orders"], NOW.isoformat())
    assert len(made["past"]) == 90
    assert made["past"][0]["period_start"] == "2026-08-27"
    assert made["past"][-1] == {"period_start": "2026-11-24", "value": 10, "error": None}
    assert made["past"][-2]["value"] == 24
    assert next(one["value"] for one in made["past"] if one["period_start"] == "2026-10-25") == 25  # clocks go back that night
    assert [one["name"] for one in made["checks"]] == [
        "NULL and zero", "day's shift", "late data", "division by zero", "look-ahead", "scale",
    ]  # fmt: skip


def test_a_draft_is_kept_with_the_candidate_and_told_in_the_report(shop):
    run(shop)
    known = candidate(shop, "late_share")
    assert known.stage is CandidateStage.DRAFTED
    assert known.draft["value"] == 10
    report = (shop.workspace.root / "reports/metric-candidates/metric-candidates-2026-11-24.md").read_text("utf-8")
    assert "look-ahead" in report


@pytest.mark.parametrize(("period", "first"), [("month", "2019-06-01"), ("hour", "2026-11-20T19:00:00+01:00")])
def test_the_past_has_the_periods_of_the_story(bench, marts, period, first):
    marts(SHOP)
    agreed(bench, period=period)
    made = run(bench).json()
    assert (len(made["past"]), made["past"][0]["period_start"], made["period"]) == (90, first, period)


def test_without_a_clock_the_past_has_no_values_and_says_so(shop):
    made = run(shop, "SELECT count(*) FROM shop.orders").json()
    assert {one["value"] for one in made["past"]} == {None}
    assert "names no clock" in made["past_note"]


def test_a_period_that_fails_is_without_a_value_and_the_draft_stands(shop):
    made = run(shop, "SELECT 1.0 / count(*) FROM shop.tickets WHERE opened_at >= current_date AND opened_at <= now()").json()
    failed = [one["period_start"] for one in made["past"] if one["error"]]
    assert failed == ["2026-10-13", "2026-10-14", "2026-10-15"]


def test_a_code_is_free_and_stays_from_draft_to_draft(shop, deployed):
    deployed(orders_all=("SELECT count(*) FROM shop.orders", "All orders"))
    (shop.workspace.metrics / "late_other.sql").write_text("-- VALUES ('late_other', 'LATE')", "utf-8")
    first = run(shop).code
    assert first == "LATS"
    (shop.workspace.metrics / "late_other.sql").unlink()
    assert run(shop).code == first


def test_a_metric_that_says_the_same_is_named(shop, deployed):
    deployed(orders_today=(TODAY, "Orders today"))
    (found,) = run(
        shop, "SELECT count(*) FROM shop.orders o WHERE o.placed_at <= now() AND o.placed_at >= current_date"
    ).duplicates
    assert found.metric_id == "orders_today"


def test_a_text_that_is_no_metric_is_refused_with_its_line(shop):
    with pytest.raises(ValueSqlRefused, match="line 2"):
        run(shop, "SELECT count(*)\nFROM read_csv('x.csv')")


def test_a_query_that_fails_is_refused_with_the_engines_words_and_keeps_nothing(shop):
    with pytest.raises(DraftRefused, match=r"line 2: .*placed_on"):
        run(shop, "SELECT count(*) FROM shop.orders\nWHERE placed_on <= now()")
    assert candidate(shop, "late_share").draft is None


def test_a_query_that_reads_no_table_is_refused(shop):
    with pytest.raises(DraftRefused, match="reads no table"):
        run(shop, "SELECT 42")


def test_tables_that_are_missing_or_empty_park_the_candidate(shop):
    with pytest.raises(
        DraftRefused, match=r"shop.order is not in the marts; did you mean shop.orders\?; shop.returns has no rows"
    ):
        run(shop, "SELECT count(*) FROM shop.order JOIN shop.returns USING (id)")
    assert candidate(shop, "late_share").waits_for == ("shop.order", "shop.returns")


def test_a_parked_candidate_is_drafted_once_its_table_has_landed(shop, marts):
    returns = "SELECT count(*) FROM shop.returns WHERE returned_at <= now()"
    with pytest.raises(DraftRefused):
        run(shop, returns)
    marts("INSERT INTO shop.returns VALUES (1, TIMESTAMPTZ '2026-11-20 12:00:00+01')")
    assert run(shop, returns).value == 1
    assert candidate(shop, "late_share").stage is CandidateStage.DRAFTED


def test_a_fallback_source_needs_a_note(shop):
    toml = shop.workspace.root / "heartbeat.toml"
    toml.write_text(toml.read_text("utf-8") + '[[source]]\nschema = "shop"\nfolder = "data"\nfallback = true\n', "utf-8")
    shop.workspace = Workspace(root=shop.workspace.root, settings=read_settings(toml))
    with pytest.raises(DraftRefused, match=r"shop\.orders: a fallback"):
        run(shop)
    assert run(shop, note="The till's own export comes in spring.").json()["note"] == "The till's own export comes in spring."


def test_a_draft_shows_itself_and_escapes_what_it_holds(shop):
    made = run(shop, f"{TODAY} AND '<script>' <> 'x'", rough_source="<b>")
    page = made._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<svg" in page
    assert "look-ahead" in page
    assert "LATE late_share: 10" in repr(made)


def test_what_was_kept_is_shown_as_the_draft_was(shop):
    from heartbeat_lib.discovery.draft_html import draft_text

    made = run(shop)
    assert draft_text(candidate(shop, "late_share").draft, shop.workspace.zone) == repr(made)


def test_an_instant_in_the_past_says_what_was_known_then(shop):
    assert run(shop, as_of=datetime(2026, 11, 23, 5, tzinfo=UTC)).value == 6
