"""Layer 1 on real metrics: the right ones come out clean, and every planted fault is named."""

from __future__ import annotations

import pytest

from heartbeat_lib.audit.methodology import examine
from heartbeat_lib.model.verdict import Verdict
from tests.audit.conftest import BERKA_METRICS, DEMO_METRICS

DEMO_IDS = sorted(file.stem for file in DEMO_METRICS.glob("*.sql"))
BERKA_IDS = sorted(file.stem for file in BERKA_METRICS.glob("*.sql"))


def bad(layer):
    """Everything that is not clean, as sentences."""
    return [point.found for point in layer.points if point.verdict in (Verdict.DOUBTFUL, Verdict.FAILS)]


@pytest.mark.parametrize("metric_id", DEMO_IDS)
def test_a_right_metric_of_the_demo_comes_out_clean(demo_case, metric_id):
    """A finding on a metric that is right would teach people not to read findings."""
    layer = examine(demo_case(metric_id))
    assert bad(layer) == []
    assert layer.verdict is Verdict.HOLDS


@pytest.mark.parametrize("metric_id", BERKA_IDS)
def test_a_right_metric_of_the_czech_bank_comes_out_clean(berka_case, metric_id):
    """Texts that somebody else wrote, shorter ones."""
    layer = examine(berka_case(metric_id))
    assert bad(layer) == []
    assert layer.verdict is Verdict.HOLDS


