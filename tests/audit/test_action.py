"""Red and action: what red costs, who acts, where thresholds come from, and how often it was red."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from heartbeat_lib import compute
from heartbeat_lib.audit import action
from heartbeat_lib.audit.case import open_case
from heartbeat_lib.audit.stakes import Origin, cost_of_red, origin, who_acts
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.registration.check import check

REPOSITORY = Path(__file__).parents[2]
SHIPPED = [
    file
    for folder in ("db/metrics", "tests/berka/metrics", "examples/flights/db/metrics")
    for file in sorted((REPOSITORY / folder).glob("*.sql"))
]
BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 5, 6, 12, tzinfo=BERLIN)
DAY = "SELECT max(day(d)) FROM shop.days WHERE d = current_date"
READ = "Red means that we pay refunds. The desk calls the carrier the same day."


@pytest.fixture
def shop(marts):
    """Days of spring; the metric says which day of the month it is."""
    marts(
        "CREATE SCHEMA shop; CREATE TABLE shop.days AS SELECT CAST(t AS DATE) AS d "
        "FROM range(TIMESTAMP '2026-03-01', TIMESTAMP '2026-06-01', INTERVAL 1 DAY) AS g(t)"
    )


@pytest.fixture
def look(bench, shop, deployed):
    """Deploys one metric, fills ten days of April, and looks at red."""

    def examine(*, norm: int | None = 20, alert: int | None = 25, days=("2026-04-11", "2026-04-21"), judge="closed", **texts):
        told = {"how_to_read": READ, "threshold_basis": "Contract with the carrier, clause 7.", **texts}
        sets = [f"{name} = " + ("NULL" if text is None else "'" + text.replace("'", "''") + "'") for name, text in told.items()]
        sets += [f"norm_value = {'NULL' if norm is None else norm}", f"alert_value = {'NULL' if alert is None else alert}"]
        more = f"UPDATE heartbeat.metric_registry SET judge = '{judge}', direction = 'higher_is_worse', {', '.join(sets)};\n"
        deployed(more=more, late=DAY)
        first, until = (datetime.fromisoformat(day).replace(tzinfo=BERLIN) for day in days)
        compute.backfill(bench, ["late"], first=first, until=until, actor="ann@x.example")
        return action.examine(open_case(bench, "late", as_of=NOON, auditor="ann@x.example"))

    return examine


def point(layer, what):
    (found,) = [point for point in layer.points if point.what == what]
    return found


def test_a_metric_that_says_it_all_holds(look):
    """What red costs, who acts, from which contract, and not always red."""
    layer = look(norm=15, alert=18)
    assert layer.verdict is Verdict.HOLDS
    assert [(one.what, one.found) for one in layer.points] == [
        ("Direction", "Higher is worse."),
        ("What red costs", "“Red means that we pay refunds.”"),
        ("Who acts", "“The desk calls the carrier the same day.”"),
        ("Basis of amber", "Of amber at 15 it is said: “Contract with the carrier, clause 7.”"),
        ("Basis of red", "Of red at 18 it is said: “Contract with the carrier, clause 7.”"),
        ("How often", "Of the last 10 judged periods 3 were amber and 3 red."),
    ]
    assert layer.tables[0].rows == (("green", "4"), ("amber", "3"), ("red", "3"), ("grey", "0"))


def test_never_red_is_told_and_holds(look):
    """A smoke detector that is silent is no broken one."""
    layer = look()
    assert layer.verdict is Verdict.HOLDS
    assert point(layer, "How often").found.endswith("1 were amber and 0 red: it was never red.")


@pytest.mark.parametrize(
    ("norm", "alert", "words"), [(1, 2, "it is always red"), (1, 99, "it is always amber"), (1, 15, "it was never green")]
)
def test_a_colour_that_never_changes_is_doubtful(look, norm, alert, words):
    """Nobody looks at a lamp that always burns."""
    layer = look(norm=norm, alert=alert)
    assert layer.verdict is Verdict.DOUBTFUL
    assert words in layer.why


def test_colours_are_those_of_the_thresholds_in_force(look, bench):
    """Not those that were kept when other thresholds stood."""
    look(norm=1, alert=2)
    assert point(look(norm=15, alert=18), "How often").verdict is Verdict.HOLDS


def test_few_periods_tell_nothing_about_how_often(look):
    """Three days red is no habit."""
    layer = look(norm=1, alert=2, days=("2026-04-11", "2026-04-14"))
    assert point(layer, "How often").verdict is Verdict.NOT_EXAMINED
    assert point(layer, "How often").found.startswith("Only 3 periods could be judged")


def test_red_without_a_cost_is_doubtful(look):
    """A number that means nothing when it is red is decoration."""
    layer = look(how_to_read="The desk looks at it on Mondays.")
    assert layer.verdict is Verdict.DOUBTFUL
    assert point(layer, "What red costs").verdict is Verdict.DOUBTFUL
    assert point(layer, "Who acts").verdict is Verdict.HOLDS


def test_red_without_somebody_is_doubtful(look):
    """Nobody acts on a passive voice."""
    layer = look(how_to_read="Red means that we pay refunds.")
    assert layer.verdict is Verdict.DOUBTFUL
    assert point(layer, "Who acts").found == "No text says who does what when it is red."


def test_a_missing_basis_is_doubtful(look):
    """A number out of the air."""
    layer = look(threshold_basis=None)
    assert layer.verdict is Verdict.DOUBTFUL
    assert point(layer, "Basis of red").found == "Nobody said where red at 25 comes from."


def test_a_basis_of_the_data_alone_is_doubtful(look):
    """The threshold would move with the mistake that it should catch."""
    layer = look(threshold_basis="mean + 2 sd of last year")
    assert layer.verdict is Verdict.DOUBTFUL
    assert "comes from the data alone" in layer.why


def test_a_basis_that_nobody_can_read_is_left_to_a_person(look):
    """It does not hold for being written."""
    assert point(look(threshold_basis="xyz"), "Basis of red").verdict is Verdict.NOT_EXAMINED


def test_one_threshold_has_one_basis(look):
    """Nothing is said of the one that is not there."""
    layer = look(alert=None)
    assert [one.what for one in layer.points if one.what.startswith("Basis")] == ["Basis of amber"]


def test_without_thresholds_there_is_no_red_to_examine(look):
    """And the whole is doubtful at best."""
    layer = look(norm=None, alert=None, threshold_basis=None)
    assert layer.verdict is Verdict.NOT_EXAMINED
    assert "no thresholds" in layer.why


def test_hostile_texts_come_through_as_they_are(look):
    """Escaping is for who writes the page."""
    text = "Red means a <b>penalty</b> of '5' \"EUR\" | $x$ ; DROP TABLE x"
    assert point(look(how_to_read=text), "What red costs").found == "“Red means a <b>penalty</b> of '5' \"EUR\" | $x$ ;”"


@pytest.mark.parametrize(
    "text",
    [
        "Red means fines of the card scheme.",
        "Red costs 5,000 EUR a day.",
        "Red: 12 k€ a week.",
        "From then on the supervisor asks.",
        "Amber means that customers wait in the street.",
        "We lose the licence.",
    ],
)
def test_what_red_costs_is_found(text):
    """Money, the law, people who are hurt."""
    assert cost_of_red([text], []) == text


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "About 1.1 million euros on a working day.",
        "Half of the customers waited longer.",
        "Redundant payments count.",
        "Zero is fine.",
        "0.9 is usual.",
    ],
)
def test_a_figure_is_no_cost(text):
    """A usual amount is what the metric says, not what red costs."""
    assert cost_of_red([text], []) is None


def test_methodology_speaks_of_red_only_where_it_says_so():
    """A metric about refunds has the word in every text."""
    assert cost_of_red([], ["Counts refunds of the day."]) is None
    assert cost_of_red([], ["Counts refunds. Red means that refunds are overdue by law."]) is not None


@pytest.mark.parametrize(
    "text", ["The operations desk calls the carrier.", "ann@x.example is paged.", "The head of sales decides."]
)
def test_who_acts_is_found(text):
    """Somebody, and what they do."""
    assert who_acts([text], []) == text


@pytest.mark.parametrize("text", ["The desk is behind.", "Somebody should look.", "It is checked.", None])
def test_nobody_in_particular_is_nobody(text):
    """A passive voice acts on nothing."""
    assert who_acts([text], []) is None


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        ("mean + 2 sd", Origin.DATA),
        ("average of last year", Origin.DATA),
        ("95th percentile of the past 90 days", Origin.DATA),
        ("twice the usual", Origin.DATA),
        ("Commitment of the head of sales: 100 a week", Origin.OUTSIDE),
        ("Average of last year, agreed with the carrier in the contract", Origin.OUTSIDE),
        ("EU Instant Payments Regulation 2024/886: 10 seconds.", Origin.OUTSIDE),
        ("Capacity: the team closes 40 a week", Origin.OUTSIDE),
        ("a test", Origin.UNKNOWN),
        ("Contractor Jones", Origin.UNKNOWN),
    ],
)
def test_a_basis_is_told_by_its_words(basis, expected):
    """Outside the data, of the data alone, or not to be read; it is words that are read, and no more."""
    assert origin(basis) is expected


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: f"{file.parts[-4]}-{file.stem}")
def test_every_shipped_metric_says_what_red_costs_and_who_acts(workspace, file):
    """In texts that owners see, and not in the comments of its file alone; those without thresholds are never red."""
    shutil.copy(file, workspace.metrics)
    found = check(workspace).definitions[file.stem]
    if found.alert_value is None:
        return
    texts = [found.how_to_read, found.notes], [found.methodology, found.description]
    assert cost_of_red(*texts) is not None
    assert who_acts(*texts) is not None
    assert origin(found.threshold_basis or "") is Origin.OUTSIDE
