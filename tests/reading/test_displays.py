"""What a notebook shows of metrics and histories, and that they stay what every other reader takes them for."""

from __future__ import annotations

import copy
import doctest
import json
import pickle
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from heartbeat_lib import reading
from heartbeat_lib.model import markup
from heartbeat_lib.model.json_text import json_text
from heartbeat_lib.store import Role

HOSTILE = "<script>alert('x')</script> & \"<b>"


class Page(HTMLParser):
    """Reads a piece of HTML: its text, its elements, its attributes; and that all that opens is closed."""

    def __init__(self, html):
        super().__init__()
        self.text, self.tags, self.attributes, self.open = "", [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open.append(tag)
        self.attributes += attrs

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def deploy(store, **more):
    """Make one metric of hostile words, `late_share`, new in the registry or change what its file says."""
    row = {
        "metric_id": "late_share", "code": "LATE", "name": HOSTILE, "period": "day", "value_sql": "SELECT 1", "unit": "<i>%",
        "description": HOSTILE, "sources": ["shop.parcels"], "dialect": "duckdb", "definition_hash": "new",
        "hash_version": "sqlglot 30.30.0", "norm_value": 5, "alert_value": 10, "threshold_basis": "a test",
        "direction": "higher_is_worse", **more,
    }  # fmt: skip
    with store.connect(Role.DEPLOY) as connection:
        call = "SELECT heartbeat.apply_registry(%s::jsonb, NULL, 'ann@x.example', 'a test', NULL, NULL, 9, false)"
        (answer,) = connection.execute(call, [json.dumps([row])]).fetchone()
    assert answer["refusals"] == []


def keep(store, day, value, *, meaning="new", error=None, settled=True):
    """Write one kept period of `late_share`."""
    with store.connect(Role.COMPUTE) as connection:
        connection.execute(
            "INSERT INTO heartbeat.metric_history (metric_id, period, period_start, value, status, status_reason, computed_at, "
            "attempted_at, origin, definition_hash, settled, error, norm_applied, alert_applied) "
            "SELECT 'late_share', 'day', %(day)s::timestamp AT TIME ZONE 'Europe/Berlin', %(value)s, judged.status, "
            "judged.status_reason, now(), now(), 'tick', %(meaning)s, %(settled)s, %(error)s, 5, 10 "
            "FROM heartbeat.judge(%(value)s, 'higher_is_worse', 5, 10, %(error)s::text IS NOT NULL, false) AS judged",
            {"day": day, "value": value, "meaning": meaning, "error": error, "settled": settled},
        )


@pytest.fixture
def late(bench, store):
    """The workbench with `late_share`, red on its last of four days; the first has the meaning before, the third none."""
    deploy(store)
    for day, value, meaning in (("2026-11-20", 3, "old"), ("2026-11-21", 4, "new"), ("2026-11-23", 12, "new")):
        keep(store, day, value, meaning=meaning)
    keep(store, "2026-11-22", None, error=HOSTILE)
    return bench


def test_a_metric_says_in_words_what_its_tile_says(late):
    """Colour and picture are never the only signal."""
    text = Page(late.metric("late_share")._repr_html_()).text
    for words in ("◆ Red", "unverified", "LATE", "12 <i>%", "at or above alert 10", "○ no owner", "2026-11-23"):
        assert words in text


def test_a_metric_nobody_stands_behind_has_a_dashed_border(late, store):
    """The same fact twice, gone together."""
    before = late.metric("late_share")
    with store.connect(Role.OPERATOR) as connection:
        call = "SELECT heartbeat.patch_verification('late_share', %s::jsonb, %s, 'ann@x.example', NULL, 'cli', 'looked')"
        patch = json.dumps({"owner": "ann@x.example", "verification_state": "verified"})
        connection.execute(call, [patch, before["row_version"]])
    after = late.metric("late_share")
    assert "border:1px dashed #e0364a" in before._repr_html_()
    assert "border:1px solid #e0364a" in after._repr_html_()
    assert "unverified" not in after._repr_html_()
    assert "ann@x.example" in Page(after._repr_html_()).text


def test_words_of_people_and_engines_are_text(late, store):
    """A name that is a script runs in nobody's notebook."""
    keep(store, "2026-11-24", None, error=HOSTILE)
    for html in (late.metric("late_share")._repr_html_(), late.history("late_share")._repr_html_()):
        page = Page(html)
        assert HOSTILE in page.text
        assert not {"script", "i", "img", "a", "style"} & set(page.tags)
        assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("href", "src", "class")]