DEMO_FAULTS = {
    # id: (metric, what stands in its SQL, what is planted, verdict, the point, words that name both sides)
    "rows multiplied by a join": (
        "payment_volume",
        "FROM webbank.payments",
        "FROM webbank.payments JOIN cards.cards USING (account_id)",
        Verdict.FAILS,
        "Join",
        ("repeats rows", "become"),
    ),
    "calls joined to payments that are not added up first": (
        "collateral_overdue",
        "SELECT call_id, sum(amount_eur) AS paid_eur\n        FROM cards.collateral_payments\n        WHERE paid_at <= now()\n"
        "        GROUP BY call_id",
        "SELECT call_id, amount_eur AS paid_eur FROM cards.collateral_payments WHERE paid_at <= now()",
        Verdict.DOUBTFUL,
        "Join",
        ("152 rows become 178",),
    ),
    "a share without 100": (
        "chargeback_rate", "100.0 * (", "1.0 * (", Verdict.DOUBTFUL, "Unit", ("does not multiply by 100",),
    ),
    "per hundred for per thousand": (
        "aml_alert_rate", "1000.0", "100.0", Verdict.DOUBTFUL, "Unit", ("per thousand", "not multiply by 1000"),
    ),
    "hours for days": (
        "onboarding_days", "86400.0", "3600.0", Verdict.DOUBTFUL, "Unit", ("in hours", "unit is days"),
    ),
    "the scheme lost": (
        "chargeback_rate", "scheme = 'card' AND ", "", Verdict.DOUBTFUL, "Filter", ("scheme card", "filter is missing"),
    ),
    "the reason lost": (
        "card_fraud_month", "reason = 'fraud' AND ", "", Verdict.DOUBTFUL, "Filter", ("reason fraud", "filter is missing"),
    ),
    "rejected payments counted": (
        "payment_volume", "AND (rejected_at IS NULL OR rejected_at > now())", "",
        Verdict.DOUBTFUL, "Filter", ("without those rejected", "filter is missing"),
    ),
    "closed alerts counted": (
        "aml_alerts_old", " AND (closed_at IS NULL OR closed_at > now())", "",
        Verdict.DOUBTFUL, "Filter", ("no closed_at", "filter is missing"),
    ),
    "another scheme": (
        "instant_slow", "'instant'", "'sepa'", Verdict.DOUBTFUL, "Filter", ("sepa", "instant"),
    ),
    "a filter that no text names": (
        "payments_today", "created_at <= now()", "created_at <= now() AND scheme = 'sepa'",
        Verdict.DOUBTFUL, "Filter", ("scheme is sepa", "no text"),
    ),
    "a filter that the text denies": (
        "payments_today", "created_at <= now()", "created_at <= now() AND rejected_at IS NULL",
        Verdict.DOUBTFUL, "Filter", ("rejected_at is not filled", "Rejected payments count"),
    ),
    "unsettled payments left out by a bound": (
        "payments_today", "created_at <= now()", "created_at <= now() AND settled_at <= now()",
        Verdict.DOUBTFUL, "Filter", ("without settled_at", "no text"),
    ),
    "rejected for not rejected": (
        "payment_volume", "(rejected_at IS NULL OR rejected_at > now())", "rejected_at IS NOT NULL",
        Verdict.DOUBTFUL, "Filter", ("rejected_at is filled", "without those rejected"),
    ),
    "the month from the second on": (
        "card_fraud_month", "received_at >= date_trunc('month', current_date) THEN",
        "received_at >= date_trunc('month', current_date) + INTERVAL '1 day' THEN",
        Verdict.DOUBTFUL, "Time window", ("1 day after the first of this month", "first of the month"),
    ),
    "after the first instant of the month": (
        "card_fraud_month", "received_at >= date_trunc('month', current_date) THEN",
        "received_at > date_trunc('month', current_date) THEN",
        Verdict.DOUBTFUL, "Time window", ("after the first of this month", "first of the month"),
    ),
    "midnight counted twice": (
        "payments_rejected", "created_at < current_date", "created_at <= current_date",
        Verdict.DOUBTFUL, "Time window", ("including the first instant of today", "day before today"),
    ),
    "today counted as overdue": (
        "collateral_overdue", "c.due_on < current_date", "c.due_on <= current_date",
        Verdict.DOUBTFUL, "Time window", ("due_on before today", ),
    ),
    "yesterday for today": (
        "payments_today", "created_at >= current_date AND created_at <= now()",
        "created_at >= current_date - 1 AND created_at < current_date",
        Verdict.DOUBTFUL, "Time window", ("yesterday", "from midnight to now"),
    ),
    "today for yesterday": (
        "payments_rejected", "created_at >= current_date - 1 AND created_at < current_date",
        "created_at >= current_date AND created_at <= now()",
        Verdict.DOUBTFUL, "Time window", ("from today on", "day before today"),
    ),
    "90 days for 30": (
        "aml_alert_days", "current_date - 30", "current_date - 90",
        Verdict.DOUBTFUL, "Time window", ("90 days before today", "30 days"),
    ),
    "90 days for 30 in the denominator": (
        "chargeback_rate", "current_date - 31", "current_date - 91",
        Verdict.DOUBTFUL, "Time window", ("created_at from 91 days", "30 days before"),
    ),
    "no window at all": (
        "aml_alert_days", "WHERE closed_at >= current_date - 30 AND closed_at <= now()", "",
        Verdict.DOUBTFUL, "Time window", ("no time window", "30 days"),
    ),
    "by another column": (
        "payments_today", "created_at >= current_date AND created_at <= now()",
        "settled_at >= current_date AND settled_at <= now()",
        Verdict.DOUBTFUL, "Columns", ("created_at", "does not use it"),
    ),
    "twenty seconds for ten": (
        "instant_slow", "> 10)", "> 20)", Verdict.DOUBTFUL, "Filter", ("> 20", "no text names"),
    ),
    "a mean for a median": (
        "onboarding_days", "median(", "avg(", Verdict.DOUBTFUL, "Aggregate", ("Median", "average"),
    ),
}  # fmt: skip
BERKA_FAULTS = {
    "loans multiplied by who disposes of the account": (
        "loans_per_region_max",
        "JOIN berka.account AS account USING (account_id)",
        "JOIN berka.account AS account USING (account_id) JOIN berka.disposition AS disposition USING (account_id)",
        Verdict.FAILS,
        "Join",
        ("682 rows become 827",),
    ),
    "a share without 100": (
        "loans_bad_share", "100.0 * ", "1.0 * ", Verdict.DOUBTFUL, "Unit", ("does not multiply by 100", "between 0.1"),
    ),
    "the status lost": (
        "loans_good", "status IN ('A', 'C') AND ", "", Verdict.DOUBTFUL, "Filter", ("status A", "filter is missing"),
    ),
    "one status lost": (
        "loans_bad_share", "('B', 'D')", "('B')", Verdict.DOUBTFUL, "Filter", ("status D",),
    ),
    "a status too many": (
        "loans_bad_share", "('B', 'D')", "('B', 'C', 'D')", Verdict.DOUBTFUL, "Filter", ("B or C or D", "no text"),
    ),
    "a filter that no text names": (
        "lent_total", "granted_on <= current_date", "granted_on <= current_date AND duration_months > 12",
        Verdict.DOUBTFUL, "Filter", ("duration_months above 12", "no text"),
    ),
    "the month from the second on": (
        "accounts_opened", "opened_on >= date_trunc", "opened_on > date_trunc",
        Verdict.DOUBTFUL, "Time window", ("1 day after the first of this month", "month"),
    ),
    "last month's last day counted": (
        "accounts_opened", "date_trunc('month', current_date)", "date_trunc('month', current_date) - 1",
        Verdict.DOUBTFUL, "Time window", ("1 day before the first of this month", "month"),
    ),
    "the year for the quarter": (
        "loan_median", "'quarter'", "'year'", Verdict.DOUBTFUL, "Time window", ("1 January", "quarter"),
    ),
    "another currency": (
        "loan_median", "", "", Verdict.DOUBTFUL, "Unit", ("EUR", "amount_czk"),
    ),
    "a count for a sum": (
        "lent_total", "sum(amount_czk)", "count(*)", Verdict.DOUBTFUL, "Unit", ("CZK", "adds up no amount"),
    ),
}  # fmt: skip


