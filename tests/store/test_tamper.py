"""What a superuser did past the doors is found and named; a clean store gives no finding."""

from __future__ import annotations

import pytest

from heartbeat_lib.store import Role, Store
from heartbeat_lib.store.tamper import findings
from tests.store.door import OWNED, THRESHOLDS, VERIFY, audit, call

DOORS = ["apply_registry", "patch_verification", "review_metric", "count_by_hand"]


@pytest.fixture
def store(fresh_store) -> Store:
    """Tampering changes more than rows."""
    return fresh_store


@pytest.fixture
def used(deploy, row, people, admin):
    """A registry with a history: new, changed, retired, brought back. What people did is put down to a door's login."""
    deploy(row("aaa", sources=["a.b", "c.d"]), row("bbb"), row("ccc"), row("ddd"))
    deploy(row("aaa", notes="x", sources=["a.b", "c.d"]), row("bbb", definition_hash="y"), row("ccc"))
    deploy(row("aaa", notes="x", sources=["a.b", "c.d"]), row("bbb", definition_hash="y"), row("ccc"), row("ddd"))


def rules(store):
    """Pairs of rule and subject."""
    return [(found.rule, found.subject) for found in store.tamperings()]


def unguarded(admin, statement, table="metric_registry"):
    """A statement with the table's triggers off, put back afterwards as somebody with care would."""
    with admin.transaction():
        admin.execute(f"ALTER TABLE heartbeat.{table} DISABLE TRIGGER USER")
        admin.execute(statement)
        for (name,) in admin.execute(
            f"SELECT tgname FROM pg_trigger WHERE tgrelid = 'heartbeat.{table}'::regclass AND NOT tgisinternal"
        ).fetchall():
            admin.execute(f"ALTER TABLE heartbeat.{table} ENABLE ALWAYS TRIGGER {name}")


