"""People's door: every rule about owner, thresholds, target and verification. With any refusal nothing is written."""

from __future__ import annotations

import json
import re
from decimal import Decimal

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


class TestOwner:
    """One plain address, by the one rule that the table has too."""

    @pytest.mark.parametrize(
        "owner",
        [
            "olga@x.example", "o.l-g_a+heartbeat@mail.x.example", "Olga@X.Example", "ольга@пример.example",
            "o!#$%&*/?^{|}~@x.example",
            "x" * 244 + "@x.example", "ж" * 244 + "@x.example", "a@b",
        ],
    )  # fmt: skip
    def test_an_address_is_taken_as_it_is(self, metric, patch, registry, owner):
        """Up to 254 characters, of any alphabet."""
        metric()
        assert patch({"owner": owner})["changed"]
        assert registry("refund_rate")["owner"] == owner

    @pytest.mark.parametrize(
        "owner",
        [
            "olga", "olga@", "@x.example", "a@b@x.example", "olga@x.example\n", "\nolga@x.example",
            "olga@x.example\r\nBcc: b@x.example",
            "olga@x.example ", " olga@x.example", "olga @x.example", "olga\t@x.example", "olga@x.example\v", "olga@x.example\x1b",
            "olga@x.example\x7f", "olga@x.example\u0085", "olga@x.example\u00a0", "olga@x.example\u2028", "olga@x.example\u2029",
            "olga\u200b@x.example", "olga@x.example\u202e", "olga@x.example\ufeff", "olga\u2066@x.example",
            "olga\u3000@x.example",
            "a@x.example,b@x.example", "a@x.example;b@x.example", "Olga <olga@x.example>", "<olga@x.example>",
            "Olga olga@x.example",
            '"olga"@x.example', "o'lga@x.example", "o`lga@x.example", "olga(work)@x.example", "olga@[10.0.0.1]", "a\\b@x.example",
            "group:olga@x.example", "mailto:olga@x.example", "=?utf-8?q?b=40x?=@x.example", "olga@x.example=?",
            "x" * 245 + "@x.example",
            "x" * 100_000 + "@x.example",
        ],
    )  # fmt: skip
    def test_what_could_become_another_address_is_refused(self, metric, patch, registry, owner):
        """It goes into mail headers and into addresses of routes."""
        metric()
        assert told(patch({"owner": owner})) == [("value", "owner", "owner_form")]
        assert registry("refund_rate")["owner"] is None

    def test_a_zero_byte_reaches_no_rule_at_all(self, metric, patch):
        """PostgreSQL's own JSON refuses it."""
        metric()
        with pytest.raises(psycopg.errors.UntranslatableCharacter):
            patch({"owner": "olga\x00@x.example"})

    def test_the_door_asks_the_tables_own_rule(self, metric, patch, admin):
        """Two copies of one rule would part some day; where the table's is gone, no owner is taken."""
        metric()
        with admin.transaction(force_rollback=True):
            admin.execute("ALTER TABLE heartbeat.metric_registry DROP CONSTRAINT owner_form")
            admin.execute("ALTER TABLE heartbeat.metric_registry ADD CONSTRAINT owner_form CHECK (owner ~ '^olga@')")
            assert told(call(admin, {"owner": "ann@x.example"}, version=1)) == [("value", "owner", "owner_form")]
            assert call(admin, {"owner": "olga@x.example"}, version=1)["changed"]
        with admin.transaction(force_rollback=True):
            admin.execute("ALTER TABLE heartbeat.metric_registry DROP CONSTRAINT owner_form")
            with pytest.raises(psycopg.errors.NullValueNotAllowed):
                call(admin, {"owner": "ann@x.example"}, version=1)