def assert_named(case_of, fault, **columns):
    """The planted fault is found, by the right point, in words that name both sides."""
    metric_id, right, wrong, verdict, what, words = fault
    sql = case_of(metric_id).metric["value_sql"]
    assert right in sql
    layer = examine(case_of(metric_id, sql.replace(right, wrong), **columns))
    found = [point for point in layer.points if point.verdict in (Verdict.DOUBTFUL, Verdict.FAILS)]
    named = [point for point in found if point.what == what and all(word in point.found for word in words)]
    assert named, [f"{point.what}: {point.found}" for point in found]
    assert layer.verdict is verdict


@pytest.mark.parametrize("fault", DEMO_FAULTS.values(), ids=DEMO_FAULTS)
def test_a_fault_planted_in_the_demo_is_named(demo_case, fault):
    """The texts stay as they are; only the SQL goes wrong, as it does in life."""
    assert_named(demo_case, fault)


@pytest.mark.parametrize("fault", BERKA_FAULTS.values(), ids=BERKA_FAULTS)
def test_a_fault_planted_in_the_czech_bank_is_named(berka_case, fault):
    """On columns of days, single letters as values and tables that look alike."""
    columns = {"unit": "EUR"} if "amount_czk" in fault[5] else {}
    assert_named(berka_case, fault, **columns)


