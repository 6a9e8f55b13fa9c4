"""`check` judges files in a scratch database: what is well, what is refused, and in which words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from heartbeat_lib.registration import NoSuchMetricFileError, check
from heartbeat_lib.registration.scratch import scratch
from heartbeat_lib.registration.template import CannotWriteTemplateError, write_new


def rules(checked, severity="error"):
    """The rules that were broken."""
    return [finding.rule for finding in checked.findings if finding.severity == severity]


def test_a_good_file_becomes_a_definition_without_findings(workspace, write):
    """Everything a file may say arrives, with the direction worked out from its thresholds."""
    write()
    checked = check(workspace)
    assert checked.findings == ()
    metric = checked.definitions["late_share"]
    assert (metric.code, metric.unit, metric.direction, metric.sources) == (
        "LATE",
        "%",
        "higher_is_worse",
        ("shop.parcels",),
    )
    assert (metric.norm_value, metric.alert_value) == (Decimal(5), Decimal(10))
    assert metric.value_sql.startswith("    SELECT 100.0")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("ARRAY['shop.parcels']", "'shop.parcels'").encode(),
        lambda text: text.replace("ARRAY['shop.parcels']", "'shop.parcels, mail:monthly statement'").encode(),
        lambda text: text.replace(
            "ARRAY['shop.parcels']);", "ARRAY['shop.parcels']) ON CONFLICT (metric_id) DO UPDATE SET name = excluded.name;"
        ).encode(),
        lambda text: text.replace("norm_value = 5, alert", "norm_value = coalesce(norm_value, 5), alert").encode(),
    ],
    ids=["bom", "crlf", "sources as text", "a source without table", "on conflict", "an expression"],
)
def test_what_people_write_by_habit_is_fine(workspace, write, good, change):
    """Editors and old habits are no reason to refuse a file."""
    write(change(good))
    assert check(workspace).findings == ()


HOSTILE = [
    ("DELETE FROM heartbeat.metric_registry;", "statement"),
    ("DROP TABLE heartbeat.metric_registry;", "statement"),
    ("TRUNCATE heartbeat.metric_registry;", "statement"),
    ("SET ROLE postgres;", "statement"),
    ("SET session_replication_role = replica;", "statement"),
    ("COPY heartbeat.metric_registry FROM PROGRAM 'id';", "statement"),
    ("DO $$ BEGIN PERFORM 1; END $$;", "statement"),
    ("CREATE TEMP TABLE t (x int);", "statement"),
    ("COMMIT;", "statement"),
    ("SELECT 1;", "statement"),
    ("CALL f();", "statement"),
    ("VACUUM;", "statement"),
    ("INSERT INTO heartbeat.other VALUES (1);", "statement"),
    ("UPDATE pg_catalog.pg_class SET relname = 'x';", "statement"),
    ("UPDATE heartbeat.metric_registry SET owner = 'me@x.example';", "people-decide"),
    ("UPDATE heartbeat.metric_registry SET verification_state = 'verified';", "people-decide"),
    ("UPDATE heartbeat.metric_registry SET row_version = 1;", "people-decide"),
    ("UPDATE heartbeat.metric_registry SET name = 'x' WHERE metric_id = 'other';", "no-effect"),
    ("UPDATE heartbeat.metric_registry SET metric_id = 'other_one';", "own-row"),
    ("INSERT INTO heartbeat.metric_registry (metric_id) VALUES ('other_one');", "own-row"),
    ("UPDATE heartbeat.metric_registry SET code = 'late';", "code"),
    ("UPDATE heartbeat.metric_registry SET period = 'fortnight';", "period"),
    ("UPDATE heartbeat.metric_registry SET alert_value = 'NaN';", "alert-value"),
    ("UPDATE heartbeat.metric_registry SET norm_value = 'Infinity';", "norm-value"),
    ("UPDATE heartbeat.metric_registry SET direction = 'sideways';", "direction"),
    ("UPDATE heartbeat.metric_registry SET direction = 'lower_is_worse';", "direction"),
    ("UPDATE heartbeat.metric_registry SET alert_value = NULL;", "direction"),
    ("UPDATE heartbeat.metric_registry SET target_due_date = '2030-01-01';", "target-due-date"),
    ("UPDATE heartbeat.metric_registry SET replaces = 'late_share';", "replaces"),
    ("UPDATE heartbeat.metric_registry SET sources = 'shop.orders';", "sources"),
    ("UPDATE heartbeat.metric_registry SET sources = 'parcels, shop.parcels';", "sources"),
    ("UPDATE heartbeat.metric_registry SET code = NULL;", "code"),
    ("UPDATE heartbeat.metric_registry SET name = '  ';", "name"),
    ("UPDATE heartbeat.metric_registry SET name = pg_catalog.pg_sleep(9)::text;", "timeout"),
    ("UPDATE heartbeat.metric_registry SET name = pg_catalog.pg_read_file('/etc/passwd');", "privilege"),
    ("UPDATE heartbeat.metric_registry SET nonsense = 1;", "sql"),
    ("UPDATE heartbeat.metric_registry SET name = 'open", "sql"),
]


@pytest.mark.parametrize(("statement", "rule"), HOSTILE, ids=[statement[:48] for statement, _ in HOSTILE])
def test_a_file_that_wants_more_than_its_row_is_refused_by_name(workspace, write, good, statement, rule):
    """A statement added to a good file; the finding names the rule and a line of that statement or of its subject."""
    write(good + "\n" + statement)
    checked = check(workspace)
    assert rule in rules(checked)
    assert "late_share" not in checked.definitions
    assert all(finding.file == "db/metrics/late_share.sql" and finding.message for finding in checked.findings)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("COMMIT", "transaction"),
        ("ROLLBACK", "transaction"),
        ("COMMIT; BEGIN", "transaction"),
        ("COPY heartbeat.metric_registry FROM STDIN", "sql"),
        ("SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())", None),
        ("SET statement_timeout = 0; SELECT pg_catalog.pg_sleep(9)", "timeout"),
        ("DELETE FROM heartbeat.metric_registry", "privilege"),
        ("CREATE TEMP TABLE t (x int)", "privilege"),
    ],
)
def test_the_scratch_database_holds_without_any_parser_in_front(workspace, write, good, statement, rule):
    """The structural check is courtesy; this is the wall. The next file finds an empty table and a working connection."""
    from heartbeat_lib.registration.metric_file import read_metric_file
    from heartbeat_lib.store.embedded import EmbeddedServer

    def read(text):
        return read_metric_file(write(text), shown="late_share.sql", folder=workspace.metrics)

    with scratch(EmbeddedServer(workspace.state)) as evaluator:
        findings = evaluator.evaluate(read(f"{good}\n{statement};"))
        assert isinstance(findings, list)
        assert rule is None or [finding.rule for finding in findings] == [rule]
        after = evaluator.evaluate(read(good))
    assert after["code"] == "LATE"


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("late_share", "é".encode("latin-1"), "encoding"),
        ("late_share", "SELECT 1".encode("utf-16"), "encoding"),
        ("late_share", b"SELECT 1;\x00 DROP", "nul-byte"),
        ("late_share", b"", "empty"),
        ("late_share", b" \n", "empty"),
        ("late_share", b"-- nothing but a comment\n", "no-statement"),
        ("late_share", b"-- " + b"x" * 1_000_001, "too-large"),
        ("late_\u0455hare", b"x", "file-name"),
        ("Late_Share", b"x", "file-name"),
        ("1st", b"x", "file-name"),
    ],
)
def test_what_a_reviewer_would_not_see_is_refused(workspace, write, name, content, rule):
    """Other encodings, NUL bytes, look-alike letters, huge and empty files."""
    write(content, name)
    assert rules(check(workspace)) == [rule]


def test_a_look_alike_letter_is_named(workspace, write):
    """A Cyrillic s in an id would make two metrics that read the same."""
    write(b"x", "late_\u0455hare")
    (finding,) = check(workspace).findings
    assert "U+0455" in finding.message
    assert "cyrillic" in finding.message


def test_a_link_out_of_the_folder_is_refused(workspace, tmp_path, good):
    """What stands elsewhere is not under review."""
    elsewhere = tmp_path / "elsewhere.sql"
    elsewhere.write_text(good, "utf-8")
    (workspace.metrics / "late_share.sql").symlink_to(elsewhere)
    assert rules(check(workspace)) == ["link"]


def test_every_fault_of_every_file_is_told_at_once(workspace, write, good):
    """An analyst mends a folder in one go."""
    write(good.replace("'LATE'", "'late'"))
    write(b"", "another_one")
    write(
        good.replace("late_share", "third_one")
        .replace("ARRAY['shop.parcels']", "'x.y'")
        .replace("'%'", "'%', direction = 'lower_is_worse'"),
        "third_one",
    )
    checked = check(workspace)
    assert {(finding.file.split("/")[-1], finding.rule) for finding in checked.errors} == {
        ("late_share.sql", "code"),
        ("another_one.sql", "empty"),
        ("third_one.sql", "sources"),
        ("third_one.sql", "direction"),
    }


def test_two_files_cannot_share_a_code(workspace, write, good):
    """The chip on the wall would name two numbers."""
    write(good)
    write(good.replace("late_share", "other_share"), "other_share")
    (finding,) = check(workspace).errors
    assert finding.rule == "code-taken"
    assert "late_share.sql" in finding.message


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("-- late_share: parcels that arrived after the promised day. Red means refunds are being paid.\n", "", "header"),
        ("how_to_read = 'Up is bad.', ", "", "how-to-read"),
        (", methodology = 'Parcels promised yesterday.'", "", "methodology"),
        (
            "SET norm_value = 5, alert_value = 10, threshold_basis = 'Carrier contract, clause 4'",
            "SET notes = 'x'",
            "thresholds",
        ),
        (", threshold_basis = 'Carrier contract, clause 4'", "", "threshold-basis"),
        ("'Late parcels'", "'A name so long that no tile of any wall could ever show it'", "name"),
        ("promised_on = current_date - 1", "promised_on = date '2026-01-01'", "no-clock"),
    ],
)
def test_what_is_missing_but_bearable_is_a_warning(workspace, write, good, before, after, rule):
    """A warning blocks nothing: the definition is there."""
    assert before in good
    write(good.replace(before, after))
    checked = check(workspace)
    assert rules(checked, "warning") == [rule]
    assert checked.errors == ()
    assert "late_share" in checked.definitions


def test_a_fault_of_the_query_is_named_on_its_own_line(workspace, write, good):
    """Line and column lead into the file, not into the query."""
    write(good.replace("promised_on = current_date - 1", "promised_on = clock_timestamp()"))
    (finding,) = check(workspace).errors
    assert finding.rule == "clock-not-pinnable"
    assert good.split("\n")[finding.line - 1].lstrip().startswith("WHERE promised_on")


def test_a_table_of_a_fallback_source_needs_notes(workspace, write, good):
    """The reason why the source of truth is not used."""
    toml = workspace.root / "heartbeat.toml"
    source = '\n[[source]]\nschema = "shop"\nfolder = "shop"\nfallback = true\n'
    toml.write_text(toml.read_text("utf-8") + source, "utf-8")
    again = type(workspace).find(workspace.root)
    write(good)
    assert rules(check(again)) == ["fallback"]
    write(good.replace("unit = '%'", "unit = '%', notes = 'The warehouse table lands next month.'"))
    assert check(again).findings == ()


def test_a_file_that_does_not_exist_is_named(workspace):
    """A typing mistake is not a clean bill of health."""
    with pytest.raises(NoSuchMetricFileError, match="no_such"):
        check(workspace, [workspace.metrics / "no_such.sql"])


def test_a_new_file_says_what_to_fill_in(workspace):
    """Every gap is an error until it is filled in, so none reaches the registry."""
    path = write_new(workspace, "refund_total")
    checked = check(workspace)
    assert set(rules(checked)) == {"placeholder"}
    assert "<fill in" in path.read_text("utf-8")


def test_a_new_file_never_overwrites_one(workspace, write, good):
    """Somebody wrote it."""
    path = write(good)
    with pytest.raises(CannotWriteTemplateError, match="exists already"):
        write_new(workspace, "late_share")
    assert path.read_text("utf-8") == good


def test_a_new_file_takes_a_code_that_no_file_mentions(workspace, write, good):
    """LATE is taken, so the next late metric gets another."""
    write(good)
    assert "'LATE'" not in write_new(workspace, "late_orders").read_text("utf-8")
