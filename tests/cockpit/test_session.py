"""One viewer's conversation: what the page asks is answered, and what changes is told."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from heartbeat_lib import compute, reading, verification
from heartbeat_lib.cockpit.identity import proved_identity
from heartbeat_lib.cockpit.session import Session
from heartbeat_lib.store import Role
from tests.api.conftest import deploy, row
from tests.cockpit.conftest import ROWS

MARA = "mara@x.example"
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'heartbeat_operator'"


def someone_else(bench, metric_id, **patch):
    """A decision through another door."""
    version = reading.metric(bench, metric_id)["row_version"]
    return verification.decide(
        bench, metric_id, patch, row_version=version, actor="tom@x.example", proved=False, via="cli", reason="a test"
    )


def news(page, metric_id, test):
    """Wait until the page is told of a tile that passes."""
    page.wait(lambda message: any(tile["id"] == metric_id and test(tile) for tile in message.get("wall", {}).get("tiles", ())))


def test_nothing_is_read_before_the_page_says_hello(place):
    """A kernel that waits for its viewer must not show what was true before the visit."""
    session = Session(place, [].append, proved_identity(place.workspace.settings))
    with place.store.connect(Role.READER) as reader:
        assert reader.execute(CONNECTIONS).fetchone() == (0,)
    session.end()


def test_the_first_look_holds_every_metric(page):
    """In the order in which they are to be read."""
    wall = page.heard[0]["wall"]
    assert sorted(wall["order"]) == ["late_share", "orders", "refunds"]
    assert [tile["id"] for tile in wall["tiles"]] == wall["order"]


def test_a_decision_through_another_door_reaches_the_page(page, place):
    """Within seconds, and only the tile that changed."""
    someone_else(place, "orders", owner=MARA)
    news(page, "orders", lambda tile: tile["owner"] == MARA)
    (change,) = [message for message in page.heard if message["kind"] == "changed"]
    assert [tile["id"] for tile in change["wall"]["tiles"]] == ["orders"]


def test_a_deploy_reaches_the_page(page, place):
    """A retired metric is missing from the order; a new one comes with its tile."""
    deploy(place.store, *ROWS[:2], row("visits", "VISI"))
    change = page.wait(lambda message: message["kind"] == "changed")
    assert sorted(change["wall"]["order"]) == ["late_share", "orders", "visits"]
    assert [tile["id"] for tile in change["wall"]["tiles"]] == ["visits"]


def test_a_tick_reaches_the_page(page, place):
    """Its end is news, whatever it found."""
    with compute.open_run(place.store, "tick", actor="ann"):
        pass
    change = page.wait(lambda message: message["kind"] == "changed")
    assert change["wall"]["header"]["clock"]["last"] is not None


def test_a_save_is_answered_with_the_metric_as_it_stands(page):
    """And the tile follows by itself."""
    answer = page.ask("save", id="orders", version=1, patch={"owner": MARA}, who=MARA, why="")
    assert (answer["changed"], answer["refusals"]) == (True, [])
    assert answer["opened"]["fields"]["owner"] == MARA
    news(page, "orders", lambda tile: tile["owner"] == MARA)


def test_a_save_is_recorded_under_who_the_person_says_to_be(page, place):
    """Self-declared, through the door `cockpit`."""
    page.ask("save", id="orders", version=1, patch={"owner": MARA}, who=MARA, why="I take it")
    (change, *_) = reading.changes(place, "orders")
    assert (change["actor"], change["actor_proved"], change["via"], change["reason"]) == (MARA, False, "cockpit", "I take it")


def test_until_somebody_says_who_they_are_the_operator_decides(page, place):
    """The question never blocks a save."""
    page.ask("save", id="orders", version=1, patch={"owner": MARA}, who="", why="")
    (change, *_) = reading.changes(place, "orders")
    assert (change["actor"], change["actor_proved"]) == ("ann@x.example", False)


def test_a_proved_identity_wins_over_what_the_page_says(open_page, place):
    """Who sits behind a proxy cannot decide in another's name."""
    page = open_page(SimpleNamespace(value=MARA, wait=lambda _: MARA))
    assert page.heard[0]["wall"]["header"]["you"] == MARA
    page.ask("save", id="orders", version=1, patch={"owner": MARA}, who="tom@x.example", why="")
    (change, *_) = reading.changes(place, "orders")
    assert (change["actor"], change["actor_proved"]) == (MARA, True)


