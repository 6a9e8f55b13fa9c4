"""The command line as its users type it: the real program, a real workspace, real files."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import date, timedelta

from tests.cli.command_line import HEARTBEAT, METRIC, CommandLine

HOLD = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
COMMANDS = [
    "init", "doctor", "stop", "lab", "load", "new", "check", "try", "deploy", "list", "show", "history", "runs", "refresh",
    "backfill", "benchmarks",
]  # fmt: skip


def test_help_names_every_command(heartbeat):
    """The way in."""
    text = heartbeat("--help").stdout
    for command in COMMANDS:
        assert command in text


def test_list_prints_the_contract(heartbeat):
    """The keys that scripts rely on."""
    (row,) = heartbeat.json("list")
    assert (row["metric_id"], row["value"], row["status"], row["verification_state"]) == (
        "parcels_late",
        2,
        "red",
        "unverified",
    )
    assert {
        "code", "name", "period", "value_sql", "sources", "norm_value", "alert_value", "owner", "row_version", "stage",
        "status_reason", "period_start", "computed_at", "attempted_at", "source_as_of", "benchmark_mean", "benchmark_stddev",
    } <= set(row)  # fmt: skip
    assert row["computed_at"].endswith("+00:00")
    assert len(row["period_start"]) == 10
    assert row["source_as_of"] is not None


def test_list_shows_status_in_words_and_colour(heartbeat):
    """Colour is never the only signal."""
    text = heartbeat("list").stdout
    assert "● red" in text
    assert "LATE" in text
    assert "nobody" in text


def test_workspace_stands_before_or_behind_the_command(heartbeat):
    """People type it where they think of it."""
    elsewhere = CommandLine(heartbeat.root.parent)
    for words in (["--workspace", str(heartbeat.root), "list"], ["list", f"--workspace={heartbeat.root}"]):
        assert "LATE" in elsewhere(*words).stdout


def test_show_and_history_tell_one_metric(heartbeat):
    """With the story that the file tells."""
    assert heartbeat.json("show", "parcels_late")["description"] == "Parcels that came late."
    assert "Up is bad." in heartbeat("show", "parcels_late").stdout
    assert heartbeat.json("history", "parcels_late")[-1]["value"] == 2
    assert "No metric 'nonsense'" in heartbeat("show", "nonsense", exit_code=1).stderr


def test_try_writes_nothing(heartbeat):
    """An id or a file, now or then."""
    before = heartbeat.json("history", "parcels_late")
    assert heartbeat.json("try", "parcels_late")["value"] == 2
    tried = heartbeat.json("try", "db/metrics/parcels_late.sql", "--as-of", "2026-01-01")
    assert (tried["value"], tried["period_start"], tried["tables"]) == (1, "2026-01-01", ["shop.parcels"])
    assert heartbeat.json("history", "parcels_late") == before


def test_check_finds_and_exits_1(heartbeat):
    """In a form that editors can jump to."""
    bad = heartbeat.root / "db" / "metrics" / "bad_one.sql"
    bad.write_text(METRIC.replace("parcels_late", "bad_one").replace("'LATE'", "'late'"), "utf-8")
    try:
        findings = heartbeat.json("check", exit_code=1)
        assert [(f["file"], f["rule"], f["severity"]) for f in findings] == [("db/metrics/bad_one.sql", "code", "error")]
        assert "db/metrics/bad_one.sql:3: error [code]" in heartbeat("check", exit_code=1).stderr
        assert heartbeat.json("deploy", exit_code=1)["findings"] == findings
    finally:
        bad.unlink()


def test_new_writes_a_file_that_check_refuses_until_it_is_filled_in(heartbeat):
    """A newcomer's first file."""
    path = heartbeat.root / heartbeat("new", "refund_total").stdout.strip()
    try:
        findings = heartbeat.json("check", str(path), exit_code=1)
        assert {f["rule"] for f in findings if f["severity"] == "error"} == {"placeholder"}
        assert "exists already" in heartbeat("new", "refund_total", exit_code=1).stderr
    finally:
        path.unlink()


def test_a_plan_changes_nothing(heartbeat):
    """And says what it would do."""
    assert heartbeat.json("deploy", "--plan")["unchanged"] == ["parcels_late"]


def test_refresh_is_a_tick_and_refresh_id_is_none(heartbeat):
    """Both say what they did; `runs` tells them apart."""
    tick = heartbeat.json("refresh")
    assert (tick["ok"], tick["failed"], tick["no_value"]) == (1, 0, 0)
    heartbeat("refresh", "parcels_late")
    assert [run["kind"] for run in heartbeat.json("runs")[:2]] == ["manual", "tick"]
    assert heartbeat.json("runs")[1]["run"] == tick["run"]


def test_backfill_travels_day_by_day(heartbeat):
    """As of each day's end."""
    assert heartbeat.json("backfill", "--from", "2026-01-01", "--to", "2026-01-03")["ok"] == 3
    rows = {row["period_start"]: row["value"] for row in heartbeat.json("history", "parcels_late")}
    assert (rows["2026-01-01"], rows["2026-01-02"]) == (1, 2)


