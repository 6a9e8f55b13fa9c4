"""The deploy's door: the registry becomes the files, all or nothing, and what people decided stays theirs."""

from __future__ import annotations

import threading

import psycopg
import pytest

from heartbeat_lib.store import Role

PEOPLE = {"norm_value": 7, "alert_value": 12, "threshold_basis": "board, May", "thresholds_by_people": True}
VERIFIED = {"owner": "olga@x.example", "verification_state": "verified"}


def rules(answer):
    """Pairs of metric and broken rule."""
    return [(refusal["metric_id"], refusal["rule"]) for refusal in answer["refusals"]]


def groups(answer):
    """The groups that hold a metric."""
    return {name: ids for name, ids in answer.items() if isinstance(ids, list) and ids}


class TestClassifying:
    """Set difference between all living files and the registry."""

    def test_a_new_metric_is_unverified_and_at_its_first_version(self, deploy, row, registry):
        """Nobody has stood behind it."""
        answer = deploy(row(norm_value="5", alert_value="10", direction="higher_is_worse"))
        assert groups(answer) == {"new": ["refund_rate"]}
        written = registry("refund_rate")
        assert (written["verification_state"], written["row_version"], written["owner"]) == ("unverified", 1, None)
        assert (written["norm_value"], written["alert_value"], written["judge"], written["alert_after"]) == (5, 10, "running", 1)

    def test_deploying_twice_writes_no_row_the_second_time(self, deploy, row, registry, count):
        """Not even a version: people's open pages stay good."""
        first = deploy(row(norm_value="5.0", alert_value=10, direction="higher_is_worse"), row("margin", sources=["a.b", "c.d"]))
        before = (registry(), count("registry_change"))
        second = deploy(
            row("margin", sources=["a.b", "c.d"]), row(norm_value=5, alert_value="10.00", direction="higher_is_worse")
        )
        assert groups(second) == {"unchanged": ["margin", "refund_rate"]}
        assert (registry(), count("registry_change")) == before
        assert second["version"] == first["version"]

    def test_a_cosmetic_change_keeps_the_metric_verified(self, deploy, row, people, registry):
        """Trust is in the number, not in its description."""
        deploy(row())
        people("refund_rate", **VERIFIED)
        answer = deploy(row(description="Refunded orders, percent.", norm_value=1, direction="higher_is_worse"))
        assert groups(answer) == {"cosmetic": ["refund_rate"]}
        written = registry("refund_rate")
        assert (written["verification_state"], written["description"]) == ("verified", "Refunded orders, percent.")
        assert written["row_version"] == 3

    def test_a_new_meaning_takes_verified_back_and_keeps_owner_and_peoples_thresholds(self, deploy, row, people, registry):
        """Another number needs another look; who looks does not change."""
        deploy(row())
        people("refund_rate", **VERIFIED, **PEOPLE, direction="higher_is_worse")
        answer = deploy(row(value_sql="SELECT 2", definition_hash="another"))
        assert groups(answer) == {"new_meaning": ["refund_rate"]}
        written = registry("refund_rate")
        assert (written["verification_state"], written["owner"]) == ("unverified", "olga@x.example")
        assert (written["norm_value"], written["alert_value"], written["threshold_basis"]) == (7, 12, "board, May")

    def test_a_hash_of_another_parser_version_is_no_new_meaning_when_the_caller_found_it_equal(
        self, deploy, row, people, registry
    ):
        """An upgrade of the parser must not take back every verification."""
        deploy(row())
        people("refund_rate", **VERIFIED)
        changes = {"definition_hash": "re-hashed", "hash_version": "sqlglot 31", "same_meaning_as": "hash of refund_rate"}
        assert groups(deploy(row(**changes))) == {"cosmetic": ["refund_rate"]}
        written = registry("refund_rate")
        assert written["verification_state"] == "verified"
        assert (written["definition_hash"], written["hash_version"]) == ("re-hashed", "sqlglot 31")

    def test_a_dry_run_gives_the_same_answer_and_writes_nothing(self, deploy, row, registry, count):
        """What --plan shows is what deploy does; not even a number of the log is used up."""
        deploy(row("aaa"), row("bbb"), row("ccc"), row("ddd"))
        files = (row("aaa"), row("bbb", notes="x"), row("ccc", definition_hash="y"), row("eee", replaces="ddd"))
        before = (registry(), count("registry_change"))
        planned = deploy(*files, dry_run=True)
        assert (registry(), count("registry_change")) == before
        done = deploy(*files)
        assert groups(planned) == groups(done) == {
            "unchanged": ["aaa"], "cosmetic": ["bbb"], "new_meaning": ["ccc"], "retired": ["ddd"], "new": ["eee"],
        }  # fmt: skip
        assert done["version"] == planned["version"] + 4