def test_a_stale_save_changes_nothing_and_brings_what_stands_now(page, place):
    """The page then shows theirs and yours."""
    someone_else(place, "orders", owner="tom@x.example")
    answer = page.ask("save", id="orders", version=1, patch={"owner": MARA}, who=MARA, why="")
    assert [refusal["kind"] for refusal in answer["refusals"]] == ["stale"]
    assert answer["opened"]["fields"]["owner"] == "tom@x.example"
    assert answer["opened"]["changed_by"].startswith("tom")


def test_a_refusal_of_the_database_comes_under_the_name_of_its_field(page):
    """In the database's own words."""
    patch = {"owner": "a@x.example, b@x.example"}
    answer = page.ask("save", id="orders", version=1, patch=patch, who="", why="")
    assert [(refusal["field"], refusal["rule"]) for refusal in answer["refusals"]] == [("owner", "owner_form")]
    assert "no spaces, commas" in answer["refusals"][0]["message"]


def test_thresholds_without_a_source_are_refused_at_that_field(page):
    """Where they come from is part of the promise."""
    answer = page.ask("save", id="orders", version=1, patch={"norm": "1", "alert": "2", "basis": ""}, who="", why="")
    assert [refusal["field"] for refusal in answer["refusals"]] == ["basis"]


def test_what_is_no_number_never_reaches_the_database(page):
    """A decimal comma would be read as thousands by some and as a point by others."""
    answer = page.ask("save", id="orders", version=1, patch={"target": "0,5"}, who="", why="")
    assert [(refusal["field"], refusal["rule"]) for refusal in answer["refusals"]] == [("target", "number")]
    assert "“0,5” is not a number" in answer["refusals"][0]["message"]


def test_a_retired_metric_opens_as_nothing(page):
    """The page says that it is gone."""
    assert page.ask("open", id="never_was")["opened"] is None


def test_a_rehearsal_that_cannot_be_is_refused_in_words(page):
    """And does not end the conversation."""
    assert "Give a norm, an alert, or both" in page.ask("rehearse", id="orders", norm="", alert="")["refused"]
    assert page.ask("open", id="orders")["opened"]["tile"]["id"] == "orders"


def test_a_lost_connection_is_told_and_found_again(page, place):
    """What changed meanwhile is on the page afterwards."""
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND usename = 'heartbeat_operator' AND pid <> pg_backend_pid()"
    )
    with place.store.connect_migrating(autocommit=True) as admin:
        admin.execute(cut)
    trouble = page.wait(lambda message: message["kind"] == "trouble")
    assert trouble["words"]
    someone_else(place, "orders", owner=MARA)
    news(page, "orders", lambda tile: tile["owner"] == MARA)


def test_a_ping_is_answered_while_the_store_keeps_a_save_waiting(page, place):
    """The page can tell a busy database from a dead kernel."""
    with place.store.connect_migrating() as holder:
        holder.execute("LOCK TABLE heartbeat.metric_registry IN ACCESS EXCLUSIVE MODE")
        page.tell("save", n=99, id="orders", version=1, patch={"owner": MARA}, who="", why="")
        page.tell("ping")
        page.wait(lambda message: message["kind"] == "pong", seconds=2)
        assert not [message for message in page.heard if message.get("n") == 99]
    page.wait(lambda message: message.get("n") == 99)


@pytest.mark.parametrize("message", [{}, {"kind": "open"}, {"kind": "save", "n": 7, "id": "orders"}, {"kind": 3}])
def test_a_message_that_no_page_of_ours_sends_does_no_harm(page, message):
    """A stranger's comm message is answered with trouble at most."""
    page.session.hear(message)
    assert page.ask("open", id="orders")["opened"]["tile"]["id"] == "orders"


def test_an_ended_session_leaves_no_thread_and_no_connection(open_page, place):
    """A page that is closed costs nothing."""
    open_page().session.end()
    assert not [thread for thread in threading.enumerate() if thread.name == "cockpit"]
    with place.store.connect(Role.READER) as reader:
        assert reader.execute(CONNECTIONS).fetchone() == (0,)
