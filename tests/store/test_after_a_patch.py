"""What a person's change leaves: its line in the log, the shown period judged again, and what later deploys may still say."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from heartbeat_lib.store import Role
from tests.store.door import OWNED, RISING, THRESHOLDS, VERIFY, call, told


@pytest.fixture
def log(admin):
    """The lines of the registry's log, oldest first."""

    def read():
        columns = ("action", "before", "after", "actor", "via", "reason", "actor_proved", "commit_id", "session_login")
        query = f"SELECT {', '.join(columns)} FROM heartbeat.registry_change ORDER BY change_id"
        return [SimpleNamespace(**dict(zip(columns, line, strict=True))) for line in admin.execute(query).fetchall()]

    return read


@pytest.fixture
def keep(store):
    """Writes history rows as compute would: start, value, and what else the row says."""

    def write(start, value, *, settled=True, stale=False, error=None, judged=(None, None, None), period="day"):
        with store.connect(Role.COMPUTE) as connection:
            connection.execute(
                "INSERT INTO heartbeat.metric_history (metric_id, period, period_start, value, status, status_reason, "
                "computed_at, attempted_at, settled, stale, origin, definition_hash, norm_applied, alert_applied, error) "
                "SELECT 'refund_rate', %(period)s, %(start)s, %(value)s, judged.status, judged.status_reason, now(), now(), "
                "%(settled)s, %(stale)s, 'tick', 'hash of refund_rate', %(norm)s, %(alert)s, %(error)s "
                "FROM heartbeat.judge(%(value)s::numeric, %(direction)s, %(norm)s::numeric, %(alert)s::numeric, %(error)s::text "
                "IS NOT NULL, %(stale)s) AS judged",
                {
                    "period": period, "start": start, "value": value, "settled": settled, "stale": stale, "error": error,
                    "direction": judged[0], "norm": judged[1], "alert": judged[2],
                },
            )  # fmt: skip

    return write


@pytest.fixture
def verdicts(admin):
    """(day of November, status, reason, norm applied, alert applied) of each kept row, oldest first."""

    def read():
        query = (
            "SELECT extract(day FROM period_start)::int, status, status_reason, norm_applied, alert_applied "
            "FROM heartbeat.metric_history ORDER BY period_start"
        )
        return admin.execute(query).fetchall()

    return read


def people_columns(row):
    """What people own, of a row."""
    return {
        name: row[name]
        for name in (
            "owner", "norm_value", "alert_value", "threshold_basis", "target_value", "target_due_date", "verification_state",
            "direction", "thresholds_by_people", "target_by_people",
        )
    }  # fmt: skip


class TestRecord:
    """What a change leaves, and what is none."""

    def test_each_change_is_one_line_with_who_and_whether_it_was_proved(self, metric, patch, log, registry):
        """And the version counts by one."""
        metric()
        for number, proved in enumerate((True, False, None)):
            patch({"target_value": number}, actor=f"p{number}@x.example", proved=proved, via="api", reason=f"why {number}")
        first, *lines = log()
        assert (first.via, first.actor_proved) == ("deploy", None)
        assert [line.actor_proved for line in lines] == [True, False, False]
        assert [(line.actor, line.via, line.reason, line.session_login) for line in lines] == [
            (f"p{number}@x.example", "api", f"why {number}", "heartbeat_operator") for number in range(3)
        ]
        assert [line.after["row_version"] for line in lines] == [2, 3, 4]
        assert [line.before for line in lines] == [first.after, *(line.after for line in lines[:-1])]
        assert lines[-1].after == registry("refund_rate")

    def test_a_deploy_after_a_proved_change_claims_no_proof(self, metric, patch, deploy, row, log):
        """The row still carries it from the change before."""
        metric()
        patch(OWNED, proved=True)
        deploy(row(notes="x"), commit="c0ffee")
        assert (log()[-1].via, log()[-1].actor_proved, log()[-1].commit_id) == ("deploy", None, "c0ffee")

    def test_a_person_carries_no_commit(self, deploy, row, patch, log):
        """The one of the deploy before would lie here."""
        deploy(row(), commit="c0ffee", uncommitted=True)
        patch(OWNED)
        assert log()[-1].commit_id is None
        assert log()[-1].after["change_commit"] is None

    def test_a_patch_that_changes_nothing_writes_no_line_and_keeps_the_version(self, metric, patch, registry, count):
        """Other people's open pages stay good."""
        metric(**RISING)
        patch({**OWNED, **VERIFY, "target_value": 3, "target_due_date": "2027-01-01", **THRESHOLDS})
        before = (registry("refund_rate"), count("registry_change"))
        for same in (OWNED, VERIFY, {"target_value": 3.0}, {"norm_value": 5.00}, {"target_due_date": "2027-01-01"}, THRESHOLDS):
            answer = patch(same, reason=None)
            assert (answer["changed"], answer["refusals"], answer["row"]) == (False, [], before[0])
        assert (registry("refund_rate"), count("registry_change")) == before

    def test_the_answer_is_the_row_as_it_stands(self, metric, patch, registry):
        """The page shows it without asking again."""
        metric()
        assert patch({**OWNED, **THRESHOLDS})["row"] == registry("refund_rate")