class TestThresholds:
    """Numbers, the basis, and which way is worse."""

    def test_a_number_is_kept_digit_by_digit(self, metric, patch, admin):
        """Thresholds are compared, and a double would move them."""
        metric(direction="higher_is_worse")
        norm, alert, target = "123456789012345678901234567890.000000000000000000000000000001", "1e40", "-0.10"
        text = f'{{"norm_value": {norm}, "alert_value": {alert}, "threshold_basis": "b", "target_value": {target}}}'
        assert patch(text)["changed"]
        written = admin.execute("SELECT norm_value, alert_value, target_value FROM heartbeat.metric_registry").fetchall()
        assert written == [(Decimal(norm), Decimal(alert), Decimal(target))]
        assert str(written[0][2]) == target

    @pytest.mark.parametrize(
        ("norm", "alert", "direction"), [(5, 10, "higher_is_worse"), (10, 5, "lower_is_worse"), (-1, -2.5, "lower_is_worse")]
    )
    def test_two_different_thresholds_say_which_way_is_worse_where_the_file_does_not(self, metric, patch, norm, alert, direction):
        """Nobody is asked for what he has said."""
        metric()
        assert patch({"norm_value": norm, "alert_value": alert, "threshold_basis": "b"})["row"]["direction"] == direction

    @pytest.mark.parametrize("one", [{"norm_value": 5}, {"alert_value": 5}, {"norm_value": 5, "alert_value": 5}])
    def test_the_files_direction_is_enough_for_one_threshold_or_two_equal_ones(self, metric, patch, one):
        """Reaching a threshold counts as crossing it, so equal ones have no amber."""
        metric(direction="lower_is_worse")
        answer = patch({**one, "threshold_basis": "b"})
        assert (answer["changed"], answer["row"]["direction"]) == (True, "lower_is_worse")

    def test_clearing_both_clears_their_basis_and_belongs_to_people(self, metric, patch, deploy, row):
        """The file cannot bring back what people took away."""
        metric(**RISING, threshold_basis="a guess")
        cleared = patch({"norm_value": None, "alert_value": None})["row"]
        assert (cleared["norm_value"], cleared["alert_value"], cleared["threshold_basis"]) == (None, None, None)
        assert cleared["thresholds_by_people"]
        assert deploy(row(**RISING))["kept_people"] == ["refund_rate"]

    def test_one_of_two_may_go_with_a_basis(self, metric, patch):
        """Its basis was given for both."""
        metric(**RISING)
        row = patch({"norm_value": None, "threshold_basis": "only the alert is contracted"})["row"]
        assert (row["norm_value"], row["alert_value"]) == (None, 10)

    def test_a_basis_alone_may_be_said_better(self, metric, patch):
        """It is a word about the numbers and changes none; from then on the group is people's."""
        metric(**RISING)
        row = patch({"threshold_basis": "contract of May"})["row"]
        assert (row["norm_value"], row["threshold_basis"], row["thresholds_by_people"]) == (5, "contract of May", True)

    def test_thresholds_the_wrong_way_round_can_be_mended_as_the_refusal_says(self, metric, patch, deploy, row):
        """The direction came from the first patch, so the second cannot turn it; clearing and the file can."""
        metric()
        assert patch({"norm_value": 10, "alert_value": 5, "threshold_basis": "b"})["changed"]
        assert "clear both thresholds" in patch(THRESHOLDS)["refusals"][0]["message"]
        assert patch({"norm_value": None, "alert_value": None})["changed"]
        assert deploy(row(direction="higher_is_worse", definition_hash="with direction"))["refusals"] == []
        assert patch(THRESHOLDS)["row"]["direction"] == "higher_is_worse"


class TestTarget:
    """Shown, never judged."""

    @pytest.mark.parametrize(
        "day",
        ["2027-02-29", "2027-13-01", "2027-1-1", "01.02.2027", "tomorrow", "infinity", "now", "2027-01-01T00:00:00", "0000-01-01",
         "2027-01-01\n", "20270101", "-2027-01-01", "٢٠٢٧-٠١-٠١"],
    )  # fmt: skip
    def test_a_due_date_is_one_plain_day(self, metric, patch, day):
        """PostgreSQL reads much more than people mean, and "infinity" is no day."""
        metric()
        answer = patch({"target_value": 3, "target_due_date": day})
        assert told(answer) == [("value", "target_due_date", "target_due_date_form")]
        assert "a day such as 2026-12-31" in answer["refusals"][0]["message"]

    def test_target_and_due_date_come_and_go_together_or_the_date_alone(self, metric, patch, deploy, row):
        """And from then on they are people's."""
        metric(target_value=1)
        assert patch({"target_value": 3, "target_due_date": "2028-02-29"})["row"]["target_due_date"] == "2028-02-29"
        assert patch({"target_due_date": None})["row"]["target_value"] == 3
        assert patch({"target_due_date": "2020-01-01"})["changed"]
        cleared = patch({"target_value": None, "target_due_date": None})["row"]
        assert (cleared["target_value"], cleared["target_due_date"], cleared["target_by_people"]) == (None, None, True)
        assert deploy(row(target_value=1))["kept_people"] == ["refund_rate"]