def test_a_metric_carries_the_course_that_its_picture_shows(late):
    """The meaning before paler, the failed period a tick at the foot, thresholds where they leave the line its shape."""
    metric = late.metric("late_share")
    assert metric.course.values == [3, 4, None, 12]
    assert metric.course.same_meaning == [False, True, True, True]
    assert metric.course.failed == [False, False, True, False]
    html = metric._repr_html_()
    assert html.count("<path") == 7  # norm, alert, cut, failed, older, line, last
    assert 'd="M0 96h0"' in html
    assert 'd="M667 100v-16"' in html


def test_the_picture_of_finished_periods_ends_with_the_value_on_show(late, store):
    """Half a day is no day: neither as a number nor as a dot."""
    deploy(store, judge="closed")
    keep(store, "2026-11-24", 1, settled=False)
    metric = late.metric("late_share")
    assert (metric["value"], metric.course.values[-1]) == (12, 12)


def test_a_metric_without_a_value_shows_that_it_has_none(bench, store):
    """Never zero, and no empty picture."""
    deploy(store)
    metric = bench.metric("late_share")
    page = Page(metric._repr_html_())
    assert "no value" in page.text
    assert "⊖ Grey" in page.text
    assert "svg" not in page.tags
    assert repr(metric) == f"LATE {HOSTILE}: no value, grey (no value); unverified, no owner"


def test_a_failure_says_why_and_that_the_value_is_the_last_good_one(bench, store):
    """A kept number must not be taken for today's."""
    deploy(store)
    keep(store, "2026-11-24", 4, error="column mid is gone")
    text = Page(bench.metric("late_share")._repr_html_()).text
    assert "failed: column mid is gone; the value is the last good one" in text


@pytest.mark.parametrize(
    ("value", "direction", "norm", "alert", "words"),
    [
        (7, "higher_is_worse", 5, 10, "norm 5, alert 10"),
        (7, "higher_is_worse", 5, None, "norm 5"),
        (1, "lower_is_worse", 5, 2, "at or below alert 2"),
    ],
)
def test_a_status_says_against_what(bench, store, value, direction, norm, alert, words):
    """The direction is in the words."""
    deploy(store, direction=direction, norm_value=norm, alert_value=alert)
    keep(store, "2026-11-24", value)
    with store.connect(Role.COMPUTE) as connection:
        connection.execute(
            "UPDATE heartbeat.metric_history SET status = (heartbeat.judge(value, %s, %s, %s, false, false)).status",
            [direction, norm, alert],
        )
    html = bench.metric("late_share")._repr_html_()
    assert f"<div>{words}</div>" in html


def test_a_history_shows_its_picture_and_its_last_periods(late):
    """The whole is a frame's affair."""
    html = late.history("late_share")._repr_html_()
    page = Page(html)
    assert "late_share: 4 periods" in page.text
    assert page.tags.count("tr") == 5
    assert page.tags.count("svg") == 1
    assert page.text.index("2026-11-20") < page.text.index("2026-11-23")
    assert "⊖ Grey, failed" in page.text
    assert repr(late.history("late_share")) == "late_share: 4 periods, the last 2026-11-23: 12, red"


def test_a_long_history_shows_the_last_fourteen_periods(bench, store):
    """A page of rows is read by nobody."""
    deploy(store)
    for day in range(1, 21):
        keep(store, f"2026-11-{day:02}", day)
    page = Page(bench.history("late_share")._repr_html_())
    assert page.tags.count("tr") == 15
    assert "2026-11-06" not in page.text
    assert "2026-11-07" in page.text
    assert "20 periods; the last 14 below" in page.text


def test_a_history_without_a_period_says_what_makes_one(bench, store):
    """An empty table would look like a fault."""
    deploy(store)
    kept = bench.history("late_share")
    assert "heartbeat backfill" in Page(kept._repr_html_()).text
    assert repr(kept) == "late_share: no value yet"


def test_rows_stay_what_every_reader_takes_them_for(late):
    """The JSON is that of a dict and of a list, and copies keep what draws them."""
    metric, kept = late.metric("late_share"), late.history("late_share")
    assert json_text(metric) == json_text(dict(metric))
    assert json_text(kept) == json_text(list(kept))
    assert not [name for name in metric if name.startswith("course")]
    assert metric == reading.metrics(late)[0]
    for same in (copy.copy(metric), copy.deepcopy(metric), pickle.loads(pickle.dumps(metric))):
        assert same._repr_html_() == metric._repr_html_()
    for same in (copy.copy(kept), copy.deepcopy(kept), pickle.loads(pickle.dumps(kept))):
        assert same._repr_html_() == kept._repr_html_()


def test_the_workbench_pays_for_its_answers_only_when_asked():
    """Every command imports it."""
    program = (
        "import sys, heartbeat_lib.workbench; "
        "heavy = ('lifecycle', 'reading', 'store', 'marts', 'cockpit'); "
        "print([name for name in heavy if f'heartbeat_lib.{name}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_examples_in_the_docstrings_hold():
    """They are read first."""
    assert doctest.testmod(markup).failed == 0