class TestJudgingAgain:
    """The period on show follows the thresholds in force, in the same transaction."""

    @pytest.mark.parametrize(("judge", "shown"), [("running", 24), ("closed", 23)])
    def test_the_shown_period_is_judged_again_and_earlier_ones_keep_their_verdict(
        self, metric, patch, keep, verdicts, judge, shown
    ):
        """A person who draws a line sees at once on which side the number lies."""
        metric(judge=judge, **RISING)
        for day, settled in ((22, True), (23, True), (24, False)):
            keep(f"2026-11-{day}", 7, settled=settled, judged=("higher_is_worse", 5, 10))
        assert patch({"norm_value": 1, "alert_value": 6, "threshold_basis": "b"})["changed"]
        assert verdicts() == [(day, "red", None, 1, 6) if day == shown else (day, "amber", None, 5, 10) for day in (22, 23, 24)]

    @pytest.mark.parametrize(
        ("value", "kept", "verdict"),
        [
            (12, {"error": "the marts are gone"}, ("grey", "failed")),
            (None, {}, ("grey", "no_value")),
            (3, {"stale": True}, ("grey", "stale")),
            (6, {"stale": True}, ("amber", None)),
            (5, {}, ("amber", None)),
            (10, {}, ("red", None)),
            (4.99, {}, ("green", None)),
        ],
    )
    def test_by_the_one_priority_of_statuses(self, metric, patch, keep, verdicts, value, kept, verdict):
        """A failed row stays grey, and stale only takes green away."""
        metric()
        keep("2026-11-24", value, **kept)
        patch(THRESHOLDS)
        assert verdicts() == [(24, *verdict, 5, 10)]

    def test_cleared_thresholds_judge_nothing(self, metric, patch, keep, verdicts):
        """Grey, and it says why."""
        metric(**RISING)
        keep("2026-11-24", 12, judged=("higher_is_worse", 5, 10))
        patch({"norm_value": None, "alert_value": None})
        assert verdicts() == [(24, "grey", "no_threshold", None, None)]

    @pytest.mark.parametrize(
        "other",
        [
            OWNED,
            {**OWNED, **VERIFY},
            {"target_value": 3, "target_due_date": "2027-01-01"},
            {"threshold_basis": "contract of May"},
        ],
    )
    def test_nothing_else_touches_the_history(self, metric, patch, keep, admin, other):
        """Not even a row's place on its page."""
        metric(**RISING)
        keep("2026-11-24", 12)
        query = "SELECT xmin, ctid, to_jsonb(h) FROM heartbeat.metric_history AS h"
        before = admin.execute(query).fetchall()
        assert patch(other)["changed"]
        assert admin.execute(query).fetchall() == before

    def test_a_row_of_another_grain_or_metric_is_left_alone(self, metric, patch, keep, verdicts):
        """After a metric went from weeks to days, its weeks stay as they were."""
        metric(**RISING)
        keep("2026-11-23", 12, judged=("higher_is_worse", 5, 10))
        keep("2026-11-24", 12, period="week")
        patch({"norm_value": 20, "alert_value": 30, "threshold_basis": "b"})
        assert verdicts() == [(23, "green", None, 20, 30), (24, "grey", "no_threshold", None, None)]

    def test_a_refused_patch_judges_nothing(self, metric, patch, keep, verdicts):
        """All of it, or nothing."""
        metric(**RISING)
        keep("2026-11-24", 7, judged=("higher_is_worse", 5, 10))
        assert not patch({"norm_value": 1, "alert_value": 6, "threshold_basis": "b", "owner": "x"})["changed"]
        assert verdicts() == [(24, "amber", None, 5, 10)]

    @pytest.mark.parametrize("start", ["2026-11-24", "2026-11-25"])
    def test_a_pass_that_is_writing_ends_first_and_its_value_is_judged(self, metric, patch, keep, verdicts, store, start):
        """It judged by the thresholds that it saw; its row, the same or a newer period, is judged again when it is there."""
        metric(**RISING)
        keep("2026-11-24", 3, judged=("higher_is_worse", 5, 10))
        writing = (
            "INSERT INTO heartbeat.metric_history AS kept (metric_id, period, period_start, value, status, computed_at, "
            "attempted_at, settled, origin, definition_hash, norm_applied, alert_applied) "
            "SELECT metric_id, 'day', %s, 7, judged.status, now(), now(), true, 'tick', definition_hash, norm_value, alert_value "
            "FROM heartbeat.metric_registry, heartbeat.judge(7, direction, norm_value, alert_value, false, false) AS judged "
            "ON CONFLICT (metric_id, period, period_start) DO UPDATE SET value = excluded.value, status = excluded.status, "
            "norm_applied = excluded.norm_applied, alert_applied = excluded.alert_applied"
        )
        answers = []
        with store.connect(Role.COMPUTE) as tick:
            tick.execute(writing, [start])
            patching = threading.Thread(
                target=lambda: answers.append(patch({"norm_value": 1, "alert_value": 6, "threshold_basis": "b"}))
            )
            patching.start()
            patching.join(0.5)
            assert patching.is_alive()
            tick.commit()
            patching.join()
        assert answers[0]["changed"]
        assert verdicts()[-1] == (int(start[-2:]), "red", None, 1, 6)

    def test_a_pass_that_begins_to_write_meanwhile_sees_the_new_thresholds(self, metric, keep, verdicts, store):
        """Else its verdict, by the old ones, would be written over the new."""
        metric(**RISING)
        keep("2026-11-24", 3, judged=("higher_is_worse", 5, 10))
        writing = (
            "UPDATE heartbeat.metric_history AS kept SET value = 7, status = judged.status, norm_applied = norm_value, "
            "alert_applied = alert_value FROM heartbeat.metric_registry AS living, "
            "heartbeat.judge(7, direction, norm_value, alert_value, false, false) AS judged "
            "WHERE living.metric_id = kept.metric_id"
        )

        def tick():
            with store.connect(Role.COMPUTE) as connection:
                connection.execute(writing)

        with store.connect(Role.OPERATOR) as person:
            call(person, {"norm_value": 1, "alert_value": 6, "threshold_basis": "b"}, version=1)
            ticking = threading.Thread(target=tick)
            ticking.start()
            ticking.join(0.5)
            assert ticking.is_alive()
            person.commit()
            ticking.join()
        assert verdicts() == [(24, "red", None, 1, 6)]


