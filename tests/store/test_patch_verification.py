"""People's door: what a decision about owner, thresholds, target and verification does, and where each ends."""

from __future__ import annotations

import re
from decimal import Decimal

import psycopg
import pytest

from tests.store.door import OWNED, RISING, THRESHOLDS, VERIFY, call, told

FALLING = {"norm_value": 10, "alert_value": 5, "direction": "lower_is_worse"}


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
