"""The door of reviews and of hand counts: what each answer leads to, what it needs, and what the records hold."""

from __future__ import annotations

import psycopg
import pytest

from heartbeat_lib.store import Role
from tests.store.door import OWNED, THRESHOLDS, VERIFY, audit, count_by_hand, review, told

OTHERS = {"norm_value": 7, "alert_value": 9, "threshold_basis": "contract 8"}


@pytest.fixture
def audited(metric, patch, store):
    """A metric that olga owns, with thresholds and an audit of its present meaning; gives the audit's id."""
    metric()
    assert patch({**OWNED, **THRESHOLDS})["changed"]
    with store.connect(Role.COMPUTE) as connection:
        return audit(connection)


@pytest.fixture
def answer(store, registry):
    """Answers the audit at the metric's present version, as the operator."""

    def give(outcome, patch=None, *, version=..., **named):
        if version is ...:
            version = registry("refund_rate")["row_version"]
        with store.connect(Role.OPERATOR) as connection:
            return review(connection, outcome, patch=patch, version=version, **named)

    return give


@pytest.fixture
def reviews(admin):
    """Outcome, audit and meaning of every review, oldest first."""
    return lambda: admin.execute(
        "SELECT outcome, audit_id, definition_hash, why, actor, proved, via FROM heartbeat.metric_review ORDER BY review_id"
    ).fetchall()


class TestOutcomes:
    """Four answers."""

    def test_agreeing_verifies_and_is_bound_to_the_audit(self, audited, answer, registry, reviews):
        """The record leads from the signature to the report."""
        done = answer("agrees", proved=True)
        assert (done["changed"], done["refusals"], done["audit_id"]) == (True, [], audited)
        assert done["row"] == registry("refund_rate")
        assert done["row"]["verification_state"] == "verified"
        assert done["row"]["change_reason"] == "read the audit"
        assert reviews() == [("agrees", audited, "hash of refund_rate", "read the audit", "olga@x.example", True, "cockpit")]

    def test_the_newest_audit_is_answered(self, audited, answer, store):
        """Whoever reviews has the last one before him."""
        with store.connect(Role.COMPUTE) as connection:
            second = audit(connection)
            audit(connection, meaning="another")
        assert answer("agrees")["audit_id"] == second > audited

    def test_agreeing_again_is_another_signature_and_no_change(self, audited, answer, reviews):
        """A yearly review of a verified metric."""
        answer("agrees")
        again = answer("agrees")
        assert (again["changed"], again["refusals"], len(reviews())) == (False, [], 2)
        assert again["review_id"] is not None

    def test_wrong_thresholds_takes_the_right_ones_and_verifies(self, audited, answer, registry, reviews):
        """One answer, one change in the log."""
        before = registry("refund_rate")["row_version"]
        row = answer("wrong-thresholds", OTHERS)["row"]
        assert {name: row[name] for name in OTHERS} == OTHERS
        assert (row["verification_state"], row["thresholds_by_people"], row["row_version"]) == ("verified", True, before + 1)
        assert reviews()[0][0] == "wrong-thresholds"

    def test_wrong_number_takes_the_signature_off_and_keeps_the_owner(self, audited, answer, patch, registry):
        """Whoever owns it goes on owning it."""
        patch(VERIFY)
        assert answer("wrong-number", actor="cem@x.example")["changed"]
        row = registry("refund_rate")
        assert (row["verification_state"], row["owner"]) == ("unverified", "olga@x.example")

    def test_wrong_number_of_an_unverified_metric_is_written_down(self, audited, answer, reviews):
        """Nothing to take back."""
        done = answer("wrong-number")
        assert (done["changed"], reviews()[0][0]) == (False, "wrong-number")

    @pytest.mark.parametrize("state", ["verified", "unverified"])
    def test_not_worth_keeping_changes_nothing(self, audited, answer, patch, registry, reviews, state):
        """Retiring is a deploy's."""
        patch({"verification_state": state})
        before = registry("refund_rate")
        assert not answer("not-worth-keeping")["changed"]
        assert (registry("refund_rate"), reviews()[0][0]) == (before, "not-worth-keeping")