class TestDeploysAfterPeople:
    """What a file may still say once people have spoken."""

    @pytest.fixture
    def decided(self, metric, patch):
        """Owner, thresholds, target and verification of people; gives the people's columns."""
        metric(value_sql="SELECT 1")
        answer = patch({**OWNED, **VERIFY, **THRESHOLDS, "target_value": 3, "target_due_date": "2027-01-01"})
        assert answer["changed"]
        return people_columns(answer["row"])

    def test_a_cosmetic_deploy_keeps_all_of_it(self, decided, deploy, row, registry):
        """Verified too: trust is in the number, not in its description."""
        assert deploy(row(description="Better words."))["cosmetic"] == ["refund_rate"]
        assert people_columns(registry("refund_rate")) == decided

    def test_a_new_meaning_takes_verified_back_and_shows_both_queries(self, decided, deploy, row, registry, log):
        """Whoever verifies again sees what changed."""
        assert deploy(row(value_sql="SELECT 2", definition_hash="another"))["new_meaning"] == ["refund_rate"]
        assert people_columns(registry("refund_rate")) == {**decided, "verification_state": "unverified"}
        line = log()[-1]
        assert (line.before["value_sql"], line.after["value_sql"]) == ("SELECT 1", "SELECT 2")
        assert (line.before["verification_state"], line.after["verification_state"]) == ("verified", "unverified")

    def test_a_file_cannot_take_back_what_people_set(self, decided, deploy, row, registry):
        """Its own numbers are told as not taken."""
        answer = deploy(row(norm_value=1, alert_value=2, threshold_basis="mine", target_value=9, target_due_date="2030-01-01"))
        assert answer["kept_people"] == ["refund_rate"]
        assert people_columns(registry("refund_rate")) == decided

    def test_owner_and_state_are_no_columns_of_a_file(self, decided, deploy, row, registry):
        """Refused by name, and with it the whole deploy."""
        for column in ("owner", "verification_state", "row_version", "thresholds_by_people", "target_by_people", "change_proved"):
            (refusal,) = deploy(row(**{column: None}))["refusals"]
            assert (refusal["rule"], column in refusal["message"]) == ("not_of_the_file", True)
        assert people_columns(registry("refund_rate")) == decided

    def test_a_retired_metric_comes_back_with_what_people_decided_but_unverified(self, decided, deploy, row, registry, patch):
        """And the door works on it as before."""
        deploy(row("other"), allow=1)
        assert told(patch(OWNED)) == [("unknown_metric", "metric_id", "unknown_metric")]
        deploy(row("other"), row())
        assert people_columns(registry("refund_rate")) == {**decided, "verification_state": "unverified"}
        assert patch(VERIFY)["changed"]
