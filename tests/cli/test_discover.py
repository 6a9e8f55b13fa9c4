"""discover, as an analyst types it."""

from __future__ import annotations

from heartbeat_lib.store import Role
from heartbeat_lib.workbench import Workbench


def test_json_has_what_is_known_what_there_is_and_what_is_open(heartbeat):
    """One object of three arrays."""
    with Workbench.open(heartbeat.root) as bench, bench.store.connect(Role.OPERATOR) as connection:
        connection.execute(
            "INSERT INTO heartbeat.candidate (candidate_id, topic, opened_by, changed_by) "
            "VALUES ('parcels_lost', 'parcels', 'bob@x.example', 'bob@x.example')"
        )
        connection.execute("UPDATE heartbeat.candidate SET waits_for = '{shop.scans}' WHERE candidate_id = 'parcels_lost'")
    found = heartbeat.json("discover", "--topic", "late parcels", "--analyst", "bob@x.example")
    known = {row["metric_id"]: row for row in found["inventory"]}
    assert next(iter(known)) == "parcels_late"
    assert "“late” and “parcels”" in known["parcels_late"]["reason"]
    assert {"kind", "name", "state", "owner", "status", "score"} <= set(known["parcels_late"])
    (table,) = found["probe"]
    assert (table["table"], table["rows"], table["state"]) == ("shop.parcels", 3, "thin")
    assert {"last_load", "time_column", "newest", "why"} <= set(table)
    (mine,) = found["candidates"]
    assert (mine["candidate_id"], mine["stage"], mine["missing"], mine["ready"]) == (
        "parcels_lost",
        "parked",
        ["shop.scans"],
        False,
    )
    assert heartbeat.json("discover", "--topic", "late parcels")["candidates"] == []


def test_a_terminal_gets_three_tables(heartbeat):
    """With the reason beside each line."""
    text = heartbeat("discover", "--topic", "late parcels", "--schema", "shop").stdout
    assert "Known near “late parcels”" in text
    assert "and it reads shop.parcels" in " ".join(text.split())
    assert "◌ thin" in text
    assert "3 rows: too few to say anything" in text
    assert "ann@x.example has no open candidate" in text


def test_nothing_near_is_said(heartbeat):
    """And the marts are shown all the same."""
    text = heartbeat("discover", "--topic", "[bold]strikes").stdout
    assert "Nothing is known near “[bold]strikes”" in text
    assert "shop.parcels" in text


def test_a_schema_that_is_not_there_is_refused(heartbeat):
    """With those that are."""
    said = heartbeat("discover", "--topic", "late", "--schema", "shopp", exit_code=1).stderr
    assert "no table in a schema 'shopp'. They have shop." in said


def test_without_a_topic_it_is_wrong_use(heartbeat):
    """There is nothing to be near to."""
    heartbeat("discover", exit_code=2)
    heartbeat("discover", "--topic", " ", exit_code=2)