class TestRefusals:
    """Nothing is written then, neither here nor there."""

    @pytest.fixture(autouse=True)
    def _nothing_written(self, admin, metric):
        """Every test of this class ends as it began."""
        yield
        assert admin.execute("SELECT count(*) FROM heartbeat.metric_review").fetchall() == [(0,)]

    @pytest.mark.parametrize("outcome", ["agrees", "wrong-number", "not-worth-keeping"])
    def test_a_meaning_without_an_audit_cannot_be_answered(self, metric, patch, answer, registry, outcome, store):
        """An audit of another meaning is none."""
        metric()
        patch({**OWNED, **VERIFY})
        before = registry("refund_rate")
        with store.connect(Role.COMPUTE) as connection:
            audit(connection, meaning="another")
        done = answer(outcome)
        assert told(done) == [("state", None, "audit_missing")]
        assert "`heartbeat audit refund_rate`" in done["refusals"][0]["message"]
        assert (done["row"], registry("refund_rate")) == (before, before)
        assert (done["review_id"], done["audit_id"]) == (None, None)

    def test_agreeing_needs_an_owner(self, audited, answer, patch):
        """Signed already or not."""
        patch({"owner": None})
        assert told(answer("agrees")) == [("state", "verification_state", "verifying_needs_owner")]
        patch(OWNED)
        patch(VERIFY)
        patch({"owner": None})
        assert told(answer("agrees")) == [("state", "verification_state", "verifying_needs_owner")]

    def test_where_owners_sign_nobody_else_agrees(self, audited, answer, patch):
        """Signed already or not; that the number is wrong anybody may say."""
        for _ in range(2):
            assert told(answer("agrees", owner_signs=True)) == [("state", "verification_state", "owner_must_sign")]
            refused = answer("agrees", owner_signs=True, actor="cem@x.example", proved=True)
            assert told(refused) == [("state", "verification_state", "owner_must_sign")]
            patch(VERIFY)

    @pytest.mark.parametrize("outcome", ["agrees", "wrong-number", "not-worth-keeping"])
    @pytest.mark.parametrize("why", [None, "", " \n"])
    def test_every_answer_says_why(self, audited, answer, outcome, why):
        """Told once."""
        assert told(answer(outcome, why=why)) == [("value", "why", "why_missing")]

    @pytest.mark.parametrize("outcome", [None, "", "verified", "agrees "])
    def test_there_are_four_answers(self, audited, answer, outcome):
        """And no fifth."""
        assert told(answer(outcome)) == [("value", "outcome", "outcome_known")]

    @pytest.mark.parametrize(
        ("given", "rules"),
        [
            (None, ["thresholds_missing"]),
            ({}, ["thresholds_missing"]),
            ("7", ["not_of_a_review", "thresholds_missing"]),
            ({"threshold_basis": "contract 8"}, ["thresholds_missing"]),
            ({"norm_value": 5, "alert_value": 10, "threshold_basis": "contract 8"}, ["thresholds_missing"]),
            ({"norm_value": None, "alert_value": None}, ["thresholds_missing"]),
            ({"norm_value": 7}, ["basis_missing"]),
            ({"norm_value": 11, "threshold_basis": "contract 8"}, ["thresholds_fit_direction"]),
            ({"norm_value": "many", "threshold_basis": "contract 8"}, ["norm_value_form"]),
            ({**OTHERS, "owner": "mallory@x.example", "target_value": 1}, ["not_of_a_review"]),
        ],
    )  # fmt: skip
    def test_wrong_thresholds_needs_the_right_ones_and_nothing_else(self, audited, answer, registry, given, rules):
        """With their basis."""
        before = registry("refund_rate")
        assert [rule for _, _, rule in told(answer("wrong-thresholds", given))] == rules
        assert registry("refund_rate") == before

    @pytest.mark.parametrize("outcome", ["agrees", "wrong-number", "not-worth-keeping"])
    def test_another_answer_takes_no_patch(self, audited, answer, outcome):
        """Else somebody would decide what he did not mean to."""
        assert told(answer(outcome, OTHERS)) == [("value", "patch", "not_of_a_review")]

    def test_a_refused_answer_uses_up_no_number_of_the_log(self, metric, patch, answer, admin):
        """People's door stays shut, also where it would have let the change through."""
        metric()
        patch({**OWNED, **VERIFY})
        last = admin.execute("SELECT last_value FROM heartbeat.registry_change_change_id_seq").fetchall()
        assert told(answer("wrong-number")) == [("state", None, "audit_missing")]
        assert admin.execute("SELECT last_value FROM heartbeat.registry_change_change_id_seq").fetchall() == last

    def test_every_fault_is_told_at_once(self, metric, answer):
        """Not one after another."""
        metric()
        assert {rule for _, _, rule in told(answer("agrees", OTHERS, why=" "))} == {
            "verifying_needs_owner", "why_missing", "not_of_a_review", "audit_missing",
        }  # fmt: skip

    def test_who_saw_an_older_version_looks_again(self, audited, answer, registry):
        """Told alone, as by people's door."""
        done = answer("agrees", version=1, why=" ")
        assert told(done) == [("stale", "row_version", "stale_row_version")]
        assert (done["row"], done["review_id"]) == (registry("refund_rate"), None)

    def test_a_metric_that_is_not_alive(self, audited, answer):
        """Its row is null."""
        done = answer("agrees", metric_id="nonsense")
        assert (told(done), done["row"]) == ([("unknown_metric", "metric_id", "unknown_metric")], None)