@pytest.mark.usefixtures("used")
class TestTampering:
    """One trace each."""

    def test_a_clean_store_has_no_finding_whoever_looks(self, store):
        """Compute looks at every tick, people in `doctor`."""
        for role in Role:
            with store.connect(role) as connection:
                assert findings(connection) == ()
        assert store.tamperings() == ()

    def test_a_row_changed_with_the_triggers_off(self, store, admin):
        """It is not what its log ends with."""
        unguarded(admin, "UPDATE heartbeat.metric_registry SET sources = ARRAY['a.b'], alert_after = 9 WHERE metric_id = 'aaa'")
        (found,) = store.tamperings()
        assert (found.rule, found.subject) == ("registry_differs_from_log", "aaa")
        assert found.message == "the registry row of aaa is not what its log ends with: alert_after, sources differ"

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM heartbeat.metric_registry WHERE metric_id = 'aaa'",
            "UPDATE heartbeat.metric_registry SET metric_id = 'zzz' WHERE metric_id = 'aaa'",
        ],
    )
    def test_a_row_removed_or_renamed_with_the_triggers_off(self, store, admin, statement):
        """The log says that it lives."""
        unguarded(admin, statement)
        assert ("registry_differs_from_log", "aaa") in rules(store)

    @pytest.mark.parametrize(
        "statement",
        [
            'UPDATE heartbeat.registry_change SET after = after || \'{"notes": "y"}\' '
            "WHERE metric_id = 'ddd' AND action = 'insert'",
            "DELETE FROM heartbeat.registry_change WHERE metric_id = 'ddd' AND action = 'delete'",
            "DELETE FROM heartbeat.registry_change WHERE change_id = "
            "(SELECT min(change_id) FROM heartbeat.registry_change WHERE metric_id = 'ddd')",
        ],
    )
    def test_a_log_that_was_edited(self, store, admin, statement):
        """Each line begins where the one before ended."""
        unguarded(admin, statement, "registry_change")
        assert ("log_chain_broken", "ddd") in rules(store)

    @pytest.mark.parametrize(
        ("statement", "trigger"),
        [
            ("ALTER TABLE heartbeat.metric_registry DISABLE TRIGGER metric_registry_guard", "metric_registry_guard"),
            (
                "ALTER TABLE heartbeat.metric_registry ENABLE TRIGGER metric_registry_guard_truncate",
                "metric_registry_guard_truncate",
            ),
            ("ALTER TABLE heartbeat.metric_registry ENABLE REPLICA TRIGGER metric_registry_log", "metric_registry_log"),
            ("ALTER TABLE heartbeat.metric_review DISABLE TRIGGER metric_review_guard", "metric_review_guard"),
            ("DROP TRIGGER metric_audit_append_only ON heartbeat.metric_audit", "metric_audit_append_only"),
            ("DROP TRIGGER registry_change_append_only ON heartbeat.registry_change", "registry_change_append_only"),
            (
                "CREATE OR REPLACE TRIGGER metric_registry_guard BEFORE INSERT ON heartbeat.metric_registry FOR EACH ROW "
                "EXECUTE FUNCTION heartbeat.metric_registry_guard()",
                "metric_registry_guard",
            ),
        ],
    )
    def test_a_trigger_that_is_off_gone_or_fires_for_less(self, store, admin, statement, trigger):
        """Named, with its table."""
        admin.execute(statement)
        assert rules(store) == [("trigger_off", trigger)]

    def test_somebody_who_can_act_as_the_guard(self, store, admin):
        """A membership with SET or INHERIT; a mere ADMIN one is what a lesser creator keeps."""
        admin.execute("GRANT heartbeat_guard TO heartbeat_reader")
        try:
            assert rules(store) == [("guard_has_members", "heartbeat_reader")]
        finally:
            admin.execute("REVOKE heartbeat_guard FROM heartbeat_reader")

    def test_a_change_made_by_a_superuser_as_the_guard(self, store, people):
        """Row and log fit; the login in the log is not a door's."""
        people("aaa", owner="mallory@x.example")
        (found,) = store.tamperings()
        assert (found.rule, found.subject) == ("foreign_login_in_log", "aaa")
        assert found.message.endswith("was written by postgres")

    def test_a_review_and_a_count_made_by_a_superuser_as_the_guard(self, store, admin):
        """What somebody answered or counted is as much a record as a change."""
        audit_id = audit(admin, metric_id="aaa")
        with admin.transaction():
            admin.execute("SET LOCAL ROLE heartbeat_guard")
            admin.execute(
                "INSERT INTO heartbeat.metric_review (audit_id, metric_id, outcome, why, actor, proved, via, definition_hash) "
                "VALUES (%s, 'aaa', 'agrees', 'x', 'olga@x.example', true, 'cockpit', 'x')",
                [audit_id],
            )
            admin.execute(
                "INSERT INTO heartbeat.metric_hand_count (metric_id, period, period_start, value, source, actor, proved, via) "
                "VALUES ('aaa', 'day', now(), 7, 'x', 'olga@x.example', true, 'cockpit')"
            )
        assert [(found.rule, found.detail.split()[0]) for found in store.tamperings()] == [
            ("foreign_login_in_log", "hand"),
            ("foreign_login_in_log", "review"),
        ]

    @pytest.mark.parametrize(
        ("statement", "says"),
        [
            ("RESET search_path", "does not pin its search_path"),
            ("RESET ALL", "does not pin its search_path"),
            ("SET search_path = pg_catalog", "does not pin its search_path"),
            ("OWNER TO postgres", "belongs to postgres"),
            ("SECURITY INVOKER", "does not run as the guard any more"),
        ],
    )
    @pytest.mark.parametrize("door", DOORS)
    def test_a_door_that_was_changed(self, store, admin, door, statement, says):
        """NULL LIKE anything is unknown, and unknown is not clean."""
        admin.execute(f"ALTER FUNCTION heartbeat.{door} {statement}")
        (found,) = store.tamperings()
        assert (found.rule, found.detail) == ("door_changed", says)
        assert found.message.startswith(f"the function heartbeat.{door}(")

    @pytest.mark.parametrize("door", DOORS)
    def test_a_door_that_everybody_may_use_or_that_is_gone(self, store, admin, door):
        """Both are a changed door."""
        admin.execute(f"GRANT EXECUTE ON FUNCTION heartbeat.{door} TO PUBLIC")
        (found,) = store.tamperings()
        assert (found.detail, door in found.subject) == ("may be called by everybody", True)
        admin.execute(f"DROP FUNCTION heartbeat.{door}")
        assert [found.message for found in store.tamperings()] == [f"the function {door} is gone"]

    @pytest.mark.parametrize("door", DOORS)
    def test_a_door_that_was_renamed_or_moved(self, store, admin, door):
        """It is gone from where people call it, and what stands elsewhere in the schema is none of ours."""
        admin.execute(f"ALTER FUNCTION heartbeat.{door} RENAME TO mine")
        found = {tampering.subject.partition("(")[0]: tampering.detail for tampering in store.tamperings()}
        assert found == {door: "is gone", "heartbeat.mine": "is no door that Heartbeat made"}

    @pytest.mark.parametrize("door", DOORS)
    def test_a_door_that_another_role_may_use(self, store, admin, door):
        """A reader with people's door would leave lines under a foreign login only once he has used it."""
        admin.execute(f"GRANT EXECUTE ON FUNCTION heartbeat.{door} TO heartbeat_reader")
        assert [found.detail for found in store.tamperings()] == ["may be called by heartbeat_reader"]

    def test_a_third_door_with_every_mark_of_a_real_one(self, store, admin):
        """Of the guard, with a pinned path and for one role: it is still none of ours, under a door's name too."""
        for name in ("mine", "patch_verification"):
            admin.execute(
                f"CREATE FUNCTION heartbeat.{name}(text) RETURNS integer LANGUAGE sql SECURITY DEFINER "
                "SET search_path = pg_catalog, pg_temp AS 'SELECT 1'"
            )
            admin.execute(f"REVOKE ALL ON FUNCTION heartbeat.{name}(text) FROM PUBLIC")
            admin.execute(f"GRANT EXECUTE ON FUNCTION heartbeat.{name}(text) TO heartbeat_operator")
            admin.execute(f"ALTER FUNCTION heartbeat.{name}(text) OWNER TO heartbeat_guard")
        assert [(found.subject, found.detail) for found in store.tamperings()] == [
            (f"heartbeat.{name}(text)", "is no door that Heartbeat made") for name in ("mine", "patch_verification")
        ]

    def test_a_patch_leaves_no_trace_of_tampering(self, store, deploy, row):
        """Owner, thresholds, verification and a deploy after them: row, log and login fit."""
        with store.connect(Role.OPERATOR) as connection:
            for version, patch in enumerate(({**OWNED, **THRESHOLDS, "target_value": 1e-7}, VERIFY, {"owner": None}), start=2):
                assert call(connection, patch, metric_id="aaa", version=version)["changed"]
        assert deploy(row("aaa", sources=["a.b"]), row("bbb", definition_hash="y"), row("ccc"), row("ddd"))["refusals"] == []
        assert store.tamperings() == ()

    def test_a_function_with_its_owners_rights_that_is_none_of_ours(self, store, admin):
        """A third door."""
        admin.execute("CREATE FUNCTION heartbeat.mine() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
        assert rules(store) == [("door_changed", "heartbeat.mine()")]

    def test_a_role_with_a_setting(self, store, admin):
        """A login may give itself defaults; connections set what they need, and this is told."""
        with store.connect(Role.COMPUTE, autocommit=True) as connection:
            connection.execute("ALTER ROLE heartbeat_compute SET search_path = pg_temp")
        try:
            assert rules(store) == [("role_has_settings", "heartbeat_compute")]
            with store.connect(Role.COMPUTE) as connection:
                assert connection.execute("SHOW search_path").fetchall() == [("pg_catalog,pg_temp",)]
        finally:
            admin.execute("ALTER ROLE heartbeat_compute RESET ALL")