def test_benchmarks_renews_the_bands_and_says_how_many(heartbeat):
    """One run in the record; one line, or one object."""
    done = heartbeat.json("benchmarks")
    assert set(done) == {"run", "metrics", "shown"}
    assert (done["metrics"], done["shown"]) == (1, 0)
    assert heartbeat.json("runs")[0]["kind"] == "benchmarks"
    assert heartbeat("benchmarks").stdout == "1 band renewed, 0 shown (7 values or more)\n"


def test_what_is_normal_is_shown_beside_the_value(heartbeat):
    """Ten days of one late parcel, and two today: it never differed before."""
    parcels = heartbeat.root / "exports" / "parcels.csv"
    before = parcels.read_text("utf-8")
    today = heartbeat.json("show", "parcels_late")["period_start"]
    first = date.fromisoformat(today) - timedelta(days=10)
    try:
        parcels.write_text(
            f"id,promised_on,delivered_on\n1,2026-01-01,2026-01-03\n2,{today},2036-01-01\n3,2026-01-01,2026-01-01\n", "utf-8"
        )
        heartbeat("load", "shop", "exports")
        heartbeat("refresh")
        heartbeat("backfill", "--from", str(first))
        heartbeat("benchmarks")
        row = heartbeat.json("show", "parcels_late")
        assert (row["value"], row["benchmark_mean"], row["benchmark_stddev"], row["benchmark_n"]) == (2, 1, 0, 10)
        said = heartbeat("show", "parcels_late").stdout
        assert "normal looks like 1 ± 0 parcels (n = 10); unusual, it never differed before" in said
        assert "1 ± 0" in heartbeat("list").stdout
        assert "unusual, it never differed before" in heartbeat("list").stdout
        assert row["status"] == "red"
    finally:
        parcels.write_text(before, "utf-8")
        heartbeat("load", "shop", "exports")
        heartbeat("refresh")


def test_wrong_use_exits_2(heartbeat):
    """Words that do not fit are not a refusal of the workspace's."""
    heartbeat("refresh", "--as-of", "soon", exit_code=2)
    heartbeat("load", "shop", exit_code=2)
    heartbeat("nonsense", exit_code=2)
    heartbeat("backfill", exit_code=2)


def test_a_misspelt_variable_is_a_warning(heartbeat):
    """It otherwise passes silently."""
    done = heartbeat("list", HEARTBEAT_TIMEZONE="UTC")
    assert "did you mean HEARTBEAT_TIME_ZONE?" in done.stderr
    findings = heartbeat.json("doctor", HEARTBEAT_TIMEZONE="UTC")["findings"]
    assert [finding["rule"] for finding in findings] == ["unknown-variable"]


def test_doctor_masks_the_password_unless_asked(heartbeat):
    """Its answer is pasted into chats."""
    masked = heartbeat.json("doctor")
    whole = heartbeat.json("doctor", "--show-secrets")
    secret = (heartbeat.root / ".heartbeat" / "secrets").iterdir()
    assert not any(file.read_text().strip() in masked["database_url"] for file in secret if file.is_file())
    assert masked["embedded"] is True
    assert [finding["rule"] for finding in masked["findings"]] in ([], ["clock"])
    assert masked["database_url"] != whole["database_url"]
    assert set(masked) == {"workspace", "database_url", "marts_url", "embedded", "versions", "running", "findings"}


def test_a_dead_database_gives_one_clear_line(heartbeat):
    """No traceback, no password."""
    done = heartbeat("list", exit_code=1, HEARTBEAT_DATABASE_URL="postgresql://me:hidden@127.0.0.1:1/none")
    assert len(done.stderr.strip().splitlines()) == 1
    assert "hidden" not in done.stderr


def test_outside_a_workspace_the_message_says_how_to_make_one(heartbeat, tmp_path):
    """The first thing a newcomer meets."""
    assert "heartbeat init DIR" in CommandLine(tmp_path)("list", exit_code=1).stderr


def ask(address: str) -> dict:
    """The JSON behind an address; JupyterLab prints its address a moment before it listens."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def test_lab_opens_jupyterlab_on_this_workspace(heartbeat):
    """Its files are the workspace's, and its kernels find it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lab = subprocess.Popen(
        [HEARTBEAT, "lab", "--no-browser", "--port", str(port)],
        cwd=heartbeat.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert lab.stderr is not None
        address = next(match for line in lab.stderr if (match := re.search(r"http://127\S+/lab\?(token=\w+)", line)))
        names = {entry["name"] for entry in ask(f"http://127.0.0.1:{port}/api/contents?{address[1]}")["content"]}
        assert {"heartbeat.toml", "db", "exports"} <= names
    finally:
        lab.terminate()
        lab.communicate()


def test_a_locked_marts_file_gives_one_clear_line(heartbeat):
    """Somebody has it open for writing in another program: it is named, the tick ends, values stay."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, heartbeat.root / ".heartbeat" / "marts.duckdb"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"open"
        tick = heartbeat.json("refresh")
        assert tick["failed"] == 1
        assert str(holder.pid) in tick["failures"][0]["message"]
        assert heartbeat.json("show", "parcels_late")["value"] == 2
    finally:
        holder.communicate()
    assert heartbeat.json("refresh")["ok"] == 1