class TestHandCounts:
    """What a person counted."""

    def test_a_count_keeps_its_digits_and_who_counted(self, metric, store, admin):
        """Digits say how exactly it was counted."""
        metric()
        with store.connect(Role.OPERATOR) as connection:
            done = count_by_hand(connection, "12.50", proved=True)
        assert (done["changed"], done["row"]["metric_id"], done["row"]["source"]) == (True, "refund_rate", "the ledger")
        kept = admin.execute("SELECT value::text, actor, proved, via, session_login FROM heartbeat.metric_hand_count").fetchall()
        assert kept == [("12.50", "olga@x.example", True, "cockpit", "heartbeat_operator")]

    @pytest.mark.parametrize(
        ("named", "refused"),
        [
            ({"metric_id": "nonsense"}, ("unknown_metric", "metric_id", "unknown_metric")),
            ({"period": "hour"}, ("stale", "period", "period_changed")),
            ({"start": "2999-01-01"}, ("value", "period", "period_to_come")),
            ({"start": "-infinity"}, ("value", "period", "period_to_come")),
            ({"source": " "}, ("value", "source", "source_missing")),
            ({"source": None}, ("value", "source", "source_missing")),
            ({"value": "Infinity"}, ("value", "value", "value_form")),
            ({"value": None}, ("value", "value", "value_form")),
        ],
    )
    def test_a_count_of_nothing_is_refused(self, metric, store, count, named, refused):
        """Each by its rule."""
        metric()
        with store.connect(Role.OPERATOR) as connection:
            done = count_by_hand(connection, **{"value": 7, **named})
        assert (done["changed"], done["row"], told(done)) == (False, None, [refused])
        assert count("metric_hand_count") == 0


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"metric_id": "../../x"}, "audit_metric_id_form"),
        ({"report": "../outside.md"}, "report_inside"),
        ({"report": "reports/../../outside.md"}, "report_inside"),
        ({"report": "/etc/passwd.md"}, "report_inside"),
        ({"report": "reports/x.html"}, "report_inside"),
        ({"notebook": "/tmp/x.ipynb"}, "notebook_inside"),
        ({"verdict": "not examined"}, "audit_verdict_known"),
        ({"layers": "{}"}, "layers_form"),
        ({"layers": "[]"}, "layers_form"),
        ({"layers": "[7]"}, "layers_form"),
        ({"layers": '[{"name": "source", "verdict": "holds"}]'}, "layers_form"),
        ({"layers": '[{"name": "source", "verdict": "maybe", "why": "x"}]'}, "layers_form"),
        ({"layers": '[{"name": "soul", "verdict": "holds", "why": "x"}]'}, "layers_form"),
        ({"auditor": " "}, "auditor_present"),
    ],
)
def test_an_audit_that_makes_no_sense_is_refused(store, columns, rule):
    """Who opens a report by its path stays inside the workspace."""
    with store.connect(Role.COMPUTE) as connection, pytest.raises(psycopg.errors.CheckViolation) as refused:
        audit(connection, **columns)
    assert refused.value.diag.constraint_name == rule


def test_two_audits_never_share_a_report(store):
    """The second of a day gets another name, or none."""
    with store.connect(Role.COMPUTE) as connection:
        audit(connection, report="reports/a.md")
        with pytest.raises(psycopg.errors.UniqueViolation) as refused:
            audit(connection, report="reports/a.md")
    assert refused.value.diag.constraint_name == "report_unique"


def test_an_audit_is_a_run(store):
    """Beside ticks and backfills."""
    with store.connect(Role.COMPUTE) as connection:
        connection.execute("INSERT INTO heartbeat.run (kind) VALUES ('audit')")