class TestPeople:
    """Groups of thresholds and target, once people have set one of them."""

    def test_the_files_thresholds_are_taken_until_people_set_theirs(self, deploy, row, people, registry):
        """Provisional thresholds may be improved in the file; people's stand."""
        high = {"direction": "higher_is_worse"}
        deploy(row(norm_value=5, alert_value=10, **high))
        deploy(row(norm_value=6, alert_value=11, threshold_basis="contract", **high))
        assert (registry("refund_rate")["norm_value"], registry("refund_rate")["threshold_basis"]) == (6, "contract")
        people("refund_rate", **PEOPLE)
        answer = deploy(row(norm_value=1, alert_value=11, **high))
        assert groups(answer) == {"unchanged": ["refund_rate"], "kept_people": ["refund_rate"]}
        assert (registry("refund_rate")["norm_value"], registry("refund_rate")["alert_value"]) == (7, 12)

    def test_thresholds_belong_to_people_as_a_group(self, deploy, row, people, registry):
        """By column, a file that moved the other threshold could flip the direction."""
        deploy(row(norm_value=5, alert_value=10, direction="higher_is_worse"))
        people("refund_rate", alert_value=8, thresholds_by_people=True)
        deploy(row(norm_value=9, alert_value=10, direction="higher_is_worse"))
        assert (registry("refund_rate")["norm_value"], registry("refund_rate")["alert_value"]) == (5, 8)

    def test_target_and_due_date_are_a_group_of_their_own(self, deploy, row, people, registry):
        """Setting a target does not take the thresholds away from the file."""
        deploy(row(target_value=3, target_due_date="2027-01-01"))
        people("refund_rate", target_value=2, target_by_people=True)
        answer = deploy(row(target_value=4, norm_value=5, direction="higher_is_worse"))
        assert groups(answer) == {"cosmetic": ["refund_rate"], "kept_people": ["refund_rate"]}
        written = registry("refund_rate")
        assert (written["target_value"], written["target_due_date"], written["norm_value"]) == (2, "2027-01-01", 5)

    def test_a_file_that_says_nothing_or_the_same_is_not_called_kept(self, deploy, row, people):
        """The plan speaks of what it does not take, and of nothing else."""
        deploy(row(norm_value=5, alert_value=10, direction="higher_is_worse"))
        people("refund_rate", **PEOPLE)
        assert deploy(row())["kept_people"] == []
        assert deploy(row(**{**PEOPLE, "direction": "higher_is_worse"} | {"thresholds_by_people": None}))["refusals"] != []
        same = {name: value for name, value in PEOPLE.items() if name != "thresholds_by_people"}
        assert deploy(row(**same, direction="higher_is_worse"))["kept_people"] == []

    def test_the_direction_that_people_brought_survives_a_file_without_one(self, deploy, row, people, registry):
        """Thresholds without a direction could not be judged."""
        deploy(row())
        people("refund_rate", **PEOPLE, direction="higher_is_worse")
        assert groups(deploy(row())) == {"unchanged": ["refund_rate"]}
        assert registry("refund_rate")["direction"] == "higher_is_worse"

    def test_a_direction_against_peoples_thresholds_is_refused(self, deploy, row, people, registry):
        """A red that was green a minute ago, without anybody having touched a threshold."""
        deploy(row())
        people("refund_rate", **PEOPLE, direction="higher_is_worse")
        answer = deploy(row(direction="lower_is_worse", definition_hash="another"))
        assert rules(answer) == [("refund_rate", "direction_contradicts_thresholds")]
        assert "norm 7, alert 12, set by people" in answer["refusals"][0]["message"]
        assert registry("refund_rate")["direction"] == "higher_is_worse"

    def test_peoples_changes_do_not_make_a_plan_stale(self, deploy, row, people):
        """Only another deploy does."""
        version = deploy(row())["version"]
        people("refund_rate", owner="olga@x.example")
        assert deploy(row(notes="x"), expected=version)["refusals"] == []


