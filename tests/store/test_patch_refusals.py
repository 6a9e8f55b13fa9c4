"""People's door refuses: each rule with its kind, field and words, and nothing is written."""

from __future__ import annotations

import json

import psycopg
import pytest

from heartbeat_lib.store import Role
from tests.store.door import OWNED, RISING, THRESHOLDS, VERIFY, call, told

FALLING = {"norm_value": 10, "alert_value": 5, "direction": "lower_is_worse"}


class TestRefusals:
    """Each with kind, field, rule and words; with any of them nothing is written."""

    @pytest.mark.parametrize(
        ("file", "patch_", "refusal", "words"),
        [
            ({}, {"norm_value": "5", "threshold_basis": "b"}, ("value", "norm_value", "norm_value_form"), 'not "5"'),
            ({}, {"alert_value": True}, ("value", "alert_value", "alert_value_form"), "number or null, not true"),
            ({}, {"target_value": [1]}, ("value", "target_value", "target_value_form"), "not [1]"),
            ({}, {"owner": 5}, ("value", "owner", "owner_form"), "text or null, not 5"),
            ({}, {"threshold_basis": {}}, ("value", "threshold_basis", "threshold_basis_form"), "text or null"),
            ({}, {"target_due_date": 2027}, ("value", "target_due_date", "target_due_date_form"), "text or null"),
            ({}, {"verification_state": None}, ("value", "verification_state", "verification_state_form"), "not null"),
            ({}, {"verification_state": "trusted"}, ("value", "verification_state", "verification_state_form"), 'not "trusted"'),
            ({}, {"verification_state": "Verified"}, ("value", "verification_state", "verification_state_form"), "must be"),
            ({}, {"owner": ""}, ("value", "owner", "empty_text"), "null clears it"),
            ({}, {"owner": " \t"}, ("value", "owner", "empty_text"), "owner is an empty text"),
            (RISING, {"threshold_basis": "\n"}, ("value", "threshold_basis", "empty_text"), "null clears it"),
            ({}, {"target_due_date": ""}, ("value", "target_due_date", "empty_text"), "null clears it"),
            ({}, {"norm_value": ""}, ("value", "norm_value", "empty_text"), "null clears it"),
            ({}, {"verification_state": ""}, ("value", "verification_state", "empty_text"), "empty"),
            ({}, {"owner": "olga"}, ("value", "owner", "owner_form"), "one plain e-mail address"),
            ({}, {}, ("value", None, "empty_patch"), "any of owner, norm_value"),
            ({}, [], ("value", None, "empty_patch"), "says nothing"),
            ({}, "null", ("value", None, "empty_patch"), "says nothing"),
            ({}, None, ("value", None, "empty_patch"), "says nothing"),
            ({}, {"threshold_basis": "SLA"}, ("value", "threshold_basis", "basis_without_threshold"), "there is no threshold"),
            (RISING, {"norm_value": 6}, ("value", "threshold_basis", "basis_missing"), "an SLA, a regulation"),
            (RISING, {"norm_value": None}, ("value", "threshold_basis", "basis_missing"), "outside the data"),
            (RISING, {"norm_value": 6, "threshold_basis": None}, ("value", "threshold_basis", "basis_missing"), "same patch"),
            (RISING, {"threshold_basis": None}, ("value", "threshold_basis", "basis_missing"), "Thresholds stand"),
            ({}, {"alert_value": 5, "threshold_basis": "b"}, ("state", "norm_value", "direction_missing"), "way is worse"),
            (
                {},
                {"norm_value": 5, "alert_value": 5.0, "threshold_basis": "b"},
                ("state", "norm_value", "direction_missing"),
                "write direction in the file",
            ),
            (
                RISING,
                {"alert_value": 4, "threshold_basis": "b"},
                ("value", "alert_value", "thresholds_fit_direction"),
                "higher is worse: with norm 5 the alert cannot be 4",
            ),
            (
                FALLING,
                {"norm_value": 4, "threshold_basis": "b"},
                ("value", "norm_value", "thresholds_fit_direction"),
                "lower is worse: with norm 4 the alert cannot be 5",
            ),
            (
                {"direction": "lower_is_worse"},
                THRESHOLDS,
                ("value", "alert_value", "thresholds_fit_direction"),
                "write direction in the metric's file",
            ),
            ({}, {"target_due_date": "2027-01-01"}, ("value", "target_due_date", "due_date_needs_target"), "clear both"),
            (
                {"target_value": 3, "target_due_date": "2027-01-01"},
                {"target_value": None},
                ("value", "target_due_date", "due_date_needs_target"),
                "clear both",
            ),
            ({}, VERIFY, ("state", "verification_state", "verifying_needs_owner"), "name the owner first"),
        ],
    )  # fmt: skip
    def test_each_rule_is_named_with_its_field_and_leaves_everything_as_it_was(
        self, metric, patch, registry, count, file, patch_, refusal, words
    ):
        """Doors show the words beside the field, so both belong to the answer."""
        metric(**file)
        before = registry("refund_rate")
        answer = patch(json.dumps(patch_) if isinstance(patch_, list) else patch_)
        assert told(answer) == [refusal]
        assert words in answer["refusals"][0]["message"]
        assert not answer["changed"]
        assert answer["row"] == before == registry("refund_rate")
        assert count("registry_change") == 1

    @pytest.mark.parametrize(
        "field",
        ["actor", "row_version", "definition_hash", "direction", "metric_id", "value_sql", "thresholds_by_people", "Owner",
         "owner ", "'; DROP", "%s"],
    )  # fmt: skip
    def test_a_field_that_people_do_not_decide_is_refused_by_name(self, metric, patch, registry, field):
        """A door that passed everything on would otherwise write what it should not."""
        metric()
        answer = patch({field: "x", "owner": "olga@x.example"})
        assert told(answer) == [("value", field, "unknown_field")]
        assert answer["refusals"][0]["message"].startswith(f"{field} is not a field that people decide here; those are owner, ")
        assert registry("refund_rate")["owner"] is None

    def test_every_fault_is_told_at_once_and_no_rule_twice(self, metric, patch):
        """Somebody who mends one after the other asks three times."""
        metric(**RISING)
        answer = patch(
            {
                "nonsense": 1, "owner": "Olga <olga@x.example>", "alert_value": 2, "target_value": "3", "target_due_date": "soon",
                "verification_state": "yes",
            }
        )  # fmt: skip
        assert sorted(told(answer), key=str) == [
            ("value", "alert_value", "thresholds_fit_direction"),
            ("value", "nonsense", "unknown_field"),
            ("value", "owner", "owner_form"),
            ("value", "target_due_date", "target_due_date_form"),
            ("value", "target_value", "target_value_form"),
            ("value", "threshold_basis", "basis_missing"),
            ("value", "verification_state", "verification_state_form"),
        ]

    @pytest.mark.parametrize(
        ("patch_", "rule"),
        [
            ({"norm_value": "x", "threshold_basis": "SLA"}, "norm_value_form"),
            ({"target_value": "x", "target_due_date": "2027-01-01"}, "target_value_form"),
            ({"owner": "olga", **VERIFY}, "owner_form"),
            ({"owner": " ", **VERIFY}, "empty_text"),
        ],
    )
    def test_a_malformed_value_is_told_once_and_not_by_what_would_follow_from_it(self, metric, patch, patch_, rule):
        """ "There is no threshold" would be a lie to somebody who has just mistyped it."""
        metric()
        assert [refusal["rule"] for refusal in patch(patch_)["refusals"]] == [rule]

    def test_a_metric_that_does_not_live_has_no_row(self, metric, patch):
        """Never deployed, retired, or no id at all."""
        metric()
        for metric_id in ("nobody", "", None, "refund_rate\n", "o'x"):
            answer = patch(OWNED, metric_id=metric_id)
            assert told(answer) == [("unknown_metric", "metric_id", "unknown_metric")]
            assert answer["row"] is None

    def test_a_stale_version_is_refused_with_who_changed_it(self, metric, patch, registry):
        """The person looks again at what stands now, which the answer carries."""
        metric()
        patch(OWNED, actor="bob@x.example", via="cli")
        answer = patch({"owner": "ann@x.example"}, version=1)
        assert told(answer) == [("stale", "row_version", "stale_row_version")]
        assert "changed meanwhile by bob@x.example through cli (version 2; you saw 1)" in answer["refusals"][0]["message"]
        assert answer["row"] == registry("refund_rate")
        assert answer["row"]["owner"] == "olga@x.example"

    @pytest.mark.parametrize("version", [None, 0, 2, -1, 2**62])
    def test_only_the_very_version_that_stands_is_taken(self, metric, patch, version):
        """Neither none nor one that is yet to come."""
        metric()
        assert told(patch(OWNED, version=version)) == [("stale", "row_version", "stale_row_version")]

    @pytest.mark.parametrize(
        "words",
        [
            {"actor": None}, {"actor": " "}, {"via": None}, {"via": ""}, {"via": "deploy"}, {"via": " deploy"}, {"via": "Deploy"},
            {"via": "deploy\n"}, {"via": "the cockpit"},
        ],
    )  # fmt: skip
    def test_who_and_which_door_are_always_said_and_never_a_deploy(self, metric, patch, count, words):
        """A line that says deploy would carry a commit and move the version that plans are made from."""
        metric()
        with pytest.raises(psycopg.errors.InvalidParameterValue) as refused:
            patch(OWNED, **words)
        assert "p_via is one lower-case word" in refused.value.diag.message_hint
        assert count("registry_change") == 1

    @pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
    def test_an_older_snapshot_is_refused(self, metric, store, level):
        """It would not show what another person wrote while this one waited."""
        metric()
        with store.connect(Role.OPERATOR) as connection:
            connection.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
            with pytest.raises(psycopg.errors.InvalidTransactionState) as refused:
                call(connection, OWNED, version=1)
        assert "isolation level" in refused.value.diag.message_hint