class TestVerifying:
    """A named person stands behind the number."""

    @pytest.mark.parametrize("reason", [None, "", " \n"])
    def test_verifying_needs_a_reason(self, metric, patch, reason):
        """What was checked, and against what."""
        metric()
        patch(OWNED)
        answer = patch(VERIFY, reason=reason)
        assert told(answer) == [("value", "reason", "verifying_needs_reason")]
        assert "what was checked, and against what" in answer["refusals"][0]["message"]

    def test_nothing_else_needs_a_reason(self, metric, patch):
        """Asking for one everywhere teaches people to write dots."""
        metric()
        assert patch({**OWNED, **THRESHOLDS, "target_value": 3}, reason=None)["changed"]
        assert patch(VERIFY)["changed"]
        assert patch({"verification_state": "unverified"}, reason=None)["row"]["verification_state"] == "unverified"

    def test_assigning_an_owner_never_verifies(self, metric, patch):
        """Being named is not having looked."""
        metric()
        assert patch(OWNED)["row"]["verification_state"] == "unverified"

    def test_owner_and_verification_may_come_in_one_patch(self, metric, patch):
        """The owner of the patch is who stands behind it."""
        metric()
        row = patch({**OWNED, **VERIFY})["row"]
        assert (row["owner"], row["verification_state"]) == ("olga@x.example", "verified")

    def test_clearing_the_owner_keeps_verified_but_not_in_the_patch_that_verifies(self, metric, patch):
        """The check was made; that it has no owner any more makes it silent, not wrong."""
        metric()
        patch(OWNED)
        assert told(patch({"owner": None, **VERIFY})) == [("state", "verification_state", "verifying_needs_owner")]
        patch(VERIFY)
        row = patch({"owner": None})["row"]
        assert (row["owner"], row["verification_state"]) == (None, "verified")
        assert patch({"owner": "ann@x.example"})["row"]["verification_state"] == "verified"

    @pytest.mark.parametrize(
        "tuned", [THRESHOLDS, {"target_value": 3, "target_due_date": "2027-01-01"}, {"owner": "ann@x.example"}]
    )
    def test_tuning_never_takes_verified_back(self, metric, patch, tuned):
        """Trust is in the number, not in where its lines are drawn."""
        metric()
        patch({**OWNED, **VERIFY})
        assert patch(tuned)["row"]["verification_state"] == "verified"

    @pytest.mark.parametrize(
        ("actor", "proved", "lets"),
        [("olga@x.example", True, True), ("Olga@X.Example", True, True), ("olga@x.example", False, False),
         ("olga@x.example", None, False), ("ann@x.example", True, False)],
    )  # fmt: skip
    def test_where_the_owner_signs_only_his_proved_identity_verifies(self, metric, patch, actor, proved, lets):
        """A self-declared name would be no signature."""
        metric()
        patch(OWNED)
        answer = patch(VERIFY, actor=actor, proved=proved, owner_signs=True)
        assert told(answer) == ([] if lets else [("state", "verification_state", "owner_must_sign")])
        if not lets:
            said = f"olga@x.example. You are {actor}, {'proved' if proved else 'self-declared'}."
            assert answer["refusals"][0]["message"].endswith(said)
            assert patch(VERIFY, actor=actor, proved=proved)["changed"]

    def test_the_owners_signature_is_asked_for_nothing_but_verifying(self, metric, patch):
        """Tuning and taking back are for any operator."""
        metric()
        patch({**OWNED, **VERIFY})
        assert patch({"target_value": 3, "verification_state": "unverified"}, actor="ann@x.example", owner_signs=True)["changed"]


def test_the_function_names_no_type_or_table_without_its_schema(admin):
    """Beside the pinned path: a caller's own type named `date` would otherwise run his code as the guard."""
    ((source,),) = admin.execute("SELECT prosrc FROM pg_proc WHERE proname = 'patch_verification'").fetchall()
    assert re.findall(r"::\s*(?!pg_catalog\.)\w+", source) == []