class TestRefusals:
    """Whatever is refused, nothing of the deploy is written."""

    def test_a_plan_made_stale_by_another_deploy_is_refused(self, deploy, row, registry):
        """What a person looked at is not what would happen."""
        version = deploy(row())["version"]
        deploy(row(notes="meanwhile"))
        answer = deploy(row(notes="mine"), expected=version)
        assert rules(answer) == [(None, "stale_plan")]
        assert registry("refund_rate")["notes"] == "meanwhile"

    def test_one_bad_row_of_three_leaves_everything_as_it_was(self, deploy, row, registry, count):
        """All or nothing; the message names metric and rule."""
        deploy(row("aaa"), row("bbb"))
        before = (registry(), count("registry_change"))
        answer = deploy(row("aaa", notes="x"), row("bbb", period="fortnight"), row("ccc"))
        assert rules(answer) == [("bbb", "period_known")]
        assert (registry(), count("registry_change")) == before

    @pytest.mark.parametrize(
        ("changes", "rule"),
        [
            ({"code": "abc"}, "code_form"),
            ({"name": " "}, "name_present"),
            ({"name": None}, "name_missing"),
            ({"judge": "later"}, "judge_known"),
            ({"benchmark_kind": "median"}, "benchmark_kind_known"),
            ({"direction": "sideways"}, "direction_known"),
            ({"norm_value": "NaN", "direction": "higher_is_worse"}, "norm_value_finite"),
            ({"alert_value": "Infinity", "direction": "higher_is_worse"}, "alert_value_finite"),
            ({"target_value": "-Infinity"}, "target_value_finite"),
            ({"target_due_date": "2027-01-01"}, "due_date_needs_target"),
            ({"target_due_date": "infinity", "target_value": 1}, "target_due_date_finite"),
            ({"alert_after": 0}, "alert_after_positive"),
            ({"recover_after": 0}, "recover_after_positive"),
            ({"sources": [""]}, "sources_named"),
            ({"sources": [None]}, "sources_named"),
            ({"replaces": "refund_rate"}, "replaces_another"),
            ({"replaces": "No"}, "replaces_form"),
            ({"norm_value": 1}, "direction_missing"),
            ({"norm_value": 1, "alert_value": 2, "direction": "lower_is_worse"}, "direction_contradicts_thresholds"),
            ({"owner": "mallory@x.example"}, "not_of_the_file"),
            ({"verification_state": "verified"}, "not_of_the_file"),
            ({"row_version": 99}, "not_of_the_file"),
        ],
    )
    def test_a_row_that_breaks_a_rule_is_refused_by_the_rules_name(self, deploy, row, count, changes, rule):
        """The rules bind whoever calls; the files' own check is courtesy."""
        assert rules(deploy(row(**changes))) == [("refund_rate", rule)]
        assert count("metric_registry") == count("registry_change") == 0

    @pytest.mark.parametrize("metric_id", ["ab", "1st_rate", "Refunds", "refund_rate\n", "a" * 64, "über_rate"])
    def test_an_id_of_another_form_is_refused(self, deploy, row, metric_id):
        """Ids become file names and addresses."""
        assert rules(deploy(row(metric_id, "ABCD"))) == [(metric_id, "metric_id_form")]

    def test_two_files_with_one_id_or_one_code_are_refused_together(self, deploy, row):
        """Every fault at once."""
        answer = deploy(row("aaa", "SAME"), row("bbb", "SAME"), row("ccc"), row("ccc"))
        assert rules(answer) == [("ccc", "duplicate_id"), ("bbb", "code_taken")]
        assert "taken by aaa" in answer["refusals"][1]["message"]

    def test_a_row_without_an_id_is_refused(self, deploy, row):
        """It could belong to anybody."""
        assert rules(deploy({"name": "x"}, row())) == [(None, "metric_id_missing")]
        assert rules(deploy("refund_rate")) == [(None, "metric_id_missing")]

    def test_nobody_is_no_actor(self, deploy, row):
        """A change without a name is no record."""
        for actor in (None, "", "  "):
            with pytest.raises(psycopg.errors.InvalidParameterValue):
                deploy(row(), actor=actor)

    def test_an_older_snapshot_is_refused(self, store):
        """It would not show what another deploy wrote while this one waited."""
        with store.connect(Role.DEPLOY) as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            with pytest.raises(psycopg.errors.InvalidTransactionState):
                connection.execute("SELECT heartbeat.apply_registry('[]', NULL, 'ann', NULL, NULL, NULL, 0, false)")


