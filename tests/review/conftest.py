"""A workspace with one metric on two parcels, and the means to audit and answer it."""

from __future__ import annotations

import pytest

from heartbeat_lib import lifecycle, reading, review, verification
from heartbeat_lib.store import Role
from tests.store.door import audit as written

LATE = "SELECT count(*) FROM shop.parcels WHERE promised_on <= current_date"


@pytest.fixture
def deploy(bench, marts, file_of):
    """Deploys the one metric with the SQL given; two parcels of 1 and 3 November 2026."""
    marts(
        "CREATE SCHEMA shop; CREATE TABLE shop.parcels (promised_on date); "
        "INSERT INTO shop.parcels VALUES ('2026-11-01'), ('2026-11-03')"
    )

    def put(value_sql=LATE, **named):
        (bench.workspace.metrics / "late.sql").write_text(file_of("late", value_sql, norm=1, alert=2, **named), "utf-8")
        return lifecycle.deploy(bench)

    put()
    return put


@pytest.fixture
def decide(bench, deploy):
    """Changes what people own of the metric, as it stands now."""

    def change(**patch):
        version = reading.metric(bench, "late")["row_version"]
        done = verification.decide(
            bench, "late", patch, row_version=version, actor="olga@x.example", proved=True, via="cockpit", reason="checked"
        )
        assert done.refusals == ()

    return change


@pytest.fixture
def audit(bench, deploy):
    """Compute writes an audit of the metric's present meaning; gives its report."""

    def write(**columns):
        meaning = reading.metric(bench, "late")["definition_hash"]
        with bench.store.connect(Role.COMPUTE) as connection:
            audit_id = written(connection, metric_id="late", meaning=meaning, **columns)
            return connection.execute("SELECT report FROM heartbeat.metric_audit WHERE audit_id = %s", [audit_id]).fetchall()[0][
                0
            ]

    return write


@pytest.fixture
def answer(bench, deploy):
    """Answers the newest audit, as the metric stands now."""

    def give(outcome, **named):
        version = reading.metric(bench, "late")["row_version"]
        words = {"why": "read it", "actor": "olga@x.example", "proved": True, "via": "cockpit", **named}
        return review.decide_review(bench, "late", outcome, row_version=version, **words)

    return give