@pytest.mark.parametrize(
    ("sql", "verdict", "words"),
    [
        ("sum(p.amount_eur) FROM cards.collateral_calls AS c JOIN cards.collateral_payments AS p ON p.call_id = c.call_id",
         Verdict.HOLDS, "178 rows of cards.collateral_payments stay 178"),
        ("sum(c.amount_eur) FROM cards.collateral_calls AS c JOIN cards.collateral_payments AS p USING (call_id)",
         Verdict.FAILS, "become 178"),
        ("count(*) FROM cards.collateral_calls AS c JOIN cards.collateral_payments AS p USING (call_id)",
         Verdict.DOUBTFUL, "become 178"),
        ("max(c.amount_eur) FROM cards.collateral_calls AS c JOIN cards.collateral_payments AS p USING (call_id)",
         Verdict.HOLDS, "would not change"),
        ("count(*) FROM cards.collateral_calls AS c JOIN cards.collateral_payments AS p ON p.nothing = c.call_id",
         Verdict.NOT_EXAMINED, "could not be counted"),
    ],
)  # fmt: skip
def test_a_join_is_judged_by_whose_rows_are_added_up(demo_case, sql, verdict, words):
    """Payments of calls may be many; it is the call's own amount that must not be taken twice."""
    (point,) = [point for point in examine(demo_case("collateral_overdue", f"SELECT {sql}")).points if point.what == "Join"]
    assert (point.verdict, words in point.found) == (verdict, True), point.found


def test_what_has_no_text_is_not_examined(demo_case):
    """Nothing to compare is no pass."""
    layer = examine(demo_case("payments_today", methodology=None, how_to_read=" ", description=""))
    assert layer.verdict is Verdict.NOT_EXAMINED
    assert layer.tables[0].rows


def test_what_cannot_be_read_is_said_and_does_not_hold(demo_case):
    """A condition without words, and sentences without known words."""
    sql = "SELECT count(*) FROM webbank.payments WHERE channel LIKE 'a%'"
    layer = examine(
        demo_case("payments_today", sql, methodology="As agreed.", how_to_read=None, description="As agreed.", unit=None)
    )
    assert {point.verdict for point in layer.points} == {Verdict.NOT_EXAMINED}
    assert layer.verdict is Verdict.NOT_EXAMINED
    assert any("channel LIKE 'a%'" in point.found for point in layer.points)


def test_a_story_is_one_more_text(demo_case):
    """What a discovery told is held against the SQL too."""
    layer = examine(demo_case("payments_today"), story="All payments of the last 90 days.")
    assert any("he story says “last 90 days”" in point.found for point in layer.points if point.verdict is Verdict.DOUBTFUL)


@pytest.mark.parametrize(
    "text",
    [
        "scheme '; DROP TABLE webbank.payments; --",
        "with scheme card' OR 'x' = 'x and scheme \\' or \"today\"",
        "<script>alert(1)</script> by created_at | [x](javascript:alert(1)) since midnight",
        "scheme today or now() or $value$",
    ],
)
def test_a_hostile_text_is_only_a_text(demo_case, text):
    """Whatever it holds, it is compared, quoted as it stands, and runs nowhere."""
    layer = examine(demo_case("payments_today", methodology=f"Counts rows of webbank.payments, {text}.", how_to_read=text))
    assert not layer.broken
    assert examine(demo_case("payments_today")).verdict is Verdict.HOLDS


def test_the_table_tells_the_sql_in_words(demo_case):
    """What an owner sees beside the points."""
    (table,) = examine(demo_case("chargeback_rate")).tables
    assert (table.title, table.columns) == ("What the SQL does", ("Part", "In words"))
    rows = dict(table.rows)
    assert rows["Tables"] == "webbank.chargebacks, webbank.payments"
    assert "created_at from 31 days before today on and before yesterday" in rows["Time window"]
    assert rows["Only rows where"] == "scheme is card"
    assert rows["Multiplied by"] == "100"


def test_most_right_metrics_have_their_window_or_a_filter_examined(demo_case, berka_case):
    """A clean layer that looked at nothing would be worth nothing."""
    layers = [examine(demo_case(metric_id)) for metric_id in DEMO_IDS]
    layers += [examine(berka_case(metric_id)) for metric_id in BERKA_IDS]
    held = [{point.what for point in layer.points if point.verdict is Verdict.HOLDS} for layer in layers]
    assert sum(bool(what & {"Time window", "Filter"}) for what in held) >= 0.9 * len(held)