class TestCodes:
    """Codes are unique among the living, and may move."""

    def test_two_metrics_may_swap_codes(self, deploy, row, registry):
        """A check row by row would collide."""
        deploy(row("aaa", "AAAA"), row("bbb", "BBBB"))
        assert groups(deploy(row("aaa", "BBBB"), row("bbb", "AAAA"))) == {"cosmetic": ["aaa", "bbb"]}
        assert {metric_id: found["code"] for metric_id, found in registry().items()} == {"aaa": "BBBB", "bbb": "AAAA"}

    def test_a_new_metric_may_take_the_code_of_one_that_goes(self, deploy, row, registry):
        """In the same deploy."""
        deploy(row("aaa", "AAAA"), row("bbb"), row("ccc"))
        deploy(row("bbb"), row("ccc"), row("ddd", "AAAA"))
        assert registry("ddd")["code"] == "AAAA"


class TestRetiring:
    """A file that is gone."""

    def test_a_retired_metric_leaves_its_last_row_and_who_retired_it(self, deploy, row, people, admin, registry):
        """The row goes, the story stays."""
        deploy(row("aaa"), row("bbb"), row("ccc"))
        people("aaa", owner="olga@x.example")
        answer = deploy(
            row("bbb"),
            row("ccc"),
            row("ddd", replaces="aaa"),
            actor="bob@x.example",
            reason="two were one",
            commit="c0ffee",
            uncommitted=True,
        )
        assert groups(answer) == {"new": ["ddd"], "retired": ["aaa"], "unchanged": ["bbb", "ccc"]}
        assert set(registry()) == {"bbb", "ccc", "ddd"}
        tomb = admin.execute(
            "SELECT metric_id, retired_by, successor, reason, commit_id, uncommitted, last_row ->> 'owner' "
            "FROM heartbeat.metric_retirement"
        )
        assert tomb.fetchall() == [("aaa", "bob@x.example", "ddd", "two were one", "c0ffee", True, "olga@x.example")]
        logged = admin.execute(
            "SELECT action, actor, via, reason, commit_id, uncommitted, after FROM heartbeat.registry_change "
            "WHERE metric_id = 'aaa' ORDER BY change_id DESC LIMIT 1"
        )
        assert logged.fetchall() == [("delete", "bob@x.example", "deploy", "two were one", "c0ffee", True, None)]

    @pytest.mark.parametrize(
        ("living", "going", "refused"),
        [(3, 1, False), (2, 1, True), (6, 2, False), (6, 3, True), (1, 1, True), (10, 4, True), (10, 3, False)],
    )
    def test_more_than_a_third_goes_only_when_the_number_is_allowed(self, deploy, row, count, living, going, refused):
        """A wrong folder or branch must not empty the wall."""
        files = [row(f"m_{number}", f"M{number:03d}") for number in range(living)]
        deploy(*files)
        answer = deploy(*files[going:])
        assert rules(answer) == ([(None, "retires_too_many")] if refused else [])
        assert count("metric_retirement") == (0 if refused else going)
        if refused:
            assert f"--allow-retirements {going}." in answer["refusals"][0]["message"]
            assert rules(deploy(*files[going:], allow=going - 1)) == [(None, "retires_too_many")]
            assert rules(deploy(*files[going:], allow=going)) == []

    def test_a_retired_id_with_another_meaning_is_refused_with_its_story(self, deploy, row):
        """Two meanings under one id could not be told apart in the history."""
        deploy(row("aaa"), row("bbb"), row("ccc"))
        deploy(row("bbb"), row("ccc"), actor="bob@x.example", reason="nobody looked")
        answer = deploy(row("aaa", definition_hash="another"), row("bbb"), row("ccc"))
        assert rules(answer) == [("aaa", "retired_id")]
        message = answer["refusals"][0]["message"]
        assert "bob@x.example" in message
        assert "nobody looked" in message
        assert "retired on 20" in message

    def test_a_retired_id_with_the_same_meaning_comes_back_unverified_with_owner_and_thresholds(
        self, deploy, row, people, registry
    ):
        """Nobody has looked at it since; what people had decided still holds."""
        deploy(row("aaa"), row("bbb"), row("ccc"))
        people("aaa", **VERIFIED, **PEOPLE, direction="higher_is_worse")
        deploy(row("bbb"), row("ccc"))
        answer = deploy(row("aaa", notes="again", norm_value=1, direction="higher_is_worse"), row("bbb"), row("ccc"))
        assert groups(answer) == {"new": ["aaa"], "unchanged": ["bbb", "ccc"], "kept_people": ["aaa"]}
        back = registry("aaa")
        assert (back["verification_state"], back["owner"], back["notes"]) == ("unverified", "olga@x.example", "again")
        assert (back["norm_value"], back["alert_value"], back["thresholds_by_people"]) == (7, 12, True)
        assert back["row_version"] == 3

    def test_an_id_may_be_retired_and_brought_back_again_and_again(self, deploy, row, count):
        """Each time is a tombstone of its own."""
        others = (row("bbb"), row("ccc"))
        for _ in range(3):
            assert deploy(row("aaa"), *others)["refusals"] == []
            assert deploy(*others)["retired"] == ["aaa"]
        assert count("metric_retirement") == 3


class TestRecord:
    """What a deploy leaves in the log."""

    def test_each_change_names_actor_door_reason_commit_and_the_login(self, store, deploy, row, admin):
        """Who, through which door, why, and who was really connected."""
        deploy(row(), actor="ann@x.example", reason="first", commit="c0ffee", uncommitted=False)
        deploy(row(notes="x"), actor="bob@x.example", reason=None, commit="decaf", uncommitted=True)
        columns = "action, actor, via, reason, commit_id, uncommitted, session_login, before ->> 'notes', after ->> 'notes'"
        lines = admin.execute(f"SELECT {columns} FROM heartbeat.registry_change ORDER BY change_id").fetchall()
        assert lines == [
            ("insert", "ann@x.example", "deploy", "first", "c0ffee", False, "heartbeat_deploy", None, None),
            ("update", "bob@x.example", "deploy", None, "decaf", True, "heartbeat_deploy", None, "x"),
        ]

    def test_a_persons_change_carries_no_commit(self, deploy, row, people, admin):
        """The commit stays in the row until the next deploy, and would lie here."""
        deploy(row(), commit="c0ffee", uncommitted=False)
        people("refund_rate", owner="olga@x.example")
        line = admin.execute(
            "SELECT actor, via, commit_id, uncommitted FROM heartbeat.registry_change ORDER BY change_id DESC LIMIT 1"
        )
        assert line.fetchall() == [("olga@x.example", "cockpit", None, None)]


class TestHolding:
    """What stands between two deploys, and between a caller and the guard's rights."""

    def test_two_deploys_at_once_happen_one_after_the_other(self, deploy, row):
        """The second finds its plan stale instead of half of the first's work."""
        version = deploy(row())["version"]
        answers = []
        threads = [
            threading.Thread(target=lambda note=note: answers.append(deploy(row(notes=note), expected=version))) for note in "ab"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(len(answer["refusals"]) for answer in answers) == [0, 1]
